package vision

import "math"

// A Patch is the face alone, turned upright and brought to one scale, so that the same point of a face is at the same place
// whatever its place, size and tilt in the picture: what the head's pose is estimated from, and what pictures are compared by.
// It is PatchWidth × PatchHeight bytes of brightness, row by row.
type Patch []uint8

// The geometry of a [Patch], in its own pixels.
const (
	PatchWidth, PatchHeight = 72, 84
	// PatchEyes is the distance between the eyes, PatchEyeRow the row they are in; the point between them is in the middle column.
	PatchEyes, PatchEyeRow = 24, 30
)

// newPatch cuts the face out of the picture, by its eyes.
func newPatch(l *luma, eyes [2]Eye) Patch {
	dx, dy := float64(eyes[1].Point.X-eyes[0].Point.X), float64(eyes[1].Point.Y-eyes[0].Point.Y)
	distance := max(math.Hypot(dx, dy), 1)
	// One pixel of the patch to the right, in the picture; downwards is at a right angle to it.
	ux, uy := dx/distance*distance/PatchEyes, dy/distance*distance/PatchEyes
	midX, midY := float64(eyes[0].Point.X+eyes[1].Point.X)/2, float64(eyes[0].Point.Y+eyes[1].Point.Y)/2
	// A pixel of the patch is the mean of n×n places within it, so that a large face does not flicker.
	n := min(2, max(1, int(distance/PatchEyes+0.5)))
	p := make(Patch, PatchWidth*PatchHeight)
	for y := range PatchHeight {
		for x := range PatchWidth {
			sum := 0.0
			for j := range n {
				for i := range n {
					u := float64(x) - PatchWidth/2 + (float64(i)+0.5)/float64(n)
					v := float64(y) - PatchEyeRow + (float64(j)+0.5)/float64(n) - 0.5
					sum += l.at(midX+u*ux-v*uy, midY+u*uy+v*ux)
				}
			}
			p[y*PatchWidth+x] = uint8(sum/float64(n*n) + 0.5)
		}
	}
	return p
}

// Wipe overwrites the patch.
func (p Patch) Wipe() { clear(p) }
