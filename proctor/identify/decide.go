package identify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
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

// finding is what one identification has found so far. The samples in it are overwritten by wipe.
type finding struct {
	id        uuid.UUID
	attempt   exam.Attempt
	exam      exam.Exam
	startedAt time.Time
	challenge *Challenge
	session   string      // at a verifier with a page of its own
	shown     []time.Time // when each of its digits was
	photo     *photo
	sound     sound
	quality   []vision.Component
	jpeg      []byte

	photoSHA256, voiceSHA256, packetsSHA256 [sha256.Size]byte

	asked   bool
	use     laterUse
	verdict *ebsclient.Verdict
	outcome Outcome
	reason  string
}

// wipe overwrites the samples. The frames and packets themselves belong to the recording.
func (f *finding) wipe() {
	if f.photo != nil && f.photo.picture != nil {
		vision.Wipe(f.photo.picture)
		f.photo.picture = nil
	}
	clear(f.jpeg)
	clear(f.sound.wav)
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
	// Nobody else numbers: the attempt is identifying, and this is its only identification.
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
		err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return s.decide(ctx, tx, d) })
		if !errors.Is(err, errChanged) {
			break
		}
	}
	if err != nil {
		return Identification{}, err
	}
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
	if err := s.spend(ctx, tx, d); err != nil {
		return err
	}
	// The attempt's row is locked here, so that a proctor's decision of the same moment comes wholly before or wholly after.
	m := exam.Move{From: exam.Identifying, To: exam.Ready, Reason: d.reason}
	switch {
	case d.outcome == Match:
		m.To = exam.Identified
	case d.outcome.usesTry():
		m.Tries = -1
	}
	before, err := s.Exams.Move(ctx, tx, d.attempt.ID, m)
	if illegal := (*exam.IllegalMove)(nil); errors.As(err, &illegal) {
		// Terminated or expired meanwhile: what was found is evidence all the same, but it admits nobody.
		err = d.turn(Interrupted, "attempt_"+string(before.State))
	}
	if err != nil {
		return err
	}
	if err := s.Log.AppendPrepared(ctx, tx, d.record); err != nil {
		return err
	}
	if err := s.insert(ctx, tx, d); err != nil {
		return err
	}
	if err := s.Exams.RecordIn(ctx, tx, d.event(d.at)); err != nil {
		return err
	}
	if d.outcome != Match {
		return nil
	}
	if _, err := s.Exams.Move(ctx, tx, d.attempt.ID, exam.Move{To: exam.Admitted, Reason: "identified"}); err != nil {
		return err
	}
	_, err = s.Log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeAdmission, At: d.at, Exam: d.attempt.ExamID, Attempt: d.attempt.ID, Person: d.attempt.PersonID, Outcome: "admitted",
		Data:     ledger.Admission{Exam: d.ref(), Identification: d.record.ID.String()},
		Personal: map[string]string{"student": d.attempt.Student},
	})
	return err
}

