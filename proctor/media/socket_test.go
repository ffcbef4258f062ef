package media

import (
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

func newTestSocket(t *testing.T, addr string) *batchSocket {
	t.Helper()
	conn, err := listenUDP(addr, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return newBatchSocket(conn, testLogger(t))
}

// TestBatchSocket echoes bursts: everything comes back, once, in order, to the
// right address, whether the reader is awake or waits.
func TestBatchSocket(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			s := newTestSocket(t, addr)
			ended := make(chan error, 1)
			go func() {
				for {
					batch, err := s.read()
					if err != nil {
						ended <- err
						return
					}
					for _, m := range batch {
						if _, err := s.WriteTo(m.Buffers[0][:m.N], m.Addr); err != nil {
							t.Errorf("echo: %v", err)
						}
					}
				}
			}()
			for range 3 { // one peer after the other
				peer, err := net.Dial("udp", s.LocalAddr().String())
				if err != nil {
					t.Fatal(err)
				}
				b := make([]byte, datagram)
				next := uint32(0)
				for _, burst := range []int{1, 200, 1, 3 * readBatch} {
					for n := range burst {
						if _, err := peer.Write(binary.BigEndian.AppendUint32(make([]byte, n%1400), next+uint32(n))); err != nil {
							t.Fatal(err)
						}
					}
					for n := range burst {
						if err := peer.SetReadDeadline(time.Now().Add(testTimeout)); err != nil {
							t.Fatal(err)
						}
						got, err := peer.Read(b)
						if err != nil {
							t.Fatalf("datagram %d of %d: %v", n, burst, err)
						}
						if got != n%1400+4 || binary.BigEndian.Uint32(b[got-4:]) != next {
							t.Fatalf("datagram %d of %d: %d bytes, number %d, want %d", n, burst, got, binary.BigEndian.Uint32(b[got-4:]), next)
						}
						next++
					}
				}
				if err := peer.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("reader ended by %v", err)
			}
			if _, err := s.WriteTo([]byte("x"), s.LocalAddr()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("written after the end: %v", err)
			}
		})
	}
}

// TestBatchSocketFull drops instead of waiting, and goes on.
func TestBatchSocketFull(t *testing.T) {
	s := newTestSocket(t, "127.0.0.1:0")
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	s.sending.Lock() // the kernel takes nothing
	var writers sync.WaitGroup
	writers.Go(func() { // waits, as a viewer's writer may
		for range writeSoon {
			if _, err := s.WriteTo([]byte("datagram"), peer.LocalAddr()); err != nil {
				t.Error(err)
			}
		}
	})
	for { // until that one is about to wait
		s.mu.Lock()
		waiting := s.waiting
		s.mu.Unlock()
		if waiting >= writeSoon {
			break
		}
		runtime.Gosched()
	}
	full := 0
	for range 2 * writeBatch {
		switch _, err := s.WriteTo([]byte("datagram"), peer.LocalAddr()); {
		case errors.Is(err, errSendQueue):
			full++
		case err != nil:
			t.Fatal(err)
		}
	}
	s.sending.Unlock()
	writers.Wait()
	if full < writeBatch {
		t.Errorf("%d refused", full)
	}
	if _, err := s.WriteTo(make([]byte, datagram+1), peer.LocalAddr()); !errors.Is(err, errSendQueue) {
		t.Errorf("a datagram too long: %v", err)
	}
	if err := peer.SetReadDeadline(time.Now().Add(testTimeout)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := peer.ReadFrom(make([]byte, datagram)); err != nil {
		t.Errorf("nothing came: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
