package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// assigning is the advisory lock of whoever gives a room to a node: two at once would not see each other's.
const assigning = 0x6f63686e6f726f6f

// enterLimit bounds how long a room may take to be made ready.
const enterLimit = 20 * time.Second

// Run renews the leases of the host's rooms, and leaves those that it cannot renew in time, until ctx ends; then it leaves all. Call it once.
func (r *Rooms) Run(ctx context.Context, host Host) {
	r.host = host
	close(r.begun)
	defer func() {
		r.shut()
		r.work.Wait()
	}()
	guarding := make(chan struct{})
	go func() { // apart: a heartbeat that hangs must not keep it from leaving
		defer close(guarding)
		r.guard(ctx)
	}()
	defer func() { <-guarding }()
	tick := time.NewTicker(r.cfg.Timing.Beat)
	defer tick.Stop()
	failing := false
	for {
		err := r.beat(ctx)
		if err != nil && ctx.Err() == nil && !failing && !r.Alone() {
			r.cfg.Logger.Error("THIS NODE CANNOT RENEW ITS ROOMS; it leaves them before another one takes them", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// shut takes no more rooms.
func (r *Rooms) shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = true
}

// guard leaves rooms whose time is over.
func (r *Rooms) guard(ctx context.Context) {
	tick := time.NewTicker(r.cfg.Timing.Margin / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.drop(func(uuid.UUID, *held) bool { return true }, "")
			return
		case <-tick.C:
		}
		now := time.Now()
		r.drop(func(_ uuid.UUID, h *held) bool { return !now.Before(h.until) }, "A ROOM WAS LEFT: its lease could not be renewed in time")
	}
}

// drop forgets the rooms of which it is so, and leaves them.
func (r *Rooms) drop(so func(exam uuid.UUID, h *held) bool, why string) []uuid.UUID {
	r.mu.Lock()
	var gone []uuid.UUID
	for exam, h := range r.held {
		if so(exam, h) {
			delete(r.held, exam)
			gone = append(gone, exam)
		}
	}
	r.mu.Unlock()
	for _, exam := range gone {
		if why != "" {
			r.cfg.Logger.Warn(why, "exam", exam)
		}
		r.host.Leave(exam)
	}
	return gone
}

// beat tells that this node is up and what it serves, renews all its leases, and lets go of rooms in which nobody has been for a while.
func (r *Rooms) beat(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, r.cfg.Timing.Lease-r.cfg.Timing.Margin)
	defer cancel()
	if idle := r.drop(r.idle, ""); len(idle) > 0 {
		if _, err := r.cfg.Pool.Exec(limit, `delete from media_room where node_id = $1 and exam_id = any($2)`, r.cfg.Node, idle); err != nil {
			return fmt.Errorf("let go of idle rooms: %w", err)
		}
	}
	r.mu.Lock()
	closing := r.closing
	exams := make([]uuid.UUID, 0, len(r.held))
	for exam := range r.held {
		exams = append(exams, exam)
	}
	r.mu.Unlock()
	if closing {
		return nil
	}
	live, watching := make([]int, len(exams)), make([]int, len(exams))
	for i, exam := range exams {
		n := r.host.Count(exam)
		live[i], watching[i] = n.Live, n.Watching
	}
	load, asked := r.host.Load(), time.Now()
	rows, _ := r.cfg.Pool.Query(limit, `with told as (
			insert into media_node (id, run, url, version, publishers, viewers) values ($1, $2, $3, $4, $5, $6)
			on conflict (id) do update set seen_at = clock_timestamp(), publishers = excluded.publishers, viewers = excluded.viewers, draining = false
		), counted as (select * from unnest($7::uuid[], $8::int[], $9::int[]) as c (exam, live, watching))
		update media_room r set lease_until = clock_timestamp() + $10::interval,
			live = coalesce((select live from counted where exam = r.exam_id), 0), watching = coalesce((select watching from counted where exam = r.exam_id), 0)
		where node_id = $1 and lease_until > clock_timestamp() returning exam_id`,
		r.cfg.Node, r.run, r.cfg.URL, r.cfg.Version, load.Publishers, load.Viewers, exams, live, watching, r.cfg.Timing.Lease)
	renewed, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("renew the leases: %w", err)
	}
	until := asked.Add(r.cfg.Timing.Lease - r.cfg.Timing.Margin)
	for _, exam := range renewed {
		if err := r.adopt(exam, until); err != nil {
			return err
		}
	}
	// What this node had and the database does not give it any more is over.
	r.drop(func(exam uuid.UUID, h *held) bool {
		return slices.Contains(exams, exam) && !slices.Contains(renewed, exam) && h.until.Before(until)
	}, "A ROOM WAS LEFT: it is not this node's any more")
	return nil
}

// idle tells of a room that is not used.
func (r *Rooms) idle(exam uuid.UUID, h *held) bool {
	now := time.Now()
	select {
	case <-h.ready:
	default:
		return false
	}
	if r.host.Count(exam).Busy {
		h.used = now
	}
	return now.Sub(h.used) >= r.cfg.Timing.Idle
}

// use returns the room if it is this node's now.
func (r *Rooms) use(exam uuid.UUID) *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, now := r.held[exam], time.Now()
	if h == nil || !now.Before(h.until) {
		return nil
	}
	h.used = now
	return h
}

