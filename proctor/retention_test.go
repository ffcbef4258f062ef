package proctor_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
)

// TestRetentionOverHTTP: a registrar sees what is kept how long, changes it, and stops an erasure; nobody of another organisation's exam.
func TestRetentionOverHTTP(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	registrar := h.signedIn(t, esiamock.Registrar)
	if exams := get[struct{ Exams []struct{ ID uuid.UUID } }](t, registrar, "/api/exams").Exams; len(exams) != 1 || exams[0].ID != h.exam.ID {
		t.Errorf("the exams to choose from: %+v", exams)
	}
	type terms struct {
		Terms []struct {
			Class  string
			Days   int
			ExamID *uuid.UUID
		}
		Failed bool
	}
	if got := get[terms](t, registrar, "/api/retention"); len(got.Terms) != 4 || got.Terms[0].Class != "recordings" || got.Terms[0].Days != 180 || got.Failed {
		t.Errorf("retention %+v", got)
	}
	if status, text := registrar.call(t, http.MethodPost, "/api/retention", map[string]any{"class": "recordings", "examId": h.exam.ID, "days": 20, "reason": "приказ № 7"}); status != http.StatusOK {
		t.Fatalf("set a term: %d %s", status, text)
	}
	if got := get[terms](t, registrar, "/api/retention"); len(got.Terms) != 5 || got.Terms[4].Days != 20 || *got.Terms[4].ExamID != h.exam.ID {
		t.Errorf("after the change %+v", got)
	}
	if notices := get[struct{ Notices []struct{ Code string } }](t, registrar, "/api/notices"); len(notices.Notices) != 0 {
		t.Errorf("notices %+v", notices)
	}

	type holds struct {
		Holds []struct {
			ID                uuid.UUID
			Student, PlacedBy string
			LiftedAt          *string
		}
	}
	stranger := uuid.New()
	for name, c := range map[string]struct {
		body   map[string]any
		status int
	}{
		"no exam":                    {map[string]any{"examId": stranger, "kind": "appeal", "reason": "апелляция"}, http.StatusNotFound},
		"an attempt that is not its": {map[string]any{"examId": h.exam.ID, "attemptId": stranger, "kind": "appeal", "reason": "апелляция"}, http.StatusNotFound},
		"no reason":                  {map[string]any{"examId": h.exam.ID, "kind": "appeal", "reason": "    "}, http.StatusUnprocessableEntity},
		"no such kind":               {map[string]any{"examId": h.exam.ID, "kind": "whim", "reason": "апелляция"}, http.StatusUnprocessableEntity},
	} {
		if status, text := registrar.call(t, http.MethodPost, "/api/holds", c.body); status != c.status {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if got := get[holds](t, registrar, "/api/holds"); len(got.Holds) != 0 {
		t.Errorf("holds after refusals: %+v", got)
	}
	if status, text := registrar.call(t, http.MethodPost, "/api/holds", map[string]any{"examId": h.exam.ID, "attemptId": a.ID, "kind": "appeal", "reason": "апелляция № 5"}); status != http.StatusOK {
		t.Fatalf("hold: %d %s", status, text)
	}
	got := get[holds](t, registrar, "/api/holds")
	if len(got.Holds) != 1 || got.Holds[0].Student == "" || got.Holds[0].PlacedBy == "" {
		t.Fatalf("holds %+v", got)
	}
	lift := "/api/holds/" + got.Holds[0].ID.String() + "/lift"
	if status, text := registrar.call(t, http.MethodPost, lift, map[string]any{"reason": "рассмотрена"}); status != http.StatusOK {
		t.Fatalf("lift: %d %s", status, text)
	}
	if status, text := registrar.call(t, http.MethodPost, lift, map[string]any{"reason": "рассмотрена"}); status != http.StatusConflict || problemCode(t, text) != "hold_lifted" {
		t.Errorf("lift twice: %d %s", status, text)
	}
	if got := get[holds](t, h.signedIn(t, esiamock.Administrator), "/api/holds"); len(got.Holds) != 1 || got.Holds[0].LiftedAt == nil {
		t.Errorf("holds after lifting %+v", got)
	}
	if got := get[struct{ Receipts []any }](t, registrar, "/api/retention/receipts"); got.Receipts == nil || len(got.Receipts) != 0 {
		t.Errorf("receipts %+v", got)
	}
	if got := get[struct{ Expiries []any }](t, registrar, "/api/retention/calendar?days=3660"); len(got.Expiries) == 0 {
		t.Error("nothing ever expires")
	}

	// A run that fails is told of to staff, and by /healthz.
	_, err := h.store.Pool.Exec(t.Context(), `insert into retention_run (started_at, ended_at, error) values (now(), now(), 'MinIO keeps its objects')`)
	must(t, err)
	notices := get[struct{ Notices []struct{ Code string } }](t, registrar, "/api/notices").Notices
	if len(notices) != 1 || notices[0].Code != "retention" {
		t.Errorf("notices after a run that failed: %+v", notices)
	}
	health := get[struct {
		Dependencies map[string]struct{ Status string }
	}](t, registrar, "/healthz")
	if health.Dependencies["retention"].Status != "failed" {
		t.Errorf("health after a run that failed: %+v", health)
	}
}
