package media

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// Backlog is what waits in the spool for the sink: back-pressure, as whoever runs the service sees it.
type Backlog struct {
	Segments int
	Bytes    int64
	Oldest   time.Time // when the oldest of them began; zero: none waits
	Free     int64     // bytes left on the spool's disk
	Nearly   bool      // Free is below Config.SpoolReserve: the disk will be full soon
}

// Late says that the sink takes segments more slowly than they come: the oldest one has been waiting for over a minute since it ended. A segment's
// length is duration.
func (b Backlog) Late(now time.Time, duration time.Duration) bool {
	return !b.Oldest.IsZero() && now.Sub(b.Oldest) > lateAfter+duration
}

const (
	// DefaultSpoolReserve is what 100 students record in about a quarter of an hour.
	DefaultSpoolReserve = 5 << 30
	// uploads is how many segments are offered to the sink at a time, the oldest first: a hundred recordings that all catch up after an outage
	// would only hinder each other, and what has waited longest is what a full disk would cost first.
	uploads = 8
	// mindEvery is how often the spool is looked at; an operator is told at once, and again every so many looks.
	mindEvery = 5 * time.Second
	tellAgain = 12
	// lateAfter is how long a segment may wait before that is told.
	lateAfter = time.Minute
)

// Backlog counts.
func (n *Node) Backlog() (Backlog, error) {
	var b Backlog
	n.mu.Lock()
	for _, c := range n.chains {
		c.mu.Lock()
		for _, s := range c.queue {
			b.Segments++
			b.Bytes += s.Size
			if b.Oldest.IsZero() || s.Started.Before(b.Oldest) {
				b.Oldest = s.Started
			}
		}
		c.mu.Unlock()
	}
	n.mu.Unlock()
	free, err := n.free(n.spool.dir)
	if err != nil {
		return b, fmt.Errorf("media: room on the spool's disk: %w", err)
	}
	b.Free, b.Nearly = free, free < n.cfg.SpoolReserve
	return b, nil
}

// freeBytes is what a process without privileges may still write in a folder.
func freeBytes(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}

// mindSpool says loudly when the spool fills up, until the node closes. Nothing is thrown away for room: on a full disk recording stops with a
// gap that names the reason, and goes on by itself.
func (n *Node) mindSpool() {
	tick := time.NewTicker(mindEvery)
	defer tick.Stop()
	var worry string
	for looks := 0; ; looks++ {
		select {
		case <-n.stop:
			return
		case <-tick.C:
		}
		b, err := n.Backlog()
		now := n.worry(b, err)
		if now != worry || now != "" && looks%tellAgain == 0 {
			if now == "" {
				n.log.Info("the spool is well again", "segments", b.Segments, "free_bytes", b.Free)
			} else {
				n.log.Error(now, "segments", b.Segments, "bytes", b.Bytes, "oldest", b.Oldest, "free_bytes", b.Free, "error", err)
			}
		}
		worry = now
	}
}

// worry is what is wrong with the spool; empty: nothing.
func (n *Node) worry(b Backlog, err error) string {
	switch {
	case err != nil:
		return "THE SPOOL CANNOT BE LOOKED AT"
	case b.Nearly:
		return "THE SPOOL'S DISK IS NEARLY FULL: recording will stop when it is; free some room, or mend the store that takes the segments"
	case b.Late(n.now(), n.cfg.SegmentDuration):
		return "RECORDINGS WAIT IN THE SPOOL: the store does not take them; they are offered again until it does"
	}
	return ""
}

// gate lets a few in at a time, the oldest of those who wait first.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter
}

type waiter struct {
	at time.Time
	in chan struct{} // closed when it is let in
}

func newGate(n int) *gate { return &gate{free: n} }

// enter waits for a place; whoever got one leaves.
func (g *gate) enter(ctx context.Context, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	w := &waiter{at: at, in: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case <-w.in:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	g.next() // it was let in meanwhile, and does not come
	return ctx.Err()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next()
}

// next lets the oldest in; g.mu is held.
func (g *gate) next() {
	oldest := -1
	for i, w := range g.waiting {
		if oldest < 0 || w.at.Before(g.waiting[oldest].at) {
			oldest = i
		}
	}
	if oldest < 0 {
		g.free++
		return
	}
	close(g.waiting[oldest].in)
	g.waiting = append(g.waiting[:oldest], g.waiting[oldest+1:]...)
}
