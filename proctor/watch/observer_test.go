package watch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ochno/proctor/exam"
	"ochno/proctor/watch"
)

var begin = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// sat is a student before her camera, a picture each second.
type sat struct {
	*watch.Observer
	second int
	events []watch.Change
	told   int // changes in all
}

func sit(rules watch.Rules) *sat { return &sat{Observer: watch.NewObserver(rules)} }

func (s *sat) place() watch.Place {
	return watch.Place{At: begin.Add(time.Duration(s.second) * time.Second), Offset: time.Duration(s.second) * time.Second}
}

// looks shows the same for some seconds.
func (s *sat) looks(seconds int, change func(*watch.Look)) {
	for range seconds {
		s.second++
		l := watch.Look{Place: s.place(), Faces: 1, Eyes: 60, Turn: 3, Luma: 120, Spread: 40, Mouth: 0.02}
		if change != nil {
			change(&l)
		}
		s.note(s.See(l))
	}
}

// hears is the same of sound.
func (s *sat) hears(seconds int, voiced, level, pitch float64) {
	for range seconds {
		s.second++
		s.note(s.Hear(watch.Sound{Place: s.place(), Level: level, Voiced: voiced, Pitch: pitch}))
	}
}

func (s *sat) note(changes []watch.Change) {
	for _, c := range changes {
		s.told++
		i := slices.IndexFunc(s.events, func(e watch.Change) bool { return e.ID == c.ID })
		if c.First != (i < 0) {
			panic(fmt.Sprintf("first %t of an event seen %t", c.First, i >= 0))
		}
		if i < 0 {
			s.events = append(s.events, c)
		} else {
			s.events[i] = c
		}
	}
}

