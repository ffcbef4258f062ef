package api

import (
	"net/http"
	"net/url"
	"strings"
)

// base is the path under which browsers find us, without a slash at its end: "" for the root.
func base(public *url.URL) string { return strings.TrimSuffix(public.EscapedPath(), "/") }

// under serves next below a path. A reverse proxy may pass the path on or take it off: both work.
func under(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	stripped := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.EscapedPath(); {
		case path == base:
			http.Redirect(w, r, base+"/", http.StatusMovedPermanently)
		case strings.HasPrefix(path, base+"/"):
			stripped.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
