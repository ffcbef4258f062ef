package liveness

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"

	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// The scenes are 320×240: what is watched is brought to a smaller scale anyway.
const sceneWidth, sceneHeight = 320, 240

// sitter is somebody before a camera, from a photograph whose eyes and mouth are known.
type sitter struct {
	gray       *image.Gray
	x, y, eyes float64 // the point between the eyes, and their distance
}

func newSitter(tb testing.TB, img image.Image, eyes float64, x, y float64) *sitter {
	tb.Helper()
	s := &sitter{gray: image.NewGray(image.Rect(0, 0, sceneWidth, sceneHeight)), x: x, y: y, eyes: eyes}
	xdraw.CatmullRom.Scale(s.gray, s.gray.Rect, img, img.Bounds(), xdraw.Src, nil)
	return s
}

// sitters are the two photographs of the gocv module.
func sitters(tb testing.TB) []*sitter {
	tb.Helper()
	return []*sitter{
		newSitter(tb, moduleImage(tb, "face.jpg"), 42, 174.5, 120.5),
		newSitter(tb, moduleImage(tb, "face-detect.jpg"), 38, 167.5, 103.5),
	}
}

func moduleImage(tb testing.TB, name string) image.Image {
	tb.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		tb.Fatalf("find the gocv module: %v", err)
	}
	return readImage(tb, filepath.Join(strings.TrimSpace(string(dir)), "images", name))
}

