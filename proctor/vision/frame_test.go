package vision

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"testing"
)

func TestDecodeKeyFrame(t *testing.T) {
	sent := webcam(gocvPhoto(t, "face.jpg"))
	frames := vp8KeyFrames(t, sent, "1500k")
	img, err := DecodeKeyFrame(frames[len(frames)-1])
	if err != nil {
		t.Fatal(err)
	}
	if img.Rect != sent.Rect {
		t.Fatalf("%v, want %v", img.Rect, sent.Rect)
	}
	// The same brightness and colours as were sent, in the full range: not washed out by 16…235.
	differ := func(a, b []uint8, aStride, bStride, w, h int) float64 {
		sum := 0.0
		for y := range h {
			for x := range w {
				sum += math.Abs(float64(a[y*aStride+x]) - float64(b[y*bStride+x]))
			}
		}
		return sum / float64(w*h)
	}
	if d := differ(img.Y, sent.Y, img.YStride, sent.YStride, 640, 480); d > 4 {
		t.Errorf("luma differs by %.1f on average", d)
	}
	if d := differ(img.Cb, sent.Cb, img.CStride, sent.CStride, 320, 240); d > 3 {
		t.Errorf("Cb differs by %.1f on average", d)
	}
	if d := differ(img.Cr, sent.Cr, img.CStride, sent.CStride, 320, 240); d > 3 {
		t.Errorf("Cr differs by %.1f on average", d)
	}
}

func TestDecodeKeyFrameRefuses(t *testing.T) {
	good := vp8KeyFrames(t, webcam(gocvPhoto(t, "face.jpg")), "300k")[0]
	edit := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	for name, c := range map[string]struct {
		frame []byte
		want  error
	}{
		"nothing":              {nil, ErrBadFrame},
		"two bytes":            {good[:2], ErrBadFrame},
		"an inter frame":       {edit(0, good[0]|1), ErrNotKeyFrame},
		"a short inter frame":  {[]byte{1, 0, 0}, ErrNotKeyFrame},
		"the header only":      {good[:10], ErrBadFrame},
		"half":                 {good[:len(good)/2], ErrBadFrame},
		"no start code":        {edit(3, 0), ErrBadFrame},
		"no width":             {edit(6, 0, 0), ErrBadFrame},
		"no height":            {edit(8, 0, 0), ErrBadFrame},
		"16383 pixels wide":    {edit(6, 0xff, 0x3f), ErrBadFrame},
		"1921 pixels high":     {edit(8, 0x81, 0x07), ErrBadFrame},
		"5 MiB":                {append(bytes.Clone(good), make([]byte, 5<<20)...), ErrBadFrame},
		"a partition too long": {edit(0, 0xf0, 0xff, 0xff), ErrBadFrame},
	} {
		if img, err := DecodeKeyFrame(c.frame); !errors.Is(err, c.want) || img != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzDecodeKeyFrame(f *testing.F) {
	small := image.NewYCbCr(image.Rect(0, 0, 48, 32), image.YCbCrSubsampleRatio420)
	for _, frame := range vp8KeyFrames(f, relit(small, func(_, x, y float64) float64 { return 255 * x * y }), "100k") {
		f.Add(frame)
	}
	f.Add([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 16, 0, 16, 0})
	f.Fuzz(func(t *testing.T, frame []byte) {
		img, err := DecodeKeyFrame(frame)
		if (img == nil) == (err == nil) {
			t.Fatalf("%v and %v", img, err)
		}
		if err != nil && !errors.Is(err, ErrBadFrame) && !errors.Is(err, ErrNotKeyFrame) {
			t.Fatalf("an untyped error: %v", err)
		}
		if img != nil && (img.Rect.Dx() > MaxSide || img.Rect.Dy() > MaxSide || img.Rect.Empty()) {
			t.Fatalf("a picture of %v", img.Rect)
		}
	})
}

// FuzzAssess: a picture that could be decoded can be assessed, tracked and made small, whatever it shows and however small it is.
func FuzzAssess(f *testing.F) {
	finder := newTestFinder(f)
	small := image.NewYCbCr(image.Rect(0, 0, 96, 80), image.YCbCrSubsampleRatio420)
	for _, frame := range vp8KeyFrames(f, relit(small, func(_, x, y float64) float64 { return 255 * x * y }), "100k") {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		img, err := DecodeKeyFrame(frame)
		if err != nil || img.Rect.Dx()*img.Rect.Dy() > 640*480 {
			return
		}
		tracker := finder.Track()
		for range 2 {
			a, err := tracker.Assess(t.Context(), img)
			if err != nil || a.Unified < -1 || a.Unified > 100 || (len(a.Faces) > 0) != (a.Patch != nil) {
				t.Fatalf("%v %v", a, err)
			}
		}
		if thumb, err := NewThumb(img); err != nil || len(thumb) != ThumbWidth*ThumbHeight {
			t.Fatalf("%d bytes, %v", len(thumb), err)
		}
	})
}

func TestEncodeJPEG(t *testing.T) {
	img := webcam(gocvPhoto(t, "face.jpg"))
	data, err := EncodeJPEG(img, 90)
	if err != nil {
		t.Fatal(err)
	}
	again, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil || again.Bounds() != img.Rect {
		t.Fatal(again.Bounds(), err)
	}
	for _, marker := range []string{"Exif", "http"} {
		if bytes.Contains(data, []byte(marker)) {
			t.Errorf("metadata: %s", marker)
		}
	}
	for _, bad := range []*image.YCbCr{nil, {}} {
		if _, err := EncodeJPEG(bad, 90); err == nil {
			t.Errorf("%v: accepted", bad)
		}
	}
}

func TestWipe(t *testing.T) {
	whole := flat(77)
	part := whole.SubImage(image.Rect(100, 100, 200, 200)).(*image.YCbCr)
	Wipe(part)
	from := whole.YOffset(100, 100)
	if i := bytes.IndexFunc(whole.Y[from:], func(r rune) bool { return r != 0 }); i >= 0 {
		t.Errorf("pixel %d is left", i)
	}
	Wipe(nil)
}
