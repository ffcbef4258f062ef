package media

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
)

// Errors of nodes, publishers and viewers.
var (
	// ErrClosed is returned by whatever was closed or taken over.
	ErrClosed = errors.New("media: closed")
	// ErrTooMany means that a bound was reached: candidates, attempts, taps.
	ErrTooMany = errors.New("media: too many")
	// ErrRecordingInUse means that another attempt writes the same recording.
	ErrRecordingInUse = errors.New("media: recording in use")
)

// Config of a Node.
type Config struct {
	Logger *slog.Logger // nil discards

	// UDPAddr is the one address for all media, "0.0.0.0:7000" or "127.0.0.1:0".
	// A loopback address is offered alone; the unspecified one stands for every
	// local address of its family, loopback included. Without a host it is 0.0.0.0.
	UDPAddr string

	// TCPAddr is the one address for ICE over TCP, which browsers take where no
	// UDP goes out; empty for none. Behind a NAT bind it to one local address.
	TCPAddr string

	// PublicIPs replace the local addresses in candidates behind a 1:1 NAT:
	// one address for all, or "public/local" pairs.
	PublicIPs []string

	SpoolDir        string           // where segments wait for the sink; made when missing
	SpoolReserve    int64            // bytes; less room on its disk is told loudly; DefaultSpoolReserve when zero
	SegmentDuration time.Duration    // DefaultSegment when zero
	Sink            Sink             // required
	DoNotRecord     bool             // forward only: no segments, and taps stay silent
	Now             func() time.Time // time.Now when nil
}

// DefaultSegment is how long a segment is.
const DefaultSegment = 10 * time.Second

// Node receives, forwards and records. All its methods may be called from any
// goroutine.
type Node struct {
	cfg         Config
	log         *slog.Logger
	now         func() time.Time
	conn        *net.UDPConn
	mux         *mux
	tcp         *tcpDoor // nil: none
	engine      engine
	cert        tls.Certificate
	fingerprint string // of cert, as descriptions have it
	spool       *spool
	fanout      fanout
	free        func(dir string) (int64, error) // room on the disk
	gate        *gate                           // to the sink

	stop     chan struct{}   // ends tick
	delivery context.Context // of chains; outlives publishers
	giveUp   context.CancelFunc

	mu         sync.Mutex
	closed     bool // nothing new begins
	publishers map[uuid.UUID]*Publisher
	phones     map[uuid.UUID]*Publisher // those with PublishOptions.Phone
	viewers    map[*Viewer]struct{}
	chains     map[uuid.UUID]*chain
	deliveries sync.WaitGroup
	others     sync.WaitGroup // whatever spawn began
}

// New opens the socket and the spool.
func New(cfg Config) (*Node, error) {
	if cfg.Sink == nil {
		return nil, errors.New("media: no sink")
	}
	if cfg.UDPAddr == "" {
		return nil, errors.New("media: no UDP address")
	}
	if err := checkPublicIPs(cfg.PublicIPs); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.SegmentDuration == 0 {
		cfg.SegmentDuration = DefaultSegment
	}
	if cfg.SpoolReserve == 0 {
		cfg.SpoolReserve = DefaultSpoolReserve
	}
	n := &Node{
		cfg: cfg, log: cfg.Logger, now: cfg.Now,
		stop: make(chan struct{}), publishers: map[uuid.UUID]*Publisher{}, phones: map[uuid.UUID]*Publisher{}, viewers: map[*Viewer]struct{}{}, chains: map[uuid.UUID]*chain{},
		free: freeBytes, gate: newGate(uploads),
	}
	var err error
	if n.cert, err = newCertificate(); err != nil {
		return nil, fmt.Errorf("media: make certificate: %w", err)
	}
	if n.fingerprint, err = fingerprintOf(n.cert); err != nil {
		return nil, fmt.Errorf("media: make certificate: %w", err)
	}
	if n.spool, err = openSpool(cfg.SpoolDir); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if n.conn, err = listenUDP(cfg.UDPAddr, n.log); err != nil {
		return nil, errors.Join(fmt.Errorf("media: %w", err), n.spool.close())
	}
	logs := pionLogs{n.log}
	socket := newBatchSocket(n.conn, n.log)
	if n.mux, err = newMux(socket, n.now, n.fanout.flush, n.log); err != nil {
		return nil, errors.Join(fmt.Errorf("media: %w", err), socket.Close(), n.spool.close())
	}
	if cfg.TCPAddr != "" {
		if n.tcp, err = listenTCP(cfg.TCPAddr, len(cfg.PublicIPs) > 0, logs); err != nil {
			return nil, errors.Join(fmt.Errorf("media: %w", err), n.mux.Close(), n.spool.close())
		}
	}
	n.engine = newEngine(n.conn, n.mux, n.tcp, cfg.PublicIPs, logs)
	n.delivery, n.giveUp = context.WithCancel(context.Background())
	n.others.Go(n.tick)
	n.others.Go(n.mindSpool)
	n.log.Info("media node up", "udp", n.Addr().String())
	return n, nil
}

// Addr returns the address of the UDP socket.
func (n *Node) Addr() net.Addr { return n.conn.LocalAddr() }

