package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// TestPageEncodings says which form of a file a browser gets, and that the compressed ones have no addresses of their own.
func TestPageEncodings(t *testing.T) {
	p, err := newPage(fstest.MapFS{
		"index.html":       {Data: []byte(`<base href="/" />`)},
		"assets/a.js":      {Data: []byte("plain")},
		"assets/a.js.br":   {Data: []byte("brotli")},
		"assets/a.js.gz":   {Data: []byte("gzip")},
		"assets/font.woff": {Data: []byte("font")},
	}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, accept, encoding, body string }{
		{"/assets/a.js", "gzip, deflate, br", "br", "brotli"},
		{"/assets/a.js", "gzip;q=1.0, br; q=0", "gzip", "gzip"},
		{"/assets/a.js", "GZIP", "gzip", "gzip"},
		{"/assets/a.js", "brotli", "", "plain"},
		{"/assets/a.js", "br;q=none", "", "plain"},
		{"/assets/a.js", "", "", "plain"},
		{"/assets/font.woff", "br", "", "font"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != c.encoding || w.Body.String() != c.body {
			t.Errorf("%s for %q: %d, %q, %q", c.path, c.accept, w.Code, w.Header().Get("Content-Encoding"), w.Body)
		}
		if cached := w.Header().Get("Cache-Control"); !strings.Contains(cached, "immutable") {
			t.Errorf("%s: Cache-Control %q", c.path, cached)
		}
		if compressed := strings.HasSuffix(c.path, ".js"); compressed != (w.Header().Get("Vary") == "Accept-Encoding") || compressed != strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
			t.Errorf("%s for %q: header %v", c.path, c.accept, w.Header())
		}
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/a.js.br", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a compressed file by name: %d", w.Code)
	}
}

// TestPageUnderAPath says that an installation under a path tells its browsers so, whether the proxy before it takes the path off or not.
func TestPageUnderAPath(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte(`<base href="/" />`)}, "assets/a.js": {Data: []byte("plain")}}
	p, err := newPage(files, "/exams/ochno", []string{"https://lms.example"})
	if err != nil {
		t.Fatal(err)
	}
	h := under("/exams/ochno", p)
	for _, c := range []struct {
		path string
		code int
		body string
	}{
		{"/exams/ochno", http.StatusMovedPermanently, ""},
		{"/exams/ochno/e/demo", http.StatusOK, `<base href="/exams/ochno/" />`},
		{"/e/demo", http.StatusOK, `<base href="/exams/ochno/" />`},
		{"/exams/ochno/assets/a.js", http.StatusOK, "plain"},
		{"/assets/a.js", http.StatusOK, "plain"},
		{"/exams/ochnowhere/assets/a.js", http.StatusOK, `<base href="/exams/ochno/" />`}, // a page of the application, which knows none there
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.code || (c.code == http.StatusOK && w.Body.String() != c.body) {
			t.Errorf("%s: %d %q", c.path, w.Code, w.Body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); strings.HasPrefix(c.body, "<base") && !strings.Contains(policy, "; frame-src https://lms.example; base-uri") {
			t.Errorf("%s: policy %q", c.path, policy)
		}
	}
}
