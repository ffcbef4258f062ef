package media

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// TestSlowViewer stops one viewer's socket for good: the publisher, the other
// viewer and the recording do not notice, and closing still works.
func TestSlowViewer(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()
	joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{ID: recording}})
	slow, quick := joinProctor(t, node, room), joinProctor(t, node, room)
	for _, p := range []*proctor{slow, quick} {
		if err := p.viewer.Watch([]uuid.UUID{attempt}); err != nil {
			t.Fatal(err)
		}
		p.wait("first pictures", func() bool { return len(p.frames[attempt.String()]) > 0 })
	}
	stuck, release := make(chan struct{}, 1), make(chan struct{})
	slow.viewer.queue.sending.Lock()
	slow.viewer.queue.direct.Store(false) // whoever may have to wait is not served by the reader
	slow.viewer.queue.sending.Unlock()
	slow.viewer.mu.Lock()
	for _, d := range slow.viewer.downs {
		d.mu.Lock()
		d.write = func(*rtp.Header, []byte) (int, error) {
			select {
			case stuck <- struct{}{}:
			default:
			}
			<-release
			return 0, nil
		}
		d.mu.Unlock()
	}
	track := slow.viewer.downs[0]
	slow.viewer.mu.Unlock()
	<-stuck
	for i := range viewerQueue { // do not wait until it fills by itself
		slow.viewer.queue.push(track, &packet{seq: uint16(i), time: uint32(i)})
	}
	stored := len(sink.of(recording))
	quick.mu.Lock()
	seen := len(quick.frames[attempt.String()])
	quick.mu.Unlock()
	quick.wait("pictures past the slow one", func() bool { return len(quick.frames[attempt.String()]) >= seen+30 })
	for i, f := range quick.framesOf(attempt) {
		if f.Lost {
			t.Errorf("the quick viewer lost something before frame %d", i)
		}
	}
	segments := sink.waitFor(t, recording, stored+2)
	if got := gaps(segments); got != "" {
		t.Errorf("gaps in the recording: %s", got)
	}
	close(release)
	closeNode(t, node)
}

// TestDownQueue drops to the end of a frame, and only of the track that is full.
func TestDownQueue(t *testing.T) {
	q := newDownQueue()
	pub := &Publisher{node: &Node{now: time.Now}}
	asked := 0
	pub.keys.send = func() { asked++ }
	video := &downTrack{shown: shown{up: &upTrack{pub: pub, media: Video, keys: &pub.keys}}}
	if q.push(video, &packet{seq: 1, time: 1}); q.count != 0 {
		t.Error("queued before it could be sent")
	}
	video.begun = true
	for i := range viewerQueue - 1 {
		q.push(video, &packet{seq: uint16(i), time: 1})
	}
	q.push(video, &packet{seq: 1, time: 2})
	q.push(video, &packet{seq: 2, time: 2}) // full
	if q.count != viewerQueue || !video.dropping || asked != 1 {
		t.Fatalf("%d queued, dropping %v, %d key frames asked for", q.count, video.dropping, asked)
	}
	q.count, q.head = q.count-10, 10 // ten were sent
	q.push(video, &packet{seq: 3, time: 2})
	if q.count != viewerQueue-10 {
		t.Error("the rest of a frame with a hole was queued")
	}
	q.push(video, &packet{seq: 4, time: 3})
	if q.count != viewerQueue-9 || video.dropping {
		t.Error("the next frame was not queued")
	}
	q.close()
	q.push(video, &packet{seq: 5, time: 4})
	if q.count != viewerQueue-9 {
		t.Error("queued after close")
	}
	q.drain() // returns
}

// TestWatchChanges adds and removes publishers of a viewer who stays.
func TestWatchChanges(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	attempts := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	p := joinProctor(t, node, room)
	watch := func(a ...uuid.UUID) {
		t.Helper()
		if err := p.viewer.Watch(a); err != nil {
			t.Fatal(err)
		}
	}
	more := func(attempt uuid.UUID) {
		t.Helper()
		p.mu.Lock()
		seen := len(p.frames[attempt.String()])
		p.mu.Unlock()
		p.wait("more pictures", func() bool { return len(p.frames[attempt.String()]) >= seen+5 })
	}
	watch(attempts...) // before anybody is there
	join := func(i int) *student {
		return joinStudent(t, node, studentOptions{room: room, attempt: attempts[i], recording: RecordingStart{ID: uuid.New()}})
	}
	first, second := join(0), join(1)
	more(attempts[0])
	more(attempts[1])

	first.leave()
	if err := first.pub.Close(); err != nil {
		t.Fatal(err)
	}
	p.wait("an offer without the first", func() bool {
		return len(p.offers) > 0 && !offers(p.offers[len(p.offers)-1], attempts[0])
	})
	join(2)
	more(attempts[2])
	more(attempts[1])

	watch(attempts[2])
	p.wait("an offer without the second", func() bool { return !offers(p.offers[len(p.offers)-1], attempts[1]) })
	more(attempts[2])
	watch(attempts[1], attempts[2], attempts[1])
	more(attempts[1])
	if err := second.pub.Close(); err != nil {
		t.Fatal(err)
	}
	p.wait("an offer without the closed one", func() bool { return !offers(p.offers[len(p.offers)-1], attempts[1]) })

	p.mu.Lock()
	defer p.mu.Unlock()
	mids := map[string]bool{}
	for _, o := range p.offers {
		for _, tr := range o.Tracks {
			mids[tr.MID] = true
		}
	}
	if len(mids) > 6 {
		t.Errorf("%d media sections for at most two students at a time: they are not used again", len(mids))
	}
}

