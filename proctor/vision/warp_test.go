package vision

import (
	"image"
	"math"
)

// turned shows the photograph's head turned by yaw and pitch, in degrees: as if its face were painted on an ellipsoid with a nose. Positive yaw turns
// the face to the picture's right, positive pitch lifts the chin. A crude head, and good for small angles only.
func turned(img *image.YCbCr, centre image.Point, radius float64, yaw, pitch float64) *image.YCbCr {
	out := relit(img, func(v, _, _ float64) float64 { return v })
	sy, cy := math.Sincos(yaw * math.Pi / 180)
	sp, cp := math.Sincos(pitch * math.Pi / 180)
	depth := func(x, y float64) (float64, bool) { // of the head's surface, in radii
		r := x*x/0.72 + y*y/1.3
		if r >= 1 {
			return 0, false
		}
		nose := 0.26 * math.Exp(-(x*x/0.016 + (y-0.16)*(y-0.16)/0.03))
		return 0.85*math.Sqrt(1-r) + nose, true
	}
	l, err := newLuma(img)
	if err != nil {
		panic(err)
	}
	for py := range img.Rect.Dy() {
		for px := range img.Rect.Dx() {
			tx, ty := (float64(px-centre.X))/radius, (float64(py-centre.Y))/radius
			// Search the surface point that is projected here: a few steps of fixed-point iteration.
			x, y, ok := tx, ty, false
			for range 12 {
				var z float64
				if z, ok = depth(x, y); !ok {
					break
				}
				// Rotate (x,y,z): yaw about the vertical axis, pitch about the horizontal one (chin lifted: what is in front goes up).
				rx := cy*x + sy*z
				rz := -sy*x + cy*z
				ry := cp*y - sp*rz
				x += 0.8 * (tx - rx)
				y += 0.8 * (ty - ry)
			}
			if _, inside := depth(x, y); !ok || !inside {
				continue
			}
			out.Y[out.YOffset(px, py)] = uint8(l.at(float64(centre.X)+x*radius, float64(centre.Y)+y*radius) + 0.5)
		}
	}
	return out
}
