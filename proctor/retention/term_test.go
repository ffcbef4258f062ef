package retention

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

func TestTerms(t *testing.T) {
	h := newHouse(t)
	staff := Actor{ID: h.person("Регистраторова"), Name: "Регистраторова Мария"}
	terms, err := h.Terms(t.Context(), h.organisation)
	h.must(err)
	if len(terms) != 4 || terms[0].Class != Recordings || terms[0].Days != 180 || !terms[0].Default {
		t.Fatalf("defaults %+v", terms)
	}
	set := func(exam uuid.UUID, class Class, days int) error {
		return h.SetTerm(t.Context(), NewTerm{Organisation: h.organisation, Exam: exam, Class: class, Days: days, Reason: "приказ № 7"}, staff)
	}
	h.must(set(uuid.Nil, Recordings, 90))
	h.must(set(h.exam, Recordings, 365))
	h.must(set(h.exam, Recordings, 30))
	terms, err = h.Terms(t.Context(), h.organisation)
	h.must(err)
	if len(terms) != 5 || terms[0].Days != 90 || terms[0].Default || terms[0].ChangedBy != staff.Name || terms[0].Reason != "приказ № 7" ||
		terms[4].Exam.UUID != h.exam || terms[4].Days != 30 || terms[4].ExamCode != "algebra" {
		t.Errorf("terms %+v", terms)
	}
	attempt, _ := h.attempt(h.exam)
	if at, err := h.Until(t.Context(), attempt); err != nil || !at.Equal(examEnd.Add(30*day)) {
		t.Errorf("recordings until %v, %v", at, err)
	}
	h.must(set(h.exam, Recordings, 0))
	if at, err := h.Until(t.Context(), attempt); err != nil || !at.Equal(examEnd.Add(90*day)) {
		t.Errorf("with the exam's own term taken back until %v, %v", at, err)
	}
	var changes []ledger.PolicyChange
	for _, r := range h.records(ledger.TypePolicyChange) {
		var data ledger.PolicyChange
		h.must(r.Data(&data))
		changes = append(changes, data)
		if r.Personal["actor"] != staff.Name {
			t.Errorf("record without who changed it: %+v", r)
		}
	}
	want := [][2]int{{180, 90}, {90, 365}, {365, 30}, {30, 0}}
	if len(changes) != len(want) {
		t.Fatalf("records %+v", changes)
	}
	for i, c := range changes {
		if [2]int{c.From, c.To} != want[i] || c.What != "retention" || c.Class != "recordings" {
			t.Errorf("record %d: %+v; want %v", i, c, want[i])
		}
	}
}

func TestTermIsRefused(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		term NewTerm
		want error
	}{
		"no class":             {NewTerm{Organisation: h.organisation, Class: "photos", Days: 5, Reason: "x"}, ErrTerm},
		"no days":              {NewTerm{Organisation: h.organisation, Class: Recordings, Reason: "x"}, ErrTerm},
		"negative":             {NewTerm{Organisation: h.organisation, Exam: h.exam, Class: Recordings, Days: -1, Reason: "x"}, ErrTerm},
		"too long":             {NewTerm{Organisation: h.organisation, Class: Records, Days: maxDays + 1, Reason: "x"}, ErrTerm},
		"no reason":            {NewTerm{Organisation: h.organisation, Class: Records, Days: 5, Reason: " "}, ErrTerm},
		"long reason":          {NewTerm{Organisation: h.organisation, Class: Records, Days: 5, Reason: strings.Repeat("ё", maxReason+1)}, ErrTerm},
		"an exam's log":        {NewTerm{Organisation: h.organisation, Exam: h.exam, Class: Records, Days: 5, Reason: "x"}, ErrTerm},
		"no exam":              {NewTerm{Organisation: h.organisation, Exam: uuid.New(), Class: Recordings, Days: 5, Reason: "x"}, ErrNotFound},
		"somebody else's exam": {NewTerm{Organisation: uuid.New(), Exam: h.exam, Class: Recordings, Days: 5, Reason: "x"}, ErrNotFound},
		"nothing to take back": {NewTerm{Organisation: h.organisation, Exam: h.exam, Class: Recordings, Days: 0, Reason: "x"}, ErrNotFound},
	} {
		if err := h.SetTerm(t.Context(), c.term, Actor{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	if n := h.count(`select count(*) from retention_term`) + h.count(`select count(*) from ledger_record`); n != 0 {
		t.Errorf("%d rows after refusals", n)
	}
}
