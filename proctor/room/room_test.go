package room

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack/stacktest"
)

const patience = 30 * time.Second

// house is a service of several nodes in one process, over one database.
type house struct {
	t       *testing.T
	pool    *pgxpool.Pool
	mu      sync.Mutex
	weights map[uuid.UUID]int
}

func newHouse(t *testing.T) *house {
	return &house{t: t, pool: stacktest.Database(t), weights: map[uuid.UUID]int{}}
}

// exam is a new one with so many students in its roster.
func (h *house) exam(students int) uuid.UUID {
	h.t.Helper()
	organisation, id := uuid.New(), uuid.New()
	h.exec(`insert into organisation (id, name, short_name) values ($1, 'О', $2)`, organisation, organisation.String()[:8])
	h.exec(`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, $3, 'Э', now(), now() + interval '1 hour', '{}')`, id, organisation, id.String()[:8])
	h.mu.Lock()
	defer h.mu.Unlock()
	h.weights[id] = students
	return id
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

func timing() Timing {
	return Timing{Lease: 3 * time.Second, Beat: 100 * time.Millisecond, Margin: time.Second, Alive: 1500 * time.Millisecond, Idle: time.Hour}
}

// node is one of the service's, with a connection of its own to the database.
type node struct {
	*Rooms
	pool *pgxpool.Pool
	stop func() // as a process that is killed: nothing is given back

	mu      sync.Mutex
	entered map[uuid.UUID]time.Time
	left    map[uuid.UUID]time.Time
	busy    bool
	refuse  error // of Enter
}

func (h *house) node(id uuid.UUID, url string, change ...func(*Timing)) *node {
	h.t.Helper()
	n, err := h.open(id, url, change...)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx, n)
	}()
	n.stop = sync.OnceFunc(func() {
		n.pool.Close()
		cancel()
		<-done
	})
	h.t.Cleanup(n.stop)
	h.until("the node is up", func() bool {
		list, err := n.Nodes(h.t.Context())
		return err == nil && slices.ContainsFunc(list, func(one Node) bool { return one.ID == id && one.Up && !one.Draining })
	})
	return n
}

func (h *house) open(id uuid.UUID, url string, change ...func(*Timing)) (*node, error) {
	h.t.Helper()
	pool, err := pgxpool.NewWithConfig(context.Background(), h.pool.Config())
	if err != nil {
		h.t.Fatal(err)
	}
	times := timing()
	for _, f := range change {
		f(&times)
	}
	n := &node{pool: pool, entered: map[uuid.UUID]time.Time{}, left: map[uuid.UUID]time.Time{}}
	n.Rooms, err = Open(h.t.Context(), Config{
		Pool: pool, Node: id, URL: url, Version: "test", Timing: times, Logger: slog.New(slog.DiscardHandler),
		Weigh: func(_ context.Context, exam uuid.UUID) (int, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.weights[exam], nil
		},
	})
	if err != nil {
		pool.Close()
	}
	return n, err
}

func (n *node) Enter(_ context.Context, exam uuid.UUID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refuse == nil {
		n.entered[exam] = time.Now()
	}
	return n.refuse
}

func (n *node) Leave(exam uuid.UUID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left[exam] = time.Now()
}

func (n *node) Load() Load { return Load{} }

func (n *node) Count(uuid.UUID) Count {
	n.mu.Lock()
	defer n.mu.Unlock()
	return Count{Live: 3, Watching: 1, Busy: n.busy}
}

func (n *node) at(of map[uuid.UUID]time.Time, exam uuid.UUID) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return of[exam]
}

func (h *house) until(what string, so func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("not in time: %s", what)
		}
	}
}

func (h *house) find(n *node, exam uuid.UUID) Place {
	h.t.Helper()
	place, err := n.Find(h.t.Context(), exam)
	if err != nil {
		h.t.Fatal(err)
	}
	return place
}

func TestRoomsGoWhereTheLeastIsToDo(t *testing.T) {
	h := newHouse(t)
	a, b := h.node(uuid.New(), "http://a"), h.node(uuid.New(), "http://b")
	on := map[uuid.UUID]int{}
	for _, weight := range []int{10, 5, 3, 4, 1} { // 10 | 5 3 4, then 1 to the 10
		exam := h.exam(weight)
		first, second := h.find(a, exam), h.find(b, exam)
		if first.Node != second.Node || first.Here == second.Here || first.Here != (first.Node == a.Node()) || first.Run != second.Run || first.URL != second.URL {
			t.Fatalf("two nodes say of one room %+v and %+v", first, second)
		}
		if owner := map[bool]*node{true: a, false: b}[first.Here]; owner.at(owner.entered, exam).IsZero() || !owner.Here(exam) {
			t.Error("a room was found on a node before it was entered there")
		}
		on[first.Node] += weight
	}
	if on[a.Node()]+on[b.Node()] != 23 || max(on[a.Node()], on[b.Node()]) != 12 {
		t.Errorf("students by node: %v; want 11 and 12", on)
	}
	if place := h.find(a, h.exam(0)); !place.Here && place.URL != "http://b" {
		t.Errorf("an empty exam is at %+v", place)
	}
	h.until("each room is counted once", func() bool {
		held, err := a.Held(t.Context())
		if err != nil || len(held) != 6 {
			return false
		}
		for _, r := range held {
			if r.Live != 3 || r.Watching != 1 {
				return false
			}
		}
		return true
	})
}

