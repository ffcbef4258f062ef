package media

import (
	"encoding/binary"
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

func (m *packetMaker) make(h *rtp.Header, payload []byte, at time.Time) *packet {
	if len(m.packets) == 0 {
		m.packets = make([]packet, piecePackets)
	}
	n := len(payload)
	if len(m.bytes) < n {
		m.bytes = make([]byte, max(pieceBytes, n))
	}
	made := &m.packets[0]
	m.packets = m.packets[1:]
	*made = packet{seq: h.SequenceNumber, time: h.Timestamp, marker: h.Marker, payload: m.bytes[:n:n], at: at}
	copy(made.payload, payload)
	m.bytes = m.bytes[n:]
	return made
}

// rtpPayload returns what a packet carries: no header, no padding.
func rtpPayload(b []byte) (payload []byte, ok bool) {
	if len(b) < rtpHeader {
		return nil, false
	}
	n := rtpHeader + 4*int(b[0]&0xf)
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return nil, false
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(b[n+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 {
		end -= int(b[end-1])
	}
	if end < n || len(b) == n && b[0]&0x20 != 0 {
		return nil, false
	}
	return b[n:end], true
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
