package identify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/room"
)

// A verdict is stored before anything is made of it, and leaves its place in the transaction that decides on it. Whatever ends the process in
// between, the next start finds the verdict and decides, so that no verdict is asked for twice and none is lost.

// kept is all that a decision needs beside the verdict itself. Samples are not in it.
type kept struct {
	Kind       Kind                  `json:"kind"`
	Cause      Cause                 `json:"cause"`
	Silent     bool                  `json:"silent"`
	Modalities []exam.Modality       `json:"modalities"`
	Policy     exam.Policy           `json:"policy"`    // in force when the verifier was asked
	Challenge  string                `json:"challenge"` // its id, as the evidence has it
	Digits     string                `json:"digits"`
	Session    string                `json:"session"` // at a verifier with a page of its own
	Tries      int                   `json:"tries"`   // left before
	Evidence   ledger.Identification `json:"evidence"`
}

// receive keeps what the verifier said, checks it, and judges.
func (s *Service) receive(ctx context.Context, f *finding, token string) error {
	// From here on nobody who leaves or stops makes the verdict undone.
	ctx = context.WithoutCancel(ctx)
	f.token, f.receivedAt = token, s.Now().UTC()
	evidence := f.draft(s.Software)
	f.evidence = &evidence
	s.step(stepReceived)
	if err := s.keep(ctx, f); err != nil {
		// It is decided on all the same, as long as this process lives.
		s.Logger.Error("a verdict could not be kept before its decision", "attempt", f.attempt.ID, "identification", f.id, "error", err)
	}
	s.step(stepKept)
	return s.believe(ctx, f)
}

func (s *Service) keep(ctx context.Context, f *finding) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	k := kept{
		Kind: f.kind, Cause: f.cause, Silent: f.silent, Modalities: f.modalities, Session: f.session, Policy: f.exam.Policy, Tries: f.attempt.TriesLeft, Evidence: *f.evidence,
	}
	if f.challenge != nil {
		k.Challenge, k.Digits = f.challenge.ID.String(), f.challenge.Digits
	}
	_, err := s.Pool.Exec(ctx, `insert into verdict_received (identification_id, attempt_id, finding, token, received_at) values ($1, $2, $3, $4, $5)`,
		f.id, f.attempt.ID, k, f.token, f.receivedAt)
	return err
}

// believe checks the verdict that was received and judges it. Keys that cannot be had now are asked for again, for as long as the verifier itself
// would have been waited for.
func (s *Service) believe(ctx context.Context, f *finding) error {
	limit, cancel := context.WithTimeout(ctx, s.Timing.Verify)
	defer cancel()
	expect := ebsclient.Expect{
		Subject: f.attempt.OID, Modalities: f.expected(), Replay: &f.use, At: f.receivedAt,
	}
	if f.session != "" {
		expect.Session, expect.AnyChallenge = f.session, true
	} else {
		expect.Session, expect.Challenge = f.id.String(), f.challenge.Digits
	}
	for pause := 200 * time.Millisecond; ; pause *= 2 {
		verdict, err := s.Verdicts.Check(limit, f.token, expect)
		if err == nil {
			f.verdict = verdict
			f.outcome, f.reason = f.judge(verdict)
			return nil
		}
		if !errors.Is(err, ebsclient.Unavailable) {
			return refusal(err)
		}
		select {
		case <-limit.Done():
			return refusal(err)
		case <-s.life.Done():
			return fmt.Errorf("%w: %w", errLater, err)
		case <-time.After(pause):
		}
	}
}

// errLater: the verdict stays where it is kept, for the next start.
var errLater = errors.New("decided at the next start")

// settle commits a finding. One with a verdict is committed again and again until it is, or the service stops: then the verdict is kept.
func (s *Service) settle(ctx context.Context, f *finding) (Identification, error) {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		result, err := s.commit(ctx, f)
		if err == nil || f.token == "" || errors.Is(err, room.ErrNotHere) {
			return result, err
		}
		s.Logger.Error("an identification cannot be stored; its verdict is kept, and it is tried again", "attempt", f.attempt.ID, "identification", f.id, "error", err)
		select {
		case <-s.life.Done():
			return result, fmt.Errorf("%w: %w", errLater, err)
		case <-time.After(pause):
		}
	}
}

func (s *Service) finishOne(ctx context.Context, id, attempt uuid.UUID, written []byte, token string, at time.Time) error {
	var k kept
	if err := json.Unmarshal(written, &k); err != nil {
		return fmt.Errorf("read what was kept: %w", err)
	}
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		return err
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return err
	}
	a.TriesLeft, e.Policy = k.Tries, k.Policy
	f := &finding{
		id: id, kind: k.Kind, cause: k.Cause, silent: k.Silent, modalities: k.Modalities, attempt: a, exam: e, startedAt: k.Evidence.StartedAt,
		session: k.Session, asked: true, evidence: &k.Evidence, token: token, receivedAt: at.UTC(),
	}
	if k.Challenge != "" {
		c, err := uuid.Parse(k.Challenge)
		if err != nil {
			return fmt.Errorf("read what was kept: %w", err)
		}
		f.challenge = &Challenge{ID: c, Digits: k.Digits}
	}
	limit, cancel := context.WithTimeout(ctx, s.Timing.Verify)
	defer cancel()
	var why *stopped
	switch err := s.believe(limit, f); {
	case errors.As(err, &why) && why.outcome == VerifierUnavailable:
		return err // its keys: another time
	case errors.As(err, &why):
		f.outcome, f.reason = why.outcome, why.reason
	case err != nil:
		return err
	}
	result, err := s.commit(ctx, f)
	if err == nil {
		s.Logger.Info("an identification of an earlier run was decided", "attempt", attempt, "identification", id, "outcome", result.Outcome, "reason", result.Reason)
	}
	return err
}

// step tells a test that a point is reached at which the process may end.
func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// The points of an identification at which a crash makes a difference.
const (
	stepAsking    = "asking"    // before the verifier is asked
	stepReceived  = "received"  // its answer is in memory
	stepKept      = "kept"      // and stored
	stepStored    = "stored"    // the objects are stored, the transaction not begun
	stepDeciding  = "deciding"  // within the transaction
	stepCommitted = "committed" // after it
)
