package proctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor/esia/esiamock"
)

// dial opens the socket as that browser; on a refusal it returns the answer's status.
func (b *browser) dial(t *testing.T, path string, header http.Header) (*websocket.Conn, int) {
	t.Helper()
	dialer := websocket.Dialer{Jar: b.Jar, HandshakeTimeout: 10 * time.Second}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(b.house.url, "http")+path, header)
	if err != nil {
		if resp == nil {
			t.Fatalf("dial %s: %v", path, err)
		}
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	return conn, http.StatusSwitchingProtocols
}

// until reads messages until one of that type, or the close code.
func until(t *testing.T, conn *websocket.Conn, kind string) (map[string]any, int) {
	t.Helper()
	for range 1000 {
		_, text, err := conn.ReadMessage()
		if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
			return nil, closed.Code
		}
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			t.Fatalf("neither %q nor an end came in time", kind)
		}
		if err != nil { // cut off in the middle of our own writing
			return nil, websocket.CloseAbnormalClosure
		}
		var m map[string]any
		must(t, json.Unmarshal(text, &m))
		if m["type"] == kind {
			return m, 0
		}
	}
	t.Fatalf("no %q among 1000 messages", kind)
	return nil, 0
}

func TestSocketOfAStudent(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, false)
	path := fmt.Sprintf("/api/attempts/%s/connection", a.ID)
	boris := h.signedIn(t, esiamock.StudentBoris)

	t.Run("who may not", func(t *testing.T) {
		for name, c := range map[string]struct {
			who    *browser
			path   string
			header http.Header
			status int
		}{
			"nobody":          {h.browser(t), path, nil, http.StatusUnauthorized},
			"another student": {boris, path, nil, http.StatusForbidden},
			"a proctor":       {h.signedIn(t, esiamock.Proctor), path, nil, http.StatusForbidden},
			"another site":    {anna, path, http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
			"no attempt":      {anna, "/api/attempts/" + uuid.NewString() + "/connection", nil, http.StatusNotFound},
			"not an id":       {anna, "/api/attempts/x/connection", nil, http.StatusNotFound},
		} {
			if _, status := c.who.dial(t, c.path, c.header); status != c.status {
				t.Errorf("%s: %d, want %d", name, status, c.status)
			}
		}
	})
	t.Run("rubbish", func(t *testing.T) {
		for name, c := range map[string]struct {
			kind int
			text []byte
			code int
		}{
			"10 MB":        {websocket.TextMessage, []byte(`{"type":"offer","sdp":"` + strings.Repeat("a", 10<<20) + `"}`), websocket.CloseMessageTooBig},
			"binary":       {websocket.BinaryMessage, []byte{1, 2, 3}, 4400},
			"not JSON":     {websocket.TextMessage, []byte("v=0"), 4400},
			"unknown type": {websocket.TextMessage, []byte(`{"type":"admit-me"}`), 4400},
			"no type":      {websocket.TextMessage, []byte(`{}`), 4400},
		} {
			conn, _ := anna.dial(t, path, nil)
			_ = conn.WriteMessage(c.kind, c.text) // the server may cut us off while we write
			_, code := until(t, conn, "never")
			if code != c.code && !(name == "10 MB" && code == websocket.CloseAbnormalClosure) {
				t.Errorf("%s: closed with %d, want %d", name, code, c.code)
			}
		}
	})
	t.Run("a flood", func(t *testing.T) {
		conn, _ := anna.dial(t, path, nil)
		for range 2000 {
			if conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
				break
			}
		}
		if _, code := until(t, conn, "never"); code != 4429 && code != websocket.CloseTryAgainLater && code != websocket.CloseAbnormalClosure {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("no media before the consent", func(t *testing.T) {
		conn, _ := anna.dial(t, path, nil)
		must(t, conn.WriteJSON(map[string]string{"type": "offer", "sdp": "v=0"}))
		m, _ := until(t, conn, "error")
		if code := m["problem"].(map[string]any)["code"]; code != "consent_needed" {
			t.Errorf("problem %v", code)
		}
	})
	anna.join(t, true)
	t.Run("an SDP that is none", func(t *testing.T) {
		conn, _ := anna.dial(t, path, nil)
		for _, sdp := range []string{"", "hello", "v=0\r\n", strings.Repeat("a=x\r\n", 8_000)} {
			must(t, conn.WriteJSON(map[string]string{"type": "offer", "sdp": sdp}))
			m, _ := until(t, conn, "error")
			if m == nil {
				t.Fatalf("the socket was closed on %.20q", sdp)
			}
			if code := m["problem"].(map[string]any)["code"]; code != "sdp_refused" {
				t.Errorf("%.20q: problem %v", sdp, code)
			}
		}
		must(t, conn.WriteJSON(map[string]string{"type": "ping"}))
		if m, code := until(t, conn, "pong"); m == nil {
			t.Errorf("the socket ended with %d", code)
		}
	})
	t.Run("the newer takes over", func(t *testing.T) {
		older, _ := anna.dial(t, path, nil)
		until(t, older, "hello")
		newer, _ := anna.dial(t, path, nil)
		until(t, newer, "hello")
		if _, code := until(t, older, "never"); code != 4409 {
			t.Errorf("the older was closed with %d", code)
		}
		must(t, newer.WriteJSON(map[string]string{"type": "ping"}))
		if m, code := until(t, newer, "pong"); m == nil {
			t.Errorf("the newer ended with %d", code)
		}
	})
	if a := get[attempt](t, anna, "/api/attempts/"+a.ID.String()); a.State != "ready" {
		t.Errorf("all of that moved the attempt to %s", a.State)
	}
	if status, text := boris.call(t, http.MethodGet, "/healthz", nil); status != http.StatusOK {
		t.Errorf("health after all of that: %d %s", status, text)
	}
}

func TestSocketOfAProctor(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/api/exams/%s/watch", h.exam.ID)
	proctor := h.signedIn(t, esiamock.Proctor)
	for name, c := range map[string]struct {
		who    *browser
		status int
	}{
		"nobody": {h.browser(t), http.StatusUnauthorized}, "a student": {h.signedIn(t, esiamock.StudentAnna), http.StatusForbidden},
		"the registrar": {h.signedIn(t, esiamock.Registrar), http.StatusForbidden}, "an administrator": {h.signedIn(t, esiamock.Administrator), http.StatusForbidden},
	} {
		if _, status := c.who.dial(t, path, nil); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	if _, status := proctor.dial(t, "/api/exams/"+uuid.NewString()+"/watch", nil); status != http.StatusNotFound {
		t.Errorf("no such exam: %d", status)
	}
	conn, _ := proctor.dial(t, path, nil)
	until(t, conn, "hello")
	for name, m := range map[string]any{
		"not an id":  map[string]any{"type": "watch", "attempts": []string{"x"}},
		"too many":   map[string]any{"type": "watch", "attempts": strings.Split(strings.Repeat(uuid.NewString()+",", 101), ",")[:101]},
		"bad answer": map[string]any{"type": "answer", "sdp": "hello"},
	} {
		must(t, conn.WriteJSON(m))
		if got, code := until(t, conn, "error"); got == nil {
			t.Fatalf("%s: closed with %d", name, code)
		}
	}
	must(t, conn.WriteJSON(map[string]any{"type": "watch", "attempts": []string{uuid.NewString()}}))

	// News of a student reaches the room without asking.
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	for range 10 {
		m, code := until(t, conn, "attempt")
		if m == nil {
			t.Fatalf("closed with %d", code)
		}
		shape := m["roomAttempt"].(map[string]any)["attempt"].(map[string]any)
		if shape["id"] == a.ID.String() && shape["state"] == "ready" {
			return
		}
	}
	t.Error("the room was not told that she is ready")
}

func TestBadRequests(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, false)
	registrar := h.signedIn(t, esiamock.Registrar)
	proctor := h.signedIn(t, esiamock.Proctor)
	vera := h.signedIn(t, esiamock.StudentVera)
	own := "/api/attempts/" + a.ID.String()
	good := map[string]any{"textId": a.Consent.Text.ID, "sha256": a.Consent.Text.SHA256}
	for name, c := range map[string]struct {
		who          *browser
		method, path string
		body         any
		status       int
		code         string
	}{
		"no such route":        {anna, http.MethodGet, "/api/nothing", nil, 404, "not_found"},
		"no such exam":         {anna, http.MethodGet, "/api/join/nothing", nil, 404, "not_found"},
		"not in the roster":    {vera, http.MethodPost, "/api/join/exam", nil, 403, "not_in_roster"},
		"not JSON":             {anna, http.MethodPost, own + "/consent", "hello", 400, "bad_request"},
		"a large body":         {anna, http.MethodPost, own + "/consent", `{"sha256":"` + strings.Repeat("a", 100<<10) + `"}`, 413, "too_large"},
		"a foreign text":       {anna, http.MethodPost, own + "/consent", map[string]any{"textId": uuid.New(), "sha256": a.Consent.Text.SHA256}, 409, "consent_outdated"},
		"a changed text":       {anna, http.MethodPost, own + "/consent", map[string]any{"textId": a.Consent.Text.ID, "sha256": strings.Repeat("0", 64)}, 409, "consent_outdated"},
		"a hash that is none":  {anna, http.MethodPost, own + "/consent", map[string]any{"textId": a.Consent.Text.ID, "sha256": "x"}, 422, "bad_request"},
		"begin too early":      {anna, http.MethodPost, own + "/begin", nil, 409, "illegal_move"},
		"hand in too early":    {anna, http.MethodPost, own + "/finish", nil, 409, "illegal_move"},
		"come back from where": {anna, http.MethodPost, own + "/return", nil, 409, "illegal_move"},
		"identify, no media":   {anna, http.MethodPost, own + "/identification", nil, 409, "not_connected"},
		"no reason":            {proctor, http.MethodPost, own + "/terminate", map[string]any{}, 422, "bad_request"},
		"a made-up reason":     {proctor, http.MethodPost, own + "/terminate", map[string]any{"reasonCode": "mood"}, 422, "bad_request"},
		"a try for nothing":    {proctor, http.MethodPost, own + "/retry", nil, 409, "illegal_move"},
		"a segment of nothing": {proctor, http.MethodGet, "/api/recordings/" + uuid.NewString() + "/segments/0", nil, 404, "not_found"},
		"an exam that is none": {registrar, http.MethodGet, "/api/log?exam=x", nil, 422, "bad_request"},
		"a cursor that's none": {registrar, http.MethodGet, "/api/log?cursor=x", nil, 422, "bad_request"},
		"a date that is none":  {registrar, http.MethodGet, "/api/log?from=yesterday", nil, 422, "bad_request"},
		"a page too long":      {registrar, http.MethodGet, "/api/log?limit=100000", nil, 422, "bad_request"},
		"an unknown format":    {registrar, http.MethodGet, "/api/log/export?format=exe", nil, 422, "bad_request"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := c.who.call(t, c.method, c.path, c.body)
			if status != c.status || problemCode(t, text) != c.code {
				t.Errorf("%d %s, want %d %s", status, text, c.status, c.code)
			}
		})
	}
	if after := get[attempt](t, anna, own); after.State != "registered" || after.Consent.GrantedAt != nil {
		t.Errorf("all of that changed the attempt: %+v", after)
	}
	t.Run("from another site", func(t *testing.T) {
		req, err := http.NewRequest(http.MethodPost, h.url+own+"/decline", nil)
		must(t, err)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := anna.Do(req)
		must(t, err)
		if text := read(t, resp); resp.StatusCode != http.StatusForbidden || problemCode(t, text) != "cross_origin" {
			t.Errorf("%d %s", resp.StatusCode, text)
		}
	})
	t.Run("consent twice", func(t *testing.T) {
		if status, text := anna.call(t, http.MethodPost, own+"/consent", good); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		if status, text := anna.call(t, http.MethodPost, own+"/consent", good); status != http.StatusConflict {
			t.Errorf("%d %s", status, text)
		}
	})
	t.Run("decline and come back", func(t *testing.T) {
		for _, step := range []struct{ path, state string }{{"/decline", "declined"}, {"/return", "ready"}} {
			status, text := anna.call(t, http.MethodPost, own+step.path, nil)
			var after attempt
			if status != http.StatusOK || json.Unmarshal([]byte(text), &after) != nil || after.State != step.state {
				t.Errorf("%s: %d %s", step.path, status, text)
			}
		}
	})
}

func TestHealthSaysWhatIsDown(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	type health struct {
		Status       string
		Dependencies map[string]struct{ Status string }
	}
	if v := get[health](t, b, "/healthz"); v.Status != "ok" || len(v.Dependencies) != 9 {
		t.Fatalf("health: %+v", v)
	}
	h.ebs.Close()
	v := get[health](t, b, "/healthz")
	if v.Status != "degraded" || v.Dependencies["verifier"].Status != "failed" || v.Dependencies["postgres"].Status != "ok" {
		t.Errorf("health without the verifier: %+v", v)
	}
}

func TestPage(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	nonces := map[string]bool{}
	for _, path := range []string{"/", "/e/exam", "/log", "/index.html"} {
		resp, err := b.Get(h.url + path)
		must(t, err)
		text := read(t, resp)
		policy := resp.Header.Get("Content-Security-Policy")
		_, rest, found := strings.Cut(policy, "'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if resp.StatusCode != http.StatusOK || !found || strings.Contains(policy, "unsafe") || nonces[nonce] {
			t.Errorf("%s: %d, policy %q", path, resp.StatusCode, policy)
		}
		nonces[nonce] = true
		if strings.Contains(text, "__CSP_NONCE__") {
			t.Errorf("%s: the nonce was not put in", path)
		}
	}
	for _, path := range []string{"/verify", "/verify.html"} {
		resp, err := b.Get(h.url + path)
		must(t, err)
		text := read(t, resp)
		policy := resp.Header.Get("Content-Security-Policy")
		if resp.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'; script-src 'sha256-") || strings.Contains(policy, "connect-src") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(text, "src=") {
			t.Errorf("%s: %d, policy %q", path, resp.StatusCode, policy)
		}
	}
	for path, want := range map[string]int{"/assets/none.js": http.StatusNotFound, "/.keep": http.StatusOK, "/assets/../../../../etc/passwd": http.StatusOK} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, h.url, nil)
		must(t, err)
		req.URL.Path = path
		resp, err := b.Do(req)
		must(t, err)
		// What is no file of the application is a path of it, and gets its page, whatever it looks like.
		text := read(t, resp)
		if resp.StatusCode != want || want == http.StatusOK && !strings.Contains(text, "<!doctype html>") || strings.Contains(text, "root:") {
			t.Errorf("%s: %d %.100s", path, resp.StatusCode, text)
		}
	}
}
