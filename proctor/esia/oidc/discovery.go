package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// discovery is the sign-on's description of itself.
type discovery struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	Keys          string   `json:"jwks_uri"`
	TokenAuth     []string `json:"token_endpoint_auth_methods_supported"`
}

// kept is what was fetched and is used until it is too old.
type kept struct {
	discovery *discovery
	until     time.Time

	keys      *keySet
	keysFrom  time.Time // when they were fetched
	keysUntil time.Time
	tried     time.Time // when they were last asked for
}

const retryKeys = 10 * time.Second // between fetches that unknown key names cause

// discover returns the description, fetched at most once in Config.Keep. When it cannot be fetched anew, the old one serves on.
func (c *Client) discover(ctx context.Context) (*discovery, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.give()
	return c.discovered(ctx)
}

// discovered is discover for those whose turn it is.
func (c *Client) discovered(ctx context.Context) (*discovery, error) {
	now := c.config.Now()
	if c.kept.discovery != nil && now.Before(c.kept.until) {
		return c.kept.discovery, nil
	}
	fresh, err := c.fetchDiscovery(ctx)
	if err == nil {
		c.kept.discovery, c.kept.until = fresh, now.Add(c.config.Keep)
		c.endSession.Store(&fresh.EndSession)
		return fresh, nil
	}
	if c.kept.discovery != nil {
		c.config.Logger.WarnContext(ctx, "the sign-on's description cannot be fetched; the one known before stays in use", "error", err)
		c.kept.until = now.Add(retryKeys)
		return c.kept.discovery, nil
	}
	return nil, err
}

func (c *Client) fetchDiscovery(ctx context.Context) (*discovery, error) {
	const step = "discovery"
	request, err := http.NewRequest(http.MethodGet, strings.TrimRight(c.config.Issuer, "/")+"/.well-known/openid-configuration", nil)
	if err != nil {
		return nil, fail(esia.CodeDiscoveryInvalid, step, errors.New("the issuer is not a URL"))
	}
	var d discovery
	if _, err := c.call(ctx, step, request, &d); err != nil {
		return nil, err
	}
	if d.Issuer != c.config.Issuer {
		return nil, fail(esia.CodeDiscoveryInvalid, step, fmt.Errorf("it names the issuer %q, want %q", esia.OperatorText(d.Issuer), c.config.Issuer))
	}
	secure := strings.HasPrefix(c.config.Issuer, "https:")
	for _, endpoint := range []struct {
		name, value string
		required    bool
	}{
		{"authorization_endpoint", d.Authorization, true},
		{"token_endpoint", d.Token, true},
		{"jwks_uri", d.Keys, true},
		{"userinfo_endpoint", d.UserInfo, false},
		{"end_session_endpoint", d.EndSession, false},
	} {
		if endpoint.value == "" && !endpoint.required {
			continue
		}
		if err := absoluteURL(endpoint.value); err != nil {
			return nil, fail(esia.CodeDiscoveryInvalid, step, fmt.Errorf("%s: %w", endpoint.name, err))
		}
		if secure && !strings.HasPrefix(endpoint.value, "https:") {
			return nil, fail(esia.CodeDiscoveryInvalid, step, fmt.Errorf("%s is not https while the issuer is", endpoint.name))
		}
	}
	return &d, nil
}

// keys returns the sign-on's keys. fresh asks for some that are newer than those that did not serve; it is not obeyed more often than
// every ten seconds, so that tokens with invented key names cause no flood.
func (c *Client) keys(ctx context.Context, fresh bool) (*keySet, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.give()
	now := c.config.Now()
	old := c.kept.keys
	if old != nil && now.Before(c.kept.keysUntil) && (!fresh || now.Sub(c.kept.tried) < retryKeys) {
		return old, nil
	}
	d, err := c.discovered(ctx)
	if err != nil {
		return nil, err
	}
	c.kept.tried = now
	found, err := c.fetchKeys(ctx, d.Keys)
	if err == nil {
		c.kept.keys, c.kept.keysFrom, c.kept.keysUntil = found, now, now.Add(c.config.Keep)
		return found, nil
	}
	if old != nil && now.Sub(c.kept.keysFrom) < 24*c.config.Keep {
		c.config.Logger.WarnContext(ctx, "the sign-on's keys cannot be fetched; the ones known before stay in use", "error", err)
		c.kept.keysUntil = now.Add(retryKeys)
		return old, nil
	}
	return nil, err
}

// take waits for the turn to look at what is kept, or for the end of the context.
func (c *Client) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fail(esia.CodeTimeout, "discovery", ctx.Err())
	}
}

func (c *Client) give() { <-c.turn }

// with adds parameters to an end point, which may have some already. Spaces are written as %20.
func with(endpoint string, form url.Values) string {
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + strings.ReplaceAll(form.Encode(), "+", "%20")
}
