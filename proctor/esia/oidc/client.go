package oidc

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"

	"ochno/proctor/esia"
)

// Client signs people in through a plain OIDC sign-on. It holds no state of sign-ins and is safe for concurrent use.
type Client struct {
	config Config

	turn       chan struct{} // held by whoever reads or changes kept
	kept       kept
	endSession atomic.Pointer[string] // the end point of the last discovery
}

var _ esia.Provider = (*Client)(nil)

// Start begins a sign-in with state, nonce and PKCE. Errors are *esia.Error.
func (c *Client) Start(ctx context.Context) (esia.Redirect, error) {
	d, err := c.discover(ctx)
	if err != nil {
		c.log(ctx, "authorize", err)
		return esia.Redirect{}, err
	}
	r := esia.Redirect{State: uuid.NewString(), Verifier: random(), Nonce: random(), ExpiresAt: c.config.Now().Add(c.config.Patience)}
	challenge := sha256.Sum256([]byte(r.Verifier))
	r.URL = with(d.Authorization, url.Values{
		"response_type": {"code"}, "client_id": {c.config.ClientID}, "redirect_uri": {c.config.RedirectURL}, "scope": {strings.Join(c.config.Scopes, " ")},
		"state": {r.State}, "nonce": {r.Nonce}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	})
	return r, nil
}

// Finish ends the sign-in that pending began. Errors are *esia.Error.
func (c *Client) Finish(ctx context.Context, pending esia.Pending, query url.Values) (*esia.Identity, error) {
	identity, err := c.finish(ctx, pending, query)
	c.log(ctx, "sign-in", err)
	return identity, err
}

func (c *Client) finish(ctx context.Context, pending esia.Pending, query url.Values) (*esia.Identity, error) {
	back, err := pending.Read(c.config.Now(), query)
	if err != nil {
		return nil, ours(err)
	}
	if back.Error != "" {
		return nil, refused("authorize", 0, back.Error, back.Description)
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != c.config.Issuer {
		return nil, fail(esia.CodeTokenIssuer, "return", errors.New("another sign-on sent the browser back"))
	}
	d, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := c.exchange(ctx, d, back.Code, pending.Verifier)
	if err != nil {
		return nil, err
	}
	claims, err := c.verifyIDToken(ctx, answer.IDToken, pending.Nonce)
	if err != nil {
		return nil, err
	}
	if d.UserInfo != "" && answer.AccessToken != "" {
		if claims, err = c.addUserInfo(ctx, d.UserInfo, answer.AccessToken, claims); err != nil {
			return nil, err
		}
	}
	identity, err := c.config.identity(claims)
	if err != nil {
		return nil, fail(esia.CodePersonInvalid, "person", err)
	}
	return identity, nil
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
}

// exchange turns the code into tokens, which are not checked yet.
func (c *Client) exchange(ctx context.Context, d *discovery, code, verifier string) (*tokenAnswer, error) {
	const step = "token"
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.config.RedirectURL}, "code_verifier": {verifier}}
	// The standard's default is the Authorization header.
	inForm := c.config.ClientSecret == "" || len(d.TokenAuth) > 0 && !slices.Contains(d.TokenAuth, "client_secret_basic")
	if inForm {
		form.Set("client_id", c.config.ClientID)
		if c.config.ClientSecret != "" {
			form.Set("client_secret", c.config.ClientSecret)
		}
	}
	request, err := http.NewRequest(http.MethodPost, d.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fail(esia.CodeDiscoveryInvalid, step, errors.New("token_endpoint is not a URL"))
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !inForm {
		request.SetBasicAuth(url.QueryEscape(c.config.ClientID), url.QueryEscape(c.config.ClientSecret))
	}
	var answer tokenAnswer
	if _, err := c.call(ctx, step, request, &answer); err != nil {
		return nil, err
	}
	if answer.IDToken == "" {
		return nil, fail(esia.CodeAnswerInvalid, step, errors.New("no id_token"))
	}
	return &answer, nil
}

