package account

import (
	"errors"
	"slices"
	"testing"

	"ochno/proctor/ledger"
)

// Case 5: one ESIA account, people of two organisations, several roles.
func TestSeveralOrganisationsAndRoles(t *testing.T) {
	a := newTestAccounts(t)
	here := a.add(maria())
	there := maria()
	there.Organisation, there.Roles = a.organisation("В"), []Role{Proctor, Registrar}
	other := a.add(there)
	people, err := a.SignIn(t.Context(), claims(), nil)
	if err != nil || len(people) != 2 || people[0].ID != here || people[1].ID != other {
		t.Fatalf("signed in as %+v, %v", people, err)
	}
	choices, last, err := a.Choices(t.Context(), people)
	var roles []Role
	for _, c := range choices {
		roles = append(roles, c.Role)
	}
	if err != nil || last != -1 || !slices.Equal(roles, []Role{Student, Proctor, Registrar}) {
		t.Fatalf("choices %q, last %d, %v", roles, last, err)
	}
	for i, role := range []Role{Registrar, Proctor} {
		if _, err := a.Enter(t.Context(), Entrance{Person: other, Role: role, Method: "esia", Change: i > 0}); err != nil {
			t.Fatal(err)
		}
	}
	if _, last, err := a.Choices(t.Context(), people); err != nil || last != 1 {
		t.Errorf("the last choice is %d, %v; want 1, the proctor", last, err)
	}
	if _, err := a.Enter(t.Context(), Entrance{Person: here, Role: Administrator, Method: "esia"}); !errors.Is(err, ErrNoRole) {
		t.Errorf("a role that she does not have: %v; want ErrNoRole", err)
	}
	a.exec(`delete from person_role where person_id = $1 and role = 'proctor'`, other)
	people, err = a.PeopleOf(t.Context(), mariaOID)
	if err != nil {
		t.Fatal(err)
	}
	if choices, last, err := a.Choices(t.Context(), people); err != nil || last != -1 || len(choices) != 2 {
		t.Errorf("without the role: %d choices, last %d, %v", len(choices), last, err)
	}
	var outcomes []string
	for _, r := range a.records() {
		if r.Type == ledger.TypeSignIn {
			outcomes = append(outcomes, r.Outcome)
		}
	}
	if !slices.Equal(outcomes, []string{"signed_in", "role_changed"}) {
		t.Errorf("the log tells of %q", outcomes)
	}
}

// One account is never tied to two people of one organisation.
func TestOneAccountOnePersonInAnOrganisation(t *testing.T) {
	a := newTestAccounts(t)
	a.add(maria())
	if _, err := a.signIn(claims()); err != nil {
		t.Fatal(err)
	}
	second := a.add(NewPerson{Name: Name{Last: "Вторая", First: "Анна"}, BirthDate: mariaBirth, SNILS: otherSNILS})
	if _, err := a.pool.Exec(t.Context(), `update person set esia_oid = $2 where id = $1`, second, mariaOID); err == nil {
		t.Error("the database took it")
	}
	claim := claims()
	claim.Name, claim.SNILS = Name{Last: "Вторая", First: "Анна"}, otherSNILS
	if p, err := a.signIn(claim); err != nil || p.Name != mariaName {
		t.Errorf("the account of another name signs in as %+v, %v; want whom it is linked to", p, err)
	}
}

// Case 1: which accounts are admitted.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		level Level
		age   int
		want  bool
	}{
		{Confirmed, 20, true},
		{Confirmed, 15, true},
		{Standard, 20, false},
		{Simplified, 20, false},
		{Closed, 20, false},
		{"", 20, false},
		{Child, 10, true},
		{Child, 14, false}, // from the birthday on she needs an account of her own
		{Child, 20, false},
	} {
		claim := Claims{Level: c.level, BirthDate: testTime.AddDate(-c.age, 0, 0)}
		if got := claim.Admitted(testTime); got != c.want {
			t.Errorf("%q at %d years: %v", c.level, c.age, got)
		}
	}
}
