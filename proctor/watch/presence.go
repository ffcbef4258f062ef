package watch

import "time"

// A face is away from the first of so many pictures without one in a row, and back from the first of so many with one.
const awayAfter, backAfter = 3, 2

// presence follows whether a face is there, to have her identified again who was away: apart from the events, which may be off.
type presence struct {
	away  bool
	since time.Time // of the first picture of the present run that says otherwise
	run   int       // its pictures; 0: none
	gone  time.Time // with away: since when
}

// see takes a picture. It returns how long the face was away when it is back with this one.
func (p *presence) see(face bool, at time.Time) (away time.Duration, back bool) {
	if face != p.away { // as before
		p.run = 0
		return 0, false
	}
	if p.run == 0 {
		p.since = at
	}
	p.run++
	switch {
	case !p.away && p.run >= awayAfter:
		p.away, p.gone, p.run = true, p.since, 0
	case p.away && p.run >= backAfter:
		p.away, p.run = false, 0
		return p.since.Sub(p.gone), true
	}
	return 0, false
}
