package ebsclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// RemoteKeysConfig says where a verifier publishes its keys.
type RemoteKeysConfig struct {
	// URL of a JWKS document: https, or http to this machine. Whoever can change what it answers can forge verdicts.
	URL string
	// PlainHTTP allows http to other machines: for a stand in a private network.
	PlainHTTP bool
	// MaxAge is how long the keys are believed without asking again; default 10 min. A key that was taken out of the set is
	// refused after that.
	MaxAge time.Duration
	// MinInterval is the least time between two questions, so that verdicts with made-up kids cannot make us ask all the
	// time; default 10 s.
	MinInterval time.Duration
	// Timeout bounds one question; default 5 s.
	Timeout time.Duration
	// TLS, if not nil, is how we show who we are.
	TLS *MutualTLS
	// HTTPClient is used for its Transport; default http.DefaultTransport. Redirects are never followed.
	HTTPClient *http.Client
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// RemoteKeys is a [KeySource] that asks the verifier, remembers the answer, and asks again when a verdict names a key it does
// not know: so keys can be rotated while both run. When the verifier cannot be asked, the keys it gave last serve for as long
// again as MaxAge.
type RemoteKeys struct {
	cfg    RemoteKeysConfig
	client *http.Client

	// turn holds one token: whoever has it may use the fields below and ask the verifier.
	turn    chan struct{}
	keys    []Key
	fetched time.Time
	asked   time.Time
	failure error
}

// NewRemoteKeys checks the configuration; it does not ask yet.
func NewRemoteKeys(cfg RemoteKeysConfig) (*RemoteKeys, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.User != nil || !(u.Scheme == "https" || u.Scheme == "http" && (cfg.PlainHTTP || isLoopback(u.Hostname()))) {
		return nil, errors.New("ebsclient: remote keys: URL must be https, or http to this machine, or to a stand with PlainHTTP")
	}
	if cfg.MaxAge < 0 || cfg.MinInterval < 0 || cfg.Timeout < 0 {
		return nil, errors.New("ebsclient: remote keys: negative time")
	}
	setDefault(&cfg.MaxAge, 10*time.Minute)
	setDefault(&cfg.MinInterval, 10*time.Second)
	setDefault(&cfg.Timeout, 5*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client, err := newClient(cfg.HTTPClient, cfg.TLS)
	if err != nil {
		return nil, err
	}
	r := &RemoteKeys{cfg: cfg, client: client, turn: make(chan struct{}, 1)}
	r.turn <- struct{}{}
	return r, nil
}

// Keys implements [KeySource].
func (r *RemoteKeys) Keys(ctx context.Context, kid string) ([]Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := r.cfg.Now()
	fresh := len(r.keys) > 0 && now.Sub(r.fetched) < r.cfg.MaxAge
	if found := match(r.keys, kid); fresh && len(found) > 0 {
		return found, nil
	}
	if r.asked.IsZero() || now.Sub(r.asked) >= r.cfg.MinInterval {
		keys, err := r.fetch(ctx)
		if err != nil && ctx.Err() != nil {
			// The caller gave up; that says nothing about the verifier.
			return nil, ctx.Err()
		}
		r.asked, r.failure = now, err
		if err == nil {
			r.keys, r.fetched = keys, now
		}
	}
	if r.failure != nil && (len(r.keys) == 0 || now.Sub(r.fetched) >= 2*r.cfg.MaxAge) {
		return nil, r.failure
	}
	found := match(r.keys, kid)
	if len(found) == 0 && r.failure != nil {
		// It may be a new key that we failed to ask for.
		return nil, r.failure
	}
	return found, nil
}

func (r *RemoteKeys) fetch(ctx context.Context) ([]Key, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.cfg.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("ebsclient: remote keys: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ebsclient: remote keys: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ebsclient: remote keys: status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("ebsclient: remote keys: %w", err)
	}
	return ParseKeys(data)
}
