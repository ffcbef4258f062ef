package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// verify has the whole log verified when the last time is a day ago, against every checkpoint that a place has taken.
func (s *Service) verify(ctx context.Context) error {
	last, err := s.lastCheck(ctx)
	if err != nil {
		return err
	}
	if last != nil && s.Now().Sub(last.EndedAt) < verifyEvery {
		return nil
	}
	_, err = s.Verify(ctx)
	return err
}

// Check is a verification that was made.
type Check struct {
	StartedAt time.Time
	EndedAt   time.Time
	Size      int64
	Earlier   int    // checkpoints that had left the house, all held against the log
	Error     string // empty: the log is whole
}

// Verify verifies the whole log now, keeps the result, and shouts when the log is not what was signed.
func (s *Service) Verify(ctx context.Context) (Check, error) {
	c := Check{StartedAt: s.Now()}
	rows, _ := s.Pool.Query(ctx, `select distinct o.size from ledger_delivery d join ledger_occasion o on o.id = d.occasion_id where d.delivered_at is not null order by 1`)
	sizes, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return c, fmt.Errorf("read what left the house: %w", err)
	}
	var earlier []ledger.Checkpoint
	var fault error
	for _, size := range sizes {
		kept, err := s.Log.CheckpointAt(ctx, size)
		switch {
		case errors.Is(err, ledger.ErrEmpty):
			fault = fmt.Errorf("the checkpoint of size %d, which left the house, is no longer there", size)
		case err != nil:
			fault = err
		default:
			earlier = append(earlier, kept)
		}
	}
	if fault == nil {
		var report ledger.Report
		report, fault = s.Log.Verify(ctx, earlier...)
		c.Size, c.Earlier = report.Size, report.Earlier
	}
	if fault == nil && s.Also != nil {
		fault = s.Also(ctx)
	}
	if ctx.Err() != nil {
		return c, ctx.Err() // that says nothing of the log
	}
	c.EndedAt = s.Now()
	if fault != nil {
		c.Error = shorten(fault.Error())
		s.Logger.Error("THE IDENTIFICATION LOG DOES NOT VERIFY: it is not what was signed", "error", fault)
	}
	if _, err := s.Pool.Exec(ctx, `insert into ledger_check (started_at, ended_at, size, earlier, error) values ($1, $2, $3, $4, $5)`,
		c.StartedAt, c.EndedAt, c.Size, c.Earlier, c.Error); err != nil {
		return c, fmt.Errorf("keep the verification: %w", err)
	}
	return c, nil
}

func (s *Service) lastCheck(ctx context.Context) (*Check, error) {
	rows, _ := s.Pool.Query(ctx, `select started_at, ended_at, size, earlier, error from ledger_check order by id desc limit 1`)
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Check])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last verification: %w", err)
	}
	return &c, nil
}

// State is how it goes.
type State struct {
	Last   *Check // nil before the first verification
	Late   bool   // no verification for more than a day
	Places []PlaceState
}

// PlaceState is how one place does.
type PlaceState struct {
	Name    string
	Size    int64      // of the newest checkpoint that it has
	At      *time.Time // when it took that
	Waiting *time.Time // since when one waits for it; nil: none
	Error   string     // of the last try of that
}

// State reads it.
func (s *Service) State(ctx context.Context) (State, error) {
	var state State
	var err error
	if state.Last, err = s.lastCheck(ctx); err != nil {
		return state, err
	}
	state.Late = state.Last != nil && s.Now().Sub(state.Last.EndedAt) > verifyLate
	for _, place := range s.Places {
		p := PlaceState{Name: place.Name()}
		if err := s.Pool.QueryRow(ctx, `select coalesce(max(o.size) filter (where d.delivered_at is not null), 0), max(d.delivered_at),
			min(o.asked_at) filter (where d.delivered_at is null), coalesce(max(d.error) filter (where d.delivered_at is null), '')
			from ledger_delivery d join ledger_occasion o on o.id = d.occasion_id where d.place = $1`, p.Name).Scan(&p.Size, &p.At, &p.Waiting, &p.Error); err != nil {
			return state, fmt.Errorf("read the deliveries: %w", err)
		}
		state.Places = append(state.Places, p)
	}
	return state, nil
}

// Health is nil when the log is whole, was verified of late, and every place takes its checkpoints.
func (s *Service) Health(ctx context.Context) error {
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	var faults []error
	switch {
	case state.Last != nil && state.Last.Error != "":
		faults = append(faults, fmt.Errorf("the log does not verify: %s", state.Last.Error))
	case state.Late:
		faults = append(faults, fmt.Errorf("the log was last verified at %s", state.Last.EndedAt.UTC().Format(time.RFC3339)))
	}
	for _, p := range state.Places {
		if p.Waiting != nil && s.Now().Sub(*p.Waiting) > late {
			faults = append(faults, fmt.Errorf("%s takes no checkpoints since %s", p.Name, p.Waiting.UTC().Format(time.RFC3339)))
		}
	}
	return errors.Join(faults...)
}
