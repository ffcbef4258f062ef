package media

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Frame is one whole encoded VP8 key frame, byte for byte as it arrived and as
// it stands in the recording at Offset.
type Frame struct {
	Data          []byte // shared with the recorder: read only
	Key           bool
	Width, Height int
	Recording     uuid.UUID
	Segment       int
	Offset        time.Duration // of its block in the recording, whole milliseconds
	RTPTime       uint32
	SHA256        [32]byte // of Data
	At            time.Time
}

// AudioPacket is one Opus packet as it stands in the recording at Offset.
type AudioPacket struct {
	Data      []byte // shared with the recorder: read only
	Recording uuid.UUID
	Segment   int
	Offset    time.Duration // of its block in the recording, whole milliseconds
	RTPTime   uint32
	At        time.Time
}

// Tap hands out what a publisher sends while it is being recorded. Its channels
// are bounded and drop the oldest; they are closed when the tap, its context or
// the publisher ends.
type Tap struct {
	frames chan Frame
	audio  chan AudioPacket
}

// Tap starts handing out key frames and audio packets.
func (p *Publisher) Tap(ctx context.Context) (*Tap, error) { return nil, ErrClosed }

// Frames returns the key frames, newest kept.
func (t *Tap) Frames() <-chan Frame { return t.frames }

// Audio returns the Opus packets in order.
func (t *Tap) Audio() <-chan AudioPacket { return t.audio }

// Close ends the tap.
func (t *Tap) Close() {}
