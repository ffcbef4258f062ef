package ebsclient

import (
	"context"
	"time"
)

// limiter lets through so many requests in any stretch of the given length, in the order in which they came.
type limiter struct {
	per time.Duration
	// turn holds one token: whoever has it may use the fields below and is the next to be let through. Who gives up while
	// waiting has used nothing up.
	turn chan struct{}
	sent []time.Time // the last ones, a ring
	next int         // the oldest of them
}

func newLimiter(most int, per time.Duration) *limiter {
	l := &limiter{per: per, turn: make(chan struct{}, 1), sent: make([]time.Time, most)}
	l.turn <- struct{}{}
	return l
}

// wait returns when a request may be sent, or with the context's error.
func (l *limiter) wait(ctx context.Context) error {
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if wait := time.Until(l.sent[l.next].Add(l.per)); wait > 0 {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return context.DeadlineExceeded // no use in waiting for it
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.sent[l.next] = time.Now()
	l.next = (l.next + 1) % len(l.sent)
	return nil
}