func readImage(tb testing.TB, path string) image.Image {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

// other is another face made of the sitter's own: mirrored, wider above and longer below.
func (s *sitter) other() *sitter {
	o := &sitter{gray: image.NewGray(s.gray.Rect), x: sceneWidth - s.x, y: s.y, eyes: s.eyes * 0.86}
	for y := range sceneHeight {
		for x := range sceneWidth {
			u, v := float64(x)-o.x, float64(y)-o.y
			r := math.Hypot(u/(2*s.eyes), v/(2.4*s.eyes))
			k := 1 + 0.16*math.Exp(-r*r)
			o.gray.Pix[y*o.gray.Stride+x] = s.at(s.x-u*k, s.y+v*(k-0.22*math.Exp(-r*r)*math.Tanh(v/s.eyes)))
		}
	}
	return o
}

// at is the brightness between pixels. (go:norace: a pure function, called for each pixel of some thousand pictures.)
//
//go:norace
func (s *sitter) at(x, y float64) uint8 {
	x, y = min(max(x, 0), sceneWidth-1.001), min(max(y, 0), sceneHeight-1.001)
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	p := s.gray.Pix[j*s.gray.Stride+i:]
	top := float64(p[0])*(1-fx) + float64(p[1])*fx
	p = p[s.gray.Stride*min(1, sceneHeight-1-j):]
	bottom := float64(p[0])*(1-fx) + float64(p[1])*fx
	return uint8(top*(1-fy) + bottom*fy + 0.5)
}

// pose is how somebody looks at a moment: moved by pixels, tilted by radians, nearer by a share, the mouth open 0…1, the eyes shut or not.
type pose struct {
	dx, dy, tilt, near, mouth float64
	blink                     bool
}

// camera is a camera and its encoder.
type camera struct {
	noise  float64
	random *rand.Rand
	grain  []float64
	light  float64
}

func newCamera(random *rand.Rand) *camera {
	c := &camera{noise: 2 + 3*random.Float64(), random: random, grain: make([]float64, 1<<16), light: 0.85 + 0.3*random.Float64()}
	for i := range c.grain {
		c.grain[i] = random.NormFloat64()
	}
	return c
}

// take shows the sitter in the pose. A rigid one is a sheet of paper: all of the picture moves, and neither mouth nor eyes.
//
//go:norace
func (c *camera) take(tb testing.TB, s *sitter, p pose, rigid bool) *image.YCbCr {
	tb.Helper()
	out := image.NewGray(image.Rect(0, 0, sceneWidth, sceneHeight))
	sin, cos := math.Sincos(p.tilt)
	light := c.light * (1 + 0.01*c.random.NormFloat64())
	from := c.random.IntN(len(c.grain))
	mouthY, wide := 1.12*s.eyes, 0.42*s.eyes
	for y := range sceneHeight {
		for x := range sceneWidth {
			u, v := float64(x)-s.x, float64(y)-s.y
			m := 1.0
			if !rigid { // the head moves, the room does not
				r := math.Hypot(u/(1.9*s.eyes), (v-0.4*s.eyes)/(2.5*s.eyes))
				m = min(max((1.3-r)/0.5, 0), 1)
			}
			grain := c.noise * c.grain[(from+y*sceneWidth+x)&(len(c.grain)-1)]
			if m == 0 {
				out.Pix[y*out.Stride+x] = uint8(min(max(float64(s.gray.Pix[y*s.gray.Stride+x])*light+grain, 0), 255))
				continue
			}
			u1, v1 := u-m*p.dx, v-m*p.dy
			u2 := u1 + m*((cos/(1+p.near)-1)*u1+sin*v1)
			v2 := v1 + m*((cos/(1+p.near)-1)*v1-sin*u1)
			shade := 1.0
			if !rigid {
				open := 0.42 * s.eyes * p.mouth
				if below := v2 - mouthY; below > 0 && open > 0 && math.Abs(u2) < 2*wide {
					side := math.Exp(-u2 * u2 / (wide * wide))
					if gap := open * side; below < gap {
						shade, v2 = 0.45, mouthY
					} else if below < 1.2*s.eyes {
						v2 -= gap * (1 - below/(1.2*s.eyes))
					}
				}
				if p.blink && math.Abs(v2) < 0.16*s.eyes && math.Abs(math.Abs(u2)-s.eyes/2) < 0.3*s.eyes {
					v2 = 0.22 * s.eyes
				}
			}
			value := float64(s.at(s.x+u2, s.y+v2))*shade*light + grain
			out.Pix[y*out.Stride+x] = uint8(min(max(value, 0), 255))
		}
	}
	return compressed(tb, out, 55+c.random.IntN(25))
}

// compressed goes through a lossy encoder, as every key frame has.
func compressed(tb testing.TB, img *image.Gray, quality int) *image.YCbCr {
	tb.Helper()
	colour := image.NewYCbCr(img.Rect, image.YCbCrSubsampleRatio420)
	copy(colour.Y, img.Pix)
	_, cb, cr := color.RGBToYCbCr(128, 128, 128)
	for i := range colour.Cb {
		colour.Cb[i], colour.Cr[i] = cb, cr
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, colour, &jpeg.Options{Quality: quality}); err != nil {
		tb.Fatal(err)
	}
	again, err := jpeg.Decode(&data)
	if err != nil {
		tb.Fatal(err)
	}
	return again.(*image.YCbCr)
}

// sway is somebody who sits: slow waves of several speeds, a blink now and then.
type sway struct {
	amplitude float64
	phase     [8]float64
	blinks    float64
}

func newSway(random *rand.Rand, amplitude float64) sway {
	s := sway{amplitude: amplitude, blinks: 2.5 + 2*random.Float64()}
	for i := range s.phase {
		s.phase[i] = 2 * math.Pi * random.Float64()
	}
	return s
}

func (s sway) at(t time.Duration) pose {
	x := t.Seconds()
	wave := func(i int, speed float64) float64 { return math.Sin(speed*x + s.phase[i]) }
	return pose{
		dx: s.amplitude * (2.2*wave(0, 0.9) + 0.9*wave(1, 2.3)), dy: s.amplitude * (1.3*wave(2, 1.1) + 0.7*wave(3, 2.9)),
		tilt: s.amplitude * 0.012 * wave(4, 0.7), near: s.amplitude * 0.012 * wave(5, 0.8),
		blink: math.Mod(x+s.phase[6], s.blinks) < 0.15,
	}
}

// word is something said.
type word struct{ at, length time.Duration }

// open is how far the mouth is open while the words are said.
func open(words []word, t time.Duration, random float64) float64 {
	for _, w := range words {
		if x := float64(t-w.at) / float64(w.length); x > -0.15 && x < 1.1 {
			return min(1, max(0, math.Sin(math.Pi*(x+0.15)/1.25))*(0.55+0.45*random))
		}
	}
	return 0
}

// sound is what a microphone in a quiet room hears of the words: a voice of that pitch in Hz.
func sound(random *rand.Rand, words []word, length time.Duration, pitch float64) []int16 {
	pcm := make([]int16, int(length*voice.SampleRate/time.Second))
	for i := range pcm {
		pcm[i] = int16(12 * random.NormFloat64())
	}
	for _, w := range words {
		n := int(w.length * voice.SampleRate / time.Second)
		first := int(w.at * voice.SampleRate / time.Second)
		for i := range n {
			if first+i < 0 || first+i >= len(pcm) {
				continue
			}
			x := float64(i) / voice.SampleRate
			v := 0.0
			for k := 1; k <= 12; k++ {
				v += math.Sin(2*math.Pi*pitch*float64(k)*x+float64(k)) / float64(k)
			}
			envelope := math.Sin(math.Pi * float64(i) / float64(n))
			pcm[first+i] = int16(min(max(float64(pcm[first+i])+3500*math.Sqrt(envelope)*v, -32768), 32767))
		}
	}
	return pcm
}

// watched plays a run before an observer: key frames at about the rate of a challenge, and what was heard.
type watched struct {
	finder *vision.Finder
	random *rand.Rand
	length time.Duration
	shown  []time.Duration
}

func newRun(finder *vision.Finder, seed uint64) *watched {
	w := &watched{finder: finder, random: rand.New(rand.NewPCG(seed, 77))}
	at := time.Duration(0)
	wait := func(least, waver int) {
		at += time.Duration(least+w.random.IntN(waver+1)) * time.Millisecond
	}
	wait(1200, 700)
	for i := range 4 {
		if i > 0 {
			wait(1300, 700)
		}
		w.shown = append(w.shown, at)
	}
	w.length = at + 2200*time.Millisecond
	return w
}

// between is a uniformly chosen time.
func (w *watched) between(least, most int) time.Duration {
	return time.Duration(least+w.random.IntN(most-least+1)) * time.Millisecond
}

// following are words of somebody who reads what is shown.
func (w *watched) following() (words []word) {
	reaction := w.between(480, 800)
	for _, shown := range w.shown {
		words = append(words, word{shown + reaction + time.Duration(w.random.NormFloat64()*90)*time.Millisecond, w.between(280, 560)})
	}
	return words
}

// regardless are words of somebody who does not know what is shown: four of them with a pause of their own, from a moment on.
func (w *watched) regardless(from time.Duration) (words []word) {
	for range 4 {
		words = append(words, word{from, w.between(280, 560)})
		from += w.between(1300, 2000)
	}
	return words
}

const lookFor = 3 * time.Second // of pictures before the challenge

// keyFrames are when key frames come: at the recorder's and the search's own pace, and a moment after each digit, as they are asked for.
func (w *watched) keyFrames() (times []time.Duration) {
	var asked []time.Duration
	for at := -lookFor; at < w.shown[0]; at += w.between(650, 850) {
		asked = append(asked, at)
	}
	for _, shown := range w.shown {
		asked = append(asked, shown+Speaking, shown+AtRest)
	}
	asked = append(asked, w.length-400*time.Millisecond)
	for _, at := range asked {
		at += w.between(30, 120)
		if n := len(times); n == 0 || at-times[n-1] >= 500*time.Millisecond {
			times = append(times, at)
		}
	}
	return times
}

// play shows pictures for as long as it takes, tells of the sound, and examines.
func (w *watched) play(tb testing.TB, device Device, words []word, inter int, picture func(t time.Duration) *image.YCbCr) []Finding {
	tb.Helper()
	var o Observer
	defer o.Wipe()
	o.Device(device)
	tracker := w.finder.Track()
	last := time.Duration(0)
	for _, at := range w.keyFrames() {
		img := picture(at)
		a, err := tracker.Assess(tb.Context(), img)
		if err != nil {
			tb.Fatal(err)
		}
		thumb, err := vision.NewThumb(img)
		if err != nil {
			tb.Fatal(err)
		}
		f := Frame{At: at + lookFor, Thumb: thumb, Patch: a.Patch}
		f.SHA256[0], f.SHA256[1] = byte(at>>20), byte(at>>28)
		if last != 0 {
			step := f.At - last
			f.Between = Between{Frames: int(step.Seconds() * 24), Bytes: int(step.Seconds() * 24 * float64(inter)), Time: step}
		}
		last = f.At
		o.Frame(f)
	}
	q := voice.Assess(sound(w.random, words, w.length, 100+120*w.random.Float64()), voice.SampleRate)
	return o.Examine(Speech{From: lookFor, Segments: q.Segments, Shown: w.shown})
}
