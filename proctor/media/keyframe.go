package media

import (
	"sync"
	"time"
)

const keyInterval = 500 * time.Millisecond

// keyRequests throttles requests for key frames. A request that comes too early
// is remembered and sent when its time comes, unless a key frame came first.
type keyRequests struct {
	send func()

	mu      sync.Mutex
	last    time.Time
	pending bool
}

// request asks now or as soon as allowed.
func (k *keyRequests) request(now time.Time) {
	k.mu.Lock()
	k.pending = true
	k.mu.Unlock()
	k.tick(now)
}

// force asks at the next tick, whatever was asked for before: of another stream.
func (k *keyRequests) force(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending, k.last = true, now.Add(-keyInterval)
}

// tick sends what is due.
func (k *keyRequests) tick(now time.Time) {
	k.mu.Lock()
	due := k.pending && (k.last.IsZero() || now.Sub(k.last) >= keyInterval)
	if due {
		k.pending, k.last = false, now
	}
	k.mu.Unlock()
	if due {
		k.send()
	}
}

// arrived forgets a remembered request: a key frame has come.
func (k *keyRequests) arrived() {
	k.mu.Lock()
	k.pending = false
	k.mu.Unlock()
}
