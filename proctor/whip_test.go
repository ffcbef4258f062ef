package proctor_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/media/load"
)

// camera is a WHIP client that sends picture and sound, the picture right in its first bytes only.
type camera struct {
	*webrtc.PeerConnection
	house    *house
	token    string
	location string
	etag     string
	work     sync.WaitGroup
	stop     context.CancelFunc
}

func newCamera(t *testing.T, h *house, token string) *camera {
	t.Helper()
	return newCameraThat(t, h, token, webrtc.RTPTransceiverDirectionSendonly)
}

// newCameraThat sends sound, or hears what comes on the same section too, as a page does; inactive: a phone, which has no microphone.
func newCameraThat(t *testing.T, h *house, token string, sound webrtc.RTPTransceiverDirection) *camera {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	var codecs webrtc.MediaEngine
	must(t, codecs.RegisterDefaultCodecs())
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	life, stop := context.WithCancel(context.Background())
	c := &camera{PeerConnection: pc, house: h, token: token, stop: stop}
	t.Cleanup(func() {
		stop()
		_ = pc.Close()
		c.work.Wait()
	})
	picture := make([]byte, 3000)
	copy(picture, []byte{0, 0, 0, 0x9d, 0x01, 0x2a})
	binary.LittleEndian.PutUint16(picture[6:], 640)
	binary.LittleEndian.PutUint16(picture[8:], 480)
	noise := make([]byte, 80)
	noise[0] = 0xf8
	for kind, sample := range map[string]media.Sample{
		webrtc.MimeTypeVP8: {Data: picture, Duration: 100 * time.Millisecond}, webrtc.MimeTypeOpus: {Data: noise, Duration: 20 * time.Millisecond},
	} {
		if kind == webrtc.MimeTypeOpus && sound == webrtc.RTPTransceiverDirectionInactive {
			continue
		}
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: kind}, strings.ReplaceAll(kind, "/", "-"), "camera")
		must(t, err)
		direction := webrtc.RTPTransceiverDirectionSendonly
		if kind == webrtc.MimeTypeOpus {
			direction = sound
		}
		_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: direction})
		must(t, err)
		c.work.Go(func() {
			tick := time.NewTicker(sample.Duration)
			defer tick.Stop()
			for {
				select {
				case <-life.Done():
					return
				case <-tick.C:
				}
				_ = track.WriteSample(sample) // before the connection stands it goes nowhere
			}
		})
	}
	return c
}

// offer makes one; only VP8 and Opus are offered, as a lab's encoder would.
func (c *camera) offer(t *testing.T, restart bool) string {
	t.Helper()
	offer, err := c.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	must(t, err)
	gathered := webrtc.GatheringCompletePromise(c.PeerConnection)
	must(t, c.SetLocalDescription(offer))
	<-gathered
	return c.LocalDescription().SDP
}

// request is one of WHIP; it returns the answer, its body read.
func (h *house) request(t *testing.T, method, path, token, kind, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	must(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	return resp, read(t, resp)
}

// begin publishes.
func (c *camera) begin(t *testing.T) {
	t.Helper()
	resp, answer := c.house.request(t, http.MethodPost, "/whip", c.token, "application/sdp", c.offer(t, false))
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Content-Type") != "application/sdp" {
		t.Fatalf("POST /whip: %d %s", resp.StatusCode, answer)
	}
	c.location, c.etag = resp.Header.Get("Location"), resp.Header.Get("ETag")
	if !strings.HasPrefix(c.location, "/whip/") || c.etag == "" || resp.Header.Get("Accept-Patch") != "application/trickle-ice-sdpfrag" {
		t.Fatalf("headers %v", resp.Header)
	}
	must(t, c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// kinds are the attempt's technical events.
func (h *house) kinds(t *testing.T, attempt uuid.UUID) map[string]int {
	t.Helper()
	events, err := h.store.Exams.Timeline(t.Context(), attempt)
	must(t, err)
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	return kinds
}

// eventually waits for the attempt's timeline to hold so many events of a kind.
func (h *house) eventually(t *testing.T, attempt uuid.UUID, kind string, n int) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); h.kinds(t, attempt)[kind] < n; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %d %q: %v", n, kind, h.kinds(t, attempt))
		}
	}
}

func (h *house) token(t *testing.T, attempt uuid.UUID, use exam.TokenUse) string {
	t.Helper()
	var by uuid.UUID // a proctor: who watches needs a name
	must(t, h.store.Pool.QueryRow(t.Context(), `select person_id from person_role where role = 'proctor' limit 1`).Scan(&by))
	text, _, err := h.store.Exams.IssueToken(t.Context(), attempt, use, by, time.Hour)
	must(t, err)
	return text
}

