package media

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media/assemble"
)

// ErrNothingRecorded is returned by Cut when nothing was recorded yet.
var ErrNothingRecorded = errors.New("media: nothing recorded yet")

const (
	recorderQueue = 2048                   // packets, some 15 s: what a stalled disk may take
	recorderTick  = 100 * time.Millisecond // between two looks at the queue
	recorderTurns = 5                      // of a node's recorders within a tick
	reportTurns   = recorderTurns * int(reportEvery/recorderTick)
	popEvery      = 16 // packets, so that a long queue does not overrun the assemblers
	videoRate     = 90000
	audioRate     = 48000
	firstKeyGrace = 300 * time.Millisecond
)

// recorder turns the packets of one publisher into frames on the recording's
// timeline, hands them to the taps and writes them into segments.
//
// One goroutine (run) owns everything below the channels. It looks at its queue
// when the node nudges it, every recorderTick, and not for each packet: waking
// up is what costs. The queue is bounded and drops when it is full, so neither a
// slow disk nor a slow sink reaches the goroutines that receive and forward; what
// was dropped looks like loss and is marked as such.
type recorder struct {
	log   *slog.Logger
	now   func() time.Time
	keys  *keyRequests
	each  func(now time.Time) // called about every recorderTick
	chain *chain
	taps  tapSet
	wake  chan struct{}
	cuts  chan chan cutReply
	stop  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	queue   []recorderItem
	dropped int

	// Owned by run.
	spare   []recorderItem // the queue's other half
	since   time.Time      // arrivals are offset from here by the monotonic clock
	origin  time.Duration
	video   *assemble.Video
	audio   *assemble.Audio
	vclock  *assemble.Clock
	aclock  *assemble.Clock
	ssrc    uint32    // of the picture
	first   time.Time // when video began to arrive
	asked   time.Time // the last key-frame request of ours
	between interval
	out     segmenter
}

// recorderItem is a packet or a sender report of one track.
type recorderItem struct {
	media  Media
	ssrc   uint32 // of a picture: another one is another stream
	timing bool   // it only tells when the sound was: another recorder has it
	packet *packet
	report *senderReport
}

// senderReport says that at ntp on the sender's clock its RTP time was rtp.
type senderReport struct {
	rtp uint32
	ntp time.Time
	at  time.Time // it arrived
}

type cutReply struct {
	number int
	err    error
}

// recorderConfig is what a recorder needs from its publisher.
type recorderConfig struct {
	log      *slog.Logger
	now      func() time.Time
	keys     *keyRequests
	each     func(now time.Time)
	spool    *spool
	chain    *chain
	room     uuid.UUID
	attempt  uuid.UUID
	started  time.Time // wall clock of offset zero
	duration time.Duration
}

func newRecorder(cfg recorderConfig) *recorder {
	now := cfg.now()
	_, _, end := cfg.chain.state()
	r := &recorder{
		log: cfg.log, now: cfg.now, keys: cfg.keys, each: cfg.each, chain: cfg.chain,
		wake: make(chan struct{}, 1),
		cuts: make(chan chan cutReply),
		stop: make(chan struct{}), done: make(chan struct{}),
		since:  now,
		origin: max(now.Sub(cfg.started), end, 0),
		video:  assemble.NewVideo(),
		audio:  assemble.NewAudio(),
		vclock: assemble.NewClock(videoRate),
		aclock: assemble.NewClock(audioRate),
	}
	r.out = newSegmenter(cfg, end)
	return r
}

// push hands over a packet or a report; it never blocks.
func (r *recorder) push(i recorderItem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) >= recorderQueue {
		r.dropped++
		return
	}
	r.queue = append(r.queue, i)
}

// nudge lets run look at the queue and the time.
func (r *recorder) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run works until end is called, then finishes the last segment.
func (r *recorder) run() {
	defer close(r.done)
	defer r.taps.close()
	defer r.chain.leave()
	for {
		select {
		case <-r.wake:
			r.work()
		case reply := <-r.cuts:
			r.cut(reply)
		case <-r.stop:
			r.work()
			r.out.finish()
			return
		}
	}
}

// work takes what is in the queue and does what is due.
func (r *recorder) work() {
	r.mu.Lock()
	items, dropped := r.queue, r.dropped
	r.queue, r.dropped = r.spare[:0], 0
	r.mu.Unlock()
	if dropped > 0 {
		r.log.Warn("recorder dropped packets", "packets", dropped)
	}
	for n, i := range items {
		r.take(i)
		if n%popEvery == popEvery-1 && i.packet != nil {
			r.pop(i.packet.at)
		}
	}
	r.spare = nil
	if cap(items) <= 8*popEvery { // what a stalled disk let grow is not kept
		clear(items)
		r.spare = items
	}
	r.tick(r.now())
}

