package proctor_test

import (
	"net/http"
	"strings"
	"testing"

	"ochno/proctor/esia/esiamock"
)

// TestSpoolNearlyFull: staff see a banner, the health report and the metrics say so, a student is not troubled.
func TestSpoolNearlyFull(t *testing.T) {
	type notices struct{ Notices []struct{ Code string } }
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_SPOOL_RESERVE_GIB"] = "1073741824" }) // an exbibyte
	seer := h.signedIn(t, esiamock.Proctor)
	if got := get[notices](t, seer, "/api/notices"); len(got.Notices) != 1 || got.Notices[0].Code != "spool" {
		t.Errorf("a proctor is told %+v", got)
	}
	health := get[struct {
		Status       string
		Dependencies map[string]struct{ Status, Detail string }
	}](t, seer, "/healthz")
	if d := health.Dependencies["spool"]; d.Status != "failed" || health.Status != "degraded" || strings.Contains(d.Detail, "GiB") {
		t.Errorf("health %+v", health)
	}
	if status, _ := h.signedIn(t, esiamock.StudentAnna).call(t, http.MethodGet, "/api/notices", nil); status != http.StatusForbidden {
		t.Errorf("a student: %d", status)
	}
}