func TestWHIP(t *testing.T) {
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_TURN_LISTEN"] = "127.0.0.1:0" })
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)

	c, second, third := newCamera(t, h, h.token(t, a.ID, exam.TokenPublish)), newCamera(t, h, h.token(t, a.ID, exam.TokenPublish)), newCamera(t, h, h.token(t, a.ID, exam.TokenPublish))
	c.begin(t)
	h.eventually(t, a.ID, "connected", 1)

	t.Run("a second device, and ICE servers", func(t *testing.T) {
		resp, answer := h.request(t, http.MethodPost, "/whip", second.token, "application/sdp", second.offer(t, false))
		if resp.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", resp.StatusCode, answer)
		}
		links := resp.Header.Values("Link")
		if len(links) != 2 || !strings.Contains(links[0], `>; rel="ice-server"; username="`) || !strings.HasPrefix(links[0], "<turn:127.0.0.1:") {
			t.Errorf("Link %q", links)
		}
		must(t, second.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
		h.eventually(t, a.ID, "taken_over", 1)
		h.eventually(t, a.ID, "connected", 2)
		// The older is told.
		resp, text := h.request(t, http.MethodPatch, c.location, c.token, "application/trickle-ice-sdpfrag", "", "If-Match", c.etag)
		if resp.StatusCode != http.StatusConflict || problemCode(t, text) != "taken_over" {
			t.Errorf("the older device is told %d %s", resp.StatusCode, text)
		}
	})
	t.Run("a page takes over", func(t *testing.T) {
		conn, _ := anna.dial(t, fmt.Sprintf("/api/attempts/%s/connection", a.ID), nil)
		until(t, conn, "hello")
		h.eventually(t, a.ID, "taken_over", 2)
		// And a camera from the page, which is told by its code.
		c = third
		c.begin(t)
		if _, code := until(t, conn, "never"); code != 4409 {
			t.Errorf("the page is closed with %d", code)
		}
		h.eventually(t, a.ID, "taken_over", 3)
	})
	t.Run("trickle and restart", func(t *testing.T) {
		h.eventually(t, a.ID, "connected", 3)
		mine := "a=ice-ufrag:" + lineOf(c.LocalDescription().SDP, "a=ice-ufrag:") + "\r\na=ice-pwd:" + lineOf(c.LocalDescription().SDP, "a=ice-pwd:") + "\r\n"
		candidate := mine + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host\r\n"
		for _, want := range []struct {
			what, kind, body, match string
			status                  int
		}{
			{"a candidate", "application/trickle-ice-sdpfrag", candidate, c.etag, http.StatusNoContent},
			{"nothing named", "application/trickle-ice-sdpfrag", candidate, "", http.StatusPreconditionRequired},
			{"another ICE session", "application/trickle-ice-sdpfrag", candidate, `"other"`, http.StatusPreconditionFailed},
			{"any, without a restart", "application/trickle-ice-sdpfrag", candidate, "*", http.StatusPreconditionFailed},
			{"another type", "application/sdp", candidate, c.etag, http.StatusUnsupportedMediaType},
			{"not a fragment", "application/trickle-ice-sdpfrag", "hello", c.etag, http.StatusBadRequest},
			{"2,000 candidates", "application/trickle-ice-sdpfrag", strings.Repeat("a=candidate:1\r\n", 1000), c.etag, http.StatusBadRequest},
			{"1 MB", "application/trickle-ice-sdpfrag", strings.Repeat("a=x\r\n", 200_000), c.etag, http.StatusRequestEntityTooLarge},
		} {
			resp, text := h.request(t, http.MethodPatch, c.location, c.token, want.kind, want.body, "If-Match", want.match)
			if resp.StatusCode != want.status {
				t.Errorf("%s: %d %s, want %d", want.what, resp.StatusCode, text, want.status)
			}
		}
		// A restart: new credentials, the same recording.
		offer := c.offer(t, true)
		fragment := "a=ice-ufrag:" + lineOf(offer, "a=ice-ufrag:") + "\r\na=ice-pwd:" + lineOf(offer, "a=ice-pwd:") + "\r\n"
		resp, text := h.request(t, http.MethodPatch, c.location, c.token, "application/trickle-ice-sdpfrag", fragment, "If-Match", "*")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") == c.etag || resp.Header.Get("ETag") == "" {
			t.Fatalf("a restart: %d %s, ETag %q after %q", resp.StatusCode, text, resp.Header.Get("ETag"), c.etag)
		}
		c.etag = resp.Header.Get("ETag")
		if lineOf(text, "a=ice-ufrag:") == "" || !strings.Contains(text, "a=candidate:") {
			t.Errorf("the fragment of the restart: %s", text)
		}
		answer := c.RemoteDescription().SDP
		answer = regexp.MustCompile(`a=ice-ufrag:\S+`).ReplaceAllString(answer, "a=ice-ufrag:"+lineOf(text, "a=ice-ufrag:"))
		answer = regexp.MustCompile(`a=ice-pwd:\S+`).ReplaceAllString(answer, "a=ice-pwd:"+lineOf(text, "a=ice-pwd:"))
		must(t, c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
		for deadline := time.Now().Add(40 * time.Second); c.ICEConnectionState() != webrtc.ICEConnectionStateConnected; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("after the restart ICE is %s", c.ICEConnectionState())
			}
		}
	})
	t.Run("the end", func(t *testing.T) {
		if resp, _ := h.request(t, http.MethodDelete, c.location, h.token(t, a.ID, exam.TokenPublish), "", ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("DELETE with another token: %d", resp.StatusCode)
		}
		ended := h.kinds(t, a.ID)["disconnected"]
		if resp, text := h.request(t, http.MethodDelete, c.location, c.token, "", ""); resp.StatusCode != http.StatusOK {
			t.Errorf("DELETE: %d %s", resp.StatusCode, text)
		}
		h.eventually(t, a.ID, "disconnected", ended+1)
		if resp, _ := h.request(t, http.MethodDelete, c.location, c.token, "", ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("DELETE twice: %d", resp.StatusCode)
		}
	})
}

