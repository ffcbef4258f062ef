package relay

import (
	"net"
	"sync"
)

// turns keeps the end of an allocation apart from the handling of requests. pion/turn adds a permission to an allocation before the permission's
// timer is there, and stops the timers of an allocation whose socket ends: both at once would stop a timer that does not exist. Requests share a
// turn among themselves; an allocation that ends by itself takes one alone.
type turns struct{ sync.RWMutex }

// hold is what one reading loop holds from a message that it has read until it asks for the next one.
type hold struct {
	of   *turns
	held bool
}

func (h *hold) end() {
	if h.held {
		h.held = false
		h.of.RUnlock()
	}
}

func (h *hold) begin() {
	h.of.RLock()
	h.held = true
}

// packetTurns is the socket that UDP clients send to; one loop reads it.
type packetTurns struct {
	net.PacketConn
	hold hold
}

func (c *packetTurns) ReadFrom(b []byte) (int, net.Addr, error) {
	c.hold.end()
	n, from, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.hold.begin()
	}
	return n, from, err
}

// listenerTurns gives TCP clients connections that take turns; one loop reads each.
type listenerTurns struct {
	net.Listener
	turns *turns
}

func (l listenerTurns) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connTurns{Conn: conn, hold: hold{of: l.turns}}, nil
}

type connTurns struct {
	net.Conn
	hold hold
}

func (c *connTurns) Read(b []byte) (int, error) {
	c.hold.end()
	n, err := c.Conn.Read(b)
	if err == nil {
		c.hold.begin()
	}
	return n, err
}

// Close is called by the loop that reads: it may still hold a turn, when what it read made no sense.
func (c *connTurns) Close() error {
	c.hold.end()
	return c.Conn.Close()
}
