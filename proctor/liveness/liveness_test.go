package liveness

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

func TestVirtualCameras(t *testing.T) {
	for label, want := range map[string]float64{
		"OBS Virtual Camera":            1,
		"obs-camera":                    1,
		"ManyCam Virtual Webcam":        1,
		"XSplit VCam":                   1,
		"Dummy video device (0x0000)":   1,
		"Snap Camera":                   1,
		"e2eSoft VCam":                  1,
		"fake_device_0":                 1,
		"Integrated Camera (04f2:b6d9)": 0,
		"HD Webcam C615 (046d:082c)":    0,
		"FaceTime HD Camera":            0,
		"Logitech BRIO":                 0,
		"Iriun Webcam":                  0,
		"camera2 1, facing front":       0,
		"":                              0,
		"Встроенная камера":             0,
		"Surface Camera Front (virtually the same!)": 0,
	} {
		var o Observer
		o.Device(Device{Label: label})
		if got := o.virtual(); got != want {
			t.Errorf("%q: %v, want %v", label, got, want)
		}
	}
}

// Speech against digits, by hand.
func TestVoice(t *testing.T) {
	shown := []time.Duration{1500, 3200, 4700, 6500}
	for i := range shown {
		shown[i] *= time.Millisecond
	}
	said := func(ms ...int) (out []voice.Segment) {
		for _, at := range ms {
			start := time.Duration(at) * time.Millisecond
			out = append(out, voice.Segment{Start: start, End: start + 400*time.Millisecond})
		}
		return out
	}
	for name, c := range map[string]struct {
		segments []voice.Segment
		shown    []time.Duration
		want     []Flag
	}{
		"follows":                   {said(2100, 3850, 5350, 7050), shown, nil},
		"follows, slow to begin":    {said(2400, 3850, 5350, 7050), shown, nil},
		"a cough before":            {append([]voice.Segment{{Start: 300 * time.Millisecond, End: 450 * time.Millisecond}}, said(2100, 3850, 5350, 7050)...), shown, nil},
		"something said in between": {said(2100, 3850, 5350, 5900, 7050), shown, nil},
		"one not heard":             {said(2100, 3850, 5350), shown, nil},
		"all at once at the end":    {said(6900, 7400, 7900, 8400), shown, []Flag{VoiceNotFollowingDigits}},
		"before they were shown":    {said(200, 700, 1050, 5000), shown, []Flag{VoiceBeforeDigits, VoiceNotFollowingDigits}},
		"at a pace of their own":    {said(2100, 3400, 6350, 8300), shown, []Flag{VoiceNotFollowingDigits}},
		"silence":                   {nil, shown, []Flag{VoiceNotFollowingDigits}},
		"nothing was asked":         {said(100, 900), nil, nil},
	} {
		var got []Flag
		var o Observer
		for _, f := range o.Examine(Speech{Segments: c.segments, Shown: c.shown}) {
			got = append(got, f.Flag)
			if f.Confidence <= 0 || f.Confidence > 1 {
				t.Errorf("%s: confidence %v", name, f.Confidence)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// frames are pictures without a face, each second one.
func frames(o *Observer, n int, picture func(i int) vision.Thumb, between Between) {
	for i := range n {
		f := Frame{At: time.Duration(i) * time.Second, Thumb: picture(i), SHA256: [32]byte{byte(i), byte(i >> 8), 1}}
		if i > 0 {
			f.Between = between
		}
		o.Frame(f)
	}
}

func TestPictures(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	noise := func(base, spread int) vision.Thumb {
		thumb := make(vision.Thumb, vision.ThumbWidth*vision.ThumbHeight)
		for i := range thumb {
			thumb[i] = uint8(base + random.IntN(spread+1))
		}
		return thumb
	}
	views := make([]vision.Thumb, 4)
	for i := range views {
		views[i] = noise(40, 120)
	}
	usual := Between{Frames: 24, Bytes: 24 * 900, Time: time.Second}
	for name, c := range map[string]struct {
		n       int
		picture func(i int) vision.Thumb
		between Between
		want    []Flag
	}{
		"moves":                      {12, func(int) vision.Thumb { return noise(40, 120) }, usual, nil},
		"still for a moment":         {4, func(int) vision.Thumb { return views[0] }, usual, nil},
		"still":                      {8, func(int) vision.Thumb { return views[0] }, usual, []Flag{FrozenPicture}},
		"still under a light":        {8, func(i int) vision.Thumb { return brighter(views[0], i) }, usual, []Flag{FrozenPicture}},
		"the same again":             {12, func(i int) vision.Thumb { return views[i%4] }, usual, []Flag{LoopedPicture}},
		"two pictures a minute":      {4, func(int) vision.Thumb { return noise(40, 120) }, Between{Frames: 0, Time: 30 * time.Second}, []Flag{OddFrameRate}},
		"ninety a second":            {8, func(int) vision.Thumb { return noise(40, 120) }, Between{Frames: 90, Bytes: 90 * 500, Time: time.Second}, []Flag{OddFrameRate}},
		"five a second, in the dark": {8, func(int) vision.Thumb { return noise(40, 120) }, Between{Frames: 5, Bytes: 5 * 900, Time: time.Second}, nil},
		"nothing between":            {8, func(int) vision.Thumb { return noise(40, 120) }, Between{Frames: 24, Bytes: 24 * 20, Time: time.Second}, []Flag{NoCameraNoise}},
		"a tap that does not count":  {8, func(int) vision.Thumb { return noise(40, 120) }, Between{}, nil},
		"nothing at all":             {0, nil, usual, nil},
	} {
		var o Observer
		frames(&o, c.n, c.picture, c.between)
		var got []Flag
		for _, f := range o.Examine(Speech{}) {
			got = append(got, f.Flag)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	var o Observer
	frames(&o, 3, func(int) vision.Thumb { return noise(40, 120) }, usual)
	o.Frame(Frame{At: 9 * time.Second, Thumb: noise(40, 120), SHA256: [32]byte{1, 0, 1}})
	if found := o.Examine(Speech{}); len(found) != 1 || found[0] != (Finding{LoopedPicture, 1}) {
		t.Errorf("an encoded frame that came twice: %v", found)
	}
}

func brighter(thumb vision.Thumb, steps int) vision.Thumb {
	out := slices.Clone(thumb)
	for i := range out {
		out[i] += uint8(int(out[i]) * steps / 100)
	}
	return out
}

// The observer holds no more than it says, however long somebody is watched, and Wipe leaves nothing.
func TestObserverIsBoundedAndWiped(t *testing.T) {
	var o Observer
	own := make(vision.Thumb, vision.ThumbWidth*vision.ThumbHeight)
	patch := make(vision.Patch, vision.PatchWidth*vision.PatchHeight)
	for i := range patch {
		patch[i] = 99
	}
	for i := range own {
		own[i] = 77
	}
	for i := range 5 * maxFrames {
		o.Frame(Frame{At: time.Duration(i) * time.Second, Thumb: own, Patch: patch})
	}
	if len(o.frames) != maxFrames || o.frames[0].At != 4*maxFrames*time.Second {
		t.Errorf("%d frames from %v", len(o.frames), o.frames[0].At)
	}
	held := slices.Clone(o.frames)
	o.Wipe()
	for _, f := range held {
		if slices.Max(f.thumb) != 0 || slices.Max(f.patch) != 0 {
			t.Fatal("a picture is left after Wipe")
		}
	}
	if own[0] != 77 || patch[0] != 99 || len(o.frames) != 0 {
		t.Error("Wipe touched what is the caller's, or kept a frame")
	}
	// Time that goes back is a new recording.
	o.Frame(Frame{At: 9 * time.Second, Thumb: own})
	o.Frame(Frame{At: time.Second, Thumb: own})
	if len(o.frames) != 1 {
		t.Errorf("%d frames after time went back", len(o.frames))
	}
}

// Two pictures of different sizes, or of nothing, are never the same.
func TestMotionOfOddPictures(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420)
	black, err := vision.NewThumb(img)
	if err != nil {
		t.Fatal(err)
	}
	if m := motion(black, black); m != 0 {
		t.Errorf("black and black: %v", m)
	}
	if m := motion(black, black[:10]); m < still {
		t.Errorf("of different sizes: %v", m)
	}
}

// BenchmarkExamine is what a whole observer costs between the last digit and the verifier.
func BenchmarkExamine(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	var o Observer
	for i := range maxFrames {
		thumb, patch := make(vision.Thumb, vision.ThumbWidth*vision.ThumbHeight), make(vision.Patch, vision.PatchWidth*vision.PatchHeight)
		for k := range thumb {
			thumb[k] = uint8(random.IntN(256))
		}
		for k := range patch {
			patch[k] = uint8(random.IntN(256))
		}
		o.Frame(Frame{At: time.Duration(i) * 600 * time.Millisecond, Thumb: thumb, Patch: patch, SHA256: [32]byte{byte(i), 1}})
	}
	s := Speech{From: 15 * time.Second}
	for i := range 4 {
		at := time.Duration(i) * 1800 * time.Millisecond
		s.Shown = append(s.Shown, at)
		s.Segments = append(s.Segments, voice.Segment{Start: at + 500*time.Millisecond, End: at + 1300*time.Millisecond})
	}
	for b.Loop() {
		o.Examine(s)
	}
}
