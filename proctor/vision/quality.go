package vision

import (
	"image"
	"math"
)

// Names of the components, as ISO/IEC 29794-5 has them.
const (
	SingleFacePresent       = "SingleFacePresent"
	InterEyeDistance        = "InterEyeDistance"
	HeadSize                = "HeadSize"
	HeadPoseYaw             = "HeadPoseYaw"
	HeadPosePitch           = "HeadPosePitch"
	HeadPoseRoll            = "HeadPoseRoll"
	Sharpness               = "Sharpness"
	IlluminationUniformity  = "IlluminationUniformity"
	UnderExposurePrevention = "UnderExposurePrevention"
	OverExposurePrevention  = "OverExposurePrevention"
	DynamicRange            = "DynamicRange"
	LeftwardCrop            = "LeftwardCrop"
	RightwardCrop           = "RightwardCrop"
	MarginAbove             = "MarginAbove"
	MarginBelow             = "MarginBelow"
)

// Component is one measure of quality.
type Component struct {
	Name string
	// Raw is the measure itself, in the unit its comment in this file gives.
	Raw float64
	// Value is 0 (useless) … 100 (as good as can be), or −1 where it could not be assessed.
	Value int
}

// Eye is the middle of an eye, in pixels of the picture.
type Eye struct {
	Point image.Point
	// Found is false where no eye was seen and Point is only where it should be in such a face.
	Found bool
}

// Assessment is what was seen in one picture.
type Assessment struct {
	// Width and Height of the picture in pixels.
	Width, Height int
	// Faces, largest first. Empty when there is none.
	Faces []image.Rectangle
	// Eyes of the largest face, the one on the picture's left first. Meaningless without a face.
	Eyes [2]Eye
	// Components in a fixed order, each present, those that could not be assessed with the value −1.
	Components []Component
	// Unified is one number for the whole picture, 0…100, or −1 without a face: the mean of the assessed components and the
	// worst of them, half and half, so that one bad component cannot hide among good ones. Ours; it orders pictures, it
	// does not predict match scores.
	Unified int
	// Patch is the largest face upright and at one scale; nil without a face. It shows the person: Wipe it after use.
	Patch Patch
	// Tracked says that only the surroundings of the last face were searched: see [Tracker].
	Tracked bool
	// Hints says what to change, most important first. Empty for a good picture.
	Hints []Hint

	assessed bool
	empty    bool
	// brightness is the mean luma of the face, or of the picture when there is no face.
	brightness float64
}

// Good says that the picture is within the limits the Finder was given: worth sending to a verifier.
func (a Assessment) Good() bool {
	return a.assessed && len(a.Faces) > 0 && len(a.Hints) == 0
}

// Component returns the component of that name; the one with the value −1 if there is none.
func (a Assessment) Component(name string) Component {
	for _, c := range a.Components {
		if c.Name == name {
			return c
		}
	}
	return Component{Name: name, Value: -1}
}

// eyeDistance in pixels, and the point between the eyes.
func (a Assessment) eyeDistance() (d, midX, midY float64) {
	l, r := a.Eyes[0].Point, a.Eyes[1].Point
	dx, dy := float64(r.X-l.X), float64(r.Y-l.Y)
	return math.Hypot(dx, dy), float64(l.X+r.X) / 2, float64(l.Y+r.Y) / 2
}

