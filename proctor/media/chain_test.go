package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

type sinkFunc func(Segment) error

func (f sinkFunc) StoreSegment(_ context.Context, s Segment) error { return f(s) }

// TestChainRetries lets the store refuse for ten minutes: the order holds, the
// pauses grow and are bounded, nothing is lost.
func TestChainRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var stored []int
		var tries []time.Duration
		c := newChain(RecordingStart{ID: uuid.New(), NextSegment: 3}, sinkFunc(func(s Segment) error {
			tries = append(tries, time.Since(began))
			if time.Since(began) < 10*time.Minute {
				return errAway
			}
			stored = append(stored, s.Number)
			return nil
		}), newGate(1), slog.New(slog.DiscardHandler))
		c.users = 1
		done := make(chan struct{})
		go func() { defer close(done); c.deliver(t.Context()) }()

		for i := 3; i < 8; i++ {
			c.add(Segment{Number: i, Path: "/nonexistent/x.webm", Offset: time.Duration(i) * time.Second, Duration: time.Second})
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.wait(short, 4); !errors.Is(err, ErrNotStored) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("wait: %v", err)
		}
		head, err := c.wait(t.Context(), 7)
		if err != nil || head.Segment != 7 || head.Offset != 8*time.Second {
			t.Errorf("head %+v, %v", head, err)
		}
		c.leave()
		<-done
		if !slices.Equal(stored, []int{3, 4, 5, 6, 7}) {
			t.Errorf("stored %v", stored)
		}
		if len(tries) > 60 {
			t.Errorf("%d tries", len(tries))
		}
		for i := 1; i < len(tries); i++ {
			if pause := tries[i] - tries[i-1]; pause > 2*lastRetry {
				t.Errorf("a pause of %v", pause)
			}
		}
		if ok, _ := c.tryUse(); ok {
			t.Error("a chain that is over was used")
		}
		if _, err := c.wait(t.Context(), 9); !errors.Is(err, ErrNotStored) {
			t.Errorf("wait for what never comes: %v", err)
		}
	})
}

func TestChainGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain(RecordingStart{ID: uuid.New()}, sinkFunc(func(Segment) error { return errAway }), newGate(1), slog.New(slog.DiscardHandler))
		c.users = 1
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.deliver(ctx) }()
		c.add(Segment{Number: 0, Path: "/nonexistent/x.webm"})
		waited := make(chan error)
		go func() { _, err := c.wait(t.Context(), 0); waited <- err }()
		time.Sleep(time.Hour) // of the bubble's clock
		cancel()
		<-done
		if err := <-waited; !errors.Is(err, ErrNotStored) {
			t.Errorf("wait: %v", err)
		}
		if c.pending() != 1 {
			t.Errorf("%d pending", c.pending())
		}
	})
}

func TestKeyRequests(t *testing.T) {
	var sent int
	k := keyRequests{send: func() { sent++ }}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	for i, step := range []struct {
		ms   int
		do   func(time.Time)
		want int
	}{
		{0, k.request, 1},
		{100, k.request, 1}, // remembered
		{499, k.tick, 1},
		{500, k.tick, 2},
		{600, k.tick, 2},
		{700, k.request, 2},
		{800, k.arrived, 2}, // no longer needed
		{2000, k.tick, 2},
		{2100, k.request, 3},
		{2300, k.request, 3},
		{2400, func(time.Time) { k.arrived(at(2200)) }, 3}, // began to come before it was asked for again
		{2700, k.tick, 4},
		{2800, k.requestFirst, 4},
		{3019, k.tick, 4},
		{3020, k.tick, 5}, // who sees nothing yet waits less
		{3100, k.request, 5},
		{3420, k.tick, 5},
		{3520, k.tick, 6},
	} {
		if step.do(at(step.ms)); sent != step.want {
			t.Errorf("step %d: %d sent, want %d", i, sent, step.want)
		}
	}
}

func TestDispatcherKeepsOrder(t *testing.T) {
	d := newDispatcher()
	var got []int
	for i := range 100 {
		d.push(func() { got = append(got, i) })
	}
	d.finish()
	d.push(func() { t.Error("called after the end") })
	d.run()
	if len(got) != 100 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}

func TestTapDropsOldest(t *testing.T) {
	var set tapSet
	ctx, cancel := context.WithCancel(t.Context())
	tap, err := set.add(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * tapAudio {
		set.sound(uuid.New(), block{media: Audio, off: time.Duration(i)})
		set.frame(uuid.New(), 0, block{media: Video, key: true, off: time.Duration(i)}, Between{})
	}
	for i := range tapFrames {
		if f := <-tap.Frames(); int(f.Offset) != 3*tapAudio-tapFrames+i {
			t.Errorf("frame %d at %d", i, f.Offset)
		}
	}
	if a := <-tap.Audio(); int(a.Offset) != 2*tapAudio {
		t.Errorf("oldest sound at %d", a.Offset)
	}
	cancel()
	for range tap.Audio() { // ends because the context did
	}
	for range maxTaps {
		if _, err := set.add(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := set.add(t.Context()); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	set.close()
	tap.Close() // again, after the end
	if _, err := set.add(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestFromNTP(t *testing.T) {
	want := time.Date(2026, 5, 20, 9, 0, 0, 500e6, time.UTC)
	ntp := uint64(want.Unix()+2208988800)<<32 | 1<<31
	if got := fromNTP(ntp); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSegmentName(t *testing.T) {
	id := uuid.New()
	got, number, err := parseSegmentName(segmentName(id, 42))
	if err != nil || got != id || number != 42 {
		t.Errorf("%v %d %v", got, number, err)
	}
	for _, bad := range []string{"", "x", id.String(), id.String() + "-", id.String() + "-x", id.String() + "--1", fmt.Sprintf("%s_000001", id)} {
		if _, _, err := parseSegmentName(bad); !errors.Is(err, errUnreadable) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What came between two key frames is counted only when nothing of it was lost.
func TestInterval(t *testing.T) {
	var i interval
	key := func(ms int, lost bool) block {
		return block{media: Video, key: true, off: time.Duration(ms) * time.Millisecond, lost: lost}
	}
	inter := func(size int, lost bool) { i.add(block{media: Video, data: make([]byte, size), lost: lost}) }
	check := func(what string, got, want Between) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("the first", i.end(key(500, false)), Between{})
	inter(100, false)
	inter(50, false)
	check("whole", i.end(key(1500, false)), Between{Frames: 2, Bytes: 150, Time: time.Second})
	check("nothing between", i.end(key(2000, false)), Between{Time: 500 * time.Millisecond})
	inter(100, false)
	inter(100, true)
	check("one was lost", i.end(key(3000, false)), Between{})
	inter(70, false)
	check("lost before the key frame", i.end(key(4000, true)), Between{})
	inter(70, false)
	check("whole again", i.end(key(4200, false)), Between{Frames: 1, Bytes: 70, Time: 200 * time.Millisecond})
	check("time that goes back", i.end(key(100, false)), Between{})
}
