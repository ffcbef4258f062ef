package media

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestPhone: a second camera beside the first is recorded on its own, shown to who has the student large, and taken over by another phone alone.
func TestPhone(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, started := uuid.New(), uuid.New(), time.Now()
	camera, recording := RecordingStart{ID: uuid.New(), Started: started}, RecordingStart{ID: uuid.New(), Started: started}
	first := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: camera})
	phone := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: recording, phone: true})
	phone.waitState(t, Live)
	first.waitState(t, Live)
	if p, ok := node.Publisher(attempt); !ok || p != first.pub {
		t.Error("the phone took over the camera")
	}
	if p, ok := node.Phone(attempt); !ok || p != phone.pub {
		t.Error("the phone is not there")
	}
	if load := node.Load(); load.Publishers != 2 {
		t.Errorf("load %+v", load)
	}

	watcher := joinProctor(t, node, room)
	shows := func(what string, scene Scene, want ...Media) {
		t.Helper()
		if err := watcher.viewer.Show(scene); err != nil {
			t.Fatal(err)
		}
		watcher.shows(what, want...)
	}
	shows("a tile", Scene{Small: []uuid.UUID{attempt}}, Video)
	shows("large", Scene{Large: []uuid.UUID{attempt}, Heard: []uuid.UUID{attempt}}, Audio, Phone, Video)
	names := map[string]bool{}
	for l := range strings.SplitSeq(watcher.offers[len(watcher.offers)-1].SDP, "\r\n") {
		if name, ok := strings.CutPrefix(l, "a=msid:"); ok {
			if names[name] {
				t.Errorf("two tracks are called %q: a browser refuses that", name)
			}
			names[name] = true
		}
	}
	if len(names) != 3 {
		t.Errorf("names of tracks: %v", names)
	}
	sink.waitFor(t, recording.ID, 1)

	next := sink.waitFor(t, recording.ID, 1)
	second := joinStudent(t, node, studentOptions{room: room, attempt: attempt, phone: true, recording: RecordingStart{
		ID: recording.ID, Started: started, NextSegment: len(next), PrevSHA256: next[len(next)-1].SHA256, Offset: next[len(next)-1].Offset + next[len(next)-1].Duration,
	}})
	if reason := phone.waitState(t, Closed); reason != ReasonTakenOver {
		t.Errorf("the older phone ended: %s", reason)
	}
	if p, ok := node.Publisher(attempt); !ok || p != first.pub {
		t.Error("the second phone took over the camera")
	}
	second.waitState(t, Live)
	second.hush(true)
	if reason := second.waitState(t, Lost); reason != ReasonSilent {
		t.Errorf("a phone that sends nothing is lost: %s", reason)
	}
	second.leave()
	first.leave()
	if err := errors.Join(second.pub.Close(), first.pub.Close()); err != nil {
		t.Fatal(err)
	}
	segments := sink.of(recording.ID)
	checkChain(t, sink, segments)
	for _, s := range segments {
		checkSegment(t, nil, sink.file(s), s)
		if !s.Video || s.Audio {
			t.Errorf("segment %d: video %v, audio %v", s.Number, s.Video, s.Audio)
		}
	}
	if a, b := sink.of(camera.ID)[0], segments[0]; b.Started.Sub(a.Started).Abs() > 20*time.Second {
		t.Errorf("camera at %v, phone at %v", a.Started, b.Started)
	}
}

// TestPhoneOffers: a phone offers a camera alone, and nobody else does.
func TestPhoneOffers(t *testing.T) {
	whole := goodOffer(t)
	alone := head(whole) + section(whole, 0)
	for name, c := range map[string]struct {
		sdp   string
		phone bool
		want  SDPCode
	}{
		"a phone's camera":                  {alone, true, ""},
		"a phone with a microphone":         {whole, true, SDPUnexpected},
		"a page without a microphone":       {alone, false, SDPNoOpus},
		"a page with both":                  {whole, false, ""},
		"a phone with a screen":             {strings.Replace(alone, "a=mid:0", "a=mid:0\r\na=content:slides", 1), true, SDPNoVP8},
		"a phone that has nothing to offer": {strings.Replace(alone, "a=sendonly", "a=inactive", 1), true, SDPNoVP8},
	} {
		err := CheckOffer(c.sdp, c.phone)
		var refused *SDPError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refused) || refused.Code != c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	node := newTestNode(t, newMemorySink())
	if _, err := node.Publish(t.Context(), PublishOptions{
		Attempt: uuid.New(), Phone: true, Recording: RecordingStart{ID: uuid.New()}, Screen: &RecordingStart{ID: uuid.New()},
	}); err == nil {
		t.Error("a phone with a screen")
	}
}
