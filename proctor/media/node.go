package media

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"
)

// ErrClosed is returned by whatever was closed or taken over.
var ErrClosed = errors.New("media: closed")

// Config of a Node.
type Config struct {
	Logger *slog.Logger // nil discards

	// UDPAddr is the one address for all media, "0.0.0.0:7000" or "127.0.0.1:0".
	// A loopback address is offered alone; the unspecified one stands for every
	// local address, loopback included.
	UDPAddr string

	// PublicIPs replace the local addresses in candidates behind a 1:1 NAT:
	// one address for all, or "public/local" pairs.
	PublicIPs []string

	SpoolDir        string        // where segments wait for the sink; made when missing
	SegmentDuration time.Duration // 10 s when zero
	Sink            Sink
	Now             func() time.Time // time.Now when nil
}

// Node receives, forwards and records. All its methods may be called from any
// goroutine.
type Node struct{}

// New opens the socket and the spool.
func New(cfg Config) (*Node, error) { return nil, errors.New("media: not built yet") }

// Addr returns the address of the UDP socket.
func (n *Node) Addr() net.Addr { return nil }

// Close ends every publisher and viewer, hands the last segments to the sink and
// waits for all goroutines. When ctx ends first, what the sink has not taken
// stays in the spool for Recover and an error says so.
func (n *Node) Close(ctx context.Context) error { return nil }

// Publisher returns the live publisher of an attempt.
func (n *Node) Publisher(attempt uuid.UUID) (*Publisher, bool) { return nil, false }