// story is what is known in the end: "kind from–to×times".
func (s *sat) story() string {
	s.note(s.End())
	var list []string
	for _, e := range s.events {
		text := fmt.Sprintf("%s %d–%d", e.Behaviour, int(e.Began.Offset.Seconds()), int(e.Until.Sub(begin).Seconds()))
		if e.Times > 1 {
			text += fmt.Sprintf("×%d", e.Times)
		}
		if !e.Last || !(e.Confidence > 0 && e.Confidence <= 1) || e.Until.Before(e.Began.At) {
			text += fmt.Sprintf(" last %t, confidence %g", e.Last, e.Confidence)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func gone(l *watch.Look)    { l.Faces, l.Eyes, l.Turn, l.Mouth = 0, -1, -1, -1 }
func two(l *watch.Look)     { l.Faces = 2 }
func small(l *watch.Look)   { l.Eyes = 12 }
func turned(l *watch.Look)  { l.Turn = 31 }
func still(l *watch.Look)   { l.Still = true }
func dark(l *watch.Look)    { gone(l); l.Luma, l.Spread = 4, 2; l.Still = true }
func covered(l *watch.Look) { gone(l); l.Luma, l.Spread = 90, 3; l.Still = true }
func speaks(l *watch.Look)  { l.Mouth = 0.3 }
func empty(l *watch.Look)   { gone(l); l.Still = true }
func unsure(l *watch.Look)  { l.Turn, l.Eyes, l.Mouth = -1, -1, -1 }

// TestBehaviours: each is told from the others, with the default rules, and what passes is nothing.
func TestBehaviours(t *testing.T) {
	for name, c := range map[string]struct {
		show func(*sat)
		want string
	}{
		"nothing":             {func(s *sat) { s.looks(600, nil) }, ""},
		"looks for a pen":     {func(s *sat) { s.looks(5, nil); s.looks(8, gone); s.looks(5, nil) }, ""},
		"away":                {func(s *sat) { s.looks(5, nil); s.looks(20, gone); s.looks(5, nil) }, "face_absent 6–25"},
		"away until the end":  {func(s *sat) { s.looks(5, nil); s.looks(20, gone) }, "face_absent 6–25"},
		"a face in a curtain": {func(s *sat) { s.looks(8, gone); s.looks(1, nil); s.looks(8, gone); s.looks(5, nil) }, "face_absent 1–17"},
		"the cascade misses now and then": {func(s *sat) {
			for range 60 {
				s.looks(4, nil)
				s.looks(1, gone)
			}
		}, ""},
		"two people":            {func(s *sat) { s.looks(5, nil); s.looks(6, two); s.looks(5, nil) }, "several_faces 6–11"},
		"somebody walks past":   {func(s *sat) { s.looks(5, nil); s.looks(2, two); s.looks(5, nil) }, ""},
		"far away":              {func(s *sat) { s.looks(40, small) }, "face_small 1–40"},
		"eyes not found":        {func(s *sat) { s.looks(300, unsure) }, ""},
		"reads something aside": {func(s *sat) { s.looks(5, nil); s.looks(25, turned); s.looks(5, nil) }, "looking_away 6–30"},
		"looks aside":           {func(s *sat) { s.looks(5, nil); s.looks(10, turned); s.looks(5, nil) }, ""},
		"turned, then away":     {func(s *sat) { s.looks(20, turned); s.looks(20, gone) }, "looking_away 1–20, face_absent 21–40"},
		"a picture that stands": {func(s *sat) { s.looks(5, nil); s.looks(50, still) }, "picture_frozen 6–55"},
		"sits very still":       {func(s *sat) { s.looks(20, still); s.looks(1, nil); s.looks(1, nil); s.looks(20, still) }, ""},
		"an empty chair":        {func(s *sat) { s.looks(60, empty) }, "face_absent 1–60"},
		"the light goes out":    {func(s *sat) { s.looks(5, nil); s.looks(40, dark); s.looks(5, nil) }, "picture_black 6–45"},
		"a hand on the lens":    {func(s *sat) { s.looks(5, nil); s.looks(40, covered); s.looks(5, nil) }, "camera_covered 6–45"},
		"comes back soon":       {func(s *sat) { s.looks(20, gone); s.looks(5, nil); s.looks(20, gone); s.looks(3, nil) }, "face_absent 1–45×2"},
		"comes back later":      {func(s *sat) { s.looks(20, gone); s.looks(30, nil); s.looks(20, gone); s.looks(3, nil) }, "face_absent 1–20, face_absent 51–70"},
		"speaks":                {func(s *sat) { s.hears(5, 0, -96, 0); s.hears(12, 0.6, -25, 200); s.hears(5, 0, -96, 0) }, "speech 6–17"},
		"a word":                {func(s *sat) { s.hears(5, 0, -96, 0); s.hears(2, 0.6, -25, 200); s.hears(5, 0, -96, 0) }, ""},
		"a radio next door":     {func(s *sat) { s.hears(60, 0.7, -52, 200) }, ""},
		"a child says something": {func(s *sat) {
			s.hears(20, 0.6, -25, 110)
			s.hears(5, 0.6, -25, 290)
		}, "speech 1–25"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sit(watch.RulesOf(exam.DefaultPolicy()))
			c.show(s)
			if got := s.story(); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// TestBehavioursAskedFor are those that nobody is troubled by who did not ask.
func TestBehavioursAskedFor(t *testing.T) {
	policy := exam.DefaultPolicy()
	policy.Watch = map[exam.Behaviour]exam.Watched{
		exam.OtherVoice: {After: 3, Limit: 0.4}, exam.SilentMouth: {After: 5, Limit: 0.12}, exam.Speech: {},
	}
	for name, c := range map[string]struct {
		show func(*sat)
		want string
	}{
		"another voice": {func(s *sat) { s.hears(20, 0.6, -25, 110); s.hears(6, 0.6, -25, 210); s.hears(5, 0.6, -25, 115) }, "other_voice 21–26"},
		"between pauses": {func(s *sat) {
			s.hears(10, 0.6, -25, 110)
			for range 4 {
				s.hears(1, 0.6, -25, 210)
				s.hears(3, 0, -96, 0)
			}
		}, "other_voice 11–23"},
		"raises her voice":    {func(s *sat) { s.hears(20, 0.6, -25, 200); s.hears(6, 0.6, -25, 250) }, ""},
		"before she is known": {func(s *sat) { s.hears(2, 0.6, -25, 110); s.hears(3, 0.6, -25, 220) }, ""},
		"whispers to herself": {func(s *sat) {
			for range 20 {
				s.hears(1, 0, -96, 0)
				s.second--
				s.looks(1, speaks)
			}
		}, "silent_mouth 3–20"},
		"speaks aloud": {func(s *sat) {
			for range 20 {
				s.hears(1, 0.6, -25, 200)
				s.second--
				s.looks(1, speaks)
			}
		}, ""},
		"no microphone": {func(s *sat) { s.looks(60, speaks) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sit(watch.RulesOf(policy))
			c.show(s)
			if got := s.story(); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// TestNoStorm: whatever somebody does for three hours, there are a dozen events of a kind in an hour, and few changes to store.
func TestNoStorm(t *testing.T) {
	s := sit(watch.RulesOf(exam.DefaultPolicy()))
	for s.second < 3*3600 {
		s.looks(12, gone)
		s.looks(20, nil)
	}
	s.story()
	if n := len(s.events); n < 30 || n > 40 {
		t.Errorf("%d events in three hours, want some 36", n)
	}
	if most := s.second / 5; s.told > most {
		t.Errorf("%d changes in %d s, want at most %d", s.told, s.second, most)
	}
	times := 0
	for _, e := range s.events {
		times += e.Times
	}
	if times < 3*3600/32-1 {
		t.Errorf("seen %d times, want each of %d", times, 3*3600/32)
	}
}

// TestRulesChange: what is no longer looked out for ends, what is from now on begins.
func TestRulesChange(t *testing.T) {
	policy := exam.DefaultPolicy()
	s := sit(watch.RulesOf(policy))
	s.looks(20, gone)
	policy.Watch = map[exam.Behaviour]exam.Watched{exam.FaceAbsent: {}}
	s.note(s.Follow(watch.RulesOf(policy)))
	s.looks(20, gone)
	s.note(s.Follow(watch.RulesOf(exam.DefaultPolicy())))
	s.looks(20, gone)
	if got, want := s.story(), "face_absent 1–20, face_absent 41–60"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestScreen: a screen that is not shared is told from its loss to its return, where the policy requires one.
func TestScreen(t *testing.T) {
	for name, c := range map[string]struct {
		screen exam.Wanted
		shares []bool // second by second
		want   string
	}{
		"shared":            {exam.Required, seconds(60, true), ""},
		"lost and back":     {exam.Required, slices.Concat(seconds(5, true), seconds(20, false), seconds(5, true)), "screen_lost 6–25"},
		"never shared":      {exam.Required, seconds(30, false), "screen_lost 1–30"},
		"lost for a moment": {exam.Required, slices.Concat(seconds(5, true), seconds(3, false), seconds(5, true)), ""},
		"lost twice":        {exam.Required, slices.Concat(seconds(20, false), seconds(5, true), seconds(20, false)), "screen_lost 1–45×2"},
		"not required":      {exam.NotWanted, seconds(60, false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			policy := exam.DefaultPolicy()
			policy.Screen = c.screen
			s := sit(watch.RulesOf(policy))
			for _, shared := range c.shares {
				s.second++
				s.note(s.Share(s.place(), shared))
			}
			if got := s.story(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func seconds(n int, shared bool) []bool { return slices.Repeat([]bool{shared}, n) }
