package account

import (
	"errors"
	"testing"

	"github.com/google/uuid"
)

func TestCase3ManualLinking(t *testing.T) {
	a, _, id := newLoginAccounts(t)
	ctx := t.Context()
	if _, _, err := a.IssueLogin(ctx, id, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	brother := a.add(NewPerson{Name: Name{Last: "Ёлкин", First: "Пётр"}, BirthDate: mariaBirth, SNILS: otherSNILS})
	records := len(a.records())
	for name, c := range map[string]struct {
		change func(*Claims)
		want   error
	}{
		"not confirmed":      {func(c *Claims) { c.Level = Standard }, ErrNotConfirmed},
		"without an OID":     {func(c *Claims) { c.OID = "" }, ErrNotConfirmed},
		"another name":       {func(c *Claims) { c.Name.Last = "Палкина" }, ErrNotHers},
		"another birth date": {func(c *Claims) { c.BirthDate = c.BirthDate.AddDate(0, 0, 1) }, ErrNotHers},
		"without birth date": {func(c *Claims) { c.BirthDate = date(1, 1, 1) }, ErrNotHers},
		"another SNILS":      {func(c *Claims) { c.SNILS = otherSNILS }, ErrNotHers},
	} {
		c2 := claims()
		c.change(&c2)
		if err := a.LinkAccount(ctx, id, c2); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	if _, err := a.LinkedAccount(ctx, id); !errors.Is(err, ErrNotFound) || len(a.records()) != records {
		t.Fatalf("a refused link left something: %v", err)
	}
	if err := a.MayLink(ctx, id, claims()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.LinkedAccount(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Fatal("asking whether one may link links")
	}
	if err := a.LinkAccount(ctx, id, claims()); err != nil {
		t.Fatal(err)
	}
	if l, err := a.LinkedAccount(ctx, id); err != nil || l.OID != mariaOID || !l.At.Equal(testTime) {
		t.Errorf("linked %+v, %v", l, err)
	}
	if r := a.records(); len(r) != records+1 || r[len(r)-1].Type != "link" || r[len(r)-1].Personal["oid"] != mariaOID {
		t.Errorf("%d records", len(r))
	}

	// One account is never tied to two people of one organisation, nor one person to two accounts.
	his := claims()
	his.Name, his.SNILS = Name{Last: "Ёлкин", First: "Пётр"}, otherSNILS
	if err := a.LinkAccount(ctx, brother, his); !errors.Is(err, ErrTaken) {
		t.Errorf("her account to him: %v", err)
	}
	second := claims()
	second.OID = "1000299655"
	if err := a.LinkAccount(ctx, id, second); !errors.Is(err, ErrTaken) {
		t.Errorf("a second account to her: %v", err)
	}

	if err := a.UnlinkAccount(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := a.LinkedAccount(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("still linked: %v", err)
	}
	if r := a.records(); len(r) != records+2 || r[len(r)-1].Type != "unlink" || r[len(r)-1].Personal["oid"] != mariaOID {
		t.Errorf("records of the unlinking: %d", len(r))
	}
	if err := a.UnlinkAccount(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("unlinked twice: %v", err)
	}
	his.OID = "1000299656"
	if err := a.LinkAccount(ctx, brother, his); err != nil {
		t.Fatal(err)
	}
	if err := a.UnlinkAccount(ctx, brother); !errors.Is(err, ErrOnlyWayIn) {
		t.Errorf("he has no login: %v", err)
	}
	if l, err := a.LinkedAccount(ctx, brother); err != nil || l.OID != his.OID {
		t.Errorf("a refused unlinking unlinked: %v", err)
	}
}
