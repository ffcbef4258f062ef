package proctor_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
	"ochno/proctor/media"
)

// recordedFiles stores a recording of the attempt, a segment a text, seals it, and returns its id.
func (h *house) recordedFiles(t *testing.T, objects *archive.Archive, attempt uuid.UUID, contents ...string) uuid.UUID {
	t.Helper()
	start, err := objects.Begin(t.Context(), attempt, "camera")
	must(t, err)
	var before [32]byte
	for i, content := range contents {
		path := filepath.Join(t.TempDir(), "segment.webm")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		sum := sha256.Sum256([]byte(content))
		must(t, objects.StoreSegment(t.Context(), media.Segment{
			Recording: start.ID, Attempt: attempt, Number: i, Path: path, Offset: time.Duration(i) * 10 * time.Second, Duration: 10 * time.Second,
			Started: start.Started, Size: int64(len(content)), SHA256: sum, PrevSHA256: before, Video: true, Width: 640, Height: 480,
		}))
		before = sum
	}
	must(t, objects.Seal(t.Context(), h.exam.ID, attempt, true))
	return start.ID
}

// ready waits until the newest export is made.
func (b *browser) ready(t *testing.T) api.ExportJob {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		job := get[api.ExportJobs](t, b, "/api/log/exports").Exports[0]
		if job.State == "ready" {
			return job
		}
		if job.State != "waiting" && job.State != "running" || time.Now().After(end) {
			t.Fatalf("the export is %+v", job)
		}
	}
}

func (b *browser) download(t *testing.T, id uuid.UUID, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/api/log/exports/%s/file", b.house.url, id), nil)
	must(t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := b.Do(req)
	must(t, err)
	return resp, read(t, resp)
}

// TestExportJobs: what is ordered is recorded, made, and given in any pieces to whom it was made for, as long as she may.
func TestExportJobs(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t, esiamock.StudentAnna).join(t, true)
	h.grant(t, esiamock.Proctor2, account.Registrar)
	registrar, colleague := h.signedIn(t, esiamock.Registrar), h.signedIn(t, esiamock.Proctor2)
	h.sealed(t)
	accesses := func(what, outcome string) (n int) {
		t.Helper()
		must(t, h.store.Log.Each(t.Context(), ledger.Filter{Type: ledger.TypeAccess, Outcome: outcome}, func(r ledger.Row) error {
			var d ledger.Access
			if err := r.Data(&d); err != nil {
				return err
			}
			if d.What == what && r.Personal["actor"] != "" {
				n++
			}
			return nil
		}))
		return n
	}
	plan := get[api.ExportPlan](t, registrar, "/api/log/export/plan?exam="+h.exam.ID.String())
	if plan.Records == 0 || plan.Large || plan.Bytes != 0 {
		t.Errorf("the plan %+v", plan)
	}
	order := "/api/log/exports?format=csv&separator=comma&exam=" + h.exam.ID.String()
	if status, text := registrar.call(t, http.MethodPost, order, nil); status != http.StatusOK {
		t.Fatalf("order: %d %s", status, text)
	}
	if accesses("log.csv", "exported") != 1 {
		t.Error("the order is no record")
	}
	job := registrar.ready(t)
	if job.Percent != 100 || job.ExpiresAt == nil || job.Selection["exam"] != h.exam.ID.String() || !strings.HasSuffix(job.Name, ".csv") {
		t.Errorf("made %+v", job)
	}
	resp, whole := registrar.download(t, job.ID, nil)
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(whole, "\ufeffЗапись журнала,") || int64(len(whole)) != job.Size || !strings.Contains(resp.Header.Get("Content-Disposition"), job.Name) ||
		!strings.Contains(resp.Header.Get("Cache-Control"), "no-store") || fmt.Sprintf("%x", sha256.Sum256([]byte(whole))) != job.SHA256 {
		t.Errorf("the file: %d %v %.80q", resp.StatusCode, resp.Header, whole)
	}
	// A download that broke off goes on; of another file it would begin anew.
	resp, rest := registrar.download(t, job.ID, http.Header{"Range": {"bytes=100-"}, "If-Range": {resp.Header.Get("ETag")}})
	if resp.StatusCode != http.StatusPartialContent || whole[:100]+rest != whole {
		t.Errorf("the rest: %d, %d bytes of %d", resp.StatusCode, len(rest), len(whole))
	}
	if resp, all := registrar.download(t, job.ID, http.Header{"Range": {"bytes=100-"}, "If-Range": {`"other"`}}); resp.StatusCode != http.StatusOK || all != whole {
		t.Errorf("the rest of another file: %d, %d bytes", resp.StatusCode, len(all))
	}
	if resp, _ := registrar.download(t, job.ID, http.Header{"Range": {"bytes=99999999-"}}); resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("after the end: %d", resp.StatusCode)
	}
	if n := accesses("log.export", "downloaded"); n != 1 {
		t.Errorf("%d records of the download within the hour", n)
	}
	// Nobody else's.
	if resp, text := colleague.download(t, job.ID, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a colleague's download: %d %.100s", resp.StatusCode, text)
	}
	if status, _ := colleague.call(t, http.MethodPost, fmt.Sprintf("/api/log/exports/%s/cancel", job.ID), nil); status != http.StatusNotFound {
		t.Errorf("a colleague cancels: %d", status)
	}
	if list := get[api.ExportJobs](t, colleague, "/api/log/exports").Exports; len(list) != 0 {
		t.Errorf("a colleague sees %+v", list)
	}
	// What is refused is neither made nor recorded.
	before := accesses("log.package.recordings", "exported")
	for query, code := range map[string]string{
		"format=package&recordings=true": "recordings_of_one", "format=csv&recordings=true&exam=" + h.exam.ID.String(): "recordings_of_one",
		"format=csv&exam=x": "bad_request", "format=pdf": "bad_request",
	} {
		if status, text := registrar.call(t, http.MethodPost, "/api/log/exports?"+query, nil); status != http.StatusUnprocessableEntity || problemCode(t, text) != code {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	if n := len(get[api.ExportJobs](t, registrar, "/api/log/exports").Exports); n != 1 || accesses("log.package.recordings", "exported") != before {
		t.Errorf("refused orders left %d exports", n)
	}
	if status, text := registrar.call(t, http.MethodPost, fmt.Sprintf("/api/log/exports/%s/cancel", job.ID), nil); status != http.StatusOK {
		t.Errorf("cancel: %d %s", status, text)
	}
	if resp, text := registrar.download(t, job.ID, nil); resp.StatusCode != http.StatusGone || problemCode(t, text) != "export_gone" {
		t.Errorf("after that: %d %s", resp.StatusCode, text)
	}
	// Who is no registrar any more gets nothing, whatever was made for her.
	if status, _ := registrar.call(t, http.MethodPost, order, nil); status != http.StatusOK {
		t.Fatal("not ordered")
	}
	job = registrar.ready(t)
	_, err := h.store.Pool.Exec(t.Context(), `delete from person_role where role = 'registrar' and person_id = (select person_id from export_job where id = $1)`, job.ID)
	must(t, err)
	if resp, _ := registrar.download(t, job.ID, nil); resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the role: %d", resp.StatusCode)
	}
}

