package proctor_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"ochno/proctor/esia/esiamock"
)

// TestExamsByAPI: an exam is made with rules and changed by who keeps the lists; what cannot be meant is refused by its field.
func TestExamsByAPI(t *testing.T) {
	h := newHouse(t)
	admin := h.signedIn(t, esiamock.Administrator)
	at := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Minute)
	var policy map[string]any
	status, text := admin.call(t, http.MethodGet, "/api/policy", nil)
	if status != http.StatusOK {
		t.Fatalf("the rules to begin with: %d %s", status, text)
	}
	must(t, json.Unmarshal([]byte(text), &policy))
	policy["tries"] = 4
	draft := func(change map[string]any) map[string]any {
		d := map[string]any{"title": "Физика", "startsAt": at, "endsAt": at.Add(3 * time.Hour), "policy": policy}
		for k, v := range change {
			d[k] = v
		}
		return d
	}
	badPolicy := map[string]any{}
	for k, v := range policy {
		badPolicy[k] = v
	}
	badPolicy["tries"] = 99
	for code, change := range map[string]map[string]any{
		"exam_title":     {"title": " "},
		"exam_time":      {"endsAt": at},
		"exam_code":      {"code": "exam"}, // the house's own exam has it
		"policy_invalid": {"policy": badPolicy},
	} {
		if status, text := admin.call(t, http.MethodPost, "/api/exams", draft(change)); status != http.StatusUnprocessableEntity || problemCode(t, text) != code {
			t.Errorf("%s: %d %s", code, status, text)
		}
	}
	list := func() []string {
		t.Helper()
		var out struct {
			Exams []struct{ Title string }
		}
		_, text := admin.call(t, http.MethodGet, "/api/exams", nil)
		must(t, json.Unmarshal([]byte(text), &out))
		titles := make([]string, len(out.Exams))
		for i, e := range out.Exams {
			titles[i] = e.Title
		}
		return titles
	}
	if titles := list(); len(titles) != 1 {
		t.Fatalf("refusals made exams: %v", titles)
	}
	var made struct{ ID, Code, Title string }
	status, text = admin.call(t, http.MethodPost, "/api/exams", draft(nil))
	must(t, json.Unmarshal([]byte(text), &made))
	if status != http.StatusOK || made.Title != "Физика" || made.Code == "" {
		t.Fatalf("made: %d %s", status, text)
	}
	var stored struct{ Tries int }
	status, text = admin.call(t, http.MethodGet, "/api/exams/"+made.ID+"/policy", nil)
	must(t, json.Unmarshal([]byte(text), &stored))
	if status != http.StatusOK || stored.Tries != 4 {
		t.Errorf("its rules: %d %s", status, text)
	}
	change := map[string]any{"title": "Физика, пересдача", "startsAt": at, "endsAt": at.Add(4 * time.Hour)}
	if status, text := admin.call(t, http.MethodPut, "/api/exams/"+made.ID, change); status != http.StatusOK {
		t.Errorf("changed: %d %s", status, text)
	}
	change["title"] = "x"
	if status, text := admin.call(t, http.MethodPut, "/api/exams/"+made.ID, change); status != http.StatusUnprocessableEntity || problemCode(t, text) != "exam_title" {
		t.Errorf("a change without a title: %d %s", status, text)
	}
	if titles := list(); len(titles) != 2 || titles[0] != "Физика, пересдача" {
		t.Errorf("the exams are %v", titles)
	}
}
