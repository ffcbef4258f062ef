package media

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v2"
)

const (
	connQueue   = 256             // datagrams of one connection that wait to be read by pion
	connSources = 64              // addresses one connection may come from
	holdAddress = 6 * time.Second // an address is its connection's for so long after it was heard
)

// receiver takes the media of one connection where they are read.
type receiver interface {
	// receive takes a datagram that is SRTP or SRTCP by its first bytes. b is
	// valid during the call and may be written to. It reports whether the
	// datagram was authentic.
	receive(b []byte, at time.Time) bool
}

// mux reads a node's socket, all of it on one goroutine, and gives every
// datagram to the connection it belongs to. It is pion's ice.UDPMux, with two
// differences. Media of a connection that has a receiver go to that at once,
// without the four goroutines on pion's way. And an address belongs to a
// connection only after a connectivity check with the right password came from
// it: what comes from elsewhere is dropped.
type mux struct {
	sock   *batchSocket
	now    func() time.Time
	after  func() // called by the reader after each batch
	log    *slog.Logger
	listen []net.Addr
	done   chan struct{} // the reader has ended

	mu      sync.Mutex
	closed  bool
	byUfrag map[ufragKey]*muxConn
	byAddr  map[netip.AddrPort]*muxConn // proven by a check
	asked   map[netip.AddrPort]*muxConn // we sent a check there: its answer is let in
}

// ufragKey names a connection: pion has one for each family of addresses.
type ufragKey struct {
	ufrag string
	ipv6  bool
}

func newMux(sock *batchSocket, now func() time.Time, after func(), log *slog.Logger) (*mux, error) {
	listen, err := listenAddresses(sock.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return nil, err
	}
	m := &mux{
		sock: sock, now: now, after: after, log: log, listen: listen, done: make(chan struct{}),
		byUfrag: map[ufragKey]*muxConn{}, byAddr: map[netip.AddrPort]*muxConn{}, asked: map[netip.AddrPort]*muxConn{},
	}
	go m.read()
	return m, nil
}

// read works until the socket is closed.
func (m *mux) read() {
	defer close(m.done)
	for {
		batch, err := m.sock.read()
		if err != nil {
			m.closeConns()
			return
		}
		at := m.now()
		for i := range batch {
			d := &batch[i]
			if from, ok := d.Addr.(*net.UDPAddr); ok {
				m.take(d.Buffers[0][:d.N], from, at)
			}
		}
		m.after()
		m.sock.flush() // before it rests
	}
}

// take gives one datagram to its connection, or drops it.
func (m *mux) take(b []byte, from *net.UDPAddr, at time.Time) {
	addr := from.AddrPort()
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	switch {
	case isMedia(b):
		if c := m.owner(addr); c == nil {
			return
		} else if c.receiver == nil {
			c.push(b, from)
		} else if c.receiver.receive(b, at) {
			c.heard.Store(at.UnixNano())
		}
	case isDTLS(b):
		if c := m.owner(addr); c != nil {
			c.push(b, from)
		}
	case isSTUN(b):
		if c := m.checkedBy(b, addr); c != nil {
			c.push(b, from)
		}
	}
}

// owner returns the connection an address belongs to.
func (m *mux) owner(addr netip.AddrPort) *muxConn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byAddr[addr]
}

// checkedBy returns the connection a STUN message is for: a check names it, an
// answer comes from where we asked.
func (m *mux) checkedBy(b []byte, addr netip.AddrPort) *muxConn {
	switch binary.BigEndian.Uint16(b) {
	case bindingRequest:
		ufrag, ok := stunUfrag(b)
		if !ok {
			return nil
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		// Converting in the index expression does not allocate.
		c := m.byUfrag[ufragKey{string(ufrag), addr.Addr().Is6()}]
		if c != nil && len(c.proven) >= connSources && !slices.Contains(c.proven, addr) {
			return nil // pion keeps a candidate for each
		}
		return c
	default:
		m.mu.Lock()
		defer m.mu.Unlock()
		if c := m.byAddr[addr]; c != nil {
			return c
		}
		return m.asked[addr]
	}
}

// prove makes an address a connection's: its check had the right password. One
// that another connection was heard from just now stays that one's, so that
// nobody is cut off by a check with a forged sender.
func (m *mux) prove(c *muxConn, addr netip.AddrPort) {
	now := m.now().UnixNano()
	m.mu.Lock()
	defer m.mu.Unlock()
	switch old := m.byAddr[addr]; {
	case c.gone:
	case old == c:
		c.heard.Store(now)
	case old != nil && now-old.heard.Load() < int64(holdAddress):
		m.log.Debug("address belongs to another connection")
	default:
		m.byAddr[addr] = c
		c.proven = append(c.proven, addr)
		c.heard.Store(now)
	}
}

// ask lets the answers to our own check in.
func (m *mux) ask(c *muxConn, addr netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.gone || m.asked[addr] == c || len(c.asked) >= connSources {
		return
	}
	m.asked[addr] = c
	c.asked = append(c.asked, addr)
}

// forget takes a connection out of the tables.
func (m *mux) forget(c *muxConn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetLocked(c)
}

func (m *mux) forgetLocked(c *muxConn) {
	c.gone = true
	if m.byUfrag[c.key] == c {
		delete(m.byUfrag, c.key)
	}
	for _, addr := range c.proven {
		if m.byAddr[addr] == c {
			delete(m.byAddr, addr)
		}
	}
	for _, addr := range c.asked {
		if m.asked[addr] == c {
			delete(m.asked, addr)
		}
	}
	c.proven, c.asked = nil, nil
}

// GetConn returns the connection of a ufrag, for pion; its media go to pion too.
func (m *mux) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	return m.conn(ufrag, addr, nil)
}

