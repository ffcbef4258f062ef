package ebsclient

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const pushPath = "/api/v1/push/verifications"

// PushConfig says how to reach a verifier that takes samples.
type PushConfig struct {
	// BaseURL of the verifier, without the path of the interface: "https://ebs.example". Samples are not sent over plain http
	// but to this machine itself, unless PlainHTTP is set.
	BaseURL string
	// PlainHTTP allows http to other machines: for a stand in a private network.
	PlainHTTP bool
	// System is our mnemonic at the verifier; verdicts have it as their audience.
	System string
	// Token is sent as the bearer's.
	Token string
	// Timeout bounds one attempt; default 10 s. Total bounds a call with its retries, pauses and its wait for the rate limit;
	// default 30 s.
	Timeout, Total time.Duration
	// Attempts is how often a request is sent at most; default 3. A verifier knows a repeated request by its ID.
	Attempts int
	// Backoff is the pause before the second attempt, doubled for each further one; up to half of it is random. Default
	// 250 ms. A longer Retry-After is kept to, if it fits into Total.
	Backoff time.Duration
	// PerSecond is how many requests are sent in any one second at most, repeated ones included; default 20. Those beyond
	// wait their turn while their context lasts, and are [Busy] then.
	PerSecond int
	// BreakAfter is after how many failures in a row the circuit opens, unless more requests than that many are on their way
	// and may yet be answered; default 10. While it is open, for BreakFor, requests fail at once as [Unavailable]; then one is let through to see. BreakFor is 5 s by default. A failure is whatever is
	// Unavailable, but not what its caller cancelled or left less than a quarter of Timeout.
	BreakAfter int
	BreakFor   time.Duration
	// TLS, if not nil, is how we show who we are.
	TLS *MutualTLS
	// HTTPClient is used for its Transport (TLS, proxies, connections); default http.DefaultTransport. Redirects are never
	// followed: samples go where the configuration says. With TLS its Transport is copied, and must be an *http.Transport.
	HTTPClient *http.Client
	// Logger gets one line an attempt and one a change of the circuit, with the request's ID and no person. Default
	// slog.Default().
	Logger *slog.Logger
}

// Push is the [Verifier] that sends the samples in one request and gets the verdict back.
type Push struct {
	line          *line
	system, token string
}

var _ Verifier = (*Push)(nil)

// NewPush checks the configuration.
func NewPush(cfg PushConfig) (*Push, error) {
	setDefault(&cfg.Timeout, 10*time.Second)
	setDefault(&cfg.Total, 30*time.Second)
	line, err := newLine(lineConfig{
		driver: "push", baseURL: cfg.BaseURL, plainHTTP: cfg.PlainHTTP, timeout: cfg.Timeout, total: cfg.Total, attempts: cfg.Attempts,
		backoff: cfg.Backoff, perSecond: cfg.PerSecond, breakAfter: cfg.BreakAfter, breakFor: cfg.BreakFor, tls: cfg.TLS,
		httpClient: cfg.HTTPClient, logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	if !isToken(cfg.System, 64) {
		return nil, errors.New("ebsclient: push: System must be our mnemonic at the verifier")
	}
	if cfg.Token == "" {
		return nil, errors.New("ebsclient: push: Token is missing")
	}
	return &Push{line: line, system: cfg.System, token: cfg.Token}, nil
}

// Circuit says whether the verifier is asked at all.
func (p *Push) Circuit() Circuit { return p.line.breaker.state() }

// Reachable tells whether the verifier can be asked now, without asking it about anybody: its circuit is not open, and it answers
// HTTP at all. That it will say something of use is only known once it did. The error is an [*Error] with the code
// [Unavailable], or the context's.
func (p *Push) Reachable(ctx context.Context) error {
	if err := p.line.breaker.check(); err != nil {
		return err
	}
	return p.line.knock(ctx)
}

// Verify sends the request and returns the verdict unchecked. It tries again where the same request may be answered later: no
// or half an answer, the verifier's own faults, and its being busy if the wait it asks for fits into Total. All attempts have
// the same ID, by which the verifier knows them for one.
func (p *Push) Verify(ctx context.Context, r Request) (token string, err error) {
	if err := r.validate(); err != nil {
		return "", err
	}
	body, err := newPushBody(r, p.system)
	if err != nil {
		return "", err
	}
	// The transport may still read the body after an attempt has failed: wipe waits for nobody and gives nothing away.
	defer body.wipe()
	e := errand{id: r.ID, step: "verify", unprocessable: LowQuality}
	e.read = e.readResult
	e.request = func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.line.endpoint(pushPath), body.reader())
		if err != nil {
			return nil, err
		}
		req.ContentLength = int64(body.len())
		req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
		req.Header.Set("Content-Type", body.contentType)
		req.Header.Set("Authorization", "Bearer "+p.token)
		return req, nil
	}
	return p.line.run(ctx, e)
}
