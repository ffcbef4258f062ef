package retention

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

func TestHoldIsPlacedAndLiftedWithItsRecords(t *testing.T) {
	h := newHouse(t)
	attempt, student := h.attempt(h.exam)
	staff := Actor{ID: h.person("Регистраторова"), Name: "Регистраторова Мария"}
	var onAttempt, onExam uuid.UUID
	h.must(h.tx(func(tx pgx.Tx) (err error) {
		if onAttempt, err = h.Hold(t.Context(), tx, attempt, Appeal, "  апелляция № 5 ", staff); err != nil {
			return err
		}
		onExam, err = h.HoldExam(t.Context(), tx, h.exam, Order, "запрос суда", Actor{})
		return err
	}))
	h.must(h.tx(func(tx pgx.Tx) error { return h.Lift(t.Context(), tx, onAttempt, "рассмотрена", staff) }))
	if err := h.tx(func(tx pgx.Tx) error { return h.Lift(t.Context(), tx, onAttempt, "ещё раз", staff) }); !errors.Is(err, ErrLifted) {
		t.Errorf("lifted twice: %v", err)
	}

	list, err := h.Holds(t.Context(), h.organisation, uuid.Nil)
	h.must(err)
	if len(list) != 2 || list[0].ID != onExam || list[1].ID != onAttempt {
		t.Fatalf("holds %+v; want the one that stands first", list)
	}
	if l := list[1]; l.Reason != "апелляция № 5" || l.PlacedBy != "Регистраторова Мария" || l.LiftedBy != l.PlacedBy || l.LiftReason != "рассмотрена" || l.LiftedAt == nil || l.Student == "" {
		t.Errorf("lifted hold %+v", l)
	}
	if l := list[0]; l.Kind != Order || l.Attempt.Valid || l.PlacedBy != "" || l.LiftedAt != nil || l.ExamCode != "algebra" {
		t.Errorf("exam's hold %+v", l)
	}
	if of, err := h.Holds(t.Context(), h.organisation, attempt); err != nil || len(of) != 2 {
		t.Errorf("of the attempt %d, %v; want its own and its exam's", len(of), err)
	}
	if of, err := h.Holds(t.Context(), uuid.New(), uuid.Nil); err != nil || len(of) != 0 {
		t.Errorf("of another organisation: %d, %v", len(of), err)
	}

	records := h.records(ledger.TypeHold)
	if len(records) != 3 {
		t.Fatalf("%d records; want 3", len(records))
	}
	for i, want := range []struct {
		hold    uuid.UUID
		attempt uuid.UUID
		outcome string
		reason  string
		actor   string
	}{{onAttempt, attempt, "placed", "апелляция № 5", staff.Name}, {onExam, uuid.Nil, "placed", "запрос суда", ""}, {onAttempt, attempt, "lifted", "рассмотрена", staff.Name}} {
		r := records[i]
		var data ledger.Hold
		h.must(r.Data(&data))
		if data.Hold != want.hold.String() || r.Exam != h.exam || r.Attempt != want.attempt || r.Outcome != want.outcome || r.Personal["reason"] != want.reason || r.Personal["actor"] != want.actor {
			t.Errorf("record %d: %+v %+v", i, r, data)
		}
		if (want.attempt != uuid.Nil) != bytes.Contains(r.Body, []byte(student.String())) {
			t.Errorf("record %d does not name whose attempt it is: %s", i, r.Body)
		}
	}
}

func TestHoldIsRefused(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	for name, c := range map[string]struct {
		attempt uuid.UUID
		kind    Kind
		reason  string
		want    error
	}{
		"no attempt":    {uuid.New(), Appeal, "x", ErrNotFound},
		"no reason":     {attempt, Appeal, " \n", ErrReason},
		"long reason":   {attempt, Order, strings.Repeat("ё", maxReason+1), ErrReason},
		"unknown kind":  {attempt, "whim", "x", ErrReason},
		"the exam's id": {h.exam, Appeal, "x", ErrNotFound},
	} {
		err := h.tx(func(tx pgx.Tx) error {
			_, err := h.Hold(t.Context(), tx, c.attempt, c.kind, c.reason, Actor{})
			return err
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	if err := h.tx(func(tx pgx.Tx) error { return h.Lift(t.Context(), tx, uuid.New(), "x", Actor{}) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("lift what is not there: %v", err)
	}
	if n := h.count(`select count(*) from retention_hold`) + h.count(`select count(*) from ledger_record`); n != 0 {
		t.Errorf("%d rows after refusals", n)
	}
}
