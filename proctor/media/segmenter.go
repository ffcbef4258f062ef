package media

import (
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	clusterSpan  = 1200 * time.Millisecond // written when this much is sure to be in order
	clusterMax   = 2 * time.Second
	laneIdle     = 600 * time.Millisecond  // a track that gave nothing for so long is not waited for
	flushAfter   = 1500 * time.Millisecond // a block waits no longer than this for the other track
	closeAfter   = 3 * time.Second         // without any media the segment is finished
	keyAhead     = 300 * time.Millisecond  // asked for before a segment's end
	keyEarly     = 500 * time.Millisecond  // a key frame that comes this early ends it too
	cutPatience  = 2 * time.Second         // then Cut does without a key frame
	stretch      = 6                       // segment durations a sender without key frames may take
	gapAtLeast   = 100 * time.Millisecond
	pauseAtLeast = 2 * time.Second // of one track while the other goes on
	frameLength  = 33 * time.Millisecond
	maxGaps      = 64
	maxPending   = 4096            // blocks
	sizeBurst    = 8               // changes of the picture's size, each of which is a segment, and
	sizeEvery    = 2 * time.Second // another one after so long
	maxAhead     = 3 * time.Second // of a block's arrival: more than clocks and lips can need
)

// block is a frame or an audio packet on its way into a file. Its bytes and its
// offset are final when the taps see it.
type block struct {
	media         Media
	off           time.Duration // whole milliseconds
	length        time.Duration // of audio
	key           bool
	lost          bool
	data          []byte
	rtp           uint32
	ntp           time.Time
	at            time.Time
	width, height int
}

// lane is what the segmenter knows of one track.
type lane struct {
	seen bool
	last time.Duration // offset of the newest block
	next time.Duration // the least offset of the one after it
	end  time.Duration
	at   time.Time // when it came
}

// segmenter orders the blocks of both tracks, cuts them into segments and
// writes whole clusters. It is owned by the recorder's goroutine and has no
// clock of its own.
//
// A block waits until nothing older can come from the other track (or until it
// has waited too long), so that offsets in a file only grow. A segment ends at
// a key frame; that end is "cutting" until everything before it is written.
type segmenter struct {
	log      *slog.Logger
	spool    *spool
	chain    *chain
	epoch    time.Time
	duration time.Duration
	room     uuid.UUID
	attempt  uuid.UUID

	vlane, alane  lane
	dropVideo     bool          // tells the recorder that the next frame must be a key frame
	floor         time.Duration // nothing older can be written any more
	end           time.Duration // where the recording ended last
	pending       []block
	width, height int           // of the newest key frame
	sizes         time.Duration // arrival until which the changes of size are used up

	number  int
	file    *segmentFile
	seg     Segment // of file
	begun   bool    // the current segment has blocks, written or pending
	start   time.Duration
	gaps    []Gap
	gapFrom time.Duration // where storage failed; negative when it did not

	cutting     bool
	cutAt       time.Duration
	cutRequest  time.Time // when Cut was called; zero when it was not
	waiters     []chan cutReply
	lastNumber  int // of the last finished segment
	lastPresent bool
}

func newSegmenter(cfg recorderConfig, end time.Duration) segmenter {
	next, _, _ := cfg.chain.state()
	return segmenter{
		log: cfg.log, spool: cfg.spool, chain: cfg.chain, epoch: cfg.started, duration: cfg.duration,
		room: cfg.room, attempt: cfg.attempt,
		floor: end.Truncate(time.Millisecond), end: end, number: next, gapFrom: -1,
		width: 640, height: 480,
	}
}

// admits reports whether a block may be put. Whoever changes the size with every
// frame would make a segment of each, and whoever sends more than a thousand
// blocks a second would be recorded ahead of time.
func (s *segmenter) admits(b *block, arrival time.Duration) bool {
	if l := s.lane(b.media); l.seen && l.last > arrival+maxAhead {
		return false
	}
	if b.media != Video || !b.key || !s.begun || !s.resized(b) {
		return true
	}
	sizes := max(s.sizes, arrival) + sizeEvery
	if sizes > arrival+sizeBurst*sizeEvery {
		return false
	}
	s.sizes = sizes
	return true
}

