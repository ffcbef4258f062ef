package assemble

import (
	"slices"
	"time"
)

const (
	// How far a packet's computed offset may stray from its arrival before it is
	// put right: at once when it is absurd, else when a whole window agrees.
	absurdAhead  = time.Second
	absurdBehind = 5 * time.Second
	tolerance    = 100 * time.Millisecond
	window       = 2 * time.Second
	enough       = 10 // packets that make a window count

	// After a pause it matters whether the sender stood still or the network
	// did: a short window tells, and after a long one a standing sender is the
	// better guess at once.
	shortPause  = 500 * time.Millisecond
	longPause   = 2 * time.Second
	shortWindow = 300 * time.Millisecond
	shortEnough = 3

	maxShift = time.Second           // of video against audio; more is not a skew but a lie
	slew     = 10 * time.Millisecond // of that shift, per frame at least
	slewPart = 4                     // and of few frames in a second a quarter of the time between them

	wayReports = 16 // of which the fastest tells how long the way is
)

// Clock maps the RTP times of one track to offsets from the recording's start.
//
// The first packet's arrival anchors it; RTP times then count, so that network
// jitter does not reach the recording. A microphone that stood still, a drifting
// crystal or a lying sender show as a distance between arrival and offset, and
// move the anchor. Sender reports let the video follow the audio (Follow).
type Clock struct {
	rate    int64
	started bool
	last    uint32 // the newest RTP time
	ext     int64  // the same, unwrapped, zero at the anchor
	base    time.Duration

	newest    time.Duration // arrival
	windowEnd time.Duration
	wanted    int // packets that make the window count
	packets   int // seen in it
	minLag    time.Duration

	reports   int
	reportExt int64
	reportNTP time.Time
	firstNTP  time.Time                 // of the first report
	ways      [wayReports]time.Duration // the newest reports' arrivals less their times since the first

	shift    time.Duration
	followed time.Duration // the newest offset before its shift
}

// NewClock returns a clock for RTP times that tick at rate per second.
func NewClock(rate int) *Clock { return &Clock{rate: int64(rate)} }

// Offset returns where a packet belongs. arrival counts from the recording's
// start. Offsets are not forced to grow: packets may be out of order.
func (c *Clock) Offset(rtp uint32, arrival time.Duration) time.Duration {
	if !c.started {
		c.started = true
		c.last, c.base, c.newest = rtp, arrival, arrival
		c.openWindow(arrival, window, enough)
	}
	pause := arrival - c.newest
	c.newest = max(c.newest, arrival)
	ext := c.unwrap(rtp)
	if ext > c.ext {
		c.ext, c.last = ext, rtp
	}
	lag := arrival - c.at(ext)
	if pause >= longPause && lag > tolerance {
		c.base += lag
		lag = 0
	}
	if pause >= shortPause {
		c.openWindow(arrival, shortWindow, shortEnough)
	}
	c.packets++
	c.minLag = min(c.minLag, lag)
	switch {
	case lag < -absurdAhead || lag > absurdBehind:
		c.base += lag
		c.openWindow(arrival, shortWindow, shortEnough)
		if ext < c.ext { // RTP time went back for good
			c.ext, c.last = ext, rtp
		}
	case arrival >= c.windowEnd:
		if c.packets >= c.wanted && (c.minLag > tolerance || c.minLag < -tolerance) {
			c.base += c.minLag
		}
		c.openWindow(arrival, window, enough)
	}
	return c.at(ext)
}

// Follow is Offset with the lips in step: when sender reports of both tracks are
// known, the result moves gently to where audio captured at the same moment is.
// Without audio it moves to where the fastest of the newest reports places it.
func (c *Clock) Follow(audio *Clock, rtp uint32, arrival time.Duration) time.Duration {
	off := c.Offset(rtp, arrival)
	var target time.Duration
	switch {
	case c.reports > 0 && audio.reports > 0:
		target = audio.at(audio.reportExt) + c.reportNTP.Sub(audio.reportNTP) - c.at(c.reportExt)
	case c.reports > 0 && !audio.started: // a phone: a report is not coded, so it comes sooner than its picture
		target = slices.Min(c.ways[:min(c.reports, wayReports)]) + c.reportNTP.Sub(c.firstNTP) - c.at(c.reportExt)
	}
	if target > maxShift || target < -maxShift {
		target = 0
	}
	step := max(slew, min(off-c.followed, maxShift)/slewPart)
	c.followed = off
	c.shift += min(max(target-c.shift, -step), step)
	return off + c.shift
}

// Report takes a sender report: at ntp on the sender's clock the RTP time was
// rtp. arrival is the report's own, from the recording's start.
func (c *Clock) Report(rtp uint32, ntp time.Time, arrival time.Duration) {
	if !c.started {
		return
	}
	ext := c.unwrap(rtp)
	if d := ext - c.ext; d > 600*c.rate || d < -600*c.rate {
		return
	}
	if c.reports == 0 {
		c.firstNTP = ntp
	}
	c.ways[c.reports%wayReports] = arrival - ntp.Sub(c.firstNTP)
	c.reportExt, c.reportNTP = ext, ntp
	c.reports++
}

// NTP returns the sender's clock at an RTP time; zero before a report.
func (c *Clock) NTP(rtp uint32) time.Time {
	if c.reports == 0 {
		return time.Time{}
	}
	return c.reportNTP.Add(c.ticks(c.unwrap(rtp) - c.reportExt))
}

func (c *Clock) unwrap(rtp uint32) int64 { return c.ext + int64(int32(rtp-c.last)) }

func (c *Clock) at(ext int64) time.Duration { return c.base + c.ticks(ext) }

func (c *Clock) ticks(n int64) time.Duration {
	return time.Duration(n/c.rate)*time.Second + time.Duration(n%c.rate)*time.Second/time.Duration(c.rate)
}

func (c *Clock) openWindow(arrival, length time.Duration, wanted int) {
	c.windowEnd, c.wanted, c.packets = arrival+length, wanted, 0
	c.minLag = 1 << 62
}
