package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/archive"
	"ochno/proctor/ledger"
)

const (
	runEvery  = 24 * time.Hour
	retryFrom = time.Hour      // after a run that failed
	runLate   = 26 * time.Hour // without a run for so long somebody should look
	poll      = 5 * time.Minute
	runLock   = 0x6f63686e6f72 // "ochnor"
	batch     = 1000           // rows that one transaction empties
)

// ErrRunning: another node erases just now.
var ErrRunning = errors.New("another run is under way")

// Done is a run that was made.
type Done struct {
	StartedAt time.Time
	EndedAt   time.Time
	Erased    map[Class]int64 // of recordings: attempts whose key was destroyed
	Error     string          // empty: all that was due is gone
}

// Run erases what is due once a day, and withdrawn recordings when their time has come, until ctx ends. A failure shouts and is tried again.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error("WHAT HAS EXPIRED IS NOT ERASED; it is tried again within the hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Step makes a run when one is due.
func (s *Service) Step(ctx context.Context) error {
	last, good, err := s.lastRuns(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	if last != nil && last.Error != "" && now.Sub(last.EndedAt) < retryFrom {
		return nil
	}
	if good != nil && now.Sub(good.StartedAt) < runEvery && (last == nil || last.Error == "") {
		var withdrawn bool
		if err := s.Pool.QueryRow(ctx, `with `+held+` select exists (select from object_key where destroy_at <= $1 and destroyed_at is null and attempt_id not in (select id from held))`, now).Scan(&withdrawn); err != nil {
			return fmt.Errorf("look for withdrawn recordings: %w", err)
		}
		if !withdrawn {
			return nil
		}
	}
	_, err = s.Erase(ctx)
	if errors.Is(err, ErrRunning) {
		return nil
	}
	return err
}

// Erase erases now what is due: first the keys, then the objects, with receipts; then the other classes. It keeps the result. ErrRunning.
func (s *Service) Erase(ctx context.Context) (Done, error) {
	done := Done{StartedAt: s.Now(), Erased: map[Class]int64{}}
	conn, err := s.Pool.Acquire(ctx)
	if err != nil {
		return done, err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(runLock)).Scan(&mine); err != nil {
		return done, err
	}
	if !mine {
		return done, ErrRunning
	}
	defer func() {
		// The lock belongs to the connection: when it cannot be given back the connection must go.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(runLock)); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()

	// A class that fails does not keep the others.
	var faults []error
	for _, class := range Classes() {
		n, err := s.eraseClass(ctx, class)
		done.Erased[class] = n
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", class, err))
		}
	}
	if _, err := s.Archive.Sweep(ctx); err != nil {
		faults = append(faults, err)
	}
	if err := s.relock(ctx); err != nil {
		faults = append(faults, err)
	}
	if ctx.Err() != nil {
		return done, ctx.Err() // the service stops: the next start goes on
	}
	done.EndedAt = s.Now()
	fault := errors.Join(faults...)
	if fault != nil {
		done.Error = fault.Error()
		if len(done.Error) > 4<<10 {
			done.Error = done.Error[:4<<10]
		}
	}
	if _, err := s.Pool.Exec(ctx, `insert into retention_run (started_at, ended_at, erased, error) values ($1, $2, $3, $4)`, done.StartedAt, done.EndedAt, done.Erased, done.Error); err != nil {
		fault = errors.Join(fault, fmt.Errorf("keep the run: %w", err))
	}
	return done, fault
}

// relock locks the objects of attempts whose term was lengthened since they were stored for as long as they are kept now, once their exam is over.
// An attempt that fails does not keep the others.
func (s *Service) relock(ctx context.Context) error {
	if !s.Archive.Locked() {
		return nil
	}
	rows, _ := s.Pool.Query(ctx, `select x.id, x.until from (select k.attempt_id as id, k.locked_until, `+recordingsEnd+` as until
			from object_key k join attempt a on a.id = k.attempt_id join exam e on e.id = a.exam_id
			where k.destroyed_at is null and k.destroy_at is null and coalesce(e.finished_at, e.ends_at) <= $1) x
		where x.until > $1 and (x.locked_until is null or x.locked_until < x.until) order by x.until, x.id`, s.Now())
	type longer struct {
		Attempt uuid.UUID
		Until   time.Time
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[longer])
	if err != nil {
		return fmt.Errorf("look for objects to lock for longer: %w", err)
	}
	var faults []error
	for _, x := range list {
		err := s.Archive.Relock(ctx, x.Attempt, x.Until.UTC())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && len(faults) < maxFaults {
			faults = append(faults, fmt.Errorf("the objects of attempt %s: %w", x.Attempt, err))
		}
	}
	return errors.Join(faults...)
}

// maxFaults bounds what is told of a store that refuses everything.
const maxFaults = 10

// eraseClass erases what is due of a class, by batches; how many.
func (s *Service) eraseClass(ctx context.Context, class Class) (int64, error) {
	erase, most, order := s.eraseRows(class), batch, "" // in no order: nobody has to sort what a batch leaves
	if class == Recordings {
		erase, most, order = s.destroyKey, 1, "order by x.at, x.id" // each key commits with its record
	}
	var total int64
	for {
		var n int
		err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			// A hold that is being placed is waited for, and seen by what follows.
			if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(erasing)); err != nil {
				return err
			}
			rows, _ := tx.Query(ctx, `with `+held+` select x.id, x.withdrawn from (`+expiring[class]+`) x where x.at <= $1 and not x.held `+order+` limit $2`, s.Now(), most)
			list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[expired])
			if err != nil || len(list) == 0 {
				return err
			}
			n = len(list)
			return erase(ctx, tx, list)
		})
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, nil
		}
		total += int64(n)
	}
}

