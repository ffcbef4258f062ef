package load

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtp"
)

// What a publisher sends: 500 kbit/s of picture at 20 frames a second in three
// packets each, 32 kbit/s of sound; 110 packets a second.
const (
	frameEvery  = 50 * time.Millisecond
	soundEvery  = 20 * time.Millisecond
	reportEvery = time.Second
	frameSize   = 3125
	keySize     = 12000
	soundSize   = 80
	packetSize  = 1100
)

const (
	video = iota
	audio
)

// publisher sends like a browser: frames and sound in real time, a key frame
// when asked, sender reports.
type publisher struct {
	attempt uuid.UUID
	count   *counter
	tracks  [2]track
	wantKey atomic.Bool
	viewers atomic.Int64 // who see it
	write   func(media int, h *rtp.Header, payload []byte) error
	report  func(now time.Time)
}

// track remembers when its newest packets were sent.
type track struct {
	ssrc    uint32
	seq     uint16
	packets uint32
	bytes   uint32
	stamp   uint32 // RTP time of the newest packet

	mu   sync.Mutex
	sent [4096]sentPacket // by sequence number
}

type sentPacket struct {
	at  int64 // Unix nanoseconds
	seq uint16
}

// sentAt says when a packet was sent; 0 when that is forgotten.
func (t *track) sentAt(seq uint16) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.sent[seq%4096]; s.seq == seq {
		return s.at
	}
	return 0
}

// send works until ctx ends or the connection is gone.
func (p *publisher) send(ctx context.Context) {
	frame := make([]byte, keySize)
	began := time.Now().Add(rand.N(frameEvery)) // no two publishers in step
	nextFrame, nextSound, nextReport := began, began.Add(rand.N(soundEvery)), began.Add(rand.N(reportEvery))
	p.wantKey.Store(true)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := nextFrame
		if nextSound.Before(next) {
			next = nextSound
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		var err error
		if next.Equal(nextSound) {
			stamp := uint32(next.Sub(began).Seconds() * 48000)
			frame[0] = 0xf8 // CELT, 20 ms
			err = p.packet(audio, stamp, false, frame[:soundSize])
			nextSound = nextSound.Add(soundEvery)
		} else {
			err = p.frame(frame, uint32(next.Sub(began).Seconds()*90000))
			nextFrame = nextFrame.Add(frameEvery)
		}
		if err != nil {
			return
		}
		if p.report != nil && !next.Before(nextReport) {
			p.report(time.Now())
			nextReport = nextReport.Add(reportEvery)
		}
	}
}

// frame sends one VP8 frame that is right in its first ten bytes only.
func (p *publisher) frame(buf []byte, stamp uint32) error {
	size := frameSize
	buf[0] = 1
	if p.wantKey.Swap(false) {
		size = keySize
		copy(buf, []byte{0, 0, 0, 0x9d, 0x01, 0x2a})
		binary.LittleEndian.PutUint16(buf[6:], 640)
		binary.LittleEndian.PutUint16(buf[8:], 480)
		p.count.keyFrames.Add(1)
	}
	packet := make([]byte, 1+packetSize)
	for from := 0; from < size; {
		n := copy(packet[1:], buf[from:size])
		packet[0] = 0
		if from == 0 {
			packet[0] = 0x10
		}
		from += n
		if err := p.packet(video, stamp, from == size, packet[:1+n]); err != nil {
			return err
		}
	}
	return nil
}

func (p *publisher) packet(media int, stamp uint32, marker bool, payload []byte) error {
	t := &p.tracks[media]
	t.seq++
	t.packets++
	t.bytes += uint32(len(payload))
	t.stamp = stamp
	now := time.Now().UnixNano()
	t.mu.Lock()
	t.sent[t.seq%4096] = sentPacket{now, t.seq}
	t.mu.Unlock()
	p.count.sent(now, p.viewers.Load())
	h := rtp.Header{Version: 2, Marker: marker, PayloadType: [2]uint8{96, 111}[media], SequenceNumber: t.seq, Timestamp: stamp, SSRC: t.ssrc}
	return p.write(media, &h, payload)
}