func (m *mux) conn(ufrag string, addr net.Addr, r receiver) (net.PacketConn, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return nil, net.InvalidAddrError("not a UDP address")
	}
	key := ufragKey{ufrag, udp.IP.To4() == nil}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, net.ErrClosed
	}
	c := m.byUfrag[key]
	if c == nil {
		c = &muxConn{mux: m, key: key, receiver: r}
		c.readable.L = &c.mu
		m.byUfrag[key] = c
	}
	return c, nil
}

// RemoveConnByUfrag forgets a connection; whoever has it still closes it.
func (m *mux) RemoveConnByUfrag(ufrag string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ipv6 := range []bool{false, true} {
		if c := m.byUfrag[ufragKey{ufrag, ipv6}]; c != nil {
			m.forgetLocked(c)
		}
	}
}

// GetListenAddresses returns what to offer as candidates.
func (m *mux) GetListenAddresses() []net.Addr { return m.listen }

// Close closes the socket and waits for the reader.
func (m *mux) Close() error {
	err := m.sock.Close()
	<-m.done
	return err
}

func (m *mux) closeConns() {
	m.mu.Lock()
	m.closed = true
	var conns []*muxConn
	for _, c := range m.byUfrag {
		conns = append(conns, c)
	}
	m.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// with returns the mux for one connection whose media r takes.
func (m *mux) with(r receiver) ice.UDPMux { return receivingMux{m, r} }

type receivingMux struct {
	*mux
	receiver receiver
}

func (m receivingMux) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	return m.conn(ufrag, addr, m.receiver)
}

// muxConn is one connection's view of the socket, for pion: it reads what is
// not taken by the receiver.
type muxConn struct {
	mux      *mux
	key      ufragKey
	receiver receiver     // nil: media are read by pion too
	heard    atomic.Int64 // when something authentic came last, Unix nanoseconds

	// Guarded by mux.mu.
	gone   bool             // out of the tables
	proven []netip.AddrPort // right checks came from them
	asked  []netip.AddrPort

	mu       sync.Mutex
	readable sync.Cond
	queue    []received
	closed   bool
}

type received struct {
	data []byte
	from *net.UDPAddr
}

// push keeps a datagram for ReadFrom. When too many wait it is dropped, as on
// the way.
func (c *muxConn) push(b []byte, from *net.UDPAddr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.queue) >= connQueue {
		return
	}
	c.queue = append(c.queue, received{bytes.Clone(b), from})
	c.readable.Signal()
}

// ReadFrom returns the next datagram.
func (c *muxConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && !c.closed {
		c.readable.Wait()
	}
	if c.closed {
		return 0, nil, net.ErrClosed
	}
	r := c.queue[0]
	c.queue[0] = received{}
	if c.queue = c.queue[1:]; len(c.queue) == 0 {
		c.queue = nil
	}
	return copy(b, r.data), r.from, nil
}

// WriteTo queues a datagram on the socket. What pion says by STUN tells us which
// addresses are the connection's: it answers checks with the right password only.
func (c *muxConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if isSTUN(b) {
		if udp, ok := to.(*net.UDPAddr); ok {
			addr := udp.AddrPort()
			addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
			switch binary.BigEndian.Uint16(b) {
			case bindingSuccess:
				c.mux.prove(c, addr)
			case bindingRequest:
				c.mux.ask(c, addr)
			}
		}
	}
	return c.mux.sock.WriteTo(b, to)
}

// Close forgets the connection and ends ReadFrom.
func (c *muxConn) Close() error {
	c.mux.forget(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.queue = true, nil
	c.readable.Broadcast()
	return nil
}

// LocalAddr is the socket's.
func (c *muxConn) LocalAddr() net.Addr { return c.mux.sock.LocalAddr() }

// Deadlines are not used: pion closes what it does not want to read any more.
func (c *muxConn) SetDeadline(time.Time) error      { return nil }
func (c *muxConn) SetReadDeadline(time.Time) error  { return nil }
func (c *muxConn) SetWriteDeadline(time.Time) error { return nil }
