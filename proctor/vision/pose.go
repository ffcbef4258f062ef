package vision

import "math"

// The pose of the head is told from the patch without a model of heads or a trained network: from where the nose lies against the
// eyes. That tells a face that looks into the camera from one turned well away, and no more: on the test photographs, turned by a crude
// model of a head, a face that looks straight is within 10° of it, a turn by 20° is seen with its side three times of four, and the lift of
// the chin is right within 20° only, because noses differ from person to person, and of a man with a moustache it is not seen at all. A verifier that asks for 8° must measure them itself,
// or have the operator supply a quality model. Beyond some 30° the cascade does not see a frontal face at all.
const (
	// noseDepth is how far the nose stands before the eyes, in distances between them; smaller than a real nose, because the eyes are
	// found a little to the side that the head is turned to.
	noseDepth = 0.3
	// noseLength is from the eyes down to the nostrils of a head held upright, in distances between the eyes; noseSwing how
	// much shorter it gets with each degree that the chin is lifted.
	noseLength, noseSwing = 0.75, 0.008
	// leastPoseEyes is the distance between the eyes in pixels below which a nose is a few pixels, and nothing is said.
	leastPoseEyes = 32
	// leastMirror is how alike the two sides of a nose must be.
	leastMirror = 0.35
	// straight is how much more alike the sides must be, to believe in an offset: so much by its square.
	straight = 4
)

// yaw and pitch in degrees: yaw positive when the face is turned to the picture's right, pitch when the chin is lifted. The values are
// the squares of their cosines, as in the standard.
func headPose(p Patch, eyes float64) (yaw, pitch Component) {
	yaw, pitch = Component{Name: HeadPoseYaw, Value: -1}, Component{Name: HeadPosePitch, Value: -1}
	if eyes < leastPoseEyes {
		return yaw, pitch
	}
	offset, alike := p.nose()
	if alike < leastMirror {
		return yaw, pitch
	}
	yaw = angle(HeadPoseYaw, math.Asin(min(max(offset/noseDepth, -0.9), 0.9))*180/math.Pi)
	pitch = angle(HeadPosePitch, min(max((noseLength-p.nostrils(offset))/noseSwing, -45), 45))
	return yaw, pitch
}

func angle(name string, degrees float64) Component {
	cos := max(0, math.Cos(degrees*math.Pi/180))
	return Component{Name: name, Raw: degrees, Value: percent(cos * cos)}
}

// nose finds the upright line about which the part below the eyes is most alike on both sides: how far it is from the middle
// between the eyes, to the right, in distances between them, and how alike they are, −1…1.
func (p Patch) nose() (offset, alike float64) {
	const side, top, bottom = 12, PatchEyeRow + 8, PatchEyeRow + 22
	best := math.Inf(-1)
	for half := -12; half <= 12; half++ {
		axis, away := (PatchWidth-1)/2.0+float64(half)/2, float64(half)/2/PatchEyes
		var both, left2, right2 float64
		for y := top; y <= bottom; y++ {
			var left, right [side]float64
			var meanLeft, meanRight float64
			for d := range side {
				for j := y - 1; j <= y+1; j++ { // three rows: noise is not mirrored
					left[d] += p.at(axis-float64(d+1), j)
					right[d] += p.at(axis+float64(d+1), j)
				}
				meanLeft, meanRight = meanLeft+left[d]/side, meanRight+right[d]/side
			}
			for d := range side { // without the means: light from one side makes them differ
				a, b := left[d]-meanLeft, right[d]-meanRight
				both, left2, right2 = both+a*b, left2+a*a, right2+b*b
			}
		}
		c := both / math.Sqrt(left2*right2+1)
		if v := c - straight*away*away; v > best {
			best, alike, offset = v, c, away
		}
	}
	return offset, alike
}

// nostrils finds the row below the eyes that is darkest against those above and below it, near the nose, in distances between the eyes.
func (p Patch) nostrils(offset float64) float64 {
	row := func(y int) float64 {
		sum := 0.0
		for d := -8; d <= 8; d++ {
			sum += p.at((PatchWidth-1)/2.0+float64(d)+0.7*offset*PatchEyes, y)
		}
		return sum
	}
	best, at := math.Inf(-1), 0
	for y := PatchEyeRow + 9; y <= PatchEyeRow+22; y++ {
		if v := row(y-3) + row(y+3) - row(y) - (row(y-1)+row(y+1))/2; v > best {
			best, at = v, y
		}
	}
	return float64(at-PatchEyeRow) / PatchEyes
}

func (p Patch) at(x float64, y int) float64 {
	i := int(x)
	f := x - float64(i)
	return float64(p[y*PatchWidth+i])*(1-f) + float64(p[y*PatchWidth+i+1])*f
}
