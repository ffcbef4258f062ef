package proctor_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/media/webm"
)

// TestRecordingAsOneFile: whoever may see a recording takes it home as one file, or any part of it; the look stands in the log; what was destroyed
// or was never stored is not there.
func TestRecordingAsOneFile(t *testing.T) {
	h := newHouse(t)
	objects, err := proctor.OpenArchive(t.Context(), h.config, h.store)
	must(t, err)
	anna := h.signedIn(t, esiamock.StudentAnna)
	attempt := anna.join(t, true).ID
	var segments []string
	for n := range 3 {
		file, _ := webm.AppendHeader(nil, webm.Header{Epoch: time.Now(), Width: 640, Height: 480})
		file, err := webm.AppendCluster(file, []webm.Block{
			{Track: webm.VideoTrack, Timecode: time.Duration(n) * 10 * time.Second, Key: true, Data: bytes.Repeat([]byte{byte(n)}, 5000*(n+1))},
			{Track: webm.AudioTrack, Timecode: time.Duration(n)*10*time.Second + time.Millisecond, Key: true, Data: []byte{1, 2, 3}},
		})
		must(t, err)
		segments = append(segments, string(file))
	}
	recording := h.recordedFiles(t, objects, attempt, segments...)
	path := "/api/recordings/" + recording.String() + "/file"
	seer := h.signedIn(t, esiamock.Proctor)

	whole, resp := seer.part(t, path, "")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "video/webm" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), `attachment; filename="ochno-camera-2`) ||
		resp.Header.Get("Cache-Control") != "private, no-store" || resp.ContentLength != int64(len(whole)) {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	blocks, err := webm.Blocks(whole)
	if err != nil || len(blocks) != 6 || len(blocks[4].Data) != 15000 || blocks[4].Timecode != 20*time.Second {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	f, err := webm.Scan(bytes.NewReader(whole), nil)
	if err != nil || f.Duration != 30*time.Second {
		t.Errorf("%s long, %v", f.Duration, err)
	}
	for _, from := range []int{0, 100, len(whole) / 2, len(whole) - 7} {
		part, resp := seer.part(t, path, fmt.Sprintf("bytes=%d-%d", from, from+5))
		if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(part, whole[from:from+6]) {
			t.Errorf("from %d: %s, % x", from, resp.Status, part)
		}
	}
	if _, resp := seer.part(t, path, fmt.Sprintf("bytes=%d-", len(whole))); resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end: %s", resp.Status)
	}
	if got := h.looks(t, ledger.Filter{Attempt: attempt}); len(got) != 1 || !strings.HasSuffix(got[0], "played recording") {
		t.Errorf("looks %q", got)
	}

	for name, c := range map[string]struct {
		who    *browser
		path   string
		status int
	}{
		"the student":       {anna, path, http.StatusForbidden},
		"nothing stored":    {seer, "/api/recordings/" + h.record(t, h.signedIn(t, esiamock.StudentBoris).join(t, true).ID).String() + "/file", http.StatusNotFound},
		"no such recording": {seer, "/api/recordings/" + uuid.NewString() + "/file", http.StatusNotFound},
	} {
		if status, text := c.who.call(t, http.MethodGet, c.path, nil); status != c.status {
			t.Errorf("%s: %d %.100s", name, status, text)
		}
	}
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error { return objects.Destroy(t.Context(), tx, attempt, archive.Withdrawn) }))
	if status, text := seer.call(t, http.MethodGet, path, nil); status != http.StatusGone && status != http.StatusNotFound {
		t.Errorf("destroyed: %d %.100s", status, text)
	}
}

// part asks for a range, or for everything.
func (b *browser) part(t *testing.T, path, ranges string) ([]byte, *http.Response) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.house.url+path, nil)
	must(t, err)
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	resp, err := b.Do(req)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return body, resp
}
