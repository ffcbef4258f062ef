package invigilate

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

func TestFlags(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	_, attempt := d.student(exam.InProgress)
	_, other := d.student(exam.InProgress)
	seen, link := uuid.New(), uuid.New()
	must(t, d.exams.Record(ctx, exam.Event{ID: seen, Attempt: attempt, Lane: exam.LaneBehaviour, Kind: "looking_away", At: testTime}))
	must(t, d.exams.Record(ctx, exam.Event{ID: link, Attempt: attempt, Lane: exam.LaneTechnical, Kind: "connected", At: testTime}))
	if n := d.situation(attempt).Flags; n != 1 {
		t.Errorf("%d flags before anybody looked", n)
	}
	must(t, d.JudgeFlag(ctx, attempt, seen, d.anna, Dismissed))
	must(t, d.JudgeFlag(ctx, attempt, seen, d.anna, Dismissed)) // the same word again
	verdicts, err := d.Verdicts(ctx, attempt)
	if err != nil || len(verdicts) != 1 || verdicts[seen].Verdict != Dismissed || verdicts[seen].By != d.anna.Name.String() || d.situation(attempt).Flags != 0 {
		t.Errorf("dismissed: %+v, %v", verdicts, err)
	}
	must(t, d.JudgeFlag(ctx, attempt, seen, d.boris, Confirmed))
	must(t, d.JudgeFlag(ctx, attempt, seen, d.boris, Undecided))
	if n := d.situation(attempt).Flags; n != 1 {
		t.Errorf("%d flags after the word was taken back", n)
	}
	want := []string{"flag_confirmed looking_away by Ёлкин Борис", "flag_dismissed looking_away by Ёлкин Анна", "flag_reopened looking_away by Ёлкин Борис"}
	if acts := d.acts(attempt); !slices.Equal(slices.Sorted(slices.Values(acts)), want) {
		t.Errorf("the log says %q", acts)
	}
	before := d.all()
	for name, err := range map[string]error{
		"no flag": d.JudgeFlag(ctx, attempt, link, d.anna, Confirmed), "no event": d.JudgeFlag(ctx, attempt, uuid.New(), d.anna, Confirmed),
		"another's": d.JudgeFlag(ctx, other, seen, d.anna, Confirmed),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.JudgeFlag(ctx, attempt, seen, d.anna, "perhaps"); !errors.Is(err, ErrReason) {
		t.Errorf("another word: %v", err)
	}
	if d.all() != before {
		t.Error("what was refused changed something")
	}
}

func TestConclusion(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	_, attempt := d.student(exam.InProgress)
	var illegal *exam.IllegalMove
	if err := d.Conclude(ctx, attempt, d.anna, "no_violation", ""); !errors.As(err, &illegal) {
		t.Errorf("concluded while the exam goes on: %v", err)
	}
	if c, err := d.Conclusion(ctx, attempt); err != nil || c != nil {
		t.Errorf("a conclusion %+v, %v", c, err)
	}
	d.exec(`update attempt set state = 'finished' where id = $1`, attempt)
	for result, want := range map[string]error{"fine": ErrReason, "violation": ErrText} {
		if err := d.Conclude(ctx, attempt, d.anna, result, " "); !errors.Is(err, want) {
			t.Errorf("%s without words: %v", result, err)
		}
	}
	must(t, d.Conclude(ctx, attempt, d.anna, "no_violation", ""))
	d.clock.Add(1e9)
	must(t, d.Conclude(ctx, attempt, d.boris, "violation", "Пользовался телефоном"))
	c, err := d.Conclusion(ctx, attempt)
	if err != nil || c == nil || c.Result != "violation" || c.Text != "Пользовался телефоном" || c.By != d.boris.Name.String() {
		t.Errorf("the newest: %+v, %v", c, err)
	}
	a, err := d.exams.Attempt(ctx, attempt)
	if err != nil || a.State != exam.Reviewed || a.StateReason != "violation" {
		t.Errorf("state %s %s, %v", a.State, a.StateReason, err)
	}
	var reasons []string
	must(t, d.log.Each(ctx, ledger.Filter{Type: ledger.TypeDecision, Attempt: attempt}, func(r ledger.Row) error {
		var data ledger.Decision
		err := r.Data(&data)
		reasons = append(reasons, data.To+" "+data.Reason)
		return err
	}))
	slices.Sort(reasons)
	if !slices.Equal(reasons, []string{"reviewed no_violation", "reviewed violation"}) {
		t.Errorf("the log says %q", reasons)
	}
	events, err := d.Timeline(ctx, attempt)
	if err != nil || len(events) != 0 {
		t.Errorf("between them passed %+v, %v", events, err)
	}
	must(t, d.AddNote(ctx, attempt, d.anna, "Посмотрел"))
	if events, err = d.Timeline(ctx, attempt); err != nil || len(events) != 1 || events[0].Kind != "remark" || events[0].Actor != d.anna.Name.String() {
		t.Errorf("timeline %+v, %v", events, err)
	}
}
