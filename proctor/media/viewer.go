package media

import (
	"context"

	"github.com/google/uuid"
)

// ViewOptions of Node.View.
type ViewOptions struct {
	Room uuid.UUID

	// OnOffer and OnCandidate are called one at a time from a goroutine of the
	// viewer. They may call Close; they should not block for long.
	OnOffer     func(Offer)
	OnCandidate func(Candidate)
}

// Viewer is one connection that receives publishers of one room.
type Viewer struct{}

// View prepares a viewer. Nothing is sent before Watch.
func (n *Node) View(ctx context.Context, opts ViewOptions) (*Viewer, error) { return nil, ErrClosed }

// Watch replaces the set of attempts to see, at most 100. Publishers that come
// later or reconnect are attached by themselves while they are wanted; those of
// another room never are.
func (v *Viewer) Watch(attempts []uuid.UUID) error { return ErrClosed }

// Answer takes the answer to the last offer.
func (v *Viewer) Answer(sdp string) error { return ErrClosed }

// AddCandidate takes a trickled candidate, at most 64 of them.
func (v *Viewer) AddCandidate(c Candidate) error { return ErrClosed }

// Close ends the connection.
func (v *Viewer) Close() error { return nil }
