package media

import (
	"sync"
	"time"
)

// Level is how loud a microphone is, as its browser says (RFC 6464).
type Level struct {
	Below uint8 // decibels below the loudest possible; Silence is the most
	Voice bool  // somebody speaks, the browser thinks
}

// Silence is the lowest level.
const Silence = 127

const (
	levelHold   = 200 * time.Millisecond // the loudest of so long is what is shown
	levelForget = time.Second
)

// loudness keeps the loudest of a short while, so that a meter that looks now
// and then misses no word.
type loudness struct {
	mu    sync.Mutex
	level Level
	at    time.Time
	told  time.Time
}

// note takes the extension's byte.
func (l *loudness) note(b byte, at time.Time) {
	level := Level{Below: b & 0x7f, Voice: b&0x80 != 0}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = at
	if level.Below <= l.level.Below || at.Sub(l.at) >= levelHold {
		l.level, l.at = level, at
	}
}

// Level returns how loud the microphone is now; ok is false when its browser
// does not tell.
func (p *Publisher) Level() (level Level, ok bool) {
	l := &p.loudness
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told.IsZero() {
		return Level{Below: Silence}, false
	}
	if p.node.now().Sub(l.told) >= levelForget {
		return Level{Below: Silence}, true
	}
	return l.level, true
}
