package media

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

const (
	maxNACKs  = 128         // resent for one RTCP packet
	beginning = time.Second // of a track that a viewer begins to see
)

// downTrack is one track on its way to one viewer. It is pion's TrackLocal.
type downTrack struct {
	viewer *Viewer
	shown
	sender *webrtc.RTPSender // set before the reader of its RTCP starts

	// Guarded by the queue.
	begun    bool   // it takes packets
	dropping bool   // the rest of a frame is dropped
	dropTime uint32 // of that frame

	mu          sync.Mutex
	id          string // of the binding
	ssrc        uint32
	payloadType uint8
	write       func(*rtp.Header, []byte) (int, error)
	packets     uint32 // sent
	octets      uint32
	newest      *packet   // the last one sent
	since       time.Time // when it could be sent first
}

// Bind is called by pion when the track's place in the connection is settled.
func (d *downTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range c.CodecParameters() {
		if codec.MimeType != d.codec().MimeType {
			continue
		}
		d.mu.Lock()
		d.id, d.ssrc, d.payloadType, d.write = c.ID(), uint32(c.SSRC()), uint8(codec.PayloadType), c.WriteStream().WriteRTP
		d.mu.Unlock()
		if d.viewer.connected.Load() { // else it begins when it is: what comes before is lost
			d.viewer.node.spawn(d.begin)
		}
		return codec, nil
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind is called by pion when the track is removed.
func (d *downTrack) Unbind(webrtc.TrackLocalContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write = nil
	return nil
}

// ID names the track in the description.
func (d *downTrack) ID() string { return string(d.as) }

// StreamID groups the tracks of one publisher. A phone's picture is no part of the
// group in which a browser keeps lips in step.
func (d *downTrack) StreamID() string {
	id := d.up.pub.opts.Attempt.String()
	if d.up.pub.opts.Phone {
		id += "-phone"
	}
	return id
}

// RID is empty: each layer is a track of its own.
func (d *downTrack) RID() string { return "" }

// Kind is pion's word for the medium.
func (d *downTrack) Kind() webrtc.RTPCodecType {
	if d.up.kind() == Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

func (d *downTrack) codec() webrtc.RTPCodecCapability {
	if d.up.media == Audio {
		return opus
	}
	return vp8
}

// send writes one packet; the viewer's writer calls it.
func (d *downTrack) send(p *packet) {
	d.mu.Lock()
	h := rtp.Header{
		Version: 2, Marker: p.marker, PayloadType: d.payloadType,
		SequenceNumber: p.seq, Timestamp: p.time, SSRC: d.ssrc,
	}
	write := d.write
	if write == nil {
		d.mu.Unlock()
		return
	}
	d.packets++
	d.octets += uint32(len(p.payload))
	d.newest = p
	d.mu.Unlock()
	if _, err := write(&h, p.payload); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		d.viewer.log.Debug("packet not sent", "error", err)
	}
}

// report makes the track's sender report; ok is false before anything was sent.
func (d *downTrack) report(now time.Time) (sr *rtcp.SenderReport, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.newest == nil || d.write == nil {
		return nil, false
	}
	rate := time.Duration(d.codec().ClockRate)
	return &rtcp.SenderReport{
		SSRC: d.ssrc, NTPTime: toNTP(now), RTPTime: d.newest.time + uint32(now.Sub(d.newest.at)*rate/time.Second),
		PacketCount: d.packets, OctetCount: d.octets,
	}, true
}

// begin lets packets through once they can be sent. The first picture is a key frame
// of a moment ago, with what came since, where there is one. The next is asked for
// in any case: the first packets of a connection may be lost, and nobody would know.
func (d *downTrack) begin() {
	if d.sender != nil {
		d.sender.Transport() // waits until pion has done what follows Bind: what is sent before is dropped
	}
	d.mu.Lock()
	bound := d.write != nil
	d.since = d.up.pub.node.now()
	d.mu.Unlock()
	if bound {
		d.viewer.queue.begin(d)
		d.wantFirstKey()
	}
}

func (d *downTrack) wantKey() { d.up.requestKey() }

func (d *downTrack) wantFirstKey() {
	if d.up.keys != nil {
		d.up.keys.requestFirst(d.up.pub.node.now())
	}
}

// lost answers a viewer who cannot show anything: one who has just come probably has
// not seen anything yet.
func (d *downTrack) lost() {
	d.mu.Lock()
	since := d.since
	d.mu.Unlock()
	if d.up.pub.node.now().Sub(since) < beginning {
		d.wantFirstKey()
	} else {
		d.wantKey()
	}
}

// readReports serves the viewer's requests until the sender stops: lost packets
// from the track's cache, key frames from the publisher.
func (d *downTrack) readReports() {
	for bad := 0; bad < maxBadPackets; {
		packets, _, err := d.sender.ReadRTCP()
		if err != nil {
			if receiverEnded(err) {
				return
			}
			bad++
			continue
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				d.lost()
			case *rtcp.TransportLayerNack:
				d.resend(p.Nacks)
			}
		}
	}
}

func (d *downTrack) resend(nacks []rtcp.NackPair) {
	left := maxNACKs
	for _, pair := range nacks {
		pair.Range(func(seq uint16) bool {
			if p, ok := d.up.cache.get(seq); ok {
				if q := d.viewer.queue; q.push(d, p) {
					d.up.pub.node.fanout.add(q)
				}
				d.viewer.queue.nudge()
			}
			left--
			return left > 0
		})
		if left <= 0 {
			return
		}
	}
}