func lineOf(sdp, prefix string) string {
	for line := range strings.Lines(sdp) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok {
			return text
		}
	}
	return ""
}

// TestWHIPRefuses says what is refused at the door, and that the page which publishes is not disturbed by it.
func TestWHIPRefuses(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	boris := h.signedIn(t, esiamock.StudentBoris).join(t, false)
	c := newCamera(t, h, "")
	offer := c.offer(t, false)
	conn, _ := anna.dial(t, fmt.Sprintf("/api/attempts/%s/connection", a.ID), nil)
	until(t, conn, "hello")

	good := h.token(t, a.ID, exam.TokenPublish)
	expired := h.token(t, a.ID, exam.TokenPublish)
	tag, err := h.store.Pool.Exec(t.Context(), `update attempt_token set expires_at = now() where hash = sha256($1::bytea)`, []byte(expired))
	must(t, err)
	if tag.RowsAffected() != 1 {
		t.Fatal("the token is not kept as its hash")
	}
	for _, want := range []struct {
		what, token, kind, body string
		status                  int
		code                    string
	}{
		{"no token", "", "application/sdp", offer, 401, "token_invalid"},
		{"a guess", "ochno_AAAA", "application/sdp", offer, 401, "token_invalid"},
		{"a long guess", "ochno_" + strings.Repeat("A", 8000), "application/sdp", offer, 401, "token_invalid"},
		{"expired", expired, "application/sdp", offer, 401, "token_invalid"},
		{"for watching", h.token(t, a.ID, exam.TokenWatch), "application/sdp", offer, 401, "token_invalid"},
		{"an attempt without consent", h.token(t, boris.ID, exam.TokenPublish), "application/sdp", offer, 409, "consent_needed"},
		{"another type", good, "application/json", offer, 415, "bad_request"},
		{"1 MB", good, "application/sdp", strings.Repeat("a=x\r\n", 200_000), 413, "too_large"},
		{"not SDP", good, "application/sdp", "hello", 422, "sdp_refused"},
		{"without fingerprints", good, "application/sdp", regexp.MustCompile(`a=fingerprint:.*\r\n`).ReplaceAllString(offer, ""), 422, "sdp_refused"},
		{"other codecs", good, "application/sdp", strings.ReplaceAll(offer, "VP8", "H265"), 422, "sdp_refused"},
		{"500 sections", good, "application/sdp", offer + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 500), 422, "sdp_refused"},
	} {
		resp, text := h.request(t, http.MethodPost, "/whip", want.token, want.kind, want.body)
		if resp.StatusCode != want.status || problemCode(t, text) != want.code {
			t.Errorf("%s: %d %.300s, want %d %s", want.what, resp.StatusCode, text, want.status, want.code)
		}
		if want.status == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: no WWW-Authenticate", want.what)
		}
		if resp.Header.Get("Location") != "" {
			t.Errorf("%s: a Location", want.what)
		}
	}
	if resp, text := h.request(t, http.MethodPatch, "/whip/"+uuid.NewString(), good, "application/trickle-ice-sdpfrag", "", "If-Match", "*"); resp.StatusCode != 404 {
		t.Errorf("PATCH of nothing: %d %s", resp.StatusCode, text)
	}
	if resp, _ := h.request(t, http.MethodOptions, "/whip", "", "", ""); resp.StatusCode != 204 || resp.Header.Get("Accept-Post") != "application/sdp" {
		t.Errorf("OPTIONS: %d %v", resp.StatusCode, resp.Header)
	}
	if kinds := h.kinds(t, a.ID); kinds["taken_over"] != 0 || kinds["connected"] != 0 {
		t.Errorf("what was refused left events: %v", kinds)
	}
	must(t, conn.WriteJSON(map[string]string{"type": "ping"}))
	if m, code := until(t, conn, "pong"); m == nil {
		t.Errorf("the page was disturbed: closed with %d", code)
	}

	// A publisher that connects a hundred times a second.
	refused := 0
	for range 100 {
		resp, err := http.Post(h.url+"/whip", "application/sdp", strings.NewReader("hello"))
		must(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp, _ := h.request(t, http.MethodPost, "/whip", good, "application/sdp", "hello"); resp.StatusCode == http.StatusTooManyRequests {
			refused++
			if resp.Header.Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
		}
	}
	if refused < 30 {
		t.Errorf("of 100 connections %d were too many", refused)
	}
	_, status := anna.dial(t, fmt.Sprintf("/api/attempts/%s/connection", a.ID), nil)
	if status != http.StatusTooManyRequests {
		t.Errorf("the page's socket of the same attempt: %d", status)
	}
}

