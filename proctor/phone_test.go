package proctor_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// phoneCode asks for the link of a second camera and returns the code in it.
func (b *browser) phoneCode(t *testing.T, attempt uuid.UUID) string {
	t.Helper()
	status, text := b.call(t, http.MethodPost, "/api/attempts/"+attempt.String()+"/phone-code", map[string]any{})
	if status != http.StatusOK {
		t.Fatalf("a phone's code: %d %s", status, text)
	}
	var out struct {
		Link    string
		Modules []string
	}
	must(t, json.Unmarshal([]byte(text), &out))
	page, code, _ := strings.Cut(out.Link, "#")
	if page != b.house.url+"/phone" || len(out.Modules) < 29 || len(out.Modules[0]) != len(out.Modules) || !strings.Contains(strings.Join(out.Modules, ""), "1111111") {
		t.Fatalf("the link leads to %q; %d rows of the QR code", page, len(out.Modules))
	}
	return code
}

// claim exchanges a code for a phone's token; "" when it is refused.
func (h *house) claim(t *testing.T, code string) (token string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"code": code})
	must(t, err)
	resp, text := h.request(t, http.MethodPost, "/api/phone", "", "application/json", string(body))
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode != http.StatusUnauthorized || problemCode(t, text) != "token_invalid" {
			t.Errorf("a bad code is refused with %d %s", resp.StatusCode, text)
		}
		return ""
	}
	var out struct{ Token string }
	must(t, json.Unmarshal([]byte(text), &out))
	return out.Token
}

type phoneView struct {
	Exam, State string
	Over        bool
	Rate        int
}

func (h *house) phoneView(t *testing.T, token string) (view phoneView, status int) {
	t.Helper()
	resp, text := h.request(t, http.MethodGet, "/api/phone", token, "", "")
	if resp.StatusCode == http.StatusOK {
		must(t, json.Unmarshal([]byte(text), &view))
	}
	return view, resp.StatusCode
}

func newPhoneHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.exam.Policy.Phone = exam.Required
	_, err := h.store.Exams.Ensure(t.Context(), h.exam)
	must(t, err)
	return h
}

// TestPhone: a phone becomes the second camera by a code that works once, beside the page's own camera; a second phone takes its place and the first
// is told; after the end nothing is taken.
func TestPhone(t *testing.T) {
	h := newPhoneHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	state := func() string {
		return get[struct{ Phone string }](t, anna, "/api/attempts/"+a.ID.String()).Phone
	}
	if got := state(); got != "waiting" {
		t.Errorf("before a phone: %q", got)
	}
	camera := newCamera(t, h, h.token(t, a.ID, exam.TokenPublish))
	camera.begin(t)
	h.eventually(t, a.ID, "connected", 1)

	code := anna.phoneCode(t, a.ID)
	first := newCameraThat(t, h, h.claim(t, code), webrtc.RTPTransceiverDirectionInactive)
	if h.claim(t, code) != "" {
		t.Error("a code works twice")
	}
	if view, status := h.phoneView(t, first.token); status != http.StatusOK || view.State != "waiting" || view.Over || view.Exam != h.exam.Title || view.Rate != 500 {
		t.Errorf("the phone is told %d %+v", status, view)
	}
	first.begin(t)
	h.eventually(t, a.ID, "phone_connected", 1)
	if view, _ := h.phoneView(t, first.token); view.State != "live" || state() != "live" {
		t.Errorf("the phone sends, and is %+v, %q", view, state())
	}

	second := newCameraThat(t, h, h.claim(t, anna.phoneCode(t, a.ID)), webrtc.RTPTransceiverDirectionInactive)
	if _, status := h.phoneView(t, first.token); status != http.StatusUnauthorized {
		t.Errorf("the first phone's token is still good: %d", status)
	}
	second.begin(t)
	h.eventually(t, a.ID, "phone_taken_over", 1)
	h.eventually(t, a.ID, "phone_connected", 2)
	resp, text := h.request(t, http.MethodPatch, first.location, first.token, "application/trickle-ice-sdpfrag", "", "If-Match", first.etag)
	if resp.StatusCode != http.StatusConflict || problemCode(t, text) != "taken_over" {
		t.Errorf("the first phone is told %d %s", resp.StatusCode, text)
	}
	if kinds := h.kinds(t, a.ID); kinds["taken_over"] != 0 || kinds["disconnected"] != 0 || kinds["phone_joined"] != 2 {
		t.Errorf("events %v", kinds)
	}
	if resp, _ := h.request(t, http.MethodDelete, second.location, second.token, "", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("the phone's end: %d", resp.StatusCode)
	}
	h.eventually(t, a.ID, "phone_disconnected", 1)
	var kinds []string
	must(t, h.store.Pool.QueryRow(t.Context(), `select array_agg(kind order by kind) from recording where attempt_id = $1`, a.ID).Scan(&kinds))
	if strings.Join(kinds, " ") != "camera phone" {
		t.Errorf("recordings %v", kinds)
	}

	unused := anna.phoneCode(t, a.ID)
	if status, text := anna.call(t, http.MethodPost, "/api/attempts/"+a.ID.String()+"/decline", map[string]any{}); status != http.StatusOK {
		t.Fatalf("decline: %d %s", status, text)
	}
	late := newCameraThat(t, h, second.token, webrtc.RTPTransceiverDirectionInactive)
	if view, _ := h.phoneView(t, late.token); !view.Over {
		t.Errorf("after the end: %+v", view)
	}
	if resp, text := h.request(t, http.MethodPost, "/whip", late.token, "application/sdp", late.offer(t, false)); resp.StatusCode != http.StatusConflict {
		t.Errorf("a picture after the end: %d %s", resp.StatusCode, text)
	}
	if token := h.claim(t, unused); token != "" {
		if view, _ := h.phoneView(t, token); !view.Over {
			t.Errorf("a code after the end leads to %+v", view)
		}
	}
	if status, _ := anna.call(t, http.MethodPost, "/api/attempts/"+a.ID.String()+"/phone-code", map[string]any{}); status != http.StatusConflict {
		t.Errorf("a code after the end: %d", status)
	}
}

