package vision

import "image"

// A Thumb is a whole picture, brightness only, small: too small to know anybody by, good enough to tell whether a picture moved.
// It is ThumbWidth × ThumbHeight bytes, row by row, each the mean of its part.
type Thumb []uint8

// The size of a [Thumb].
const ThumbWidth, ThumbHeight = 80, 60

// NewThumb makes it.
func NewThumb(img *image.YCbCr) (Thumb, error) {
	l, err := newLuma(img)
	if err != nil {
		return nil, err
	}
	defer clear(l.pix)
	t := make(Thumb, ThumbWidth*ThumbHeight)
	for y := range ThumbHeight {
		y0, y1 := y*l.h/ThumbHeight, max((y+1)*l.h/ThumbHeight, y*l.h/ThumbHeight+1)
		for x := range ThumbWidth {
			x0, x1 := x*l.w/ThumbWidth, max((x+1)*l.w/ThumbWidth, x*l.w/ThumbWidth+1)
			sum := 0
			for j := y0; j < y1; j++ {
				for _, v := range l.pix[j*l.w+x0 : j*l.w+x1] {
					sum += int(v)
				}
			}
			n := (x1 - x0) * (y1 - y0)
			t[y*ThumbWidth+x] = uint8((sum + n/2) / n)
		}
	}
	return t, nil
}

// Wipe overwrites the thumb.
func (t Thumb) Wipe() { clear(t) }
