package liveness

import (
	"time"

	"ochno/proctor/voice"
)

type segment = voice.Segment

const (
	// The time from a digit being shown to somebody saying it, the way there and back included.
	quickest, slowest = 150 * time.Millisecond, 1900 * time.Millisecond
	// unsteady is how much that time differs between the digits of one person at most.
	unsteady = 850 * time.Millisecond
	// leastWord is the shortest speech that is a word.
	leastWord = 180 * time.Millisecond
	// leastEarly is how much speech before the first digit is more than a cough.
	leastEarly = 350 * time.Millisecond
)

// early is how sure we are that somebody spoke before there was anything to say.
func (s Speech) early() float64 {
	if len(s.Shown) == 0 {
		return 0
	}
	var spoken time.Duration
	for _, g := range s.Segments {
		if end := min(g.End, s.Shown[0]); end > g.Start && g.End-g.Start >= leastWord {
			spoken += end - g.Start
		}
	}
	if spoken < leastEarly {
		return 0
	}
	return 0.5 + 0.5*float64(spoken-leastEarly)/float64(time.Second)
}

// astray is how far the speech is from following the digits: each digit is answered by the first word that begins in its time, and the
// answers come after about the same time each.
func (s Speech) astray() float64 {
	if len(s.Shown) < 2 {
		return 0
	}
	missed := 0
	var least, most time.Duration
	used := make([]bool, len(s.Segments))
	for i, shown := range s.Shown {
		until := shown + slowest
		if i+1 < len(s.Shown) {
			until = min(until, s.Shown[i+1]+quickest)
		}
		answered := false
		for j, g := range s.Segments {
			if used[j] || g.End-g.Start < leastWord || g.Start < shown+quickest || g.Start > until {
				continue
			}
			used[j], answered = true, true
			took := g.Start - shown
			if least == 0 {
				least = took
			}
			least, most = min(least, took), max(most, took)
			break
		}
		if !answered {
			missed++
		}
	}
	share := float64(missed) / float64(len(s.Shown))
	switch {
	case share >= 0.5:
		return 0.5 + share/2
	case missed > 0 && most-least > unsteady/2:
		return 0.6
	case most-least > unsteady:
		return 0.4 + 0.3*float64(most-least-unsteady)/float64(unsteady)
	}
	return 0
}
