package identify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/ebsclient"
	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/liveness"
	"ochno/proctor/vision"
)

// Outcome is what an identification came to.
type Outcome string

// The outcomes. Only Match admits; NoMatch and Liveness use up a try.
const (
	Match               Outcome = "match"
	NoMatch             Outcome = "no_match"
	Quality             Outcome = "quality"              // the gate stopped it; the verifier was not asked, or could not compare
	Liveness            Outcome = "liveness"             // the verifier does not believe that a living person was there
	NotEnrolled         Outcome = "not_enrolled"         // the verifier does not know the subject
	VerifierUnavailable Outcome = "verifier_unavailable" // no answer; never a reason to admit
	VerdictRejected     Outcome = "verdict_rejected"     // an answer that must not be believed
	Interrupted         Outcome = "interrupted"          // the connection or the attempt ended in the middle
)

func (o Outcome) usesTry() bool { return o == NoMatch || o == Liveness }

// Kind tells what an identification is for.
type Kind string

// The kinds: to be let in, and again during the exam.
const (
	Admission Kind = "admission"
	Again     Kind = "again"
)

// finding is what one identification has found so far. The samples in it are overwritten by wipe.
type finding struct {
	id         uuid.UUID
	kind       Kind
	cause      Cause // of one again
	silent     bool  // the student is neither told nor asked for anything
	modalities []exam.Modality
	attempt    exam.Attempt
	exam       exam.Exam
	startedAt  time.Time
	challenge  *Challenge
	session    string      // at a verifier with a page of its own
	shown      []time.Time // when each of its digits was
	photo      *photo
	sound      sound
	quality    []vision.Component
	tracker    *vision.Tracker
	observer   liveness.Observer
	flags      []ledger.Flag // what it doubted
	jpeg       []byte

	photoSHA256, voiceSHA256, packetsSHA256 [sha256.Size]byte

	asked      bool
	evidence   *ledger.Identification // what was sent and where it came from, once it was sent
	token      string                 // what the verifier said, once it did
	receivedAt time.Time
	use        laterUse
	verdict    *ebsclient.Verdict // what it said, once it is believed
	outcome    Outcome
	reason     string
}

// asks tells whether a modality is compared.
func (f *finding) asks(m exam.Modality) bool { return slices.Contains(f.modalities, m) }

// wipe overwrites the samples. The frames and packets themselves belong to the recording.
func (f *finding) wipe() {
	if f.photo != nil && f.photo.picture != nil {
		vision.Wipe(f.photo.picture)
		f.photo.picture = nil
	}
	clear(f.jpeg)
	clear(f.sound.wav)
	f.observer.Wipe()
	f.jpeg, f.sound.wav = nil, nil
}

// errChanged says that the transaction found another outcome than the one whose record was stored: it is stored anew, and decided again.
var errChanged = errors.New("the outcome changed")

// commit stores the finding: the verdict and the record as objects first, then in one transaction the log's leaf, the decision, the single use
// of the verdict and of the challenge, and the attempt's move.
func (s *Service) commit(ctx context.Context, f *finding) (Identification, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var err error
	d := decision{finding: f, at: s.Now().UTC()}
	if f.verdict != nil {
		if d.verdict, err = s.Archive.Put(ctx, f.attempt.ID, "verdicts", "jws", []byte(f.verdict.Token)); err != nil {
			return Identification{}, fmt.Errorf("store the verdict: %w", err)
		}
	}
	// Nobody else numbers: an attempt has one identification at a time.
	if err := s.Pool.QueryRow(ctx, `select coalesce(max(number), 0) + 1 from identification where attempt_id = $1`, f.attempt.ID).Scan(&d.number); err != nil {
		return Identification{}, fmt.Errorf("number the identification: %w", err)
	}
	for range 3 {
		if d.record, err = s.Log.Prepare(f.entry(d.number, d.at, d.verdict, s.Software)); err != nil {
			return Identification{}, err
		}
		if _, err = s.Archive.Put(ctx, f.attempt.ID, "records", "json", d.record.Body); err != nil {
			return Identification{}, fmt.Errorf("store the record: %w", err)
		}
		s.step(stepStored)
		err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return s.decide(ctx, tx, d) })
		if !errors.Is(err, errChanged) {
			break
		}
	}
	if err != nil {
		return Identification{}, err
	}
	s.step(stepCommitted)
	return s.Identification(ctx, f.id)
}

// decision is a finding on its way into the database.
type decision struct {
	*finding
	number  int
	at      time.Time
	verdict string // the verdict's object
	record  ledger.Prepared
}

// turn changes the outcome; a change rolls the transaction back, because the record tells of the old one.
func (d decision) turn(outcome Outcome, reason string) error {
	if d.outcome == outcome && d.reason == reason {
		return nil
	}
	d.outcome, d.reason = outcome, reason
	return errChanged
}

