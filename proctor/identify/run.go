package identify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/media"
)

// Challenge is the digits a student reads aloud: fresh, made by the server, used once.
type Challenge struct {
	ID        uuid.UUID
	Digits    string
	ExpiresAt time.Time
}

// stopped says why an identification ended without a verdict, as an outcome.
type stopped struct {
	outcome Outcome
	reason  string
	err     error // for operators; may be nil
}

func (e *stopped) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s (%s): %v", e.outcome, e.reason, e.err)
	}
	return fmt.Sprintf("%s (%s)", e.outcome, e.reason)
}

func (e *stopped) Unwrap() error { return e.err }

// run is one identification from beginning to end. Whatever happens, the attempt does not stay identifying. The result is nil when the service
// stopped in the middle.
func (s *Service) run(ctx context.Context, run *attemptRun, a exam.Attempt, stream Stream, report func(Progress)) *Identification {
	logger := s.Logger.With("attempt", a.ID, "identification", run.id)
	f := &finding{id: run.id, attempt: a, startedAt: s.Now().UTC()}
	err := s.find(ctx, run, f, stream, report)
	f.wipe()
	if ctx.Err() != nil { // the service is stopping: nothing is decided, nobody loses a try
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.giveBack(cleanup, a.ID); err != nil {
			logger.Error("an interrupted identification stays open until the next start", "error", err)
		}
		return nil
	}
	var why *stopped
	if err != nil && !errors.As(err, &why) {
		why = &stopped{outcome: VerifierUnavailable, reason: "internal", err: err}
	}
	if why != nil {
		f.outcome, f.reason = why.outcome, why.reason
		logger.Info("identification stopped", "outcome", why.outcome, "reason", why.reason, "error", why.err)
	}
	result, err := s.commit(ctx, f)
	if err != nil {
		logger.Error("an identification cannot be stored; the attempt goes back", "error", err)
		if err := s.giveBack(context.WithoutCancel(ctx), a.ID); err != nil {
			logger.Error("an identification stays open until the next start", "error", err)
		}
		result = Identification{ID: f.id, Attempt: a.ID, At: s.Now().UTC(), Outcome: Interrupted, Reason: "storage"}
	} else {
		logger.Info("identification decided", "outcome", result.Outcome, "reason", result.Reason, "number", result.Number)
	}
	return &result
}

// seal closes the segment that holds the sample and takes the recording's head into the log.
func (s *Service) seal(ctx context.Context, a exam.Attempt, stream Stream) {
	limit, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if ctx.Err() != nil {
		return // the end of the recording will be sealed
	}
	if _, err := stream.Cut(limit); err != nil && ctx.Err() == nil {
		s.Logger.Info("the recording was not cut after an identification; its end will be sealed", "attempt", a.ID, "error", err)
	}
	if err := s.Archive.Seal(limit, a.ExamID, a.ID, false); err != nil && ctx.Err() == nil {
		s.Logger.Error("the recording's head did not enter the log", "attempt", a.ID, "error", err)
	}
}

// find takes the samples and asks the verifier, filling f.
func (s *Service) find(ctx context.Context, run *attemptRun, f *finding, stream Stream, report func(Progress)) error {
	e, err := s.Exams.Exam(ctx, f.attempt.ExamID)
	if err != nil {
		return err
	}
	f.exam = e
	tap, err := stream.Tap(ctx)
	if err != nil {
		return &stopped{Interrupted, "connection_lost", err}
	}
	defer tap.Close()

	if err := s.look(ctx, f, stream, tap, report); err != nil {
		return err
	}
	if err := s.challenge(ctx, f, e.Policy.Digits); err != nil {
		return err
	}
	report(Progress{Phase: PhaseChallenge, Challenge: f.challenge})
	if err := s.listen(ctx, run, f, stream, tap); err != nil {
		return err
	}
	if err := f.prepare(); err != nil {
		return err
	}
	report(Progress{Phase: PhaseVerifying})
	return s.ask(ctx, f)
}

// look waits for a picture worth sending and says what to change meanwhile.
func (s *Service) look(ctx context.Context, f *finding, stream Stream, tap *media.Tap, report func(Progress)) error {
	limit := time.NewTimer(s.Timing.Look)
	defer limit.Stop()
	ask := time.NewTicker(s.Timing.KeyFrame)
	defer ask.Stop()
	stream.RequestKeyFrame()
	report(Progress{Phase: PhaseLooking})
	hint := "no_picture"
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return &stopped{Quality, hint, nil}
		case <-ask.C:
			stream.RequestKeyFrame()
		case _, open := <-tap.Audio():
			if !open {
				return &stopped{Interrupted, "connection_lost", nil}
			}
		case frame, open := <-tap.Frames():
			if !open {
				return &stopped{Interrupted, "connection_lost", nil}
			}
			now, err := s.consider(ctx, f, frame)
			if err != nil {
				return err
			}
			if f.photo != nil {
				return nil
			}
			if now != hint {
				hint = now
				report(Progress{Phase: PhaseLooking, Hint: hint})
			}
		}
	}
}

// challenge makes fresh digits, no two alike side by side, and stores them.
func (s *Service) challenge(ctx context.Context, f *finding, length int) error {
	digits := make([]byte, 0, length)
	for len(digits) < length {
		n, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return fmt.Errorf("challenge: %w", err)
		}
		d := byte('0' + n.Int64())
		if len(digits) > 0 && digits[len(digits)-1] == d {
			continue
		}
		digits = append(digits, d)
	}
	now := s.Now().UTC()
	c := &Challenge{ID: uuid.New(), Digits: string(digits), ExpiresAt: now.Add(s.Timing.Challenge)}
	if _, err := s.Pool.Exec(ctx, `insert into challenge (id, attempt_id, digits, created_at, expires_at) values ($1, $2, $3, $4, $5)`,
		c.ID, f.attempt.ID, c.Digits, now, c.ExpiresAt); err != nil {
		return fmt.Errorf("store the challenge: %w", err)
	}
	f.challenge = c
	return nil
}