func TestOneRoomAskedForByAllAtOnce(t *testing.T) {
	h := newHouse(t)
	nodes := []*node{h.node(uuid.New(), "http://a"), h.node(uuid.New(), "http://b"), h.node(uuid.New(), "http://c")}
	exam := h.exam(7)
	places := make([]Place, 12)
	var wait sync.WaitGroup
	for i := range places {
		wait.Go(func() {
			var err error
			if places[i], err = nodes[i%3].Find(t.Context(), exam); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	entered := 0
	for _, n := range nodes {
		if !n.at(n.entered, exam).IsZero() {
			entered++
		}
	}
	for _, p := range places {
		if p.Node != places[0].Node || entered != 1 {
			t.Fatalf("%d nodes entered one room: %+v", entered, places)
		}
	}
}

// A node that loses the database leaves its rooms before another one has them.
func TestFencing(t *testing.T) {
	h := newHouse(t)
	a, b := h.node(uuid.New(), "http://a"), h.node(uuid.New(), "http://b")
	exam := h.exam(1)
	owner, other := a, b
	if !h.find(a, exam).Here {
		owner, other = b, a
	}
	owner.pool.Close()
	if _, err := other.Find(t.Context(), exam); err != nil {
		t.Fatalf("while the lease lasts: %v", err)
	}
	h.until("the room moves", func() bool {
		place, err := other.Find(t.Context(), exam)
		return err == nil && place.Here
	})
	left, entered := owner.at(owner.left, exam), other.at(other.entered, exam)
	if left.IsZero() || !left.Before(entered) || owner.Here(exam) {
		t.Errorf("left at %v, entered elsewhere at %v", left, entered)
	}
	if _, err := owner.Find(t.Context(), exam); err == nil {
		t.Error("a node without a database finds rooms")
	}
}

// A killed node leaves nothing; the room moves when the lease is over, and stays when the node is back.
func TestADeadNodesRoomMoves(t *testing.T) {
	h := newHouse(t)
	a, b := h.node(uuid.New(), "http://a"), h.node(uuid.New(), "http://b")
	exam := h.exam(1)
	owner, other := a, b
	if !h.find(a, exam).Here {
		owner, other = b, a
	}
	owner.stop()
	h.until("the room moves", func() bool {
		place, err := other.Find(t.Context(), exam)
		return err == nil && place.Here
	})
	back := h.node(owner.Node(), "http://back")
	if place := h.find(back, exam); place.Here || place.Node != other.Node() {
		t.Errorf("after the other node came back: %+v", place)
	}
}

// A node that is started again within its lease has its rooms still, and enters them as what another one left.
func TestARestartKeepsTheRoom(t *testing.T) {
	h := newHouse(t)
	a := h.node(uuid.New(), "http://a", func(t *Timing) { t.Lease = time.Minute })
	exam := h.exam(1)
	before := h.find(a, exam)
	a.stop()
	again := h.node(a.Node(), "http://a")
	h.until("the room is entered by itself", func() bool { return !again.at(again.entered, exam).IsZero() })
	if place := h.find(again, exam); !place.Here || place.Run == before.Run {
		t.Errorf("found at %+v", place)
	}
}

func TestDrain(t *testing.T) {
	h := newHouse(t)
	a, b := h.node(uuid.New(), "http://a"), h.node(uuid.New(), "http://b")
	exam := h.exam(1)
	owner, other := a, b
	if !h.find(a, exam).Here {
		owner, other = b, a
	}
	if err := owner.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if owner.at(owner.left, exam).IsZero() || owner.Here(exam) {
		t.Error("a drained node is in the room still")
	}
	if place := h.find(other, exam); !place.Here {
		t.Errorf("at once after the drain the room is at %+v", place)
	}
	if place := h.find(owner, h.exam(1)); place.Here {
		t.Error("a drained node takes rooms")
	}
	if err := other.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Find(t.Context(), exam); !errors.Is(err, ErrNowhere) {
		t.Errorf("without any node: %v", err)
	}
	if mine, err := owner.Take(t.Context(), exam); mine || err != nil {
		t.Errorf("without any node: %v, %v", mine, err)
	}
}

func TestIdleRoomsAreLetGo(t *testing.T) {
	h := newHouse(t)
	a := h.node(uuid.New(), "http://a", func(t *Timing) { t.Idle = 200 * time.Millisecond })
	exam := h.exam(1)
	a.mu.Lock()
	a.busy = true
	a.mu.Unlock()
	h.find(a, exam)
	for range 20 { // beats
		time.Sleep(30 * time.Millisecond)
	}
	if !a.Here(exam) {
		t.Error("a room was let go while somebody was in it")
	}
	a.mu.Lock()
	a.busy = false
	a.mu.Unlock()
	h.until("the room is let go", func() bool {
		held, err := a.Held(t.Context())
		return err == nil && len(held) == 0
	})
	if a.at(a.left, exam).IsZero() {
		t.Error("a room was let go and not left")
	}
	if !h.find(a, exam).Here {
		t.Error("it does not come back")
	}
}

func TestARoomThatCannotBeEntered(t *testing.T) {
	h := newHouse(t)
	a := h.node(uuid.New(), "http://a")
	exam, failed := h.exam(1), errors.New("no")
	a.mu.Lock()
	a.refuse = failed
	a.mu.Unlock()
	if _, err := a.Find(t.Context(), exam); !errors.Is(err, failed) {
		t.Errorf("found: %v", err)
	}
	a.mu.Lock()
	a.refuse = nil
	a.mu.Unlock()
	h.until("it is tried again", func() bool {
		place, err := a.Find(t.Context(), exam)
		return err == nil && place.Here
	})
}

// What a node commits while it holds a room is committed before the room is another's; its heartbeats go on meanwhile.
func TestHold(t *testing.T) {
	h := newHouse(t)
	long := func(t *Timing) { t.Lease = time.Minute } // and a transaction may be idle as long
	a, b := h.node(uuid.New(), "http://a", long), h.node(uuid.New(), "http://b", long)
	exam := h.exam(1)
	owner, other := a, b
	if !h.find(a, exam).Here {
		owner, other = b, a
	}
	hold := func(n *node, within func(tx pgx.Tx)) error {
		return pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
			if err := n.Hold(t.Context(), tx, exam); err != nil {
				return err
			}
			within(tx)
			return nil
		})
	}
	if err := hold(other, func(pgx.Tx) { t.Error("held by a node that has it not") }); !errors.Is(err, ErrNotHere) {
		t.Errorf("held by another node: %v", err)
	}
	var committed time.Time
	taken := make(chan error, 1)
	if err := hold(owner, func(tx pgx.Tx) {
		until := func() (at time.Time) {
			if err := h.pool.QueryRow(t.Context(), `select lease_until from media_room where exam_id = $1`, exam).Scan(&at); err != nil {
				t.Error(err)
			}
			return at
		}
		before := until()
		h.until("the lease is renewed all the same", func() bool { return until().After(before) })
		owner.stop()
		h.until("the lease is over", func() bool {
			_, err := h.pool.Exec(t.Context(), `update media_room set lease_until = clock_timestamp() where exam_id = $1`, exam)
			return err == nil
		})
		go func() {
			for end := time.Now().Add(patience); ; {
				place, err := other.Find(context.Background(), exam)
				if err == nil && place.Here || time.Now().After(end) {
					taken <- err
					return
				}
			}
		}()
		h.until("the other node waits for it", func() bool {
			var waiting int
			err := h.pool.QueryRow(t.Context(), `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%media_room%for update%'`).Scan(&waiting)
			return err == nil && waiting > 0
		})
		committed = time.Now()
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	if entered := other.at(other.entered, exam); entered.IsZero() || entered.Before(committed) {
		t.Errorf("entered at %v, before what was held was committed at %v", entered, committed)
	}
}

// The only node has every room without a word to the database, and no other one beside it.
func TestAlone(t *testing.T) {
	h := newHouse(t)
	quick := func(t *Timing) { t.Alive = 400 * time.Millisecond }
	a := h.node(uuid.New(), "")
	if place := h.find(a, uuid.New()); !place.Here || !a.Here(uuid.New()) {
		t.Errorf("the only node finds %+v", place)
	}
	for i, url := range []string{"", "http://b"} {
		if _, err := h.open(uuid.New(), url, quick); !errors.Is(err, ErrOthers) {
			t.Errorf("a second node (%d): %v", i, err)
		}
	}
	if list, err := a.Nodes(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("nodes: %+v, %v", list, err)
	}
	if err := a.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := h.node(uuid.New(), "http://b")
	if _, err := h.open(uuid.New(), "", quick); !errors.Is(err, ErrOthers) {
		t.Errorf("a node without an address beside one that has one: %v", err)
	}
	h.node(uuid.New(), "http://c")
	if list, err := b.Nodes(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("nodes: %+v, %v", list, err)
	}
}

// An exam that is not there is nobody's.
func TestNoSuchExam(t *testing.T) {
	h := newHouse(t)
	a := h.node(uuid.New(), "http://a")
	none := errors.New("no such exam")
	a.cfg.Weigh = func(context.Context, uuid.UUID) (int, error) { return 0, none }
	if _, err := a.Find(t.Context(), uuid.New()); !errors.Is(err, none) {
		t.Errorf("found: %v", err)
	}
	if held, err := a.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("held: %v, %v", held, err)
	}
}

func TestTimingHoldsTogether(t *testing.T) {
	d := DefaultTiming()
	if d.Lease > 5*time.Second || d.Beat*2 >= d.Lease-d.Margin || d.Alive <= d.Beat || d.Alive >= d.Lease {
		t.Error("a lease must outlast some heartbeats and end within five seconds")
	}
}
