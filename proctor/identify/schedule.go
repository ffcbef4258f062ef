package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// Room is what is known of the students who are connected here.
type Room interface {
	// Stream is a student's live stream, if she is connected.
	Stream(attempt uuid.UUID) (Stream, bool)
	// Tell tells her page, and those who watch, how an identification goes that the service began.
	Tell(a exam.Attempt, p Progress)
}

// roundEvery is how often it is looked what is due.
const roundEvery = time.Second

// Run does what is due, until the context ends: the identifications during exams, the waits for the verifier, and what a fault of the storage
// left undecided. What is planned stands in the database, so a restart forgets nothing.
func (s *Service) Run(ctx context.Context, room Room) {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Round(ctx, room)
		if errors.Is(err, ErrClosed) {
			return
		}
		if err != nil && ctx.Err() == nil && !failing {
			s.Logger.Error("IDENTIFICATIONS THAT ARE DUE DO NOT BEGIN; it is tried again every second", "error", err)
		}
		failing = err != nil
	}
}

// Round does what is due now; identifications that begin go on by themselves.
func (s *Service) Round(ctx context.Context, room Room) error {
	return errors.Join(s.finish(ctx), s.planAll(ctx), s.again(ctx, room), s.resume(ctx, room), s.forgetUses(ctx))
}

// usesKept is how long the use of a verdict is kept after the verdict's expiry: far longer than clocks are apart.
const usesKept = 24 * time.Hour

// forgetUses forgets the uses of verdicts that expired: those are refused as expired.
func (s *Service) forgetUses(ctx context.Context) error {
	if _, err := s.Pool.Exec(ctx, `delete from verdict_use where expires_at < $1`, s.Now().Add(-usesKept)); err != nil {
		return fmt.Errorf("forget the uses of expired verdicts: %w", err)
	}
	return nil
}
