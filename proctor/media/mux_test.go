package media

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/stun"
)

// silentMux is a mux whose reader has nothing to read: tests call take.
func silentMux(t testing.TB, now func() time.Time) *mux {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMux(newBatchSocket(conn, slog.New(slog.DiscardHandler)), now, func() {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// counted is a receiver that believes everything.
type counted struct{ datagrams int }

func (c *counted) receive([]byte, time.Time) bool {
	c.datagrams++
	return true
}

func newConn(t testing.TB, m *mux, ufrag string, r receiver) *muxConn {
	t.Helper()
	c, err := m.with(r).GetConn(ufrag, m.sock.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	return c.(*muxConn)
}

func stunMessage(t testing.TB, kind stun.MessageType, username string) []byte {
	t.Helper()
	setters := []stun.Setter{stun.TransactionID, kind}
	if username != "" {
		setters = append(setters, stun.NewUsername(username))
	}
	m, err := stun.Build(setters...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func peer(port int) *net.UDPAddr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1).To4(), Port: port} }

func (c *muxConn) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// TestMuxAddresses lets only those addresses in that a check was answered to.
func TestMuxAddresses(t *testing.T) {
	now := time.Now()
	m := silentMux(t, func() time.Time { return now })
	var hers, his counted
	a, b := newConn(t, m, "aaaa", &hers), newConn(t, m, "bbbb", &his)
	media, hello := []byte{0x80, 96, 0, 1}, []byte{22, 1, 2, 3}

	m.take(media, peer(1), now)
	m.take(hello, peer(1), now)
	m.take(stunMessage(t, stun.BindingSuccess, ""), peer(1), now)
	m.take(stunMessage(t, stun.BindingRequest, "cccc:x"), peer(1), now)
	m.take(stunMessage(t, stun.BindingRequest, ""), peer(1), now)
	if a.waiting()+b.waiting()+hers.datagrams+his.datagrams != 0 {
		t.Fatal("a datagram from nowhere was taken")
	}

	m.take(stunMessage(t, stun.BindingRequest, "aaaa:x"), peer(1), now)
	if a.waiting() != 1 {
		t.Fatal("a check did not arrive")
	}
	m.take(media, peer(1), now)
	if hers.datagrams != 0 {
		t.Fatal("media came before the check was answered")
	}
	// pion found the password right:
	if _, err := a.WriteTo(stunMessage(t, stun.BindingSuccess, ""), peer(1)); err != nil {
		t.Fatal(err)
	}
	m.take(media, peer(1), now)
	m.take(hello, peer(1), now)
	if hers.datagrams != 1 || a.waiting() != 2 {
		t.Errorf("%d media, %d waiting", hers.datagrams, a.waiting())
	}

	// A check with her address as its sender does not cut her off,
	if _, err := b.WriteTo(stunMessage(t, stun.BindingSuccess, ""), peer(1)); err != nil {
		t.Fatal(err)
	}
	m.take(media, peer(1), now)
	if hers.datagrams != 2 || his.datagrams != 0 {
		t.Errorf("the address was taken over: %d and %d", hers.datagrams, his.datagrams)
	}
	// but an address nothing comes from any more may have a new owner.
	now = now.Add(holdAddress)
	if _, err := b.WriteTo(stunMessage(t, stun.BindingSuccess, ""), peer(1)); err != nil {
		t.Fatal(err)
	}
	m.take(media, peer(1), now)
	if his.datagrams != 1 {
		t.Error("a silent connection keeps its address")
	}

	// The answer to our own check is let in.
	if _, err := a.WriteTo(stunMessage(t, stun.BindingRequest, "x:aaaa"), peer(2)); err != nil {
		t.Fatal(err)
	}
	before := a.waiting()
	m.take(stunMessage(t, stun.BindingSuccess, ""), peer(2), now)
	m.take(media, peer(2), now)
	if a.waiting() != before+1 || hers.datagrams != 2 {
		t.Error("after our own check more or less than its answer was taken")
	}

	for _, c := range []*muxConn{a, b} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(m.byUfrag)+len(m.byAddr)+len(m.asked) != 0 {
		t.Errorf("left behind: %d, %d, %d", len(m.byUfrag), len(m.byAddr), len(m.asked))
	}
	if _, _, err := a.ReadFrom(nil); err == nil {
		t.Error("a closed connection can be read")
	}
}

// TestMuxBounds keeps what one connection can make us remember small.
func TestMuxBounds(t *testing.T) {
	m := silentMux(t, time.Now)
	c := newConn(t, m, "aaaa", &counted{})
	check := stunMessage(t, stun.BindingRequest, "aaaa:x")
	success, ask := stunMessage(t, stun.BindingSuccess, ""), stunMessage(t, stun.BindingRequest, "x:aaaa")
	for port := range 10 * connSources {
		before := c.waiting()
		m.take(check, peer(port+1), time.Now())
		for _, b := range [][]byte{success, ask} {
			if c.waiting() == before { // pion answers what it read
				continue
			}
			if _, err := c.WriteTo(b, peer(port+1)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 * connQueue {
			m.take([]byte{22, 1, 2}, peer(1), time.Now())
		}
		if n := c.waiting(); n > connQueue {
			t.Fatalf("%d datagrams wait", n)
		}
		if port%connSources == 0 {
			c.mu.Lock()
			c.queue = nil
			c.mu.Unlock()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.byAddr) > connSources || len(m.asked) > connSources {
		t.Errorf("%d and %d addresses remembered", len(m.byAddr), len(m.asked))
	}
}

// FuzzMux throws datagrams of any shape from any address at a mux with a
// connection whose keys are known to nobody.
func FuzzMux(f *testing.F) {
	add := func(datagrams ...[]byte) {
		var seed []byte
		for i, d := range datagrams {
			seed = append(seed, byte(i))
			seed = append(binary.BigEndian.AppendUint16(seed, uint16(len(d))), d...)
		}
		f.Add(seed)
	}
	add(stunMessage(f, stun.BindingRequest, "aaaa:x"), []byte{0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, []byte{0x81, 200, 0, 1, 0, 0, 0, 1}, []byte{22, 254, 253})
	add([]byte{0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42}, []byte{0x90, 96}, []byte{128}, []byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		now := time.Now()
		m := silentMux(t, func() time.Time { return now })
		tr := &transport{from: nobody{t}}
		key := make([]byte, 16)
		if _, err := rand.Read(key); err != nil {
			t.Fatal(err)
		}
		if err := tr.contexts(key, key[:12], key, key[:12], gcm); err != nil {
			t.Fatal(err)
		}
		c := newConn(t, m, "aaaa", tr)
		proven := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 1)
		m.prove(c, proven)
		for n := 0; len(b) >= 3 && n < 2000; n++ {
			port, size := int(b[0]), min(int(binary.BigEndian.Uint16(b[1:])), len(b)-3)
			m.take(b[3:3+size], peer(port), now)
			b = b[3+size:]
		}
		if len(tr.streams)+len(tr.senders) > 0 {
			t.Fatal("something was authentic")
		}
		if tr.probes >= maxProbes || c.waiting() > connQueue || len(m.byAddr) > 1 {
			t.Fatalf("%d probes, %d waiting, %d addresses", tr.probes, c.waiting(), len(m.byAddr))
		}
	})
}

// nobody is a source nothing may come to.
type nobody struct{ t *testing.T }

func (n nobody) broke() {}

func (n nobody) track(*rtp.Header) (*upTrack, bool) {
	n.t.Error("a forged packet was taken")
	return nil, true
}

func (n nobody) reports([]byte, time.Time) { n.t.Error("a forged report was taken") }
