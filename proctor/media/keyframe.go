package media

import (
	"sync"
	"time"
)

const (
	keyInterval = 500 * time.Millisecond
	// Who sees nothing yet need not wait as long as who missed something. Chrome
	// ignores a request that comes less than 300 ms after another.
	firstKeyInterval = 320 * time.Millisecond
)

// keyRequests throttles requests for key frames. A request that comes too early
// is remembered and sent when its time comes, unless a key frame came after it:
// one that was on its way before may have passed whoever asked.
type keyRequests struct {
	send func()

	mu      sync.Mutex
	last    time.Time
	pending time.Time // when it was asked for last; zero: nothing is remembered
	first   bool      // somebody who asked sees nothing yet
}

// request asks now or as soon as allowed.
func (k *keyRequests) request(now time.Time) {
	k.mu.Lock()
	k.pending = now
	k.mu.Unlock()
	k.tick(now)
}

// requestFirst is request for somebody who sees nothing yet.
func (k *keyRequests) requestFirst(now time.Time) {
	k.mu.Lock()
	k.first = true
	k.mu.Unlock()
	k.request(now)
}

// force asks at the next tick, whatever was asked for before: of another stream.
func (k *keyRequests) force(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending, k.last = now, now.Add(-keyInterval)
}

// tick sends what is due.
func (k *keyRequests) tick(now time.Time) {
	k.mu.Lock()
	interval := keyInterval
	if k.first {
		interval = firstKeyInterval
	}
	due := !k.pending.IsZero() && (k.last.IsZero() || now.Sub(k.last) >= interval)
	if due {
		k.pending, k.last, k.first = time.Time{}, now, false
	}
	k.mu.Unlock()
	if due {
		k.send()
	}
}

// arrived forgets what was asked for before a key frame began to come.
func (k *keyRequests) arrived(began time.Time) {
	k.mu.Lock()
	if k.pending.Before(began) {
		k.pending, k.first = time.Time{}, false
	}
	k.mu.Unlock()
}
