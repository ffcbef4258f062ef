package media

import (
	"context"
	"crypto/sha256"
	"sync"
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
	Between       Between
}

// Between is what came since the key frame before: the frames that need
// earlier ones, and the time. Zero when that one was lost, or none was before.
type Between struct {
	Frames, Bytes int
	Time          time.Duration
}

// AudioPacket is one Opus packet as it stands in the recording at Offset. Which
// segment that falls into is not settled yet: a key frame still under way may
// end the current one before it.
type AudioPacket struct {
	Data      []byte // shared with the recorder: read only
	Duration  time.Duration
	Recording uuid.UUID
	Offset    time.Duration // of its block in the recording, whole milliseconds
	RTPTime   uint32
	At        time.Time
}

// interval counts frames from one key frame to the next.
type interval struct {
	began  time.Duration
	counts bool // whole since began
	sum    Between
}

func (i *interval) add(b block) {
	if b.lost {
		i.counts = false
	}
	i.sum.Frames++
	i.sum.Bytes += len(b.data)
}

// end is what came before the key frame, which begins the next interval.
func (i *interval) end(key block) (sum Between) {
	if i.counts && !key.lost && key.off > i.began {
		sum = i.sum
		sum.Time = key.off - i.began
	}
	*i = interval{began: key.off, counts: true}
	return sum
}

const (
	tapFrames = 4
	tapAudio  = 1024 // packets, some 20 s
	maxTaps   = 16   // of one publisher
)

// Tap hands out what a publisher sends while it is being recorded. Its channels
// are bounded and drop the oldest; they are closed when the tap, its context or
// the publisher ends.
//
// A frame comes out before it is on disk. Cut makes it so: the segment it
// returns, or an earlier one, holds every frame that came out before the call.
type Tap struct {
	set    *tapSet
	frames chan Frame
	audio  chan AudioPacket
	unhook func() bool
}

// Frames returns the key frames.
func (t *Tap) Frames() <-chan Frame { return t.frames }

// Audio returns the Opus packets in order.
func (t *Tap) Audio() <-chan AudioPacket { return t.audio }

// Close ends the tap.
func (t *Tap) Close() {
	t.unhook()
	t.set.remove(t)
}

// Feed hands frames and sound to taps as a publisher does, from wherever they come: a test's clip, a benchmark's.
type Feed struct{ taps tapSet }

// Tap starts handing out what is fed from now on.
func (f *Feed) Tap(ctx context.Context) (*Tap, error) { return f.taps.add(ctx) }

// Frame feeds a key frame as it stands in a recording. Its hash is made here.
func (f *Feed) Frame(frame Frame) {
	frame.SHA256 = sha256.Sum256(frame.Data)
	f.taps.mu.Lock()
	defer f.taps.mu.Unlock()
	for _, t := range f.taps.taps {
		sendNewest(t.frames, frame)
	}
}

// Sound feeds an Opus packet.
func (f *Feed) Sound(p AudioPacket) {
	f.taps.mu.Lock()
	defer f.taps.mu.Unlock()
	for _, t := range f.taps.taps {
		sendNewest(t.audio, p)
	}
}

// Taps is how many there are.
func (f *Feed) Taps() int {
	f.taps.mu.Lock()
	defer f.taps.mu.Unlock()
	return len(f.taps.taps)
}

// Waiting is how many frames and packets wait in the taps to be taken.
func (f *Feed) Waiting() (n int) {
	f.taps.mu.Lock()
	defer f.taps.mu.Unlock()
	for _, t := range f.taps.taps {
		n += len(t.frames) + len(t.audio)
	}
	return n
}

// tapSet is the taps of one publisher. The recorder's goroutine sends; the lock
// keeps a channel from being closed meanwhile.
type tapSet struct {
	mu     sync.Mutex
	taps   []*Tap
	closed bool
}

func (s *tapSet) add(ctx context.Context) (*Tap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case len(s.taps) >= maxTaps:
		return nil, ErrTooMany
	}
	t := &Tap{set: s, frames: make(chan Frame, tapFrames), audio: make(chan AudioPacket, tapAudio)}
	t.unhook = context.AfterFunc(ctx, func() { s.remove(t) })
	s.taps = append(s.taps, t)
	return t, nil
}

func (s *tapSet) remove(t *Tap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.taps {
		if s.taps[i] == t {
			s.taps = append(s.taps[:i:i], s.taps[i+1:]...)
			close(t.frames)
			close(t.audio)
			return
		}
	}
}

func (s *tapSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, t := range s.taps {
		t.unhook()
		close(t.frames)
		close(t.audio)
	}
	s.taps = nil
}

func (s *tapSet) frame(recording uuid.UUID, segment int, b block, since Between) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taps) == 0 {
		return // nobody wants the hash
	}
	f := Frame{
		Data: b.data, Key: true, Width: b.width, Height: b.height, Recording: recording, Segment: segment,
		Offset: b.off, RTPTime: b.rtp, SHA256: sha256.Sum256(b.data), At: b.at, Between: since,
	}
	for _, t := range s.taps {
		sendNewest(t.frames, f)
	}
}

func (s *tapSet) sound(recording uuid.UUID, b block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.taps {
		sendNewest(t.audio, AudioPacket{
			Data: b.data, Duration: b.length, Recording: recording,
			Offset: b.off, RTPTime: b.rtp, At: b.at,
		})
	}
}

// sendNewest drops the oldest when the channel is full. There is one sender.
func sendNewest[T any](ch chan T, v T) {
	for {
		select {
		case ch <- v:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}

// Tap starts handing out key frames and audio packets.
func (p *Publisher) Tap(ctx context.Context) (*Tap, error) { return p.recorder.taps.add(ctx) }
