package identify

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/liveness"
	"ochno/proctor/media"
	"ochno/proctor/vision"
)

// TestFlagsFollowThePolicy: what is doubted warns, stops or is left out, as the exam's policy says; nothing of the pictures stays.
func TestFlagsFollowThePolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy map[exam.Flag]exam.Response
		camera string
		flags  []string
		stops  string
	}{
		"by default it warns":       {nil, "OBS Virtual Camera", []string{"looped_picture", "virtual_camera"}, ""},
		"it stops":                  {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Stop}, "OBS Virtual Camera", []string{"looped_picture", "virtual_camera"}, "virtual_camera"},
		"the first of several":      {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Stop, exam.LoopedPicture: exam.Stop}, "OBS Virtual Camera", []string{"looped_picture", "virtual_camera"}, "looped_picture"},
		"off":                       {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Off}, "OBS Virtual Camera", []string{"looped_picture"}, ""},
		"all off":                   {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Off, exam.LoopedPicture: exam.Off}, "OBS Virtual Camera", nil, ""},
		"a camera of glass":         {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Stop}, "Integrated Camera", []string{"looped_picture"}, ""},
		"a page that says nothing":  {map[exam.Flag]exam.Response{exam.VirtualCamera: exam.Stop}, "", []string{"looped_picture"}, ""},
		"one that is stopped at is": {map[exam.Flag]exam.Response{exam.FrozenPicture: exam.Stop}, "", []string{"looped_picture"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{})
			defer s.Close()
			attempt := uuid.New()
			if c.camera != "" {
				s.Camera(attempt, liveness.Device{Label: c.camera})
			}
			s.Camera(uuid.New(), liveness.Device{Label: "OBS Virtual Camera"}) // somebody else's
			f := &finding{attempt: exam.Attempt{ID: attempt}, exam: exam.Exam{Policy: exam.Policy{Liveness: c.policy}}}
			thumb := make(vision.Thumb, vision.ThumbWidth*vision.ThumbHeight)
			for range 2 { // the same encoded frame twice
				f.observer.Frame(liveness.Frame{SHA256: [32]byte{1}, Thumb: thumb})
			}
			err := s.examine(f)
			var stop *stopped
			if errors.As(err, &stop); (c.stops == "") != (stop == nil) {
				t.Fatalf("stopped: %v, want %q", err, c.stops)
			}
			if stop != nil && (stop.outcome != Liveness || stop.reason != c.stops) {
				t.Errorf("%v, want %s", stop, c.stops)
			}
			var got []string
			for _, flag := range f.draft("").Flags {
				got = append(got, flag.Name)
			}
			if !slices.Equal(got, c.flags) {
				t.Errorf("flags %v, want %v", got, c.flags)
			}
			if again := f.observer.Examine(liveness.Speech{}); len(again) != 0 && again[0].Flag == liveness.LoopedPicture {
				t.Error("the observer still holds pictures")
			}
			s.ForgetCamera(attempt)
			if d := s.camera(attempt); d != (liveness.Device{}) {
				t.Errorf("the camera is still known: %v", d)
			}
		})
	}
}

// TestFlagsOfAReceivedVerdict: what was doubted before the verifier was asked is in the evidence, and that is what is decided on.
func TestFlagsOfAReceivedVerdict(t *testing.T) {
	f := &finding{flags: []ledger.Flag{{Name: "mouth_not_moving", Confidence: 0.5}}}
	draft := f.draft("")
	later := &finding{evidence: &draft}
	if got := later.doubts(); !slices.Equal(got, f.flags) {
		t.Errorf("%v", got)
	}
	events := decision{finding: later}.flagEvents(later.doubts(), f.startedAt)
	if len(events) != 1 || events[0].Lane != exam.LaneIdentity || events[0].Kind != "liveness" || events[0].Detail["flag"] != "mouth_not_moving" {
		t.Errorf("%+v", events)
	}
}

// TestLivenessKnowsThePolicysFlags: the codes of the two packages are the same ones.
func TestLivenessKnowsThePolicysFlags(t *testing.T) {
	ours := []liveness.Flag{
		liveness.FrozenPicture, liveness.LoopedPicture, liveness.VirtualCamera, liveness.OddFrameRate, liveness.NoCameraNoise,
		liveness.VoiceBeforeDigits, liveness.VoiceNotFollowingDigits, liveness.MouthNotMoving, liveness.FaceChanged,
	}
	for i, flag := range exam.Flags() {
		if string(flag) != string(ours[i]) {
			t.Errorf("%s and %s", flag, ours[i])
		}
	}
	if len(ours) != len(exam.Flags()) {
		t.Errorf("%d flags, %d in policies", len(ours), len(exam.Flags()))
	}
}

// TestConsiderIgnoresRubbish: frames that cannot be decoded are passed over.
func TestConsiderIgnoresRubbish(t *testing.T) {
	finder, err := vision.NewFinder(vision.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer finder.Close()
	s := New(Config{Finder: finder})
	defer s.Close()
	f := &finding{}
	for _, data := range [][]byte{nil, {1}, make([]byte, 4000)} {
		if hint, err := s.consider(t.Context(), f, media.Frame{Data: data}); hint != noPicture || err != nil || f.photo != nil {
			t.Errorf("%d bytes: %q %v", len(data), hint, err)
		}
	}
}
