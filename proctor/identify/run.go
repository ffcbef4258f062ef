package identify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"math/big"
	"time"

	"github.com/google/uuid"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/media"
	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// Challenge is the digits a student reads aloud: fresh, made by the server, used once.
type Challenge struct {
	ID        uuid.UUID
	Digits    string
	ExpiresAt time.Time
}

// photo is the best picture so far.
type photo struct {
	picture    *image.YCbCr
	assessment vision.Assessment
	frame      media.Frame
}

// sound is what was heard, as it arrived.
type sound struct {
	packets   []media.AudioPacket
	recording uuid.UUID
	wav       []byte
	quality   voice.Quality
}

// maxPackets bounds the listening: Opus frames of 20 ms over half a minute.
const maxPackets = 1500

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

// consider decodes a key frame and keeps it when it is good and the best so far. It returns the first hint otherwise.
func (s *Service) consider(ctx context.Context, f *finding, frame media.Frame) (string, error) {
	picture, err := vision.DecodeKeyFrame(frame.Data)
	if err != nil { // rubbish from the network is no reason to stop
		return "no_picture", nil
	}
	assessment, err := s.Finder.Assess(ctx, picture)
	if err != nil {
		return "", fmt.Errorf("assess a frame: %w", err)
	}
	if !assessment.Good() {
		if f.photo == nil {
			f.quality = assessment.Components
		}
		vision.Wipe(picture)
		return string(assessment.Hints[0]), nil
	}
	if f.photo != nil {
		if f.photo.assessment.Unified >= assessment.Unified {
			vision.Wipe(picture)
			return "", nil
		}
		vision.Wipe(f.photo.picture)
	}
	f.photo = &photo{picture: picture, assessment: assessment, frame: frame}
	f.quality = assessment.Components
	return "", nil
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

// listen keeps what is said until the student has finished or the time is over, and better pictures that come meanwhile. The sound has a
// goroutine of its own: looking at a picture takes long enough to lose some.
func (s *Service) listen(ctx context.Context, run *attemptRun, f *finding, stream Stream, tap *media.Tap) error {
	began, enough := s.Now(), make(chan struct{})
	heard := make(chan []media.AudioPacket, 1)
	go func() { heard <- collect(tap.Audio(), began, enough) }()
	err := s.await(ctx, run, f, stream, tap)
	close(enough)
	f.sound.packets = <-heard
	if len(f.sound.packets) > 0 {
		f.sound.recording = f.sound.packets[0].Recording
	}
	return err
}

// collect keeps the packets since a moment, until it is enough or the stream ends.
func collect(audio <-chan media.AudioPacket, since time.Time, enough <-chan struct{}) (packets []media.AudioPacket) {
	for {
		select {
		case <-enough:
			return packets
		case p, open := <-audio:
			if !open {
				return packets
			}
			if !p.At.Before(since) && len(packets) < maxPackets {
				packets = append(packets, p)
			}
		}
	}
}

// await ends when the student has read the digits, or the time for it is over.
func (s *Service) await(ctx context.Context, run *attemptRun, f *finding, stream Stream, tap *media.Tap) error {
	limit := time.NewTimer(s.Timing.ListenMin + time.Duration(len(f.challenge.Digits))*s.Timing.PerDigit)
	defer limit.Stop()
	ask := time.NewTicker(3 * s.Timing.KeyFrame)
	defer ask.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return nil
		case id := <-run.spoken:
			if id == f.challenge.ID {
				return nil
			}
		case <-ask.C:
			stream.RequestKeyFrame()
		case frame, open := <-tap.Frames():
			if !open {
				return &stopped{Interrupted, "connection_lost", nil}
			}
			if _, err := s.consider(ctx, f, frame); err != nil {
				return err
			}
		}
	}
}

