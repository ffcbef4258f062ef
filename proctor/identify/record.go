package identify

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

func examRef(a exam.Attempt) ledger.ExamRef {
	return ledger.ExamRef{Code: a.ExamCode, Title: a.ExamTitle, Group: a.Group}
}

// draft is the record as far as it is known before the verifier answers: what was in force, what was sent, and where it came from.
func (f *finding) draft(software string) ledger.Identification {
	d := ledger.Identification{
		Exam: examRef(f.attempt), StartedAt: f.startedAt, Policy: inForce(f.exam.Policy, f.modalities), Request: f.id.String(), Software: software,
	}
	d.Policy.Accommodated = f.accommodated()
	if f.kind == Again {
		d.Kind, d.Cause = string(Again), string(f.cause)
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
	if f.asked && f.photo != nil {
		d.Photo = &ledger.Photo{
			Recording: f.photo.frame.Recording.String(), OffsetMS: f.photo.frame.Offset.Milliseconds(),
			FrameSHA256: hex.EncodeToString(f.photo.frame.SHA256[:]), SHA256: hex.EncodeToString(f.photoSHA256[:]),
		}
	}
	if f.asked && len(f.sound.packets) > 0 {
		from, to := f.sound.span()
		d.Voice = &ledger.Voice{
			Recording: f.sound.recording.String(), FromMS: from, ToMS: to,
			PacketsSHA256: hex.EncodeToString(f.packetsSHA256[:]), SHA256: hex.EncodeToString(f.voiceSHA256[:]),
			VoicedMS: f.sound.quality.Voiced.Milliseconds(), SNR: int(f.sound.quality.SNR), LevelDBFS: int(f.sound.quality.LevelDBFS),
			ShownMS: milliseconds(f.shownFrom(), from), Codec: "opus", BitRate: f.sound.bitRate(),
		}
	}
	for _, c := range f.quality {
		d.Quality = append(d.Quality, ledger.Measure{Name: c.Name, Value: c.Value})
	}
	d.Flags = f.flags
	return d
}

// accommodated tells whether the voice would have been compared, were it not for the student's accommodation.
func (f *finding) accommodated() bool {
	return f.attempt.NoVoice && !f.silent && !f.asks(exam.Sound) && f.exam.Policy.Asks(exam.Sound)
}

// doubts are the flags as the record has them: of a verdict that is decided on later they come from its evidence.
func (f *finding) doubts() []ledger.Flag {
	if f.evidence != nil {
		return f.evidence.Flags
	}
	return f.flags
}

// entry is the identification as the log keeps it.
func (f *finding) entry(number int, now time.Time, object, software string) ledger.Entry {
	var d ledger.Identification
	if f.evidence != nil {
		d = *f.evidence
	} else {
		d = f.draft(software)
	}
	d.Number, d.Outcome, d.Reason = number, string(f.outcome), f.reason
	if v := f.verdict; v != nil {
		d.Scores = &ledger.Scores{Overall: v.Match.Overall, Photo: v.Match.Photo}
		if f.asks(exam.Sound) {
			d.Scores.Sound = &v.Match.Sound
		}
		d.Liveness = &v.Liveness.Score
		d.Verdict = &ledger.Verdict{ID: v.ID, Issuer: v.Issuer, JWS: v.Token, Object: object, Engine: v.Engine, ReceivedAt: utc(&f.receivedAt)}
	}
	return ledger.Entry{
		Type: ledger.TypeIdentification, At: now, Exam: f.attempt.ExamID, Attempt: f.attempt.ID, Person: f.attempt.PersonID, Outcome: string(f.outcome),
		Data: d, Personal: map[string]string{"student": f.attempt.Student, "oid": f.attempt.OID},
	}
}

// inForce is the policy as the log keeps it.
func inForce(p exam.Policy, modalities []exam.Modality) ledger.Policy {
	out := ledger.Policy{
		Threshold: p.Threshold, Tries: p.Tries, PhotoThreshold: p.PhotoThreshold, Verifier: string(p.Verifier),
	}
	for _, m := range modalities {
		out.Modalities = append(out.Modalities, string(m))
		if m == exam.Sound {
			out.SoundThreshold = p.SoundThreshold
		}
		if m == exam.Sound && p.Verifier == exam.Push {
			out.Digits = p.Digits
		}
	}
	return out
}

// bitRate is that of the packets, in bits a second.
func (s sound) bitRate() int {
	from, to := s.span()
	bytes := 0
	for _, p := range s.packets {
		bytes += len(p.Data)
	}
	return bytes * 8 * 1000 / int(max(to-from, 1))
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
	record, _ := f.entry(d.number, d.at, d.verdict, s.Software).Data.(ledger.Identification)
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
	if p := record.Photo; p != nil {
		if err := recording.UnmarshalText([]byte(p.Recording)); err != nil {
			return fmt.Errorf("the recording's id: %w", err)
		}
		frameMS, frameSHA, photoSHA = &p.OffsetMS, hash(p.FrameSHA256), hash(p.SHA256)
	}
	if v := record.Voice; v != nil {
		voiceFrom, voiceTo, voiceSHA = &v.FromMS, &v.ToMS, hash(v.SHA256)
	}
	if v := f.verdict; v != nil {
		overall, photo, lively, sound = &v.Match.Overall, &v.Match.Photo, &v.Liveness.Score, record.Scores.Sound
		verdictID, verdict, verdictKey = &v.ID, &v.Token, &d.verdict
	}
	quality := record.Quality
	if quality == nil {
		quality = []ledger.Measure{}
	}
	flags := record.Flags
	if flags == nil {
		flags = []ledger.Flag{}
	}
	_, err := tx.Exec(ctx, `insert into identification (id, attempt_id, number, challenge_id, started_at, decided_at, outcome, reason, threshold,
		overall, photo, sound, liveness, quality, recording_id, frame_ms, frame_sha256, photo_sha256, voice_from_ms, voice_to_ms, voice_sha256,
		verdict_id, verdict, verdict_key, request_id, record_id, kind, cause, flags)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`,
		f.id, f.attempt.ID, d.number, challenge, f.startedAt, d.at, f.outcome, f.reason, f.exam.Policy.Threshold,
		overall, photo, sound, lively, quality, recording, frameMS, frameSHA, photoSHA, voiceFrom, voiceTo, voiceSHA,
		verdictID, verdict, verdictKey, f.id.String(), d.record.ID, f.kind, f.cause, flags)
	if err != nil {
		return fmt.Errorf("store the identification: %w", err)
	}
	return nil
}

// hash reads one that we wrote; nil where there is none.
func hash(text string) []byte {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) == 0 {
		return nil
	}
	return sum
}

// milliseconds are moments after a beginning, itself in milliseconds.
func milliseconds(moments []time.Duration, from int64) []int64 {
	list := make([]int64, 0, len(moments))
	for _, at := range moments {
		list = append(list, from+at.Milliseconds())
	}
	return list
}
