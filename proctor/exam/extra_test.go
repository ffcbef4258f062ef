package exam

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

func TestExtraTime(t *testing.T) {
	x := newTestExams(t)
	ctx := t.Context()
	a, done := x.attempt(InProgress), x.attempt(Finished)
	got, err := x.GiveTime(ctx, a.ID, x.proctor, 20, "technical")
	if err != nil || got.ExtraMinutes != 20 || !got.EndsAt.Equal(x.exam.EndsAt.Add(20*time.Minute)) {
		t.Fatalf("given: %+v, %v", got, err)
	}
	x.pass(70 * time.Minute) // the exam's end was ten minutes ago
	if e, err := x.Exam(ctx, x.exam.ID); err != nil || !e.Over(x.now()) || got.Over(x.now()) {
		t.Errorf("the end moved for everybody, or not for her: %v", err)
	}
	if got, err = x.GiveTime(ctx, a.ID, x.proctor, -20, "mistake"); err != nil || got.ExtraMinutes != 0 || !got.Over(x.now()) {
		t.Errorf("taken back: %+v, %v", got, err)
	}
	var acts []int
	for _, r := range x.decisions(a.ID) {
		var d ledger.Decision
		if err := r.Data(&d); err != nil || d.Act != "extra_time" {
			t.Errorf("the log says %+v, %v", d, err)
		}
		acts = append(acts, d.Minutes)
	}
	slices.Sort(acts)
	if !slices.Equal(acts, []int{-20, 20}) {
		t.Errorf("the log has %v", acts)
	}
	extras, err := x.Extras(ctx, []uuid.UUID{a.ID})
	if err != nil || len(extras[a.ID]) != 2 || extras[a.ID][0].By != x.proctor.Name.String() {
		t.Errorf("rows %+v, %v", extras, err)
	}

	rows := x.count(`select count(*) from extra_time`)
	for name, refused := range map[string]struct {
		attempt uuid.UUID
		minutes int
		reason  string
	}{
		"nothing": {a.ID, 0, "technical"}, "no reason": {a.ID, 5, "kindness"}, "taken back for another reason": {a.ID, -5, "technical"},
		"given by mistake": {a.ID, 5, "mistake"}, "more than was given": {a.ID, -5, "mistake"}, "too much": {a.ID, 2000, "other"}, "over for her": {done.ID, 5, "other"},
	} {
		_, err := x.GiveTime(ctx, refused.attempt, x.proctor, refused.minutes, refused.reason)
		illegal := (*IllegalMove)(nil)
		if !errors.Is(err, ErrExtra) && !errors.As(err, &illegal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := x.count(`select count(*) from extra_time`); n != rows || x.read(a.ID).ExtraMinutes != 0 {
		t.Errorf("what was refused left %d rows and %d minutes", n-rows, x.read(a.ID).ExtraMinutes)
	}
	if err := x.Finish(ctx, x.exam.ID, x.proctor); err != nil {
		t.Fatal(err)
	}
	if _, err := x.GiveTime(ctx, a.ID, x.proctor, 5, "other"); !errors.Is(err, ErrOver) {
		t.Errorf("after the exam was ended for everybody: %v", err)
	}
}

func TestBreaks(t *testing.T) {
	x := newTestExams(t)
	ctx := t.Context()
	x.exam.Policy.Breaks = Breaks{Count: 1, Minutes: 10}
	if _, err := x.Ensure(ctx, x.exam); err != nil {
		t.Fatal(err)
	}
	a := x.attempt(InProgress)
	if err := x.TakeBreak(ctx, a.ID, a.PersonID); err != nil {
		t.Fatal(err)
	}
	had, err := x.BreaksOf(ctx, []uuid.UUID{a.ID})
	if err != nil || had[a.ID].Taken != 1 || had[a.ID].Since == nil || x.read(a.ID).State != Paused {
		t.Errorf("on the break: %+v, %v", had, err)
	}
	if err := x.EndBreak(ctx, a.ID, a.PersonID); err != nil || x.read(a.ID).State != InProgress {
		t.Errorf("back: %v", err)
	}
	if had, err = x.BreaksOf(ctx, []uuid.UUID{a.ID}); err != nil || had[a.ID].Since != nil || had[a.ID].Taken != 1 {
		t.Errorf("after it: %+v, %v", had, err)
	}
	if err := x.TakeBreak(ctx, a.ID, a.PersonID); !errors.Is(err, ErrNoBreak) || x.read(a.ID).State != InProgress {
		t.Errorf("one break too many: %v", err)
	}
	if _, err := x.Decide(ctx, a.ID, x.proctor, Move{From: InProgress, To: Paused, Reason: "paused_by_proctor"}); err != nil {
		t.Fatal(err)
	}
	illegal := (*IllegalMove)(nil)
	if err := x.EndBreak(ctx, a.ID, a.PersonID); !errors.As(err, &illegal) || x.read(a.ID).State != Paused {
		t.Errorf("the student ended the proctor's pause: %v", err)
	}
	x.pass(2 * time.Hour)
	if err := x.TakeBreak(ctx, a.ID, a.PersonID); !errors.Is(err, ErrOver) {
		t.Errorf("a break after the end: %v", err)
	}
}
