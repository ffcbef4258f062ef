package ebsmock

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Config says how a stand behaves. Only Systems is needed.
type Config struct {
	// Issuer is the iss of the verdicts; default "ebs-stand".
	Issuer string
	// Systems are those that may ask.
	Systems []System
	// People are offered for choice on the enrolment page.
	People []Person
	// DataDir keeps enrolments and keys, as files only the user may read; empty: in memory only. It is made if needed.
	DataDir string
	// Algorithm the verdicts are signed by: RS256, the default, or ES256.
	Algorithm string
	// Key signs the verdicts: an *rsa.PrivateKey, or with ES256 an *ecdsa.PrivateKey of P-256. Default: the one in DataDir, or a
	// new one (RSA of 2048 bits).
	Key crypto.Signer
	// PublicURL is where browsers reach the stand; default: where the request that begins a session went.
	PublicURL string
	// Cascade is the path of OpenCV's frontal face cascade; default: where the package opencv-data puts it.
	Cascade string
	// Lifetime of a verdict; default 5 min. SessionLifetime is a session's; default 10 min.
	Lifetime, SessionLifetime time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger gets one line a request, without persons. Default slog.Default().
	Logger *slog.Logger
}

// System is one relying party.
type System struct {
	// Mnemonic is its name at the verifier: the aud of its verdicts.
	Mnemonic string
	// Token is the bearer token it authenticates by.
	Token string
}

// Person is somebody the page offers for enrolment.
type Person struct {
	OID  string `json:"oid"`
	Name string `json:"name"`
}

// Stand is the verifier as an http.Handler. Close frees what it holds.
type Stand struct {
	cfg       Config
	mux       http.Handler
	faces     *faceFinder
	signer    *signer
	enrolled  *enrolments
	scenarios *scenarios
	answers   *answers
	sessions  *sessions
	// closing ends requests that wait on purpose.
	closing             chan struct{}
	stopOnce, closeOnce sync.Once
}

// New makes a stand.
func New(cfg Config) (*Stand, error) {
	if len(cfg.Systems) == 0 {
		return nil, errors.New("ebsmock: no system may ask")
	}
	for _, s := range cfg.Systems {
		if s.Mnemonic == "" || s.Token == "" {
			return nil, errors.New("ebsmock: a system needs a mnemonic and a token")
		}
	}
	if cfg.Issuer == "" {
		cfg.Issuer = "ebs-stand"
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 5 * time.Minute
	}
	if cfg.SessionLifetime == 0 {
		cfg.SessionLifetime = 10 * time.Minute
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.DataDir != "" {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("ebsmock: %w", err)
		}
	}
	s := &Stand{cfg: cfg, scenarios: newScenarios(), answers: newAnswers(cfg.Now), sessions: newSessions(cfg.Now, cfg.SessionLifetime), closing: make(chan struct{})}
	var err error
	if s.signer, err = newSigner(cfg.Algorithm, cfg.Key, cfg.DataDir); err != nil {
		return nil, fmt.Errorf("ebsmock: keys: %w", err)
	}
	if s.enrolled, err = loadEnrolments(cfg.DataDir); err != nil {
		return nil, fmt.Errorf("ebsmock: enrolments: %w", err)
	}
	if s.faces, err = newFaceFinder(cfg.Cascade); err != nil {
		return nil, fmt.Errorf("ebsmock: %w", err)
	}
	s.mux = s.routes()
	return s, nil
}

func (s *Stand) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/push/verifications", s.push)
	mux.HandleFunc("POST /api/v2/verifications", s.begin)
	mux.HandleFunc("GET /api/v2/verifications/{id}/result", s.result)
	mux.HandleFunc("POST /bio/remote-identification/result", s.exchange)
	mux.HandleFunc("POST /sessions", s.launch)
	mux.HandleFunc("GET /sessions/{id}", s.showSession)
	mux.HandleFunc("POST /sessions/{id}/samples", s.takeSamples)
	mux.HandleFunc("POST /sessions/{id}/scenario", s.takeScenario)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("POST /keys/rotate", s.rotate)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /people", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string][]Person{"people": append([]Person{}, s.cfg.People...)})
	})
	mux.HandleFunc("GET /enrolments", s.listEnrolments)
	mux.HandleFunc("PUT /enrolments/{oid}", s.enrol)
	mux.HandleFunc("DELETE /enrolments/{oid}", s.unenrol)
	mux.HandleFunc("GET /scenarios", s.listScenarios)
	mux.HandleFunc("PUT /scenarios/{oid}", s.setScenario)
	mux.HandleFunc("DELETE /scenarios/{oid}", s.unsetScenario)
	pages := page()
	mux.Handle("GET /", pages)
	for _, path := range []string{"GET /session", "GET /app"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { pages.serve(w, r, "session.html") })
	}
	// A page elsewhere must not enrol faces or switch scenarios through the browser of whoever runs the stand.
	return http.NewCrossOriginProtection().Handler(mux)
}

// ServeHTTP implements http.Handler.
func (s *Stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.cfg.Now()
	rec := &statusRecorder{ResponseWriter: w}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(rec, r)
	// The first part of the path only: the rest may hold an oid.
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.cfg.Logger.LogAttrs(r.Context(), slog.LevelInfo, "ebs stand", slog.String("method", r.Method), slog.String("path", "/"+first),
		slog.Int("status", rec.status), slog.String("request_id", logToken(r.Header.Get("X-Request-Id"))),
		slog.Duration("took", s.cfg.Now().Sub(began)))
}

// logToken keeps what a stranger sent from shaping the log.
func logToken(s string) string {
	if len(s) > 64 {
		return ""
	}
	return s
}

// Stop ends the requests that wait on purpose, so that a server can shut down.
func (s *Stand) Stop() { s.stopOnce.Do(func() { close(s.closing) }) }

// Close stops the stand and frees what OpenCV holds. It waits for a search under way; later ones fail.
func (s *Stand) Close() error {
	s.Stop()
	s.closeOnce.Do(s.faces.close)
	return nil
}

// PublicKeysJWKS is what GET /keys answers; nil if it cannot be written.
func (s *Stand) PublicKeysJWKS() []byte {
	out, err := s.signer.jwks()
	if err != nil {
		s.cfg.Logger.Error("ebs stand failed", "error", err.Error())
		return nil
	}
	return out
}

// Enrol enrols a photo (JPEG or PNG with exactly one face) for a subject, as the page and PUT /enrolments/{oid} do.
func (s *Stand) Enrol(ctx context.Context, p Person, photo []byte) error {
	if !isOID(p.OID) || len(p.Name) > maxName {
		return errors.New("ebsmock: enrol: an oid is 1 to 20 digits, a name 200 bytes at most")
	}
	print, err := s.faces.print(ctx, photo)
	if err != nil {
		return fmt.Errorf("ebsmock: enrol: %w", err)
	}
	if err := s.enrolled.put(enrolment{Person: p, EnrolledAt: s.cfg.Now().UTC(), Print: print}); err != nil {
		return fmt.Errorf("ebsmock: enrol: %w", err)
	}
	return nil
}

// statusRecorder remembers the status for the log.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *statusRecorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
