package proctor_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia/esiamock"
)

var metricsAddress = regexp.MustCompile(`msg=metrics address=(\S+)`)

// metric reads the numbers; "" where there is no such line.
func (h *house) metric(t *testing.T, line string) string {
	t.Helper()
	resp, err := http.Get("http://" + metricsAddress.FindStringSubmatch(h.log.String())[1] + "/metrics")
	must(t, err)
	text := read(t, resp)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %d %s", resp.StatusCode, text)
	}
	for l := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestMetrics: the numbers are on a listener of their own, without anybody's data in them.
func TestMetrics(t *testing.T) {
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_METRICS"] = "127.0.0.1:0" })
	h.signedIn(t, esiamock.StudentAnna).join(t, true)
	h.sealed(t)
	for line, want := range map[string]string{
		"ochno_log_unsealed_records": "0", "ochno_log_unsealed_age_seconds": "0", "ochno_log_verification_failed": "0", "ochno_log_verification_late": "0",
		"ochno_retention_run_failed": "0", "ochno_retention_run_late": "0", `ochno_exports{state="ready"}`: "0", `ochno_exports{state="waiting"}`: "0",
		"ochno_media_publishers": "0", "ochno_media_viewers": "0", "ochno_verifier_circuit_open": "0", "ochno_mail_given_up": "0",
		`ochno_metric_failed{metric="log_unsealed_records"}`: "0", `ochno_metric_failed{metric="retention_run_late"}`: "0",
	} {
		if have := h.metric(t, line); have != want {
			t.Errorf("%s is %q; want %s", line, have, want)
		}
	}
	for _, line := range []string{"ochno_log_records", "ochno_log_checkpoint_timestamp_seconds", "go_goroutines", "process_resident_memory_bytes"} {
		if have := h.metric(t, line); have == "" || have == "0" {
			t.Errorf("%s is %q", line, have)
		}
	}
	for _, path := range []string{"/metrics", "/api/metrics"} {
		resp, err := http.Get(h.url + path)
		must(t, err)
		if text := read(t, resp); strings.Contains(text, "ochno_log_records") {
			t.Errorf("%s of the public listener gives them", path)
		}
	}
	_, err := h.store.Pool.Exec(t.Context(), `alter table export_job rename to export_gone`)
	must(t, err)
	if failed := h.metric(t, `ochno_metric_failed{metric="exports"}`); failed != "1" || h.metric(t, "ochno_log_records") == "" || h.metric(t, `ochno_exports{state="ready"}`) != "" {
		t.Errorf("a metric that cannot be read: failed %q", failed)
	}
	_, err = h.store.Pool.Exec(t.Context(), `alter table export_gone rename to export_job`)
	must(t, err)
}

// TestRetentionThatDidNotRunIsLoud: the metric, /healthz and the banner of staff tell of it, whether it stopped, fails, or never ran.
func TestRetentionThatDidNotRunIsLoud(t *testing.T) {
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_METRICS"] = "127.0.0.1:0" })
	registrar := h.signedIn(t, esiamock.Registrar)
	exec := func(sql string) {
		t.Helper()
		_, err := h.store.Pool.Exec(t.Context(), sql)
		must(t, err)
	}
	var runs int
	for end := time.Now().Add(time.Minute); runs == 0; time.Sleep(20 * time.Millisecond) { // the run at the start
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from retention_run`).Scan(&runs))
		if time.Now().After(end) {
			t.Fatal("it never ran")
		}
	}
	state := func() (metrics, health, banner bool) {
		t.Helper()
		for _, n := range get[struct{ Notices []struct{ Code string } }](t, registrar, "/api/notices").Notices {
			banner = banner || n.Code == "retention"
		}
		status := get[struct {
			Dependencies map[string]struct{ Status string }
		}](t, registrar, "/healthz").Dependencies["retention"].Status
		return h.metric(t, "ochno_retention_run_late") == "1" || h.metric(t, "ochno_retention_run_failed") == "1", status == "failed", banner
	}
	for _, c := range []struct {
		name, sql string
		loud      bool
	}{
		{"it ran", `select 1`, false},
		{"it stopped", `update retention_run set started_at = now() - interval '27 hours', ended_at = now() - interval '27 hours'`, true},
		{"it fails", `insert into retention_run (started_at, ended_at, error) values (now(), now(), 'the store keeps its objects')`, true},
		{"it runs again", `insert into retention_run (started_at, ended_at) values (now(), now())`, false},
		{"it never ran, and need not yet", `delete from retention_run`, false},
		{"it never ran", `update organisation set created_at = now() - interval '27 hours'`, true},
	} {
		exec(c.sql)
		if metrics, health, banner := state(); metrics != c.loud || health != c.loud || banner != c.loud {
			t.Errorf("%s: metric %v, health %v, banner %v; want %v", c.name, metrics, health, banner, c.loud)
		}
	}
}
