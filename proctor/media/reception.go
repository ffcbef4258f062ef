package media

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

const (
	firstNACK  = 20 * time.Millisecond // after a packet was missed: it may be late only
	secondNACK = 100 * time.Millisecond
	maxMissing = 128 // packets asked for; who lost more needs a key frame
)

// reception is what the receiver of a track owes its sender: requests for lost
// packets and reports of what came (RFC 3550, 6.4 and A.8).
type reception struct {
	rate int64 // of the RTP clock, Hz

	mu       sync.Mutex
	started  bool
	first    int64 // extended number of the first packet
	top      int64 // of the newest
	seen     window
	received int64
	missing  []missing

	expectedBefore, receivedBefore int64 // at the last report

	transit int64   // of the newest packet, in RTP time
	jitter  float64 // in RTP time
	report  uint32  // the middle of the last sender report's NTP time
	reportA time.Time
}

type missing struct {
	seq   int64
	since time.Time
	tries int
}

// packet notes an arrival. It is false for one that came before, or too late to
// tell: SRTP's protection against replay (RFC 3711, 3.3.2).
func (r *reception) packet(seq uint16, stamp uint32, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	transit := int64(stamp) - at.UnixMilli()*r.rate/1000
	if !r.started {
		r.started, r.first, r.top, r.transit = true, int64(seq), int64(seq)-1, transit
	}
	ext := r.top + int64(int16(seq-uint16(r.top)))
	if !r.seen.add(ext, r.top) {
		return false
	}
	d := float64(int32(uint32(transit) - uint32(r.transit)))
	r.transit = transit
	r.jitter += (max(d, -d) - r.jitter) / 16
	r.received++
	if ext <= r.top { // late, or asked for
		for i := range r.missing {
			if r.missing[i].seq == ext {
				r.missing = append(r.missing[:i], r.missing[i+1:]...)
				break
			}
		}
		return true
	}
	if ext-r.top > maxMissing { // a jump: nothing to repair
		r.missing = r.missing[:0]
	} else {
		for s := r.top + 1; s < ext && len(r.missing) < maxMissing; s++ {
			r.missing = append(r.missing, missing{seq: s, since: at})
		}
	}
	r.top = ext
	return true
}

// window remembers which of the newest packets came.
type window [windowSize / 64]uint64

const windowSize = 1024

// add notes a packet by its extended number, when top is the highest so far. It
// is false when it came before or is too old to tell.
func (w *window) add(ext, top int64) bool {
	if ext > top+windowSize {
		*w = window{}
	}
	for n := max(top+1, ext-windowSize+1); n <= ext; n++ {
		w[uint64(n)/64%uint64(len(w))] &^= 1 << (uint64(n) % 64)
	}
	if ext <= top-windowSize {
		return false
	}
	word, bit := &w[uint64(ext)/64%uint64(len(w))], uint64(1)<<(uint64(ext)%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// due returns the numbers to ask for now: each at most twice.
func (r *reception) due(now time.Time) (numbers []uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.missing) == 0 {
		return nil
	}
	left := r.missing[:0]
	for _, m := range r.missing {
		age := now.Sub(m.since)
		if m.tries == 0 && age >= firstNACK || m.tries == 1 && age >= secondNACK {
			m.tries++
			numbers = append(numbers, uint16(m.seq))
		}
		if m.tries < 2 {
			left = append(left, m)
		}
	}
	r.missing = left
	return numbers
}

// sender notes a sender report.
func (r *reception) sender(ntp uint64, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report, r.reportA = uint32(ntp>>16), at
}

// block makes the track's part of a receiver report.
func (r *reception) block(ssrc uint32, now time.Time) (b rtcp.ReceptionReport, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.started {
		return b, false
	}
	expected := r.top - r.first + 1
	b = rtcp.ReceptionReport{
		SSRC: ssrc, LastSequenceNumber: uint32(r.top), Jitter: uint32(r.jitter),
		TotalLost: uint32(min(max(expected-r.received, 0), 1<<24-1)),
	}
	if interval, lost := expected-r.expectedBefore, expected-r.expectedBefore-(r.received-r.receivedBefore); interval > 0 && lost > 0 {
		b.FractionLost = uint8(min(lost<<8/interval, 255))
	}
	r.expectedBefore, r.receivedBefore = expected, r.received
	if !r.reportA.IsZero() {
		b.LastSenderReport = r.report
		b.Delay = uint32(now.Sub(r.reportA) * 65536 / time.Second)
	}
	return b, true
}