// TestTokens: a proctor makes one for an attempt of her organisation; it is an event, and their number is bounded.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	proctor := h.signedIn(t, esiamock.Proctor)
	path := "/api/attempts/" + a.ID.String() + "/tokens"
	status, text := proctor.call(t, http.MethodPost, path, map[string]any{"use": "publish", "minutes": 5})
	if status != http.StatusOK || !strings.Contains(text, `"token":"ochno_`) || !strings.Contains(text, h.url+"/whip") {
		t.Fatalf("%d %s", status, text)
	}
	if n := h.kinds(t, a.ID)["token_issued"]; n != 1 {
		t.Errorf("%d events", n)
	}
	for _, body := range []map[string]any{{"use": "admit"}, {"use": "publish", "minutes": 0.5}, {"use": "publish", "minutes": 100_000}, {}} {
		if status, text := proctor.call(t, http.MethodPost, path, body); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %s", body, status, text)
		}
	}
	if _, _, err := h.store.Exams.IssueToken(t.Context(), a.ID, exam.TokenWatch, uuid.Nil, time.Hour); !errors.Is(err, exam.ErrTokenIssuer) {
		t.Errorf("a token for watching in nobody's name: %v", err)
	}
	for range exam.MostTokens - 1 {
		h.token(t, a.ID, exam.TokenPublish)
	}
	if status, text := proctor.call(t, http.MethodPost, path, map[string]any{"use": "watch"}); status != http.StatusConflict || problemCode(t, text) != "too_many_tokens" {
		t.Errorf("one too many: %d %s", status, text)
	}
	var kept int
	must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from attempt_token`).Scan(&kept))
	if kept != exam.MostTokens {
		t.Errorf("%d tokens are kept", kept)
	}
	if strings.Contains(h.log.String(), "ochno_") {
		t.Error("the log holds a token")
	}
}

// TestLoadgenPublishesAtTheService drives the service's door with the load generator, as an operator does before an exam.
func TestLoadgenPublishesAtTheService(t *testing.T) {
	h := newHouse(t)
	var tokens []string
	var attempts []uuid.UUID
	for _, oid := range []string{esiamock.StudentAnna, esiamock.StudentBoris} {
		a := h.signedIn(t, oid).join(t, true)
		attempts = append(attempts, a.ID)
		tokens = append(tokens, h.token(t, a.ID, exam.TokenPublish))
	}
	result, err := load.Run(t.Context(), load.Options{Server: h.url, Tokens: tokens, Publishers: 2, Join: 100 * time.Millisecond, Measure: 2 * time.Second})
	must(t, err)
	if result.Sent < 200 {
		t.Errorf("%d packets were sent in two seconds", result.Sent)
	}
	for _, a := range attempts {
		h.eventually(t, a, "connected", 1)
	}
	if _, err := load.Run(t.Context(), load.Options{Server: h.url, Tokens: []string{"ochno_none", "x"}, Publishers: 1}); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a token that is none: %v", err)
	}
	if _, err := load.Run(t.Context(), load.Options{Server: h.url, Tokens: tokens, Publishers: 3}); err == nil {
		t.Error("three publishers with two tokens")
	}
}
