package identify_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
)

// perSecond is how many identifications begin in a second.
const perSecond = 30

// BenchmarkThirtyASecond is our own time from a good frame to the decision in the database: without the verifier's, and without the time in which
// the student reads the digits. The stand answers at once.
//
//	go test -bench ThirtyASecond -benchtime 600x ./proctor/identify
func BenchmarkThirtyASecond(b *testing.B) {
	h := newHouse(b)
	rate := newRate(b, h, h.stand, b.N)
	b.ResetTimer()
	rate.start(b)
	rate.wait(b, func() bool { return rate.ended() == b.N })
	b.StopTimer()
	slices.Sort(rate.ours)
	slices.Sort(rate.theirs)
	if rate.matched != b.N {
		b.Fatalf("%d of %d were identified", rate.matched, b.N)
	}
	b.ReportMetric(milliseconds(rate.ours[len(rate.ours)/2]), "p50-ms")
	b.ReportMetric(milliseconds(rate.ours[len(rate.ours)*99/100]), "p99-ms")
	b.ReportMetric(milliseconds(rate.theirs[len(rate.theirs)/2]), "verifier-p50-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFailingVerifier: a fifth of the calls fail, the others are answered after one to five seconds. Whoever began is identified in the end,
// once, and nobody has lost a try.
//
//	go test -bench FailingVerifier -benchtime 600x ./proctor/identify
func BenchmarkFailingVerifier(b *testing.B) {
	h := newHouse(b)
	stand, err := url.Parse(h.stand)
	must(b, err)
	proxy := httputil.NewSingleHostReverseProxy(stand)
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(1, 2))
	failed := 0
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		fails, wait := chance.Float64() < 0.2, time.Second+time.Duration(chance.Float64()*float64(4*time.Second))
		if fails {
			failed++
		}
		mu.Unlock()
		if fails {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		select {
		case <-time.After(wait):
			proxy.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	b.Cleanup(bad.Close)
	rate := newRate(b, h, bad.URL, b.N)
	b.ResetTimer()
	began := time.Now()
	rate.start(b)
	rate.wait(b, func() bool { return rate.identified() == b.N })
	b.StopTimer()
	if n := h.count(b, `select count(*) from attempt where state = 'admitted' and tries_left = $1`, exam.DefaultPolicy().Tries); n != b.N {
		b.Errorf("%d of %d are admitted with all their tries", n, b.N)
	}
	if n := h.count(b, `select count(*) from identification where outcome = 'match'`); n != b.N {
		b.Errorf("%d identifications matched, want one of each of %d", n, b.N)
	}
	b.ReportMetric(float64(b.N-rate.identified()), "lost")
	b.ReportMetric(float64(failed)/float64(b.N), "failures/op")
	b.ReportMetric(time.Since(began).Seconds(), "s")
	b.ReportMetric(0, "ns/op")
}

// rate begins identifications at an even pace and measures them.
type rate struct {
	h        *house
	service  *identify.Service
	attempts []exam.Attempt
	frame    []byte
	sound    [][]byte

	mu       sync.Mutex
	asked    map[uuid.UUID]time.Duration // the verifier's time, by identification
	ours     []time.Duration
	theirs   []time.Duration
	matched  int
	done     int
	admitted map[uuid.UUID]bool
	streams  map[uuid.UUID]*fedStream // by attempt
}

// The digits are shown at once here: what the student takes to read them is not what is measured.
const readingTime = 100 * time.Millisecond

func newRate(b *testing.B, h *house, verifier string, n int) *rate {
	r := &rate{h: h, asked: map[uuid.UUID]time.Duration{}, admitted: map[uuid.UUID]bool{}, streams: map[uuid.UUID]*fedStream{}}
	clip := studenttest.NewClip(b, studenttest.Face, studenttest.Digits)
	r.frame, r.sound = clip.KeyFrame(), clip.Sound("5381", 600*time.Millisecond)
	push, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: verifier, System: "OCHNO", Token: "token", PerSecond: 100, Logger: slog.New(slog.DiscardHandler),
	})
	must(b, err)
	cfg := h.config
	cfg.Verifier, cfg.Logger = timed{push, r}, slog.New(slog.DiscardHandler)
	cfg.Timing = identify.DefaultTiming()
	cfg.Timing.GetReady, cfg.Timing.Digit, cfg.Timing.Waver, cfg.Timing.LastDigit = 0, 0, 0, readingTime
	r.service = identify.New(cfg)
	b.Cleanup(r.service.Close)
	for i := range n {
		oid := fmt.Sprint(100_001 + i)
		a := h.student(b, oid)
		h.scenario(b, oid, "match")
		r.attempts = append(r.attempts, a)
	}
	return r
}

// timed is a verifier whose time is taken.
type timed struct {
	*ebsclient.Push
	rate *rate
}

func (v timed) Verify(ctx context.Context, q ebsclient.Request) (string, error) {
	began := time.Now()
	token, err := v.Push.Verify(ctx, q)
	v.rate.mu.Lock()
	defer v.rate.mu.Unlock()
	v.rate.asked[uuid.MustParse(q.ID)] = time.Since(began)
	return token, err
}

// start begins all of them, and lets the service begin again those that wait for the verifier.
func (r *rate) start(b *testing.B) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.service.Run(ctx, r) })
	b.Cleanup(func() { stop(); running.Wait() })
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for _, a := range r.attempts {
		<-tick.C
		stream, _ := r.Stream(a.ID)
		_, err := r.service.Start(ctx, a.ID, stream, "", func(p identify.Progress) { stream.(*fedStream).progress(r, p) })
		must(b, err)
	}
}

