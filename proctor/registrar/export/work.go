package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger/pack"
	"ochno/proctor/registrar"
	"ochno/proctor/table"
)

const (
	poll  = 5 * time.Second
	lease = time.Minute // a run that does not renew it is gone
	renew = 2 * time.Second
	again = time.Minute // after the first failure; then twice as long
)

var (
	errTaken    = errors.New("the export was cancelled, or another node has taken it over")
	errTooLarge = errors.New("the export is larger than one may be")
)

// Run makes what is ordered, one after the other, and erases what has expired, until ctx ends. A failure is told and tried again.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		for {
			made, err := s.Step(ctx)
			if err != nil && ctx.Err() == nil {
				s.Logger.Error("exports are not made or not erased; it is tried again", "error", err)
			}
			if !made || err != nil || ctx.Err() != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.ordered:
		}
	}
}

// Step erases what has expired, then makes one export; it tells whether there was one.
func (s *Service) Step(ctx context.Context) (made bool, err error) {
	swept := s.sweep(ctx)
	r, err := s.take(ctx)
	if err != nil || r == nil {
		return false, errors.Join(swept, err)
	}
	return true, errors.Join(swept, s.make(ctx, r))
}

// run is one try of an export.
type run struct {
	job   Job
	id    uuid.UUID
	key   []byte
	tries int
	done  atomic.Uint64 // progress, in millionths
}

// take gives the oldest export that nobody makes to this node, with a fresh key; nil: there is none.
func (s *Service) take(ctx context.Context) (*run, error) {
	var r *run
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		now := s.Now()
		rows, _ := tx.Query(ctx, selectJob+` where state in ('waiting', 'running') and coalesce(lease_until, $1) <= $1 order by asked_at, id limit 1 for update skip locked`, now)
		job, err := pgx.CollectExactlyOneRow(rows, scanJob)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		taken := &run{job: job, id: uuid.New()}
		var wrapped []byte
		taken.key, wrapped = s.Ring.NewObjectKey(job.ID.String())
		r = taken
		return tx.QueryRow(ctx, `update export_job set state = 'running', run = $2, lease_until = $3, key = $4, tries = tries + 1, progress = 0 where id = $1 returning tries`,
			job.ID, taken.id, now.Add(lease), wrapped).Scan(&taken.tries)
	})
	if err != nil {
		return nil, fmt.Errorf("take an export: %w", err)
	}
	return r, nil
}

// make makes the file. The error is this node's trouble: what is wrong with the export itself is its fault.
func (s *Service) make(ctx context.Context, r *run) error {
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.keep(work, r, stop)
	}()
	size, sum, err := s.write(work, r)
	cause := context.Cause(work)
	stop(nil)
	<-ended
	switch {
	case errors.Is(cause, errTaken):
		return nil
	case ctx.Err() != nil: // the service stops: another start makes it anew, and this was no try
		_, err := s.Pool.Exec(context.WithoutCancel(ctx), `update export_job set state = 'waiting', key = null, lease_until = null, tries = tries - 1 where id = $1 and run = $2 and state = 'running'`, r.job.ID, r.id)
		return err
	case err == nil:
		now := s.Now()
		_, err = s.Pool.Exec(ctx, `update export_job set state = 'ready', progress = 1, size = $3, sha256 = $4, ended_at = $5, expires_at = $6, lease_until = null where id = $1 and run = $2 and state = 'running'`,
			r.job.ID, r.id, size, sum, now, now.Add(keptFor))
		return err
	}
	fault := faultOf(err)
	if fault == "internal" && r.tries < maxTries {
		s.Logger.Error("an export failed; it is tried again", "export", r.job.ID, "try", r.tries, "again in", time.Duration(r.tries)*again, "error", err)
		_, err = s.Pool.Exec(ctx, `update export_job set state = 'waiting', key = null, lease_until = $3 where id = $1 and run = $2 and state = 'running'`,
			r.job.ID, r.id, s.Now().Add(time.Duration(r.tries)*again))
		return err
	}
	s.Logger.Error("an export failed", "export", r.job.ID, "fault", fault, "error", err)
	_, err = s.Pool.Exec(ctx, `update export_job set state = 'failed', fault = $3, key = null, ended_at = $4, lease_until = null where id = $1 and run = $2 and state = 'running'`,
		r.job.ID, r.id, fault, s.Now())
	return err
}

