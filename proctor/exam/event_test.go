package exam

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestTimelineIsInOrder(t *testing.T) {
	x := newTestExams(t)
	student := x.student()
	a, err := x.Join(t.Context(), x.exam, student.ID)
	if err != nil {
		t.Fatal(err)
	}
	recording := uuid.New()
	at := func(minute int) time.Time { return testTime.Add(time.Duration(minute) * time.Minute) }
	record := func(e Event) {
		t.Helper()
		e.Attempt = a.ID
		if err := x.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	// Stored late, but it happened early.
	record(Event{Lane: LaneBehaviour, Kind: "left_window", At: at(3), Recording: recording, OffsetMS: 1500, Detail: map[string]any{"seconds": 2.5}})
	record(Event{Lane: LaneTechnical, Kind: "gap", At: at(1), Recording: recording})
	x.pass(2 * time.Minute)
	// Three moves of one moment.
	for _, m := range []Move{{To: Ready, Actor: student.ID, Reason: "consent_granted"}, {To: Identifying}, {To: Identified}} {
		if _, err := x.move(t.Context(), a.ID, m); err != nil {
			t.Fatal(err)
		}
	}
	x.pass(2 * time.Minute)
	if _, err := x.Decide(t.Context(), a.ID, x.proctor, Move{To: Terminated, Reason: "rules"}); err != nil {
		t.Fatal(err)
	}
	x.attempt(Ready) // another one's

	state := func(lane Lane, minute int, actor string, from, to State, reason string) Event {
		return Event{Lane: lane, Kind: "state", At: at(minute), Actor: actor, Detail: map[string]any{"from": string(from), "to": string(to), "reason": reason}}
	}
	want := []Event{
		state(LaneIdentity, 0, student.Name.String(), "", Registered, ""),
		{Lane: LaneTechnical, Kind: "gap", At: at(1), Recording: recording, Detail: map[string]any{}},
		state(LaneIdentity, 2, student.Name.String(), Registered, Ready, "consent_granted"),
		state(LaneIdentity, 2, "", Ready, Identifying, ""),
		state(LaneIdentity, 2, "", Identifying, Identified, ""),
		{Lane: LaneBehaviour, Kind: "left_window", At: at(3), Recording: recording, OffsetMS: 1500, Detail: map[string]any{"seconds": 2.5}},
		state(LaneProctor, 4, x.proctor.Name.String(), Identified, Terminated, "rules"),
	}
	got, err := x.Timeline(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Attempt = a.ID
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("timeline\n%+v\nwant\n%+v", got, want)
	}
}

func TestTimelineIsBounded(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	x.exec(`insert into event (id, attempt_id, lane, kind, at) select gen_random_uuid(), $1, 'technical', 'gap', $2 from generate_series(1, 2100)`, a.ID, testTime)
	if got, err := x.Timeline(t.Context(), a.ID); err != nil || len(got) != 2000 {
		t.Errorf("%d events, %v; want 2,000", len(got), err)
	}
	if got, err := x.Timeline(t.Context(), uuid.New()); err != nil || len(got) != 0 {
		t.Errorf("no attempt: %v, %v", got, err)
	}
}

func TestRecordRefuses(t *testing.T) {
	x := newTestExams(t)
	a := x.attempt(Ready)
	for name, e := range map[string]Event{
		"an unknown lane": {Attempt: a.ID, Lane: "gossip", Kind: "x", At: testTime},
		"no attempt":      {Attempt: uuid.New(), Lane: LaneProctor, Kind: "x", At: testTime},
	} {
		if err := x.Record(t.Context(), e); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	if n := x.count(`select count(*) from event`); n != 0 {
		t.Errorf("%d events", n)
	}
}

// listener runs Listen until the test ends and passes on what it says.
func (x *testExams) listener() (changed func() uuid.UUID, stop func()) {
	x.t.Helper()
	heard := make(chan uuid.UUID, 100)
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(x.t.Context())
	go func() {
		defer close(ended)
		x.Listen(ctx, slog.New(slog.DiscardHandler), func(id uuid.UUID) { heard <- id })
	}()
	limit := bounded(x.t)
	changed = func() uuid.UUID {
		x.t.Helper()
		select {
		case id := <-heard:
			return id
		case <-limit.Done():
			x.t.Fatal("the listener says nothing")
			return uuid.Nil
		}
	}
	stop = func() {
		x.t.Helper()
		cancel()
		select {
		case <-ended:
		case <-limit.Done():
			x.t.Error("the listener does not end")
		}
	}
	return changed, stop
}

func TestListen(t *testing.T) {
	x := newTestExams(t)
	a, b := x.attempt(Registered), x.attempt(Ready)
	changed, stop := x.listener()
	if id := changed(); id != uuid.Nil {
		t.Fatalf("at first %s; want the zero id: look at everything", id)
	}

	// What is rolled back is not told: the next thing heard is what comes after it.
	undone := errors.New("undone")
	err := pgx.BeginFunc(t.Context(), x.pool, func(tx pgx.Tx) error {
		if _, err := x.Move(t.Context(), tx, a.ID, Move{To: Ready}); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	x.exec(`select pg_notify('attempt', 'rubbish')`)
	for name, do := range map[string]func() error{
		"a move": func() error { _, err := x.move(t.Context(), b.ID, Move{To: Identifying}); return err },
		"an event": func() error {
			return x.Record(t.Context(), Event{Attempt: b.ID, Lane: LaneProctor, Kind: "note", At: testTime})
		},
		"a decision": func() error {
			x.force(b.ID, InProgress)
			_, err := x.Decide(t.Context(), b.ID, x.proctor, Move{To: Paused})
			return err
		},
		"a try": func() error { x.force(b.ID, Ready); _, err := x.GrantTry(t.Context(), b.ID, x.proctor); return err },
	} {
		if err := do(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if id := changed(); id != b.ID {
			t.Errorf("%s: heard %s; want %s", name, id, b.ID)
		}
	}

	// Its connection is cut: it comes back, and says that something may have been missed.
	if n := x.count(`select count(*) from (select pg_terminate_backend(pid, 10000) as ended from pg_stat_activity where datname = current_database() and query = 'listen attempt') c where ended`); n != 1 {
		t.Fatalf("%d connections were cut; want the listener's", n)
	}
	if id := changed(); id != uuid.Nil {
		t.Errorf("after the cut: %s; want the zero id", id)
	}
	x.force(a.ID, Registered)
	if _, err := x.move(t.Context(), a.ID, Move{To: Ready}); err != nil {
		t.Fatal(err)
	}
	if id := changed(); id != a.ID {
		t.Errorf("after the cut: heard %s; want %s", id, a.ID)
	}
	stop()
	if n := x.count(`select count(*) from pg_stat_activity where datname = current_database() and query = 'listen attempt' and state <> 'idle'`); n != 0 {
		t.Errorf("%d connections listen on", n)
	}
}

func ExampleIllegalMove() {
	fmt.Println(&IllegalMove{From: Declined, To: Admitted})
	// Output: an attempt that is declined cannot become admitted
}
