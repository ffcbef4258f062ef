package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

// The floor is what SRTP costs with nothing around it: one socket, a packet a
// system call, decrypted and encrypted again for one viewer.

const hello = "viewer"

// Keys of the floor protect nothing: they only make the cipher work.
var (
	floorKey  = make([]byte, 16)
	floorSalt = make([]byte, 12)
)

func floorContext() (*srtp.Context, error) {
	return srtp.CreateContext(floorKey, floorSalt, srtp.ProtectionProfileAeadAes128Gcm)
}

// Floor forwards every SRTP packet that comes to conn to whoever said hello
// last, until ctx ends.
func Floor(ctx context.Context, conn *net.UDPConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetReadBuffer(4 << 20)
	_ = conn.SetWriteBuffer(4 << 20)
	type contexts struct{ in, out *srtp.Context }
	streams := map[uint32]contexts{}
	var viewer netip.AddrPort
	in, plain, out := make([]byte, datagram), make([]byte, 0, datagram), make([]byte, 0, datagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(in)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if string(in[:n]) == hello {
			viewer = from
			continue
		}
		var h rtp.Header
		if _, err := h.Unmarshal(in[:n]); err != nil {
			continue
		}
		c, ok := streams[h.SSRC]
		if !ok {
			var err1, err2 error
			c.in, err1 = floorContext()
			c.out, err2 = floorContext()
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			streams[h.SSRC] = c
		}
		if plain, err = c.in.DecryptRTP(plain[:0], in[:n], &h); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		if out, err = c.out.EncryptRTP(out[:0], plain, &h); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		if viewer.IsValid() {
			if _, err := conn.WriteToUDPAddrPort(out, viewer); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// floorTransport is the load on a Floor.
type floorTransport struct {
	addr   *net.UDPAddr
	viewer *viewerSocket
	conns  chan *net.UDPConn
	done   chan struct{}
}

func newFloorTransport(addr string, count *counter) (*floorTransport, error) {
	a, err := net.ResolveUDPAddr("udp4", addr)
	if err != nil {
		return nil, err
	}
	v, err := newViewerSocket(count)
	if err != nil {
		return nil, err
	}
	t := &floorTransport{addr: a, viewer: v, conns: make(chan *net.UDPConn, 4096), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		b := make([]byte, datagram)
		for {
			if _, _, err := v.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	return t, nil
}

func (t *floorTransport) decrypted() int64 { return 0 }

func (t *floorTransport) close() {
	close(t.conns)
	for c := range t.conns {
		c.Close()
	}
	t.viewer.Close()
	<-t.done
}

func (t *floorTransport) publish(_ context.Context, p *publisher) error {
	conn, err := net.DialUDP("udp4", nil, t.addr)
	if err != nil {
		return err
	}
	t.conns <- conn
	var keys [2]*srtp.Context
	for m := range keys {
		if keys[m], err = floorContext(); err != nil {
			return err
		}
	}
	var plain, sealed []byte
	p.write = func(m int, h *rtp.Header, payload []byte) error {
		n := h.MarshalSize()
		plain = append(plain[:0], make([]byte, n)...)
		if _, err := h.MarshalTo(plain); err != nil {
			return err
		}
		plain = append(plain, payload...)
		if sealed, err = keys[m].EncryptRTP(sealed[:0], plain, h); err != nil {
			return err
		}
		_, err := conn.Write(sealed)
		return err
	}
	return nil
}

func (t *floorTransport) view(_ context.Context, publishers []*publisher) error {
	for _, p := range publishers {
		for m := range p.tracks {
			t.viewer.learn(p.tracks[m].ssrc, &p.tracks[m])
		}
	}
	_, err := t.viewer.WriteTo([]byte(hello), t.addr)
	return err
}
