package account

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"ochno/proctor/ledger"
)

func TestSignInMatches(t *testing.T) {
	a := newTestAccounts(t)
	with := func(change func(*NewPerson)) NewPerson {
		p := maria()
		change(&p)
		return p
	}
	alone := []NewPerson{maria()}
	paper := with(func(p *NewPerson) { p.SNILS, p.Document = "", "45 10 123456" })
	namesake := with(func(p *NewPerson) { p.SNILS = otherSNILS })
	for _, c := range []struct {
		name   string
		people []NewPerson // the first is who is meant
		claim  func(*Claims)
		want   error
	}{
		{"all agrees", alone, func(*Claims) {}, nil},
		{"е for ё", alone, func(c *Claims) { c.Name.Last = "Елкина" }, nil},
		{"ё for е", []NewPerson{with(func(p *NewPerson) { p.Name.Last = "Елкина" })}, func(*Claims) {}, nil},
		{"capitals", alone, func(c *Claims) { c.Name = Name{"ЁЛКИНА", "АННА-МАРИЯ", "ПЕТРОВНА"} }, nil},
		{"small letters", alone, func(c *Claims) { c.Name = Name{"ёлкина", "анна-мария", "петровна"} }, nil},
		{"a space for the hyphen", alone, func(c *Claims) { c.Name.First = "Анна Мария" }, nil},
		{"a dash for the hyphen", alone, func(c *Claims) { c.Name.First = "Анна–Мария" }, nil},
		{"spaces around the hyphen", alone, func(c *Claims) { c.Name.First = " Анна - Мария " }, nil},
		{"a no-break space", alone, func(c *Claims) { c.Name.First = "Анна\u00a0Мария" }, nil},
		{"no middle name on both sides", []NewPerson{with(func(p *NewPerson) { p.Name.Middle = "" })}, func(c *Claims) { c.Name.Middle = "" }, nil},
		{"a namesake of the same day with another SNILS", []NewPerson{maria(), namesake}, func(*Claims) {}, nil},

		{"another birth date beside her SNILS and name", alone, func(c *Claims) { c.BirthDate = date(2005, 1, 3) }, nil},
		{"without her middle name", alone, func(c *Claims) { c.Name.Middle = "" }, nil},
		{"the university writes no middle name", []NewPerson{with(func(p *NewPerson) { p.Name.Middle = "" })}, func(*Claims) {}, nil},
		{"«нет» for a middle name", []NewPerson{with(func(p *NewPerson) { p.Name.Middle = "нет" })}, func(c *Claims) { c.Name.Middle = "-" }, nil},
		{"a Latin letter among Cyrillic ones", []NewPerson{with(func(p *NewPerson) { p.Name.Middle = "Пeтpовнa" })}, func(*Claims) {}, nil},
		{"an apostrophe", []NewPerson{with(func(p *NewPerson) { p.Name.Last = "Д’Артаньян" })}, func(c *Claims) { c.Name.Last = "Д'Артаньян" }, nil},
		{"a double name split another way", []NewPerson{with(func(p *NewPerson) { p.Name = Name{"Мамедова", "Анна Мария Октай", "кызы"} })}, func(c *Claims) { c.Name = Name{"Мамедова", "Анна-Мария", "Октай кызы"} }, nil},

		{"no SNILS at ESIA: name, birth date, document", []NewPerson{paper}, func(c *Claims) { c.SNILS, c.Documents = "", []string{"45 10", "4510 № 123456"} }, nil},
		{"no SNILS in the roster: name, birth date, document", []NewPerson{paper}, func(c *Claims) { c.Documents = []string{"4510123456"} }, nil},
		{"her document beside a namesake without one", []NewPerson{paper, with(func(p *NewPerson) { p.SNILS = otherSNILS })}, func(c *Claims) { c.SNILS, c.Documents = "", []string{"4510123456"} }, nil},
		{"no SNILS, another document", []NewPerson{paper}, func(c *Claims) { c.SNILS, c.Documents = "", []string{"4599000001"} }, ErrAmbiguous},
		{"no SNILS, her document, another birth date", []NewPerson{paper}, func(c *Claims) { c.SNILS, c.BirthDate, c.Documents = "", date(2005, 1, 3), []string{"4510123456"} }, ErrUnknown},
		{"no SNILS, her document, another name", []NewPerson{paper}, func(c *Claims) { c.SNILS, c.Name.Last, c.Documents = "", "Палкина", []string{"4510123456"} }, ErrUnknown},
		{"her SNILS beside another name, her document beside hers", []NewPerson{paper, with(func(p *NewPerson) { p.Name.Last = "Палкина" })}, func(c *Claims) { c.Documents = []string{"4510123456"} }, ErrAmbiguous},
		{"she is there twice, by SNILS and by document", []NewPerson{with(func(p *NewPerson) { p.Name.Middle = "" }), paper}, func(c *Claims) { c.Documents = []string{"4510123456"} }, ErrAmbiguous},

		{"another last name", alone, func(c *Claims) { c.Name.Last = "Палкина" }, ErrAmbiguous},
		{"another first name", alone, func(c *Claims) { c.Name.First = "Анна" }, ErrAmbiguous},
		{"first and middle name exchanged", alone, func(c *Claims) { c.Name.First, c.Name.Middle = c.Name.Middle, c.Name.First }, ErrAmbiguous},
		{"another SNILS", alone, func(c *Claims) { c.SNILS = otherSNILS }, ErrAmbiguous},
		{"without a SNILS", alone, func(c *Claims) { c.SNILS = "" }, ErrAmbiguous},
		{"the university does not know her SNILS", []NewPerson{with(func(p *NewPerson) { p.SNILS = "" })}, func(*Claims) {}, ErrAmbiguous},
		{"neither side knows a SNILS", []NewPerson{with(func(p *NewPerson) { p.SNILS = "" })}, func(c *Claims) { c.SNILS = "" }, ErrAmbiguous},
		{"one person's SNILS, another's name", []NewPerson{maria(), {Name: Name{Last: "Иванов", First: "Иван"}, BirthDate: date(2004, 5, 6), SNILS: otherSNILS}}, func(c *Claims) { c.SNILS = otherSNILS }, ErrAmbiguous},

		{"nobody", alone, func(c *Claims) {
			c.Name, c.BirthDate, c.SNILS = Name{Last: "Чужой", First: "Иван"}, date(1999, 1, 1), otherSNILS
		}, ErrUnknown},
		{"nobody, and without a SNILS", alone, func(c *Claims) { c.Name, c.SNILS = Name{Last: "Чужой", First: "Иван"}, "" }, ErrUnknown},
		{"a namesake of another day", alone, func(c *Claims) { c.BirthDate, c.SNILS = date(1999, 1, 1), otherSNILS }, ErrUnknown},
		{"an empty university", nil, func(*Claims) {}, ErrUnknown},
		{"not confirmed", alone, func(c *Claims) { c.Level = Standard }, ErrNotConfirmed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.t = t
			a.forget()
			var meant Person
			for i, p := range c.people {
				if id := a.add(p); i == 0 {
					meant.ID = id
				}
			}
			claim := claims()
			c.claim(&claim)
			got, err := a.signIn(claim)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
			linked, records := value[int](a, `select count(*) from person where esia_oid is not null`), len(a.records())
			if c.want != nil {
				if linked != 0 || records != 0 {
					t.Errorf("refused, but %d people were linked and %d records written", linked, records)
				}
				return
			}
			if got.ID != meant.ID || got.OID != mariaOID || linked != 1 || records != 1 {
				t.Errorf("signed in as %+v, %d linked, %d records; want %s", got, linked, records, meant.ID)
			}
			if at := value[time.Time](a, `select linked_at from person where id = $1`, meant.ID); !at.Equal(testTime) {
				t.Errorf("linked at %v", at)
			}
		})
	}
}

