package vision

import (
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func assess(t *testing.T, f *Finder, img *image.YCbCr) Assessment {
	t.Helper()
	a, err := f.Assess(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The photograph as a webcam shows it, also after the camera's encoder, in usual light and at usual distances, is good.
func TestGood(t *testing.T) {
	f := newTestFinder(t)
	photo := gocvPhoto(t, "face.jpg")
	face := webcam(photo)
	pictures := map[string]*image.YCbCr{
		"as it is":                 face,
		"from further away":        toYCbCr(photo, image.Rect(120, 60, 504, 348)),
		"from nearer":              toYCbCr(photo, image.Rect(-100, -90, 668, 486)),
		"a little darker":          relit(face, func(v, _, _ float64) float64 { return v * 0.65 }),
		"a little brighter":        relit(face, func(v, _, _ float64) float64 { return v*1.2 + 15 }),
		"a cheap camera's noise":   noisy(face, 8),
		"another camera's picture": webcam(gocvPhoto(t, "face-detect.jpg")),
		"a part of a larger one":   toYCbCr(photo, image.Rect(0, 0, 640, 480)).SubImage(image.Rect(100, 40, 600, 480)).(*image.YCbCr),
	}
	for _, rate := range []string{"500k", "200k"} {
		for i, frame := range vp8KeyFrames(t, face, rate) {
			img, err := DecodeKeyFrame(frame)
			if err != nil {
				t.Fatal(err)
			}
			pictures["VP8 at "+rate+" "+string(rune('1'+i))] = img
		}
	}
	for name, img := range pictures {
		a := assess(t, f, img)
		if !a.Good() || len(a.Faces) != 1 || a.Unified < 50 {
			t.Errorf("%s: not good: %v", name, a)
		}
	}
}

// What is wrong with a picture is said first.
func TestHints(t *testing.T) {
	f := newTestFinder(t)
	photo := gocvPhoto(t, "face.jpg")
	face := webcam(photo)
	side := toYCbCr(photo, image.Rect(0, 0, 320, 240))
	two := toYCbCr(photo, image.Rect(320, 120, 640, 360))
	for y := range 240 {
		copy(two.Y[(y+120)*two.YStride:][:320], side.Y[y*side.YStride:][:320])
	}
	random := rand.New(rand.NewPCG(1, 1))
	for name, c := range map[string]struct {
		img  *image.YCbCr
		want Hint
	}{
		"black":                  {flat(0), EmptyPicture},
		"grey":                   {flat(128), EmptyPicture},
		"white":                  {flat(255), EmptyPicture},
		"a covered camera":       {relit(flat(9), func(v, _, _ float64) float64 { return v + 1.5*random.NormFloat64() }), EmptyPicture},
		"a wall":                 {toYCbCr(image.NewGray(image.Rect(0, 0, 8, 8)), image.Rect(0, 0, 640, 200)), NoFace},
		"snow":                   {noisy(flat(128), 60), NoFace},
		"a room with nobody":     {toYCbCr(photo, image.Rect(0, 0, 1900, 1400)), NoFace},
		"a face at the edge":     {toYCbCr(photo, image.Rect(-390, 0, 250, 480)), NoFace},
		"two faces":              {two, SeveralFaces},
		"far away":               {toYCbCr(photo, image.Rect(200, 150, 456, 342)), TooFar},
		"a dark room":            {relit(face, func(v, _, _ float64) float64 { return v * 0.3 }), TooDark},
		"a face against a lamp":  {relit(face, func(v, _, _ float64) float64 { return v*1.5 + 110 }), TooBright},
		"a blurred lens":         {blurred(face, 4), Blurred},
		"light from the window":  {relit(face, sideLight), UnevenLight},
		"a head laid aside":      {rotated(face, 16), FaceTurned},
		"a head at the top edge": {toYCbCr(photo, image.Rect(-80, -190, 720, 410)), OffCentre},
	} {
		a := assess(t, f, c.img)
		if a.Good() {
			t.Errorf("%s: good", name)
		}
		if len(a.Hints) == 0 || a.Hints[0] != c.want {
			t.Errorf("%s: want %s first: %v", name, c.want, a)
		}
	}
	if a := assess(t, f, toYCbCr(photo, image.Rect(-420, -380, 1080, 745))); a.Good() || !slices.Contains(a.Hints, TooClose) {
		t.Errorf("a face that fills the picture: want too_close: %v", a)
	}
	dark := assess(t, f, relit(toYCbCr(photo, image.Rect(0, 0, 1900, 1400)), func(v, _, _ float64) float64 { return v * 0.2 }))
	if !slices.Equal(dark.Hints, []Hint{TooDark, NoFace}) {
		t.Errorf("a dark room with nobody: %v", dark.Hints)
	}
}

func flat(v uint8) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = v
	}
	return img
}

func sideLight(v, x, _ float64) float64 {
	return v * min(1.2, max(0.16, (x-0.46)*9))
}

// rotated turns the picture about the face.
func rotated(img *image.YCbCr, degrees float64) *image.YCbCr {
	out := flat(110)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for y := range 480 {
		for x := range 640 {
			u, v := float64(x)-345, float64(y)-265
			i, j := int(345+cos*u+sin*v), int(265-sin*u+cos*v)
			if i >= 0 && j >= 0 && i < 640 && j < 480 {
				out.Y[out.YOffset(x, y)] = img.Y[img.YOffset(i, j)]
			}
		}
	}
	return out
}

func TestComponents(t *testing.T) {
	f := newTestFinder(t)
	photo := gocvPhoto(t, "face.jpg")
	face := webcam(photo)
	names := []string{
		SingleFacePresent, InterEyeDistance, HeadSize, HeadPoseYaw, HeadPosePitch, HeadPoseRoll, Sharpness, IlluminationUniformity, UnderExposurePrevention,
		OverExposurePrevention, DynamicRange, LeftwardCrop, RightwardCrop, MarginAbove, MarginBelow,
	}
	for name, img := range map[string]*image.YCbCr{"face": face, "nobody": flat(100)} {
		a := assess(t, f, img)
		var got []string
		for _, c := range a.Components {
			got = append(got, c.Name)
			if c.Value < -1 || c.Value > 100 || math.IsNaN(c.Raw) || math.IsInf(c.Raw, 0) {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if !slices.Equal(got, names) {
			t.Errorf("%s: components %v", name, got)
		}
	}
	nobody := assess(t, f, flat(100))
	if nobody.Unified != -1 || nobody.Component(Sharpness).Value != -1 || nobody.Component(SingleFacePresent).Value != 0 {
		t.Errorf("nobody: %v", nobody)
	}
	if c := nobody.Component("Beauty"); c.Value != -1 {
		t.Errorf("a component nobody knows: %+v", c)
	}

	// Measured by hand in the photograph: the eyes at (307, 240) and (391, 241).
	a := assess(t, f, face)
	for i, want := range []image.Point{{307, 240}, {391, 241}} {
		if d := distance(a.Eyes[i].Point, want); d > 8 {
			t.Errorf("eye %d at %v, want %v", i, a.Eyes[i], want)
		}
	}
	if d := a.Component(InterEyeDistance).Raw; math.Abs(d-84) > 8 {
		t.Errorf("distance between the eyes: %.1f, want 84", d)
	}
	// Each component falls with what it is named after.
	series := func(name string, pictures ...*image.YCbCr) {
		t.Helper()
		last := 101
		for i, img := range pictures {
			v := assess(t, f, img).Component(name).Value
			if v < 0 || v > last || (i == len(pictures)-1 && v > assess(t, f, pictures[0]).Component(name).Value-10) {
				t.Errorf("%s: %d after %d at step %d", name, v, last, i)
			}
			last = v
		}
	}
	series(Sharpness, face, blurred(face, 1), blurred(face, 2), blurred(face, 3))
	series(InterEyeDistance, face, toYCbCr(photo, image.Rect(0, 0, 480, 360)), toYCbCr(photo, image.Rect(0, 0, 360, 270)))
	series(HeadSize, face, toYCbCr(photo, image.Rect(0, 0, 384, 288)), toYCbCr(photo, image.Rect(0, 0, 288, 216)))
	dim := func(k float64) *image.YCbCr { return relit(face, func(v, _, _ float64) float64 { return v * k }) }
	series(UnderExposurePrevention, face, dim(0.5), dim(0.35), dim(0.25))
	series(DynamicRange, face, dim(0.6), dim(0.3))
	lit := func(k float64) *image.YCbCr { return relit(face, func(v, _, _ float64) float64 { return v + k }) }
	series(OverExposurePrevention, face, lit(60), lit(110))
	uneven := func(k float64) *image.YCbCr {
		return relit(face, func(v, x, y float64) float64 { return v*(1-k) + k*sideLight(v, x, y) })
	}
	series(IlluminationUniformity, face, uneven(0.5), uneven(1))
	if a := assess(t, f, rotated(face, 8)); math.Abs(math.Abs(a.Component(HeadPoseRoll).Raw)-8) > 3 {
		t.Errorf("a head tilted by 8°: %v", a.Component(HeadPoseRoll))
	}
}

func TestLimitsAreTheCallers(t *testing.T) {
	strict := DefaultLimits()
	strict.InterEye = 120
	f, err := NewFinder(Config{Limits: &strict})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if a := assess(t, f, webcam(gocvPhoto(t, "face.jpg"))); a.Good() || a.Hints[0] != TooFar || f.Limits() != strict {
		t.Errorf("%v", a)
	}
}

// The Assessment of nothing is never good.
func TestZeroIsNotGood(t *testing.T) {
	if (Assessment{}).Good() {
		t.Error("an assessment that never took place is good")
	}
}

func TestAssessRefusesBrokenPictures(t *testing.T) {
	f := newTestFinder(t)
	short := flat(100)
	short.Y = short.Y[:1000]
	for name, img := range map[string]*image.YCbCr{
		"nil": nil, "empty": {}, "too large": image.NewYCbCr(image.Rect(0, 0, 1921, 100), image.YCbCrSubsampleRatio420), "short": short,
	} {
		if a, err := f.Assess(t.Context(), img); err == nil || a.Good() {
			t.Errorf("%s: %v %v", name, a, err)
		}
	}
	for _, side := range []int{1, 10, 39, 41} {
		img := image.NewYCbCr(image.Rect(0, 0, side, side), image.YCbCrSubsampleRatio420)
		for i := range img.Y {
			img.Y[i] = uint8(i * 7)
		}
		if a := assess(t, f, img); a.Good() {
			t.Errorf("%d pixels: good", side)
		}
	}
}

func TestConcurrently(t *testing.T) {
	f := newTestFinder(t)
	face := webcam(gocvPhoto(t, "face.jpg"))
	want := assess(t, f, face)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range 3 {
				a, err := f.Assess(context.Background(), face)
				if err != nil || !a.Good() || a.Faces[0] != want.Faces[0] || a.Unified != want.Unified {
					t.Errorf("%v %v, want %v", a, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestClose(t *testing.T) {
	f, err := NewFinder(Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	face := webcam(gocvPhoto(t, "face.jpg"))
	busy, err := f.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Assess(ctx, face); !errors.Is(err, context.Canceled) {
		t.Errorf("no worker and no time: %v", err)
	}
	closed := make(chan error)
	go func() { closed <- f.Close() }()
	<-f.closing
	if _, err := f.Assess(t.Context(), face); !errors.Is(err, ErrClosed) {
		t.Errorf("while it is being closed: %v", err)
	}
	f.idle <- busy
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestNewFinderSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.xml")
	if err := os.WriteFile(text, []byte("<html>hello</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"no face cascade": {FaceCascade: filepath.Join(dir, "none.xml")},
		"no eye cascade":  {EyeCascade: filepath.Join(dir, "none.xml")},
		"no cascade":      {FaceCascade: text},
		"a folder":        {EyeCascade: dir},
	} {
		f, err := NewFinder(cfg)
		if err == nil {
			f.Close()
			t.Errorf("%s: accepted", name)
		} else if name != "a folder" && !strings.Contains(err.Error(), "opencv-data") {
			t.Errorf("%s: %v: does not say what to install", name, err)
		}
	}
}