type expired struct {
	ID        uuid.UUID
	Withdrawn bool
}

func (s *Service) destroyKey(ctx context.Context, tx pgx.Tx, list []expired) error {
	reason := archive.Expired
	if list[0].Withdrawn {
		reason = archive.Withdrawn
	}
	for _, sql := range words {
		if _, err := tx.Exec(ctx, sql, list[0].ID); err != nil {
			return fmt.Errorf("erase what was written about the attempt: %w", err)
		}
	}
	return s.Archive.Destroy(ctx, tx, list[0].ID, reason)
}

// words are what people wrote during an attempt, and what was done differently in it: kept as long as its recordings.
var words = []string{
	`update message set body = null where attempt_id = $1 and body is not null`, `update help_call set body = null where attempt_id = $1 and body is not null`,
	`update warning set body = null where attempt_id = $1 and body is not null`, `update note set body = null where attempt_id = $1 and body is not null`,
	`update conclusion set body = null where attempt_id = $1 and body is not null`,
	// What was announced to everybody goes with the last of the exam's recordings.
	`update message m set body = null from attempt a where a.id = $1 and m.exam_id = a.exam_id and m.attempt_id is null and m.body is not null
		and not exists (select from attempt o join object_key k on k.attempt_id = o.id where o.exam_id = a.exam_id and o.id <> a.id and k.destroyed_at is null)`,
	// An accommodation tells of somebody's health. While her exam may still go on it is needed.
	`delete from accommodation o using attempt a, exam e where a.id = $1 and o.roster_entry_id = a.roster_entry_id and e.id = a.exam_id and (e.finished_at is not null or e.ends_at < now() - interval '2 days')`,
	`update roster_entry r set no_voice = false, more_minutes = 0 from attempt a, exam e
		where a.id = $1 and r.id = a.roster_entry_id and e.id = a.exam_id and (e.finished_at is not null or e.ends_at < now() - interval '2 days') and (r.no_voice or r.more_minutes > 0)`,
}

// erasures empty rows by their ids.
var erasures = map[Class][]string{
	Records:  {`update ledger_record set personal = null where id = any($1)`},
	Consents: {`update consent set identity = null where id = any($1)`},
	Requests: {`delete from request where id = any($1) and decided_at is not null`, `update guardian_claim set note_sealed = null where id = any($1) and decided_at is not null`},
}

func (s *Service) eraseRows(class Class) func(context.Context, pgx.Tx, []expired) error {
	return func(ctx context.Context, tx pgx.Tx, list []expired) error {
		ids := make([]uuid.UUID, len(list))
		for i, x := range list {
			ids[i] = x.ID
		}
		for _, sql := range erasures[class] {
			if _, err := tx.Exec(ctx, sql, ids); err != nil {
				return err
			}
		}
		_, err := s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeReceipt, At: s.Now(), Outcome: "erased",
			Data: ledger.Receipt{Class: string(class), Reason: string(archive.Expired), Count: int64(len(ids))},
		})
		return err
	}
}

// lastRuns are the last run and the last that erased all that was due; nil: there is none.
func (s *Service) lastRuns(ctx context.Context) (last, good *Done, err error) {
	for _, r := range []struct {
		where string
		into  **Done
	}{{"", &last}, {"where error = ''", &good}} {
		rows, _ := s.Pool.Query(ctx, `select started_at, ended_at, erased, error from retention_run `+r.where+` order by id desc limit 1`)
		d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Done])
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return nil, nil, fmt.Errorf("read the last run: %w", err)
		default:
			*r.into = &d
		}
	}
	return last, good, nil
}

// State is how it goes.
type State struct {
	Last *Done      // nil before the first run
	Good *time.Time // when a run last erased all that was due
	Late bool       // that is more than a day ago, or never was
}

// State reads it.
func (s *Service) State(ctx context.Context) (State, error) {
	last, good, err := s.lastRuns(ctx)
	state := State{Last: last}
	if err != nil {
		return state, err
	}
	if good != nil {
		state.Good = &good.EndedAt
		state.Late = s.Now().Sub(good.EndedAt) > runLate
		return state, nil
	}
	// None ever: since the installation is there a run was due.
	var since *time.Time
	if err := s.Pool.QueryRow(ctx, `select min(created_at) from organisation`).Scan(&since); err != nil {
		return state, fmt.Errorf("read since when there is something to erase: %w", err)
	}
	state.Late = since != nil && s.Now().Sub(*since) > runLate
	return state, nil
}

// Health is nil when what has expired was erased within the last day.
func (s *Service) Health(ctx context.Context) error {
	state, err := s.State(ctx)
	switch {
	case err != nil:
		return err
	case state.Last != nil && state.Last.Error != "":
		return fmt.Errorf("what has expired was not erased at %s: %s", state.Last.EndedAt.UTC().Format(time.RFC3339), state.Last.Error)
	case state.Late && state.Good == nil:
		return errors.New("what has expired was never erased")
	case state.Late:
		return fmt.Errorf("what has expired was last erased at %s", state.Good.UTC().Format(time.RFC3339))
	}
	return nil
}
