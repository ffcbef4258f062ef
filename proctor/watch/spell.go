package watch

import (
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

const (
	// An event begins when it was seen in so many pictures at least, and ends when it was not in so many in a row: a cascade misses a face now and
	// then, and finds one in a curtain.
	leastSeen, goneAfter = 3, 2
	// lostAfter is how long nothing can be told before what was seen last is the end.
	lostAfter = 10 * time.Second
	// What begins again so soon after its end is the same event.
	sameWithin = 15 * time.Second
	// perHour is how many events of a kind there are in an hour at most.
	perHour = 12
	// tellEvery is how often an event that goes on is told of: what a killed process leaves is that far behind.
	tellEvery = 5 * time.Second
)

// spell is a behaviour of one student: what is seen now, and the newest event of it.
type spell struct {
	// What is seen now; seen 0: nothing.
	first      Place
	last       time.Time
	seen, miss int // pictures with it; in a row without it
	sum        float64
	pictures   int

	open   bool // an event goes on
	event  Change
	told   time.Time
	ended  time.Time   // of the event; zero: there was none
	begins []time.Time // of the events of the last hour
}

func (s *spell) note(b exam.Behaviour, at Place, e evidence, sure float64, after time.Duration) []Change {
	switch e {
	case unknown:
		if s.seen > 0 && at.At.Sub(s.last) > lostAfter {
			return s.end()
		}
		return nil
	case absent:
		if s.seen == 0 {
			return nil
		}
		s.pictures++
		if s.miss++; s.miss >= goneAfter {
			return s.end()
		}
		return nil
	}
	if s.seen == 0 {
		s.first, s.sum, s.pictures = at, 0, 0
	}
	s.seen++
	s.pictures++
	s.miss, s.last = 0, at.At
	s.sum += sure
	switch {
	case s.open && at.At.Sub(s.told) >= tellEvery:
		return []Change{s.tell(at.At)}
	case !s.open && s.seen >= leastSeen && at.At.Sub(s.first.At) >= after:
		return []Change{s.begin(b, at.At)}
	}
	return nil
}

// begin makes an event, or goes on with the last one.
func (s *spell) begin(b exam.Behaviour, now time.Time) Change {
	for len(s.begins) > 0 && now.Sub(s.begins[0]) > time.Hour {
		s.begins = s.begins[1:]
	}
	s.open = true
	again := !s.ended.IsZero() && (s.first.At.Sub(s.ended) < sameWithin || len(s.begins) >= perHour)
	if again {
		s.event.Times++
	} else {
		s.begins = append(s.begins, now)
		s.event = Change{ID: uuid.New(), Behaviour: b, Began: s.first, Times: 1}
	}
	c := s.tell(now)
	c.First, c.Last = !again, again
	return c
}

// tell is how the event stands.
func (s *spell) tell(now time.Time) Change {
	s.told = now
	s.event.Until = s.last
	s.event.Confidence = s.sum / float64(s.pictures)
	return s.event
}

// end forgets what is seen, and ends an event that goes on.
func (s *spell) end() []Change {
	defer func() { s.seen, s.miss = 0, 0 }()
	if !s.open {
		return nil
	}
	c := s.tell(s.last)
	c.Last = true
	s.open, s.ended = false, s.last
	return []Change{c}
}
