package media

import (
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

// packetMaker copies packets out of a read buffer. It carves them from pieces
// that hold many, since a room's packets are tens of thousands a second; the
// collector frees a piece when the last of its packets is forgotten.
type packetMaker struct {
	packets []packet
	bytes   []byte
}

const (
	piecePackets = 16
	pieceBytes   = 8 << 10
)

func (m *packetMaker) make(p *rtp.Packet, at time.Time) *packet {
	if len(m.packets) == 0 {
		m.packets = make([]packet, piecePackets)
	}
	n := len(p.Payload)
	if len(m.bytes) < n {
		m.bytes = make([]byte, max(pieceBytes, n))
	}
	made := &m.packets[0]
	m.packets = m.packets[1:]
	*made = packet{seq: p.SequenceNumber, time: p.Timestamp, marker: p.Marker, payload: m.bytes[:n:n], at: at}
	copy(made.payload, p.Payload)
	m.bytes = m.bytes[n:]
	return made
}

// packetCache keeps the newest packets of one track for retransmission: one
// cache per track that comes in, however many viewers there are.
type packetCache struct {
	mu   sync.Mutex
	ring [cacheSize]*packet
}

const cacheSize = 128 // some two seconds of video

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
