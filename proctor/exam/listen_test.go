package exam

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

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
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"a try", func() error { _, err := x.GrantTry(t.Context(), b.ID, x.proctor); return err }},
		{"a move", func() error { _, err := x.move(t.Context(), b.ID, Move{To: Identifying}); return err }},
		{"a decision", func() error { _, err := x.Decide(t.Context(), b.ID, x.proctor, Move{To: Terminated}); return err }},
		{"an event", func() error {
			return x.Record(t.Context(), Event{Attempt: b.ID, Lane: LaneProctor, Kind: "note", At: testTime})
		}},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if id := changed(); id != b.ID {
			t.Errorf("%s: heard %s; want %s", c.name, id, b.ID)
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
	for ctx := bounded(t); x.count(`select count(*) from pg_stat_activity where datname = current_database() and query = 'listen attempt'`) != 0; {
		if ctx.Err() != nil {
			t.Fatal("its connection stays open")
		}
	}
}
