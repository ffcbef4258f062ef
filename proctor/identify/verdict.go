package identify

import (
	"context"
	"errors"
	"time"

	"ochno/ebsclient"
	"ochno/proctor/exam"
)

// ask sends the samples to the verifier and makes something of what it signed.
func (s *Service) ask(ctx context.Context, f *finding) error {
	limit, cancel := context.WithTimeout(ctx, s.Timing.Verify)
	defer cancel()
	f.asked = true
	request := ebsclient.Request{
		ID: f.id.String(), Subject: f.attempt.OID, Session: f.id.String(), Challenge: f.challenge.Digits,
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: f.jpeg},
	}
	if f.asks(exam.Sound) {
		request.Shown, request.Voice = f.shownFrom(), ebsclient.Sample{ContentType: "audio/wav", Data: f.sound.wav}
	}
	s.step(stepAsking)
	token, err := s.Verifier.Verify(limit, request)
	f.wipe()
	if err != nil {
		return refusal(err)
	}
	s.answered.Store(true)
	return s.receive(ctx, f, token)
}

// expected are the modalities that are compared, in the verifier's words.
func (f *finding) expected() []ebsclient.Modality {
	out := make([]ebsclient.Modality, 0, len(f.modalities))
	for _, m := range f.modalities {
		out = append(out, ebsclient.Modality(m))
	}
	return out
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
func (f *finding) judge(v *ebsclient.Verdict) (Outcome, string) {
	p := f.exam.Policy
	switch {
	case !v.Liveness.Passed:
		return Liveness, "liveness_failed"
	case v.Match.Overall < p.Threshold && !f.asks(exam.Sound):
		return NoMatch, "photo_below_threshold"
	case v.Match.Overall < p.Threshold:
		return NoMatch, "below_threshold"
	case v.Match.Photo < p.PhotoThreshold:
		return NoMatch, "photo_below_threshold"
	case f.asks(exam.Sound) && v.Match.Sound < p.SoundThreshold:
		return NoMatch, "sound_below_threshold"
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
	case ebsclient.Cancelled, ebsclient.Repeat, ebsclient.Failed, ebsclient.Expired, ebsclient.SecretUsed:
		return &stopped{Interrupted, "session_" + string(e.Code), err}
	case ebsclient.Denied:
		return &stopped{VerifierUnavailable, "verifier_denied", err}
	default:
		return &stopped{VerifierUnavailable, "verifier_" + string(e.Code), err}
	}
}
