package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ErrNotStored means that the sink has not taken a segment; it waits in the
// spool and is offered again.
var ErrNotStored = errors.New("media: segment not stored yet")

const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second

	// A chain that is delivered is remembered for a while: somebody may have read
	// the rows just before its last segment got one.
	chainMemory = 10 * time.Minute
)

// chain is the sequence of segments of one recording: what the next one must
// refer to, and what the sink has not taken yet. One recorder at a time appends;
// one goroutine delivers, in order. Only names and hashes wait in memory, the
// bytes are in the spool.
type chain struct {
	id   uuid.UUID
	sink Sink
	gate *gate // of all chains of the node
	log  *slog.Logger

	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever anything below changes
	next    int           // number of the next segment
	prev    [32]byte      // hash of the one before it
	end     time.Duration // where that one ended
	queue   []Segment     // finished, not stored
	head    Head          // last stored
	stored  bool          // whether head says anything
	users   int           // recorders that may append
	over    bool          // delivery has ended
	ended   time.Time     // when it did
}

func newChain(start RecordingStart, sink Sink, gate *gate, log *slog.Logger) *chain {
	return &chain{
		id: start.ID, sink: sink, gate: gate, log: log, changed: make(chan struct{}),
		next: start.NextSegment, prev: start.PrevSHA256, end: start.Offset,
	}
}

func (c *chain) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// state returns what the next segment must refer to.
func (c *chain) state() (next int, prev [32]byte, end time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next, c.prev, c.end
}

// add queues a finished segment.
func (c *chain) add(s Segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next, c.prev, c.end = s.Number+1, s.SHA256, s.Offset+s.Duration
	c.queue = append(c.queue, s)
	c.notify()
}

// tryUse takes part in the chain unless delivery is over.
func (c *chain) tryUse() (ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
		return false, nil
	case c.users > 0:
		return false, ErrRecordingInUse
	}
	c.users++
	return true, nil
}

// leave ends a recorder's part.
func (c *chain) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.notify()
}

// wait returns the head once segment number is stored.
func (c *chain) wait(ctx context.Context, number int) (Head, error) {
	for {
		c.mu.Lock()
		head, stored, over, changed := c.head, c.stored, c.over, c.changed
		c.mu.Unlock()
		switch {
		case stored && head.Segment >= number:
			return head, nil
		case over:
			return Head{}, ErrNotStored
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Head{}, fmt.Errorf("%w: %w", ErrNotStored, ctx.Err())
		}
	}
}

// deliver hands segments to the sink until nobody can append and the queue is
// empty, or until ctx ends.
func (c *chain) deliver(ctx context.Context) {
	pause := firstRetry
	for {
		c.mu.Lock()
		if ctx.Err() != nil || (c.users == 0 && len(c.queue) == 0) {
			c.over = true
			c.notify()
			c.mu.Unlock()
			return
		}
		var s Segment
		waiting := len(c.queue) > 0
		if waiting {
			s = c.queue[0]
		}
		changed := c.changed
		c.mu.Unlock()

		if !waiting {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if c.gate.enter(ctx, s.Started) != nil {
			continue
		}
		err := c.sink.StoreSegment(ctx, s)
		c.gate.leave()
		if errors.Is(err, ErrUnwanted) {
			c.log.Info("segment of something erased removed", "recording", c.id, "segment", s.Number)
			err = nil
		}
		if err != nil {
			c.log.Warn("segment not stored, will try again", "recording", c.id, "segment", s.Number, "pause", pause, "error", err)
			sleep(ctx, pause/2+rand.N(pause))
			pause = min(2*pause, lastRetry)
			continue
		}
		pause = firstRetry
		if err := removeSegment(s.Path); err != nil {
			c.log.Warn("stored segment stays in the spool", "recording", c.id, "segment", s.Number, "error", err)
		}
		c.mu.Lock()
		c.queue = c.queue[1:]
		c.head = Head{Recording: c.id, Segment: s.Number, SHA256: s.SHA256, Offset: s.Offset + s.Duration}
		c.stored = true
		c.notify()
		c.mu.Unlock()
	}
}

// finished notes when delivery ended.
func (c *chain) finished(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = now
}

func (c *chain) endedBefore(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended.IsZero() && c.ended.Before(t) && len(c.queue) == 0
}

// pending says how many segments the sink has not taken.
func (c *chain) pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
