package assemble

import "time"

const (
	audioWindow   = 64
	audioPatience = 100 * time.Millisecond
	audioSlack    = 4
)

// Sound is one Opus packet.
type Sound struct {
	Data     []byte
	Duration time.Duration
	Time     uint32 // RTP
	At       time.Time
	Lost     bool // packets before it are missing
}

// Audio puts Opus packets in order. A packet that does not come in time is
// skipped.
type Audio struct {
	ring    reorder
	any     bool
	skipped bool
}

// NewAudio returns an empty assembler.
func NewAudio() *Audio { return &Audio{ring: newReorder(audioWindow)} }

// Push takes one packet.
func (a *Audio) Push(p Packet) {
	if a.ring.push(p, audioSlack) {
		a.skipped = true
	}
}

// Pop returns the next packet in order, if there is one by now.
func (a *Audio) Pop(now time.Time) (Sound, bool) {
	for a.ring.started && a.ring.head <= a.ring.top {
		p := a.ring.at(a.ring.head)
		if p == nil {
			if !a.ring.impatient(now, audioPatience) {
				return Sound{}, false
			}
			next := a.ring.head + 1
			for a.ring.at(next) == nil { // ends at top, which is always there
				next++
			}
			a.ring.clear(next)
			a.skipped = true
			continue
		}
		s := Sound{Data: p.Payload, Time: p.Time, At: p.At}
		a.ring.clear(a.ring.head + 1)
		d, ok := opusDuration(s.Data)
		if !ok { // padding, or not Opus
			continue
		}
		s.Duration = d
		s.Lost = a.skipped && a.any
		a.any, a.skipped = true, false
		return s, true
	}
	return Sound{}, false
}

// opusDuration reads the table of contents of a packet (RFC 6716, 3.1).
func opusDuration(b []byte) (time.Duration, bool) {
	if len(b) == 0 {
		return 0, false
	}
	const unit = 2500 * time.Microsecond
	var frame time.Duration
	switch config := b[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [4]time.Duration{4, 8, 16, 24}[config%4] * unit
	case config < 16: // hybrid: 10, 20 ms
		frame = [2]time.Duration{4, 8}[config%2] * unit
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = unit << (config % 4)
	}
	count := time.Duration(1)
	switch b[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(b) < 2 {
			return 0, false
		}
		count = time.Duration(b[1] & 0x3f)
	}
	d := frame * count
	return d, d > 0 && d <= 120*time.Millisecond
}
