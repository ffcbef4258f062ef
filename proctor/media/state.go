package media

import (
	"time"
)

// State of a publisher.
type State struct {
	Phase  Phase
	Reason Reason // why, when Phase is Closed or Lost
}

// Phase of a publisher.
type Phase string

// Phases. Closed is the last one and comes exactly once.
const (
	Connecting Phase = "connecting"
	Live       Phase = "live" // camera and microphone both arrive
	Lost       Phase = "lost" // one of them, or both, stopped arriving; may become live again
	Closed     Phase = "closed"
)

// Reason of a state.
type Reason string

// Reasons.
const (
	ReasonEnded     Reason = "ended"      // Close was called
	ReasonTakenOver Reason = "taken_over" // a newer publisher of the same attempt
	ReasonFailed    Reason = "failed"     // the connection broke and did not come back
	ReasonShutdown  Reason = "shutdown"   // the Node closes
	ReasonSilent    Reason = "silent"     // no packets
)

// alive reports whether the publisher is in use: built and not closing.
func (p *Publisher) alive() bool {
	select {
	case <-p.built:
	default: // it still waits for the one it takes over
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.recorder != nil && !p.closing
}

// nudge lets the recorder work, if there is one by now.
func (p *Publisher) nudge() {
	select {
	case <-p.built:
		if p.recorder != nil {
			p.recorder.nudge()
		}
	default:
	}
}

// watch tells live from lost and keeps the sender informed. The recorder calls
// it often.
func (p *Publisher) watch(now time.Time) {
	p.report(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shown && !p.since.IsZero() && now.Sub(p.since) >= pairPatience {
		p.shown = true
		p.node.wakeViewers(p.opts.Room)
	}
	if p.video == nil || p.audio == nil || p.closing {
		return
	}
	phase := Live
	if max(p.video.silence(now), p.audio.silence(now)) >= silenceAfter {
		phase = Lost
	}
	if phase == p.phase {
		return
	}
	p.phase = phase
	s := State{Phase: phase}
	if phase == Lost {
		s.Reason = ReasonSilent
	}
	p.tell(s)
}

func (p *Publisher) tell(s State) {
	if p.opts.OnState != nil {
		p.events.push(func() { p.opts.OnState(s) })
	}
}
