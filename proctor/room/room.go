// Package room keeps which node of the service each room lives on. A room is an exam while somebody takes part in it: its sockets, its media, its
// recordings and its identifications are all on one node, and every other node hands requests about it over to that one.
//
// It owns media_node and media_room. A node has a room by a lease in PostgreSQL, which it renews every second by one statement for all its rooms; the
// times are the database's alone. Whoever asks for a room that nobody has gives it to the node with the least to do. A node that cannot renew its
// leases leaves its rooms before the leases end (by its own monotonic clock, from the moment before it asked), so that no room is ever on two nodes.
// A node that stops gives its rooms back at once.
//
// A service that was not told its own address is the only node: it has every room, and none of this happens. It still makes itself known, so that a
// second node by mistake is refused.
//
// It knows nothing of HTTP, of media or of exams' rules: what moving means is its Host's matter. Start reading at Rooms.Find, then Run (lease.go).
package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Timing of leases.
type Timing struct {
	Lease  time.Duration // how long a node has a room after it was renewed
	Beat   time.Duration // how often it is
	Margin time.Duration // how long before its end a node that could not renew it has left the room
	Alive  time.Duration // how long after its last word a node is given rooms
	Idle   time.Duration // how long a room is kept in which nobody is
}

// DefaultTiming moves a room within five seconds of its node's death.
func DefaultTiming() Timing {
	return Timing{Lease: 5 * time.Second, Beat: time.Second, Margin: time.Second, Alive: 2500 * time.Millisecond, Idle: 2 * time.Minute}
}

// Config of Rooms.
type Config struct {
	Pool    *pgxpool.Pool
	Node    uuid.UUID // of this node, the same after a restart
	URL     string    // where other nodes reach it, scheme://host:port; empty: it is the only one
	Version string
	Weigh   func(ctx context.Context, exam uuid.UUID) (int, error) // how many students an exam may have
	Timing  Timing                                                 // DefaultTiming when zero
	Logger  *slog.Logger
}

// Host is what lives in the rooms of this node.
type Host interface {
	// Enter makes a room ready that has come to this node: what another one left in the middle is finished or given back. Nothing else is asked of
	// the room before it returns.
	Enter(ctx context.Context, exam uuid.UUID) error
	// Leave ends everything of a room here at once, and waits for nothing that is not at hand: the room may be another node's in a second.
	Leave(exam uuid.UUID)
	// Load is what this node serves now.
	Load() Load
	// Count is what a room has here now.
	Count(exam uuid.UUID) Count
}

// Load of a node.
type Load struct{ Publishers, Viewers int }

// Count of a room.
type Count struct {
	Live     int  // students whose media arrive
	Watching int  // proctors' pages
	Busy     bool // anybody, or anything under way
}

// Place is where a room is.
type Place struct {
	Here bool
	Node uuid.UUID
	Run  uuid.UUID // of that node's process
	URL  string
}

var (
	// ErrNowhere: there is no node to which the room could be given just now.
	ErrNowhere = errors.New("no node takes the room")
	// ErrNotHere: the room is not on this node, or not any more.
	ErrNotHere = errors.New("the room is not on this node")
	// ErrOthers: other nodes are up, and one of them, or this one, was not told its own address.
	ErrOthers = errors.New("several nodes run, and not each was told its own address")
)

// Rooms are those of one node. Safe for concurrent use.
type Rooms struct {
	cfg   Config
	run   uuid.UUID
	host  Host
	begun chan struct{} // closed by Run, when there is a host

	mu      sync.Mutex
	held    map[uuid.UUID]*held
	closing bool           // takes no more
	work    sync.WaitGroup // rooms being entered
}

// held is a room that this node has.
type held struct {
	until time.Time     // left then, unless it is renewed; with Rooms.mu
	used  time.Time     // when it was last asked for or busy; with Rooms.mu
	ready chan struct{} // closed when it was entered
	err   error         // why it was not; set before ready is closed
}

// Open makes this node known. A node that was not told its address waits a moment for others to be gone, and is refused when they are not.
func Open(ctx context.Context, cfg Config) (*Rooms, error) {
	if cfg.Timing == (Timing{}) {
		cfg.Timing = DefaultTiming()
	}
	r := &Rooms{cfg: cfg, run: uuid.New(), begun: make(chan struct{}), held: map[uuid.UUID]*held{}}
	for end := time.Now().Add(2 * cfg.Timing.Alive); ; {
		err := r.introduce(ctx)
		if err == nil || !errors.Is(err, ErrOthers) || !time.Now().Before(end) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(cfg.Timing.Alive / 8):
		}
	}
}

