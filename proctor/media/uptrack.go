package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

const (
	receiveMTU = 1600
	// A sender whose packets are all rubbish is not read for ever.
	maxBadPackets = 5000
)

// upTrack is one track that comes in. One goroutine reads it, keeps the newest
// packets, gives each to the viewers' queues and to the recorder; it never
// waits for any of them.
type upTrack struct {
	pub    *Publisher
	media  Media
	remote *webrtc.TrackRemote
	cache  packetCache
	last   atomic.Int64 // arrival of the newest packet, Unix nanoseconds

	mu    sync.Mutex                   // orders changes of downs
	downs atomic.Pointer[[]*downTrack] // read by the reader without a lock
}

// read runs until the track ends.
func (u *upTrack) read() {
	buf := make([]byte, receiveMTU)
	payloadType := uint8(u.remote.PayloadType())
	for bad := 0; bad < maxBadPackets; {
		n, _, err := u.remote.Read(buf)
		if err != nil && n == 0 {
			return
		}
		at := u.pub.node.now()
		p, perr := parsePacket(buf[:n], payloadType, at)
		if err != nil || perr != nil { // authentic, yet not what was agreed on
			bad++
			continue
		}
		u.last.Store(at.UnixNano())
		u.cache.put(p)
		if downs := u.downs.Load(); downs != nil {
			for _, d := range *downs {
				d.viewer.queue.push(d, p)
			}
		}
		if !u.pub.node.cfg.DoNotRecord {
			u.pub.recorder.push(recorderItem{media: u.media, packet: p})
		}
	}
	u.pub.log.Warn("track given up: too many malformed packets", "media", u.media)
}

// readReports feeds the recorder with the sender's reports until the track ends.
func (u *upTrack) readReports(receiver *webrtc.RTPReceiver) {
	for bad := 0; bad < maxBadPackets; {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			if receiverEnded(err) {
				return
			}
			bad++
			continue
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == uint32(u.remote.SSRC()) && sr.NTPTime != 0 {
				u.pub.recorder.push(recorderItem{media: u.media, report: &senderReport{rtp: sr.RTPTime, ntp: fromNTP(sr.NTPTime)}})
			}
		}
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
	const since1900 = 2208988800 // seconds to the Unix epoch
	seconds := int64(t>>32) - since1900
	return time.Unix(seconds, int64((t&0xFFFFFFFF)*uint64(time.Second)>>32)).UTC()
}
