package esia

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// TimestampLayout is how ESIA writes and reads the time of a request.
const TimestampLayout = "2006.01.02 15:04:05 -0700"

func (g Generation) authorizePath() string {
	if g == V1 {
		return "/aas/oauth2/ac"
	}
	return "/aas/oauth2/v2/ac"
}

func (g Generation) tokenPath() string {
	if g == V1 {
		return "/aas/oauth2/te"
	}
	return "/aas/oauth2/v3/te"
}

// authorizeForm is the query that opens ESIA's sign-in page.
func (c *Client) authorizeForm(ctx context.Context, state, verifier string) (url.Values, error) {
	form := c.commonForm(state)
	form.Set("response_type", "code")
	form.Set("access_type", "online")
	if verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		form.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		form.Set("code_challenge_method", "S256")
	}
	return form, c.sign(ctx, form, "authorize")
}

// tokenForm is the body that exchanges a code for tokens.
func (c *Client) tokenForm(ctx context.Context, state, code, verifier string) (url.Values, error) {
	form := c.commonForm(state)
	form.Set("grant_type", "authorization_code")
	form.Set("code", code)
	form.Set("token_type", "Bearer")
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	return form, c.sign(ctx, form, "token")
}

func (c *Client) commonForm(state string) url.Values {
	form := url.Values{}
	form.Set("client_id", c.config.ClientID)
	form.Set("redirect_uri", c.config.RedirectURL)
	form.Set("scope", strings.Join(c.config.Scopes, " "))
	form.Set("state", state)
	form.Set("timestamp", c.config.Now().Format(TimestampLayout))
	return form
}

// sign adds client_secret and, for V2, client_certificate_hash.
func (c *Client) sign(ctx context.Context, form url.Values, step string) error {
	text := form.Get("scope") + form.Get("timestamp") + form.Get("client_id") + form.Get("state")
	if c.config.Generation == V2 {
		text = form.Get("client_id") + form.Get("scope") + form.Get("timestamp") + form.Get("state") + form.Get("redirect_uri") + form.Get("code")
		form.Set("client_certificate_hash", c.config.CertificateHash)
	}
	signature, err := c.config.Signer.Sign(ctx, []byte(text))
	if err != nil {
		return &Error{Code: CodeSignerFailed, Step: step, Err: err}
	}
	if len(signature) == 0 || len(signature) > maxSignature || c.config.Generation == V2 && len(signature) != rawSignature {
		return &Error{Code: CodeSignerFailed, Step: step, Description: "the signing program returned a signature of a wrong length"}
	}
	form.Set("client_secret", base64.RawURLEncoding.EncodeToString(signature))
	return nil
}

// encodeQuery writes spaces as %20: a plus sign in a query is a space only for those who decode forms.
func encodeQuery(form url.Values) string { return strings.ReplaceAll(form.Encode(), "+", "%20") }

func newState() string { return uuid.NewString() }

// newVerifier is a PKCE code verifier: 43 characters, 256 random bits.
func newVerifier() string {
	var random [32]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(random[:])
}
