package load

import (
	"context"
	"net"
	"os"
	"testing"
	"time"
)

// TestFloor measures the floor for a moment: everything sent comes through.
func TestFloor(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Floor(ctx, conn) }()
	r, err := Run(ctx, Options{
		Floor: conn.LocalAddr().String(), PID: os.Getpid(), Publishers: 2, Viewers: 1, Warm: 100 * time.Millisecond, Measure: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if r.Sent < 20 || r.Lost != 0 || r.Expected != r.Sent || r.LatencyP50 <= 0 || r.LatencyMax < r.LatencyP99 || r.BaseMiB <= 0 {
		t.Errorf("%+v", r)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {Publishers: 5000}, {Publishers: 1, Viewers: 100}, {Publishers: 1, Late: -1}} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
