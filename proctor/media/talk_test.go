package media

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

// speaker is a proctor with a microphone.
type speaker struct {
	*proctor
	mic   *webrtc.TrackLocalStaticRTP
	first byte // of what she says: whose it is
	said  uint16
}

// joinSpeaker opens her microphone and waits until the page has answered.
func joinSpeaker(t *testing.T, n *Node, room uuid.UUID, first byte) *speaker {
	t.Helper()
	mic, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "proctor")
	if err != nil {
		t.Fatal(err)
	}
	p := joinProctor(t, n, room)
	p.mu.Lock()
	p.mic = mic
	p.mu.Unlock()
	if err := p.viewer.OpenMicrophone(); err != nil {
		t.Fatal(err)
	}
	p.wait("the microphone's section", func() bool {
		return len(p.offers) > 0 && p.offers[len(p.offers)-1].Microphone != "" && p.answered == len(p.offers)
	})
	return &speaker{proctor: p, mic: mic, first: first}
}

// say sends one packet of Opus. What is said before the connection stands is lost.
func (s *speaker) say(t *testing.T) {
	t.Helper()
	s.said++
	err := s.mic.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.said, Timestamp: uint32(s.said) * 960},
		Payload: []byte{s.first, byte(s.said >> 8), byte(s.said)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// until speaks until a condition holds.
func (s *speaker) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(testTimeout)
	for !ok() {
		s.say(t)
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("spoke in vain until: %s", what)
		}
	}
}

// ears collects who was heard by a student.
type ears struct {
	student *student
	by      map[byte]int
}

func listening(s *student) *ears { return &ears{s, map[byte]int{}} }

// of returns how many packets of a speaker came so far.
func (e *ears) of(first byte) int {
	for {
		select {
		case p := <-e.student.heard:
			e.by[p.Payload[0]]++
		default:
			return e.by[first]
		}
	}
}

func hearing(t *testing.T, n *Node, room uuid.UUID) *student {
	t.Helper()
	return joinStudent(t, n, studentOptions{room: room, attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}, hears: true})
}

func (s *student) id() uuid.UUID { return s.pub.opts.Attempt }

// TestSpeakToOne lets one student hear a proctor and nobody else: not the other student of the room, not one of another
// room who was named. Then everybody; then, when she stops or leaves, nobody.
func TestSpeakToOne(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	anna, boris, far := hearing(t, node, room), hearing(t, node, room), hearing(t, node, uuid.New())
	a, b, f := listening(anna), listening(boris), listening(far)
	maria := joinSpeaker(t, node, room, 'm')
	if !maria.viewer.Spoke().IsZero() {
		t.Error("she has spoken before her microphone was there")
	}
	speak := func(to ...uuid.UUID) {
		t.Helper()
		if err := maria.viewer.Speak(to); err != nil {
			t.Fatal(err)
		}
	}
	speak(anna.id(), far.id())
	maria.until(t, "Anna hears it", func() bool { return a.of('m') >= 20 })
	if n, m := b.of('m'), f.of('m'); n != 0 || m != 0 {
		t.Errorf("the other student heard %d packets, one of another room %d", n, m)
	}
	if maria.viewer.Spoke().IsZero() {
		t.Error("nobody knows that she has spoken")
	}

	speak(anna.id(), boris.id())
	heard := a.of('m')
	maria.until(t, "both hear it", func() bool { return a.of('m') >= heard+20 && b.of('m') >= 20 })

	speak(boris.id()) // a student who is connected, and has heard her, hears no more
	now := b.of('m')
	maria.until(t, "Boris hears it", func() bool { return b.of('m') >= now+5 })
	heard, now = a.of('m'), b.of('m')
	maria.until(t, "Boris hears it alone", func() bool { return b.of('m') >= now+20 })
	if n := a.of('m'); n != heard {
		t.Errorf("Anna heard %d packets that were not for her", n-heard)
	}

	speak()
	spoke := maria.viewer.Spoke()
	maria.until(t, "words for nobody arrive", func() bool { return maria.viewer.Spoke().After(spoke.Add(200 * time.Millisecond)) })
	now = b.of('m')
	maria.until(t, "more of them", func() bool { return maria.viewer.Spoke().After(spoke.Add(600 * time.Millisecond)) })
	if n := b.of('m'); n != now {
		t.Errorf("Boris heard %d packets of a talk that was over", n-now)
	}

	// Students never receive each other, nor their own.
	for _, e := range []*ears{a, b, f} {
		for first, n := range e.by {
			if first != 'm' {
				t.Errorf("%d packets of somebody else", n)
			}
		}
	}
}