// spend uses up the challenge and the verdict. Either of them used before, or a challenge too old, turns the outcome into a rejected verdict.
func (s *Service) spend(ctx context.Context, tx pgx.Tx, d decision) error {
	if d.challenge != nil {
		tag, err := tx.Exec(ctx, `update challenge set used_at = $2 where id = $1 and used_at is null and expires_at > $2`, d.challenge.ID, d.at)
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

func (f *finding) ref() ledger.ExamRef {
	return ledger.ExamRef{Code: f.exam.Code, Title: f.exam.Title, Group: f.attempt.Group}
}

// entry is the identification as the log keeps it.
func (f *finding) entry(number int, now time.Time, object, software string) ledger.Entry {
	d := ledger.Identification{
		Exam: f.ref(), Number: number, StartedAt: f.startedAt, Outcome: string(f.outcome), Reason: f.reason,
		Policy: inForce(f.exam.Policy), Request: f.id.String(), Software: software,
	}
	if f.challenge != nil {
		d.Challenge = f.challenge.ID.String()
	}
	if f.session != "" { // her picture shows who sat there; what was compared is the verifier's own
		d.Session = f.session
		d.Photo = &ledger.Photo{
			Recording: f.photo.frame.Recording.String(), OffsetMS: f.photo.frame.Offset.Milliseconds(), FrameSHA256: hex.EncodeToString(f.photo.frame.SHA256[:]),
		}
	}
	if f.asked {
		d.Photo = &ledger.Photo{
			Recording: f.photo.frame.Recording.String(), OffsetMS: f.photo.frame.Offset.Milliseconds(),
			FrameSHA256: hex.EncodeToString(f.photo.frame.SHA256[:]), SHA256: hex.EncodeToString(f.photoSHA256[:]),
		}
		from, to := f.sound.span()
		d.Voice = &ledger.Voice{
			Recording: f.sound.recording.String(), FromMS: from, ToMS: to,
			PacketsSHA256: hex.EncodeToString(f.packetsSHA256[:]), SHA256: hex.EncodeToString(f.voiceSHA256[:]),
			VoicedMS: f.sound.quality.Voiced.Milliseconds(), SNR: int(f.sound.quality.SNR), LevelDBFS: int(f.sound.quality.LevelDBFS),
			ShownMS: milliseconds(f.shownFrom(), from),
		}
	}
	for _, c := range f.quality {
		d.Quality = append(d.Quality, ledger.Measure{Name: c.Name, Value: c.Value})
	}
	if v := f.verdict; v != nil {
		d.Scores = &ledger.Scores{Overall: v.Match.Overall, Photo: v.Match.Photo, Sound: v.Match.Sound}
		d.Liveness = &v.Liveness.Score
		d.Verdict = &ledger.Verdict{ID: v.ID, Issuer: v.Issuer, JWS: v.Token, Object: object, Engine: v.Engine}
	}
	return ledger.Entry{
		Type: ledger.TypeIdentification, At: now, Exam: f.attempt.ExamID, Attempt: f.attempt.ID, Person: f.attempt.PersonID, Outcome: string(f.outcome),
		Data: d, Personal: map[string]string{"student": f.attempt.Student, "oid": f.attempt.OID},
	}
}

// inForce is the policy as the log keeps it.
func inForce(p exam.Policy) ledger.Policy {
	out := ledger.Policy{
		Threshold: p.Threshold, Tries: p.Tries, PhotoThreshold: p.PhotoThreshold, SoundThreshold: p.SoundThreshold, Digits: p.Digits, Verifier: string(p.Verifier),
	}
	for _, m := range p.Modalities {
		out.Modalities = append(out.Modalities, string(m))
	}
	return out
}

func (f *finding) event(now time.Time) exam.Event {
	e := exam.Event{Attempt: f.attempt.ID, Lane: exam.LaneIdentity, Kind: "identification", At: now, Detail: map[string]any{"outcome": f.outcome, "reason": f.reason}}
	if f.photo != nil {
		e.Recording, e.OffsetMS = f.photo.frame.Recording, f.photo.frame.Offset.Milliseconds()
	}
	return e
}

// span is the first and the last moment that was listened to, in milliseconds from the recording's start.
func (s sound) span() (from, to int64) {
	if len(s.packets) == 0 {
		return 0, 0
	}
	return s.packets[0].Offset.Milliseconds(), s.packets[len(s.packets)-1].Offset.Milliseconds()
}

func (s *Service) insert(ctx context.Context, tx pgx.Tx, d decision) error {
	f := d.finding
	var (
		challenge, recording           uuid.NullUUID
		overall, photo, sound, lively  *float64
		frameMS, voiceFrom, voiceTo    *int64
		frameSHA, photoSHA, voiceSHA   []byte
		verdictID, verdict, verdictKey *string
	)
	if f.challenge != nil {
		challenge = uuid.NullUUID{UUID: f.challenge.ID, Valid: true}
	}
	if f.session != "" {
		recording = uuid.NullUUID{UUID: f.photo.frame.Recording, Valid: true}
		at := f.photo.frame.Offset.Milliseconds()
		frameMS, frameSHA = &at, f.photo.frame.SHA256[:]
	}
	if f.asked {
		recording = uuid.NullUUID{UUID: f.photo.frame.Recording, Valid: true}
		at := f.photo.frame.Offset.Milliseconds()
		from, to := f.sound.span()
		frameMS, voiceFrom, voiceTo = &at, &from, &to
		frameSHA, photoSHA, voiceSHA = f.photo.frame.SHA256[:], f.photoSHA256[:], f.voiceSHA256[:]
	}
	if v := f.verdict; v != nil {
		overall, photo, sound, lively = &v.Match.Overall, &v.Match.Photo, &v.Match.Sound, &v.Liveness.Score
		verdictID, verdict, verdictKey = &v.ID, &v.Token, &d.verdict
	}
	quality := make([]ledger.Measure, 0, len(f.quality))
	for _, c := range f.quality {
		quality = append(quality, ledger.Measure{Name: c.Name, Value: c.Value})
	}
	_, err := tx.Exec(ctx, `insert into identification (id, attempt_id, number, challenge_id, started_at, decided_at, outcome, reason, threshold,
		overall, photo, sound, liveness, quality, recording_id, frame_ms, frame_sha256, photo_sha256, voice_from_ms, voice_to_ms, voice_sha256,
		verdict_id, verdict, verdict_key, request_id, record_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
		f.id, f.attempt.ID, d.number, challenge, f.startedAt, d.at, f.outcome, f.reason, f.exam.Policy.Threshold,
		overall, photo, sound, lively, quality, recording, frameMS, frameSHA, photoSHA, voiceFrom, voiceTo, voiceSHA,
		verdictID, verdict, verdictKey, f.id.String(), d.record.ID)
	if err != nil {
		return fmt.Errorf("store the identification: %w", err)
	}
	return nil
}

// milliseconds are moments after a beginning, itself in milliseconds.
func milliseconds(moments []time.Duration, from int64) []int64 {
	list := make([]int64, 0, len(moments))
	for _, at := range moments {
		list = append(list, from+at.Milliseconds())
	}
	return list
}
