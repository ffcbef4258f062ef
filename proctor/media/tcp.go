package media

import (
	"fmt"
	"net"

	"github.com/pion/ice/v2"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v3"

	"ochno/proctor/media/bounded"
)

const (
	tcpReadQueue  = 64        // packets
	tcpWriteQueue = 512 << 10 // bytes of a connection, about a second of a wall; then packets are dropped as the network would
)

var tcpLimits = bounded.Limits{All: 2000, PerAddress: 500}

// tcpDoor is ICE over TCP on one port (RFC 6544, passive): for networks that let no UDP out.
type tcpDoor struct {
	listener *bounded.Listener
	mux      *ice.TCPMuxDefault
	behind   bool // a NAT: public addresses are offered
}

func listenTCP(addr string, behindNAT bool, logs logging.LoggerFactory) (*tcpDoor, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("TCP address: %w", err)
	}
	d := &tcpDoor{listener: bounded.New(l, tcpLimits), behind: behindNAT}
	d.mux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: d.listener, Logger: logs.NewLogger("tcp"), ReadBufferSize: tcpReadQueue, WriteBufferSize: tcpWriteQueue,
	})
	return d, nil
}

// networks are those of its candidates.
func (d *tcpDoor) networks() []webrtc.NetworkType {
	bound := d.listener.Addr().(*net.TCPAddr).IP
	switch {
	case bound.To4() != nil:
		return []webrtc.NetworkType{webrtc.NetworkTypeTCP4}
	default:
		return []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	}
}

// offers tells which local addresses become candidates. Behind a NAT all of them are mapped to the public one, and only the first of them would be
// heard: the loopback interface must not be it.
func (d *tcpDoor) offers(ip net.IP) bool {
	bound := d.listener.Addr().(*net.TCPAddr).IP
	if !bound.IsUnspecified() {
		return bound.Equal(ip)
	}
	return !d.behind || !ip.IsLoopback()
}

func (d *tcpDoor) use(settings *webrtc.SettingEngine) {
	settings.SetICETCPMux(d.mux)
	settings.SetIPFilter(d.offers)
}

// close ends every connection. Only then do the mux's own goroutines end, for which its Close waits.
func (d *tcpDoor) close() error { return d.mux.Close() }

// TCPLoad tells how many connections for media over TCP are open, and how many
// were refused so far.
func (n *Node) TCPLoad() (open, refused int) {
	if n.tcp == nil {
		return 0, 0
	}
	return n.tcp.listener.Load()
}
