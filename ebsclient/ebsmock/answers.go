package ebsmock

import (
	"sync"
	"time"
)

// maxAnswers bounds what is remembered of answers.
const maxAnswers = 10000

// answer is a verdict that was given, kept so that the same request gets the same.
type answer struct {
	fingerprint  [32]byte
	token        string
	subject, jti string
	until        time.Time
}

type answers struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]answer
	// last is the jti of the last verdict about each subject.
	last map[string]string
}

func newAnswers(now func() time.Time) *answers {
	return &answers{now: now, byID: make(map[string]answer), last: make(map[string]string)}
}

func (a *answers) get(id string) (answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.byID[id]
	if ok && known.until.Before(a.now()) {
		return answer{}, false
	}
	return known, ok
}

// put remembers an answer and returns the one to give: of two equal requests at once the first one's, for both.
func (a *answers) put(id string, one answer) answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if known, ok := a.byID[id]; ok && !known.until.Before(now) && known.fingerprint == one.fingerprint {
		return known
	}
	if len(a.byID) >= maxAnswers {
		for key, known := range a.byID {
			if known.until.Before(now) {
				delete(a.byID, key)
			}
		}
	}
	if len(a.byID) >= maxAnswers {
		// All of them fresh: forget any one rather than grow.
		for key := range a.byID {
			delete(a.byID, key)
			break
		}
	}
	a.byID[id] = one
	a.noteLocked(one.subject, one.jti)
	return one
}

// note remembers the last verdict about a subject.
func (a *answers) note(subject, jti string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.noteLocked(subject, jti)
}

func (a *answers) noteLocked(subject, jti string) {
	if len(a.last) >= maxAnswers {
		clear(a.last)
	}
	a.last[subject] = jti
}

func (a *answers) lastID(subject string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last[subject]
}
