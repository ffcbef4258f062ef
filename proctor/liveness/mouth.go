package liveness

import (
	"math"
	"slices"
	"time"

	"ochno/proctor/vision"
)

// zone is a part of a patch.
type zone struct{ x0, y0, x1, y1 int }

// In a patch the eyes are in row 30, 24 pixels from each other, around column 36.
var (
	wholeFace = zone{16, 22, 56, 70}
	mouthZone = zone{24, 48, 48, 70}
)

// shiftRange is how far, in pixels of a patch, the same point may be from where it should: the eyes are found to a pixel or two.
const shiftRange = 4

// unlike is how much the zone differs between two patches after the best shift, the mean difference of brightness against its spread: what a
// head that only moves cannot explain. The light may have changed evenly. Of the rows and columns each step-th is looked at.
func unlike(a, b vision.Patch, z zone, step int) float64 {
	best := math.Inf(1)
	for dy := -shiftRange; dy <= shiftRange; dy += step {
		for dx := -shiftRange; dx <= shiftRange; dx += step {
			best = min(best, 1-correlation(a, b, z, dx, dy, step))
		}
	}
	return best
}

// likeness of two faces, −1…1, after the best shift.
func likeness(a, b vision.Patch) float64 { return 1 - unlike(a, b, wholeFace, 2) }

// correlation of the zone of a with that of b, shifted.
func correlation(a, b vision.Patch, z zone, dx, dy, step int) float64 {
	var count, sumA, sumB, sumAA, sumBB, sumAB int
	for y := z.y0; y < z.y1; y += step {
		rowA := a[y*vision.PatchWidth+z.x0 : y*vision.PatchWidth+z.x1]
		rowB := b[(y+dy)*vision.PatchWidth+z.x0+dx:]
		rowB = rowB[:len(rowA)]
		for x := 0; x < len(rowA); x += step {
			u, v := int(rowA[x]), int(rowB[x])
			sumA, sumB, sumAA, sumBB, sumAB = sumA+u, sumB+v, sumAA+u*u, sumBB+v*v, sumAB+u*v
			count++
		}
	}
	n, sa, sb, saa, sbb, sab := float64(count), float64(sumA), float64(sumB), float64(sumAA), float64(sumBB), float64(sumAB)
	spread := math.Sqrt((saa - sa*sa/n) * (sbb - sb*sb/n))
	if spread < n { // about one step of brightness: nothing to compare
		return 0
	}
	return (sab - sa*sb/n) / spread
}

const (
	// leastQuiet is how many pictures in silence are needed to compare mouths, leastSpoken how many with a voice to be sure.
	leastSpoken, leastQuiet = 2, 3
	// edge is the time around a segment's ends in which a mouth may be on its way.
	edge = 120 * time.Millisecond
	// moves is how much more the mouth of somebody who speaks must differ from the silent one than the silent ones differ among
	// themselves; movesOnce is for a single picture taken while somebody spoke.
	moves, movesOnce = 1.9, 1.4
)

// mute compares the mouth in pictures taken while a voice was heard with those taken in silence.
func (o *Observer) mute(s Speech) float64 {
	var spoken, quiet []vision.Patch
	for _, f := range o.frames {
		at := f.At - s.From
		if f.patch == nil || at < 0 {
			continue
		}
		switch {
		case slices.ContainsFunc(s.Segments, func(g segment) bool { return at > g.Start+edge/4 && at < g.End-edge/4 }):
			spoken = append(spoken, f.patch)
		case !slices.ContainsFunc(s.Segments, func(g segment) bool { return at > g.Start-edge && at < g.End+edge }):
			quiet = append(quiet, f.patch)
		}
	}
	limit, sure := moves, 1.0
	if len(spoken) < leastSpoken {
		limit, sure = movesOnce, 0.6
	}
	if len(spoken) == 0 || len(quiet) < leastQuiet {
		return 0
	}
	ratio := mouthRatio(spoken, quiet)
	if ratio >= limit {
		return 0
	}
	return sure * (0.3 + 0.6*(limit-ratio)/(limit-1))
}

// mouthRatio is how much the mouths of the first differ from those of the second, against how much the second differ among themselves.
func mouthRatio(spoken, quiet []vision.Patch) float64 {
	var own, cross []float64
	for i, a := range quiet {
		for _, b := range quiet[i+1:] {
			own = append(own, unlike(a, b, mouthZone, 1))
		}
		for _, b := range spoken {
			cross = append(cross, unlike(a, b, mouthZone, 1))
		}
	}
	slices.Sort(own)
	slices.Sort(cross)
	// Not every picture taken while somebody speaks shows an open mouth: the upper third counts.
	return cross[len(cross)*2/3] / max(own[len(own)/2], 0.004)
}

// MouthChange is how much the mouth differs between two pictures of one face, 0…1 and more for mouths that have nothing in common.
func MouthChange(a, b vision.Patch) float64 { return unlike(a, b, mouthZone, 2) }