// Close ends every publisher and viewer, hands the last segments to the sink and
// waits for all goroutines. When ctx ends first, what the sink has not taken
// stays in the spool for Recover and the error is ErrNotStored.
func (n *Node) Close(ctx context.Context) error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return ErrClosed
	}
	n.closed = true
	publishers, phones, viewers := n.publishers, n.phones, n.viewers
	n.publishers, n.phones, n.viewers = map[uuid.UUID]*Publisher{}, map[uuid.UUID]*Publisher{}, map[*Viewer]struct{}{}
	n.mu.Unlock()

	var ends sync.WaitGroup
	for v := range viewers {
		ends.Go(v.shutdown)
	}
	for _, all := range []map[uuid.UUID]*Publisher{publishers, phones} {
		for _, p := range all {
			ends.Go(func() { p.shutdown(ReasonShutdown) })
		}
	}
	ends.Wait()

	stop := context.AfterFunc(ctx, n.giveUp)
	n.deliveries.Wait()
	stop()
	n.giveUp()
	close(n.stop)
	n.others.Wait()

	errs := []error{n.mux.Close(), n.spool.close()}
	if n.tcp != nil {
		errs = append(errs, n.tcp.close())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, c := range n.chains {
		if waiting := c.pending(); waiting > 0 {
			n.log.Error("segments stay in the spool", "recording", id, "segments", waiting)
			errs = append(errs, fmt.Errorf("%w: recording %s: %d in the spool", ErrNotStored, id, waiting))
		}
	}
	return errors.Join(errs...)
}

// tick wakes the recorders, each every recorderTick, and reports to the viewers
// every second. One ticker for all costs far less than one each; the recorders
// take turns, so that their work never comes all at once.
func (n *Node) tick() {
	ticker := time.NewTicker(recorderTick / recorderTurns)
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-n.stop:
			return
		case <-ticker.C:
		}
		var viewers []*Viewer
		n.mu.Lock()
		for _, all := range []map[uuid.UUID]*Publisher{n.publishers, n.phones} {
			for _, p := range all {
				if int(p.opts.Attempt[15])%recorderTurns == turn%recorderTurns {
					p.nudge()
				}
			}
		}
		if turn%reportTurns == 0 {
			viewers = slices.Collect(maps.Keys(n.viewers))
		}
		n.mu.Unlock()
		for _, v := range viewers {
			v.report(n.now())
		}
	}
}

// Publisher returns the live publisher of an attempt.
func (n *Node) Publisher(attempt uuid.UUID) (*Publisher, bool) { return n.live(attempt, false) }

// Phone returns the live phone of an attempt.
func (n *Node) Phone(attempt uuid.UUID) (*Publisher, bool) { return n.live(attempt, true) }

func (n *Node) live(attempt uuid.UUID, phone bool) (*Publisher, bool) {
	n.mu.Lock()
	p := n.like(phone)[attempt]
	n.mu.Unlock()
	if p == nil || !p.alive() {
		return nil, false
	}
	return p, true
}

// Load is what a node serves now.
type Load struct{ Publishers, Viewers int }

// Load counts.
func (n *Node) Load() Load {
	n.mu.Lock()
	defer n.mu.Unlock()
	return Load{Publishers: len(n.publishers) + len(n.phones), Viewers: len(n.viewers)}
}

// enter makes p the publisher of its attempt and returns the one before.
func (n *Node) enter(p *Publisher) (old *Publisher, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	like := n.like(p.opts.Phone)
	old = like[p.opts.Attempt]
	like[p.opts.Attempt] = p
	return old, nil
}

// leave forgets p, unless a newer one took its place.
func (n *Node) leave(p *Publisher) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if like := n.like(p.opts.Phone); like[p.opts.Attempt] == p {
		delete(like, p.opts.Attempt)
	}
}

// like is where publishers of a kind are kept; n.mu is held.
func (n *Node) like(phone bool) map[uuid.UUID]*Publisher {
	if phone {
		return n.phones
	}
	return n.publishers
}

// wakeViewers lets the viewers of a room look again at what there is.
func (n *Node) wakeViewers(room uuid.UUID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for v := range n.viewers {
		if v.opts.Room == room {
			v.nudge()
		}
	}
}

// useChain returns the chain of a recording to append to: the one in memory, or
// a new one. What a chain in memory says wins over start, which was read from
// rows that may have lagged behind it.
func (n *Node) useChain(start RecordingStart) (*chain, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	n.forgetChains()
	if c := n.chains[start.ID]; c != nil {
		ok, err := c.tryUse()
		if err != nil {
			return nil, err
		}
		if ok {
			return c, nil
		}
		if next, prev, end := c.state(); next >= start.NextSegment {
			start.NextSegment, start.PrevSHA256, start.Offset = next, prev, end
		}
	}
	c := newChain(start, n.cfg.Sink, n.gate, n.log)
	c.users = 1
	n.chains[start.ID] = c
	n.deliveries.Go(func() {
		c.deliver(n.delivery)
		c.finished(n.now())
	})
	return c, nil
}

// forgetChains drops the chains that ended long ago; n.mu is held.
func (n *Node) forgetChains() {
	for id, c := range n.chains {
		if c.endedBefore(n.now().Add(-chainMemory)) {
			delete(n.chains, id)
		}
	}
}

// spawn runs f on a goroutine that Close waits for; false when it is too late.
func (n *Node) spawn(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.others.Go(f)
	return true
}

func (n *Node) pionConfig() webrtc.Configuration {
	return webrtc.Configuration{
		Certificates: []webrtc.Certificate{webrtc.CertificateFromX509(n.cert.PrivateKey, n.cert.Leaf)},
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
	}
}
