package ebsmock_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/vp8"
)

// modulePhoto reads a picture that comes with the gocv module: face.jpg is a man at his desk, face-detect.jpg the same man on
// another day, small and with a green square drawn over his face.
func modulePhoto(tb testing.TB, name string) []byte {
	tb.Helper()
	dir, err := gocvDir()
	if err != nil {
		tb.Fatalf("find the gocv module: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "images", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

var gocvDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	return strings.TrimSpace(string(out)), err
})

// frame is a colour picture 640×480, as from a webcam.
type frame struct{ *image.RGBA }

func webcam(tb testing.TB, photo []byte) frame {
	tb.Helper()
	img, _, err := image.Decode(bytes.NewReader(photo))
	if err != nil {
		tb.Fatal(err)
	}
	f := frame{image.NewRGBA(image.Rect(0, 0, 640, 480))}
	src := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	sx, sy := float64(src.Rect.Dx())/640, float64(src.Rect.Dy())/480
	f.fill(frame{src}, func(x, y float64) (float64, float64) { return x * sx, y * sy })
	return f
}

// fill takes every pixel from where the map says, interpolated.
func (f frame) fill(src frame, from func(x, y float64) (float64, float64)) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	for y := range f.Rect.Dy() {
		for x := range f.Rect.Dx() {
			u, v := from(float64(x)+0.5, float64(y)+0.5)
			u, v = min(max(u-0.5, 0), float64(w-1)), min(max(v-0.5, 0), float64(h-1))
			x0, y0 := int(u), int(v)
			fx, fy := int(256*(u-float64(x0))), int(256*(v-float64(y0)))
			right, down := 4*(min(x0+1, w-1)-x0), src.Stride*(min(y0+1, h-1)-y0)
			out, in := f.Pix[f.PixOffset(x, y):], src.Pix[src.PixOffset(x0, y0):]
			for c := range 3 {
				top := int(in[c])*(256-fx) + int(in[c+right])*fx
				bottom := int(in[c+down])*(256-fx) + int(in[c+down+right])*fx
				out[c] = uint8((top*(256-fy) + bottom*fy) >> 16)
			}
			out[3] = 255
		}
	}
}

// moved takes the picture from elsewhere; x and y run over the frame as pixels.
func (f frame) moved(from func(x, y float64) (float64, float64)) frame {
	out := frame{image.NewRGBA(f.Rect)}
	out.fill(f, from)
	return out
}

// lit changes every value; x and y are the place, 0…1.
func (f frame) lit(light func(v, x, y float64) float64) frame {
	out := frame{image.NewRGBA(f.Rect)}
	for y := range f.Rect.Dy() {
		for x := range f.Rect.Dx() {
			u, v := float64(x)/float64(f.Rect.Dx()), float64(y)/float64(f.Rect.Dy())
			i := f.PixOffset(x, y)
			for c := range 3 {
				out.Pix[i+c] = uint8(min(max(light(float64(f.Pix[i+c]), u, v), 0), 255))
			}
			out.Pix[i+3] = 255
		}
	}
	return out
}

func gamma(g float64) func(v, x, y float64) float64 {
	var table [256]float64
	for v := range table {
		table[v] = 255 * math.Pow(float64(v)/255, g)
	}
	return func(v, _, _ float64) float64 { return table[int(v)] }
}

func noise(sigma float64, seed uint64) func(v, x, y float64) float64 {
	random := rand.New(rand.NewPCG(seed, 7))
	return func(v, _, _ float64) float64 { return v + sigma*random.NormFloat64() }
}

// turned rotates about the face and scales.
func turned(degrees, scale, dx, dy float64) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(x, y float64) (float64, float64) {
		x, y = (x-345-dx)/scale, (y-265-dy)/scale
		return 345 + cos*x + sin*y, 265 - sin*x + cos*y
	}
}

