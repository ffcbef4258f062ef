package ebsclient

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// line is the way to a verifier, which all drivers go: attempts and pauses, time limits, the circuit breaker, the rate limit.
type line struct {
	base          *url.URL
	transport     http.RoundTripper
	timeout       time.Duration
	total         time.Duration
	attempts      int
	backoff       time.Duration
	limiter       *limiter
	breaker       *breaker
	logger        *slog.Logger
	allowsPlainly func(host string) bool
}

// lineConfig is the part of a driver's configuration that concerns the line; PushConfig documents the fields.
type lineConfig struct {
	driver         string
	baseURL        string
	plainHTTP      bool
	timeout, total time.Duration
	attempts       int
	backoff        time.Duration
	perSecond      int
	breakAfter     int
	breakFor       time.Duration
	tls            *MutualTLS
	httpClient     *http.Client
	logger         *slog.Logger
}

func newLine(cfg lineConfig) (*line, error) {
	base, err := url.Parse(cfg.baseURL)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, fmt.Errorf("ebsclient: %s: BaseURL must be an http or https URL without user and query", cfg.driver)
	}
	l := &line{allowsPlainly: func(host string) bool { return cfg.plainHTTP || isLoopback(host) }}
	if base.Scheme == "http" && !l.allowsPlainly(base.Hostname()) {
		return nil, fmt.Errorf("ebsclient: %s: nothing is sent to %s over plain http: use https, or PlainHTTP for a stand", cfg.driver, base.Host)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	l.base = base
	for _, number := range []int64{
		int64(cfg.timeout), int64(cfg.total), int64(cfg.attempts), int64(cfg.backoff), int64(cfg.perSecond), int64(cfg.breakAfter), int64(cfg.breakFor),
	} {
		if number < 0 {
			return nil, fmt.Errorf("ebsclient: %s: negative time or count", cfg.driver)
		}
	}
	setDefault(&cfg.attempts, 3)
	setDefault(&cfg.backoff, 250*time.Millisecond)
	setDefault(&cfg.perSecond, 20)
	setDefault(&cfg.breakAfter, 10)
	setDefault(&cfg.breakFor, 5*time.Second)
	if cfg.perSecond > 10000 {
		return nil, fmt.Errorf("ebsclient: %s: PerSecond is %d, at most 10000 allowed", cfg.driver, cfg.perSecond)
	}
	l.timeout, l.total, l.attempts, l.backoff = cfg.timeout, cfg.total, cfg.attempts, cfg.backoff
	l.limiter = newLimiter(cfg.perSecond, time.Second)
	l.breaker = &breaker{after: cfg.breakAfter, pause: cfg.breakFor}
	client, err := newClient(cfg.httpClient, cfg.tls)
	if err != nil {
		return nil, err
	}
	if l.transport = client.Transport; l.transport == nil {
		l.transport = http.DefaultTransport
	}
	if cfg.logger == nil {
		cfg.logger = slog.Default()
	}
	l.logger = cfg.logger.With(slog.String("driver", cfg.driver))
	return l, nil
}

// newClient makes the client that follows no redirect: what is sent goes where the configuration says.
func newClient(given *http.Client, mutual *MutualTLS) (*http.Client, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if given != nil {
		client.Transport = given.Transport
	}
	if mutual != nil {
		transport, err := mutual.transport(client.Transport)
		if err != nil {
			return nil, err
		}
		client.Transport = transport
	}
	return client, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// errand is one question to a verifier, sent once or several times.
type errand struct {
	// id is sent as X-Request-Id and stands in every line of the log; step names the question there.
	id, step string
	// request makes the request for one attempt.
	request func(ctx context.Context) (*http.Request, error)
	// read reads the whole answer. What it returns is not logged.
	read func(resp *http.Response, body []byte) (string, error)
	// unprocessable is what the status 422 means if the answer does not say it.
	unprocessable Code
	// once: the verifier may do what it is asked for one time only, so that a second attempt is safe only if it did not hear
	// the first.
	once bool
}

// run sends it until it is answered, while sending it again is safe and may help.
func (l *line) run(ctx context.Context, e errand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, l.total)
	defer cancel()
	deadline, _ := ctx.Deadline()
	pause := l.backoff
	var err error
	for attempt := 1; ; attempt++ {
		answer, now := l.attempt(ctx, e, attempt)
		if now == nil {
			return answer, nil
		}
		if err == nil || !errors.Is(now, ErrCircuitOpen) {
			err = now // what opened the circuit says more than that it is open
		}
		wait, again := e.again(now, jitter(pause))
		if !again || attempt >= l.attempts || ctx.Err() != nil || time.Until(deadline) <= wait {
			return "", err
		}
		pause *= 2
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", err
		}
	}
}

