package ebsclient

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const adapterPath = "/bio/remote-identification/result"

// A secret the browser brings back has so many characters.
const (
	minSecret = 4
	maxSecret = 250
)

// AdapterConfig says how to reach a verifier's adapter.
type AdapterConfig struct {
	// BaseURL of the adapter, without the path of the interface, and PlainHTTP: as in [PushConfig].
	BaseURL   string
	PlainHTTP bool
	// System is our mnemonic; verdicts have it as their audience.
	System string
	// Token is sent as the bearer's. It may be empty with TLS, where the certificate says who we are.
	Token string
	// Launch is what the launch link begins with; default "ebs://", the verifier's application on the person's device. A
	// stand has a page instead: "https://stand.example/app".
	Launch string
	// AppScheme and Title go into the launch link: the URL scheme of an application that is to be come back to, and what
	// the person reads about who asks. May be empty.
	AppScheme, Title string
	// Server is our own address that the verifier's side knows us by (dbo_ko_uri); default: SessionRequest.Return.
	Server string
	// Repeatable: the adapter answers the same secret with the same X-Request-Id by what it answered before, so that an
	// exchange without an answer may be repeated. If not, only an exchange that was surely not heard is repeated, and of
	// another one without an answer nobody knows whether the secret is used up.
	Repeatable bool
	// Timeout bounds one attempt; default 5 s. Total bounds a call; default 15 s.
	Timeout, Total time.Duration
	// The rest: as in [PushConfig].
	Attempts   int
	Backoff    time.Duration
	PerSecond  int
	BreakAfter int
	BreakFor   time.Duration
	TLS        *MutualTLS
	HTTPClient *http.Client
	Logger     *slog.Logger
}

// Adapter is the [SessionVerifier] of EBS's adapter: a launch link opens the verifier's application, the browser comes back
// with a secret, and the secret is exchanged once for the verdict.
//
// It is known from public clients: the parameters of the link (appScheme, title, sid, dbo_ko_uri, dbo_ko_public_uri,
// adapter_url, info_system) and of the way back (res_secret; cancel; neither is a failure), and a bank's gateway that exchanges
// by POST /bio/remote-identification/result {"resSecret": "…"} with X-Request-Id, answers 200, 400, 401, 403, 422, 429 or 500,
// and takes 20 requests a second. That the verdict repeats the sid as its session, and "repeat" on the way back, are this
// project's own.
type Adapter struct {
	cfg  AdapterConfig
	line *line
}

var _ SessionVerifier = (*Adapter)(nil)

// NewAdapter checks the configuration.
func NewAdapter(cfg AdapterConfig) (*Adapter, error) {
	setDefault(&cfg.Timeout, 5*time.Second)
	setDefault(&cfg.Total, 15*time.Second)
	setDefault(&cfg.Launch, "ebs://")
	line, err := newLine(lineConfig{
		driver: "adapter", baseURL: cfg.BaseURL, plainHTTP: cfg.PlainHTTP, timeout: cfg.Timeout, total: cfg.Total, attempts: cfg.Attempts,
		backoff: cfg.Backoff, perSecond: cfg.PerSecond, breakAfter: cfg.BreakAfter, breakFor: cfg.BreakFor, tls: cfg.TLS,
		httpClient: cfg.HTTPClient, logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	if !isToken(cfg.System, 64) {
		return nil, errors.New("ebsclient: adapter: System must be our mnemonic at the verifier")
	}
	if cfg.Token == "" && cfg.TLS == nil {
		return nil, errors.New("ebsclient: adapter: Token or TLS must say who we are")
	}
	if u, err := url.Parse(cfg.Launch); err != nil || u.Scheme == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme == "javascript" || u.Scheme == "data" {
		return nil, errors.New("ebsclient: adapter: Launch must be an address without query")
	}
	return &Adapter{cfg: cfg, line: line}, nil
}

// Circuit says whether the adapter is asked at all.
func (a *Adapter) Circuit() Circuit { return a.line.breaker.state() }

// Begin implements [SessionVerifier]. It asks nobody: it makes up a session and writes the link.
func (a *Adapter) Begin(_ context.Context, r SessionRequest) (Session, error) {
	if err := a.line.checkReturn(r.Return); err != nil {
		return Session{}, err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	s := Session{ID: hex.EncodeToString(id[:])}
	server := a.cfg.Server
	if server == "" {
		server = r.Return
	}
	query := url.Values{
		"sid": {s.ID}, "info_system": {a.cfg.System}, "adapter_url": {a.line.base.String()}, "dbo_ko_uri": {server}, "dbo_ko_public_uri": {r.Return},
	}
	if a.cfg.AppScheme != "" {
		query.Set("appScheme", a.cfg.AppScheme)
	}
	if a.cfg.Title != "" {
		query.Set("title", a.cfg.Title)
	}
	// Not every application reads "+" as a space.
	s.URL = a.cfg.Launch + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	return s, nil
}

// Collect implements [SessionVerifier]: it exchanges the secret the browser came back with. Without one the session was
// [Cancelled], is to be [Repeat]ed, or has [Failed]. After an [Unavailable] exchange the same Return may be collected again if
// the adapter is Repeatable; else the verdict may be lost, and a new session is the safe way on.
func (a *Adapter) Collect(ctx context.Context, _ Session, r Return) (token string, err error) {
	if !isToken(r.ID, 64) {
		return "", errors.New("ebsclient: session: ID must be 1 to 64 letters, digits, '-', '_' or '.'")
	}
	secret, err := secretOf(r.Query)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"resSecret": secret})
	if err != nil {
		return "", fmt.Errorf("ebsclient: adapter: %w", err)
	}
	e := errand{id: r.ID, step: "exchange", unprocessable: Failed, once: !a.cfg.Repeatable}
	e.read = e.readResult
	e.request = func(ctx context.Context) (*http.Request, error) {
		// A body without GetBody: the transport itself must not send it a second time.
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.line.endpoint(adapterPath), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.GetBody = nil
		req.Header.Set("Content-Type", "application/json")
		if a.cfg.Token != "" {
			req.Header.Set("Authorization", "Bearer "+a.cfg.Token)
		}
		return req, nil
	}
	return a.line.run(ctx, e)
}

// secretOf reads the way back. What it says is not repeated in errors.
func secretOf(query url.Values) (string, error) {
	secrets := query["res_secret"]
	switch {
	case len(secrets) == 0 && query.Has("cancel"):
		return "", &Error{Code: Cancelled}
	case len(secrets) == 0 && query.Has("repeat"):
		return "", &Error{Code: Repeat}
	case len(secrets) == 0:
		return "", &Error{Code: Failed}
	case len(secrets) > 1:
		return "", &Error{Code: Failed, Err: errors.New("several secrets")}
	}
	secret := secrets[0]
	if n := utf8.RuneCountInString(secret); !utf8.ValidString(secret) || n < minSecret || n > maxSecret || strings.ContainsFunc(secret, unicode.IsControl) {
		return "", &Error{Code: Failed, Err: fmt.Errorf("a secret that is not of %d to %d characters", minSecret, maxSecret)}
	}
	return secret, nil
}
