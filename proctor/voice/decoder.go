package voice

import (
	"errors"
	"fmt"
	"time"

	"gopkg.in/hraban/opus.v2"
)

// OpusRate is the sample rate of decoded Opus in Hz.
const OpusRate = 48000

const (
	// maxPacket bounds an Opus packet in bytes: six frames of the longest kind (RFC 6716, section 3.4), with room.
	maxPacket = 8 << 10
	// maxSamples is the longest packet's 120 ms.
	maxSamples = OpusRate * 120 / 1000
	// frameSamples is the usual packet's 20 ms, assumed until a packet was seen.
	frameSamples = OpusRate * 20 / 1000
	// maxConcealed is how much of a gap is filled with guessed sound; beyond it libopus has faded to silence anyway.
	maxConcealed = 100 * time.Millisecond
	// maxGap bounds how much silence one call may make.
	maxGap = 10 * time.Second
)

// ErrBadPacket says that the bytes are not an Opus packet. The decoder stays usable.
var ErrBadPacket = errors.New("voice: bad Opus packet")

// Decoder decodes one stream of Opus packets to 48 kHz mono; stereo packets are mixed down. It is not safe for concurrent use.
type Decoder struct {
	opus *opus.Decoder
	// last is the length of the last packet in samples.
	last int
	buf  []int16
}

// NewDecoder returns a decoder at the beginning of a stream.
func NewDecoder() (*Decoder, error) {
	d, err := opus.NewDecoder(OpusRate, 1)
	if err != nil {
		return nil, fmt.Errorf("voice: new Opus decoder: %w", err)
	}
	return &Decoder{opus: d, last: frameSamples, buf: make([]int16, maxSamples)}, nil
}

// Decode decodes one packet in order. The samples are the caller's. The error wraps [ErrBadPacket].
func (d *Decoder) Decode(packet []byte) ([]int16, error) {
	if len(packet) == 0 || len(packet) > maxPacket {
		return nil, fmt.Errorf("%w: %d bytes", ErrBadPacket, len(packet))
	}
	n, err := d.opus.Decode(packet, d.buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPacket, err)
	}
	d.last = n
	return d.take(n), nil
}

// Lost fills a gap of the given length before next, the packet that came after it (nil if there is none yet), so that the
// sound keeps its length: the last frame of the gap from next's own redundancy where the sender put it there, the beginning by
// libopus's concealment, silence between. Decode must be called with next afterwards. Gaps over 10 s are cut to 10 s.
func (d *Decoder) Lost(gap time.Duration, next []byte) ([]int16, error) {
	gap = min(max(gap, 0), maxGap)
	total := int(gap * OpusRate / time.Second)
	out := make([]int16, 0, total)
	defer clear(d.buf)

	redundant := 0
	if len(next) > 0 && len(next) <= maxPacket && total >= d.last {
		redundant = d.last
	}
	concealed := min(total-redundant, int(maxConcealed*OpusRate/time.Second))
	for len(out)+d.last <= concealed {
		pcm := d.buf[:d.last:d.last]
		if err := d.opus.DecodePLC(pcm); err != nil {
			return nil, fmt.Errorf("voice: conceal a loss: %w", err)
		}
		out = append(out, pcm...)
	}
	out = append(out, make([]int16, total-redundant-len(out))...)
	if redundant > 0 {
		pcm := d.buf[:redundant:redundant]
		if err := d.opus.DecodeFEC(next, pcm); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadPacket, err)
		}
		out = append(out, pcm...)
	}
	return out, nil
}

// take copies the decoded samples out and leaves none behind.
func (d *Decoder) take(n int) []int16 {
	out := make([]int16, n)
	copy(out, d.buf[:n])
	clear(d.buf[:n])
	return out
}
