package esia

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Generation is the version of ESIA's OAuth end points and, with it, the form of client_secret.
type Generation string

const (
	// V2 is v2/ac with v3/te: a raw GOST R 34.10-2012-256 signature and the hash of the system's certificate. The current one.
	V2 Generation = "v2"
	// V1 is ac with te: a detached CMS signature that holds the certificate. ESIA is retiring it.
	V1 Generation = "v1"
)

// Algorithms of ESIA's tokens; which one a system gets is chosen on ESIA's technical portal.
const (
	RS256 = "RS256"
	GOST  = "GOST3410_2012_256"
)

// Config says which ESIA to talk to and as whom. The zero value of every optional field is a working default.
type Config struct {
	// BaseURL is ESIA's address: https://esia.gosuslugi.ru (the default), https://esia-portal1.test.gosuslugi.ru or a stand.
	BaseURL string
	// ClientID is the mnemonic (мнемоника) under which the system is registered. Required.
	ClientID string
	// RedirectURL is where ESIA sends the browser back to; its domain must be registered with ESIA. Required.
	RedirectURL string
	// Scopes are asked for in this order. Default: openid fullname birthdate snils. openid must be among them.
	Scopes []string
	// Generation of the end points. Default: V2.
	Generation Generation

	// Signer signs requests: a raw 64-byte signature for V2, a DER detached CMS for V1. Required.
	Signer Signer
	// CertificateHash is the Streebog-256 of the system's certificate (its DER) in upper-case hex; see [OpenSSL.CertificateHash]. Required for V2.
	CertificateHash string

	// Certificate is the system's own, as uploaded to the technical portal. Optional: with it [Client.Check] finds out by itself whether it has
	// expired, the key belongs to it and CertificateHash is its hash, all of which ESIA answers with the same ESIA-007053.
	Certificate *x509.Certificate

	// Keys are ESIA's own certificates, which verify its tokens; see [FileKeys]. Required.
	Keys KeySource
	// Algorithms that a token may be signed by: RS256, GOST3410_2012_256. Default: RS256, and GOST3410_2012_256 when Verifier is set.
	Algorithms []string
	// Verifier verifies GOST signatures of tokens. Required when Algorithms name GOST3410_2012_256.
	Verifier Verifier
	// Issuer is the iss that tokens must carry. Default: http:// + the host of BaseURL + /, which is what ESIA writes.
	Issuer string

	// GroupsPath is where ESIA lists a person's access groups in an organisation; {organisation} and {person} stand for their OIDs.
	// Default: /rs/orgs/{organisation}/emps/{person}/grps.
	GroupsPath string

	// HTTPClient carries requests to ESIA. It must not follow redirects; the default does not.
	HTTPClient *http.Client
	// Timeout bounds each request to ESIA. Default: 10 s.
	Timeout time.Duration
	// Leeway is how far ESIA's clock and ours may differ. Default: 60 s.
	Leeway time.Duration
	// Patience is how long a browser may take between Start and Finish. Default: 15 minutes.
	Patience time.Duration
	// NoPKCE leaves the code challenge out of V2 requests, for a gateway that refuses it. V1 has none.
	NoPKCE bool

	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger receives the outcome of every step: code, status, duration; never tokens or a person's data. Default: discard.
	Logger *slog.Logger
}

var (
	mnemonic = regexp.MustCompile(`^[A-Za-z0-9_.\-]{1,64}$`)
	hashForm = regexp.MustCompile(`^[0-9A-F]{64}$`)
	scopeRE  = regexp.MustCompile(`^[A-Za-z0-9_.:\-/]{1,128}$`)
)

// New checks the configuration whole, so that all its faults are told at once.
func New(config Config) (*Client, error) {
	c := config
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if c.BaseURL == "" {
		c.BaseURL = "https://esia.gosuslugi.ru"
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	base, err := absoluteURL(c.BaseURL)
	if err != nil {
		fault("BaseURL: %w", err)
	}
	if !mnemonic.MatchString(c.ClientID) {
		fault("ClientID: want the mnemonic registered with ESIA, 1 to 64 of A-Z a-z 0-9 _ . -")
	}
	if _, err := absoluteURL(c.RedirectURL); err != nil {
		fault("RedirectURL: %w", err)
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "fullname", "birthdate", "snils"}
	}
	for _, scope := range c.Scopes {
		if !scopeRE.MatchString(scope) {
			fault("Scopes: %q is not a scope", scope)
		}
	}
	if !slices.Contains(c.Scopes, "openid") {
		fault("Scopes: openid is missing; without it ESIA sends no ID token")
	}
	if c.Signer == nil {
		fault("Signer: missing")
	}
	switch c.Generation {
	case "", V2:
		c.Generation = V2
		if !hashForm.MatchString(c.CertificateHash) {
			fault("CertificateHash: want 64 upper-case hex digits, the Streebog-256 of the certificate's DER")
		}
	case V1:
	default:
		fault("Generation: %q is neither v1 nor v2", c.Generation)
	}
	if c.Keys == nil {
		fault("Keys: missing; ESIA's certificates are needed to verify its tokens")
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{RS256}
		if c.Verifier != nil {
			c.Algorithms = append(c.Algorithms, GOST)
		}
	}
	for _, algorithm := range c.Algorithms {
		switch {
		case algorithm != RS256 && algorithm != GOST:
			fault("Algorithms: %q is neither %s nor %s", algorithm, RS256, GOST)
		case algorithm == GOST && c.Verifier == nil:
			fault("Verifier: missing; %s tokens need one", GOST)
		}
	}
	if c.GroupsPath == "" {
		c.GroupsPath = "/rs/orgs/{organisation}/emps/{person}/grps"
	}
	if !strings.HasPrefix(c.GroupsPath, "/") || !strings.Contains(c.GroupsPath, "{organisation}") || !strings.Contains(c.GroupsPath, "{person}") {
		fault("GroupsPath: want a path with {organisation} and {person} in it")
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Leeway == 0 {
		c.Leeway = time.Minute
	}
	if c.Patience == 0 {
		c.Patience = 15 * time.Minute
	}
	if c.Timeout < 0 || c.Leeway < 0 || c.Patience < 0 {
		fault("Timeout, Leeway, Patience: must not be negative")
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("esia: configuration: %w", errors.Join(faults...))
	}

	if c.Issuer == "" {
		c.Issuer = "http://" + base.Host + "/"
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{CheckRedirect: noRedirects}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{config: c}, nil
}

// noRedirects keeps a token from following a redirect to another host, and makes a maintenance redirect visible.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func absoluteURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%q: want an absolute http or https URL without credentials and fragment", u.Redacted())
	}
	return u, nil
}
