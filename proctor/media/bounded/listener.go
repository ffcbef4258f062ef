// Package bounded keeps the number of TCP connections that strangers may hold open within limits: of all, and of one address.
//
// It knows nothing of what is spoken on them. What exceeds a limit is closed at once, so that nobody waits in a queue behind an attacker, and closing
// the listener closes every connection that it let in: those who serve them then end by themselves.
package bounded

import (
	"net"
	"net/netip"
	"sync"
)

// Limits of a Listener.
type Limits struct {
	All        int // connections at a time
	PerAddress int // of one IP address; a campus behind one NAT has many students
}

// Listener is a net.Listener that closes what exceeds its limits.
type Listener struct {
	net.Listener
	limits Limits

	mu      sync.Mutex
	closed  bool
	open    map[*conn]struct{}
	perAddr map[netip.Addr]int
	refused int
}

// New puts limits on a listener.
func New(l net.Listener, limits Limits) *Listener {
	return &Listener{Listener: l, limits: limits, open: map[*conn]struct{}{}, perAddr: map[netip.Addr]int{}}
}

// Accept returns the next connection within the limits.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(accepted); c != nil {
			return c, nil
		}
		_ = accepted.Close()
	}
}

func (l *Listener) admit(accepted net.Conn) *conn {
	remote, err := netip.ParseAddrPort(accepted.RemoteAddr().String())
	if err != nil {
		return nil
	}
	c := &conn{Conn: accepted, listener: l, from: remote.Addr().Unmap()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= l.limits.All || l.perAddr[c.from] >= l.limits.PerAddress {
		l.refused++
		return nil
	}
	l.open[c] = struct{}{}
	l.perAddr[c.from]++
	return c
}

// Load tells how many connections are open, and how many were refused so far.
func (l *Listener) Load() (open, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open), l.refused
}

// Close closes the listener and every connection that it let in.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.closed = true
	var open []*conn
	for c := range l.open {
		open = append(open, c)
	}
	l.mu.Unlock()
	err := l.Listener.Close()
	for _, c := range open {
		_ = c.Close()
	}
	return err
}

// conn gives its place back when it closes.
type conn struct {
	net.Conn
	listener *Listener
	from     netip.Addr
	once     sync.Once
}

func (c *conn) Close() error {
	c.once.Do(func() {
		l := c.listener
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		if l.perAddr[c.from]--; l.perAddr[c.from] == 0 {
			delete(l.perAddr, c.from)
		}
	})
	return c.Conn.Close()
}