func TestSignInAgain(t *testing.T) {
	a := newTestAccounts(t)
	id := a.add(maria())
	for what, change := range map[string]func(*Claims){
		"the same":                     func(*Claims) {},
		"married":                      func(c *Claims) { c.Name.Last = "Палкина" },
		"ESIA mended her birth date":   func(c *Claims) { c.BirthDate = date(2004, 1, 2) },
		"ESIA says no SNILS this time": func(c *Claims) { c.SNILS = "" },
	} {
		if _, err := a.signIn(claims()); err != nil {
			t.Fatal(err)
		}
		claim := claims()
		change(&claim)
		if p, err := a.signIn(claim); err != nil || p.ID != id || p.Name != mariaName {
			t.Errorf("%s: %+v, %v; want the linked person as the university calls her", what, p, err)
		}
	}
	if n := len(a.records()); n != 1 {
		t.Errorf("%d records; want one, of the linking", n)
	}
	claim := claims()
	claim.Level = Standard
	if _, err := a.signIn(claim); !errors.Is(err, ErrNotConfirmed) {
		t.Errorf("linked, but no longer confirmed: %v; want ErrNotConfirmed", err)
	}
	claim = claims()
	claim.OID = "1000000001"
	if _, err := a.signIn(claim); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("from another ESIA account: %v; want ErrAmbiguous", err)
	}
	if got := value[string](a, `select esia_oid from person`); got != mariaOID {
		t.Errorf("linked to %s", got)
	}
	claim.OID = ""
	if _, err := a.signIn(claim); err == nil {
		t.Error("an account without an identifier was let in")
	}
}

