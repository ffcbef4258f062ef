package media

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
)

// TestViewOne has a client that offers see and hear one publisher, until that one ends.
func TestViewOne(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()
	api, err := clientAPI(120, 109)
	if err != nil {
		t.Fatal(err)
	}
	player := func() (*webrtc.PeerConnection, string) {
		t.Helper()
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pc.GracefulClose() })
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
			if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				t.Fatal(err)
			}
		}
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		return pc, offer.SDP
	}
	pc, offer := player()
	if _, _, err := node.ViewOne(t.Context(), room, attempt, offer); !errors.Is(err, ErrNotLive) {
		t.Fatalf("before anybody publishes: %v", err)
	}
	student := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{ID: recording, Started: time.Now()}})
	sink.waitFor(t, recording, 1)

	if _, _, err := node.ViewOne(t.Context(), uuid.New(), attempt, offer); !errors.Is(err, ErrNotLive) {
		t.Errorf("from another room: %v", err)
	}
	refused := (*SDPError)(nil)
	for what, sdp := range map[string]string{
		"nonsense": "hello", "too big": strings.Repeat("a=x\r\n", 100_000), "it sends": strings.ReplaceAll(offer, "a=recvonly", "a=sendonly"),
		"nothing": strings.ReplaceAll(offer, "a=recvonly", "a=inactive"),
	} {
		if _, _, err := node.ViewOne(t.Context(), room, attempt, sdp); !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if load := node.Load(); load.Viewers != 0 {
		t.Errorf("%d viewers are left of the refused", load.Viewers)
	}

	heard := make(chan webrtc.RTPCodecType, 1000)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for range 50 {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
		}
		heard <- track.Kind()
	})
	single, answer, err := node.ViewOne(t.Context(), room, attempt, offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	late := time.After(testTimeout)
	for got := map[webrtc.RTPCodecType]bool{}; len(got) < 2; {
		select {
		case kind := <-heard:
			got[kind] = true
		case <-late:
			t.Fatalf("only %v came", got)
		}
	}
	if single.Over() {
		t.Error("it is over while both are there")
	}
	if err := student.pub.Close(); err != nil {
		t.Fatal(err)
	}
	if !single.Over() {
		t.Error("it goes on without the publisher")
	}
	if err := single.Close(); err != nil {
		t.Fatal(err)
	}
}
