package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/turn/v2"
)

// node stands for a media node: it answers each datagram with what it got.
func node(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if _, err := conn.WriteToUDPAddrPort(append([]byte("node:"), b[:n]...), from); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	return conn
}

func open(t *testing.T, node netip.AddrPort, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{
		Listen: "127.0.0.1:0", Public: netip.MustParseAddr("127.0.0.1"), Realm: "test.example", Secret: NewSecret(),
		Node: func(asked netip.Addr) (netip.AddrPort, bool) { return node, asked == node.Addr() },
	}
	if change != nil {
		change(&cfg)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// client is a browser's half: over UDP or TCP, with credentials.
func client(t *testing.T, s *Server, network, username, password string) *turn.Client {
	t.Helper()
	var conn net.PacketConn
	if network == "tcp" {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(c)
	} else {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn = c
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: s.Addr().String(), TURNServerAddr: s.Addr().String(), Conn: conn, Username: username, Password: password, RTO: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		conn.Close()
	})
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	return c
}

func say(t *testing.T, relayed net.PacketConn, text string, to net.Addr) (string, net.Addr, error) {
	t.Helper()
	if _, err := relayed.WriteTo([]byte(text), to); err != nil {
		return "", nil, err
	}
	if err := relayed.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	n, from, err := relayed.ReadFrom(b)
	return string(b[:n]), from, err
}

func TestRelaysToTheNodeByUDPAndTCP(t *testing.T) {
	peer := node(t)
	s := open(t, peer.LocalAddr().(*net.UDPAddr).AddrPort(), nil)
	for _, network := range []string{"udp", "tcp"} {
		username, password := s.cfg.Secret.Grant(uuid.New(), time.Now().Add(time.Hour))
		relayed, err := client(t, s, network, username, password).Allocate()
		if err != nil {
			t.Fatalf("%s: %v", network, err)
		}
		text, from, err := say(t, relayed, "hello", peer.LocalAddr())
		if err != nil || text != "node:hello" || from.String() != peer.LocalAddr().String() {
			t.Errorf("%s: %q from %v, %v", network, text, from, err)
		}
		if err := relayed.Close(); err != nil {
			t.Errorf("%s: %v", network, err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); s.Allocations() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d allocations are left after both were given back", s.Allocations())
		}
	}
}

// TestIdleAllocationEnds: what relays nothing ends by itself, without touching what the handling of requests writes.
func TestIdleAllocationEnds(t *testing.T) {
	peer := node(t)
	s := open(t, peer.LocalAddr().(*net.UDPAddr).AddrPort(), func(cfg *Config) { cfg.idle = 50 * time.Millisecond })
	for _, network := range []string{"udp", "tcp"} {
		username, password := s.cfg.Secret.Grant(uuid.New(), time.Now().Add(time.Hour))
		c := client(t, s, network, username, password)
		relayed, err := c.Allocate()
		if err != nil {
			t.Fatalf("%s: %v", network, err)
		}
		if err := c.CreatePermission(peer.LocalAddr()); err != nil {
			t.Fatalf("%s: %v", network, err)
		}
		for deadline := time.Now().Add(20 * time.Second); s.Allocations() > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the idle allocation is still there", network)
			}
		}
		_ = relayed.Close() // the client does not know that it ended
	}
	for deadline := time.Now().Add(20 * time.Second); !s.turns.TryLock(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("somebody keeps a turn: no allocation could end by itself any more")
		}
	}
	s.turns.Unlock()
}

