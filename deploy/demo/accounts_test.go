package demo_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/deploy/demo"
	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// TestAccountsStory plays the ways in, and then looks at what the log says of them.
func TestAccountsStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, true)
	store := openStore(t, d)
	addCases(t, d, store)
	var f struct {
		Anna, Rashid, Maria uuid.UUID
		Number              string
	}
	play(t, d, "accounts.mjs", map[string]any{"mail": d.Mail}, &f)

	waitSealed(t, store)
	links, roles, decisions := map[uuid.UUID]string{}, []string{}, []string{}
	err := store.Log.Each(t.Context(), ledger.Filter{}, func(r ledger.Row) error {
		switch r.Type {
		case ledger.TypeLink:
			var l ledger.Link
			if err := r.Data(&l); err != nil {
				return err
			}
			var whose struct{ Person uuid.UUID }
			if err := json.Unmarshal(r.Body, &whose); err != nil {
				return err
			}
			links[whose.Person] = l.By
		case ledger.TypeSignIn:
			if r.Outcome == "role_changed" {
				var s ledger.SignIn
				if err := r.Data(&s); err != nil {
					return err
				}
				roles = append(roles, s.Role)
			}
		case ledger.TypeRequest:
			decisions = append(decisions, r.Outcome)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[uuid.UUID]string{f.Anna: "snils+name", f.Rashid: "name+birth_date+document", f.Maria: "request"} {
		if links[who] != want {
			t.Errorf("a link by %q, want %q", links[who], want)
		}
	}
	if !slices.Equal(roles, []string{"registrar", "proctor"}) {
		t.Errorf("changes of role %q", roles)
	}
	if !slices.Equal(decisions, []string{"filed", "linked", "filed", "refused"}) {
		t.Errorf("acts on requests %q", decisions)
	}
	if _, err := store.Log.Verify(t.Context()); err != nil {
		t.Errorf("the log does not verify: %v", err)
	}
}

// addCases makes the people of the story known: one without a SNILS, one under her former name, one with several roles in two organisations.
func addCases(t *testing.T, d *demo.Demo, store proctor.Store) {
	t.Helper()
	ctx := t.Context()
	university, err := store.Accounts.Organisation(ctx)
	if err != nil {
		t.Fatal(err)
	}
	college, err := store.Accounts.EnsureOrganisation(ctx, account.Organisation{Name: "Демонстрационный колледж", ShortName: "ДемоК", Contact: "college@demo.example"})
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]esiamock.Person{}
	for _, p := range esiamock.TestPeople() {
		people[p.OID] = p
	}
	known := func(oid string, organisation uuid.UUID, roles ...account.Role) account.NewPerson {
		p := people[oid]
		return account.NewPerson{
			Organisation: organisation, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS, Roles: roles,
		}
	}
	rashid := known(esiamock.WithoutSNILS, university.ID, account.Student)
	rashid.Document = people[esiamock.WithoutSNILS].Documents[0].Series + " № " + people[esiamock.WithoutSNILS].Documents[0].Number
	maria := known(esiamock.ChangedName, university.ID, account.Student)
	maria.Name.Last = "Белкина"
	err = pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		for _, p := range []account.NewPerson{
			rashid, known(esiamock.SeveralRoles, university.ID, account.Proctor, account.Registrar), known(esiamock.SeveralRoles, college, account.Proctor),
		} {
			if _, err := store.Accounts.Ensure(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := store.Exams.ByCode(ctx, d.Exam)
	if err != nil {
		t.Fatal(err)
	}
	row := exam.RosterRow{Line: 2, Name: maria.Name, BirthDate: maria.BirthDate, SNILS: maria.SNILS, Faculty: "Механико-математический", Group: "МА-21"}
	if _, err := store.Exams.Import(ctx, e, []exam.RosterRow{row}, account.Person{}); err != nil {
		t.Fatal(err)
	}
}