func offers(o Offer, attempt uuid.UUID) bool {
	for _, t := range o.Tracks {
		if t.Attempt == attempt {
			return true
		}
	}
	return false
}

// TestResend serves a viewer's NACK from the track's cache.
func TestResend(t *testing.T) {
	pub := &Publisher{node: &Node{now: time.Now}}
	up := &upTrack{pub: pub, media: Video}
	q := newDownQueue()
	d := &downTrack{shown: shown{up: up}, viewer: &Viewer{queue: q}, begun: true}
	for seq := 65000; seq < 65000+cacheSize+100; seq++ {
		up.cache.put(&packet{seq: uint16(seq), time: uint32(seq)})
	}
	d.resend([]rtcp.NackPair{{PacketID: 65200, LostPackets: 0b101}, {PacketID: 65000}, {PacketID: 12345}})
	if q.count != 3 {
		t.Fatalf("%d packets resent", q.count)
	}
	pub.node.fanout.mu.Lock()
	listed := len(pub.node.fanout.dirty)
	pub.node.fanout.mu.Unlock()
	if !q.listed || listed != 1 {
		t.Fatal("nobody will flush what comes next: the viewer stands still")
	}
	for i, want := range []uint16{65200, 65201, 65203} {
		if got := q.ring[i].packet.seq; got != want {
			t.Errorf("packet %d resent, want %d", got, want)
		}
	}
	var many []rtcp.NackPair
	for i := range 1000 {
		many = append(many, rtcp.NackPair{PacketID: uint16(65300 + i%17), LostPackets: 0xffff})
	}
	q.count = 0
	if d.resend(many); q.count > maxNACKs {
		t.Errorf("%d packets resent for one request", q.count)
	}
}

// TestFirstPicture gives a new viewer what came since a fresh key frame, and asks
// for the next.
func TestFirstPicture(t *testing.T) {
	key := []byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00}
	for _, c := range []struct {
		name   string
		first  int // number of the key frame's packet; -1: none came
		after  int
		age    time.Duration
		queued int
	}{
		{"fresh", 1000, 20, 300 * time.Millisecond, 21},
		{"old", 1000, 20, keyInterval, 0},
		{"too much since", 1000, maxFresh, 100 * time.Millisecond, 0},
		{"numbers began again", 65530, 20, 100 * time.Millisecond, 0},
		{"none", -1, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, asked := time.Now(), 0
			up := &upTrack{pub: &Publisher{node: &Node{now: func() time.Time { return now }}}, media: Video, payloadType: 96, reception: reception{rate: videoRate}}
			up.keys = &keyRequests{send: func() { asked++ }}
			d := &downTrack{shown: shown{up: up}, viewer: &Viewer{queue: newDownQueue()}, write: func(*rtp.Header, []byte) (int, error) { return 0, nil }}
			up.downs.Store(&[]*downTrack{})
			if c.first >= 0 {
				for i := range c.after + 1 {
					payload := []byte{0x10, 0x11, 0, 0}
					if i == 0 {
						payload = key
					}
					h := rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(c.first + i), Timestamp: uint32(3000 * i)}
					b, err := h.Marshal()
					if err != nil {
						t.Fatal(err)
					}
					up.take(&h, append(b, payload...), now)
				}
			}
			now = now.Add(c.age)
			d.begin()
			if d.viewer.queue.count != c.queued || asked != 1 {
				t.Errorf("%d packets queued, want %d; %d key frames asked for", d.viewer.queue.count, c.queued, asked)
			}
			now = now.Add(firstKeyInterval)
			if d.lost(); asked != 2 {
				t.Errorf("who has just come and sees nothing has to wait for the second key frame")
			}
			now = now.Add(beginning - firstKeyInterval)
			if d.lost(); asked != 3 {
				t.Errorf("%d key frames asked for", asked)
			}
			now = now.Add(firstKeyInterval)
			if d.lost(); asked != 3 {
				t.Errorf("who has been there does not wait for the next key frame")
			}
			for i := range c.queued {
				if got := d.viewer.queue.ring[i].packet.seq; got != uint16(c.first+i) {
					t.Errorf("packet %d is number %d", i, got)
				}
			}
		})
	}
}

// TestLostAndLive silences the camera and the microphone for a while.
func TestLostAndLive(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	recording := uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}})
	s.waitState(t, Live)
	s.hush(true)
	if reason := s.waitState(t, Lost); reason != ReasonSilent {
		t.Errorf("lost because %s", reason)
	}
	before := len(sink.waitFor(t, recording, 1)) // finished although the publisher stays
	s.hush(false)
	s.waitState(t, Live)
	all := sink.waitFor(t, recording, before+1)
	if got := all[before].Gaps; len(got) == 0 || got[0].Reason != GapDisconnect || got[0].Duration < 2*time.Second {
		t.Errorf("gaps %+v", got)
	}
	if err := s.pub.Close(); err != nil {
		t.Fatal(err)
	}
	checkChain(t, sink, sink.of(recording))
}

// TestSoundAlone records a student without a picture.
func TestSoundAlone(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	recording := uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}, noVideo: true})
	watcher := joinProctor(t, node, s.pub.opts.Room)
	if err := watcher.viewer.Watch([]uuid.UUID{s.pub.opts.Attempt}); err != nil {
		t.Fatal(err)
	}
	watcher.wait("sound without a picture", func() bool { return watcher.sounds[s.pub.opts.Attempt.String()] > 20 })
	for _, g := range sink.waitFor(t, recording, 2) {
		if g.Video || !g.Audio {
			t.Errorf("segment %+v", g)
		}
		checkSegment(t, s, sink.file(g), g)
	}
	if err := s.pub.Close(); err != nil {
		t.Fatal(err)
	}
}
