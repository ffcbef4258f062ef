package liveness

import (
	"math"
	"slices"
	"time"

	"ochno/proctor/vision"
)

// motion is how much two pictures differ: the mean of the tenth of their parts that differ most, in steps of brightness. Noise of a camera and
// its encoder make 1…2 of it, a head that breathes 3 and more.
func motion(a, b vision.Thumb) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.Inf(1)
	}
	var sumA, sumB int
	for i := range a {
		sumA, sumB = sumA+int(a[i]), sumB+int(b[i])
	}
	if sumA == 0 || sumB == 0 {
		return math.Abs(float64(sumA-sumB)) / float64(len(a))
	}
	gain := 256 * sumB / sumA // the light may flicker, or the camera adjust itself to it
	var count [256]int
	for i := range a {
		d := (int(a[i])*gain+128)>>8 - int(b[i])
		count[min(max(d, -d), 255)]++
	}
	tenth := len(a) / 10
	sum, left := 0, tenth
	for d := 255; d >= 0 && left > 0; d-- {
		n := min(left, count[d])
		sum, left = sum+n*d, left-n
	}
	return float64(sum) / float64(tenth)
}

// motions are those between each frame and each later one.
func (o *Observer) motions() [][]float64 {
	out := make([][]float64, len(o.frames))
	for i := range out {
		out[i] = make([]float64, len(o.frames))
		for j := i + 1; j < len(out); j++ {
			out[i][j] = motion(o.frames[i].thumb, o.frames[j].thumb)
		}
	}
	return out
}

const (
	// still is the motion below which two pictures show the same.
	still = 3.6
	// leastStill is how long nobody can sit so still, and leastStillFrames in how many pictures.
	leastStill       = 4 * time.Second
	leastStillFrames = 5
)

// frozen looks for a stretch of time in which every picture shows the same as the first of it.
func (o *Observer) frozen(motions [][]float64) float64 {
	best := 0.0
	for i := range o.frames {
		most, n := 0.0, 1
		for j := i + 1; j < len(o.frames); j++ {
			m := motions[i][j]
			if m >= still {
				break
			}
			most, n = max(most, m), n+1
			if o.frames[j].At-o.frames[i].At >= leastStill && n >= leastStillFrames {
				best = max(best, 0.4+0.6*(1-most/still))
			}
		}
	}
	return best
}

const (
	// leastLoop is the shortest loop that is looked for; shorter ones move like a flicker.
	leastLoop = 1200 * time.Millisecond
	// leastRepeats is how many pictures must be seen again after the same time, and sameLag how exactly the same.
	leastRepeats = 2
	sameLag      = 60 * time.Millisecond
	// loopMotion is what must have moved in between, against what the two differ by.
	loopMotion = 2
)

// looped looks for pictures that are seen again, the same way, after the same time or a multiple of it, though much moved in between. Encoded frames
// that are the same byte for byte are a recording: no camera gives one twice.
func (o *Observer) looped(motions [][]float64) float64 {
	seen := map[[32]byte]bool{}
	for _, f := range o.frames {
		if f.SHA256 != ([32]byte{}) && seen[f.SHA256] {
			return 1
		}
		seen[f.SHA256] = true
	}
	var lags []time.Duration
	for i := range o.frames {
		most := 0.0
		for j := i + 1; j < len(o.frames); j++ {
			m := motions[i][j]
			if lag := o.frames[j].At - o.frames[i].At; lag >= leastLoop && m < still && most > max(loopMotion*m, loopMotion*still) {
				lags = append(lags, lag)
			}
			most = max(most, m)
		}
	}
	slices.Sort(lags)
	best := 0
	for i := range lags {
		n := 0
		for _, lag := range lags[i:] {
			if lag-lags[i] <= sameLag {
				n++
			}
		}
		best = max(best, n)
	}
	if best < leastRepeats {
		return 0
	}
	return 0.5 + 0.1*float64(best-leastRepeats)
}

const (
	// another is how alike (−1…1) the faces before and after a moment are at most when they are two; same how alike each side must be in itself.
	another, same = 0.45, 0.72
	// leastFaces is how many pictures each side must have.
	leastFaces = 3
)

// changed looks for a moment before and after which the faces are alike each, and unlike each other. It compares pictures, not people: it
// sees a face replaced while the light stays, and is no recognition.
func (o *Observer) changed() float64 {
	var faces []vision.Patch
	for _, f := range o.frames {
		if f.patch != nil {
			faces = append(faces, f.patch)
		}
	}
	n := len(faces)
	if n < 2*leastFaces {
		return 0
	}
	alike := make([][]float64, n)
	for i := range alike {
		alike[i] = make([]float64, n)
	}
	for i := range faces {
		for j := i + 1; j < n; j++ {
			alike[i][j] = likeness(faces[i], faces[j])
		}
	}
	best := 0.0
	for k := leastFaces; k <= n-leastFaces; k++ {
		across, within := middle(alike, 0, k, k, n), min(middle(alike, 0, k, 0, k), middle(alike, k, n, k, n))
		if across < another && within > same {
			best = max(best, 0.4+2*(another-across))
		}
	}
	return best
}

// middle is the median of the likenesses between two ranges of faces.
func middle(alike [][]float64, a0, a1, b0, b1 int) float64 {
	var v []float64
	for i := a0; i < a1; i++ {
		for j := max(b0, i+1); j < b1; j++ {
			v = append(v, alike[i][j])
		}
	}
	slices.Sort(v)
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}

// Same says that nothing moved between two pictures, not even a head that breathes.
func Same(a, b vision.Thumb) bool { return motion(a, b) < still }
