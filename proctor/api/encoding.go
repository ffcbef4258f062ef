package api

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// encodings are those in which the application's files were built beside themselves, the smallest first, with what their names end in.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// isEncoded tells whether a name is that of a compressed file, which nobody asks for by name.
func isEncoded(name string) bool {
	return slices.Contains([]string{".br", ".gz"}, path.Ext(name))
}

// encoded finds the compressed file that the browser takes in the place of name; the header of the answer is then complete.
func encoded(files fs.FS, name string, w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	found := false
	for _, e := range encodings {
		data, err := fs.ReadFile(files, name+e.suffix)
		if err != nil {
			continue
		}
		if !found {
			w.Header().Add("Vary", "Accept-Encoding")
			found = true
		}
		if accepts(r, e.name) {
			w.Header().Set("Content-Encoding", e.name)
			w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			return data, true
		}
	}
	return nil, false
}

// accepts tells whether the request names a content coding and does not refuse it.
func accepts(r *http.Request, coding string) bool {
	for field := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, parameter, _ := strings.Cut(field, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		_, weight, weighted := strings.Cut(strings.ReplaceAll(parameter, " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || (err == nil && q > 0)
	}
	return false
}
