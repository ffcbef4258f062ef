package account

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// register fills an organisation with consents in every state, an hour apart, and returns them, the oldest first.
func (a *testAccounts) register(t *testing.T) (ids []uuid.UUID, people []uuid.UUID) {
	t.Helper()
	texts := map[int]uuid.UUID{}
	for version := 1; version <= 2; version++ {
		texts[version] = uuid.New()
		a.must(`insert into consent_text (id, organisation_id, version, title, body, sha256) values ($1, $2, $3, 'Согласие', 'Я согласен.', sha256('x'))`, texts[version], a.university, version)
	}
	guardian := a.registered("Ёлкин Отец", "1980-01-02")
	for i, c := range []struct {
		birth     string
		version   int
		guardian  bool
		withdrawn bool
		erased    bool
	}{
		{birth: "2005-01-02", version: 1},                  // superseded by the second version
		{birth: "2005-01-02", version: 2},                  // stands
		{birth: "2010-01-02", version: 2, guardian: true},  // stands: a parent's
		{birth: "2008-08-31", version: 2, guardian: true},  // she came of age yesterday
		{birth: "2005-01-02", version: 2, withdrawn: true}, //
		{birth: "2005-01-02", version: 1, erased: true},    //
	} {
		id, person := uuid.New(), a.registered(fmt.Sprintf("Ёлкина %d", i), c.birth)
		sealed := []byte(nil)
		var by *uuid.UUID
		identity := fmt.Sprintf(`{"student":{"name":"Ёлкина %d Мария","birthDate":"%s","oid":"1"},"signature":"esia"}`, i, c.birth)
		if c.guardian {
			by = &guardian
			identity = fmt.Sprintf(`{"student":{"name":"Ёлкина %d Мария"},"guardian":{"name":"Ёлкин Отец"},"authority":"papers","signature":"esia"}`, i)
		}
		if !c.erased {
			sealed = a.ring.Seal("consent "+id.String(), []byte(identity))
		}
		a.must(`insert into consent (id, person_id, text_id, granted_at, identity, guardian_id) values ($1, $2, $3, $4, $5, $6)`,
			id, person, texts[c.version], testTime.Add(time.Duration(i-10)*time.Hour), sealed, by)
		if c.withdrawn {
			a.must(`update consent set withdrawn_at = $2, withdrawn_by = $3 where id = $1`, id, testTime, person)
		}
		ids, people = append(ids, id), append(people, person)
	}
	return ids, people
}

func (a *testAccounts) registered(name, birth string) uuid.UUID {
	id := uuid.New()
	a.must(`insert into person (id, organisation_id, last_name, first_name, name_key, birth_date) values ($1, $2, $3, 'Мария', $3, $4)`, id, a.university, name, birth)
	return id
}

func (a *testAccounts) must(sql string, args ...any) {
	a.t.Helper()
	if _, err := a.pool.Exec(a.t.Context(), sql, args...); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
}

func TestConsentRegister(t *testing.T) {
	a := newTestAccounts(t)
	ids, people := a.register(t)
	exam, attempt, entry := uuid.New(), uuid.New(), uuid.New()
	a.must(`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, 'algebra', 'Алгебра', now(), now() + interval '1 hour', '{}')`, exam, a.university)
	a.must(`insert into roster_entry (id, exam_id, person_id) values ($1, $2, $3)`, entry, exam, people[1])
	a.must(`insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'ready', 3)`, attempt, exam, entry, people[1])
	a.must(`insert into consent_use (attempt_id, consent_id, at) values ($1, $2, now())`, attempt, ids[1])
	other := a.organisation("Д")

	read := func(f RegisterFilter) (found []int, list []RegisterEntry) {
		t.Helper()
		if f.Organisation == uuid.Nil {
			f.Organisation = a.university
		}
		var cursor *RegisterCursor
		for {
			page, next, err := a.ConsentRegister(t.Context(), f, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, page...)
			if cursor = next; next == nil {
				break
			}
		}
		for _, e := range list {
			found = append(found, slices.Index(ids, e.ID))
		}
		var streamed []uuid.UUID
		if err := a.EachConsent(t.Context(), f, func(e RegisterEntry) error { streamed = append(streamed, e.ID); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(streamed)
		if !slices.EqualFunc(streamed, list, func(id uuid.UUID, e RegisterEntry) bool { return id == e.ID }) {
			t.Errorf("%+v: the export has %v, the pages %v", f, streamed, found)
		}
		return found, list
	}
	for _, c := range []struct {
		name   string
		filter RegisterFilter
		want   []int
	}{
		{"all", RegisterFilter{}, []int{5, 4, 3, 2, 1, 0}},
		{"another organisation's", RegisterFilter{Organisation: other}, nil},
		{"stands", RegisterFilter{State: ConsentStands}, []int{2, 1}},
		{"superseded", RegisterFilter{State: ConsentSuperseded}, []int{3, 0}},
		{"withdrawn", RegisterFilter{State: ConsentWithdrawn}, []int{4}},
		{"erased", RegisterFilter{State: ConsentErased}, []int{5}},
		{"a person's", RegisterFilter{Person: people[4]}, []int{4}},
		{"an exam's", RegisterFilter{Exam: exam}, []int{1}},
		{"a version's", RegisterFilter{Version: 1}, []int{5, 0}},
		{"by parents", RegisterFilter{By: "guardian"}, []int{3, 2}},
		{"by themselves", RegisterFilter{By: "student", State: ConsentStands}, []int{1}},
		{"a period's", RegisterFilter{From: testTime.Add(-9 * time.Hour), To: testTime.Add(-7 * time.Hour)}, []int{2, 1}},
	} {
		if have, _ := read(c.filter); !slices.Equal(have, c.want) {
			t.Errorf("%s: %v; want %v", c.name, have, c.want)
		}
	}
	_, list := read(RegisterFilter{})
	slices.Reverse(list)
	if e := list[1]; e.Student != "Ёлкина 1 Мария" || e.Signature != "esia" || e.Version != 2 || !slices.Equal(e.Exams, []string{"algebra"}) || e.ByGuardian {
		t.Errorf("one that stands: %+v", e)
	}
	if e := list[2]; e.Guardian != "Ёлкин Отец" || e.Authority != "papers" || !e.ByGuardian {
		t.Errorf("a parent's: %+v", e)
	}
	if e := list[4]; e.WithdrawnAt == nil || e.WithdrawnBy != "Ёлкина 4 Мария" {
		t.Errorf("one that was withdrawn: %+v", e)
	}
	if e := list[5]; e.Student != "" || e.Guardian != "" || e.WithdrawnBy != "" {
		t.Errorf("names of one whose term is over: %+v", e)
	}
	stop := errors.New("stop")
	if err := a.EachConsent(t.Context(), RegisterFilter{Organisation: a.university}, func(RegisterEntry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the reader's error: %v", err)
	}
}
