package esia

import (
	"context"
	"crypto/subtle"
	"net/url"
	"time"
)

// Provider is the seam between the service and whoever signs people in: ESIA itself ([Client]), or a certified gateway or a university's
// own sign-on by plain OIDC (package oidc). Package conformance holds what every driver of it must do. Errors are [*Error].
type Provider interface {
	// Start begins a sign-in: the browser goes to the Redirect's URL, its Pending stays with us, bound to the browser's session.
	Start(ctx context.Context) (Redirect, error)
	// Finish ends it with the query that the browser brought back. The caller forgets pending first, whatever comes of it.
	Finish(ctx context.Context, pending Pending, query url.Values) (*Identity, error)
	// LogoutURL ends the person's session there and sends the browser to returnTo.
	LogoutURL(returnTo string) string
	// Ping tells cheaply whether a sign-in could work now.
	Ping(ctx context.Context) error
	// Check looks at everything that can be wrong between the two and signs nobody in.
	Check(ctx context.Context) []Finding
}

var _ Provider = (*Client)(nil)

const (
	maxParameter  = 4 << 10
	maxParameters = 16
)

// Return is what a browser brought back: a Code or an Error, never both.
type Return struct {
	Code        string
	Error       string // OAuth's name for it
	Description string // whoever made the URL wrote it
}

// Read checks what the browser brought back against the sign-in that it began: one value per parameter, bounded, the right state, in time.
func (p Pending) Read(now time.Time, query url.Values) (Return, error) {
	refuse := func(code, why string) (Return, error) {
		return Return{}, &Error{Code: code, Step: "return", Description: why}
	}
	if len(query) > maxParameters {
		return refuse(CodeRequestInvalid, "too many parameters")
	}
	for _, values := range query {
		if len(values) > 1 {
			return refuse(CodeRequestInvalid, "a parameter is repeated")
		}
		if len(values) == 1 && len(values[0]) > maxParameter {
			return refuse(CodeRequestInvalid, "a parameter is over 4 KiB")
		}
	}
	state, failed := query.Get("state"), query.Get("error")
	if state == "" && failed != "" {
		// ESIA leaves the state out of some refusals. A refusal grants nothing, so its code may be believed; the words might be anybody's.
		return Return{Error: failed, Description: esiaCode.FindString(query.Get("error_description"))}, nil
	}
	if p.State == "" || subtle.ConstantTimeCompare([]byte(state), []byte(p.State)) != 1 {
		return refuse(CodeStateInvalid, "")
	}
	if now.After(p.ExpiresAt) {
		return refuse(CodeStateExpired, "")
	}
	if failed != "" {
		return Return{Error: failed, Description: query.Get("error_description")}, nil
	}
	code := query.Get("code")
	if code == "" {
		return refuse(CodeRequestInvalid, "neither a code nor an error")
	}
	return Return{Code: code}, nil
}
