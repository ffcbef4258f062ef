// Package api is Ochno over HTTP and WebSocket: authentication, authorisation, and the shapes on the wire.
//
// It decides nothing about exams or identifications; it asks the rooms that do. Start reading at New and routes (routes.go): every route stands
// there with the roles that may use it.
package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/account"
	"ochno/proctor/appeal"
	"ochno/proctor/archive"
	"ochno/proctor/esia"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/invigilate"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
	"ochno/proctor/media"
	"ochno/proctor/media/relay"
	"ochno/proctor/registrar"
	"ochno/proctor/registrar/export"
	"ochno/proctor/retention"
	"ochno/proctor/room"
)

// Config wires a Server.
type Config struct {
	PublicURL  *url.URL // where browsers find us; https makes cookies Secure
	Pool       *pgxpool.Pool
	ESIA       esia.Provider
	SignIn     string // how the log names it: esia, oidc
	KeepToken  bool   // the access token of ESIA is kept, sealed, for a verifier's page
	Ring       *keyring.Ring
	Accounts   *account.Accounts
	Desk       *account.Desk
	Guardians  *account.Guardians
	Parents    esia.Provider // signs parents in: it may read their children
	Exams      *exam.Exams
	Mail       *mail.Queue
	Identify   *identify.Service
	Invigilate *invigilate.Desk
	Archive    *archive.Archive
	Log        *ledger.Log
	LogKey     string // the public key of the log's checkpoints
	Appeals    *appeal.Desk
	Papers     registrar.Papers
	Exports    *export.Service
	Retention  *retention.Service
	Media      *media.Node
	Rooms      *room.Rooms
	Relays     relay.Door // TURN servers that browsers are told of
	Web        fs.FS      // the built application
	Frames     []string   // origins of learning systems whose pages an exam may show within ours
	Sessions   SessionRules
	Checks     map[string]func(context.Context) error
	Version    string
	Now        func() time.Time
	Logger     *slog.Logger
}

// Server answers HTTP. Close ends its sockets and waits for all it started.
type Server struct {
	Config
	sessions *scs.SessionManager
	huma     huma.API
	handler  http.Handler
	page     *page
	rosters  chan struct{} // a place for each roster file being read
	exports  chan struct{} // a place for each paper or package being made
	hub      *hub
	voices   *voices // who speaks aloud to whom
	handover *handover
	starts   *limiter       // of sign-ins, by address
	accounts *limiter       // of sign-ins, by ESIA account
	forms    *limiter       // of requests, by address
	logins   *limiter       // of passwords, by address
	packages *limiter       // of packages, by person
	probes   *limiter       // of bytes to be forgotten, by attempt
	noticed  *limiter       // of what a page noticed, by kind and attempt
	talks    *limiter       // of messages and calls, by person
	speeches *limiter       // of talks aloud, by person
	whips    *whips         // who publishes without a page
	players  *players       // who watches without one
	work     sync.WaitGroup // sockets and what outlives them for a moment
	stop     context.CancelFunc
	life     context.Context // ended by Close
	stopping sync.Once
}

// New makes a server. Call its Run beside the HTTP server, and Close it when that has stopped taking requests.
func New(cfg Config) (*Server, error) {
	page, err := newPage(cfg.Web, base(cfg.PublicURL), cfg.Frames)
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	s := &Server{Config: cfg, page: page, hub: newHub(), voices: newVoices(), handover: newHandover(), rosters: make(chan struct{}, 2), exports: make(chan struct{}, exportsAtOnce), life: life, stop: stop}
	s.sessions = scs.New()
	s.sessions.Store = pgxstore.NewWithCleanupInterval(cfg.Pool, 0) // Run removes what has expired
	s.sessions.Lifetime = cfg.Sessions.Lifetime                     // how long the row stays; see live for whose it is
	s.sessions.HashTokenInStore = true                              // who reads the database cannot take over a session
	s.sessions.Cookie.Name = "ochno_session"
	s.sessions.Cookie.Path = base(cfg.PublicURL) + "/"
	s.sessions.Cookie.HttpOnly = true
	s.sessions.Cookie.SameSite = http.SameSiteLaxMode
	s.sessions.Cookie.Secure = cfg.PublicURL.Scheme == "https"
	s.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
	}
	s.starts = newLimiter(startsPerAddress, 10*time.Minute, limitedKeys, cfg.Now)
	s.accounts = newLimiter(signInsPerAccount, 10*time.Minute, limitedKeys, cfg.Now)
	s.forms = newLimiter(formsPerAddress, time.Hour, limitedKeys, cfg.Now)
	s.logins = newLimiter(loginsPerAddress, 10*time.Minute, limitedKeys, cfg.Now)
	s.packages = newLimiter(packagesPerPerson, time.Hour, limitedKeys, cfg.Now)
	s.talks = newLimiter(talksPerPerson, time.Minute, limitedKeys, cfg.Now)
	s.speeches = newLimiter(speechesPerPerson, time.Minute, limitedKeys, cfg.Now)
	s.whips, s.players = newWhips(cfg.Now), newPlayers()
	s.probes = newLimiter(probesPerMinute, time.Minute, limitedKeys, cfg.Now)
	s.noticed = newLimiter(notesPerMinute, time.Minute, limitedKeys, cfg.Now)
	s.handler = s.wrap(under(base(cfg.PublicURL), s.routes()))
	return s, nil
}

// Handler answers every request of the service.
func (s *Server) Handler() http.Handler { return s.handler }

// OpenAPI is the description of the HTTP API, version 3.1, as JSON.
func OpenAPI() ([]byte, error) {
	s := &Server{}
	s.huma = humago.New(http.NewServeMux(), humaConfig("dev"))
	s.operations()
	return s.huma.OpenAPI().MarshalJSON()
}

// Run passes changes of attempts to those who watch them, and removes expired sessions, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { s.sweepSessions(ctx) })
	sweeping.Go(func() { s.tellLevels(ctx) })
	sweeping.Go(func() { s.lookAfterPasses(ctx) })
	s.Exams.Listen(ctx, s.Logger, func(attempt uuid.UUID) {
		if attempt == uuid.Nil {
			s.hub.everyAttempt(s.changed)
			return
		}
		s.changed(attempt)
	})
}

func (s *Server) sweepSessions(ctx context.Context) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		if _, err := s.Pool.Exec(ctx, `delete from sessions where expiry < now()`); err != nil && ctx.Err() == nil {
			s.Logger.Error("expired sessions are not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close ends every socket and waits until what they held is stored.
func (s *Server) Close() {
	s.stopping.Do(func() {
		s.stop()
		s.hub.closeAll()
		s.work.Wait()
	})
}

func humaConfig(version string) huma.Config {
	config := huma.DefaultConfig("Ochno", version)
	config.Info.Description = "Identification of students in remote exams. Sessions are cookies; problems are RFC 9457 with a code and sentences in Russian and English."
	config.DocsPath, config.SchemasPath = "", ""
	config.OpenAPIPath = "/api/openapi"
	config.CreateHooks = nil // no $schema links in answers
	config.Transformers = append(config.Transformers, wireErrors)
	return config
}

// wrap puts around every route what all need, the outermost first.
func (s *Server) wrap(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, problem(http.StatusForbidden, "cross_origin"))
	}))
	return s.recovered(s.placed(s.headers(guard.Handler(s.addressed(next)))))
}