// again says whether the same request may be sent again, and after how long.
func (e errand) again(err error, pause time.Duration) (wait time.Duration, again bool) {
	var typed *Error
	if !errors.As(err, &typed) || errors.Is(err, ErrCircuitOpen) {
		return 0, false
	}
	switch typed.Code {
	case Busy:
		if typed.Status == 0 {
			return 0, false // by our own limit, until the end of the context
		}
	case Unavailable:
		if e.once && !unheard(err) {
			return 0, false
		}
	default:
		return 0, false
	}
	return max(pause, typed.RetryAfter), true
}

// unheard says whether the request surely did not reach the verifier: there was no connection.
func unheard(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// jitter keeps many clients that failed together from coming back together.
func jitter(d time.Duration) time.Duration {
	var b [8]byte
	rand.Read(b[:])
	share := float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
	return d/2 + time.Duration(share*float64(d/2))
}

// attempt makes one attempt, if the circuit and the rate limit let it through.
func (l *line) attempt(ctx context.Context, e errand, number int) (answer string, err error) {
	began := time.Now()
	attrs := []slog.Attr{slog.String("step", e.step), slog.String("request_id", e.id), slog.Int("attempt", number)}
	defer func() { l.log(ctx, attrs, time.Since(began), err) }()
	if err := l.breaker.check(); err != nil {
		return "", err
	}
	if err := l.limiter.wait(ctx); err != nil {
		return "", &Error{Code: Busy, Err: fmt.Errorf("our own limit of requests a second: %w", err)}
	}
	ticket, err := l.breaker.enter()
	if err != nil {
		return "", err
	}
	sent := time.Now()
	answer, err = l.send(ctx, e)
	if changed := l.breaker.leave(ticket, l.fate(ctx, err, time.Since(sent))); changed != "" {
		l.logger.LogAttrs(ctx, slog.LevelWarn, "the verifier's circuit changed", append(attrs, slog.String("circuit", string(changed)))...)
	}
	return answer, err
}

// fate is what an attempt says about the verifier. An answer of whatever kind says that it lives.
func (l *line) fate(ctx context.Context, err error, took time.Duration) fate {
	switch {
	case err != nil && !errors.As(err, new(*Error)):
		return fateUnknown
	case !errors.Is(err, Unavailable):
		return fateAlive
	case ctx.Err() != nil && (errors.Is(ctx.Err(), context.Canceled) || took < l.timeout/4):
		// The caller gave up, or did not leave it the time.
		return fateUnknown
	}
	return fateFailed
}

// send sends it and reads the answer.
func (l *line) send(ctx context.Context, e errand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	req, err := e.request(ctx)
	if err != nil {
		return "", fmt.Errorf("ebsclient: make the request: %w", err)
	}
	req.Header.Set("X-Request-Id", e.id)
	req.Header.Set("Accept", "application/json, application/problem+json")
	// Not by a client: it would look into redirections, and put addresses, which may hold a session, into its errors.
	resp, err := l.transport.RoundTrip(req)
	if err != nil {
		return "", &Error{Code: Unavailable, Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return "", &Error{Code: Unavailable, Status: resp.StatusCode, Err: fmt.Errorf("read the answer: %w", err)}
	}
	return e.read(resp, body)
}

// knock tells whether anything answers there, but for a gateway that says that nobody does.
func (l *line) knock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, l.endpoint("/"), nil)
	if err != nil {
		return fmt.Errorf("ebsclient: make the request: %w", err)
	}
	resp, err := l.transport.RoundTrip(req)
	if err != nil {
		return &Error{Code: Unavailable, Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented {
		return &Error{Code: Unavailable, Status: resp.StatusCode}
	}
	return nil
}

func (l *line) log(ctx context.Context, attrs []slog.Attr, took time.Duration, err error) {
	attrs = append(attrs, slog.Duration("took", took))
	if err == nil {
		l.logger.LogAttrs(ctx, slog.LevelInfo, "verifier answered", attrs...)
		return
	}
	var typed *Error
	if errors.As(err, &typed) {
		attrs = append(attrs, slog.String("code", string(typed.Code)))
	}
	l.logger.LogAttrs(ctx, slog.LevelWarn, "verifier failed", append(attrs, slog.String("error", err.Error()))...)
}

// endpoint is the address of a path of the interface.
func (l *line) endpoint(path string) string { return l.base.String() + path }
