package media

import (
	"errors"
	"time"

	"github.com/pion/rtp"
)

// ErrCannotHear means that the student's page does not take sound from us: it
// is not connected yet, or offered its microphone as sendonly.
var ErrCannotHear = errors.New("media: the student's page takes no sound")

// Speech is one Opus packet on its way to a student.
type Speech struct {
	Source uint32 // whose it is; Seq and Time count within one source
	Seq    uint16
	Time   uint32 // 48 kHz
	Opus   []byte
}

const maxOpus = 1275 // bytes of a packet (RFC 6716)

// speech joins what several sources say into one stream, as the student's
// browser wants it: a change of source, or a pause, is a jump in time alone.
type speech struct {
	ssrc    uint32
	payload uint8
	hears   bool

	begun  bool
	source uint32
	seq    uint16 // added to the source's
	time   uint32
	next   uint16 // number after the highest sent
	stamp  uint32 // of it
	at     time.Time
}

// negotiated takes what was agreed on for the microphone's section.
func (s *speech) negotiated(mic *mediaSection) {
	s.hears, s.payload = mic.talk, mic.payload
}

// header makes the header of a packet.
func (s *speech) header(p Speech, now time.Time) rtp.Header {
	if !s.begun || s.source != p.Source {
		gap := uint32(0)
		if s.begun {
			gap = uint32(max(now.Sub(s.at), 0) * audioRate / time.Second)
		}
		s.seq, s.time = s.next-p.Seq, s.stamp+gap-p.Time
	}
	h := rtp.Header{
		Version: 2, PayloadType: s.payload, SSRC: s.ssrc, SequenceNumber: p.Seq + s.seq, Timestamp: p.Time + s.time,
		Marker: !s.begun || s.source != p.Source,
	}
	if ahead := int16(h.SequenceNumber - s.next); !s.begun || ahead >= 0 || h.Marker {
		s.next, s.stamp, s.at = h.SequenceNumber+1, h.Timestamp, now
	}
	s.begun, s.source = true, p.Source
	return h
}

// Say sends a packet of sound to the student. It never waits.
func (p *Publisher) Say(s Speech) error {
	if len(s.Opus) == 0 || len(s.Opus) > maxOpus {
		return errors.New("media: say: not an Opus packet")
	}
	p.mu.Lock()
	defer p.mu.Unlock() // packets leave in the order of their headers
	if p.closing {
		return ErrClosed
	}
	if p.conn == nil || !p.speech.hears {
		return ErrCannotHear
	}
	h := p.speech.header(s, p.node.now())
	b, err := (&rtp.Packet{Header: h, Payload: s.Opus}).Marshal()
	if err != nil {
		return err
	}
	return p.conn.sendRTP(b)
}