// introduce writes this node's row, which is given no rooms before Run, unless there is one beside which it may not be.
func (r *Rooms) introduce(ctx context.Context) error {
	return pgx.BeginFunc(ctx, r.cfg.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(assigning)); err != nil {
			return fmt.Errorf("introduce this node: %w", err)
		}
		var others int
		if err := tx.QueryRow(ctx, `select count(*) from media_node where id <> $1 and seen_at > clock_timestamp() - $2::interval and ($3 = '' or url = '')`,
			r.cfg.Node, r.cfg.Timing.Alive, r.cfg.URL).Scan(&others); err != nil {
			return fmt.Errorf("introduce this node: %w", err)
		}
		if others > 0 {
			return ErrOthers
		}
		if _, err := tx.Exec(ctx, `insert into media_node (id, run, url, version, draining) values ($1, $2, $3, $4, true) on conflict (id) do update
			set run = excluded.run, url = excluded.url, version = excluded.version, started_at = clock_timestamp(), seen_at = clock_timestamp(), draining = true`,
			r.cfg.Node, r.run, r.cfg.URL, r.cfg.Version); err != nil {
			return fmt.Errorf("introduce this node: %w", err)
		}
		return nil
	})
}

// Node is this one.
func (r *Rooms) Node() uuid.UUID { return r.cfg.Node }

// Process is this run of it.
func (r *Rooms) Process() uuid.UUID { return r.run }

// Alone tells whether this is the only node.
func (r *Rooms) Alone() bool { return r.cfg.URL == "" }

// Find says where a room is. One that nobody has is given to a node first. ErrNowhere says that there is none; it may come soon.
func (r *Rooms) Find(ctx context.Context, exam uuid.UUID) (Place, error) {
	here := Place{Here: true, Node: r.cfg.Node, Run: r.run, URL: r.cfg.URL}
	if r.Alone() {
		return here, nil
	}
	select {
	case <-r.begun:
	case <-ctx.Done():
		return Place{}, ctx.Err()
	}
	for range 3 {
		if h := r.use(exam); h != nil {
			if err := h.wait(ctx); err != nil || r.Here(exam) {
				return here, err
			}
		}
		asked := time.Now()
		place, left, err := r.look(ctx, exam)
		if err != nil {
			return Place{}, err
		}
		switch {
		case place.Node == uuid.Nil:
			if err := r.assign(ctx, exam); err != nil {
				return Place{}, err
			}
		case place.Node != r.cfg.Node:
			return place, nil
		default:
			if err := r.adopt(exam, asked.Add(left-r.cfg.Timing.Margin)); err != nil {
				return Place{}, err
			}
		}
	}
	return Place{}, ErrNowhere
}

// Take tells whether a room is on this node. One that nobody has is given to a node first; when there is none to take it, it is not here.
func (r *Rooms) Take(ctx context.Context, exam uuid.UUID) (bool, error) {
	place, err := r.Find(ctx, exam)
	if errors.Is(err, ErrNowhere) {
		return false, nil
	}
	return place.Here, err
}

// Here tells whether a room is on this node; it is not looked for elsewhere.
func (r *Rooms) Here(exam uuid.UUID) bool {
	if r.Alone() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.held[exam]
	return h != nil && time.Now().Before(h.until)
}

// Hold makes sure, until tx ends, that the room stays on this node: ErrNotHere when it is not.
func (r *Rooms) Hold(ctx context.Context, tx pgx.Tx, exam uuid.UUID) error {
	if r.Alone() {
		return nil
	}
	// A process that is halted in the middle must not keep the room from moving for long.
	var held int
	err := tx.QueryRow(ctx, `with bounded as (select set_config('idle_in_transaction_session_timeout', $3, true))
		select 1 from bounded, media_room where exam_id = $1 and node_id = $2 and lease_until > clock_timestamp() for key share of media_room`,
		exam, r.cfg.Node, fmt.Sprint(r.cfg.Timing.Lease.Milliseconds())).Scan(&held)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotHere
	}
	if err != nil {
		return fmt.Errorf("hold the room: %w", err)
	}
	return nil
}

// Node is one of the service's, for those who look after them.
type Node struct {
	ID         uuid.UUID
	Version    string
	StartedAt  time.Time
	SeenAt     time.Time
	Up         bool
	Draining   bool
	Publishers int
	Viewers    int
	Rooms      int
}

// Nodes lists those that were up within the last day, this one or others.
func (r *Rooms) Nodes(ctx context.Context) ([]Node, error) {
	rows, _ := r.cfg.Pool.Query(ctx, `select id, version, started_at, seen_at, seen_at > clock_timestamp() - $1::interval as up, draining, publishers, viewers,
		(select count(*) from media_room where node_id = n.id and lease_until > clock_timestamp()) as rooms
		from media_node n where seen_at > clock_timestamp() - interval '1 day' order by started_at, id`, r.cfg.Timing.Lease)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Node])
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	return list, nil
}

// Held is a room as its node told of it last.
type Held struct {
	Exam     uuid.UUID `db:"exam_id"`
	Node     uuid.UUID `db:"node_id"`
	Live     int
	Watching int
}

// Held lists the rooms that any node has now. The only node has no list of its own.
func (r *Rooms) Held(ctx context.Context) (map[uuid.UUID]Held, error) {
	rows, _ := r.cfg.Pool.Query(ctx, `select exam_id, node_id, live, watching from media_room where lease_until > clock_timestamp()`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Held])
	if err != nil {
		return nil, fmt.Errorf("list the rooms: %w", err)
	}
	out := make(map[uuid.UUID]Held, len(list))
	for _, h := range list {
		out[h.Exam] = h
	}
	return out, nil
}
