package oidc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// Config says which sign-on to talk to and as whom. The zero value of every optional field is a working default.
type Config struct {
	// Issuer is the sign-on's address; discovery starts under it. Required, exactly as the sign-on writes it.
	Issuer string
	// ClientID is the name under which the system is registered. Required.
	ClientID string
	// ClientSecret proves it; "" for a public client, which PKCE alone protects.
	ClientSecret string
	// RedirectURL is where the browser comes back to. Required.
	RedirectURL string
	// Scopes are asked for in this order. Default: openid profile. openid must be among them.
	Scopes []string
	// Algorithms that an ID token may be signed by: RS256, PS256, ES256. Default: RS256, ES256.
	Algorithms []string

	// Claims say which claim means what. Each empty field takes the default.
	Claims Claims
	// Level is that of accounts for which Claims.Level says nothing. Default: esia.LevelSimplified, which admits nobody. A university whose
	// sign-on holds only people it has identified itself sets esia.LevelConfirmed.
	Level esia.Level
	// SubjectPrefix is put before the subject, so that a sign-on's numbers are not taken for ESIA's. Leave it empty only when the subject
	// is ESIA's own OID.
	SubjectPrefix string
	// BirthDateRequired refuses people without a birth date.
	BirthDateRequired bool

	// HTTPClient carries requests to the sign-on. It must not follow redirects; the default does not.
	HTTPClient *http.Client
	// Timeout bounds each request. Default: 10 s.
	Timeout time.Duration
	// Leeway is how far the sign-on's clock and ours may differ. Default: 60 s.
	Leeway time.Duration
	// Patience is how long a browser may take between Start and Finish. Default: 15 minutes.
	Patience time.Duration
	// Keep is how long discovery and keys are kept. Keys are fetched anew earlier when a token names an unknown one. Default: 1 hour.
	Keep time.Duration

	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger receives the outcome of every step, never tokens or a person's data. Default: discard.
	Logger *slog.Logger
}

// New checks the configuration whole, so that all its faults are told at once. It fetches nothing yet.
func New(config Config) (*Client, error) {
	c := config
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	for _, u := range []struct{ name, value string }{{"Issuer", c.Issuer}, {"RedirectURL", c.RedirectURL}} {
		if err := absoluteURL(u.value); err != nil {
			fault("%s: %w", u.name, err)
		}
	}
	if len(c.ClientID) == 0 || len(c.ClientID) > 256 {
		fault("ClientID: want the name registered with the sign-on")
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile"}
	}
	if !slices.Contains(c.Scopes, "openid") {
		fault("Scopes: openid is missing; without it there is no ID token")
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{"RS256", "ES256"}
	}
	for _, algorithm := range c.Algorithms {
		if !slices.Contains([]string{"RS256", "PS256", "ES256"}, algorithm) {
			fault("Algorithms: %q is none of RS256, PS256, ES256", algorithm)
		}
	}
	if c.Level == "" {
		c.Level = esia.LevelSimplified
	}
	if !knownLevel(c.Level) {
		fault("Level: %q is no level", c.Level)
	}
	for word, level := range c.Claims.Levels {
		if !knownLevel(level) {
			fault("Claims.Levels: %q means no level", word)
		}
	}
	if len(c.SubjectPrefix) > 64 || strings.ContainsFunc(c.SubjectPrefix, unprintable) {
		fault("SubjectPrefix: want at most 64 printable characters without spaces")
	}
	if c.Timeout < 0 || c.Leeway < 0 || c.Patience < 0 || c.Keep < 0 {
		fault("Timeout, Leeway, Patience, Keep: must not be negative")
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("oidc: configuration: %w", errors.Join(faults...))
	}

	c.Claims = c.Claims.withDefaults()
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&c.Timeout, 10 * time.Second}, {&c.Leeway, time.Minute}, {&c.Patience, 15 * time.Minute}, {&c.Keep, time.Hour}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	client := &Client{config: c, turn: make(chan struct{}, 1)}
	return client, nil
}

func knownLevel(level esia.Level) bool {
	return slices.Contains([]esia.Level{esia.LevelSimplified, esia.LevelStandard, esia.LevelConfirmed, esia.LevelChild}, level)
}

func absoluteURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("want an absolute http or https URL without credentials and fragment")
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }
