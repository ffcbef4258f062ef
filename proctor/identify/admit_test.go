package identify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

// TestAdmittedByProctor: where the policy says so whoever is identified waits for the proctor, and nobody else is let in by her.
func TestAdmittedByProctor(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.exam.Policy.Admission = exam.AdmitByProctor
	_, err := h.exams.Ensure(ctx, h.exam)
	must(t, err)
	first, second := h.staff(t, 1, account.Proctor), h.staff(t, 2, account.Proctor)
	a := h.student(t, "8501")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	state := func(want exam.State, admissions int) {
		t.Helper()
		if now := h.attempt(t, a.ID).State; now != want || len(h.records(t, a.ID, ledger.TypeAdmission)) != admissions {
			t.Errorf("%s with %d admissions; want %s with %d", now, len(h.records(t, a.ID, ledger.TypeAdmission)), want, admissions)
		}
	}
	var illegal *exam.IllegalMove
	if err := h.service.Admit(ctx, a.ID, first); !errors.As(err, &illegal) {
		t.Errorf("admitted before she was identified: %v", err)
	}
	state(exam.Ready, 0)
	_, err = h.pool.Exec(ctx, `update attempt set state = 'identified' where id = $1`, a.ID)
	must(t, err)
	if err := h.service.Admit(ctx, a.ID, first); !errors.Is(err, identify.ErrNotFound) {
		t.Errorf("admitted without an identification: %v", err)
	}
	state(exam.Identified, 0)
	_, err = h.pool.Exec(ctx, `update attempt set state = 'ready' where id = $1`, a.ID)
	must(t, err)

	must(t, h.service.BeginManual(ctx, a.ID, first, identify.WhyNoSample, ""))
	must(t, h.service.Confirm(ctx, a.ID, first, passport, stream))
	must(t, h.service.Confirm(ctx, a.ID, second, passport, stream))
	state(exam.Identified, 0)
	must(t, h.service.Admit(ctx, a.ID, first))
	state(exam.Admitted, 1)
	if got := h.records(t, a.ID, ledger.TypeAdmission)[0].Personal["actor"]; got != first.Name.String() {
		t.Errorf("admitted by %q", got)
	}
	must(t, h.service.UndoAdmission(ctx, a.ID, first))
	state(exam.Identified, 1)
	must(t, h.service.Admit(ctx, a.ID, second))
	_, err = h.pool.Exec(ctx, `update attempt_move set at = at - $2::interval where attempt_id = $1`, a.ID, time.Minute)
	must(t, err)
	if err := h.service.UndoAdmission(ctx, a.ID, first); !errors.Is(err, identify.ErrTooLate) {
		t.Errorf("undone after a minute: %v", err)
	}
	state(exam.Admitted, 2)
	_, err = h.pool.Exec(ctx, `update attempt set state = 'identified' where id = $1`, a.ID)
	must(t, err)
	must(t, h.service.RefuseAdmission(ctx, a.ID, first, "Не тот человек"))
	if now := h.attempt(t, a.ID); now.State != exam.Ready || now.StateReason != "admission_refused" || now.TriesLeft != h.exam.Policy.Tries+1 {
		t.Errorf("refused: %+v", now)
	}
}
