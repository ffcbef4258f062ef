package bounded

import (
	"io"
	"net"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New(inner, Limits{All: 3, PerAddress: 2})
	accepted := make(chan net.Conn, 10)
	ended := make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp4", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	closed := func(c net.Conn) bool {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := c.Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return err == io.EOF || !ok || !timeout.Timeout()
	}

	dial("127.0.0.1")
	first := <-accepted
	dial("127.0.0.1")
	<-accepted
	if !closed(dial("127.0.0.1")) {
		t.Error("a third connection of one address stays open")
	}
	dial("127.0.0.2")
	<-accepted
	if !closed(dial("127.0.0.3")) {
		t.Error("a fourth connection stays open")
	}
	if open, refused := l.Load(); open != 3 || refused != 2 {
		t.Errorf("%d open, %d refused", open, refused)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_ = first.Close() // gives back one place, not two
	last := dial("127.0.0.1")
	<-accepted
	if open, _ := l.Load(); open != 3 {
		t.Errorf("%d open after one was given back and taken", open)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !closed(last) {
		t.Error("a connection outlives the listener")
	}
	if err := <-ended; err == nil {
		t.Error("Accept returned no error")
	}
}
