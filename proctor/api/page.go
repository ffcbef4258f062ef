package api

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

// page serves the built application: hashed files as they are, and index.html for every path of the application itself.
type page struct {
	frames []string // origins of the exams' own pages, which may be shown within ours
	files  fs.FS
	static http.Handler
	index  []byte
	verify []byte // the page that checks a package: one file with its own policy
	policy string // of verify
}

// verifyName is the page that checks a package of the log, as it is built; it is also found at /verify.
const verifyName = "verify.html"

// noncePlaceholder is what the application's index.html holds in place of the answer's nonce.
const noncePlaceholder = "__CSP_NONCE__"

// rootBase is what index.html says of where it lives, as it is built; an installation under a path says another.
const rootBase = `<base href="/" />`

// newPage reads the built application, which browsers find under the path base, "" for the root.
func newPage(files fs.FS, base string, frames []string) (*page, error) {
	index, err := fs.ReadFile(files, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		index = []byte("<!doctype html><title>Ochno</title><p>The application is not built: run make build.</p>")
	} else if err != nil {
		return nil, fmt.Errorf("the application: %w", err)
	}
	index = bytes.Replace(index, []byte(rootBase), []byte(`<base href="`+html.EscapeString(base)+`/" />`), 1)
	p := &page{frames: frames, files: files, static: http.FileServerFS(files), index: index}
	if p.verify, err = fs.ReadFile(files, verifyName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the page that checks packages: %w", err)
	}
	if p.verify != nil {
		// Its policy is written into it, so that it holds also where the page was saved; the answer says the same, and more.
		_, rest, found := strings.Cut(string(p.verify), `http-equiv="Content-Security-Policy" content="`)
		policy, _, ended := strings.Cut(rest, `"`)
		if !found || !ended {
			return nil, errors.New("the page that checks packages: it has no policy")
		}
		p.policy = policy + "; frame-ancestors 'none'"
	}
	return p, nil
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if p.verify != nil && (name == "verify" || name == verifyName) {
		w.Header().Set("Content-Security-Policy", p.policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(p.verify)
		return
	}
	if info, err := fs.Stat(p.files, name); err == nil && !info.IsDir() && name != "index.html" && !strings.HasPrefix(path.Base(name), ".") && !isEncoded(name) {
		if strings.HasPrefix(name, "assets/") { // their names hold the hash of what they are
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if data, ok := encoded(p.files, name, w, r); ok {
			_, _ = w.Write(data)
			return
		}
		p.static.ServeHTTP(w, r)
		return
	}
	if strings.HasPrefix(name, "assets/") {
		http.NotFound(w, r)
		return
	}
	nonce := rand.Text()
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; font-src 'self'; "+
		"media-src 'self' blob: mediastream:; connect-src 'self'; "+p.framePolicy()+"base-uri 'self'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(bytes.ReplaceAll(p.index, []byte(noncePlaceholder), []byte(nonce)))
}

// framePolicy lets the exams' own pages, and no others, be shown within ours.
func (p *page) framePolicy() string {
	if len(p.frames) == 0 {
		return ""
	}
	return "frame-src " + strings.Join(p.frames, " ") + "; "
}

// mayFrame tells whether a page of the origin may be shown within ours.
func (p *page) mayFrame(origin string) bool { return slices.Contains(p.frames, origin) }
