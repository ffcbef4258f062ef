package ebsclient

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrReplayed says that a verdict was used before.
var ErrReplayed = errors.New("ebsclient: the verdict was used before")

// ReplayStore remembers which verdicts were used.
type ReplayStore interface {
	// Use notes that the verdict with this jti is used now, and may forget it after expires. It returns [ErrReplayed] if it
	// was noted before. Of several calls at once for one jti exactly one succeeds.
	Use(ctx context.Context, jti string, expires time.Time) error
}

// maxRemembered bounds a MemoryReplay: at twenty verdicts a second and ten minutes each twelve thousand are needed.
const maxRemembered = 1 << 18

// MemoryReplay is a [ReplayStore] for one process: it forgets when the process ends.
type MemoryReplay struct {
	now func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // jti → when it may be forgotten
	// sweep is when the expired ones are looked for next.
	sweep time.Time
}

// NewMemoryReplay returns an empty store that takes the time from now; time.Now if nil.
func NewMemoryReplay(now func() time.Time) *MemoryReplay {
	if now == nil {
		now = time.Now
	}
	return &MemoryReplay{now: now, used: make(map[string]time.Time)}
}

// Use implements [ReplayStore].
func (m *MemoryReplay) Use(_ context.Context, jti string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if now.After(m.sweep) || len(m.used) >= maxRemembered {
		for id, until := range m.used {
			if until.Before(now) {
				delete(m.used, id)
			}
		}
		m.sweep = now.Add(time.Minute)
	}
	if _, ok := m.used[jti]; ok {
		return ErrReplayed
	}
	if len(m.used) >= maxRemembered {
		return errors.New("ebsclient: too many verdicts to remember")
	}
	m.used[jti] = expires
	return nil
}

// AllowReplay is the [ReplayStore] that remembers nothing: for looking again, later, at a verdict that was used once before.
// Never admit anybody by it.
type AllowReplay struct{}

// Use implements [ReplayStore].
func (AllowReplay) Use(context.Context, string, time.Time) error { return nil }
