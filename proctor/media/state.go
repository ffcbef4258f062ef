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
		if p.display != nil {
			p.display.nudge()
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
	p.choose(now)
	camera := p.recorded.Load()
	if !p.shown && !p.since.IsZero() && now.Sub(p.since) >= pairPatience {
		p.shown = true
		p.node.wakeViewers(p.opts.Room)
	}
	if camera == nil || p.audio == nil && !p.opts.Phone || p.closing {
		return
	}
	phase, silence := Live, camera.silence(now)
	if p.audio != nil {
		silence = max(silence, p.audio.silence(now))
	}
	if silence >= silenceAfter {
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

const (
	layerLost  = 2 * time.Second // without the better layer the other one is recorded
	layerGood  = time.Second     // when it came again for so long, it is it
	layerPause = 500 * time.Millisecond
)

// choose decides which layer of the camera is recorded: the better one, unless
// the network does not carry it. p.mu is held.
func (p *Publisher) choose(now time.Time) {
	if p.low == nil {
		return
	}
	current, next := p.recorded.Load(), (*upTrack)(nil)
	switch {
	case current == p.low:
		if p.video == nil || p.video.silence(now) >= layerPause {
			p.better = time.Time{}
			return
		}
		if p.better.IsZero() {
			p.better = now
		}
		if now.Sub(p.better) >= layerGood {
			next = p.video
		}
	case p.low.silence(now) >= layerPause:
	case current == nil && now.Sub(p.since) >= layerLost, current != nil && current.silence(now) >= layerLost:
		next = p.low
	}
	if next == nil {
		return
	}
	p.better = time.Time{}
	p.recorded.Store(next)
	p.log.Info("another layer of the camera is recorded", "layer", next.media)
	next.keys.force(now)
	p.node.wakeViewers(p.opts.Room) // who sees it large
}

func (p *Publisher) tell(s State) {
	if p.opts.OnState != nil {
		p.events.push(func() { p.opts.OnState(s) })
	}
}
