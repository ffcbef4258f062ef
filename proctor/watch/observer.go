package watch

import (
	"math"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// Rules are what is looked out for; what is not in them is not.
type Rules map[exam.Behaviour]exam.Watched

// RulesOf are those of a policy.
func RulesOf(p exam.Policy) Rules {
	rules := Rules{}
	for _, b := range exam.Behaviours() {
		if w := p.Watches(b); w.After > 0 {
			rules[b] = w
		}
	}
	if p.Screen != exam.Required {
		delete(rules, exam.ScreenLost)
	}
	return rules
}

// hear tells whether the sound is needed.
func (r Rules) hear() bool {
	for _, b := range []exam.Behaviour{exam.Speech, exam.OtherVoice, exam.SilentMouth} {
		if _, ok := r[b]; ok {
			return true
		}
	}
	return false
}

// Place is a moment, and where it is in the recording.
type Place struct {
	At        time.Time
	Recording uuid.UUID
	Offset    time.Duration
}

// Look is what one picture shows.
type Look struct {
	Place
	Faces int
	// Eyes is the distance between the eyes in pixels, Turn how far the head is turned in degrees, −1 where it cannot be told.
	Eyes, Turn float64
	// Luma is the mean brightness and Spread its standard deviation, 0…255, of the picture in small.
	Luma, Spread float64
	// Still says that nothing moved since the first of the pictures that are like this one.
	Still bool
	// Mouth is how much the mouth differs from the picture before, 0…1; −1 where it cannot be told.
	Mouth float64
}

// Sound is what a second of the microphone holds.
type Sound struct {
	Place
	// Level in dBFS, and the share of the second in which somebody spoke, 0…1.
	Level, Voiced float64
	// Pitch is the median of the voice in Hz, 0 where there is none.
	Pitch float64
}

// Change is an event that began, went on, or ended.
type Change struct {
	ID         uuid.UUID
	Behaviour  exam.Behaviour
	Began      Place
	Until      time.Time
	Times      int     // how often it was seen: 1, and more for what came again
	Confidence float64 // 0…1
	First      bool    // it begins
	Last       bool    // it ended, or came again after its end
}

// Observer follows one student. It is not safe for concurrent use.
type Observer struct {
	rules  Rules
	spells map[exam.Behaviour]*spell
	voice  voiceprint
	quiet  time.Time // of the newest sound without any speech
	loud   time.Time // of the newest with some
}

// NewObserver begins with a student.
func NewObserver(rules Rules) *Observer {
	return &Observer{rules: rules, spells: map[exam.Behaviour]*spell{}}
}

// Follow changes the rules. What is no longer looked out for ends.
func (o *Observer) Follow(rules Rules) []Change {
	var changes []Change
	o.rules = rules
	for b, s := range o.spells {
		if _, ok := rules[b]; !ok {
			changes = append(changes, s.end()...)
			delete(o.spells, b)
		}
	}
	return changes
}

// evidence of a behaviour in one picture or second.
type evidence int

const (
	unknown evidence = iota // nothing can be told
	absent
	present
)

func of(b bool) evidence {
	if b {
		return present
	}
	return absent
}

const (
	black    = 24.0 // brightness of a picture in which nothing is seen
	alike    = 7.0  // spread of brightness of a lens that is covered
	leastFar = 1.0  // pixels between the eyes, when they were found at all
	// mouthQuiet is how long it must have been quiet to say that a mouth moves in silence.
	mouthQuiet = 2 * time.Second
)

// See takes a picture.
func (o *Observer) See(l Look) []Change {
	dark := l.Luma < black && l.Spread < 2*alike
	covered := !dark && l.Spread < alike && l.Faces == 0
	blind := dark || covered
	face := func(e evidence) evidence {
		if l.Faces == 0 {
			return unknown
		}
		return e
	}
	var changes []Change
	note := func(b exam.Behaviour, e evidence, sure float64) {
		changes = append(changes, o.note(b, l.Place, e, sure)...)
	}
	note(exam.PictureBlack, of(dark), 1-l.Luma/(2*black))
	note(exam.CameraCovered, of(covered), 1-l.Spread/(2*alike))
	if blind { // the cause is an event of its own
		note(exam.FaceAbsent, unknown, 0)
	} else {
		note(exam.FaceAbsent, of(l.Faces == 0), 0.8)
	}
	note(exam.SeveralFaces, of(l.Faces > 1), 0.8)
	note(exam.FaceSmall, face(of(l.Eyes >= leastFar && l.Eyes < o.rules[exam.FaceSmall].Limit)), 0.9)
	turned := unknown
	if l.Turn >= 0 {
		turned = of(l.Turn > o.rules[exam.LookingAway].Limit)
	}
	note(exam.LookingAway, face(turned), min(0.4+(l.Turn-o.rules[exam.LookingAway].Limit)/60, 0.8))
	if blind {
		note(exam.PictureFroze, unknown, 0)
	} else { // an empty chair does not move either
		note(exam.PictureFroze, face(of(l.Still)), 0.9)
	}
	mouth := unknown
	if silent := o.quiet.Sub(o.loud) >= mouthQuiet && l.At.Sub(o.quiet) < mouthQuiet; silent && l.Mouth >= 0 {
		mouth = of(l.Mouth > o.rules[exam.SilentMouth].Limit)
	}
	note(exam.SilentMouth, mouth, 0.3)
	return changes
}

const (
	// spoken is the share of a second's speech that makes it one of speech.
	spoken = 0.15
	// pitched is the share whose pitch is believed.
	pitched = 0.2
)

// Hear takes a second of sound.
func (o *Observer) Hear(s Sound) []Change {
	speech := s.Voiced >= spoken && s.Level > o.rules[exam.Speech].Limit
	changes := o.note(exam.Speech, s.Place, of(speech), min(0.4+s.Voiced/2, 0.9))
	if s.Voiced == 0 {
		o.quiet = s.At
		if o.loud.IsZero() {
			o.loud = s.At
		}
	} else {
		o.loud = s.At
	}
	other := unknown
	away := 0.0
	if s.Voiced >= pitched && s.Pitch > 0 {
		if hers, known := o.voice.learn(s.Pitch); known {
			away = math.Abs(math.Log2(s.Pitch / hers))
			other = of(away > o.rules[exam.OtherVoice].Limit)
		}
	}
	return append(changes, o.note(exam.OtherVoice, s.Place, other, min(0.2+away/4, 0.6))...)
}

// Share takes whether the screen is shared at a moment.
func (o *Observer) Share(at Place, shared bool) []Change {
	return o.note(exam.ScreenLost, at, of(!shared), 1)
}

// End ends everything: the student's stream is over.
func (o *Observer) End() []Change {
	var changes []Change
	for _, b := range exam.Behaviours() {
		if s := o.spells[b]; s != nil {
			changes = append(changes, s.end()...)
		}
	}
	return changes
}

func (o *Observer) note(b exam.Behaviour, at Place, e evidence, sure float64) []Change {
	rule, ok := o.rules[b]
	if !ok {
		return nil
	}
	s := o.spells[b]
	if s == nil {
		if e != present {
			return nil
		}
		s = &spell{}
		o.spells[b] = s
	}
	return s.note(b, at, e, min(max(sure, 0.05), 1), time.Duration(rule.After)*time.Second)
}
