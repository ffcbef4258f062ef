package ebsclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const webPath = "/api/v2/verifications"

// WebConfig says how to reach a verifier that identifies people on its own page.
type WebConfig struct {
	// BaseURL of the verifier, without the path of the interface, and PlainHTTP: as in [PushConfig].
	BaseURL   string
	PlainHTTP bool
	// System is our mnemonic at the verifier; verdicts have it as their audience.
	System string
	// Pages are the hosts (with the port, if it is not the usual one) of the verifier's pages: a browser is sent nowhere
	// else. Default: the host of BaseURL.
	Pages []string
	// Timeout bounds one attempt; default 5 s, as EBS's known clients have it. Total bounds a call; default 15 s.
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

// Web is the [SessionVerifier] of EBS's web interface (its first generation, 2018): the browser goes to the verifier's page and
// comes back, and then the result is fetched.
//
// It is known from public clients: POST /api/v2/verifications?redirect=… with the person's token, answered by 302 or 200 and a
// Location with a session_id; GET /api/v2/verifications/{session_id}/result with the same token, answered by the extended
// result. What that interface says while the person is not done is not public. Here 202 is [Pending], and an answer may have a
// "state" of [State]'s instead of the result.
type Web struct {
	line   *line
	system string
	pages  []string
}

var _ SessionVerifier = (*Web)(nil)

// NewWeb checks the configuration.
func NewWeb(cfg WebConfig) (*Web, error) {
	setDefault(&cfg.Timeout, 5*time.Second)
	setDefault(&cfg.Total, 15*time.Second)
	line, err := newLine(lineConfig{
		driver: "web", baseURL: cfg.BaseURL, plainHTTP: cfg.PlainHTTP, timeout: cfg.Timeout, total: cfg.Total, attempts: cfg.Attempts,
		backoff: cfg.Backoff, perSecond: cfg.PerSecond, breakAfter: cfg.BreakAfter, breakFor: cfg.BreakFor, tls: cfg.TLS,
		httpClient: cfg.HTTPClient, logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	if !isToken(cfg.System, 64) {
		return nil, errors.New("ebsclient: web: System must be our mnemonic at the verifier")
	}
	w := &Web{line: line, system: cfg.System, pages: slices.Clone(cfg.Pages)}
	if len(w.pages) == 0 {
		w.pages = []string{line.base.Host}
	}
	return w, nil
}

// Circuit says whether the verifier is asked at all.
func (w *Web) Circuit() Circuit { return w.line.breaker.state() }

// Begin implements [SessionVerifier]. It tries again as [Push.Verify] does: a session that nobody goes to does nothing.
func (w *Web) Begin(ctx context.Context, r SessionRequest) (Session, error) {
	switch {
	case !isToken(r.ID, 64):
		return Session{}, errors.New("ebsclient: session: ID must be 1 to 64 letters, digits, '-', '_' or '.'")
	case !isDigits(r.Subject, 20):
		return Session{}, errors.New("ebsclient: session: Subject must be an oid of 1 to 20 digits")
	case !isBearer(r.Bearer):
		return Session{}, errors.New("ebsclient: session: Bearer must be the person's access token")
	}
	if err := w.line.checkReturn(r.Return); err != nil {
		return Session{}, err
	}
	body, err := json.Marshal(map[string]map[string]string{"metadata": {
		"date":        strconv.FormatInt(time.Now().Unix(), 10),
		"user_id":     r.Subject,
		"info_system": w.system,
		"idp":         "ESIA",
	}})
	if err != nil {
		return Session{}, fmt.Errorf("ebsclient: session: %w", err)
	}
	var session Session
	e := errand{id: r.ID, step: "begin", unprocessable: Failed}
	e.request = func(ctx context.Context) (*http.Request, error) {
		address := w.line.endpoint(webPath) + "?" + url.Values{"redirect": {r.Return}}.Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+r.Bearer)
		return req, nil
	}
	e.read = func(resp *http.Response, body []byte) (string, error) {
		switch resp.StatusCode {
		case http.StatusOK, http.StatusCreated, http.StatusFound, http.StatusSeeOther:
			var err error
			session, err = w.session(resp)
			return "", err
		}
		return "", e.refusal(resp, body)
	}
	_, err = w.line.run(ctx, e)
	return session, err
}

// session reads where the verifier wants the browser, and sends it to the verifier's pages only.
func (w *Web) session(resp *http.Response) (Session, error) {
	refused := func(format string, args ...any) (Session, error) {
		return Session{}, &Error{Code: Denied, Status: resp.StatusCode, Err: fmt.Errorf(format, args...)}
	}
	location := resp.Header.Get("Location")
	if location == "" || len(location) > maxURL {
		return refused("an answer without a usable Location")
	}
	u, err := w.line.base.Parse(location)
	if err != nil || u.User != nil {
		return refused("an answer without a usable Location")
	}
	if !slices.Contains(w.pages, u.Host) || !(u.Scheme == "https" || u.Scheme == "http" && w.line.allowsPlainly(u.Hostname())) {
		return refused("the verifier's page is not among Pages, or not https")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if ids := query["session_id"]; err != nil || len(ids) != 1 || !isToken(ids[0], maxSession) {
		return refused("a Location without one session_id")
	}
	return Session{ID: query.Get("session_id"), URL: u.String()}, nil
}

// maxSession bounds a session's ID in bytes.
const maxSession = 128

// Collect implements [SessionVerifier]. It is safe to repeat: the verifier gives the same verdict as long as the session lasts.
// It does not wait for a person who is not done: that is [Pending].
func (w *Web) Collect(ctx context.Context, s Session, r Return) (token string, err error) {
	switch {
	case !isToken(r.ID, 64):
		return "", errors.New("ebsclient: session: ID must be 1 to 64 letters, digits, '-', '_' or '.'")
	case !isToken(s.ID, maxSession):
		return "", errors.New("ebsclient: session: this is no session's ID")
	case !isBearer(r.Bearer):
		return "", errors.New("ebsclient: session: Bearer must be the person's access token")
	}
	e := errand{id: r.ID, step: "collect", unprocessable: Failed}
	e.read = e.readResult
	e.request = func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.line.endpoint(webPath+"/"+url.PathEscape(s.ID)+"/result"), nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+r.Bearer)
		return req, nil
	}
	return w.line.run(ctx, e)
}