func (f frame) jpeg(tb testing.TB, quality int) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, f.RGBA, &jpeg.Options{Quality: quality}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// vp8s sends pictures through a camera's encoder, each for three frames, and takes the key frame of each out, as the service does.
func vp8s(tb testing.TB, bitrate string, pictures ...frame) []image.Image {
	tb.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		tb.Fatalf("ffmpeg is needed to make VP8 frames: install the package ffmpeg: %v", err)
	}
	const each = 3
	var film, ivf, stderr bytes.Buffer
	// The first one lasts longer: the encoder has to find its way.
	for i, f := range append([]frame{pictures[0]}, pictures...) {
		times := each
		if i == 0 {
			times *= each
		}
		for range times {
			film.Write(f.Pix)
		}
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "rawvideo", "-pixel_format", "rgba", "-video_size", "640x480", "-framerate", "15", "-i", "-", "-pix_fmt", "yuv420p",
		"-c:v", "libvpx", "-b:v", bitrate, "-deadline", "realtime", "-cpu-used", "6", "-auto-alt-ref", "0", "-lag-in-frames", "0",
		"-g", strconv.Itoa(each), "-keyint_min", strconv.Itoa(each), "-f", "ivf", "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &film, &ivf, &stderr
	if err := cmd.Run(); err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, stderr.Bytes())
	}
	var keys [][]byte
	for data := ivf.Bytes()[32:]; len(data) > 12; {
		n := int(binary.LittleEndian.Uint32(data))
		if one := data[12 : 12+n]; one[0]&1 == 0 {
			keys = append(keys, one)
		}
		data = data[12+n:]
	}
	if want := len(pictures) + each; len(keys) != want {
		tb.Fatalf("%d key frames of %d pictures, want %d", len(keys), len(pictures), want)
	}
	var out []image.Image
	for _, key := range keys[each:] {
		d := vp8.NewDecoder()
		d.Init(bytes.NewReader(key), len(key))
		if _, err := d.DecodeFrameHeader(); err != nil {
			tb.Fatal(err)
		}
		img, err := d.DecodeFrame()
		if err != nil {
			tb.Fatal(err)
		}
		// The decoder uses the picture's memory again.
		out = append(out, grey(img))
	}
	return out
}

// grey is the brightness of a picture.
func grey(img image.Image) *image.Gray {
	out := image.NewGray(img.Bounds())
	if y, ok := img.(*image.YCbCr); ok {
		for row := range out.Rect.Dy() {
			copy(out.Pix[row*out.Stride:][:out.Rect.Dx()], y.Y[row*y.YStride:])
		}
		return out
	}
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

// The others are drawn from the one photograph there is, by moving its features so that another person looks out of it.

// mirrored swaps left and right.
func mirrored(x, y float64) (float64, float64) { return 640 - x, y }

// stretched makes the face narrower or longer about its middle.
func stretched(sx, sy float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) { return 345 + (x-345)/sx, 265 + (y-265)/sy }
}

// bulge enlarges (or with a negative strength shrinks) what is around a point and moves it.
func bulge(cx, cy, radius, strength, dx, dy float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		u, v := (x-cx-dx)/radius, (y-cy-dy)/radius
		far := u*u + v*v
		if far > 5 {
			return x, y // by then it is nothing
		}
		w := math.Exp(-far * 2)
		return x - dx*w - (x-cx)*strength*w, y - dy*w - (y-cy)*strength*w
	}
}

func then(maps ...func(x, y float64) (float64, float64)) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		for _, m := range maps {
			x, y = m(x, y)
		}
		return x, y
	}
}

// others are drawn persons: brows, eyes, nose and mouth of other sizes and at other places, most of them mirrored.
func others(f frame) map[string]frame {
	eyesApart := then(bulge(304, 245, 38, 0.3, -14, 6), bulge(391, 245, 38, 0.3, 14, 6))
	eyesClose := then(bulge(304, 245, 38, -0.3, 12, -8), bulge(391, 245, 38, -0.3, -12, -8))
	longFace := then(bulge(348, 330, 55, 0.2, 0, 24), bulge(345, 380, 70, 0, 0, 30))
	shortFace := then(bulge(348, 330, 55, -0.3, 0, -20), bulge(350, 285, 40, 0.4, 0, -8))
	return map[string]frame{
		"mirrored":                               f.moved(mirrored),
		"mirrored, longer by a quarter":          f.moved(then(stretched(1, 1.25), mirrored)),
		"mirrored, broader by a quarter":         f.moved(then(stretched(1.25, 1), mirrored)),
		"mirrored, eyes apart":                   f.moved(then(eyesApart, mirrored)),
		"mirrored, eyes close":                   f.moved(then(eyesClose, mirrored)),
		"mirrored, long face":                    f.moved(then(longFace, mirrored)),
		"mirrored, short face":                   f.moved(then(shortFace, mirrored)),
		"mirrored, eyes apart and long face":     f.moved(then(eyesApart, longFace, mirrored)),
		"mirrored, eyes close and short face":    f.moved(then(eyesClose, shortFace, mirrored)),
		"mirrored, eyes close, in another light": f.moved(then(eyesClose, mirrored)).lit(func(v, x, _ float64) float64 { return v * (0.6 + 0.5*x) }),
	}
}