func (s *Service) decide(ctx context.Context, tx pgx.Tx, d decision) error {
	if err := s.hold(ctx, tx, d.attempt.ExamID); err != nil {
		return err
	}
	if err := s.spend(ctx, tx, d); err != nil {
		return err
	}
	// The attempt's row is locked from here on, so that a person's decision of the same moment comes wholly before or wholly after.
	follow := s.admit
	if d.kind == Again {
		follow = s.goOn
	}
	after, err := follow(ctx, tx, d)
	if err != nil {
		return err
	}
	if err := s.Log.AppendPrepared(ctx, tx, d.record); err != nil {
		return err
	}
	if err := s.insert(ctx, tx, d); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from verdict_received where identification_id = $1`, d.id); err != nil {
		return fmt.Errorf("forget the received verdict: %w", err)
	}
	if err := s.Exams.RecordIn(ctx, tx, d.event(d.at)); err != nil {
		return err
	}
	for _, e := range d.flagEvents(d.doubts(), d.at) {
		if err := s.Exams.RecordIn(ctx, tx, e); err != nil {
			return err
		}
	}
	s.step(stepDeciding)
	return after()
}

// admit moves the attempt on from identifying. What it returns is to be done after the identification's own record.
func (s *Service) admit(ctx context.Context, tx pgx.Tx, d decision) (after func() error, err error) {
	m, err := s.way(ctx, tx, d)
	if err != nil {
		return nil, err
	}
	before, err := s.Exams.Move(ctx, tx, d.attempt.ID, m)
	if illegal := (*exam.IllegalMove)(nil); errors.As(err, &illegal) {
		// Terminated or expired meanwhile: what was found is evidence all the same, but it admits nobody.
		err = d.turn(Interrupted, "attempt_"+string(before.State))
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		switch m.To {
		case exam.Identified:
			return s.letIn(ctx, tx, d.attempt, d.record.ID, d.at)
		case exam.ManualIdentification:
			return s.openManual(ctx, tx, before.ID, whyOf(d.outcome), d.at)
		case exam.Terminated:
			return s.Exams.LogDecision(ctx, tx, before, account.Person{}, m)
		}
		return nil
	}, nil
}

// way is where the policy sends the attempt.
func (s *Service) way(ctx context.Context, tx pgx.Tx, d decision) (exam.Move, error) {
	m := exam.Move{From: exam.Identifying, To: exam.Ready, Reason: d.reason}
	if d.outcome == VerifierUnavailable {
		over, err := s.wait(ctx, tx, d)
		if over {
			m.To, m.Reason = exam.ManualIdentification, string(WhyOutage)
		}
		return m, err
	}
	if err := s.waitNoMore(ctx, tx, d.attempt.ID); err != nil {
		return m, err
	}
	switch {
	case d.outcome == Match:
		m.To = exam.Identified
	case d.outcome.usesTry():
		m.Tries = -1
		if d.attempt.TriesLeft > 1 {
			break
		}
		switch d.exam.Policy.OnFailure {
		case exam.Manually:
			m.To = exam.ManualIdentification
		case exam.Terminate:
			m.To, m.Reason = exam.Terminated, "identification_failed"
		case exam.ProctorDecides:
		}
	}
	return m, nil
}

// letIn moves an identified attempt to admitted, with its record, which names the record of how she was identified; where the policy leaves that to
// a proctor she stays identified.
func (s *Service) letIn(ctx context.Context, tx pgx.Tx, a exam.Attempt, on uuid.UUID, at time.Time) error {
	e, err := s.Exams.ExamIn(ctx, tx, a.ExamID)
	if err != nil || e.Policy.Admission == exam.AdmitByProctor {
		return err
	}
	return s.letInBy(ctx, tx, a, on, at, account.Person{})
}

// cameAt is when the verdict came, for one that is decided on later.
func (d decision) cameAt() time.Time {
	if d.receivedAt.IsZero() {
		return d.at
	}
	return d.receivedAt
}

// spend uses up the challenge and the verdict. Either of them used before, or a challenge too old, turns the outcome into a rejected verdict.
func (s *Service) spend(ctx context.Context, tx pgx.Tx, d decision) error {
	if d.challenge != nil {
		tag, err := tx.Exec(ctx, `update challenge set used_at = $2 where id = $1 and used_at is null and expires_at > $3`, d.challenge.ID, d.at, d.cameAt())
		if err != nil {
			return fmt.Errorf("use the challenge: %w", err)
		}
		if tag.RowsAffected() == 0 && d.finding.verdict != nil {
			return d.turn(VerdictRejected, "challenge_expired")
		}
	}
	if d.finding.verdict == nil {
		return nil
	}
	tag, err := tx.Exec(ctx, `insert into verdict_use (issuer, jti, expires_at) values ($1, $2, $3) on conflict do nothing`, d.finding.verdict.Issuer, d.use.jti, d.use.expires)
	if err != nil {
		return fmt.Errorf("use the verdict: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return d.turn(VerdictRejected, "verdict_"+string(ebsclient.ReasonReplayed))
	}
	return nil
}

func (f *finding) event(now time.Time) exam.Event {
	e := exam.Event{Attempt: f.attempt.ID, Lane: exam.LaneIdentity, Kind: "identification", At: now, Detail: map[string]any{"outcome": f.outcome, "reason": f.reason}}
	if f.kind == Again {
		e.Kind, e.Detail["cause"] = "identification_again", f.cause
	}
	e.Recording, e.OffsetMS = f.place()
	return e
}

// place is where in a recording the picture is.
func (f *finding) place() (recording uuid.UUID, ms int64) {
	if f.photo != nil {
		return f.photo.frame.Recording, f.photo.frame.Offset.Milliseconds()
	}
	if f.evidence != nil && f.evidence.Photo != nil {
		if id, err := uuid.Parse(f.evidence.Photo.Recording); err == nil {
			return id, f.evidence.Photo.OffsetMS
		}
	}
	return uuid.Nil, 0
}
