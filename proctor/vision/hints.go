package vision

// Hint is the code of one short instruction for the person before the camera.
type Hint string

// The hints, as the page knows them. HoldStill is given by whoever compares pictures over time, not by this package.
const (
	EmptyPicture Hint = "empty_picture"
	NoFace       Hint = "no_face"
	SeveralFaces Hint = "several_faces"
	TooFar       Hint = "too_far"
	TooClose     Hint = "too_close"
	TooDark      Hint = "too_dark"
	TooBright    Hint = "too_bright"
	Blurred      Hint = "blurred"
	UnevenLight  Hint = "uneven_light"
	OffCentre    Hint = "off_centre"
	FaceTurned   Hint = "face_turned"
	HoldStill    Hint = "hold_still"
)

// Limits is what a good picture is. All of them are defaults of ours, to be set by whoever knows the verifier.
type Limits struct {
	// SecondFace is how large another face may be, as a share (0…1) of the largest one's area, before it counts as a second
	// person: a portrait on the wall is smaller. Default 0.15.
	SecondFace float64
	// InterEye is the least distance between the eyes in pixels. Default 40: verifiers usually ask for 45, and the eyes are
	// found to a few pixels.
	InterEye float64
	// HeadShare is the greatest height of the face by that of the picture, 0…1. Default 0.8.
	HeadShare float64
	// Dark and Bright bound the mean luma of the face, 0…255. Defaults 50 and 215.
	Dark, Bright float64
	// Exposure is the least value of UnderExposurePrevention and OverExposurePrevention. Default 30.
	Exposure int
	// DynamicRange is the least value of that component; below it the face is in haze or shadow. Default 55.
	DynamicRange int
	// Sharpness is the least value of that component. Default 25.
	Sharpness int
	// Illumination is the least value of IlluminationUniformity. Default 50: a tenth of the two cheeks in common.
	Illumination int
	// Margin is the least value of the crop and margin components. Default 30.
	Margin int
	// Roll is the greatest tilt of the head in degrees, to either side. Default 12: verifiers ask for 8, and the eyes are
	// found to a few pixels.
	Roll float64
	// Yaw is how far the head may be turned in degrees, to either side. Default 25: the estimate is a rough one.
	Yaw float64
}

// DefaultLimits returns the defaults given at each field.
func DefaultLimits() Limits {
	return Limits{
		SecondFace: 0.15, InterEye: 40, HeadShare: 0.8, Dark: 50, Bright: 215, Exposure: 30, DynamicRange: 55, Sharpness: 25,
		Illumination: 50, Margin: 30, Roll: 12, Yaw: 25,
	}
}

// hints says what is wrong with a measured picture, what hinders most first.
func (l Limits) hints(a *Assessment) []Hint {
	if a.empty {
		return []Hint{EmptyPicture}
	}
	var out []Hint
	dark, bright := a.brightness < l.Dark, a.brightness > l.Bright
	if len(a.Faces) == 0 {
		// Light comes first: a face that is there may not be seen without it.
		switch {
		case dark:
			out = append(out, TooDark)
		case bright:
			out = append(out, TooBright)
		}
		return append(out, NoFace)
	}
	below := func(limit int, names ...string) bool {
		for _, name := range names {
			if v := a.Component(name).Value; v >= 0 && v < limit {
				return true
			}
		}
		return false
	}
	for _, rule := range []struct {
		broken bool
		hint   Hint
	}{
		{a.Component(SingleFacePresent).Raw > l.SecondFace, SeveralFaces},
		{a.Component(InterEyeDistance).Raw < l.InterEye, TooFar},
		{a.Component(HeadSize).Raw > l.HeadShare, TooClose},
		{dark || below(l.Exposure, UnderExposurePrevention), TooDark},
		{bright || below(l.Exposure, OverExposurePrevention), TooBright},
		{below(l.Margin, LeftwardCrop, RightwardCrop, MarginAbove, MarginBelow), OffCentre},
		{a.degrees(HeadPoseRoll) > l.Roll || a.degrees(HeadPoseYaw) > l.Yaw, FaceTurned},
		{below(l.Sharpness, Sharpness), Blurred},
		{below(l.Illumination, IlluminationUniformity) || below(l.DynamicRange, DynamicRange), UnevenLight},
	} {
		if rule.broken {
			out = append(out, rule.hint)
		}
	}
	return out
}

// degrees is the size of an angle, 0 where it is unknown.
func (a Assessment) degrees(name string) float64 {
	c := a.Component(name)
	if c.Value < 0 {
		return 0
	}
	return max(c.Raw, -c.Raw)
}
