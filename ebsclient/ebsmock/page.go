package ebsmock

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// pageHandler serves the stand's pages: files of its own, nothing from elsewhere, nothing inline.
type pageHandler struct{ files fs.FS }

func page() pageHandler {
	root, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded: it cannot fail
	}
	return pageHandler{root}
}

// ServeHTTP implements http.Handler: the enrolment page at the root, and the files of all pages.
func (p pageHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.guard(w.Header())
	http.FileServerFS(p.files).ServeHTTP(w, r)
}

func (p pageHandler) serve(w http.ResponseWriter, r *http.Request, file string) {
	p.guard(w.Header())
	http.ServeFileFS(w, r, p.files, file)
}

func (p pageHandler) guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "+
		"media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self)")
}
