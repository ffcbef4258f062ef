package exam

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestWhereThingsAre(t *testing.T) {
	x := newTestExams(t)
	a, b := x.attempt(Ready), x.attempt(Identifying)
	if n, err := x.Expected(t.Context(), x.exam.ID); err != nil || n != 2 {
		t.Errorf("expected %d, %v; want 2", n, err)
	}
	if id, err := x.ExamOf(t.Context(), a.ID); err != nil || id != x.exam.ID {
		t.Errorf("an attempt's exam: %v, %v", id, err)
	}
	if id, err := x.Identified(t.Context(), b.PersonID); err != nil || id != x.exam.ID {
		t.Errorf("where she is identified: %v, %v", id, err)
	}
	for what, find := range map[string]func() error{
		"no such exam":        func() error { _, err := x.Expected(t.Context(), uuid.New()); return err },
		"no such attempt":     func() error { _, err := x.ExamOf(t.Context(), uuid.New()); return err },
		"nobody identified":   func() error { _, err := x.Identified(t.Context(), a.PersonID); return err },
		"nobody of that name": func() error { _, err := x.Identified(t.Context(), uuid.New()); return err },
	} {
		if err := find(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whose connection stood when a node died is told that it ended; whose had ended is not told again.
func TestSevered(t *testing.T) {
	x := newTestExams(t)
	histories := map[string][]string{
		"never came":       nil,
		"connected":        {"connected"},
		"lost":             {"connected", "connection_lost"},
		"gone":             {"connected", "disconnected"},
		"with her phone":   {"connected", "phone_connected"},
		"only her phone":   {"connected", "phone_connected", "disconnected"},
		"her phone's gone": {"connected", "phone_connected", "phone_disconnected"},
	}
	want := map[string][]string{
		"connected": {"disconnected"}, "lost": {"disconnected"}, "with her phone": {"disconnected", "phone_disconnected"},
		"only her phone": {"phone_disconnected"}, "her phone's gone": {"disconnected"},
	}
	attempts := map[string]Attempt{}
	for name, kinds := range histories {
		attempts[name] = x.attempt(InProgress)
		for i, kind := range kinds {
			if err := x.Record(t.Context(), Event{Attempt: attempts[name].ID, Lane: LaneTechnical, Kind: kind, At: testTime.Add(time.Duration(i) * time.Second)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := testTime.Add(time.Minute)
	if err := x.Severed(t.Context(), uuid.New(), at); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for name, a := range attempts {
			events, err := x.Timeline(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, e := range events {
				if e.At.Equal(at) {
					told = append(told, e.Kind)
				}
			}
			slices.Sort(told)
			expect := want[name]
			if round == 0 { // another exam's node
				expect = nil
			}
			if !slices.Equal(told, expect) {
				t.Errorf("%s: told of %q; want %q", name, told, expect)
			}
		}
		for range 2 { // told once
			if err := x.Severed(t.Context(), x.exam.ID, at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
