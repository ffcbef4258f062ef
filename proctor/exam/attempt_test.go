package exam

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

func TestJoin(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	if _, err := x.Of(t.Context(), x.exam.ID, student.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("before: %v; want ErrNotFound", err)
	}
	a, err := x.Join(t.Context(), x.exam, student.ID)
	want := Attempt{
		ID: a.ID, ExamID: x.exam.ID, ExamCode: "algebra", ExamTitle: "Алгебра", PersonID: student.ID, State: Registered, TriesLeft: 3, Group: "МА-21",
		Student: student.Name.String(), EndsAt: a.EndsAt,
	}
	if err != nil || a != want || !a.EndsAt.Equal(x.exam.EndsAt) || a.ID == uuid.Nil {
		t.Fatalf("%+v, %v; want %+v", a, err, want)
	}
	x.force(a.ID, InProgress)
	again, err := x.Join(t.Context(), x.exam, student.ID)
	if err != nil || again.ID != a.ID || again.State != InProgress {
		t.Errorf("again: %+v, %v; want the same attempt as it is", again, err)
	}
	for what, read := range map[string]func() (Attempt, error){
		"Of":      func() (Attempt, error) { return x.Of(t.Context(), x.exam.ID, student.ID) },
		"Attempt": func() (Attempt, error) { return x.Attempt(t.Context(), a.ID) },
	} {
		if got, err := read(); err != nil || got != again {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, again)
		}
	}
	if n := x.count(`select count(*) from attempt`); n != 1 {
		t.Errorf("%d attempts", n)
	}

	stranger := x.person(account.Name{Last: "Чужой", First: "Иван"}, account.Student)
	if _, err := x.Join(t.Context(), x.exam, stranger.ID); !errors.Is(err, ErrNotInRoster) {
		t.Errorf("who is not in the roster: %v; want ErrNotInRoster", err)
	}
	if _, err := x.Join(t.Context(), x.exam, uuid.New()); !errors.Is(err, ErrNotInRoster) {
		t.Errorf("nobody: %v; want ErrNotInRoster", err)
	}
	if _, err := x.Join(t.Context(), Exam{ID: uuid.New(), EndsAt: x.exam.EndsAt}, student.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("no exam: %v; want ErrNotFound", err)
	}

	// The exam's time is over: who is in it stays, nobody else comes in.
	late := x.student()
	x.pass(time.Hour)
	if _, err := x.Join(t.Context(), x.exam, x.student().ID); err != nil {
		t.Errorf("at the last moment: %v", err)
	}
	x.pass(time.Millisecond)
	if _, err := x.Join(t.Context(), x.exam, late.ID); !errors.Is(err, ErrOver) {
		t.Errorf("after the end: %v; want ErrOver", err)
	}
	if still, err := x.Join(t.Context(), x.exam, student.ID); err != nil || still.ID != a.ID {
		t.Errorf("who joined in time: %+v, %v", still, err)
	}
	if n := x.count(`select count(*) from attempt`); n != 2 {
		t.Errorf("%d attempts; want 2", n)
	}
}

