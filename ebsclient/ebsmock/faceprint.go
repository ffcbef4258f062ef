package ebsmock

import (
	"encoding/json"
	"errors"
	"image"
	"math"
)

const (
	// printSide is the side of a print in pixels: the face's square and a third of it on each side, so that there is room to
	// turn, shift and scale.
	printSide = 120
	// faceSide is the part of it the cascade's square takes.
	faceSide = 72
)

// faceprint is a face with the light taken out of it: what is lighter and what is darker than its surroundings, −1…1, at
// the sizes of eyes, nose and mouth.
type faceprint struct {
	v [printSide * printSide]float32
}

// newFaceprint cuts the face out, brings it to size, and filters it: logarithm (light multiplies), difference of two blurs
// (shadows are large, noise and compression small), and the contrast evened out (Tan and Triggs, 2010, in short).
func newFaceprint(grey *image.Gray, face image.Rectangle) *faceprint {
	const n = printSide
	scale := float64(face.Dx()) / faceSide
	cx, cy := float64(face.Min.X+face.Max.X)/2, float64(face.Min.Y+face.Max.Y)/2
	raw := make([]float64, n*n)
	// Several samples a pixel where the face is larger than the print: else fine detail folds into coarse.
	k := max(1, int(math.Ceil(scale)))
	for y := range n {
		for x := range n {
			sum := 0.0
			for j := range k {
				for i := range k {
					px := cx + (float64(x)+(float64(i)+0.5)/float64(k)-n/2)*scale
					py := cy + (float64(y)+(float64(j)+0.5)/float64(k)-n/2)*scale
					sum += greyAt(grey, px-0.5, py-0.5)
				}
			}
			raw[y*n+x] = math.Log(sum/float64(k*k) + 16)
		}
	}
	fine, coarse := blur(raw, fineSigma), blur(raw, coarseSigma)
	p := &faceprint{}
	dog := make([]float64, n*n)
	energy := make([]float64, n*n)
	for i := range dog {
		dog[i] = fine[i] - coarse[i]
		energy[i] = dog[i] * dog[i]
	}
	// Even out: by the contrast of the neighbourhood, so that a lit and a shaded cheek weigh the same.
	around := blur(energy, evenSigma)
	mean := 0.0
	for _, e := range energy {
		mean += e / float64(len(energy))
	}
	for i := range dog {
		p.v[i] = float32(math.Tanh(dog[i] / (2 * math.Sqrt(around[i]+0.05*mean+1e-6))))
	}
	return p
}

const (
	fineSigma   = 1.3
	coarseSigma = 5
	evenSigma   = 9
)

// greyAt interpolates; positions outside take the border's brightness.
func greyAt(g *image.Gray, x, y float64) float64 {
	pix, stride, w, h := g.Pix, g.Stride, g.Rect.Dx(), g.Rect.Dy()
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	here := y0*stride + x0
	right, down := min(1, w-1-x0), stride*min(1, h-1-y0)
	top := float64(pix[here])*(1-fx) + float64(pix[here+right])*fx
	bottom := float64(pix[here+down])*(1-fx) + float64(pix[here+down+right])*fx
	return top*(1-fy) + bottom*fy
}

// blur is a Gaussian of the given sigma, 9 pixels at most, on the field of a print, borders repeated.
func blur(in []float64, sigma float64) []float64 {
	const n, most = printSide, 27
	reach := min(int(math.Ceil(3*sigma)), most)
	var kernel [2*most + 1]float64
	sum := 0.0
	for i := range 2*reach + 1 {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += kernel[i]
	}
	pass := func(in []float64, step, line int) []float64 {
		out := make([]float64, len(in))
		for a := range n {
			var padded [n + 2*most]float64
			for b := range n + 2*reach {
				padded[b] = in[a*line+min(max(b-reach, 0), n-1)*step]
			}
			for b := range n {
				v := 0.0
				for i := range 2*reach + 1 {
					v += kernel[i] * padded[b+i]
				}
				out[a*line+b*step] = v / sum
			}
		}
		return out
	}
	return pass(pass(in, 1, n), n, 1)
}