// measure fills in Components and Unified.
func (a *Assessment) measure(l *luma) {
	if len(a.Faces) == 0 {
		a.brightness = l.histogram(image.Rect(0, 0, l.w, l.h)).mean()
		a.Components = []Component{{Name: SingleFacePresent, Raw: 0, Value: 0}}
		for _, name := range []string{
			InterEyeDistance, HeadSize, HeadPoseYaw, HeadPosePitch, HeadPoseRoll, Sharpness, IlluminationUniformity, UnderExposurePrevention,
			OverExposurePrevention, DynamicRange, LeftwardCrop, RightwardCrop, MarginAbove, MarginBelow,
		} {
			a.Components = append(a.Components, Component{Name: name, Value: -1})
		}
		a.Unified = -1
		return
	}
	face := a.Faces[0]
	skin := l.histogram(innerFace(face))
	a.brightness = skin.mean()
	eyes, midX, midY := a.eyeDistance()
	eyes = max(eyes, 1)
	a.Patch = newPatch(l, a.Eyes)
	yaw, pitch := headPose(a.Patch, eyes)

	a.Components = []Component{
		a.singleFace(),
		// Distance between the middles of the eyes in pixels; half the value at 70, as in ISO/IEC 29794-5.
		sigmoid(InterEyeDistance, eyes, 70, 20),
		headSize(face, l.h),
		yaw, pitch,
		a.roll(l),
		sharpness(l, face),
		illumination(l, a.Eyes),
		underExposure(skin),
		overExposure(skin),
		// Entropy of the face's brightness in bits, 0…8; a value of 12.5 a bit, as in the standard.
		{Name: DynamicRange, Raw: skin.entropy(), Value: percent(skin.entropy() / 8)},
		// From the point between the eyes to the picture's edges, in inter-eye distances; half the value at 0.9 to the sides,
		// 1.4 above and 1.8 below, as in the standard. Left and right are the picture's, as it was sent.
		sigmoid(LeftwardCrop, midX/eyes, 0.9, 0.1),
		sigmoid(RightwardCrop, (float64(l.w)-midX)/eyes, 0.9, 0.1),
		sigmoid(MarginAbove, midY/eyes, 1.4, 0.1),
		sigmoid(MarginBelow, (float64(l.h)-midY)/eyes, 1.8, 0.1),
	}
	sum, n, worst := 0, 0, 100
	for _, c := range a.Components {
		if c.Value >= 0 && c.Name != HeadPosePitch { // too rough to choose pictures by
			sum, n, worst = sum+c.Value, n+1, min(worst, c.Value)
		}
	}
	a.Unified = (sum/n + worst) / 2
}

// innerFace is the part of the cascade's square that is skin in nearly every face: without hair, ears and background.
func innerFace(face image.Rectangle) image.Rectangle {
	w, h := face.Dx(), face.Dy()
	return image.Rect(face.Min.X+w*20/100, face.Min.Y+h*20/100, face.Max.X-w*20/100, face.Max.Y-h*10/100)
}

// singleFace: raw is the area of the second face by that of the largest, 0 with one face; the value falls linearly with it, as
// in the standard.
func (a Assessment) singleFace() Component {
	c := Component{Name: SingleFacePresent, Value: 100}
	if len(a.Faces) > 1 {
		c.Raw = float64(area(a.Faces[1])) / float64(area(a.Faces[0]))
		c.Value = percent(1 - c.Raw)
	}
	return c
}

// headSize: raw is the height of the face's square by that of the picture. The standard's best head, made for passports, is
// larger than one sits before a laptop; ours is best from 0.35 to 0.65 and worthless below 0.12 and above 0.95.
func headSize(face image.Rectangle, height int) Component {
	raw := float64(face.Dy()) / float64(height)
	v := 1.0
	switch {
	case raw < 0.35:
		v = (raw - 0.12) / (0.35 - 0.12)
	case raw > 0.65:
		v = (0.95 - raw) / (0.95 - 0.65)
	}
	return Component{Name: HeadSize, Raw: raw, Value: percent(v)}
}

// roll: raw is the tilt of the head in degrees, positive when the eye on the right is lower; the value is the square of its cosine,
// as in the standard. It is the angle of the line through the eyes where both were found, else that of the rows of
// brows, eyes and glasses: on the test photograph both are within 3° up to 16°.
func (a Assessment) roll(l *luma) Component {
	var degrees float64
	if a.Eyes[0].Found && a.Eyes[1].Found {
		d := a.Eyes[1].Point.Sub(a.Eyes[0].Point)
		degrees = math.Atan2(float64(d.Y), float64(d.X)) * 180 / math.Pi
	} else {
		var ok bool
		if degrees, ok = eyeRows(l, a.Faces[0]); !ok {
			return Component{Name: HeadPoseRoll, Value: -1}
		}
	}
	cos := max(0, math.Cos(degrees*math.Pi/180))
	return Component{Name: HeadPoseRoll, Raw: degrees, Value: percent(cos * cos)}
}

