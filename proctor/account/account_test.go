package account

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestEnsure(t *testing.T) {
	a := newTestAccounts(t)
	with := func(change func(*NewPerson)) NewPerson {
		p := maria()
		change(&p)
		return p
	}
	for _, c := range []struct {
		name  string
		there []NewPerson
		add   NewPerson
		same  int // who of those that are there is meant; -1: a new person
		want  error
	}{
		{"nobody is there", nil, maria(), -1, nil},
		{"the same again", []NewPerson{maria()}, maria(), 0, nil},
		{"written another way", []NewPerson{maria()}, with(func(p *NewPerson) { p.Name = Name{"ЕЛКИНА", "Анна Мария", "петровна"} }), 0, nil},
		{"without a SNILS", []NewPerson{maria()}, with(func(p *NewPerson) { p.SNILS = "" }), 0, nil},
		{"a SNILS to one who had none", []NewPerson{with(func(p *NewPerson) { p.SNILS = "" })}, maria(), 0, nil},
		{"a namesake of the same day with another SNILS", []NewPerson{maria()}, with(func(p *NewPerson) { p.SNILS = otherSNILS }), -1, nil},
		{"a namesake of another day", []NewPerson{maria()}, with(func(p *NewPerson) { p.BirthDate, p.SNILS = date(1999, 1, 1), otherSNILS }), -1, nil},
		{"in another organisation", []NewPerson{maria()}, with(func(p *NewPerson) { p.Organisation = a.organisation("В") }), -1, nil},
		{"her SNILS with another name", []NewPerson{maria()}, with(func(p *NewPerson) { p.Name.Last = "Палкина" }), 0, ErrAmbiguous},
		{"her SNILS with another birth date", []NewPerson{maria()}, with(func(p *NewPerson) { p.BirthDate = date(1999, 1, 1) }), 0, ErrAmbiguous},
		{"without a SNILS among namesakes", []NewPerson{maria(), with(func(p *NewPerson) { p.SNILS = otherSNILS })}, with(func(p *NewPerson) { p.SNILS = "" }), 0, ErrAmbiguous},
		{"her SNILS, and a namesake without one", []NewPerson{with(func(p *NewPerson) { p.SNILS = "" }), with(func(p *NewPerson) { p.Name.Last, p.SNILS = "Иная", otherSNILS })}, with(func(p *NewPerson) { p.SNILS = otherSNILS }), 0, ErrAmbiguous},
		{"a document to one who had none", []NewPerson{maria()}, with(func(p *NewPerson) { p.Document = "45 10 123456" }), 0, nil},
		{"a document written another way", []NewPerson{with(func(p *NewPerson) { p.SNILS, p.Document = "", "4510123456" })}, with(func(p *NewPerson) { p.SNILS, p.Document = "", "45 10 № 123456" }), 0, nil},
		{"a renewed document beside her SNILS", []NewPerson{with(func(p *NewPerson) { p.Document = "4510123456" })}, with(func(p *NewPerson) { p.Document = "4599000001" }), 0, nil},
		{"another document, and no SNILS to tell", []NewPerson{with(func(p *NewPerson) { p.SNILS, p.Document = "", "4510123456" })}, with(func(p *NewPerson) { p.SNILS, p.Document = "", "4599000001" }), 0, ErrAmbiguous},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.t = t
			a.forget()
			var there []uuid.UUID
			for _, p := range c.there {
				there = append(there, a.add(p))
			}
			people := `select coalesce(string_agg(p::text, E'\n' order by id), '') from person p`
			before := value[string](a, people)
			id, err := a.ensure(c.add)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
			n := value[int](a, `select count(*) from person`)
			switch {
			case c.want != nil:
				if after := value[string](a, people); after != before || id != uuid.Nil {
					t.Errorf("refused, but the people changed:\n%s\n%s", before, after)
				}
			case c.same < 0:
				if n != len(there)+1 || slices.Contains(there, id) {
					t.Errorf("%s, now %d people; want a new one", id, n)
				}
			default:
				if n != len(there) || id != there[c.same] {
					t.Errorf("%s, now %d people; want %s", id, n, there[c.same])
				}
			}
		})
	}
}

func TestEnsureAddsRolesAndCompletes(t *testing.T) {
	a := newTestAccounts(t)
	p := maria()
	p.SNILS = ""
	id := a.add(p)
	p.SNILS, p.Roles = mariaSNILS, []Role{Student, Proctor}
	for range 2 {
		if again := a.add(p); again != id {
			t.Fatalf("%s; want %s", again, id)
		}
	}
	got, err := a.Person(t.Context(), id)
	want := Person{ID: id, Organisation: a.university, Name: mariaName, BirthDate: mariaBirth, Roles: []Role{Proctor, Student}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if !got.Has(Student) || !got.Has(Registrar, Proctor) || got.Has(Registrar) || got.Has() {
		t.Error("Has does not tell the roles")
	}
	// The SNILS that came later is known from now on, and is not there in plain.
	if p, err := a.signIn(claims()); err != nil || p.ID != id {
		t.Errorf("sign-in: %+v, %v", p, err)
	}
	sealed := value[[]byte](a, `select snils_sealed from person`)
	if plain, err := a.ring.Unseal("person snils", sealed); err != nil || string(plain) != mariaSNILS {
		t.Errorf("the sealed SNILS opens as %q, %v", plain, err)
	}

	if _, err := a.ensure(NewPerson{Name: Name{Last: "Новый", First: "Иван"}, BirthDate: mariaBirth, Roles: []Role{"king"}}); err == nil {
		t.Error("an unknown role was given")
	}
	if n := value[int](a, `select count(*) from person`); n != 1 {
		t.Errorf("%d people; the one with an unknown role should have vanished with the transaction", n)
	}
	for role, valid := range map[Role]bool{Student: true, Proctor: true, Registrar: true, Administrator: true, Guardian: true, "": false, "king": false} {
		if role.Valid() != valid {
			t.Errorf("%q valid: %v", role, !valid)
		}
	}
}

func TestPersonNotFound(t *testing.T) {
	a := newTestAccounts(t)
	if _, err := a.Person(t.Context(), uuid.New()); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v; want ErrNotFound", err)
	}
}

func TestOrganisation(t *testing.T) {
	a := newTestAccounts(t)
	a.exec(`truncate organisation cascade`)
	if _, err := a.Organisation(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("before there is one: %v; want ErrNotFound", err)
	}
	act := date(2026, 9, 1)
	o := Organisation{Name: "Университет", ShortName: "У", ActNumber: "301", ActDate: &act, Contact: "учебная часть"}
	var err error
	if o.ID, err = a.EnsureOrganisation(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(){func() {}, func() { o.Name, o.ActNumber, o.ActDate, o.Contact = "Новое имя", "302", nil, "" }} {
		change()
		id, err := a.EnsureOrganisation(t.Context(), o)
		if err != nil || id != o.ID {
			t.Fatalf("again: %s, %v; want %s", id, err, o.ID)
		}
		if got, err := a.Organisation(t.Context()); err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%+v, %v; want %+v", got, err, o)
		}
	}
}

func TestNameString(t *testing.T) {
	for want, n := range map[string]Name{"Ёлкина Анна-Мария Петровна": mariaName, "Ким Ир": {Last: "Ким", First: "Ир"}, "": {}} {
		if got := n.String(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