// addUserInfo adds what userinfo says beyond the ID token, whose signed claims come first.
func (c *Client) addUserInfo(ctx context.Context, address, token string, claims map[string]any) (map[string]any, error) {
	const step = "userinfo"
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, fail(esia.CodeDiscoveryInvalid, step, errors.New("userinfo_endpoint is not a URL"))
	}
	request.Header.Set("Authorization", "Bearer "+token)
	var raw json.RawMessage
	if _, err := c.call(ctx, step, request, &raw); err != nil {
		return nil, err
	}
	more := make(map[string]any)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&more); err != nil {
		return nil, fail(esia.CodeAnswerInvalid, step, errors.New("not a JSON object"))
	}
	signed, err := subjectOf(claims, "sub")
	if err != nil {
		return nil, fail(esia.CodeTokenInvalid, "id token", err)
	}
	if said, err := subjectOf(more, "sub"); err != nil || said != signed {
		return nil, fail(esia.CodeTokenSubject, step, errors.New("it names another subject than the ID token"))
	}
	maps.Copy(more, claims)
	return more, nil
}

// LogoutURL ends the person's session at the sign-on, if it has told where; otherwise it is returnTo.
func (c *Client) LogoutURL(returnTo string) string {
	endpoint := c.endSession.Load()
	if endpoint == nil || *endpoint == "" {
		return returnTo
	}
	return with(*endpoint, url.Values{"client_id": {c.config.ClientID}, "post_logout_redirect_uri": {returnTo}})
}

const maxAnswer = 256 << 10

// call sends a request and decodes a JSON object of at most 256 KiB. Errors are *esia.Error.
func (c *Client) call(ctx context.Context, step string, request *http.Request, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("Accept", "application/json")
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return nil, ours(esia.ConnectionError(step, 0, err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	status := response.StatusCode
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, ours(esia.ConnectionError(step, status, err))
	case len(body) > maxAnswer:
		return nil, &esia.Error{Code: esia.CodeAnswerTooBig, Step: step, Status: status, OIDC: true}
	case strings.Contains(media, "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return nil, &esia.Error{Code: esia.CodeAnswerHTML, Step: step, Status: status, OIDC: true}
	case status != http.StatusOK:
		var answer struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &answer) == nil && answer.Error != "" {
			return nil, refused(step, status, answer.Error, answer.Description)
		}
		code := esia.CodeAnswerInvalid
		if status >= 500 || status == http.StatusTooManyRequests {
			code = esia.CodeUnavailable
		}
		return nil, &esia.Error{Code: code, Step: step, Status: status, OIDC: true}
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(body, into) != nil {
		return nil, &esia.Error{Code: esia.CodeAnswerInvalid, Step: step, Status: status, Description: "not a JSON object of the expected shape", OIDC: true}
	}
	return response.Header, nil
}

// refused makes an error of OAuth's error name and description.
func refused(step string, status int, name, description string) *esia.Error {
	codes := map[string]string{
		"access_denied": esia.CodeDenied, "unauthorized_client": esia.CodeClientRefused, "invalid_client": esia.CodeClientRefused,
		"invalid_scope": esia.CodeScopeRefused, "invalid_grant": esia.CodeGrantInvalid,
		"server_error": esia.CodeUnavailable, "temporarily_unavailable": esia.CodeUnavailable,
	}
	code, ok := codes[name]
	if !ok {
		code = esia.CodeRefused
	}
	// RFC 6749 allows ASCII only. What a sign-on says in other letters may be somebody's name, and what userinfo says is about the person.
	foreign := func(r rune) bool { return r < ' ' || r > '~' }
	if step == "userinfo" || strings.ContainsFunc(description, foreign) {
		description = ""
	}
	if strings.ContainsFunc(name, foreign) {
		name = "an error without a name"
	}
	return &esia.Error{Code: code, Step: step, Status: status, Description: esia.OperatorText(strings.Trim(name+": "+description, ": ")), OIDC: true}
}

func fail(code, step string, cause error) *esia.Error {
	return &esia.Error{Code: code, Step: step, Err: cause, OIDC: true}
}

// ours marks an error of the esia package as one of a plain OIDC sign-on.
func ours(err error) error {
	var e *esia.Error
	if errors.As(err, &e) {
		marked := *e
		marked.OIDC = true
		return &marked
	}
	return err
}

func (c *Client) log(ctx context.Context, what string, err error) {
	if err == nil {
		c.config.Logger.InfoContext(ctx, "oidc "+what+" succeeded")
		return
	}
	var e *esia.Error
	if errors.As(err, &e) {
		c.config.Logger.WarnContext(ctx, fmt.Sprintf("oidc %s failed", what), "step", e.Step, "code", e.Code, "kind", string(e.Kind()), slog.Any("error", err))
	}
}

// random is 256 random bits in 43 characters.
func random() string {
	var bits [32]byte
	rand.Read(bits[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(bits[:])
}
