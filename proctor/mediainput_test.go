package proctor_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestBadMediaInput sends to the running service what a broken or hostile page would, while another student publishes: each is refused or bounded with
// its reason, her attempt stays where it was, and the other student does not notice.
func TestBadMediaInput(t *testing.T) {
	h := newHouse(t)
	boris := h.signedIn(t, esiamock.StudentBoris).join(t, true)
	other := newCamera(t, h, h.token(t, boris.ID, exam.TokenPublish))
	other.begin(t)
	h.eventually(t, boris.ID, "connected", 1)

	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	path := fmt.Sprintf("/api/attempts/%s/connection", a.ID)
	good := newCamera(t, h, "").offer(t, false)
	open := func(t *testing.T) *websocket.Conn {
		t.Helper()
		conn, status := anna.dial(t, path, nil)
		if conn == nil {
			t.Fatalf("the socket is refused with %d", status)
		}
		until(t, conn, "hello")
		return conn
	}
	offer := func(sdp string) map[string]any { return map[string]any{"type": "offer", "sdp": sdp} }
	candidate := map[string]any{"type": "candidate", "candidate": map[string]any{"candidate": "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host", "sdpMid": "0"}}

	t.Run("offers", func(t *testing.T) {
		conn := open(t)
		for what, sdp := range map[string]string{
			"without fingerprints": regexp.MustCompile(`a=fingerprint:.*\r\n`).ReplaceAllString(good, ""),
			"without ICE":          regexp.MustCompile(`a=ice-(ufrag|pwd):.*\r\n`).ReplaceAllString(good, ""),
			"500 m-lines":          good + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 500),
			"other codecs":         strings.ReplaceAll(good, "VP8", "VP7"),
			"no sound":             strings.ReplaceAll(good, "opus/48000", "G722/48000"),
			"200 candidates":       good + strings.Repeat("a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n", 200),
			"a binary":             "v=0\r\n\x00\xff\xfe",
		} {
			must(t, conn.WriteJSON(offer(sdp)))
			m, code := until(t, conn, "error")
			if m == nil {
				t.Fatalf("%s: the socket is closed with %d", what, code)
			}
			if problem := m["problem"].(map[string]any); problem["code"] != "sdp_refused" || problem["detail"] == "" {
				t.Errorf("%s: %v", what, problem)
			}
		}
		must(t, conn.WriteJSON(offer(good))) // and a good one is taken on the same socket
		if m, code := until(t, conn, "answer"); m == nil {
			t.Errorf("a good offer after the bad ones: closed with %d", code)
		}
	})
	t.Run("an offer of 1 MB", func(t *testing.T) {
		conn := open(t)
		_ = conn.WriteJSON(offer(strings.Repeat("a=x\r\n", 200_000))) // we may be cut off in the middle
		if _, code := until(t, conn, "never"); code != websocket.CloseMessageTooBig && code != websocket.CloseAbnormalClosure {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("2,000 candidates", func(t *testing.T) {
		conn := open(t)
		must(t, conn.WriteJSON(offer(good)))
		until(t, conn, "answer")
		for range 2000 {
			if conn.WriteJSON(candidate) != nil {
				break
			}
		}
		m, code := until(t, conn, "error")
		if m != nil {
			if got := m["problem"].(map[string]any)["code"]; got != "candidate_refused" {
				t.Errorf("refused with %v", got)
			}
			_, code = until(t, conn, "never")
		}
		if code != 4429 && code != websocket.CloseTryAgainLater && code != websocket.CloseAbnormalClosure {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("out of order", func(t *testing.T) {
		conn := open(t)
		must(t, conn.WriteJSON(candidate)) // before there is anything to add it to
		must(t, conn.WriteJSON(map[string]any{"type": "candidate", "candidate": nil}))
		must(t, conn.WriteJSON(map[string]any{"type": "candidate", "candidate": map[string]any{"candidate": strings.Repeat("x", 5000)}}))
		must(t, conn.WriteJSON(offer(good)))
		if m, code := until(t, conn, "answer"); m == nil {
			t.Fatalf("an offer after candidates: closed with %d", code)
		}
		must(t, conn.WriteJSON(map[string]any{"type": "answer", "sdp": good})) // the server never offers here
		if _, code := until(t, conn, "never"); code != 4400 {
			t.Errorf("an answer to nothing: closed with %d", code)
		}
	})
	t.Run("a hundred connections", func(t *testing.T) {
		refused := 0
		for range 100 {
			conn, status := anna.dial(t, path, nil)
			switch {
			case conn != nil:
				conn.Close()
			case status == http.StatusTooManyRequests:
				refused++
			default:
				t.Fatalf("refused with %d", status)
			}
		}
		if refused < 30 {
			t.Errorf("%d of 100 were refused", refused)
		}
	})

	if after := get[attempt](t, anna, "/api/attempts/"+a.ID.String()); after.State != "ready" {
		t.Errorf("all of that moved the attempt to %s", after.State)
	}
	if kinds := h.kinds(t, boris.ID); kinds["connected"] != 1 || kinds["connection_lost"] != 0 || kinds["disconnected"] != 0 {
		t.Errorf("the other student noticed: %v", kinds)
	}
	if resp, text := h.request(t, http.MethodPatch, other.location, other.token, "application/trickle-ice-sdpfrag", "", "If-Match", other.etag); resp.StatusCode != http.StatusNoContent {
		t.Errorf("the other student's session: %d %s", resp.StatusCode, text)
	}
}