// TestTwoSpeakers has two proctors speak to one student each, and one of them leave in the middle.
func TestTwoSpeakers(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	anna, boris := hearing(t, node, room), hearing(t, node, room)
	a, b := listening(anna), listening(boris)
	maria, olga := joinSpeaker(t, node, room, 'm'), joinSpeaker(t, node, room, 'o')
	if err := maria.viewer.Speak([]uuid.UUID{anna.id()}); err != nil {
		t.Fatal(err)
	}
	if err := olga.viewer.Speak([]uuid.UUID{boris.id()}); err != nil {
		t.Fatal(err)
	}
	maria.until(t, "each is heard", func() bool {
		olga.say(t)
		return a.of('m') >= 20 && b.of('o') >= 20
	})
	if x, y := a.of('o'), b.of('m'); x != 0 || y != 0 {
		t.Errorf("%d and %d packets of the other's proctor", x, y)
	}
	maria.leave()
	if err := maria.viewer.Speak([]uuid.UUID{anna.id()}); err == nil {
		t.Error("who has left speaks")
	}
	if err := maria.viewer.OpenMicrophone(); err == nil {
		t.Error("who has left opens her microphone")
	}
	heard := b.of('o')
	olga.until(t, "the other one goes on", func() bool { return b.of('o') >= heard+20 })
	// The place is free for the other one: one stream, whoever speaks.
	if err := olga.viewer.Speak([]uuid.UUID{anna.id(), boris.id()}); err != nil {
		t.Fatal(err)
	}
	olga.until(t, "Anna hears the other one", func() bool { return a.of('o') >= 20 })
}

// TestSpeakBesideSound has the microphone's section apart from those of the students' sound, however often those change.
func TestSpeakBesideSound(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	anna, boris := hearing(t, node, room), hearing(t, node, room)
	a := listening(anna)
	maria := joinSpeaker(t, node, room, 'm')
	if err := maria.viewer.Speak([]uuid.UUID{anna.id()}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, s := range []*student{anna, boris} {
			if err := maria.viewer.Watch([]uuid.UUID{s.id()}); err != nil {
				t.Fatal(err)
			}
			maria.mu.Lock()
			before := maria.sounds[s.id().String()]
			maria.mu.Unlock()
			heard := a.of('m')
			maria.until(t, "she hears a student while another hears her", func() bool {
				maria.mu.Lock()
				defer maria.mu.Unlock()
				return maria.sounds[s.id().String()] > before+5 && a.of('m') > heard+5
			})
		}
	}
	maria.mu.Lock()
	defer maria.mu.Unlock()
	for _, o := range maria.offers {
		if slices.ContainsFunc(o.Tracks, func(tr TrackInfo) bool { return tr.MID == o.Microphone }) {
			t.Fatalf("the microphone's section carries a student: %+v", o.Tracks)
		}
		if o.Microphone != maria.offers[0].Microphone {
			t.Errorf("the microphone has moved to section %q", o.Microphone)
		}
	}
}

// TestSpeakToTheDeaf: neither a page that takes no sound nor one that has gone, nor one whose path is shut, holds up the others.
func TestSpeakToTheDeaf(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	anna := hearing(t, node, room)
	deaf := joinStudent(t, node, studentOptions{room: room, attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}})
	gone, slow := hearing(t, node, room), hearing(t, node, room)
	if !anna.pub.Hears() || deaf.pub.Hears() {
		t.Errorf("who hears: %v, who does not: %v", anna.pub.Hears(), deaf.pub.Hears())
	}
	a := listening(anna)
	maria := joinSpeaker(t, node, room, 'm')
	if err := maria.viewer.Speak([]uuid.UUID{deaf.id(), uuid.New(), slow.id(), gone.id(), anna.id()}); err != nil {
		t.Fatal(err)
	}
	maria.until(t, "Anna hears it", func() bool { return a.of('m') >= 20 })
	slow.leave() // without a word: the server goes on sending into the void
	if err := gone.pub.Close(); err != nil {
		t.Fatal(err)
	}
	if gone.pub.Hears() {
		t.Error("who has gone hears")
	}
	heard := a.of('m')
	maria.until(t, "Anna hears on", func() bool { return a.of('m') >= heard+50 })

	if err := maria.viewer.Speak(make([]uuid.UUID, MaxHearers+1)); err == nil {
		t.Error("there is no bound")
	}
	heard = a.of('m')
	maria.until(t, "a refused list changes nothing", func() bool { return a.of('m') >= heard+5 })
}

// TestFloodOfSpeech: what comes faster than any browser speaks is dropped before it is multiplied.
func TestFloodOfSpeech(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	room := uuid.New()
	anna := hearing(t, node, room)
	a := listening(anna)
	maria := joinSpeaker(t, node, room, 'm')
	if err := maria.viewer.Speak([]uuid.UUID{anna.id()}); err != nil {
		t.Fatal(err)
	}
	maria.until(t, "Anna hears it", func() bool { return a.of('m') >= 5 })
	began, before := time.Now(), a.of('m')
	for range 100 {
		for range 50 {
			maria.say(t)
		}
		_ = a.of('m')
	}
	heard := a.of('m')
	maria.until(t, "Anna hears her after the flood", func() bool { return a.of('m') >= heard+20 })
	most := speechBurst + int(time.Since(began).Seconds()*speechRate) + 1
	if n := a.of('m') - before; n > most {
		t.Errorf("%d of 5000 packets went out, at most %d", n, most)
	}
}
