package media

import (
	"sync"
	"sync/atomic"
)

const (
	viewerQueue = 4096 // packets, over all tracks of a viewer: 0.7 s of 50 publishers
	sendAtOnce  = 512  // packets that the reader sends to one viewer after a batch
	popAtOnce   = 64
)

// fanout is what a node's reader does for the viewers after each batch it read:
// it sends what came for them, so that no goroutine has to wake up for it.
type fanout struct {
	mu    sync.Mutex
	dirty []*downQueue // something came for them
}

func (f *fanout) add(q *downQueue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty = append(f.dirty, q)
}

// flush sends what was pushed.
func (f *fanout) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, q := range f.dirty {
		q.flush()
	}
	clear(f.dirty)
	f.dirty = f.dirty[:0]
}

// downQueue holds what waits to be sent to one viewer. push never blocks: when
// the queue is full it drops to the end of the frame, since a frame with a hole
// is worth nothing, and asks for a key frame.
type downQueue struct {
	// direct says that sending never waits for the viewer, as on the node's
	// socket: then the reader does it. Otherwise drain's goroutine does.
	direct atomic.Bool

	mu     sync.Mutex
	ring   [viewerQueue]downItem
	head   int
	count  int
	listed bool // with the fanout
	closed bool
	wake   chan struct{} // of drain

	sending sync.Mutex // one at a time, in order
	popped  [popAtOnce]downItem
}

type downItem struct {
	track  *downTrack
	packet *packet
}

func newDownQueue() *downQueue { return &downQueue{wake: make(chan struct{}, 1)} }

// push adds a packet. It is true when nobody knows yet that there is something
// to send.
func (q *downQueue) push(d *downTrack, p *packet) (list bool) {
	q.mu.Lock()
	full := q.count == viewerQueue
	switch {
	case q.closed, !d.begun, d.dropping && p.time == d.dropTime:
		q.mu.Unlock()
		return false
	case full:
		d.dropping, d.dropTime = true, p.time
		q.mu.Unlock()
		d.wantKey()
		return false
	}
	d.dropping = false
	q.ring[(q.head+q.count)%viewerQueue] = downItem{d, p}
	q.count++
	list, q.listed = !q.listed, true
	q.mu.Unlock()
	return list
}

// begin lets a track's packets in, those since a fresh key frame before all others.
func (q *downQueue) begin(d *downTrack) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.begun = true
	packets := d.up.sinceKey(d.up.pub.node.now())
	if q.closed || q.count+len(packets) > viewerQueue {
		return
	}
	for _, p := range packets {
		q.ring[(q.head+q.count)%viewerQueue] = downItem{d, p}
		q.count++
	}
	q.nudge()
}

func (q *downQueue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *downQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.nudge()
}

// flush is called by the fanout.
func (q *downQueue) flush() {
	q.mu.Lock()
	q.listed = false
	q.mu.Unlock()
	if q.direct.Load() && q.sending.TryLock() {
		more := q.send(sendAtOnce)
		q.sending.Unlock()
		if !more {
			return
		}
	}
	q.nudge()
}

// send sends up to so many packets; more tells whether there are others.
// q.sending is held.
func (q *downQueue) send(most int) (more bool) {
	for most > 0 {
		q.mu.Lock()
		n := min(q.count, popAtOnce, most)
		if q.closed {
			n = 0
		}
		for i := range n {
			q.popped[i] = q.ring[q.head]
			q.ring[q.head] = downItem{}
			q.head = (q.head + 1) % viewerQueue
		}
		q.count -= n
		q.mu.Unlock()
		if n == 0 {
			return false
		}
		for _, i := range q.popped[:n] {
			i.track.send(i.packet)
		}
		clear(q.popped[:n])
		most -= n
	}
	return true
}

// drain sends what the reader does not, until the queue is closed.
func (q *downQueue) drain() {
	for range q.wake {
		q.sending.Lock()
		for q.send(viewerQueue) {
		}
		q.sending.Unlock()
		q.mu.Lock()
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return
		}
	}
}