// Two accounts claim to be the same person at the same moment.
func TestTwoAccountsRaceForOnePerson(t *testing.T) {
	a := newTestAccounts(t)
	a.add(maria())
	const racers = 6
	people, errs := make([]Person, racers), make([]error, racers)
	var wait sync.WaitGroup
	for i := range racers {
		wait.Go(func() {
			claim := claims()
			claim.OID = fmt.Sprint(i + 1)
			people[i], errs[i] = a.signIn(claim)
		})
	}
	wait.Wait()
	winner := ""
	for i, err := range errs {
		switch {
		case err == nil && winner == "":
			winner = people[i].OID
		case err == nil:
			t.Errorf("both %s and %s won", winner, people[i].OID)
		case !errors.Is(err, ErrAmbiguous):
			t.Errorf("a loser is told %v; want ErrAmbiguous", err)
		}
	}
	if got := value[string](a, `select esia_oid from person`); got != winner || winner == "" {
		t.Errorf("linked to %q; the winner is %q", got, winner)
	}
	if records := a.records(); len(records) != 1 || records[0].Personal["oid"] != winner {
		t.Errorf("records %+v; want one, of %s", records, winner)
	}
}

// One person opens the link in two tabs.
func TestOneAccountTwiceAtOnce(t *testing.T) {
	a := newTestAccounts(t)
	id := a.add(maria())
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if p, err := a.signIn(claims()); err != nil || p.ID != id || p.OID != mariaOID {
				t.Errorf("%+v, %v; want her", p, err)
			}
		})
	}
	wait.Wait()
	if n := len(a.records()); n != 1 {
		t.Errorf("%d records; want 1", n)
	}
}

func TestLinkIsARecordWithoutPlainData(t *testing.T) {
	a := newTestAccounts(t)
	id := a.add(maria())
	if _, err := a.signIn(claims()); err != nil {
		t.Fatal(err)
	}
	r := a.records()[0]
	var link ledger.Link
	if err := r.Data(&link); err != nil || r.Type != ledger.TypeLink || link.By != "snils+name" || !r.At.Equal(testTime) {
		t.Errorf("record %+v, %+v, %v", r, link, err)
	}
	if want := map[string]string{"person": mariaName.String(), "oid": mariaOID}; !maps.Equal(r.Personal, want) {
		t.Errorf("personal fields %v; want %v", r.Personal, want)
	}
	if !strings.Contains(string(r.Body), id.String()) {
		t.Error("the body does not say whose link it is")
	}
	for _, personal := range []string{mariaName.Last, mariaName.First, mariaOID, mariaSNILS} {
		if a.shows("ledger_record", personal) {
			t.Errorf("%q stands in the log in plain", personal)
		}
	}
	if a.shows("person", mariaSNILS) || !a.shows("person", mariaOID) {
		t.Error("the SNILS stands in plain among the people, or the search finds nothing")
	}
}

// The link and its record commit together.
func TestLinkWithoutItsRecordIsNone(t *testing.T) {
	a := newTestAccounts(t)
	a.add(maria())
	a.exec(`alter table ledger_record rename to hidden`)
	if _, err := a.signIn(claims()); err == nil {
		t.Error("signed in without a record")
	}
	a.exec(`alter table hidden rename to ledger_record`)
	if n := value[int](a, `select count(*) from person where esia_oid is not null`); n != 0 {
		t.Error("linked without a record")
	}
	if _, err := a.signIn(claims()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestErrorsShowNoPersonalData(t *testing.T) {
	a := newTestAccounts(t)
	a.exec(`alter table person rename column snils_hash to hidden`)
	_, err := a.signIn(claims())
	_, also := a.ensure(maria())
	for _, err := range []error{err, also} {
		if err == nil {
			t.Fatal("no error")
		}
		for _, personal := range []string{mariaName.Last, mariaSNILS, mariaOID} {
			if strings.Contains(err.Error(), personal) {
				t.Errorf("%v", err)
			}
		}
	}
}
