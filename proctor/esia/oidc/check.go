package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// Ping tells whether the sign-on's description and keys are at hand.
func (c *Client) Ping(ctx context.Context) error {
	d, err := c.fetchDiscovery(ctx)
	if err != nil {
		return err
	}
	_, err = c.fetchKeys(ctx, d.Keys)
	return err
}

// Check looks at network, description, clock, keys and registration, each apart. Nobody is signed in.
func (c *Client) Check(ctx context.Context) []esia.Finding {
	d, err := c.fetchDiscovery(ctx)
	var e *esia.Error
	if errors.As(err, &e) {
		name := "discovery"
		if e.Code == esia.CodeUnavailable || e.Code == esia.CodeTimeout {
			name = "network"
		}
		return []esia.Finding{{Name: name, Detail: c.config.Issuer, Err: e}}
	}
	findings := []esia.Finding{{Name: "network", Detail: c.config.Issuer + " answers"}, {Name: "discovery", Detail: "the issuer and its end points are well"}}
	keys, err := c.fetchKeys(ctx, d.Keys)
	finding := esia.Finding{Name: "certificates", Err: typed(err)}
	if err == nil {
		finding.Detail = fmt.Sprintf("%d signing keys", len(keys.keys))
	}
	return append(append(findings, finding), c.checkRegistration(ctx, d)...)
}

// checkRegistration begins a sign-in as a browser would, then offers a code that nobody gave: a sign-on that knows us refuses the code,
// one that does not refuses us.
func (c *Client) checkRegistration(ctx context.Context, d *discovery) []esia.Finding {
	registration := esia.Finding{Name: "registration", Detail: "the sign-on accepts the system's request"}
	redirect, err := c.Start(ctx)
	if err != nil {
		registration.Err = typed(err)
		return []esia.Finding{registration}
	}
	response, err := c.look(ctx, redirect.URL)
	if err != nil {
		registration.Err = typed(err)
		return []esia.Finding{registration}
	}
	var findings []esia.Finding
	if theirs, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		difference := c.config.Now().Sub(theirs).Round(time.Second)
		clock := esia.Finding{Name: "clock", Detail: fmt.Sprintf("ours differs from the sign-on's by %s", difference)}
		if difference.Abs() > c.config.Leeway {
			clock.Err = fail(esia.CodeTokenTime, "check", nil)
		}
		findings = append(findings, clock)
	}
	location, err := response.Location()
	switch {
	case err == nil && strings.HasPrefix(location.String(), c.config.RedirectURL) && location.Query().Get("error") != "":
		registration.Err = refused("check", response.StatusCode, location.Query().Get("error"), location.Query().Get("error_description"))
	case err != nil && response.StatusCode != http.StatusOK:
		registration.Err = &esia.Error{Code: esia.CodeClientRefused, Step: "check", Status: response.StatusCode, OIDC: true}
	default:
		var e *esia.Error
		_, err := c.exchange(ctx, d, "check", redirect.Verifier)
		if errors.As(err, &e) && e.Code != esia.CodeGrantInvalid {
			registration.Err = e
		}
	}
	if registration.Err != nil {
		registration.Detail = "the sign-on refuses the system's request"
	}
	return append(findings, registration)
}

// look fetches an address like a browser that follows nothing.
func (c *Client) look(ctx context.Context, address string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fail(esia.CodeDiscoveryInvalid, "check", errors.New("authorization_endpoint is not a URL"))
	}
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		var quoting *url.Error
		if errors.As(err, &quoting) {
			err = quoting.Err
		}
		return nil, ours(esia.ConnectionError("check", 0, err))
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)); err != nil {
		return nil, ours(esia.ConnectionError("check", response.StatusCode, err))
	}
	return response, nil
}

func typed(err error) *esia.Error {
	var e *esia.Error
	if err != nil && !errors.As(err, &e) {
		e = fail(esia.CodeUnavailable, "check", err)
	}
	return e
}
