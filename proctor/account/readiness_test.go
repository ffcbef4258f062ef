package account

import (
	"testing"

	"github.com/google/uuid"
)

// Days ahead it is told how far everybody's account and papers are, of one's own organisation only, and each step is seen as it is made.
func TestCase9HowFarEverybodyIs(t *testing.T) {
	a := newTestAccounts(t)
	id := a.add(maria())
	young := maria()
	young.Name.First, young.SNILS, young.BirthDate = "Кира", otherSNILS, testTime.AddDate(-16, 0, 0)
	minor := a.add(young)
	elsewhere := maria()
	elsewhere.Organisation = a.organisation("В")
	stranger := a.add(elsewhere)
	of := func(person uuid.UUID) Prepared {
		t.Helper()
		all, err := a.PreparedOf(t.Context(), a.university, []uuid.UUID{id, minor, stranger, uuid.New()})
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v; want the two of the organisation", all, err)
		}
		return all[person]
	}
	if got := of(id); got != (Prepared{Name: mariaName}) {
		t.Errorf("at first: %+v", got)
	}
	if got := of(minor); !got.Minor || got.Linked || got.Consent {
		t.Errorf("a minor: %+v", got)
	}
	unconfirmed := claims()
	unconfirmed.Level = Standard
	if _, err := a.SignIn(t.Context(), unconfirmed, nil); err == nil || of(id).Linked {
		t.Errorf("an account that is not confirmed: %v, %+v", err, of(id))
	}
	if _, err := a.SignIn(t.Context(), claims(), nil); err != nil {
		t.Fatal(err)
	}
	if got := of(id); got != (Prepared{Name: mariaName, Linked: true}) {
		t.Errorf("linked: %+v", got)
	}
	p, err := a.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.grant(Grant{Person: p, Text: a.publish("текст"), Use: a.use(id)}); err != nil {
		t.Fatal(err)
	}
	if got := of(id); !got.Consent {
		t.Errorf("consented: %+v", got)
	}
	a.publish("другой текст")
	if got := of(id); got.Consent {
		t.Errorf("a consent to an older text counts: %+v", got)
	}
}