// eyeRows turns the band of the eyes until its rows differ most from each other: brows, eyes and the rims of glasses then lie
// along them. Without a clear best angle ok is false.
func eyeRows(l *luma, face image.Rectangle) (degrees float64, ok bool) {
	const most, columns, rows = 24, 48, 36
	w := float64(face.Dx())
	cx, cy := float64(face.Min.X+face.Max.X)/2, float64(face.Min.Y)+0.40*float64(face.Dy())
	best, sum := 0.0, 0.0
	for angle := -most; angle <= most; angle++ {
		sin, cos := math.Sincos(float64(angle) * math.Pi / 180)
		var row [rows]float64
		for j := range row {
			v := (float64(j)/(rows-1) - 0.5) * 0.42 * w
			for i := range columns {
				u := (float64(i)/(columns-1) - 0.5) * 0.72 * w
				row[j] += l.log(int(cx+cos*u-sin*v+0.5), int(cy+sin*u+cos*v+0.5))
			}
		}
		energy := 0.0
		for j := 1; j+1 < rows; j++ {
			energy += (row[j+1] - row[j-1]) * (row[j+1] - row[j-1])
		}
		sum += energy
		if energy > best {
			best, degrees = energy, float64(angle)
		}
	}
	return degrees, best > 1.25*sum/(2*most+1) && math.Abs(degrees) < most
}

// sharpness: the face is brought to 128×128 pixels; raw is the variance of its Laplacian by the variance of its brightness,
// times 100: how much of the contrast is in the finest detail, whatever the light. The standard's is a trained forest; ours
// gives half the value at sharpMiddle, found on the test photograph blurred step by step.
func sharpness(l *luma, face image.Rectangle) Component {
	const n = 128
	inner := innerFace(face)
	p := l.resample(inner, n, n)
	defer clear(p)
	var sum, sum2, lap, lap2 float64
	for y := 1; y < n-1; y++ {
		for x := 1; x < n-1; x++ {
			v := p[y*n+x]
			d := p[(y-1)*n+x] + p[(y+1)*n+x] + p[y*n+x-1] + p[y*n+x+1] - 4*v
			sum, sum2, lap, lap2 = sum+v, sum2+v*v, lap+d, lap2+d*d
		}
	}
	const count = (n - 2) * (n - 2)
	variance := sum2/count - (sum/count)*(sum/count)
	if variance < 1 {
		return Component{Name: Sharpness, Raw: 0, Value: 0}
	}
	raw := 100 * (lap2/count - (lap/count)*(lap/count)) / variance
	// The logarithm, because twice the blur divides the raw value rather than lowering it.
	v := 1 / (1 + math.Pow(sharpMiddle/max(raw, 1e-6), 1.5))
	return Component{Name: Sharpness, Raw: raw, Value: percent(v)}
}

const sharpMiddle = 0.8

// illumination: raw is the common part of the histograms of the two cheeks, 0…1; the value is its power 0.3, as in the standard.
func illumination(l *luma, eyes [2]Eye) Component {
	dx := eyes[1].Point.X - eyes[0].Point.X
	side := max(4, dx*30/100)
	cheek := func(eye Eye) *histogram {
		x, y := eye.Point.X-side/2, eye.Point.Y+dx*35/100
		return l.histogram(image.Rect(x, y, x+side, y+side*3/2))
	}
	left, right := cheek(eyes[0]), cheek(eyes[1])
	if left.total == 0 || right.total == 0 {
		return Component{Name: IlluminationUniformity, Value: -1}
	}
	// Brightness by eights: with few pixels single values would never meet.
	raw := 0.0
	for v := 0; v < 256; v += 8 {
		raw += min(left.share(v, v+7), right.share(v, v+7))
	}
	return Component{Name: IlluminationUniformity, Raw: raw, Value: percent(math.Pow(raw, 0.3))}
}

// underExposure: raw is the share of the face's pixels with luma 0…25, as in the standard; the value falls linearly to 0 at
// half of them (the standard's forgives more than a webcam should).
func underExposure(skin *histogram) Component {
	raw := skin.share(0, 25)
	return Component{Name: UnderExposurePrevention, Raw: raw, Value: percent(1 - 2*raw)}
}

// overExposure: raw is the share of the face's pixels with luma 247…255, as in the standard; the value falls linearly to 0 at
// a third of them (the standard's halves at 1 %, which any lamp's reflection on glasses reaches).
func overExposure(skin *histogram) Component {
	raw := skin.share(247, 255)
	return Component{Name: OverExposurePrevention, Raw: raw, Value: percent(1 - 3*raw)}
}

// sigmoid is the standard's usual way from a raw measure to a value: half at middle, steeper with a smaller width.
func sigmoid(name string, raw, middle, width float64) Component {
	return Component{Name: name, Raw: raw, Value: percent(1 / (1 + math.Exp((middle-raw)/width)))}
}

func percent(share float64) int {
	return int(math.Round(100 * min(max(share, 0), 1)))
}
