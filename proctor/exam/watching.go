package exam

import (
	"fmt"
	"maps"
	"slices"
)

// Behaviour is something that is looked out for while a student sits the exam: a hint for the proctor, never a violation by itself.
type Behaviour string

// The behaviours.
const (
	FaceAbsent    Behaviour = "face_absent"    // no face is seen
	SeveralFaces  Behaviour = "several_faces"  // more than one is
	FaceSmall     Behaviour = "face_small"     // the eyes are closer to each other than Limit pixels
	LookingAway   Behaviour = "looking_away"   // the head is turned by more than Limit degrees
	PictureFroze  Behaviour = "picture_frozen" // nothing moves
	PictureBlack  Behaviour = "picture_black"  // nothing is seen
	CameraCovered Behaviour = "camera_covered" // all of the picture is alike
	Speech        Behaviour = "speech"         // somebody speaks, though silence is due; louder than Limit dBFS
	OtherVoice    Behaviour = "other_voice"    // the voice's pitch is more than Limit octaves from hers
	SilentMouth   Behaviour = "silent_mouth"   // the mouth moves and nothing is heard; by more than Limit (0…1) of what a mouth can
	ScreenLost    Behaviour = "screen_lost"    // the screen that the policy requires is not shared
)

// Watched says when a behaviour becomes an event.
type Watched struct {
	// After is how many seconds it must last; 0: it is not looked out for.
	After int `json:"after"`
	// Limit is the measure that the behaviour's comment names; 0 where it has none.
	Limit float64 `json:"limit"`
}

// bounds of a behaviour's Limit, and what holds where the policy says nothing. Pitch and mouths are told with little certainty, so nobody is troubled
// by them who did not ask.
var watched = map[Behaviour]struct {
	least, most float64
	by          Watched
}{
	FaceAbsent:    {by: Watched{After: 10}},
	SeveralFaces:  {by: Watched{After: 3}},
	FaceSmall:     {5, 200, Watched{After: 30, Limit: 20}},
	LookingAway:   {10, 45, Watched{After: 15, Limit: 25}},
	PictureFroze:  {by: Watched{After: 30}},
	PictureBlack:  {by: Watched{After: 5}},
	CameraCovered: {by: Watched{After: 5}},
	Speech:        {-70, -10, Watched{After: 5, Limit: -45}},
	OtherVoice:    {0.1, 2, Watched{Limit: 0.4}},
	SilentMouth:   {0.01, 1, Watched{Limit: 0.12}},
	ScreenLost:    {by: Watched{After: 5}},
}

// Behaviours are all of them.
func Behaviours() []Behaviour {
	return []Behaviour{
		FaceAbsent, SeveralFaces, FaceSmall, LookingAway, PictureFroze, PictureBlack, CameraCovered, Speech, OtherVoice, SilentMouth, ScreenLost,
	}
}

// Watches tells what holds for a behaviour under the policy.
func (p Policy) Watches(b Behaviour) Watched {
	if w, ok := p.Watch[b]; ok {
		return w
	}
	return watched[b].by
}

func defaultWatch() map[Behaviour]Watched {
	all := make(map[Behaviour]Watched, len(watched))
	for b, w := range watched {
		all[b] = w.by
	}
	return all
}

func (p Policy) checkWatch() error {
	for _, b := range slices.Sorted(maps.Keys(p.Watch)) {
		bounds, known := watched[b]
		w := p.Watch[b]
		switch {
		case !known:
			return fmt.Errorf("%w: watch: no behaviour %q", ErrPolicy, b)
		case w.After < 0 || w.After > 600:
			return fmt.Errorf("%w: watch: %s: after is not in 0…600 seconds", ErrPolicy, b)
		case w.After > 0 && !(w.Limit >= bounds.least && w.Limit <= bounds.most):
			return fmt.Errorf("%w: watch: %s: limit is not in %g…%g", ErrPolicy, b, bounds.least, bounds.most)
		}
	}
	return nil
}
