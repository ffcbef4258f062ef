package load

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// counter counts packets that were sent within a window of time.
type counter struct {
	from, to  atomic.Int64 // Unix nanoseconds; to is 0 while the window is open
	sentCount atomic.Int64
	expected  atomic.Int64 // by viewers
	keyFrames atomic.Int64

	mu       sync.Mutex
	received int64
	latency  []int32 // microseconds
}

// edge is how far ahead the window's ends are set: when they come, sender and
// viewers have known of them for long, and count the same packets.
const edge = 100 * time.Millisecond

func (c *counter) open(now time.Time)  { c.from.Store(now.Add(edge).UnixNano()) }
func (c *counter) close(now time.Time) { c.to.Store(now.Add(edge).UnixNano()) }

func (c *counter) within(at int64) bool {
	from, to := c.from.Load(), c.to.Load()
	return from != 0 && at >= from && (to == 0 || at < to)
}

// sent counts a packet that so many viewers shall get.
func (c *counter) sent(at int64, viewers int64) {
	if c.within(at) {
		c.sentCount.Add(1)
		c.expected.Add(viewers)
	}
}

// arrival is a packet at a viewer, in Unix nanoseconds.
type arrival struct{ sent, came int64 }

func (c *counter) arrived(all []arrival) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range all {
		if c.within(a.sent) {
			c.received++
			c.latency = append(c.latency, int32(min((a.came-a.sent)/1000, math.MaxInt32)))
		}
	}
}

func (c *counter) into(r *Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Sent, r.KeyFrames = c.sentCount.Load(), c.keyFrames.Load()
	r.Expected = c.expected.Load()
	r.Lost = r.Expected - c.received
	if len(c.latency) == 0 {
		return
	}
	slices.Sort(c.latency)
	at := func(q float64) float64 { return float64(c.latency[int(q*float64(len(c.latency)-1))]) / 1000 }
	r.LatencyP50, r.LatencyP99, r.LatencyMax = at(0.5), at(0.99), at(1)
}
