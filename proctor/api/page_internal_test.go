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
	})
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
