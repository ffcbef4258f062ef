package exam

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
)

func TestEnsureExam(t *testing.T) {
	x := newTestExams(t)
	e := x.exam
	e.Title, e.EndsAt = "Алгебра (пересдача)", testTime.Add(2*time.Hour)
	e.Policy.Threshold, e.Policy.Tries, e.Policy.Digits = 0.5, 1, 6
	id, err := x.Ensure(t.Context(), e)
	if err != nil || id != x.exam.ID {
		t.Fatalf("again: %s, %v; want %s", id, err, x.exam.ID)
	}
	for what, read := range map[string]func() (Exam, error){
		"Exam":   func() (Exam, error) { return x.Exam(t.Context(), id) },
		"ByCode": func() (Exam, error) { return x.ByCode(t.Context(), "algebra") },
		"List": func() (Exam, error) {
			list, err := x.List(t.Context(), e.Organisation)
			if len(list) != 1 {
				return Exam{}, fmt.Errorf("%d exams: %w", len(list), err)
			}
			return list[0], err
		},
	} {
		got, err := read()
		got.StartsAt, got.EndsAt = got.StartsAt.UTC(), got.EndsAt.UTC()
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, e)
		}
	}
	if _, err := x.Exam(t.Context(), uuid.New()); !errors.Is(err, ErrNotFound) {
		t.Errorf("no exam: %v; want ErrNotFound", err)
	}
	if _, err := x.ByCode(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such code: %v; want ErrNotFound", err)
	}

	foreign := e
	if foreign.Organisation, err = x.accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Другой", ShortName: "Д"}); err != nil {
		t.Fatal(err)
	}
	foreign.Title = "чужой"
	if _, err := x.Ensure(t.Context(), foreign); err == nil {
		t.Error("another organisation's exam was changed")
	}
	if got, err := x.Exam(t.Context(), id); err != nil || got.Title != e.Title {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEnsureRefuses(t *testing.T) {
	x := newTestExams(t)
	for name, change := range map[string]func(*Exam){
		"no code":             func(e *Exam) { e.Code = "" },
		"a short code":        func(e *Exam) { e.Code = "ab" },
		"a long code":         func(e *Exam) { e.Code = strings.Repeat("a", 65) },
		"capitals":            func(e *Exam) { e.Code = "Algebra" },
		"Cyrillic":            func(e *Exam) { e.Code = "алгебра" },
		"a path":              func(e *Exam) { e.Code = "../etc" },
		"a hyphen in front":   func(e *Exam) { e.Code = "-abc" },
		"a line end":          func(e *Exam) { e.Code = "algebra\n" },
		"ends before":         func(e *Exam) { e.EndsAt = e.StartsAt.Add(-time.Second) },
		"ends at its start":   func(e *Exam) { e.EndsAt = e.StartsAt },
		"no threshold":        func(e *Exam) { e.Policy.Threshold = 0 },
		"a negative one":      func(e *Exam) { e.Policy.Threshold = -0.1 },
		"a threshold above 1": func(e *Exam) { e.Policy.Threshold = 1.0001 },
		"no tries":            func(e *Exam) { e.Policy.Tries = 0 },
		"21 tries":            func(e *Exam) { e.Policy.Tries = 21 },
		"two digits":          func(e *Exam) { e.Policy.Digits = 2 },
		"eleven digits":       func(e *Exam) { e.Policy.Digits = 11 },
		"no organisation":     func(e *Exam) { e.Code, e.Organisation = "biology", uuid.New() },
	} {
		e := x.exam
		change(&e)
		if _, err := x.Ensure(t.Context(), e); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if n := x.count(`select count(*) from exam where policy @> '{"tries": 3}' and title = 'Алгебра'`); n != 1 {
		t.Error("a refusal changed the exam")
	}
}

// A finished exam that is set to another day is open again; one that is only renamed stays finished.
func TestFinishedExamIsSetAnew(t *testing.T) {
	x := newTestExams(t)
	x.pass(30 * time.Minute)
	if err := x.Finish(t.Context(), x.exam.ID, x.proctor); err != nil {
		t.Fatal(err)
	}
	x.pass(time.Minute)
	for _, c := range []struct {
		name       string
		start, end time.Duration
		open       bool
	}{
		{"renamed", -time.Hour, time.Hour, false},
		{"prolonged", -time.Hour, 5 * time.Hour, false},
		{"tomorrow", 24 * time.Hour, 25 * time.Hour, true},
	} {
		e := x.exam
		e.StartsAt, e.EndsAt = testTime.Add(c.start), testTime.Add(c.end)
		if _, err := x.Ensure(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if got, err := x.Exam(t.Context(), e.ID); err != nil || (got.FinishedAt == nil) != c.open {
			t.Errorf("%s: %+v, %v; want open: %v", c.name, got, err, c.open)
		}
	}
}
