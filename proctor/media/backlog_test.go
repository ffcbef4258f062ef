package media

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// TestGate: so many at a time, the oldest first, whoever gives up hinders nobody.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		began := time.Now()
		for range 2 {
			if err := g.enter(t.Context(), began); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		var order []int
		var waiting sync.WaitGroup
		for _, age := range []int{3, 9, 1, 7} {
			waiting.Go(func() {
				if err := g.enter(t.Context(), began.Add(-time.Duration(age)*time.Minute)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, age)
				mu.Unlock()
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waiting.Go(func() {
			if err := g.enter(impatient, began.Add(-time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who gave up: %v", err)
			}
		})
		time.Sleep(2 * time.Second)
		if len(order) != 0 {
			t.Errorf("%v came in while it was full", order)
		}
		for range 4 {
			g.leave()
			synctest.Wait()
		}
		waiting.Wait()
		if !slices.Equal(order, []int{9, 7, 3, 1}) {
			t.Errorf("let in %v, want the oldest first", order)
		}
		g.leave()
		g.leave()
		if g.free != 2 || len(g.waiting) != 0 {
			t.Errorf("%d free, %d wait", g.free, len(g.waiting))
		}
	})
}

// TestGateGivenUpLate: who is let in at the moment she gives up passes her place on.
func TestGateGivenUpLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			g := newGate(1)
			_ = g.enter(t.Context(), time.Now())
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() { left <- g.enter(ctx, time.Now()) }()
			synctest.Wait()
			go cancel()
			go g.leave()
			if err := <-left; err == nil {
				g.leave()
			}
			synctest.Wait()
			if g.free != 1 {
				t.Fatalf("%d places, want the one", g.free)
			}
		}
	})
}

// TestBacklog: what the sink does not take is counted, and told of with the room that is left; when it takes it, all is well and nothing was lost.
func TestBacklog(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink, func(c *Config) { c.SpoolReserve = 1000 })
	free := int64(5000)
	var mu sync.Mutex
	node.free = func(dir string) (int64, error) {
		mu.Lock()
		defer mu.Unlock()
		if dir != node.spool.dir {
			return 0, errors.New("another disk")
		}
		return free, nil
	}
	worry := func() string { return node.worry(node.Backlog()) }
	if b, err := node.Backlog(); err != nil || b != (Backlog{Free: 5000}) || worry() != "" {
		t.Errorf("at rest: %+v, %v, %q", b, err, worry())
	}
	sink.setFail(errAway)
	recording := uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording, Started: time.Now()}})
	s.waitState(t, Live)
	eventually(t, "two segments wait", func() bool {
		b, err := node.Backlog()
		return err == nil && b.Segments >= 2 && b.Bytes > 1000 && time.Since(b.Oldest) < testTimeout
	})
	mu.Lock()
	free = 999
	mu.Unlock()
	if b, _ := node.Backlog(); !b.Nearly || !strings.Contains(worry(), "NEARLY FULL") {
		t.Errorf("999 bytes left of 1000: %+v, %q", b, worry())
	}
	mu.Lock()
	free = 5000
	mu.Unlock()
	b, err := node.Backlog()
	b.Oldest = b.Oldest.Add(-2 * time.Minute)
	if told := node.worry(b, err); !strings.Contains(told, "WAIT") {
		t.Errorf("two minutes later: %q", told)
	}
	sink.setFail(nil)
	eventually(t, "all are stored", func() bool {
		b, err := node.Backlog()
		return err == nil && b.Segments == 0 && b.Oldest.IsZero()
	})
	s.leave()
	closeNode(t, node)
	checkChain(t, sink, sink.of(recording))
}
