package proctor_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestWatchedOnlyWherePolicySays: what a student's page notices is stored while she sits an exam that watches it, in bounds, and never else.
func TestWatchedOnlyWherePolicySays(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	attempt := anna.join(t, true).ID
	behaviour := fmt.Sprintf("/api/attempts/%s/behaviour", attempt)
	seen := func() (n int) {
		t.Helper()
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from event where attempt_id = $1 and lane = 'behaviour'`, attempt).Scan(&n))
		return n
	}
	hidden := map[string]any{"kind": "tab_hidden", "seconds": 4}
	note := func(body map[string]any, want int, code string) {
		t.Helper()
		before := seen()
		status, text := anna.call(t, http.MethodPost, behaviour, body)
		if status != want || (code != "" && problemCode(t, text) != code) {
			t.Errorf("%v: %d %s; want %d %s", body, status, text, want, code)
		}
		if kept := seen() - before; (kept == 1) != (want < 300) {
			t.Errorf("%v: %d events more", body, kept)
		}
	}
	note(hidden, http.StatusConflict, "illegal_move") // she does not sit it yet
	_, err := h.store.Pool.Exec(t.Context(), `update attempt set state = 'in_progress' where id = $1`, attempt)
	must(t, err)
	note(hidden, http.StatusConflict, "not_watched")
	h.exam.Policy.Page = exam.PageRules{Tabs: true}
	_, err = h.store.Exams.Ensure(t.Context(), h.exam)
	must(t, err)
	note(hidden, http.StatusNoContent, "")
	note(map[string]any{"kind": "focus_lost", "seconds": 4}, http.StatusConflict, "not_watched")
	note(map[string]any{"kind": "thoughts", "seconds": 4}, http.StatusUnprocessableEntity, "")
	note(map[string]any{"kind": "tab_hidden", "seconds": -1}, http.StatusUnprocessableEntity, "")

	card := get[struct{ Page exam.PageRules }](t, anna, "/api/join/exam")
	if card.Page != (exam.PageRules{Tabs: true}) {
		t.Errorf("she is told: %+v", card.Page)
	}
	_, err = h.store.Pool.Exec(t.Context(), `insert into event (id, attempt_id, lane, kind, at) select gen_random_uuid(), $1, 'behaviour', 'tab_hidden', now() from generate_series(1, 300)`, attempt)
	must(t, err)
	note(hidden, http.StatusTooManyRequests, "too_many_notes")
}

// TestNetworkIsMeasured: bytes are taken in bounds and forgotten; what was measured is a technical event.
func TestNetworkIsMeasured(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	attempt := anna.join(t, true).ID.String()
	probe := func(size int) (int, string) {
		resp, err := anna.Post(h.url+"/api/attempts/"+attempt+"/probe", "application/octet-stream", strings.NewReader(strings.Repeat("x", size)))
		must(t, err)
		return resp.StatusCode, read(t, resp)
	}
	if status, text := probe(100_000); status != http.StatusOK || !strings.Contains(text, `"bytes":100000`) {
		t.Errorf("a probe: %d %s", status, text)
	}
	if status, _ := probe(256<<10 + 1); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a probe that is too large: %d", status)
	}
	refused := false
	for range 60 {
		status, _ := probe(1)
		refused = refused || status == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("sixty probes at once are all taken")
	}
	measured := map[string]any{"upKbps": 5200, "lossPercent": 0.4, "roundTripMs": 38, "way": "relay", "good": true}
	if status, text := anna.call(t, http.MethodPost, "/api/attempts/"+attempt+"/network", measured); status != http.StatusNoContent {
		t.Fatalf("a measurement: %d %s", status, text)
	}
	var detail []byte
	must(t, h.store.Pool.QueryRow(t.Context(), `select detail from event where attempt_id = $1 and lane = 'technical' and kind = 'network'`, attempt).Scan(&detail))
	var kept map[string]any
	must(t, json.Unmarshal(detail, &kept))
	if kept["way"] != "relay" || kept["upKbps"] != 5200.0 || len(kept) != 5 {
		t.Errorf("kept: %s", detail)
	}
	measured["way"] = "pigeon"
	if status, _ := anna.call(t, http.MethodPost, "/api/attempts/"+attempt+"/network", measured); status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown way: %d", status)
	}
}

// TestWorkAndQueue: where the exam is, is told to whoever sits it and to nobody before; who waits for staff knows her place.
func TestWorkAndQueue(t *testing.T) {
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_FRAMES"] = "https://lms.example" })
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	attempts := []string{anna.join(t, true).ID.String(), boris.join(t, true).ID.String()}
	registrar := h.signedIn(t, esiamock.Registrar)
	policy := exam.DefaultPolicy()
	for url, want := range map[string]int{
		"https://lms.example/quiz?id=7": http.StatusOK, "https://other.example/quiz": http.StatusUnprocessableEntity, "http://lms.example/": http.StatusUnprocessableEntity,
		"javascript:alert(1)": http.StatusUnprocessableEntity, "https://me:secret@lms.example/": http.StatusUnprocessableEntity,
	} {
		policy.Work = exam.Work{URL: url, Embed: true}
		if status, text := registrar.call(t, http.MethodPut, "/api/exams/"+h.exam.ID.String()+"/policy", policy); status != want {
			t.Errorf("%s: %d %s; want %d", url, status, text, want)
		}
	}
	policy.Work = exam.Work{URL: "https://lms.example/quiz?id=7", Embed: true}
	if status, _ := registrar.call(t, http.MethodPut, "/api/exams/"+h.exam.ID.String()+"/policy", policy); status != http.StatusOK {
		t.Fatal(status)
	}
	type shape struct {
		Work  *exam.Work
		Queue *struct{ Place, Length int }
	}
	of := func(b *browser, attempt string) shape { t.Helper(); return get[shape](t, b, "/api/attempts/"+attempt) }
	if got := of(anna, attempts[0]); got.Work != nil || got.Queue != nil {
		t.Errorf("before: %+v", got)
	}
	for i, b := range []*browser{anna, boris} {
		_, err := h.store.Pool.Exec(t.Context(), `update attempt set tries_left = 0 where id = $1`, attempts[i])
		must(t, err)
		_, err = h.store.Pool.Exec(t.Context(), `insert into attempt_move (attempt_id, from_state, to_state, at) values ($1, 'identifying', 'ready', now())`, attempts[i])
		must(t, err)
		if got := of(b, attempts[i]); got.Queue == nil || got.Queue.Place != i+1 || got.Queue.Length != i+1 {
			t.Errorf("the queue of student %d: %+v", i, got.Queue)
		}
	}
	_, err := h.store.Pool.Exec(t.Context(), `update attempt set state = 'in_progress' where id = $1`, attempts[0])
	must(t, err)
	if got := of(anna, attempts[0]); got.Work == nil || *got.Work != policy.Work || got.Queue != nil {
		t.Errorf("while she sits it: %+v", got)
	}
	if got := of(boris, attempts[1]); got.Queue == nil || got.Queue.Place != 1 || got.Queue.Length != 1 || got.Work != nil {
		t.Errorf("who waited behind: %+v", got)
	}
}

// TestMyExams: a student finds her exams by herself, and nobody else's.
func TestMyExams(t *testing.T) {
	h := newHouse(t)
	type list struct {
		Exams []struct{ Code, Title, State string }
	}
	anna, vera := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentVera)
	if got := get[list](t, anna, "/api/my-exams"); len(got.Exams) != 1 || got.Exams[0].Code != "exam" || got.Exams[0].State != "" {
		t.Errorf("before she came: %+v", got)
	}
	anna.join(t, true)
	if got := get[list](t, anna, "/api/my-exams"); len(got.Exams) != 1 || got.Exams[0].State != "ready" {
		t.Errorf("when she came: %+v", got)
	}
	if got := get[list](t, vera, "/api/my-exams"); len(got.Exams) != 0 {
		t.Errorf("who is in no list: %+v", got)
	}
	_, err := h.store.Pool.Exec(t.Context(), `update exam set starts_at = now() - interval '50 hours', ends_at = now() - interval '47 hours'`)
	must(t, err)
	if got := get[list](t, anna, "/api/my-exams"); len(got.Exams) != 0 {
		t.Errorf("long over: %+v", got)
	}
}