// MarshalJSON writes a print as base64 of one signed byte a pixel.
func (f *faceprint) MarshalJSON() ([]byte, error) {
	out := make([]byte, len(f.v))
	for i, v := range f.v {
		out[i] = byte(int8(math.Round(float64(v) * 127)))
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *faceprint) UnmarshalJSON(data []byte) error {
	var in []byte
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if len(in) != len(f.v) {
		return errors.New("a face print of another size")
	}
	for i, v := range in {
		f.v[i] = float32(int8(v)) / 127
	}
	return nil
}

// pose says how one print lies over the other: shift in pixels, scale, angle in radians.
type pose struct{ dx, dy, scale, angle float64 }

// similarity of two faces, about 0 (nothing in common) … 1 (the same picture). Each print is laid over the other as well as it
// can be and compared as a whole and piece by piece; the four figures' mean does not depend on which is which.
func similarity(a, b *faceprint) float64 {
	sum := 0.0
	for _, pair := range [][2]*faceprint{{a, b}, {b, a}} {
		laid := pair[1].lay(align(pair[0], pair[1]))
		sum += correlate(pair[0], laid, pose{scale: 1}, 1, (*faceprint).nearest) + pieces(pair[0], laid)
	}
	return sum / 4
}

// align looks for the pose with the best correlation: coarsely over all poses a face found by the cascade may have, then
// downhill from the best few.
func align(a, b *faceprint) pose {
	best, top := pose{scale: 1}, -2.0
	for _, scale := range []float64{0.86, 0.93, 1, 1.07, 1.15} {
		for _, angle := range []float64{-0.14, 0, 0.14} {
			for dy := -9.0; dy <= 9; dy += 3 {
				for dx := -9.0; dx <= 9; dx += 3 {
					p := pose{dx, dy, scale, angle}
					if c := correlate(a, b, p, 3, (*faceprint).nearest); c > top {
						best, top = p, c
					}
				}
			}
		}
	}
	step := pose{1.5, 1.5, 0.035, 0.07}
	top = correlate(a, b, best, 2, (*faceprint).at)
	for range 6 {
		for improved := true; improved; {
			improved = false
			for _, d := range []pose{
				{dx: step.dx},
				{dx: -step.dx},
				{dy: step.dy},
				{dy: -step.dy},
				{scale: step.scale},
				{scale: -step.scale},
				{angle: step.angle},
				{angle: -step.angle},
			} {
				p := pose{best.dx + d.dx, best.dy + d.dy, best.scale + d.scale, best.angle + d.angle}
				if !p.plausible() {
					continue
				}
				if c := correlate(a, b, p, 2, (*faceprint).at); c > top+1e-4 {
					best, top, improved = p, c, true
				}
			}
		}
		step = pose{step.dx / 2, step.dy / 2, step.scale / 2, step.angle / 2}
	}
	return best
}

func (p pose) plausible() bool {
	return math.Abs(p.dx) <= 12 && math.Abs(p.dy) <= 12 && p.scale >= 0.8 && p.scale <= 1.25 && math.Abs(p.angle) <= 0.25
}

// inFace says whether a pixel of a print belongs to the face itself: an ellipse from the brows to the chin.
func inFace(x, y int) bool {
	u := (float64(x) - printSide/2) / (0.40 * faceSide)
	v := (float64(y) - printSide/2 - 0.04*faceSide) / (0.47 * faceSide)
	return u*u+v*v <= 1
}

// correlate is the normalised correlation within the face, taking every stride-th pixel of every stride-th row, and of the other
// print what lies there by the pose.
func correlate(a, b *faceprint, p pose, stride int, at func(f *faceprint, x, y float64) float64) float64 {
	sin, cos := math.Sincos(p.angle)
	var n, sa, sb, saa, sbb, sab float64
	for y := stride / 2; y < printSide; y += stride {
		for x := stride / 2; x < printSide; x += stride {
			if !inFace(x, y) {
				continue
			}
			u, v := p.apply(float64(x), float64(y), sin, cos)
			va, vb := float64(a.v[y*printSide+x]), at(b, u, v)
			n, sa, sb, saa, sbb, sab = n+1, sa+va, sb+vb, saa+va*va, sbb+vb*vb, sab+va*vb
		}
	}
	return pearson(n, sa, sb, saa, sbb, sab)
}

func pearson(n, sa, sb, saa, sbb, sab float64) float64 {
	va, vb := saa-sa*sa/n, sbb-sb*sb/n
	if va <= 1e-9 || vb <= 1e-9 {
		return 0
	}
	return (sab - sa*sb/n) / math.Sqrt(va*vb)
}

// apply maps a pixel of the enrolled print to its place in the probe's.
func (p pose) apply(x, y, sin, cos float64) (float64, float64) {
	x, y = x-printSide/2, y-printSide/2
	return printSide/2 + p.dx + p.scale*(cos*x-sin*y), printSide/2 + p.dy + p.scale*(sin*x+cos*y)
}

func (f *faceprint) at(x, y float64) float64 {
	x, y = min(max(x, 0), printSide-1.001), min(max(y, 0), printSide-1.001)
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	i := y0*printSide + x0
	return (float64(f.v[i])*(1-fx)+float64(f.v[i+1])*fx)*(1-fy) +
		(float64(f.v[i+printSide])*(1-fx)+float64(f.v[i+printSide+1])*fx)*fy
}

// nearest is the value of the nearest pixel.
func (f *faceprint) nearest(x, y float64) float64 {
	i, j := min(max(int(x+0.5), 0), printSide-1), min(max(int(y+0.5), 0), printSide-1)
	return float64(f.v[j*printSide+i])
}

// lay returns the print as it lies under another by the pose.
func (f *faceprint) lay(p pose) *faceprint {
	out := &faceprint{}
	sin, cos := math.Sincos(p.angle)
	for y := range printSide {
		for x := range printSide {
			out.v[y*printSide+x] = float32(f.at(p.apply(float64(x), float64(y), sin, cos)))
		}
	}
	return out
}

// pieces compares the face piece by piece, each of which may lie two pixels off: faces are not flat. The result is the mean
// of the pieces' correlations, weighted by how much there is to see in each.
func pieces(a, b *faceprint) float64 {
	const size, step, reach = 14, 7, 2
	sum, weight := 0.0, 0.0
	for y0 := reach; y0+size+reach <= printSide; y0 += step {
		for x0 := reach; x0+size+reach <= printSide; x0 += step {
			if !inFace(x0+size/2, y0+size/2) {
				continue
			}
			best, w := -1.0, 0.0
			for oy := -reach; oy <= reach; oy++ {
				for ox := -reach; ox <= reach; ox++ {
					var sa, sb, saa, sbb, sab float64
					for y := y0; y < y0+size; y++ {
						other := b.v[(y+oy)*printSide+x0+ox:][:size]
						for i, v := range a.v[y*printSide+x0:][:size] {
							va, vb := float64(v), float64(other[i])
							sa, sb, saa, sbb, sab = sa+va, sb+vb, saa+va*va, sbb+vb*vb, sab+va*vb
						}
					}
					w = math.Sqrt(max(0, saa-sa*sa/(size*size)))
					best = max(best, pearson(size*size, sa, sb, saa, sbb, sab))
				}
			}
			sum, weight = sum+w*best, weight+w
		}
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}
