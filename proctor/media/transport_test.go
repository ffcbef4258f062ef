package media

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

// TestICERestart renegotiates with new credentials: the connection's keys stay,
// its tracks go on.
func TestICERestart(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}})
	s.waitState(t, Live)
	before := s.pub.tracks()
	first := s.pc.RemoteDescription().SDP

	offer, err := s.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	answer, err := s.pub.Offer(t.Context(), offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	if line(first, "a=ice-ufrag:") == line(answer, "a=ice-ufrag:") {
		t.Error("the server's credentials are the old ones")
	}
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	restarted := time.Now()
	s.pub.RequestKeyFrame()
	eventually(t, "packets after the restart", func() bool {
		return before[0].last.Load() > restarted.Add(500*time.Millisecond).UnixNano() && before[1].last.Load() > restarted.Add(500*time.Millisecond).UnixNano()
	})
	if after := s.pub.tracks(); len(after) != 2 || after[0] != before[0] || after[1] != before[1] {
		t.Error("the tracks are others now")
	}
	// Without new credentials nothing is restarted.
	if again, err := s.pub.Offer(t.Context(), offer.SDP); err != nil || line(again, "a=ice-ufrag:") != line(answer, "a=ice-ufrag:") {
		t.Errorf("the same offer again: %v", err)
	}
	// Another page's offer is not this connection's.
	var refused *SDPError
	if _, err := s.pub.Offer(t.Context(), goodOffer(t)); !errors.As(err, &refused) || refused.Code != SDPRejected {
		t.Errorf("another page's offer: %v", err)
	}
	if s.pub.tracks()[0] != before[0] {
		t.Error("a refused offer changed something")
	}
}

// TestSay lets a student hear two speakers, one after the other, as one stream.
func TestSay(t *testing.T) {
	m, err := testMaterial()
	if err != nil {
		t.Fatal(err)
	}
	node := newTestNode(t, newMemorySink())
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}, hears: true})
	s.waitState(t, Live)
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var got []*rtp.Packet
	for n := 0; len(got) < 40; n++ { // the first may be lost while the page makes its receiver
		speaker := uint32(1 + n/20%2)
		err := s.pub.Say(Speech{Source: speaker, Seq: uint16(65530 + n), Time: uint32(n)*960 + speaker*1_000_000, Opus: m.opus[n%len(m.opus)]})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case p := <-s.heard:
			got = append(got, p)
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d packets heard", len(got))
		}
	}
	for i, p := range got[1:] {
		before := got[i]
		step, ahead := int16(p.SequenceNumber-before.SequenceNumber), int32(p.Timestamp-before.Timestamp)
		if p.SSRC != before.SSRC || step < 1 || ahead < int32(step-1)*960 || ahead > int32(testTimeout.Seconds())*audioRate {
			t.Errorf("packet %d: SSRC %d after %d, number +%d, time +%d", i+1, p.SSRC, before.SSRC, step, ahead)
		}
		if !slices.ContainsFunc(m.opus, func(o []byte) bool { return bytes.Equal(o, p.Payload) }) {
			t.Errorf("packet %d is not what was said", i+1)
		}
	}
	if err := s.pub.Say(Speech{}); err == nil {
		t.Error("an empty packet was sent")
	}
	deaf := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}})
	if err := deaf.pub.Say(Speech{Opus: m.opus[0]}); !errors.Is(err, ErrCannotHear) {
		t.Errorf("a page that takes no sound: %v", err)
	}
}

// TestFalseCertificate refuses a page whose certificate is not the one of its
// offer, and tells so.
func TestFalseCertificate(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	_, err := startStudent(node, studentOptions{
		room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: uuid.New()}, patience: 2 * time.Second,
		change: func(offer string) string {
			print := line(offer, "a=fingerprint:")
			return string(bytes.ReplaceAll([]byte(offer), []byte(print), []byte(print[:len(print)-5]+"00:00")))
		},
	})
	if err == nil {
		t.Error("connected")
	}
	eventually(t, "the publisher's end", func() bool { return node.Load().Publishers == 0 })
}

// TestReplay takes nothing twice.
func TestReplay(t *testing.T) {
	r := reception{rate: videoRate}
	at := time.Now()
	take := func(seq int) bool { return r.packet(uint16(seq), 0, at) }
	for _, c := range []struct {
		seq  int
		want bool
	}{
		{65000, true},
		{65000, false},
		{65002, true},
		{65001, true},
		{65001, false},
		{65002, false},
		{65535, true},
		{65536, true},
		{65535, false},
		{65540, true},
		{65539, true},
		{65539, false},
		{65540 + windowSize - 1, true},
		{65541, true},
		{65540, false},
		{65540, false},
		{65540 + 3*windowSize, true},
		{65540 + 3*windowSize, false},
		{65542 + windowSize, false},
		{65540 + 2*windowSize + 1, true},
	} {
		if got := take(c.seq); got != c.want {
			t.Errorf("packet %d: %v", c.seq, got)
		}
	}
}

// line returns a description's first line with a prefix.
func line(sdp, prefix string) string {
	for l := range bytes.SplitSeq([]byte(sdp), []byte("\r\n")) {
		if bytes.HasPrefix(l, []byte(prefix)) {
			return string(l)
		}
	}
	return ""
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(testTimeout)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}
