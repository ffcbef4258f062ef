package api

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// sessionOnly loads the session for a route that never changes it, and leaves the response writer alone: a socket needs it bare.
func (s *Server) sessionOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := ""
		if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx, err := s.sessions.Load(r.Context(), token)
		if err != nil {
			s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
			return
		}
		next(w, r.WithContext(ctx))
	}
}

// headers sets what every answer has.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)")
		if s.PublicURL.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered answers a panic with a problem and keeps the service up. An export that broke off cuts its connection instead.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v.(type) {
			case nil:
			case abortExport:
				panic(http.ErrAbortHandler)
			default:
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.Logger.ErrorContext(r.Context(), "panic in a request", "method", r.Method, "pattern", r.Pattern, "panic", v)
				s.writeProblem(w, r, problem(http.StatusInternalServerError, "internal"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) writeProblem(w http.ResponseWriter, _ *http.Request, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

type healthOutput struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         Health
}

// health asks everything the service depends on, all at once. It answers 200 also when degraded: the process itself is well, and a restart
// would mend nothing.
func (s *Server) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	out := &healthOutput{Status: http.StatusOK, CacheControl: "no-store", Body: Health{Status: "ok", Version: s.Version, Dependencies: map[string]Dependency{}}}
	var (
		mu   sync.Mutex
		wait sync.WaitGroup
	)
	for name, check := range s.Checks {
		wait.Go(func() {
			began := time.Now()
			err := check(ctx)
			d := Dependency{Status: "ok", Millis: time.Since(began).Milliseconds()}
			if err != nil {
				s.Logger.Warn("a dependency failed its check", "dependency", name, "error", err)
				d.Status, d.Detail = "failed", "see the log"
			}
			mu.Lock()
			defer mu.Unlock()
			out.Body.Dependencies[name] = d
			if err != nil {
				out.Body.Status = "degraded"
			}
		})
	}
	wait.Wait()
	return out, nil
}