// A browser behind a 1:1 NAT of ours names the public address; the node hears at its own.
func TestPublicAddressIsTheNodes(t *testing.T) {
	peer := node(t)
	local := peer.LocalAddr().(*net.UDPAddr).AddrPort()
	public := netip.MustParseAddr("203.0.113.9")
	s := open(t, local, func(c *Config) {
		c.Node = func(asked netip.Addr) (netip.AddrPort, bool) { return local, asked == public }
	})
	username, password := s.cfg.Secret.Grant(uuid.New(), time.Now().Add(time.Hour))
	relayed, err := client(t, s, "udp", username, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	named := net.UDPAddrFromAddrPort(netip.AddrPortFrom(public, local.Port()))
	text, from, err := say(t, relayed, "hello", named)
	if err != nil || text != "node:hello" || from.String() != named.String() {
		t.Errorf("%q from %v, %v; want the node's answer from %v", text, from, err, named)
	}
}

func TestNeverAnOpenRelay(t *testing.T) {
	peer, other := node(t), node(t) // the other is on the node's machine, at another port
	s := open(t, peer.LocalAddr().(*net.UDPAddr).AddrPort(), nil)
	username, password := s.cfg.Secret.Grant(uuid.New(), time.Now().Add(time.Hour))
	relayed, err := client(t, s, "udp", username, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"192.0.2.1:53", "10.0.0.1:5432", "127.0.0.2:80", "255.255.255.255:1900", "224.0.0.251:5353"} {
		to, err := net.ResolveUDPAddr("udp4", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := relayed.WriteTo([]byte("let me out"), to); err == nil {
			t.Errorf("a permission for %s was granted", address)
		}
	}
	// The other port has the node's address, for which a permission is granted: what is sent there must be dropped, and the node's own answer be the
	// first thing that is heard.
	if _, err := relayed.WriteTo([]byte("another port"), other.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	text, from, err := say(t, relayed, "hello", peer.LocalAddr())
	if err != nil || text != "node:hello" || from.String() != peer.LocalAddr().String() {
		t.Errorf("%q from %v, %v; want the node alone", text, from, err)
	}
	// Nor can anybody reach the browser through the relayed address.
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: relayed.LocalAddr().(*net.UDPAddr).Port}
	if _, err := other.WriteToUDP([]byte("let me in"), to); err != nil {
		t.Fatal(err)
	}
	if text, from, err = say(t, relayed, "again", peer.LocalAddr()); err != nil || text != "node:again" {
		t.Errorf("%q from %v, %v; want the node alone", text, from, err)
	}
}

func TestCredentials(t *testing.T) {
	peer := node(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, peer.LocalAddr().(*net.UDPAddr).AddrPort(), func(c *Config) { c.Now = func() time.Time { return now } })
	good, password := s.cfg.Secret.Grant(uuid.New(), now.Add(time.Minute))
	expired, expiredPassword := s.cfg.Secret.Grant(uuid.New(), now)
	foreign, foreignPassword := NewSecret().Grant(uuid.New(), now.Add(time.Minute))
	later := "9" + good[1:]
	for _, c := range []struct{ what, username, password string }{
		{"another's password", good, foreignPassword},
		{"expired", expired, expiredPassword},
		{"another secret's", foreign, foreignPassword},
		{"a name made later by hand", later, s.cfg.Secret.sign(later)},
		{"no time", "somebody", "secret"},
		{"no name", "", ""},
	} {
		if _, err := client(t, s, "udp", c.username, c.password).Allocate(); err == nil {
			t.Errorf("%s: an allocation was made", c.what)
		}
	}
	if s.Allocations() != 0 {
		t.Errorf("%d allocations of refused credentials", s.Allocations())
	}
	if _, err := client(t, s, "udp", good, password).Allocate(); err != nil {
		t.Errorf("good credentials: %v", err)
	}
}

func TestUserIsBounded(t *testing.T) {
	peer := node(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, peer.LocalAddr().(*net.UDPAddr).AddrPort(), func(c *Config) { c.Now = func() time.Time { return now } })
	username, _ := s.cfg.Secret.Grant(uuid.New(), now.Add(time.Hour))
	for i := range MaxPerUser {
		if !s.admit(username, fmt.Sprint(i), now) {
			t.Fatalf("the 5-tuple %d was refused", i)
		}
	}
	if s.admit(username, "one more", now) {
		t.Error("a user got more than the bound")
	}
	if !s.admit(username, "0", now) {
		t.Error("a 5-tuple in use was refused")
	}
	if other, _ := s.cfg.Secret.Grant(uuid.New(), now.Add(time.Hour)); !s.admit(other, "x", now) {
		t.Error("another user was refused")
	}
	now = now.Add(2 * slotLife)
	if !s.admit(username, "one more", now) {
		t.Error("5-tuples that nobody uses are not forgotten")
	}
}

func TestAllocationsAreBounded(t *testing.T) {
	s := open(t, node(t).LocalAddr().(*net.UDPAddr).AddrPort(), nil)
	s.mu.Lock()
	for range MaxAllocations {
		s.sockets[&socket{UDPConn: &net.UDPConn{}, server: s}] = struct{}{}
	}
	s.mu.Unlock()
	if _, _, err := (generator{s}).AllocatePacketConn("udp4", 0); !errors.Is(err, errTooMany) {
		t.Errorf("one more: %v", err)
	}
	s.mu.Lock()
	clear(s.sockets)
	s.mu.Unlock()
	if _, _, err := (generator{s}).AllocatePacketConn("udp4", 4000); err == nil {
		t.Error("a port of choice was given")
	}
}

func TestCheck(t *testing.T) {
	s := open(t, node(t).LocalAddr().(*net.UDPAddr).AddrPort(), nil)
	username, password := s.cfg.Secret.Grant(uuid.New(), time.Now().Add(time.Hour))
	for _, url := range s.URLs() {
		if err := Check(t.Context(), url, username, password); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if err := Check(t.Context(), url, username, "wrong"); err == nil {
			t.Errorf("%s: a wrong password is no fault", url)
		}
	}
	for _, url := range []string{"stun:127.0.0.1:1", "http://127.0.0.1", "turn:127.0.0.1:1?transport=tcp"} {
		if err := Check(t.Context(), url, username, password); err == nil {
			t.Errorf("%s: no fault was found", url)
		}
	}
}
