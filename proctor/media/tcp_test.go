package media

import (
	"net"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
)

// TestTCPOnly has a student and a proctor whose networks let no UDP out.
func TestTCPOnly(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink, func(c *Config) { c.TCPAddr = "127.0.0.1:0" })
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()
	watcher := joinProctor(t, node, room, webrtc.NetworkTypeTCP4)
	if err := watcher.viewer.Watch([]uuid.UUID{attempt}); err != nil {
		t.Fatal(err)
	}
	student := joinStudent(t, node, studentOptions{
		room: room, attempt: attempt, recording: RecordingStart{ID: recording, Started: time.Now()}, networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4},
	})
	segments := sink.waitFor(t, recording, 2)
	checkChain(t, sink, segments)
	watcher.wait("pictures over TCP", func() bool { return len(watcher.frames[attempt.String()]) >= 15 })
	if open, refused := node.tcp.listener.Load(); open < 2 || refused != 0 {
		t.Errorf("%d TCP connections, %d refused", open, refused)
	}
	if err := student.pub.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTCPIdle closes a node while strangers hold connections on which they say nothing, or nonsense.
func TestTCPIdle(t *testing.T) {
	node := newTestNode(t, newMemorySink(), func(c *Config) { c.TCPAddr = "127.0.0.1:0" })
	for _, says := range []string{"", "\x00", "GET / HTTP/1.1\r\n\r\n", "\xff\xff\x00\x01", "\x00\x04\x00\x01\x00\x00"} {
		conn, err := net.Dial("tcp", node.tcp.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(says)); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	closeNode(t, node)
	if took := time.Since(began); took > testTimeout/2 {
		t.Errorf("the node closed after %v", took)
	}
}

func TestTCPOffers(t *testing.T) {
	for _, c := range []struct {
		bound  string
		behind bool
		ip     string
		want   bool
	}{
		{"127.0.0.1:0", false, "127.0.0.1", true},
		{"127.0.0.1:0", false, "10.0.0.5", false},
		{"127.0.0.1:0", true, "127.0.0.1", true},
		{"0.0.0.0:0", false, "127.0.0.1", true},
		{"0.0.0.0:0", true, "127.0.0.1", false},
		{"0.0.0.0:0", true, "10.0.0.5", true},
	} {
		d, err := listenTCP(c.bound, c.behind, pionLogs{testLogger(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.offers(net.ParseIP(c.ip)); got != c.want {
			t.Errorf("bound to %s, behind a NAT %v: %s is offered: %v", c.bound, c.behind, c.ip, got)
		}
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
	}
}