// prepare makes the samples: a JPEG of the best picture, a WAV of what was said.
func (f *finding) prepare() error {
	var err error
	if f.jpeg, err = vision.EncodeJPEG(f.photo.picture, 92); err != nil {
		return fmt.Errorf("encode the photo: %w", err)
	}
	f.photoSHA256 = sha256.Sum256(f.jpeg)

	decoder, err := voice.NewDecoder()
	if err != nil {
		return fmt.Errorf("decode the voice: %w", err)
	}
	stream := sha256.New()
	var pcm []int16
	for _, p := range f.sound.packets {
		stream.Write(p.Data)
		samples, err := decoder.Decode(p.Data)
		if err != nil {
			continue // a broken packet is a moment of silence
		}
		pcm = append(pcm, samples...)
	}
	defer clear(pcm)
	stream.Sum(f.packetsSHA256[:0])
	low := voice.Resample(pcm)
	defer clear(low)
	limits := voice.DefaultLimits()
	limits.Voiced = voice.VoicedFor(len(f.challenge.Digits))
	f.sound.quality = limits.Assess(low, voiceRate)
	if q := f.sound.quality; !q.Good() {
		return &stopped{Quality, "voice_" + string(q.Problems[0]), fmt.Errorf("%d packets, level %.0f dBFS, SNR %.0f dB, %s voiced", len(f.sound.packets), q.LevelDBFS, q.SNR, q.Voiced)}
	}
	f.sound.wav = voice.WAV(low, voiceRate)
	f.voiceSHA256 = sha256.Sum256(f.sound.wav)
	return nil
}

const voiceRate = 16000

// ask sends the samples to the verifier and checks what it signed.
func (s *Service) ask(ctx context.Context, f *finding) error {
	limit, cancel := context.WithTimeout(ctx, s.Timing.Verify)
	defer cancel()
	f.asked = true
	token, err := s.Verifier.Verify(limit, ebsclient.Request{
		ID: f.id.String(), Subject: f.attempt.OID, Session: f.id.String(), Challenge: f.challenge.Digits,
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: f.jpeg}, Voice: ebsclient.Sample{ContentType: "audio/wav", Data: f.sound.wav},
	})
	f.wipe()
	if err != nil {
		return refusal(err)
	}
	verdict, err := s.Verdicts.Check(limit, token, ebsclient.Expect{
		Subject: f.attempt.OID, Session: f.id.String(), Challenge: f.challenge.Digits, Replay: &f.use,
	})
	if err != nil {
		return refusal(err)
	}
	f.verdict = verdict
	f.outcome, f.reason = judge(verdict, f.exam.Policy)
	return nil
}

// laterUse is the checker's replay store that only notes the use: it is stored, or found to be a replay, in the transaction of the decision.
type laterUse struct {
	jti     string
	expires time.Time
}

// Use implements ebsclient.ReplayStore.
func (u *laterUse) Use(_ context.Context, jti string, expires time.Time) error {
	u.jti, u.expires = jti, expires
	return nil
}

// judge is our policy's word on a verdict that was checked.
func judge(v *ebsclient.Verdict, p exam.Policy) (Outcome, string) {
	switch {
	case !v.Liveness.Passed:
		return Liveness, "liveness_failed"
	case v.Match.Overall < p.Threshold:
		return NoMatch, "below_threshold"
	case !v.Result:
		return NoMatch, "verifier_says_no"
	}
	return Match, "match"
}

// refusal turns a verifier's error into an outcome.
func refusal(err error) error {
	var e *ebsclient.Error
	if !errors.As(err, &e) {
		return &stopped{VerifierUnavailable, "verifier_unavailable", err}
	}
	switch e.Code {
	case ebsclient.NotEnrolled:
		return &stopped{NotEnrolled, "not_enrolled", err}
	case ebsclient.LowQuality:
		return &stopped{Quality, "verifier_low_quality", err}
	case ebsclient.LivenessFailed:
		return &stopped{Liveness, "liveness_failed", err}
	case ebsclient.BrokenVerdict:
		return &stopped{VerdictRejected, "verdict_" + string(e.Reason), err}
	case ebsclient.Denied:
		return &stopped{VerifierUnavailable, "verifier_denied", err}
	default:
		return &stopped{VerifierUnavailable, "verifier_" + string(e.Code), err}
	}
}
