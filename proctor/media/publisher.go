package media

import (
	"context"

	"github.com/google/uuid"
)

// PublishOptions of Node.Publish.
type PublishOptions struct {
	Room, Attempt uuid.UUID
	Recording     RecordingStart

	// OnState and OnCandidate are called one at a time from a goroutine of the
	// publisher. They may call Close; they should not block for long.
	OnState     func(State)
	OnCandidate func(Candidate)
}

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
	Lost       Phase = "lost" // one of them, or both, stopped arriving
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
	ReasonSilent    Reason = "silent"     // no packets, though the connection may stand
)

// Publisher is one connection of one attempt that sends camera and microphone.
type Publisher struct{}

// Publish prepares to receive an attempt. A newer Publish of the same attempt
// takes over the older one.
func (n *Node) Publish(ctx context.Context, opts PublishOptions) (*Publisher, error) {
	return nil, ErrClosed
}

// Offer takes the publisher's session description and returns the answer, which
// holds the server's candidates. A bad one is refused with an *SDPError and
// changes nothing.
func (p *Publisher) Offer(ctx context.Context, sdp string) (answer string, err error) {
	return "", ErrClosed
}

// AddCandidate takes a trickled candidate, at most 64 of them.
func (p *Publisher) AddCandidate(c Candidate) error { return ErrClosed }

// RequestKeyFrame asks the sender for a key frame, at most one per 500 ms.
func (p *Publisher) RequestKeyFrame() {}

// Cut ends the current segment at the next key frame (and asks for one), waits
// until the sink has stored it and returns the head of the recording.
func (p *Publisher) Cut(ctx context.Context) (Head, error) { return Head{}, ErrClosed }

// Close ends the connection and its part of the recording and waits until the
// last segment was handed to the sink. An error says that the sink did not take
// it; it stays in the spool and is offered again.
func (p *Publisher) Close() error { return nil }
