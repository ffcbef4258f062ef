package vision

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"
)

// gocvPhoto decodes the one photograph the tests may use: it comes with the gocv module.
func gocvPhoto(tb testing.TB, name string) image.Image {
	tb.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		tb.Fatalf("find the gocv module: %v", err)
	}
	file, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "images", name))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	img, _, err := image.Decode(file)
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

// toYCbCr draws the picture into a 640×480 webcam frame: the part from of img fills it, the rest is grey.
func toYCbCr(img image.Image, into image.Rectangle) *image.YCbCr {
	rgba := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(rgba, rgba.Rect, image.NewUniform(color.Gray{120}), image.Point{}, draw.Src)
	xdraw.CatmullRom.Scale(rgba, into, img, img.Bounds(), draw.Src, nil)
	out := image.NewYCbCr(rgba.Rect, image.YCbCrSubsampleRatio420)
	for y := range 480 {
		for x := range 640 {
			c := rgba.RGBAAt(x, y)
			Y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			out.Y[out.YOffset(x, y)] = Y
			out.Cb[out.COffset(x, y)] = cb
			out.Cr[out.COffset(x, y)] = cr
		}
	}
	return out
}

func webcam(img image.Image) *image.YCbCr { return toYCbCr(img, image.Rect(0, 0, 640, 480)) }

// relit changes the brightness of every pixel; x and y are its place, 0…1.
func relit(img *image.YCbCr, f func(v, x, y float64) float64) *image.YCbCr {
	out := image.NewYCbCr(img.Rect, img.SubsampleRatio)
	copy(out.Y, img.Y)
	copy(out.Cb, img.Cb)
	copy(out.Cr, img.Cr)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			i := out.YOffset(x, y)
			v := f(float64(out.Y[i]), float64(x)/float64(img.Rect.Dx()), float64(y)/float64(img.Rect.Dy()))
			out.Y[i] = uint8(min(max(v, 0), 255))
		}
	}
	return out
}

// blurred averages the brightness over squares of 2r+1 pixels, twice.
func blurred(img *image.YCbCr, r int) *image.YCbCr {
	out := relit(img, func(v, _, _ float64) float64 { return v })
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for range 2 {
		from := bytes.Clone(out.Y)
		for y := range h {
			for x := range w {
				sum, n := 0, 0
				for j := max(0, y-r); j <= min(h-1, y+r); j++ {
					for i := max(0, x-r); i <= min(w-1, x+r); i++ {
						sum, n = sum+int(from[j*out.YStride+i]), n+1
					}
				}
				out.Y[y*out.YStride+x] = uint8(sum / n)
			}
		}
	}
	return out
}

func noisy(img *image.YCbCr, sigma float64) *image.YCbCr {
	random := rand.New(rand.NewPCG(1, 2))
	return relit(img, func(v, _, _ float64) float64 { return v + sigma*random.NormFloat64() })
}

// vp8 encodes the frame as a camera's browser does, at the given bitrate, and returns the encoded key frames.
func vp8KeyFrames(tb testing.TB, img *image.YCbCr, bitrate string) [][]byte {
	tb.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		tb.Fatalf("ffmpeg is needed to make VP8 frames: install the package ffmpeg: %v", err)
	}
	jpg, err := EncodeJPEG(img, 98)
	if err != nil {
		tb.Fatal(err)
	}
	photo := filepath.Join(tb.TempDir(), "photo.jpg")
	if err := os.WriteFile(photo, jpg, 0o600); err != nil {
		tb.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("ffmpeg", "-v", "error", "-loop", "1", "-i", photo, "-t", "0.6", "-r", "15",
		"-vf", "scale=out_range=tv:out_color_matrix=bt601", "-pix_fmt", "yuv420p",
		"-c:v", "libvpx", "-b:v", bitrate, "-deadline", "realtime", "-cpu-used", "6", "-g", "5", "-f", "ivf", "-")
	cmd.Stderr = &stderr
	ivf, err := cmd.Output()
	if err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, stderr.Bytes())
	}
	var frames [][]byte
	for ivf = ivf[32:]; len(ivf) > 12; {
		n := int(binary.LittleEndian.Uint32(ivf))
		if frame := ivf[12 : 12+n]; frame[0]&1 == 0 {
			frames = append(frames, frame)
		}
		ivf = ivf[12+n:]
	}
	if len(frames) < 2 {
		tb.Fatalf("ffmpeg made %d key frames", len(frames))
	}
	return frames
}

func newTestFinder(tb testing.TB) *Finder {
	tb.Helper()
	f, err := NewFinder(Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

func (a Assessment) String() string {
	s := fmt.Sprintf("faces %v eyes %v unified %d hints %v brightness %.0f\n", a.Faces, a.Eyes, a.Unified, a.Hints, a.brightness)
	for _, c := range a.Components {
		s += fmt.Sprintf("  %-24s %8.3f %4d\n", c.Name, math.Round(c.Raw*1000)/1000, c.Value)
	}
	return s
}