// end stops run and waits for it. It is called once, after the last push.
func (r *recorder) end() {
	close(r.stop)
	<-r.done
}

// last returns the number of the last finished segment, once run has ended.
func (r *recorder) last() (number int, ok bool) {
	<-r.done
	return r.out.lastNumber, r.out.lastPresent
}

func (r *recorder) take(i recorderItem) {
	if i.media == Video && i.ssrc != r.ssrc {
		if i.packet == nil {
			return
		}
		r.begin(i.ssrc)
	}
	clock := r.vclock
	if i.media == Audio {
		clock = r.aclock
	}
	if i.timing && i.packet != nil {
		clock.Offset(i.packet.time, r.arrival(i.packet.at))
		return
	}
	if i.report != nil {
		clock.Report(i.report.rtp, i.report.ntp, r.arrival(i.report.at))
		return
	}
	p := assemble.Packet{Seq: i.packet.seq, Time: i.packet.time, Marker: i.packet.marker, Payload: i.packet.payload, At: i.packet.at}
	if i.media == Audio {
		r.audio.Push(p)
	} else {
		if r.first.IsZero() {
			r.first = p.At
		}
		r.video.Push(p)
	}
}

// begin goes on with another stream of pictures: another layer of the camera.
func (r *recorder) begin(ssrc uint32) {
	r.ssrc, r.first, r.between = ssrc, time.Time{}, interval{}
	r.video, r.vclock = assemble.NewVideo(), assemble.NewClock(videoRate)
}

// pop moves what is whole by now to the segmenter and the taps.
func (r *recorder) pop(now time.Time) {
	r.obey()
	for {
		f, ok := r.video.Pop(now)
		if !ok {
			break
		}
		b := block{
			media: Video, key: f.Key, data: f.Data, rtp: f.Time, at: f.At, lost: f.Lost,
			width: f.Width, height: f.Height,
			off: r.vclock.Follow(r.aclock, f.Time, r.arrival(f.At)), ntp: r.vclock.NTP(f.Time),
		}
		if !r.out.admits(&b, r.arrival(f.At)) {
			r.video.DropUntilKey()
			continue
		}
		number := r.out.put(&b, now)
		if b.key {
			r.keys.arrived(f.At)
			r.taps.frame(r.chain.id, number, b, r.between.end(b))
		} else {
			r.between.add(b)
		}
	}
	for {
		s, ok := r.audio.Pop(now)
		if !ok {
			break
		}
		b := block{
			media: Audio, key: true, data: s.Data, rtp: s.Time, at: s.At, lost: s.Lost, length: s.Duration,
			off: r.aclock.Offset(s.Time, r.arrival(s.At)), ntp: r.aclock.NTP(s.Time),
		}
		if !r.out.admits(&b, r.arrival(s.At)) {
			continue
		}
		r.out.put(&b, now)
		r.taps.sound(r.chain.id, b)
	}
	r.obey()
	r.out.advance(now)
	r.wantKey(now)
}

// obey lets the video go on at a key frame when the segmenter said so.
func (r *recorder) obey() {
	if r.out.dropVideo {
		r.out.dropVideo = false
		r.video.DropUntilKey()
	}
}

// wantKey asks for a key frame when the picture cannot go on without one, or
// when a segment or a cut waits for one.
func (r *recorder) wantKey(now time.Time) {
	if now.Sub(r.asked) < time.Second {
		return
	}
	// The first frame is a key frame anyway: give it a moment to arrive.
	stuck := r.video.NeedKey() && !r.first.IsZero() && now.Sub(r.first) >= firstKeyGrace
	if stuck || r.out.wantsKey(r.arrival(now)) {
		r.asked = now
		r.keys.request(r.asked)
	}
}

func (r *recorder) tick(now time.Time) {
	r.pop(now)
	r.out.tick(now)
	r.keys.tick(now)
	r.each(now)
}

// cut begins to end the current segment and answers when it is finished.
func (r *recorder) cut(reply chan cutReply) {
	if r.out.cut(reply, r.now()) {
		r.asked = r.now()
		r.keys.request(r.asked)
	}
}

func (r *recorder) arrival(at time.Time) time.Duration { return r.origin + at.Sub(r.since) }