func faultOf(err error) string {
	switch {
	case errors.Is(err, errTooLarge):
		return "too_large"
	case errors.Is(err, table.ErrTooManyRows):
		return "too_many_rows"
	case errors.Is(err, pack.ErrTooManyFiles):
		return "too_many_files"
	case errors.Is(err, pack.ErrNothing):
		return "nothing_sealed"
	}
	return "internal"
}

// write makes the file in the store and checks it there.
func (s *Service) write(ctx context.Context, r *run) (size int64, sum []byte, err error) {
	file := s.Objects.File(folder(r.job.ID, r.id), r.key)
	out := file.Create(ctx)
	hash := sha256.New()
	told := func(share float64) { r.done.Store(uint64(min(max(share, 0), 1) * 1e6)) }
	if err := s.Maker.Make(ctx, r.job.Order, &bounded{w: io.MultiWriter(out, hash), left: s.maxSize}, told); err != nil {
		return 0, nil, err
	}
	if err := out.Close(); err != nil {
		return 0, nil, err
	}
	if err := s.Maker.Check(ctx, r.job.Order, file.Open(ctx, out.Size()), out.Size(), told); err != nil {
		return 0, nil, err
	}
	return out.Size(), hash.Sum(nil), nil
}

// keep renews the lease and tells the progress until ctx ends; it stops a run that is not this node's any more.
func (s *Service) keep(ctx context.Context, r *run, stop context.CancelCauseFunc) {
	tick := time.NewTicker(renew)
	defer tick.Stop()
	good := time.Now() // of the machine: the lease of a database that cannot be reached runs out by it
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		tag, err := s.Pool.Exec(ctx, `update export_job set lease_until = $3, progress = $4 where id = $1 and run = $2 and state = 'running'`,
			r.job.ID, r.id, s.Now().Add(lease), float64(r.done.Load())/1e6)
		switch {
		case err == nil && tag.RowsAffected() == 0, err != nil && time.Since(good) > lease:
			stop(errTaken)
			return
		case err == nil:
			good = time.Now()
		}
	}
}

// sweep ends files whose term is over, then deletes the objects of all that have no key, and forgets old exports.
func (s *Service) sweep(ctx context.Context) error {
	now := s.Now()
	if _, err := s.Pool.Exec(ctx, `update export_job set state = 'expired', key = null where state = 'ready' and expires_at <= $1`, now); err != nil {
		return fmt.Errorf("end exports: %w", err)
	}
	// Nodes that fell silent with a try too many: nobody takes these.
	if _, err := s.Pool.Exec(ctx, `update export_job set state = 'failed', fault = 'internal', key = null, ended_at = $1
		where state = 'running' and lease_until <= $1 and tries >= $2`, now, 2*maxTries); err != nil {
		return fmt.Errorf("end exports: %w", err)
	}
	// A run may go on for a moment after it was cancelled: until its lease is over its parts may still come.
	rows, _ := s.Pool.Query(ctx, `select id from export_job where swept_at is null and state in ('expired', 'failed', 'cancelled') and (lease_until is null or lease_until <= $1) order by id limit 100`, now)
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("find ended exports: %w", err)
	}
	for _, id := range list {
		if err := s.Objects.DeleteFolder(ctx, "exports/"+id.String()); err != nil {
			return err
		}
		if _, err := s.Pool.Exec(ctx, `update export_job set swept_at = $2 where id = $1`, id, now); err != nil {
			return fmt.Errorf("end an export: %w", err)
		}
	}
	if _, err := s.Pool.Exec(ctx, `delete from export_job where swept_at <= $1`, now.Add(-toldFor)); err != nil {
		return fmt.Errorf("forget old exports: %w", err)
	}
	return nil
}

// bounded refuses what would be too large.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errTooLarge
	}
	return b.w.Write(p)
}

var _ Maker = registrar.Papers{}