// put takes the next block of a track. It settles b.off and returns the number
// of the segment the block will be in.
func (s *segmenter) put(b *block, now time.Time) int {
	l := s.lane(b.media)
	b.off = max(b.off.Truncate(time.Millisecond), s.floor)
	if l.seen {
		b.off = max(b.off, l.next)
	}
	s.noteGap(l, b)
	if b.media == Video {
		b.length = frameLength
	}
	if !s.begun {
		s.begun, s.start = true, b.off
	}
	if s.cutting && b.media == Video && b.key && s.resized(b) {
		s.split() // two sizes cannot share the segment to come
	}
	if !s.cutting && s.ends(b, now) {
		s.cutting, s.cutAt = true, b.off
		if b.media == Audio { // the video that is waiting belongs to what came before
			s.cutAt = max(b.off, s.vlane.last+time.Millisecond)
			s.dropVideo = true
		}
	}
	if b.key && b.media == Video {
		s.width, s.height = b.width, b.height
	}
	*l = lane{seen: true, last: b.off, next: b.off + b.least(), end: b.off + b.length, at: now}
	s.pending = append(s.pending, *b)
	if len(s.pending) >= maxPending {
		s.flush()
	}
	if s.cutting && b.off >= s.cutAt {
		return s.number + 1
	}
	return s.number
}

// least is how far away the next block of the track is at least. Sound that was placed too late is put back gently, by a quarter of each packet:
// one that began within the look-ahead of 6.5 ms that players leave out at the beginning of a file would make them go back in time.
func (b *block) least() time.Duration {
	if b.media == Audio {
		return max(3*b.length/4, time.Millisecond).Truncate(time.Millisecond)
	}
	return time.Millisecond
}

// ends reports whether the segment ends before this block.
func (s *segmenter) ends(b *block, now time.Time) bool {
	age, asked := b.off-s.start, !s.cutRequest.IsZero()
	switch {
	case age <= 0:
		return false
	case b.media == Video:
		return b.key && (asked || age >= s.duration-keyEarly || s.holdsVideo() && s.resized(b))
	case s.vlane.seen && now.Sub(s.vlane.at) < time.Second:
		// A key frame will end it, unless the sender never makes one.
		return age >= stretch*s.duration || s.cutOverdue(now)
	default:
		return age >= s.duration || asked
	}
}

func (s *segmenter) resized(b *block) bool { return b.width != s.width || b.height != s.height }

// holdsVideo reports whether the current segment has a picture size to keep:
// one of its blocks or its written header.
func (s *segmenter) holdsVideo() bool {
	return s.file != nil || slices.ContainsFunc(s.pending, func(b block) bool { return b.media == Video })
}

func (s *segmenter) cutOverdue(now time.Time) bool {
	return !s.cutRequest.IsZero() && now.Sub(s.cutRequest) >= cutPatience
}

// wantsKey reports whether a key frame is due for the segment's end.
func (s *segmenter) wantsKey(arrival time.Duration) bool {
	return s.begun && !s.cutting && s.vlane.seen &&
		(!s.cutRequest.IsZero() || arrival-s.start >= s.duration-keyAhead)
}

// cut asks for the end of the current segment; the answer comes by reply, which
// has room for it. It reports whether a key frame would help.
func (s *segmenter) cut(reply chan cutReply, now time.Time) bool {
	switch {
	case s.begun:
		s.waiters = append(s.waiters, reply)
		if s.cutting || !s.cutRequest.IsZero() {
			return false
		}
		s.cutRequest = now
		return true
	case s.gapFrom >= 0: // what came last was lost
		reply <- cutReply{err: ErrNotStored}
	case s.lastPresent:
		reply <- cutReply{number: s.lastNumber}
	default:
		reply <- cutReply{err: ErrNothingRecorded}
	}
	return false
}

