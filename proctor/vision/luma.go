package vision

import (
	"errors"
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"
)

// luma is the brightness of a picture, 0…255, row by row without gaps.
type luma struct {
	w, h int
	pix  []uint8
}

func newLuma(img *image.YCbCr) (*luma, error) {
	if img == nil {
		return nil, errors.New("vision: no picture")
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w <= 0 || h <= 0 || w > MaxSide || h > MaxSide {
		return nil, fmt.Errorf("vision: picture of %d×%d pixels, at most %d×%d allowed", w, h, MaxSide, MaxSide)
	}
	first := img.YOffset(img.Rect.Min.X, img.Rect.Min.Y)
	if img.YStride < w || first < 0 || first+(h-1)*img.YStride+w > len(img.Y) {
		return nil, errors.New("vision: picture with fewer pixels than its size says")
	}
	l := &luma{w: w, h: h, pix: make([]uint8, w*h)}
	for y := range h {
		from := first + y*img.YStride
		copy(l.pix[y*w:(y+1)*w], img.Y[from:from+w])
	}
	return l, nil
}

// mat copies a part of the picture to memory of OpenCV's, which must not keep pointers to Go's.
func (l *luma) mat(r image.Rectangle) (gocv.Mat, error) {
	r = r.Intersect(image.Rect(0, 0, l.w, l.h))
	if r.Empty() {
		return gocv.Mat{}, errors.New("vision: empty part of a picture")
	}
	m := gocv.NewMatWithSize(r.Dy(), r.Dx(), gocv.MatTypeCV8U)
	p, err := m.DataPtrUint8()
	if err != nil {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("vision: %w", err)
	}
	for y := range r.Dy() {
		from := (r.Min.Y+y)*l.w + r.Min.X
		copy(p[y*r.Dx():], l.pix[from:from+r.Dx()])
	}
	return m, nil
}

// isFlat says that the picture shows nothing: black, one colour, or noise only. Half of the pixels of a picture of anything
// at all differ by more.
func (l *luma) isFlat() bool {
	h := l.histogram(image.Rect(0, 0, l.w, l.h))
	return h.quantile(0.98)-h.quantile(0.02) < 12
}

func (l *luma) histogram(r image.Rectangle) *histogram {
	var h histogram
	r = r.Intersect(image.Rect(0, 0, l.w, l.h))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range l.pix[y*l.w+r.Min.X : y*l.w+r.Max.X] {
			h.count[v]++
		}
	}
	h.total = area(r)
	return &h
}

// resample makes a copy of a part of the picture w×h pixels large: by area when it shrinks, by interpolation when it grows,
// so that sharpness is measured at the same scale whatever the distance to the camera.
func (l *luma) resample(r image.Rectangle, w, h int) []float64 {
	out := make([]float64, w*h)
	sx, sy := float64(r.Dx())/float64(w), float64(r.Dy())/float64(h)
	nx, ny := max(1, int(math.Ceil(sx))), max(1, int(math.Ceil(sy)))
	for y := range h {
		for x := range w {
			sum := 0.0
			for j := range ny {
				for i := range nx {
					sum += l.at(
						float64(r.Min.X)+(float64(x)+(float64(i)+0.5)/float64(nx))*sx-0.5,
						float64(r.Min.Y)+(float64(y)+(float64(j)+0.5)/float64(ny))*sy-0.5,
					)
				}
			}
			out[y*w+x] = sum / float64(nx*ny)
		}
	}
	return out
}

// at interpolates between the four nearest pixels; positions outside take the border's.
func (l *luma) at(x, y float64) float64 {
	x = min(max(x, 0), float64(l.w-1))
	y = min(max(y, 0), float64(l.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, l.w-1), min(y0+1, l.h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	top := float64(l.pix[y0*l.w+x0])*(1-fx) + float64(l.pix[y0*l.w+x1])*fx
	bottom := float64(l.pix[y1*l.w+x0])*(1-fx) + float64(l.pix[y1*l.w+x1])*fx
	return top*(1-fy) + bottom*fy
}

// logs are the logarithms of brightness, a little away from 0: a shadow divides the brightness of what lies in it.
var logs = func() (table [256]float64) {
	for v := range table {
		table[v] = math.Log(float64(v) + 8)
	}
	return table
}()

// log is that of the nearest pixel; positions outside take the border's.
func (l *luma) log(x, y int) float64 {
	x, y = min(max(x, 0), l.w-1), min(max(y, 0), l.h-1)
	return logs[l.pix[y*l.w+x]]
}

// histogram counts the pixels of each brightness.
type histogram struct {
	count [256]int
	total int
}

// quantile is the brightness below which the share q of the pixels lies.
func (h *histogram) quantile(q float64) int {
	left := int(q * float64(h.total))
	for v, n := range h.count {
		if left -= n; left < 0 {
			return v
		}
	}
	return 255
}

// share of the pixels with a brightness of low…high.
func (h *histogram) share(low, high int) float64 {
	if h.total == 0 {
		return 0
	}
	n := 0
	for v := low; v <= high; v++ {
		n += h.count[v]
	}
	return float64(n) / float64(h.total)
}

func (h *histogram) mean() float64 {
	if h.total == 0 {
		return 0
	}
	sum := 0
	for v, n := range h.count {
		sum += v * n
	}
	return float64(sum) / float64(h.total)
}

// entropy in bits, 0…8.
func (h *histogram) entropy() float64 {
	e := 0.0
	for _, n := range h.count {
		if n > 0 {
			p := float64(n) / float64(h.total)
			e -= p * math.Log2(p)
		}
	}
	return e
}
