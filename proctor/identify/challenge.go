package identify

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/liveness"
	"ochno/proctor/media"
)

// Challenge is the digits a student reads aloud: fresh, made by the server, shown one by one, used once.
type Challenge struct {
	ID        uuid.UUID
	Digits    string
	ExpiresAt time.Time
}

// challenge makes fresh digits, no two alike side by side, and stores them.
func (s *Service) challenge(ctx context.Context, f *finding, length int) error {
	digits := make([]byte, 0, length)
	for len(digits) < length {
		d := byte('0' + random(10))
		if len(digits) > 0 && digits[len(digits)-1] == d {
			continue
		}
		digits = append(digits, d)
	}
	now := s.Now().UTC()
	c := &Challenge{ID: uuid.New(), Digits: string(digits), ExpiresAt: now.Add(f.time(s.Timing.Challenge))}
	if _, err := s.Pool.Exec(ctx, `insert into challenge (id, attempt_id, digits, created_at, expires_at) values ($1, $2, $3, $4, $5)`,
		c.ID, f.attempt.ID, c.Digits, now, c.ExpiresAt); err != nil {
		return fmt.Errorf("store the challenge: %w", err)
	}
	f.challenge = c
	return nil
}

// listen shows the digits and keeps what is said meanwhile, and better pictures that come. The sound has a goroutine of its own: looking at a
// picture takes long enough to lose some.
func (s *Service) listen(ctx context.Context, f *finding, stream Stream, tap *media.Tap, report func(Progress)) error {
	began, enough := s.Now(), make(chan struct{})
	heard := make(chan []media.AudioPacket, 1)
	go func() { heard <- collect(tap.Audio(), began, enough) }()
	err := s.show(ctx, f, stream, tap, report)
	close(enough)
	f.sound.packets = <-heard
	if len(f.sound.packets) > 0 {
		f.sound.recording = f.sound.packets[0].Recording
	}
	return err
}

// show tells the digits one by one, each at a moment nobody can know before, and ends when there was time to say the last. A recording made
// beforehand, or a voice that reads along from somewhere else, would have to follow them.
func (s *Service) show(ctx context.Context, f *finding, stream Stream, tap *media.Tap, report func(Progress)) error {
	report(Progress{Phase: PhaseChallenge, Challenge: f.challenge})
	next := time.NewTimer(f.time(s.Timing.GetReady) + s.waver())
	defer next.Stop()
	ask := time.NewTimer(s.Timing.KeyFrame)
	defer ask.Stop()
	resting := false // the next key frame is to show the mouth at rest
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next.C:
			if len(f.shown) == len(f.challenge.Digits) {
				return nil
			}
			f.shown = append(f.shown, s.Now())
			// The mouth that says it is to be seen, and the mouth at rest.
			resting = false
			ask.Reset(liveness.Speaking)
			report(Progress{Phase: PhaseChallenge, Challenge: f.challenge, Shown: len(f.shown)})
			if len(f.shown) == len(f.challenge.Digits) {
				next.Reset(f.time(s.Timing.LastDigit))
			} else {
				next.Reset(f.time(s.Timing.Digit) + s.waver())
			}
		case <-ask.C:
			stream.RequestKeyFrame()
			if !resting && len(f.shown) > 0 {
				resting = true
				ask.Reset(liveness.AtRest - liveness.Speaking)
			}
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

// time is how long a step of the student's takes at most: twice as long for her whose accommodation is more time.
func (f *finding) time(d time.Duration) time.Duration {
	if f.attempt.MoreMinutes > 0 {
		return 2 * d
	}
	return d
}

// waver is a random part of the time before a digit.
func (s *Service) waver() time.Duration {
	return time.Duration(random(int64(s.Timing.Waver/time.Millisecond)+1)) * time.Millisecond
}

// random is a number in [0, n) that nobody can foretell.
func random(n int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic(err) // since Go 1.24 the system's random numbers never fail
	}
	return v.Int64()
}

// shownFrom is when each digit was shown, from the moment the voice sample begins.
func (f *finding) shownFrom() []time.Duration {
	if len(f.sound.packets) == 0 {
		return nil
	}
	begins := f.sound.packets[0].At
	shown := make([]time.Duration, len(f.shown))
	for i, at := range f.shown {
		shown[i] = max(at.Sub(begins), 0)
	}
	return shown
}