// advance writes what is sure to be in order by now.
func (s *segmenter) advance(now time.Time) {
	for {
		sure := s.sure(now)
		switch {
		case s.cutting && sure >= s.cutAt:
			s.split()
		case len(s.pending) > 0 && sure-s.pending[0].off >= clusterSpan:
			limit := sure
			if s.cutting {
				limit = min(limit, s.cutAt)
			}
			before := len(s.pending)
			s.write(limit)
			if len(s.pending) == before {
				return
			}
		default:
			return
		}
	}
}

// sure returns the offset below which no block can come any more.
func (s *segmenter) sure(now time.Time) time.Duration {
	sure := time.Duration(math.MaxInt64)
	for _, l := range []*lane{&s.vlane, &s.alane} {
		if l.seen && now.Sub(l.at) < laneIdle {
			sure = min(sure, l.last+time.Millisecond)
		}
	}
	return sure
}

// tick does what is due by time alone.
func (s *segmenter) tick(now time.Time) {
	if len(s.pending) > 0 && now.Sub(s.pending[0].at) >= flushAfter {
		s.flush()
	}
	if !s.begun {
		return
	}
	idle := now.Sub(s.newest())
	if idle >= closeAfter || (s.cutOverdue(now) && !s.cutting && idle >= time.Second) {
		s.finish()
		s.dropVideo = true
	}
}

func (s *segmenter) newest() time.Time {
	if s.vlane.at.After(s.alane.at) {
		return s.vlane.at
	}
	return s.alane.at
}

func (s *segmenter) mediaEnd() time.Duration { return max(s.vlane.end, s.alane.end) }

// flush writes everything, in order or not.
func (s *segmenter) flush() {
	if s.cutting {
		s.split()
	}
	s.write(math.MaxInt64)
}

// finish ends the last segment and answers whoever still waits.
func (s *segmenter) finish() {
	s.flush()
	if s.begun {
		s.close(s.mediaEnd())
	}
}

// split finishes the current segment at cutAt.
func (s *segmenter) split() {
	at := s.cutAt
	s.write(at)
	s.floor = max(s.floor, at)
	s.cutting = false
	if s.begun {
		s.close(at)
	}
	if len(s.pending) > 0 {
		s.begun, s.start = true, s.pending[0].off
		for _, b := range s.pending {
			s.start = min(s.start, b.off)
		}
	}
}

func (s *segmenter) lane(m Media) *lane {
	if m == Video {
		return &s.vlane
	}
	return &s.alane
}

// noteGap marks what is missing before a block.
func (s *segmenter) noteGap(l *lane, b *block) {
	away := b.off - max(s.end, s.mediaEnd()) // since anything came
	switch {
	case s.gapFrom >= 0: // told when the storage works again
	case s.end == 0 && !s.vlane.seen && !s.alane.seen: // the very beginning
	case away >= pauseAtLeast, away > 0 && !s.vlane.seen && !s.alane.seen: // the latter is another connection
		s.gap(Gap{Offset: b.off - away, Duration: away, Reason: GapDisconnect})
		s.vlane.end, s.alane.end = b.off, b.off // told for both
	case !l.seen:
	case b.lost && b.off-l.end >= gapAtLeast:
		s.gap(Gap{Media: b.media, Offset: l.end, Duration: b.off - l.end, Reason: GapLoss})
	case b.media == Video && b.off-l.end >= pauseAtLeast:
		s.gap(Gap{Media: b.media, Offset: l.end, Duration: b.off - l.end, Reason: GapDisconnect})
	}
}

func (s *segmenter) gap(g Gap) {
	if len(s.gaps) < maxGaps {
		s.gaps = append(s.gaps, g)
	}
}
