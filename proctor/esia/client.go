package esia

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"time"
)

// Client signs people in through ESIA. It holds no state of sign-ins and is safe for concurrent use.
type Client struct {
	config Config
}

// Redirect is a sign-in that was begun: the browser goes to URL, the rest stays with us, bound to the browser's session.
type Redirect struct {
	URL       string
	State     string    // random, single use: the caller forgets it at the first Finish, whatever comes of it
	Verifier  string    // PKCE code verifier, "" without PKCE
	Nonce     string    // that the ID token must carry, "" without one: ESIA does not reliably echo it
	ExpiresAt time.Time // Finish refuses later
}

// Pending is what Finish needs of the Redirect.
func (r Redirect) Pending() Pending {
	return Pending{State: r.State, Verifier: r.Verifier, Nonce: r.Nonce, ExpiresAt: r.ExpiresAt}
}

// Pending is a sign-in that was begun by this browser. The zero value is «none was».
type Pending struct {
	State     string    `json:"state"`
	Verifier  string    `json:"verifier"`
	Nonce     string    `json:"nonce,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Start begins a sign-in. Errors are [*Error].
func (c *Client) Start(ctx context.Context) (Redirect, error) {
	r := Redirect{State: newState(), ExpiresAt: c.config.Now().Add(c.config.Patience)}
	if c.config.Generation == V2 && !c.config.NoPKCE {
		r.Verifier = newVerifier()
	}
	form, err := c.authorizeForm(ctx, r.State, r.Verifier)
	if err != nil {
		c.log(ctx, "authorize", err)
		return Redirect{}, err
	}
	r.URL = c.config.BaseURL + c.config.Generation.authorizePath() + "?" + encodeQuery(form)
	return r, nil
}

// Finish ends the sign-in that pending began, with the query that the browser brought back: it checks the state, exchanges the code,
// checks the tokens and reads the person. The account of the Identity may be unconfirmed: ask [Identity.Confirmed]. Errors are [*Error].
func (c *Client) Finish(ctx context.Context, pending Pending, query url.Values) (*Identity, error) {
	identity, err := c.finish(ctx, pending, query)
	c.log(ctx, "sign-in", err)
	if err != nil {
		return nil, err
	}
	return identity, nil
}

func (c *Client) finish(ctx context.Context, pending Pending, query url.Values) (*Identity, error) {
	code, err := c.returned(pending, query)
	if err != nil {
		return nil, err
	}
	answer, err := c.exchange(ctx, code, pending.Verifier)
	if err != nil {
		return nil, err
	}
	identity, err := c.identify(ctx, answer)
	if err != nil {
		return nil, err
	}
	if err := c.readPerson(ctx, identity); err != nil {
		return nil, err
	}
	return identity, nil
}

// returned checks what the browser brought back and gives the code in it.
func (c *Client) returned(pending Pending, query url.Values) (code string, err error) {
	back, err := pending.Read(c.config.Now(), query)
	if err != nil {
		return "", err
	}
	if back.Error != "" {
		return "", fromESIA("authorize", 0, back.Error, back.Description)
	}
	return back.Code, nil
}

// identify checks the tokens and that they speak of one person.
func (c *Client) identify(ctx context.Context, answer *tokenAnswer) (*Identity, error) {
	access, err := c.verifyToken(ctx, answer.AccessToken, accessToken)
	if err != nil {
		return nil, err
	}
	id, err := c.verifyToken(ctx, answer.IDToken, idToken)
	if err != nil {
		return nil, err
	}
	subjects := []identifier{access.SubjectID, id.Subject}
	if id.Account != nil && id.Account.OID != "" {
		subjects = append(subjects, id.Account.OID)
	}
	if slices.Contains(subjects, "") {
		return nil, &Error{Code: CodeTokenInvalid, Step: "token", Description: "a token names nobody"}
	}
	if len(slices.Compact(subjects)) != 1 || access.SessionID != id.SessionID {
		return nil, &Error{Code: CodeTokenSubject, Step: "token", Description: "access and ID token differ in person or session"}
	}
	return &Identity{
		OID:        string(id.Subject),
		Level:      id.level(),
		AuthMethod: id.method(),
		SessionID:  id.SessionID,
		token:      answer.AccessToken,
		expires:    c.config.Now().Add(time.Duration(answer.ExpiresIn) * time.Second),
	}, nil
}

// LogoutURL ends the person's session at ESIA and sends the browser to returnTo, whose domain must be registered.
func (c *Client) LogoutURL(returnTo string) string {
	form := url.Values{}
	form.Set("client_id", c.config.ClientID)
	form.Set("redirect_url", returnTo)
	return c.config.BaseURL + "/idp/ext/Logout?" + encodeQuery(form)
}

func (c *Client) log(ctx context.Context, what string, err error) {
	if err == nil {
		c.config.Logger.InfoContext(ctx, "esia "+what+" succeeded")
		return
	}
	var e *Error
	if errors.As(err, &e) {
		c.config.Logger.WarnContext(ctx, "esia "+what+" failed", "step", e.Step, "code", e.Code, "kind", string(e.Kind()), slog.Any("error", err))
	}
}
