// Package assemble turns RTP packets into whole VP8 frames and Opus packets in
// order, and RTP times into offsets of a recording.
//
// It is pure: no I/O, no goroutines, no clock of its own; callers say when a
// packet arrived and what time it is. Everything is bounded, and packets may be
// rubbish. Video and Audio put packets in order; Clock does the times.
package assemble

import "time"

// Packet is one RTP packet without its header extensions and padding. Payload
// is kept and must not change afterwards; it is empty for padding.
type Packet struct {
	Seq     uint16
	Time    uint32
	Marker  bool
	Payload []byte
	At      time.Time // of arrival
}

// reorder is a ring of packets by sequence number, the oldest wanted one first.
type reorder struct {
	slots   []Packet
	filled  []bool
	started bool
	head    int64 // extended number of the oldest wanted packet
	top     int64 // of the newest one seen
	late    int   // packets in a row that were too old
	waiting time.Time
}

// A sender that restarts its numbering looks like an endless row of late
// packets; after this many the ring starts anew.
const resetAfterLate = 64

func newReorder(size int) reorder {
	return reorder{slots: make([]Packet, size), filled: make([]bool, size)}
}

// push stores a packet. It reports whether packets that were still wanted had
// to be given up for it.
func (r *reorder) push(p Packet, slack int64) (gaveUp bool) {
	if !r.started {
		r.started = true
		// The first packet to arrive need not be the first that was sent.
		r.top = int64(p.Seq) + 1<<32
		r.head = r.top - slack
	}
	ext := r.top + int64(int16(p.Seq-uint16(r.top)))
	if ext < r.head {
		if r.late++; r.late < resetAfterLate {
			return false
		}
		r.clear(r.top + 1)
		r.top, r.head = ext, ext-slack
		gaveUp = true
	}
	r.late = 0
	if n := int64(len(r.slots)); ext >= r.head+n {
		r.clear(ext - n + 1)
		gaveUp = true
	}
	r.top = max(r.top, ext)
	i := r.index(ext)
	if !r.filled[i] {
		r.slots[i], r.filled[i] = p, true
	}
	return gaveUp
}

// at returns the packet with an extended number, nil when it is not there.
func (r *reorder) at(ext int64) *Packet {
	if ext < r.head || ext > r.top {
		return nil
	}
	i := r.index(ext)
	if !r.filled[i] {
		return nil
	}
	return &r.slots[i]
}

// clear forgets everything before an extended number.
func (r *reorder) clear(before int64) {
	for n := min(before-r.head, int64(len(r.slots))); n > 0; n-- {
		i := r.index(before - n)
		r.slots[i], r.filled[i] = Packet{}, false
	}
	if before > r.head {
		r.head = before
		r.waiting = time.Time{}
	}
}

func (r *reorder) index(ext int64) int { return int(uint64(ext) % uint64(len(r.slots))) }

// impatient reports whether the packet that is missing now has been waited for
// long enough.
func (r *reorder) impatient(now time.Time, patience time.Duration) bool {
	if r.waiting.IsZero() {
		r.waiting = now
	}
	return now.Sub(r.waiting) >= patience
}
