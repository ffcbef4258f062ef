package account

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

// what is a person's roles as text: registrar(hand) proctor(esia:G).
func (a *testAccounts) what(person uuid.UUID) []string {
	a.t.Helper()
	p, err := a.Person(a.t.Context(), person)
	if err != nil {
		a.t.Fatal(err)
	}
	list, _, err := a.Members(a.t.Context(), p.Organisation, p.Name.Last, "", 0)
	if err != nil {
		a.t.Fatal(err)
	}
	var out []string
	for _, m := range list {
		if m.ID == person {
			for _, g := range m.Roles {
				out = append(out, fmt.Sprintf("%s(%s)", g.Role, string(g.Source)+g.Group))
			}
		}
	}
	return out
}

func (a *testAccounts) administrator() Person {
	a.t.Helper()
	id := a.add(NewPerson{Name: Name{Last: "Админов", First: "Олег"}, BirthDate: date(1980, 1, 1), SNILS: "11223319900", Roles: []Role{Administrator}})
	p, err := a.Person(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

func TestCase6RolesByHand(t *testing.T) {
	a := newTestAccounts(t)
	ctx := t.Context()
	boss, id := a.administrator(), a.add(maria())
	if err := a.GiveRole(ctx, id, Proctor, boss); err != nil {
		t.Fatal(err)
	}
	if err := a.GiveRole(ctx, id, Proctor, boss); err != nil {
		t.Fatal(err)
	}
	if got := a.what(id); !slices.Equal(got, []string{"proctor(hand)", "student(hand)"}) {
		t.Errorf("roles %v", got)
	}
	if err := a.TakeRole(ctx, id, Proctor, boss); err != nil {
		t.Fatal(err)
	}
	if err := a.TakeRole(ctx, id, Proctor, boss); err != nil {
		t.Fatal(err)
	}
	if r := a.records(); len(r) != 2 || r[0].Outcome != "role_given" || r[1].Outcome != "role_taken" || r[1].Personal["actor"] != "Админов Олег" {
		t.Errorf("%d records: what changes nothing is no record", len(r))
	}
	if err := a.TakeRole(ctx, boss.ID, Administrator, boss); !errors.Is(err, ErrLastAdministrator) {
		t.Errorf("the last administrator: %v", err)
	}
	if got := a.what(boss.ID); !slices.Equal(got, []string{"administrator(hand)"}) || len(a.records()) != 2 {
		t.Errorf("a refused taking took: %v", got)
	}
	stranger := boss
	stranger.Organisation = a.organisation("Другой")
	if err := a.GiveRole(ctx, id, Administrator, stranger); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation's administrator: %v", err)
	}
	for text, want := range map[string]int{"": 2, "ёлк": 1, "ЕЛКИНА анна": 1, "%": 0, "админ": 1, "нет такого": 0} {
		if list, all, err := a.Members(ctx, a.university, text, "", 0); err != nil || len(list) != want || (want > 0 && all != want) {
			t.Errorf("search %q: %d of %d, %v; want %d", text, len(list), all, err, want)
		}
	}
	if list, _, err := a.Members(ctx, a.university, "", Administrator, 0); err != nil || len(list) != 1 || list[0].ID != boss.ID {
		t.Errorf("by role: %+v, %v", list, err)
	}
}

func TestCase6StaffByGroups(t *testing.T) {
	a := newTestAccounts(t)
	ctx := t.Context()
	const org = "2000000001"
	boss, id := a.administrator(), a.add(maria())
	if _, err := a.SignIn(ctx, claims(), nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range []Mapping{{ESIAOrg: org, Group: "PROCTORS", Role: Proctor}, {ESIAOrg: org, Group: "OFFICE", Role: Registrar}, {ESIAOrg: org, Group: "PROCTORS", Role: Proctor}} {
		if err := a.MapGroup(ctx, m, boss); err != nil {
			t.Fatal(err)
		}
	}
	if orgs, err := a.MappedOrganisations(ctx); err != nil || !slices.Equal(orgs, []string{org}) {
		t.Errorf("mapped organisations %v, %v", orgs, err)
	}
	apply := func(unknown bool, groups ...string) bool {
		t.Helper()
		var m []Membership
		for _, g := range groups {
			m = append(m, Membership{org, g})
		}
		taken, err := a.ApplyGroups(ctx, claims(), m, unknown)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	last := func() string {
		r := a.records()
		var data ledger.Staff
		if err := r[len(r)-1].Data(&data); err != nil {
			t.Fatal(err)
		}
		return data.What + " " + data.Role + " " + data.Group + " " + data.Reason
	}
	if apply(false, "PROCTORS", "STRANGERS"); !slices.Equal(a.what(id), []string{"proctor(esiaPROCTORS)", "student(hand)"}) {
		t.Errorf("in the group: %v", a.what(id))
	}
	records := len(a.records())
	if apply(false, "PROCTORS"); len(a.records()) != records {
		t.Error("the same groups again are a record")
	}
	// Given by hand too, the role outlives the group, and there is one of it to act in.
	if err := a.GiveRole(ctx, id, Proctor, boss); err != nil {
		t.Fatal(err)
	}
	if p, err := a.Person(ctx, id); err != nil || !slices.Equal(p.Roles, []Role{Proctor, Student}) {
		t.Errorf("acts as %v, %v", p.Roles, err)
	}
	if taken := apply(false, "OFFICE"); !taken || !slices.Equal(a.what(id), []string{"proctor(hand)", "registrar(esiaOFFICE)", "student(hand)"}) {
		t.Errorf("another group: %v", a.what(id))
	}
	if err := a.TakeRole(ctx, id, Registrar, boss); err != nil || !slices.Contains(a.what(id), "registrar(esiaOFFICE)") {
		t.Errorf("what a group gives was taken by hand: %v", a.what(id))
	}
	// ESIA cannot tell: nothing is kept on its old word, and nothing given.
	if taken := apply(true, "PROCTORS"); !taken || slices.Contains(a.what(id), "registrar(esiaOFFICE)") {
		t.Errorf("ESIA silent: %v", a.what(id))
	}
	if taken := apply(true); taken || last() != "role_taken registrar OFFICE esia_unavailable" {
		t.Errorf("last record %q", last())
	}

	apply(false, "OFFICE")
	mappings, err := a.Mappings(ctx, a.university)
	if err != nil || len(mappings) != 2 || mappings[0].Group != "OFFICE" || mappings[0].People != 1 {
		t.Fatalf("mappings %+v, %v", mappings, err)
	}
	other := boss
	other.Organisation = a.organisation("Другой")
	if err := a.UnmapGroup(ctx, mappings[0].ID, other); !errors.Is(err, ErrNotFound) || !slices.Contains(a.what(id), "registrar(esiaOFFICE)") {
		t.Errorf("another organisation unmapped: %v", err)
	}
	if err := a.UnmapGroup(ctx, mappings[0].ID, boss); err != nil || slices.Contains(a.what(id), "registrar(esiaOFFICE)") || last() != "role_taken registrar OFFICE group_unmapped" {
		t.Errorf("unmapped: %v, %v, %q", err, a.what(id), last())
	}
}

func TestCase6AGroupBringsSomebodyNew(t *testing.T) {
	a := newTestAccounts(t)
	ctx := t.Context()
	const org = "2000000001"
	boss := a.administrator()
	if err := a.MapGroup(ctx, Mapping{ESIAOrg: org, Group: "PROCTORS", Role: Proctor}, boss); err != nil {
		t.Fatal(err)
	}
	people := value[int](a, `select count(*) from person`)
	bad := claims()
	bad.Level = Standard
	if _, err := a.ApplyGroups(ctx, bad, []Membership{{org, "PROCTORS"}}, false); !errors.Is(err, ErrNotConfirmed) || value[int](a, `select count(*) from person`) != people {
		t.Errorf("a standard account: %v", err)
	}
	if _, err := a.ApplyGroups(ctx, claims(), []Membership{{org, "OTHER"}, {"2000000002", "PROCTORS"}}, false); err != nil || value[int](a, `select count(*) from person`) != people {
		t.Errorf("no mapped group: %v", err)
	}
	if _, err := a.ApplyGroups(ctx, claims(), []Membership{{org, "PROCTORS"}}, false); err != nil {
		t.Fatal(err)
	}
	found, err := a.SignIn(ctx, claims(), nil)
	if err != nil || len(found) != 1 || !slices.Equal(found[0].Roles, []Role{Proctor}) {
		t.Fatalf("%+v, %v", found, err)
	}
	// Somebody who is there under that name, not linked, is left to the usual way.
	b := newTestAccounts(t)
	boss = b.administrator()
	if err := b.MapGroup(ctx, Mapping{ESIAOrg: org, Group: "PROCTORS", Role: Proctor}, boss); err != nil {
		t.Fatal(err)
	}
	her := maria()
	her.SNILS = otherSNILS
	b.add(her)
	people = value[int](b, `select count(*) from person`)
	if _, err := b.ApplyGroups(ctx, claims(), []Membership{{org, "PROCTORS"}}, false); err != nil || value[int](b, `select count(*) from person`) != people {
		t.Errorf("a namesake: %v", err)
	}
}
