// Package relay is a TURN server (RFC 8656, UDP and TCP) beside a media node, for browsers whose network lets nothing else out.
//
// It relays to its own media node and to nothing else: not to another port of the same machine either. Whoever holds credentials therefore gains no
// way into a network that she did not have. Because of that no range of ports has to be opened for it: the browser talks to the one port it listens
// on, and the relayed sockets talk to the node on the same machine.
//
// Credentials are those of the TURN REST scheme: the name says until when they are good, the password is an HMAC of the name. The server keeps no list
// of them, and coturn (use-auth-secret) takes the same ones.
//
// Start reading at Open; Secret.Grant makes credentials.
package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/turn/v2"

	"ochno/proctor/media"
	"ochno/proctor/media/bounded"
)

// Bounds of a relay. A browser takes an allocation for every network interface and address of ours, and keeps those that carry something.
const (
	MaxAllocations = 2000
	MaxPerUser     = 32               // 5-tuples of one user within slotLife
	slotLife       = 10 * time.Minute // the longest that an allocation lives without being refreshed
	idleLife       = 90 * time.Second // an allocation by which the node hears nothing ends; ICE checks come far more often
	turnRetry      = time.Second      // when an allocation that is to end found requests being handled
	portAttempts   = 20               // to find one free port for UDP and TCP
)

var tcpLimits = bounded.Limits{All: MaxAllocations, PerAddress: MaxAllocations / 4}

// Config of a relay.
type Config struct {
	Logger *slog.Logger // nil discards
	Listen string       // host:port of UDP and TCP; port 0 takes a free one
	Public netip.Addr   // by which browsers reach it; given to them as the relayed address
	Realm  string
	Secret Secret
	Now    func() time.Time // time.Now when nil

	// Node says where the media node receives what a browser sends to one of the addresses it was offered; false for every other address. The port
	// must be the same.
	Node func(asked netip.Addr) (netip.AddrPort, bool)

	idle time.Duration // idleLife when 0
}

// Server is a running relay.
type Server struct {
	cfg  Config
	turn *turn.Server
	udp  *net.UDPConn
	tcp  *bounded.Listener

	turns turns

	mu      sync.Mutex
	sockets map[*socket]struct{} // what relays now
	users   map[string]map[string]time.Time
	swept   time.Time
}

// Open listens and serves until Close.
func Open(cfg Config) (*Server, error) {
	if len(cfg.Secret) == 0 || cfg.Node == nil || !cfg.Public.IsValid() {
		return nil, errors.New("relay: a secret, a node and a public address are needed")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.idle == 0 {
		cfg.idle = idleLife
	}
	s := &Server{cfg: cfg, sockets: map[*socket]struct{}{}, users: map[string]map[string]time.Time{}}
	listener, err := s.listen()
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	s.tcp = bounded.New(listener, tcpLimits)
	s.turn, err = turn.NewServer(turn.ServerConfig{
		Realm: cfg.Realm, AuthHandler: s.authenticate, LoggerFactory: media.PionLogs(cfg.Logger),
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: &packetTurns{PacketConn: s.udp, hold: hold{of: &s.turns}}, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: listenerTurns{s.tcp, &s.turns}, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("relay: %w", err), s.udp.Close(), s.tcp.Close())
	}
	cfg.Logger.Info("TURN relay up", "address", s.Addr().String())
	return s, nil
}

// listen opens UDP and TCP on one port.
func (s *Server) listen() (net.Listener, error) {
	var err error
	for range portAttempts {
		var listener net.Listener
		if listener, err = net.Listen("tcp", s.cfg.Listen); err != nil {
			return nil, err
		}
		address := listener.Addr().(*net.TCPAddr)
		if s.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: address.IP, Port: address.Port, Zone: address.Zone}); err == nil {
			return listener, nil
		}
		_ = listener.Close()
		if _, port, _ := net.SplitHostPort(s.cfg.Listen); port != "0" {
			break
		}
	}
	return nil, err
}

// Addr is where it listens, by UDP and by TCP.
func (s *Server) Addr() *net.UDPAddr { return s.udp.LocalAddr().(*net.UDPAddr) }

// URLs are what browsers are told: UDP first, TCP for networks that let nothing else out.
func (s *Server) URLs() []string {
	host := netip.AddrPortFrom(s.cfg.Public, uint16(s.Addr().Port)).String()
	return []string{"turn:" + host + "?transport=udp", "turn:" + host + "?transport=tcp"}
}

// Allocations counts what relays now.
func (s *Server) Allocations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Close ends every allocation.
func (s *Server) Close() error {
	err := s.turn.Close() // the sockets that listen; what was allocated ends with them
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		_ = c.UDPConn.Close()
	}
	return err
}

// authenticate is asked about every request but a plain Binding.
func (s *Server) authenticate(username, realm string, from net.Addr) ([]byte, bool) {
	now := s.cfg.Now()
	password, ok := s.cfg.Secret.password(username, now)
	if !ok || !s.admit(username, from.Network()+from.String(), now) {
		return nil, false
	}
	return turn.GenerateAuthKey(username, realm, password), true
}

// admit bounds the 5-tuples of one user: TURN has at most one allocation of each.
func (s *Server) admit(username, from string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.swept) > slotLife/10 {
		s.sweep(now)
	}
	slots := s.users[username]
	_, known := slots[from]
	if !known && (len(slots) >= MaxPerUser || slots == nil && len(s.users) >= MaxAllocations) {
		return false
	}
	if slots == nil {
		slots = map[string]time.Time{}
		s.users[username] = slots
	}
	slots[from] = now
	return true
}

func (s *Server) sweep(now time.Time) {
	s.swept = now
	for username, slots := range s.users {
		for from, at := range slots {
			if now.Sub(at) > slotLife {
				delete(slots, from)
			}
		}
		if len(slots) == 0 {
			delete(s.users, username)
		}
	}
}

// permit refuses permissions for every address but the node's.
func (s *Server) permit(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	if ok {
		_, ok = s.cfg.Node(ip.Unmap())
	}
	return ok
}
