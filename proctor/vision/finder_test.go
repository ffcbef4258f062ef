package vision

import (
	"image"
	"testing"
)

func TestExplore(t *testing.T) {
	f := newTestFinder(t)
	face := gocvPhoto(t, "face.jpg")
	show := func(name string, img *image.YCbCr) {
		a, err := f.Assess(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s good=%v %s", name, a.Good(), a)
	}
	w := webcam(face)
	show("face", w)
	for _, rate := range []string{"500k", "150k"} {
		k := vp8KeyFrames(t, w, rate)
		for i, fr := range k {
			img, err := DecodeKeyFrame(fr)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 || i == len(k)-1 {
				show("vp8 "+rate, img)
			}
		}
	}
	show("scaled60", toYCbCr(face, image.Rect(0, 0, 384, 288)))
	show("scaled45", toYCbCr(face, image.Rect(100, 100, 388, 316)))
	show("scaled40", toYCbCr(face, image.Rect(100, 100, 356, 292)))
	show("close", toYCbCr(face, image.Rect(-640, -400, 1280, 1040)))
	show("dark0.3", relit(w, func(v, _, _ float64) float64 { return v * 0.3 }))
	show("dark0.5", relit(w, func(v, _, _ float64) float64 { return v * 0.5 }))
	show("bright", relit(w, func(v, _, _ float64) float64 { return v*1.6 + 60 }))
	show("side", relit(w, func(v, x, _ float64) float64 {
		if x < 0.55 {
			return v * 0.3
		}
		return v
	}))
	for _, r := range []int{1, 2, 3, 4} {
		show("blur", blurred(w, r))
	}
	show("noise", noisy(w, 10))
	show("fd", webcam(gocvPhoto(t, "face-detect.jpg")))
	show("off", toYCbCr(face, image.Rect(-300, 0, 340, 480)))
}
