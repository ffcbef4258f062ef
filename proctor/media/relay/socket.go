package relay

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

var (
	errTooMany  = errors.New("relay: too many allocations")
	errNoTCP    = errors.New("relay: no TCP peers")
	errEvenPort = errors.New("relay: no port of choice")
)

// generator makes the socket of an allocation.
type generator struct{ server *Server }

func (generator) Validate() error { return nil }

func (g generator) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	if port != 0 {
		return nil, nil, errEvenPort
	}
	s := g.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sockets) >= MaxAllocations {
		return nil, nil, errTooMany
	}
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, nil, err
	}
	c := &socket{UDPConn: conn, server: s, asked: map[netip.AddrPort]netip.AddrPort{}, nodes: map[netip.AddrPort]netip.AddrPort{}}
	s.sockets[c] = struct{}{}
	return c, &net.UDPAddr{IP: s.cfg.Public.AsSlice(), Port: conn.LocalAddr().(*net.UDPAddr).Port}, nil
}

func (generator) AllocateConn(string, int) (net.Conn, net.Addr, error) { return nil, nil, errNoTCP }

// socket is the relayed socket of one allocation. It sends to the media node alone and hears the media node alone, whatever permissions there are:
// those name an address, this looks at the port too.
type socket struct {
	*net.UDPConn
	server *Server

	mu     sync.Mutex
	closed bool
	alone  bool                              // it ends by itself and holds everybody's turn until Close
	asked  map[netip.AddrPort]netip.AddrPort // where the node hears → the address the browser named
	nodes  map[netip.AddrPort]netip.AddrPort // the other way round
}

// maxAsked bounds the addresses of the node; a machine has few.
const maxAsked = 64

// ReadFrom returns the node's next datagram as from the address that the browser named. It ends when the node has been silent for idleLife; then
// pion/turn closes it.
func (c *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.server.cfg.idle)); err != nil {
		return 0, nil, err
	}
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if errors.Is(err, os.ErrDeadlineExceeded) && !c.endAlone() {
			if err := c.SetReadDeadline(time.Now().Add(turnRetry)); err != nil {
				return 0, nil, err
			}
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		c.mu.Lock()
		asked, ok := c.asked[from]
		c.mu.Unlock()
		if ok {
			return n, net.UDPAddrFromAddrPort(asked), nil
		}
	}
}

// WriteTo sends to the node. What is for anybody else is dropped, as a firewall does.
func (c *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return len(b), nil
	}
	asked := udp.AddrPort()
	asked = netip.AddrPortFrom(asked.Addr().Unmap(), asked.Port())
	node, ok := c.node(asked)
	if !ok {
		return len(b), nil
	}
	return c.WriteToUDPAddrPort(b, node)
}

func (c *socket) node(asked netip.AddrPort) (netip.AddrPort, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if node, ok := c.nodes[asked]; ok {
		return node, true
	}
	node, ok := c.server.cfg.Node(asked.Addr())
	if !ok || node.Port() != asked.Port() || len(c.nodes) >= maxAsked {
		return netip.AddrPort{}, false
	}
	c.nodes[asked], c.asked[node] = node, asked
	return node, true
}

// endAlone takes everybody's turn for the end of the allocation; false while requests are being handled. Waiting for them would hold up those that
// come after them, and one of them may be waiting for a slow client.
func (c *socket) endAlone() bool {
	if !c.server.turns.TryLock() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed { // nobody will give the turn back
		c.server.turns.Unlock()
	} else {
		c.alone = true
	}
	return true
}

// Close gives the allocation's place back.
func (c *socket) Close() error {
	c.mu.Lock()
	alone := c.alone
	c.closed, c.alone = true, false
	c.mu.Unlock()
	if alone {
		defer c.server.turns.Unlock()
	}
	c.server.mu.Lock()
	delete(c.server.sockets, c)
	c.server.mu.Unlock()
	return c.UDPConn.Close()
}