// TestPhoneRefuses: each token opens what it is for and nothing else, and what is refused changes nothing.
func TestPhoneRefuses(t *testing.T) {
	h := newPhoneHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	older := anna.phoneCode(t, a.ID)
	code := anna.phoneCode(t, a.ID)
	expired := h.signedIn(t, esiamock.StudentBoris)
	b := expired.join(t, true)
	old := expired.phoneCode(t, b.ID)
	_, err := h.store.Pool.Exec(t.Context(), `update attempt_token set expires_at = now() where attempt_id = $1`, b.ID)
	must(t, err)
	publish, watch := h.token(t, a.ID, exam.TokenPublish), h.token(t, a.ID, exam.TokenWatch)
	for what, bad := range map[string]string{
		"nothing": "", "a guess": "ochno_AAAA", "a long guess": "ochno_" + strings.Repeat("A", 400), "the code before": older, "an expired code": old,
		"a token for publishing": publish, "a token for watching": watch,
	} {
		if h.claim(t, bad) != "" {
			t.Errorf("%s is taken for a code", what)
		}
	}
	if h.kinds(t, a.ID)["phone_joined"] != 0 {
		t.Error("a refused code made a phone")
	}
	for what, body := range map[string]string{"no JSON": "hello", "too much": `{"code":"` + strings.Repeat("A", 2000) + `"}`} {
		if resp, text := h.request(t, http.MethodPost, "/api/phone", "", "application/json", body); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", what, resp.StatusCode, text)
		}
	}
	token := h.claim(t, code)
	if token == "" {
		t.Fatal("the newest code is refused")
	}
	phone := newCameraThat(t, h, token, webrtc.RTPTransceiverDirectionInactive)
	heard := newCamera(t, h, token).offer(t, false)
	alone := phone.offer(t, false)
	own := newCamera(t, h, publish)
	own.begin(t)
	h.eventually(t, a.ID, "connected", 1)
	for _, want := range []struct {
		what, method, path, token, kind, body string
		status                                int
	}{
		{"a code reads nothing", http.MethodGet, "/api/phone", older, "", "", 401},
		{"a publisher's token reads nothing of the phone", http.MethodGet, "/api/phone", publish, "", "", 401},
		{"nobody reads", http.MethodGet, "/api/phone", "", "", "", 401},
		{"a phone sends no sound", http.MethodPost, "/whip", token, "application/sdp", heard, 422},
		{"a publisher sends its sound", http.MethodPost, "/whip", publish, "application/sdp", alone, 422},
		{"a phone watches nobody", http.MethodPost, "/whep", token, "application/sdp", alone, 401},
		{"a phone ends nobody's session", http.MethodDelete, own.location, token, "", "", 404},
		{"a phone reads no attempt", http.MethodGet, "/api/attempts/" + a.ID.String(), token, "", "", 401},
		{"a phone makes no codes", http.MethodPost, "/api/attempts/" + a.ID.String() + "/phone-code", token, "application/json", "{}", 401},
		{"a phone reads no recordings", http.MethodGet, "/api/attempts/" + a.ID.String() + "/recordings", token, "", "", 401},
	} {
		if resp, text := h.request(t, want.method, want.path, want.token, want.kind, want.body); resp.StatusCode != want.status {
			t.Errorf("%s: %d %s, want %d", want.what, resp.StatusCode, text, want.status)
		}
	}
	if kinds := h.kinds(t, a.ID); kinds["taken_over"]+kinds["phone_connected"]+kinds["disconnected"] != 0 {
		t.Errorf("what was refused changed something: %v", kinds)
	}

	h.exam.Policy.Phone = exam.NotWanted
	_, err = h.store.Exams.Ensure(t.Context(), h.exam)
	must(t, err)
	if status, text := anna.call(t, http.MethodPost, "/api/attempts/"+a.ID.String()+"/phone-code", map[string]any{}); status != http.StatusConflict || problemCode(t, text) != "phone_not_wanted" {
		t.Errorf("a code that nobody asked for: %d %s", status, text)
	}
	if resp, text := h.request(t, http.MethodPost, "/whip", token, "application/sdp", alone); resp.StatusCode != http.StatusConflict || problemCode(t, text) != "phone_not_wanted" {
		t.Errorf("a phone that nobody asked for: %d %s", resp.StatusCode, text)
	}
}
