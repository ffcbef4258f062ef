package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ochno/proctor/exam"
	"ochno/proctor/media"
	"ochno/proctor/room"
	"ochno/proctor/vision"
)

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

// run is one identification from beginning to end. Whatever happens, the attempt does not stay identifying, unless the decision on a verdict that
// was received is left to the next start. The result is nil when the service stopped in the middle.
func (s *Service) run(ctx context.Context, run *attemptRun, f *finding, stream Stream, report func(Progress)) *Identification {
	logger := s.Logger.With("attempt", f.attempt.ID, "identification", f.id)
	err := s.find(ctx, run, f, stream, report)
	f.wipe()
	if errors.Is(err, errLater) {
		return nil
	}
	if ctx.Err() != nil && f.token == "" { // the service is stopping: nothing is decided, nobody loses a try
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.giveBack(cleanup, f.attempt); err != nil && !errors.Is(err, room.ErrNotHere) { // else the node that has the room does it
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
	ctx = context.WithoutCancel(ctx)
	result, err := s.settle(ctx, f)
	if errors.Is(err, errLater) || errors.Is(err, room.ErrNotHere) {
		return nil
	}
	if err != nil {
		logger.Error("an identification cannot be stored; the attempt goes back", "error", err)
		if err := s.giveBack(ctx, f.attempt); err != nil {
			logger.Error("an identification stays open until the next start", "error", err)
		}
		result = Identification{ID: f.id, Attempt: f.attempt.ID, Kind: f.kind, At: s.Now().UTC(), Outcome: Interrupted, Reason: "storage"}
	} else {
		logger.Info("identification decided", "kind", f.kind, "outcome", result.Outcome, "reason", result.Reason, "number", result.Number)
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
	f.modalities = f.attempt.Accommodation().Modalities(e.Policy)
	if f.silent {
		f.modalities = []exam.Modality{exam.Photo}
	}
	s.mu.Lock()
	run.voice = f.asks(exam.Sound)
	s.mu.Unlock()
	tap, err := stream.Tap(ctx)
	if err != nil {
		return &stopped{Interrupted, "connection_lost", err}
	}
	defer tap.Close()

	if err := s.look(ctx, f, stream, tap, report); err != nil {
		return err
	}
	if e.Policy.Verifier == exam.Session {
		if err := s.examine(f); err != nil {
			return err
		}
		return s.away(ctx, run, f, report)
	}
	if err := s.challenge(ctx, f, e.Policy.Digits); err != nil {
		return err
	}
	if f.asks(exam.Sound) { // without, the digits only tie the verdict to the question
		if err := s.listen(ctx, f, stream, tap, report); err != nil {
			return err
		}
	}
	err = f.prepare()
	if doubt := s.examine(f); err == nil {
		err = doubt
	}
	if err != nil {
		return err
	}
	report(Progress{Phase: PhaseVerifying})
	return s.ask(ctx, f)
}

// look waits for a picture worth sending and says what to change meanwhile. Where nothing is listened to afterwards, it stays a moment after the first
// good picture, for a better one.
func (s *Service) look(ctx context.Context, f *finding, stream Stream, tap *media.Tap, report func(Progress)) error {
	patience := s.Timing.Look
	if f.silent {
		patience = s.Timing.Glance
	}
	limit := time.NewTimer(f.time(patience))
	defer limit.Stop()
	ask := time.NewTimer(s.Timing.KeyFrame)
	defer ask.Stop()
	enough := make(<-chan time.Time)
	stream.RequestKeyFrame()
	report(Progress{Phase: PhaseLooking})
	hint := noPicture
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return nil
		case <-limit.C:
			if f.photo != nil {
				return nil
			}
			return &stopped{Quality, hint, nil}
		case <-ask.C:
			stream.RequestKeyFrame()
			ask.Reset(s.Timing.KeyFrame)
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
			ask.Reset(s.soon(now))
			if f.photo != nil && (f.listens() || s.Timing.Better == 0) {
				return nil
			}
			if f.photo != nil && hint != "" {
				hint = ""
				timer := time.NewTimer(s.Timing.Better)
				defer timer.Stop()
				enough = timer.C
				report(Progress{Phase: PhaseLooking, Hint: string(vision.HoldStill)})
			}
			if f.photo == nil && now != hint {
				hint = now
				report(Progress{Phase: PhaseLooking, Hint: hint})
			}
		}
	}
}

// listens tells whether digits are read aloud after the look: better pictures may come meanwhile.
func (f *finding) listens() bool { return f.asks(exam.Sound) && f.exam.Policy.Verifier != exam.Session }

// soon is how long after a picture the next key frame is asked for: soon when the face is there and little is wrong with it, later when
// there is nothing to see.
func (s *Service) soon(hint string) time.Duration {
	switch vision.Hint(hint) {
	case noPicture, vision.EmptyPicture, vision.NoFace:
		return 2 * s.Timing.KeyFrame
	default:
		return s.Timing.KeyFrame
	}
}