// adopt notes that the room is this node's until then, and enters it when it was not.
func (r *Rooms) adopt(exam uuid.UUID, until time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	h := r.held[exam]
	switch {
	case r.closing || !now.Before(until):
		return ErrNowhere
	case h != nil:
		if until.After(h.until) {
			h.until = until
		}
		return nil
	}
	h = &held{until: until, used: now, ready: make(chan struct{})}
	r.held[exam] = h
	r.work.Go(func() { r.enter(exam, h) })
	return nil
}

// enter makes a room ready. One that cannot be is given back, for any node to try again.
func (r *Rooms) enter(exam uuid.UUID, h *held) {
	defer close(h.ready)
	ctx, cancel := context.WithTimeout(context.Background(), enterLimit)
	defer cancel()
	if h.err = r.host.Enter(ctx, exam); h.err == nil {
		r.cfg.Logger.Info("a room is on this node", "exam", exam)
		return
	}
	r.cfg.Logger.Error("A ROOM CANNOT BE ENTERED; it is tried again when it is asked for", "exam", exam, "error", h.err)
	r.drop(func(_ uuid.UUID, other *held) bool { return other == h }, "")
	if _, err := r.cfg.Pool.Exec(ctx, `delete from media_room where node_id = $1 and exam_id = $2`, r.cfg.Node, exam); err != nil {
		r.cfg.Logger.Error("a room is not given back", "exam", exam, "error", err)
	}
}

// wait returns when the room was entered.
func (h *held) wait(ctx context.Context) error {
	select {
	case <-h.ready:
		return h.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look reads who has the room, and for how long still; nobody: a place without a node.
func (r *Rooms) look(ctx context.Context, exam uuid.UUID) (p Place, left time.Duration, err error) {
	err = r.cfg.Pool.QueryRow(ctx, `select n.id, n.run, n.url, r.lease_until - clock_timestamp() from media_room r join media_node n on n.id = r.node_id
		where r.exam_id = $1 and r.lease_until > clock_timestamp()`, exam).Scan(&p.Node, &p.Run, &p.URL, &left)
	if errors.Is(err, pgx.ErrNoRows) {
		return Place{}, 0, nil
	}
	if err != nil {
		return Place{}, 0, fmt.Errorf("look for a room: %w", err)
	}
	return p, left, nil
}

// assign gives a room that nobody has to the node with the least to do, and among equals to this one. Somebody may have been faster.
func (r *Rooms) assign(ctx context.Context, exam uuid.UUID) error {
	weight, err := r.cfg.Weigh(ctx, exam)
	if err != nil {
		return err
	}
	t := r.cfg.Timing
	return pgx.BeginFunc(ctx, r.cfg.Pool, func(tx pgx.Tx) error {
		// Whoever holds the room within a transaction (Hold) is waited for, but a heartbeat is not kept waiting.
		if _, err := tx.Exec(ctx, `select set_config('lock_timeout', $1, true)`, fmt.Sprint(t.Lease.Milliseconds())); err != nil {
			return fmt.Errorf("give a room to a node: %w", err)
		}
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(assigning)); err != nil {
			return fmt.Errorf("give a room to a node: %w", err)
		}
		if _, err := tx.Exec(ctx, `select 1 from media_room where exam_id = $1 and lease_until <= clock_timestamp() for update`, exam); err != nil {
			return fmt.Errorf("give a room to a node: %w", err)
		}
		done, err := tx.Exec(ctx, `insert into media_room as r (exam_id, node_id, lease_until, weight)
			select $1, n.id, clock_timestamp() + $2::interval, $3 from media_node n where n.seen_at > clock_timestamp() - $4::interval and not n.draining and n.url <> ''
			order by greatest(n.publishers, (select coalesce(sum(weight), 0) from media_room o where o.node_id = n.id and o.exam_id <> $1 and o.lease_until > clock_timestamp())),
				n.id <> $5, n.id limit 1
			on conflict (exam_id) do update set node_id = excluded.node_id, lease_until = clock_timestamp() + $2::interval, weight = excluded.weight, live = 0, watching = 0
			where r.lease_until <= clock_timestamp()`, exam, t.Lease, max(weight, 1), t.Alive, r.cfg.Node)
		if err != nil {
			return fmt.Errorf("give a room to a node: %w", err)
		}
		if done.RowsAffected() == 1 {
			return nil
		}
		var others bool
		if err := tx.QueryRow(ctx, `select exists (select 1 from media_room where exam_id = $1 and lease_until > clock_timestamp())`, exam).Scan(&others); err != nil {
			return fmt.Errorf("give a room to a node: %w", err)
		}
		if !others {
			return ErrNowhere
		}
		return nil
	})
}

// Drain leaves every room and gives it back at once, for another node to take, and takes no more. This node is not known any more afterwards.
func (r *Rooms) Drain(ctx context.Context) error {
	r.shut()
	if _, err := r.cfg.Pool.Exec(ctx, `update media_node set draining = true where id = $1 and run = $2`, r.cfg.Node, r.run); err != nil {
		return fmt.Errorf("take no more rooms: %w", err)
	}
	r.drop(func(uuid.UUID, *held) bool { return true }, "")
	r.work.Wait()
	if _, err := r.cfg.Pool.Exec(ctx, `delete from media_room where node_id = $1`, r.cfg.Node); err != nil {
		return fmt.Errorf("give the rooms back: %w", err)
	}
	if _, err := r.cfg.Pool.Exec(ctx, `delete from media_node where id = $1 and run = $2`, r.cfg.Node, r.run); err != nil {
		return fmt.Errorf("forget this node: %w", err)
	}
	return nil
}
