package watch

import (
	"context"
	"fmt"
	"math"

	"ochno/proctor/liveness"
	"ochno/proctor/media"
	"ochno/proctor/vision"
)

// eye looks at one student's pictures, one after the other.
type eye struct {
	tracker *vision.Tracker
	first   vision.Thumb // of the pictures that are all alike
	patch   vision.Patch // of the picture before; nil: none, or no face
}

// look measures a key frame. ok is false for one that cannot be decoded.
func (e *eye) look(ctx context.Context, f media.Frame) (l Look, ok bool, err error) {
	picture, err := vision.DecodeKeyFrame(f.Data)
	if err != nil {
		return Look{}, false, nil
	}
	defer vision.Wipe(picture)
	a, err := e.tracker.Assess(ctx, picture)
	if err != nil {
		return Look{}, false, fmt.Errorf("look at a student: %w", err)
	}
	thumb, err := vision.NewThumb(picture)
	if err != nil {
		a.Patch.Wipe()
		return Look{}, false, fmt.Errorf("look at a student: %w", err)
	}
	l = Look{Place: place(f), Faces: len(a.Faces), Eyes: -1, Turn: -1, Mouth: -1}
	l.Luma, l.Spread = brightness(thumb)
	if l.Faces > 0 {
		if a.Eyes[0].Found && a.Eyes[1].Found {
			l.Eyes = math.Hypot(float64(a.Eyes[0].Point.X-a.Eyes[1].Point.X), float64(a.Eyes[0].Point.Y-a.Eyes[1].Point.Y))
		}
		if yaw := a.Component(vision.HeadPoseYaw); yaw.Value >= 0 {
			l.Turn = math.Abs(yaw.Raw)
		}
	}
	if e.patch != nil && a.Patch != nil {
		l.Mouth = liveness.MouthChange(e.patch, a.Patch)
	}
	e.patch.Wipe()
	e.patch = a.Patch
	if e.first != nil && liveness.Same(e.first, thumb) {
		l.Still = true
		thumb.Wipe()
	} else {
		e.first.Wipe()
		e.first = thumb
	}
	return l, true, nil
}

// wipe overwrites what is held.
func (e *eye) wipe() {
	e.first.Wipe()
	e.patch.Wipe()
	e.first, e.patch = nil, nil
}

func place(f media.Frame) Place { return Place{At: f.At, Recording: f.Recording, Offset: f.Offset} }

func brightness(t vision.Thumb) (mean, spread float64) {
	var sum, squares float64
	for _, v := range t {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(t))
	mean = sum / n
	return mean, math.Sqrt(max(0, squares/n-mean*mean))
}
