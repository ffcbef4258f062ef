package api

import (
	"sync"
	"time"
)

// limiter allows each key so many acts in a window of time. It holds a bounded number of keys: when there are more, everybody's oldest
// window is forgotten, so that a flood of keys costs no memory.
type limiter struct {
	most   int
	window time.Duration
	keys   int
	now    func() time.Time

	mu   sync.Mutex
	seen map[string]window
}

type window struct {
	began time.Time
	count int
}

func newLimiter(most int, per time.Duration, keys int, now func() time.Time) *limiter {
	return &limiter{most: most, window: per, keys: keys, now: now, seen: map[string]window{}}
}

// allow counts an act of the key and tells whether it is within the limit.
func (l *limiter) allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	w, known := l.seen[key]
	if !known && len(l.seen) >= l.keys {
		l.forget(now)
	}
	if !known || now.Sub(w.began) >= l.window {
		w = window{began: now}
	}
	w.count++
	l.seen[key] = w
	return w.count <= l.most
}

// forget removes the windows that are over, and when none is, the oldest one.
func (l *limiter) forget(now time.Time) {
	oldest, at := "", now
	for key, w := range l.seen {
		if now.Sub(w.began) >= l.window {
			delete(l.seen, key)
		} else if !w.began.After(at) {
			oldest, at = key, w.began
		}
	}
	if len(l.seen) >= l.keys {
		delete(l.seen, oldest)
	}
}