// Stream implements [identify.Room].
func (r *rate) Stream(attempt uuid.UUID) (identify.Stream, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.streams[attempt]; s != nil {
		return s, true
	}
	start, err := r.h.archive.Begin(context.Background(), attempt, "camera")
	if err != nil {
		return nil, false
	}
	s := &fedStream{rate: r, recording: start.ID}
	r.streams[attempt] = s
	return s, true
}

// Tell implements [identify.Room]: those that the service began by itself are not timed, only counted.
func (r *rate) Tell(a exam.Attempt, p identify.Progress) {
	if p.Phase == identify.PhaseChallenge {
		r.mu.Lock()
		s := r.streams[a.ID]
		r.mu.Unlock()
		s.progress(r, p)
	}
	if p.Phase == identify.PhaseDone && p.Result.Outcome == identify.Match {
		r.mu.Lock()
		r.admitted[a.ID] = true
		r.mu.Unlock()
	}
}

func (r *rate) ended() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

func (r *rate) identified() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.admitted)
}

func (r *rate) wait(b *testing.B, until func() bool) {
	limit := time.Now().Add(3 * time.Minute)
	for !until() {
		if time.Now().After(limit) {
			b.Fatalf("%d of %d ended, %d identified", r.ended(), len(r.attempts), r.identified())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// fedStream is a student's stream whose frames and sound come when they are wanted.
type fedStream struct {
	rate      *rate
	recording uuid.UUID
	feed      media.Feed
	good      time.Time // when the good frame came
}

func (s *fedStream) Tap(ctx context.Context) (*media.Tap, error) { return s.feed.Tap(ctx) }

func (s *fedStream) RequestKeyFrame() {
	if s.good.IsZero() {
		s.good = time.Now()
	}
	s.feed.Frame(media.Frame{Data: s.rate.frame, Key: true, Width: 640, Height: 480, Recording: s.recording, At: time.Now()})
}

func (s *fedStream) Cut(context.Context) (media.Head, error) { return media.Head{}, nil }

// progress says the digits when they are asked for, and takes the time at the end.
func (s *fedStream) progress(r *rate, p identify.Progress) {
	switch {
	case p.Phase == identify.PhaseChallenge && p.Shown == 1:
		now := time.Now()
		for i, data := range r.sound {
			at := time.Duration(i) * 20 * time.Millisecond
			s.feed.Sound(media.AudioPacket{Data: data, Duration: 20 * time.Millisecond, Recording: s.recording, Offset: at, At: now})
		}
	case p.Phase == identify.PhaseDone:
		took := time.Since(s.good)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done++
		theirs := r.asked[p.Result.ID]
		r.ours, r.theirs = append(r.ours, took-theirs-readingTime), append(r.theirs, theirs)
		if p.Result.Outcome == identify.Match {
			r.matched++
			r.admitted[p.Result.Attempt] = true
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
