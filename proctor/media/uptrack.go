package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

const (
	receiveMTU = 1600
	// A sender whose packets are all rubbish is not listened to for ever.
	maxBadPackets = 5000
)

// upTrack is one track that comes in. The goroutine that decrypts its packets
// calls take, which keeps the newest ones and gives each to the viewers' queues
// and to the recorder; it never waits for any of them.
type upTrack struct {
	pub         *Publisher
	media       Media
	ssrc        uint32
	payloadType uint8
	cache       packetCache
	last        atomic.Int64 // arrival of the newest packet, Unix nanoseconds
	reception   reception

	// Owned by take.
	packets packetMaker
	bad     int

	mu    sync.Mutex                   // orders changes of downs
	downs atomic.Pointer[[]*downTrack] // read by take without a lock
}

// take handles one decrypted packet. Calls come one at a time.
func (u *upTrack) take(h *rtp.Header, b []byte, at time.Time) {
	if u.bad >= maxBadPackets {
		return
	}
	payload, ok := rtpPayload(b)
	if !ok || h.PayloadType != u.payloadType { // authentic, yet not what was agreed on
		if u.bad++; u.bad == maxBadPackets {
			u.pub.log.Warn("track given up: too many malformed packets", "media", u.media)
		}
		return
	}
	if !u.reception.packet(h.SequenceNumber, h.Timestamp, at) {
		return
	}
	p := u.packets.make(h, payload, at)
	u.last.Store(at.UnixNano())
	u.repair(at)
	u.cache.put(p)
	if downs := u.downs.Load(); downs != nil {
		for _, d := range *downs {
			if q := d.viewer.queue; q.push(d, p) {
				u.pub.node.fanout.add(q)
			}
		}
	}
	if !u.pub.node.cfg.DoNotRecord {
		u.pub.recorder.push(recorderItem{media: u.media, packet: p})
	}
}

// repair asks the sender for lost packets of the picture when they are due.
func (u *upTrack) repair(now time.Time) {
	if u.media != Video { // sound repairs itself
		return
	}
	if numbers := u.reception.due(now); len(numbers) > 0 {
		u.pub.sendReports(&rtcp.TransportLayerNack{MediaSSRC: u.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
	}
}

// report takes a sender report of the track's.
func (u *upTrack) report(sr *rtcp.SenderReport, at time.Time) {
	u.reception.sender(sr.NTPTime, at)
	u.pub.recorder.push(recorderItem{media: u.media, report: &senderReport{rtp: sr.RTPTime, ntp: fromNTP(sr.NTPTime)}})
}

func (u *upTrack) attach(d *downTrack) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var downs []*downTrack
	if old := u.downs.Load(); old != nil {
		downs = slices.Clone(*old)
	}
	downs = append(downs, d)
	u.downs.Store(&downs)
}

func (u *upTrack) detach(d *downTrack) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if old := u.downs.Load(); old != nil {
		downs := slices.DeleteFunc(slices.Clone(*old), func(o *downTrack) bool { return o == d })
		u.downs.Store(&downs)
	}
}

// silence returns how long nothing has come.
func (u *upTrack) silence(now time.Time) time.Duration {
	return now.Sub(time.Unix(0, u.last.Load()))
}

// fromNTP reads the 64-bit time of RFC 3550, 4.
func fromNTP(t uint64) time.Time {
	seconds := int64(t>>32) - since1900
	return time.Unix(seconds, int64((t&0xFFFFFFFF)*uint64(time.Second)>>32)).UTC()
}

// toNTP is its inverse.
func toNTP(t time.Time) uint64 {
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

const since1900 = 2208988800 // seconds to the Unix epoch
