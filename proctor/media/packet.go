package media

import (
	"bytes"
	"errors"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// packet is one RTP packet as everything behind the reader sees it: without
// header extensions and padding. It never changes once made, so it is shared
// freely.
type packet struct {
	seq     uint16
	time    uint32
	marker  bool
	payload []byte // empty for padding
	at      time.Time
}

var errForeignPayload = errors.New("payload type of another codec")

// parsePacket makes a packet of its own from the bytes of a read buffer.
func parsePacket(b []byte, payloadType uint8, at time.Time) (*packet, error) {
	var p rtp.Packet
	if err := p.Unmarshal(b); err != nil {
		return nil, err
	}
	if p.PayloadType != payloadType {
		return nil, errForeignPayload
	}
	return &packet{seq: p.SequenceNumber, time: p.Timestamp, marker: p.Marker, payload: bytes.Clone(p.Payload), at: at}, nil
}

// packetCache keeps the newest packets of one track for retransmission: one
// cache per track that comes in, however many viewers there are.
type packetCache struct {
	mu   sync.Mutex
	ring [cacheSize]*packet
}

const cacheSize = 256 // some two seconds of video

func (c *packetCache) put(p *packet) {
	c.mu.Lock()
	c.ring[p.seq%cacheSize] = p
	c.mu.Unlock()
}

func (c *packetCache) get(seq uint16) (*packet, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.ring[seq%cacheSize]
	return p, p != nil && p.seq == seq
}