// TestPackageWithRecordings: the files are in it, playable, and checked with it; those of a destroyed key are not, and it fits all the same.
func TestPackageWithRecordings(t *testing.T) {
	h := newHouse(t)
	objects, err := proctor.OpenArchive(t.Context(), h.config, h.store)
	must(t, err)
	anna, boris := h.signedIn(t, esiamock.StudentAnna).join(t, true).ID, h.signedIn(t, esiamock.StudentBoris).join(t, true).ID
	recording := h.recordedFiles(t, objects, anna, "webm one", "webm two", "webm three")
	h.recordedFiles(t, objects, boris, "webm of another")
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error { return objects.Destroy(t.Context(), tx, boris, archive.Withdrawn) }))
	h.sealed(t)
	registrar := h.signedIn(t, esiamock.Registrar)
	query := "exam=" + h.exam.ID.String()
	if plan := get[api.ExportPlan](t, registrar, "/api/log/export/plan?"+query); plan.Recordings != 2 || plan.Files != 3 || plan.Bytes != int64(len("webm one"+"webm two"+"webm three")) {
		t.Errorf("the plan %+v", plan)
	}
	if plan := get[api.ExportPlan](t, registrar, "/api/log/export/plan"); plan.Files != 0 || plan.Records == 0 {
		t.Errorf("the plan of the whole log %+v", plan)
	}
	if status, text := registrar.call(t, http.MethodPost, "/api/log/exports?format=package&recordings=true&"+query, nil); status != http.StatusOK {
		t.Fatalf("order: %d %s", status, text)
	}
	job := registrar.ready(t)
	if !job.Recordings {
		t.Errorf("made %+v", job)
	}
	_, file := registrar.download(t, job.ID, nil)
	verify := func(file []byte) *pack.Report {
		t.Helper()
		report, err := pack.Verify(t.Context(), bytes.NewReader(file), int64(len(file)), pack.Trust{Key: h.store.Key.Public})
		must(t, err)
		return report
	}
	report := verify([]byte(file))
	if !report.OK() || report.Recorded != 3 || report.Segments != 4 || report.RecordedBytes != int64(len("webm one"+"webm two"+"webm three")) {
		t.Errorf("%+v", report)
	}
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	must(t, err)
	plain, err := z.Open(fmt.Sprintf("recordings/%s/1.webm", recording))
	must(t, err)
	defer plain.Close()
	content := make([]byte, 8)
	if _, err := plain.Read(content); string(content) != "webm two" {
		t.Errorf("the second file is %q, %v", content, err)
	}
	if _, err := z.Open("sheet.pdf"); err != nil {
		t.Errorf("the sheet: %v", err)
	}
	broken := verify(bytes.Replace([]byte(file), []byte("webm two"), []byte("webm 222"), 1))
	if broken.OK() || !strings.Contains(broken.Findings[0].String(), "the recorded file of segment 1 of recording "+recording.String()+" was changed") {
		t.Errorf("a changed file: %v", broken.Findings)
	}
	n := 0
	must(t, h.store.Log.Each(t.Context(), ledger.Filter{Type: ledger.TypeAccess, Outcome: "exported", Exam: h.exam.ID}, func(r ledger.Row) error {
		var d ledger.Access
		must(t, r.Data(&d))
		if d.What == "log.package.recordings" {
			n++
		}
		return nil
	}))
	if n != 1 {
		t.Errorf("%d records of the export", n)
	}
}
