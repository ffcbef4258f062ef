package ebsclient

import (
	"errors"
	"sync"
	"time"
)

// ErrCircuitOpen lies below the [Unavailable] error of a request that was not sent, because the verifier failed too often of late.
var ErrCircuitOpen = errors.New("ebsclient: not asked: the verifier failed too often of late")

// Circuit says whether a driver asks its verifier at all.
type Circuit string

const (
	// CircuitClosed: requests are sent. The usual state.
	CircuitClosed Circuit = "closed"
	// CircuitOpen: the verifier failed too often in a row, and as often as it still owes answers: requests fail at once with
	// [ErrCircuitOpen].
	CircuitOpen Circuit = "open"
	// CircuitHalfOpen: the time is over; one request is let through to see, and the others still fail at once. Its answer
	// closes the circuit, its failure opens it again.
	CircuitHalfOpen Circuit = "half_open"
)

// breaker keeps requests from a verifier that does not answer anyway: it spares the verifier, and those who wait.
//
// What fails comes back at once, what succeeds may take seconds: of a busy verifier that fails now and then, one hears many
// failures before the first answer. So a row of failures alone says little while as many requests are still with it.
type breaker struct {
	after int           // failures in a row that open it, if they are no fewer than the requests on their way
	pause time.Duration // how long it stays open

	mu       sync.Mutex
	open     bool
	failures int       // in a row, while closed
	sent     int       // in this round, and not back yet
	until    time.Time // while open: when one may try
	probing  bool      // while open: somebody tries
	// round counts the changes: what was sent in an earlier round says nothing about this one.
	round int
}

// ticket is leave to send one request. Whoever has it gives it back with what became of the request.
type ticket struct{ round int }

// fate is what a request says about the verifier.
type fate int

const (
	fateUnknown fate = iota // nothing: its caller gave up
	fateAlive               // it answered, if only to refuse
	fateFailed
)

func (b *breaker) state() Circuit {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open:
		return CircuitClosed
	case b.probing || !time.Now().Before(b.until):
		return CircuitHalfOpen
	}
	return CircuitOpen
}

// check refuses what would be refused by enter.
func (b *breaker) check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusal()
}

func (b *breaker) refusal() error {
	if wait := time.Until(b.until); b.open && (wait > 0 || b.probing) {
		return &Error{Code: Unavailable, RetryAfter: max(wait, time.Second), Err: ErrCircuitOpen}
	}
	return nil
}

func (b *breaker) enter() (ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refusal(); err != nil {
		return ticket{}, err
	}
	if b.open {
		b.probing = true
		b.turn()
	}
	b.sent++
	return ticket{b.round}, nil
}

func (b *breaker) turn() {
	b.round++
	b.sent = 0
}

// leave returns the state if this request changed it, else "".
func (b *breaker) leave(t ticket, f fate) Circuit {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.round != b.round {
		return ""
	}
	b.sent--
	switch {
	case b.open && f == fateUnknown:
		b.probing = false // the next one may try
	case f == fateAlive:
		b.failures = 0
		if b.open {
			b.open, b.probing = false, false
			b.turn()
			return CircuitClosed
		}
	case f == fateFailed:
		b.failures++
		if b.open || b.failures >= max(b.after, b.sent) {
			b.open, b.probing, b.failures, b.until = true, false, 0, time.Now().Add(b.pause)
			b.turn()
			return CircuitOpen
		}
	}
	return ""
}
