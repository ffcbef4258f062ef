package ebsmock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ochno/ebsclient/ebsmock"
)

func TestEnrolment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Key = dir, standKey() })
	face := webcam(t, modulePhoto(t, "face.jpg"))
	var asPNG bytes.Buffer
	if err := png.Encode(&asPNG, face); err != nil {
		t.Fatal(err)
	}
	twice := frame{image.NewRGBA(image.Rect(0, 0, 1280, 480))}
	twice.fill(face, func(x, y float64) (float64, float64) {
		if x >= 640 {
			x -= 640
		}
		return x, y
	})
	do := func(method, path, contentType, name string, body []byte) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Person-Name", name)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	code := func(w *httptest.ResponseRecorder) string {
		var p struct {
			Code    string
			Message map[string]string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" || p.Message["ru"] == "" || p.Message["en"] == "" {
			t.Errorf("not a problem: %s", w.Body)
		}
		return p.Code
	}
	for name, c := range map[string]struct {
		path, contentType, person string
		body                      []byte
		status                    int
		code                      string
	}{
		"no oid":        {"/enrolments/abc", "image/jpeg", "", face.jpeg(t, 90), 400, "bad_oid"},
		"a path":        {"/enrolments/..%2Fkeys", "image/jpeg", "", face.jpeg(t, 90), 400, "bad_oid"},
		"no type":       {"/enrolments/5", "", "", face.jpeg(t, 90), 415, "bad_type"},
		"a GIF":         {"/enrolments/5", "image/gif", "", face.jpeg(t, 90), 415, "bad_type"},
		"a long name":   {"/enrolments/5", "image/jpeg", strings.Repeat("n", 201), face.jpeg(t, 90), 400, "bad_name"},
		"no text":       {"/enrolments/5", "image/jpeg", "%FF", face.jpeg(t, 90), 400, "bad_name"},
		"no picture":    {"/enrolments/5", "image/jpeg", "", []byte("hello"), 422, "low_quality"},
		"half of one":   {"/enrolments/5", "image/jpeg", "", face.jpeg(t, 90)[:3000], 422, "low_quality"},
		"a bomb":        {"/enrolments/5", "image/png", "", bomb(t), 422, "low_quality"},
		"no face":       {"/enrolments/5", "image/jpeg", "", frame{image.NewRGBA(face.Rect)}.jpeg(t, 90), 422, "low_quality"},
		"two faces":     {"/enrolments/5", "image/jpeg", "", twice.jpeg(t, 90), 422, "low_quality"},
		"much too much": {"/enrolments/5", "image/jpeg", "", make([]byte, 9<<20), 413, "too_large"},
	} {
		w := do("PUT", c.path, c.contentType, c.person, c.body)
		if w.Code != c.status || code(w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
		}
	}
	if w := do("GET", "/enrolments", "", "", nil); strings.TrimSpace(w.Body.String()) != `{"enrolments":[]}` {
		t.Errorf("refused pictures left something behind: %s", w.Body)
	}
	if w := do("PUT", "/enrolments/5", "image/jpeg", "%D0%90%D0%BD%D0%BD%D0%B0", face.jpeg(t, 90)); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := do("PUT", "/enrolments/6", "image/png", "", asPNG.Bytes()); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := do("GET", "/enrolments", "", "", nil)
	var list struct{ Enrolments []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Enrolments) != 2 {
		t.Fatalf("%s %v", w.Body, err)
	}
	if e := list.Enrolments[0]; len(e) != 3 || e["oid"] != "5" || e["name"] != "Анна" || e["enrolledAt"] == "" {
		t.Errorf("%v: want oid, name, enrolledAt and no picture", e)
	}
	// No photo is kept, and what is kept is the owner's only.
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("JFIF")) || bytes.Contains(data, face.jpeg(t, 90)[:200]) || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: a photo, or readable by others (%v)", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	again := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Key = dir, standKey() })
	rec := httptest.NewRecorder()
	again.ServeHTTP(rec, httptest.NewRequest("GET", "/enrolments", nil))
	if rec.Body.String() != w.Body.String() {
		t.Errorf("after a restart: %s", rec.Body)
	}
	if w := do("DELETE", "/enrolments/5", "", "", nil); w.Code != 204 {
		t.Errorf("remove: %d", w.Code)
	}
	if w := do("DELETE", "/enrolments/5", "", "", nil); w.Code != 404 || code(w) != "not_enrolled" {
		t.Errorf("remove again: %d", w.Code)
	}
	if _, err := os.Stat(filepath.Join(dir, "enrolments", "5.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the removed enrolment is still there: %v", err)
	}
}

// bomb is a small file of a picture too large to decode.
func bomb(tb testing.TB) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8000, 200))); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
