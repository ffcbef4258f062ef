package ebsclient

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	pushPath = "/api/v1/push/verifications"
	// maxAnswer bounds a verifier's answer in bytes.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds what a verifier may ask to wait.
	maxRetryAfter = time.Hour
)

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
	// Timeout bounds one attempt; default 10 s. Total bounds a call with its retries and pauses; default 30 s.
	Timeout, Total time.Duration
	// Attempts is how often a request is sent at most; default 3. A verifier knows a repeated request by its ID.
	Attempts int
	// Backoff is the pause before the second attempt, doubled for each further one; up to half of it is random. Default 250 ms.
	Backoff time.Duration
	// HTTPClient is used for its Transport (TLS, proxies, connections); default http.DefaultTransport. Redirects are never
	// followed: samples go where the configuration says.
	HTTPClient *http.Client
	// Logger gets one line an attempt, with the request's ID and no person. Default slog.Default().
	Logger *slog.Logger
}

// Push is the [Verifier] that sends the samples in one request and gets the verdict back.
type Push struct {
	cfg      PushConfig
	endpoint string
	client   *http.Client
}

var _ Verifier = (*Push)(nil)

// NewPush checks the configuration.
func NewPush(cfg PushConfig) (*Push, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("ebsclient: push: BaseURL must be an http or https URL without query")
	}
	if base.Scheme == "http" && !cfg.PlainHTTP && !isLoopback(base.Hostname()) {
		return nil, fmt.Errorf("ebsclient: push: samples are not sent to %s over plain http: use https, or PlainHTTP for a stand", base.Host)
	}
	if !isToken(cfg.System, 64) {
		return nil, errors.New("ebsclient: push: System must be our mnemonic at the verifier")
	}
	if cfg.Token == "" {
		return nil, errors.New("ebsclient: push: Token is missing")
	}
	if cfg.Timeout < 0 || cfg.Total < 0 || cfg.Attempts < 0 || cfg.Backoff < 0 {
		return nil, errors.New("ebsclient: push: negative time or count")
	}
	setDefault(&cfg.Timeout, 10*time.Second)
	setDefault(&cfg.Total, 30*time.Second)
	setDefault(&cfg.Attempts, 3)
	setDefault(&cfg.Backoff, 250*time.Millisecond)
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if cfg.HTTPClient != nil {
		client.Transport = cfg.HTTPClient.Transport
	}
	return &Push{cfg: cfg, endpoint: strings.TrimRight(base.String(), "/") + pushPath, client: client}, nil
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

// Verify sends the request and returns the verdict unchecked. It tries again where the same request may be answered later: no
// or half an answer, the verifier's own faults, and its being busy if the wait it asks for fits into Total. All attempts have
// the same ID, by which the verifier knows them for one.
func (p *Push) Verify(ctx context.Context, r Request) (token string, err error) {
	if err := r.validate(); err != nil {
		return "", err
	}
	body, err := newPushBody(r, p.cfg.System)
	if err != nil {
		return "", err
	}
	// The transport may still read the body after an attempt has failed: wipe waits for nobody and gives nothing away.
	defer body.wipe()

	ctx, cancel := context.WithTimeout(ctx, p.cfg.Total)
	defer cancel()
	deadline, _ := ctx.Deadline()
	pause := p.cfg.Backoff
	for attempt := 1; ; attempt++ {
		began := time.Now()
		token, err := p.send(ctx, r.ID, body)
		p.log(ctx, r.ID, attempt, time.Since(began), err)
		if err == nil {
			return token, nil
		}
		wait, again := retry(err, jitter(pause))
		if !again || attempt >= p.cfg.Attempts || ctx.Err() != nil || time.Until(deadline) <= wait {
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

// retry says whether the same request may be sent again, and after how long.
func retry(err error, pause time.Duration) (wait time.Duration, again bool) {
	var e *Error
	if !errors.As(err, &e) {
		return 0, false
	}
	switch e.Code {
	case Busy, Unavailable:
		return max(pause, e.RetryAfter), true
	}
	return 0, false
}

// jitter keeps many clients that failed together from coming back together.
func jitter(d time.Duration) time.Duration {
	var b [8]byte
	rand.Read(b[:])
	share := float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
	return d/2 + time.Duration(share*float64(d/2))
}

// send makes one attempt.
func (p *Push) send(ctx context.Context, id string, body *pushBody) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint, body.reader())
	if err != nil {
		return "", fmt.Errorf("ebsclient: push: %w", err)
	}
	req.ContentLength = int64(body.len())
	req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	req.Header.Set("Content-Type", body.contentType)
	req.Header.Set("Authorization", "Bearer "+p.cfg.Token)
	req.Header.Set("X-Request-Id", id)
	req.Header.Set("Accept", "application/json, application/problem+json")

	resp, err := p.client.Do(req)
	if err != nil {
		return "", &Error{Code: Unavailable, Err: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return "", &Error{Code: Unavailable, Status: resp.StatusCode, Err: fmt.Errorf("read the answer: %w", err)}
	}
	if resp.StatusCode != http.StatusOK {
		return "", refusal(resp, answer)
	}
	if len(answer) > maxAnswer {
		return "", broken(ReasonMalformed, "an answer of more than %d bytes", maxAnswer)
	}
	var result struct {
		ExtendedResult string `json:"extended_result"`
	}
	if err := json.Unmarshal(answer, &result); err != nil || result.ExtendedResult == "" {
		return "", broken(ReasonMalformed, "an answer without extended_result")
	}
	return result.ExtendedResult, nil
}

// refusal turns an answer that is no verdict into an error. The verifier's words are not repeated: they may name the person.
func refusal(resp *http.Response, answer []byte) *Error {
	e := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	var problem struct {
		Code Code `json:"code"`
	}
	// No problem document, no code: the status has to do.
	_ = json.Unmarshal(answer, &problem)
	switch status := resp.StatusCode; {
	case status == http.StatusNotFound && problem.Code == NotEnrolled:
		e.Code = NotEnrolled
	case status == http.StatusGone:
		e.Code = Expired
	case status == http.StatusUnprocessableEntity && problem.Code == LivenessFailed:
		e.Code = LivenessFailed
	case status == http.StatusUnprocessableEntity:
		e.Code = LowQuality
	case status == http.StatusTooManyRequests:
		e.Code = Busy
	case status == http.StatusRequestTimeout, status >= 500:
		e.Code = Unavailable
	default:
		e.Code = Denied
	}
	return e
}

// retryAfter reads seconds or a date; 0 for what it cannot read.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

func (p *Push) log(ctx context.Context, id string, attempt int, took time.Duration, err error) {
	attrs := []slog.Attr{slog.String("request_id", id), slog.Int("attempt", attempt), slog.Duration("took", took)}
	if err == nil {
		p.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "verifier answered", attrs...)
		return
	}
	p.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "verifier failed", append(attrs, slog.String("error", err.Error()))...)
}
