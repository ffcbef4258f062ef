package proctor_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestWHEP has a player see and hear one student by a token that a proctor made, which the log tells of.
func TestWHEP(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	token := h.token(t, a.ID, exam.TokenWatch)

	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	var codecs webrtc.MediaEngine
	must(t, codecs.RegisterDefaultCodecs())
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	t.Cleanup(func() { _ = pc.Close() })
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		must(t, err)
	}
	came := make(chan webrtc.RTPCodecType, 2)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := track.ReadRTP(); err == nil {
			came <- track.Kind()
		}
	})
	offer, err := pc.CreateOffer(nil)
	must(t, err)
	must(t, pc.SetLocalDescription(offer))

	if resp, text := h.request(t, http.MethodPost, "/whep", token, "application/sdp", offer.SDP); resp.StatusCode != http.StatusConflict || problemCode(t, text) != "not_live" || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("before she sends: %d %s", resp.StatusCode, text)
	}
	c := newCamera(t, h, h.token(t, a.ID, exam.TokenPublish))
	c.begin(t)
	h.eventually(t, a.ID, "connected", 1)
	for what, refused := range map[string]struct {
		token, sdp string
		status     int
	}{
		"nobody": {"", offer.SDP, 401}, "for publishing": {c.token, offer.SDP, 401}, "nonsense": {token, "hello", 422},
		"who would send": {token, strings.ReplaceAll(offer.SDP, "a=recvonly", "a=sendonly"), 422},
	} {
		if resp, text := h.request(t, http.MethodPost, "/whep", refused.token, "application/sdp", refused.sdp); resp.StatusCode != refused.status {
			t.Errorf("%s: %d %s", what, resp.StatusCode, text)
		}
	}
	looks := func() (n int) {
		t.Helper()
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from ledger_seen where subject = $1`, a.ID).Scan(&n))
		return n
	}
	if looks() != 0 {
		t.Error("the log tells of a look that was refused")
	}

	resp, answer := h.request(t, http.MethodPost, "/whep", token, "application/sdp", offer.SDP)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("POST /whep: %d %s", resp.StatusCode, answer)
	}
	location, etag := resp.Header.Get("Location"), resp.Header.Get("ETag")
	if looks() != 1 {
		t.Error("the log does not tell of the look")
	}
	must(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	seen := map[webrtc.RTPCodecType]bool{}
	for late := time.After(40 * time.Second); len(seen) < 2; {
		select {
		case kind := <-came:
			seen[kind] = true
		case <-late:
			t.Fatalf("only %v came", seen)
		}
	}
	candidate := "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host\r\n"
	for match, status := range map[string]int{etag: 204, "": 428, "*": 422, `"x"`: 412} {
		if resp, text := h.request(t, http.MethodPatch, location, token, "application/trickle-ice-sdpfrag", candidate, "If-Match", match); resp.StatusCode != status {
			t.Errorf("If-Match %s: %d %s", match, resp.StatusCode, text)
		}
	}
	if resp, _ := h.request(t, http.MethodDelete, location, c.token, "", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("DELETE with another token: %d", resp.StatusCode)
	}
	// The student ends, and the player's session with her.
	if resp, text := h.request(t, http.MethodDelete, c.location, c.token, "", ""); resp.StatusCode != http.StatusOK {
		t.Fatalf("DELETE: %d %s", resp.StatusCode, text)
	}
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if resp, _ := h.request(t, http.MethodPatch, location, token, "application/trickle-ice-sdpfrag", candidate, "If-Match", etag); resp.StatusCode == http.StatusNotFound {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the player's session outlives the student's")
		}
	}
	// A proctor who is none any more does not watch by an old token.
	_, err = h.store.Pool.Exec(t.Context(), `delete from person_role where role = 'proctor'`)
	must(t, err)
	if resp, text := h.request(t, http.MethodPost, "/whep", token, "application/sdp", offer.SDP); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("by the token of a former proctor: %d %s", resp.StatusCode, text)
	}
}
