package mailmock

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

//go:embed page.html mail.css
var files embed.FS

// page shows what letters say; html/template escapes all of it.
var page = template.Must(template.New("page.html").Funcs(template.FuncMap{"pieces": pieces}).ParseFS(files, "page.html"))

// piece is a stretch of a letter's text: words, or an address that can be followed.
type piece struct {
	Text string
	Link bool
}

var link = regexp.MustCompile(`https?://[^\s<>"«»]+[^\s<>"«».,;:!?)\]]`)

func pieces(text string) []piece {
	var list []piece
	for {
		at := link.FindStringIndex(text)
		if at == nil {
			return append(list, piece{Text: text})
		}
		list = append(list, piece{Text: text[:at[0]]}, piece{Text: text[at[0]:at[1]], Link: true})
		text = text[at[1]:]
	}
}

// Handler shows the letters: a page at /, the same as JSON at /letters.json.
func (s *Stand) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /mail.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "mail.css")
	})
	mux.HandleFunc("GET /letters.json", func(w http.ResponseWriter, _ *http.Request) {
		list, _ := s.Letters()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(map[string]any{"letters": list})
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		list, _ := s.Letters()
		var text strings.Builder
		if err := page.Execute(&text, list); err != nil {
			s.config.Logger.Error("page", "error", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(text.String()))
	})
	return mux
}
