package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"ochno/proctor/media/assemble"
)

const (
	receiveMTU = 1600
	// A sender whose packets are all rubbish is not listened to for ever.
	maxBadPackets = 5000
	maxFresh      = 96 // packets since a key frame that a new viewer gets
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
	last        atomic.Int64 // arrival of the newest packet that carries something, Unix nanoseconds
	reception   reception
	level       uint8                  // number of the header extension that tells loudness; zero: none
	keys        *keyRequests           // nil for sound
	recorder    *recorder              // nil when it is not recorded at all
	key         atomic.Pointer[packet] // the newest key frame begins with it

	// Owned by take.
	packets packetMaker
	bad     int

	mu    sync.Mutex                   // orders changes of downs
	downs atomic.Pointer[[]*downTrack] // read by take without a lock
}

func newUpTrack(p *Publisher, m Media, ssrc uint32, s *mediaSection) *upTrack {
	u := &upTrack{pub: p, media: m, ssrc: ssrc, payloadType: s.payload, reception: reception{rate: videoRate}, recorder: p.recorder}
	switch m {
	case Audio:
		u.reception.rate, u.level = audioRate, s.id(extensionLevel)
	case Video:
		u.keys = &p.keys // which the recorder uses too
	case Screen:
		u.keys, u.recorder = &p.displayKeys, p.display
	default:
		u.keys = &keyRequests{send: u.sendPLI}
	}
	if p.node.cfg.DoNotRecord {
		u.recorder = nil
	}
	return u
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
	if len(payload) > 0 { // a layer that is paused may go on as padding
		u.last.Store(at.UnixNano())
	}
	if u.level != 0 {
		if e := h.GetExtension(u.level); len(e) > 0 {
			u.pub.loudness.note(e[0], at)
		}
	}
	downs, record := u.downs.Load(), u.recorded()
	if u.media == Low && !record && (downs == nil || len(*downs) == 0) {
		return // nobody wants it
	}
	p := u.packets.make(h, payload, at)
	u.repair(at)
	u.cache.put(p)
	if u.keys != nil && assemble.BeginsKeyFrame(p.payload) {
		u.key.Store(p)
	}
	if downs != nil {
		for _, d := range *downs {
			if q := d.viewer.queue; q.push(d, p) {
				u.pub.node.fanout.add(q)
			}
		}
	}
	if record {
		u.record(recorderItem{media: u.kind(), ssrc: u.ssrc, packet: p})
	}
}

// record hands an item to the recorder. The screen's gets the times of the sound
// too: with them, and the sender's reports, it keeps in step with the camera.
func (u *upTrack) record(i recorderItem) {
	u.recorder.push(i)
	if d := u.pub.display; d != nil && u.media == Audio {
		i.timing = true
		d.push(i)
	}
}

// recorded reports whether the track is what a recording holds.
func (u *upTrack) recorded() bool {
	if u.recorder == nil {
		return false
	}
	return u.media == Audio || u.pub.recorded.Load() == u || u.pub.displayed.Load() == u
}

// kind is Video or Audio.
func (u *upTrack) kind() Media {
	if u.media == Audio {
		return Audio
	}
	return Video
}

// shown is what viewers know the track as.
func (u *upTrack) shown() Media {
	if u.media == Video && u.pub.opts.Phone {
		return Phone
	}
	return u.media
}

// requestKey asks the sender for a key frame, like Publisher.RequestKeyFrame.
func (u *upTrack) requestKey() {
	if u.keys != nil {
		u.keys.request(u.pub.node.now())
	}
}

// sinceKey returns what came since a key frame that is fresh: so young that the
// next one may not be asked for yet, and so few packets that they are sent at once.
func (u *upTrack) sinceKey(now time.Time) []*packet {
	key := u.key.Load()
	if key == nil || now.Sub(key.at) >= keyInterval {
		return nil
	}
	var packets []*packet
	for seq := key.seq; ; seq++ {
		p, ok := u.cache.get(seq)
		if !ok {
			return packets
		}
		// Numbers that began again would mislead the counter of SRTP, which has seen the newer ones.
		if len(packets) == maxFresh || seq < key.seq {
			return nil
		}
		packets = append(packets, p)
	}
}

// watched reports whether anybody sees or records the track.
func (u *upTrack) watched() bool {
	downs := u.downs.Load()
	return u.recorded() || downs != nil && len(*downs) > 0
}

// repair asks the sender for lost packets of the picture when they are due.
func (u *upTrack) repair(now time.Time) {
	if u.media == Audio { // sound repairs itself
		return
	}
	if numbers := u.reception.due(now); len(numbers) > 0 {
		u.pub.sendReports(&rtcp.TransportLayerNack{MediaSSRC: u.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
	}
}

// report takes a sender report of the track's.
func (u *upTrack) report(sr *rtcp.SenderReport, at time.Time) {
	u.reception.sender(sr.NTPTime, at)
	if u.media == Screen { // one that stands still may send reports alone
		u.last.Store(at.UnixNano())
	}
	if u.recorded() {
		u.record(recorderItem{media: u.kind(), ssrc: u.ssrc, report: &senderReport{rtp: sr.RTPTime, ntp: fromNTP(sr.NTPTime), at: at}})
	}
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