func TestJoinInTwoTabsAtOnce(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	const tabs = 6
	got := make([]Attempt, tabs)
	var wait sync.WaitGroup
	for i := range tabs {
		wait.Go(func() {
			var err error
			if got[i], err = x.Join(t.Context(), x.exam, student.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, a := range got {
		if a != got[0] || a.ID == uuid.Nil {
			t.Errorf("tabs have %s and %s", got[0].ID, a.ID)
		}
	}
	if n := len(x.moves(got[0].ID)); n != 1 {
		t.Errorf("%d moves; want one", n)
	}
}

// A student who read the exam while it was open comes while the proctor is finishing it.
func TestJoinWhileTheExamIsFinished(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	finishing, err := x.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer finishing.Rollback(context.Background())
	if _, err := finishing.Exec(t.Context(), `update exam set finished_at = $1`, x.now()); err != nil {
		t.Fatal(err)
	}
	joined := make(chan error, 1)
	go func() {
		_, err := x.Join(t.Context(), x.exam, student.ID)
		joined <- err
	}()
	x.waitBlocked(finishing)
	if err := finishing.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-joined; !errors.Is(err, ErrOver) {
		t.Errorf("%v; want ErrOver", err)
	}
	if n := x.count(`select count(*) from attempt`); n != 0 {
		t.Error("an attempt began in a finished exam")
	}
}

func TestAttemptsAndCounts(t *testing.T) {
	x := newTestExams(t)
	for _, s := range states {
		x.attempt(s)
	}
	x.student() // has not joined
	list, err := x.Attempts(t.Context(), x.exam.ID)
	if err != nil || len(list) != len(states) {
		t.Fatalf("%d attempts, %v", len(list), err)
	}
	for i := range list[1:] {
		if list[i].Student > list[i+1].Student {
			t.Errorf("%q stands before %q", list[i].Student, list[i+1].Student)
		}
	}
	counts, err := x.Counts(t.Context(), x.exam.ID)
	if want := (Counts{Roster: len(states) + 1, Waiting: 4, Admitted: 2, InProgress: 2, Finished: 2}); err != nil || counts != want {
		t.Errorf("%+v, %v; want %+v", counts, err, want)
	}
	if none, err := x.Attempts(t.Context(), uuid.New()); err != nil || len(none) != 0 {
		t.Errorf("the attempts of no exam: %v, %v", none, err)
	}
	if none, err := x.Counts(t.Context(), uuid.New()); err != nil || none != (Counts{}) {
		t.Errorf("the counts of no exam: %v, %v", none, err)
	}
}

func TestDecide(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(InProgress)
	x.pass(time.Minute)
	now, err := x.Decide(t.Context(), a.ID, x.proctor, Move{To: Terminated, Reason: "rules", Actor: uuid.New()})
	if err != nil || now.State != Terminated || now.StateReason != "rules" {
		t.Fatalf("%+v, %v", now, err)
	}
	moves := x.moves(a.ID)
	if last := moves[len(moves)-1]; last != (moveRow{InProgress, Terminated, x.now(), uuid.NullUUID{UUID: x.proctor.ID, Valid: true}, "rules"}) {
		t.Errorf("the move says %+v", last)
	}
	records := x.decisions(a.ID)
	if len(records) != 1 {
		t.Fatalf("%d records; want 1", len(records))
	}
	r := records[0]
	var d ledger.Decision
	if err := r.Data(&d); err != nil {
		t.Fatal(err)
	}
	if want := (ledger.Decision{Exam: ledger.ExamRef{Code: "algebra", Title: "Алгебра", Group: "МА-21"}, From: "in_progress", To: "terminated", Reason: "rules"}); d != want {
		t.Errorf("the record says %+v; want %+v", d, want)
	}
	if want := map[string]string{"student": a.Student, "actor": x.proctor.Name.String()}; !maps.Equal(r.Personal, want) {
		t.Errorf("of whom and by whom: %v; want %v", r.Personal, want)
	}
	if r.Exam != x.exam.ID || r.Outcome != "terminated" || !r.At.Equal(x.now()) || strings.Contains(string(r.Body), "Смирнов") {
		t.Errorf("record %+v", r)
	}

	var illegal *IllegalMove
	if _, err := x.Decide(t.Context(), a.ID, x.proctor, Move{To: Paused}); !errors.As(err, &illegal) {
		t.Errorf("an illegal decision: %v", err)
	}
	if _, err := x.Decide(t.Context(), uuid.New(), x.proctor, Move{To: Paused}); !errors.Is(err, ErrNotFound) {
		t.Errorf("about no attempt: %v; want ErrNotFound", err)
	}
	if n := len(x.decisions(a.ID)); n != 1 {
		t.Errorf("%d records; what was refused is no decision", n)
	}
}

// Without its record a decision is none.
func TestDecisionAndRecordCommitTogether(t *testing.T) {
	x := newTestExams(t)
	progress, ready := x.attempt(InProgress), x.attempt(Ready)
	x.exec(`alter table ledger_record rename to hidden`)
	if _, err := x.Decide(t.Context(), progress.ID, x.proctor, Move{To: Terminated}); err == nil {
		t.Error("decided without a record")
	}
	if _, err := x.GrantTry(t.Context(), ready.ID, x.proctor); err == nil {
		t.Error("a try was granted without a record")
	}
	if err := x.Finish(t.Context(), x.exam.ID, x.proctor); err == nil {
		t.Error("finished without records")
	}
	x.exec(`alter table hidden rename to ledger_record`)
	for _, want := range []Attempt{progress, ready} {
		if got := x.read(want.ID); got != want || len(x.moves(want.ID)) != 1 {
			t.Errorf("%+v with %d moves; want %+v as before", got, len(x.moves(want.ID)), want)
		}
	}
	if e, err := x.Exam(t.Context(), x.exam.ID); err != nil || e.FinishedAt != nil {
		t.Errorf("the exam: %+v, %v", e, err)
	}
}

func TestGrantTry(t *testing.T) {
	x := newTestExams(t)
	for _, state := range states {
		a := x.attempt(state)
		got, err := x.GrantTry(t.Context(), a.ID, x.proctor)
		if state == Ready {
			if err != nil || got.TriesLeft != 4 || got.State != Ready || got.StateReason != "try_granted" {
				t.Errorf("ready: %+v, %v", got, err)
			}
			continue
		}
		var illegal *IllegalMove
		if !errors.As(err, &illegal) || illegal.From != state || x.read(a.ID) != a || len(x.decisions(a.ID)) != 0 {
			t.Errorf("%s: %v, %+v; want an *IllegalMove and nothing changed", state, err, x.read(a.ID))
		}
	}
	if _, err := x.GrantTry(t.Context(), uuid.New(), x.proctor); !errors.Is(err, ErrNotFound) {
		t.Errorf("no attempt: %v; want ErrNotFound", err)
	}

	a := x.attempt(Ready)
	x.exec(`update attempt set tries_left = 19 where id = $1`, a.ID)
	if got, err := x.GrantTry(t.Context(), a.ID, x.proctor); err != nil || got.TriesLeft != 20 {
		t.Errorf("the twentieth: %+v, %v", got, err)
	}
	var illegal *IllegalMove
	if _, err := x.GrantTry(t.Context(), a.ID, x.proctor); !errors.As(err, &illegal) || x.read(a.ID).TriesLeft != 20 {
		t.Errorf("one more: %v; want an *IllegalMove", err)
	}
	moves, records := x.moves(a.ID), x.decisions(a.ID)
	if last := moves[len(moves)-1]; len(moves) != 2 || last.From != Ready || last.To != Ready || last.Reason != "try_granted" || last.Actor.UUID != x.proctor.ID {
		t.Errorf("moves %+v", moves)
	}
	var d ledger.Decision
	if len(records) != 1 || records[0].Data(&d) != nil || d.Reason != "try_granted" || records[0].Personal["actor"] != x.proctor.Name.String() {
		t.Errorf("records %+v", records)
	}
}

func TestTwoProctorsGrantAtOnce(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	x.exec(`update attempt set tries_left = 17 where id = $1`, a.ID)
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			var illegal *IllegalMove
			if _, err := x.GrantTry(t.Context(), a.ID, x.proctor); err != nil && !errors.As(err, &illegal) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got, records := x.read(a.ID).TriesLeft, len(x.decisions(a.ID)); got != 20 || records != 3 {
		t.Errorf("%d tries, %d records; want 20 and 3", got, records)
	}
}

func TestFinish(t *testing.T) {
	x := newTestExams(t)
	want := map[State]State{
		Registered: Expired, Ready: Expired, Identifying: Expired, Identified: Expired, ManualIdentification: Expired,
		Admitted: Finished, InProgress: Finished, Paused: Finished,
		Finished: Finished, Reviewed: Reviewed, Declined: Declined, Terminated: Terminated, Expired: Expired,
	}
	attempts := map[State]Attempt{}
	for _, s := range states {
		attempts[s] = x.attempt(s)
	}
	late := x.student()
	x.pass(time.Minute)
	for range 2 { // the second time changes nothing
		if err := x.Finish(t.Context(), x.exam.ID, x.proctor); err != nil {
			t.Fatal(err)
		}
		for from, a := range attempts {
			got, records, moves := x.read(a.ID), x.decisions(a.ID), x.moves(a.ID)
			if got.State != want[from] {
				t.Errorf("%s became %s; want %s", from, got.State, want[from])
			}
			if want[from] == from {
				a.Closed = true // the exam is
				if got != a || len(records) != 0 || len(moves) != 1 {
					t.Errorf("%s: %+v, %d records, %d moves; want nothing changed", from, got, len(records), len(moves))
				}
				continue
			}
			if last := moves[len(moves)-1]; len(moves) != 2 || last.At != testTime.Add(time.Minute) || last.Actor.UUID != x.proctor.ID || last.Reason != "exam_ended" {
				t.Errorf("%s: moves %+v", from, moves)
			}
			var d ledger.Decision
			if len(records) != 1 || records[0].Data(&d) != nil || d.From != string(from) || d.To != string(want[from]) || d.Reason != "exam_ended" || d.Exam.Group != "МА-21" {
				t.Errorf("%s: records %+v, %+v", from, records, d)
			}
		}
		e, err := x.Exam(t.Context(), x.exam.ID)
		if err != nil || e.FinishedAt == nil || !e.FinishedAt.Equal(testTime.Add(time.Minute)) || !e.Over(x.now()) {
			t.Errorf("the exam: %+v, %v", e, err)
		}
		x.pass(time.Minute)
	}
	if _, err := x.Join(t.Context(), x.exam, late.ID); !errors.Is(err, ErrOver) {
		t.Errorf("joining afterwards: %v; want ErrOver", err)
	}
	if err := x.Finish(t.Context(), uuid.New(), x.proctor); !errors.Is(err, ErrNotFound) {
		t.Errorf("no exam: %v; want ErrNotFound", err)
	}
}

func TestFinishTouchesNoOtherExam(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(InProgress)
	other := x.exam
	other.Code = "biology"
	id, err := x.Ensure(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Finish(t.Context(), id, x.proctor); err != nil {
		t.Fatal(err)
	}
	if got := x.read(a.ID); got.State != InProgress {
		t.Errorf("an attempt at another exam is %s", got.State)
	}
}

// Whoever holds a connection must not wait for a second one: with as many decisions at once as the pool has connections, all would wait for ever.
func TestOneConnectionIsEnough(t *testing.T) {
	x := newTestExams(t)
	progress, ready, student := x.attempt(InProgress), x.attempt(Ready), x.student()
	x.oneConnection()
	ctx := bounded(t)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"Decide", func() error { _, err := x.Decide(ctx, progress.ID, x.proctor, Move{To: Paused}); return err }},
		{"GrantTry", func() error { _, err := x.GrantTry(ctx, ready.ID, x.proctor); return err }},
		{"Join", func() error { _, err := x.Join(ctx, x.exam, student.ID); return err }},
		{"Record", func() error {
			return x.Record(ctx, Event{Attempt: ready.ID, Lane: LaneTechnical, Kind: "gap", At: x.now()})
		}},
		{"Import", func() error { _, err := x.Import(ctx, x.exam, []RosterRow{row(1)}, account.Person{}); return err }},
		{"Finish", func() error { return x.Finish(ctx, x.exam.ID, x.proctor) }},
	} {
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}
