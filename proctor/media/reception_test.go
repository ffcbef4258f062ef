package media

import (
	"slices"
	"testing"
	"time"
)

// TestReceptionRepair asks for a lost packet twice, not at once, and not when it
// was only late.
func TestReceptionRepair(t *testing.T) {
	r := reception{rate: videoRate}
	begin := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	give := func(ms int, numbers ...uint16) {
		for _, n := range numbers {
			r.packet(n, uint32(ms*90), at(ms))
		}
	}
	want := func(ms int, numbers ...uint16) {
		t.Helper()
		if got := r.due(at(ms)); !slices.Equal(got, numbers) {
			t.Errorf("after %d ms asked for %d, want %d", ms, got, numbers)
		}
	}
	give(0, 65533, 65535) // 65534 is missing
	want(10)
	give(15, 1) // 0 is missing
	want(20, 65534)
	give(30, 0) // it was late
	want(50)
	want(100, 65534)
	want(300) // given up
	give(310, 2, 4, 3)
	want(400)
	give(410, 1000) // a jump of the sender's
	want(500)
	give(510, 1001, 1003)
	want(600, 1002)
	give(610, 1002, 1002)
	want(900)
}

// TestReceptionReport counts as RFC 3550 says.
func TestReceptionReport(t *testing.T) {
	r := reception{rate: audioRate}
	now := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	if _, ok := r.block(7, now); ok {
		t.Error("a report before any packet")
	}
	for n := range 100 {
		if n%4 != 3 {
			r.packet(uint16(65500+n), uint32(n*960), now.Add(time.Duration(n)*20*time.Millisecond))
		}
	}
	r.sender(0x0000_1234_5678_0000, now)
	b, ok := r.block(7, now.Add(500*time.Millisecond))
	if !ok || b.SSRC != 7 || b.LastSequenceNumber != 65500+98 || b.TotalLost != 24 || b.FractionLost != 62 {
		t.Errorf("report %+v", b)
	}
	if b.LastSenderReport != 0x1234_5678 || b.Delay != 32768 || b.Jitter != 0 {
		t.Errorf("report %+v", b)
	}
	for n := 99; n < 199; n++ {
		r.packet(uint16(65500+n), uint32(n*960), now.Add(time.Duration(n)*20*time.Millisecond))
	}
	if b, _ = r.block(7, now); b.FractionLost != 0 || b.TotalLost != 24 {
		t.Errorf("second report %+v", b)
	}
}
