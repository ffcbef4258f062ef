package esiamock

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// refusal is an error in ESIA's shape.
type refusal struct {
	oauth string // OAuth's error
	code  string // ESIA's
	text  string
}

func (r *refusal) description() string { return r.code + ": " + r.text }

func refuse(oauth, code, text string) *refusal { return &refusal{oauth, code, text} }

func missing(name string) *refusal {
	if name == "scope" {
		return refuse("invalid_scope", "ESIA-007013", "The request has no scope")
	}
	return refuse("invalid_request", "ESIA-007014", "The mandatory parameter ["+name+"] is missing")
}

func badParameter(name string) *refusal {
	return refuse("invalid_request", "ESIA-007003", "The parameter ["+name+"] is not acceptable")
}

// knownScopes are those of facts about ESIA.
var knownScopes = []string{
	"openid", "fullname", "birthdate", "birthplace", "gender", "snils", "inn", "id_doc", "email", "mobile", "contacts", "addresses", "usr_org",
	"birth_cert_doc", "kid_fullname", "kid_birthdate", "kid_snils", "kid_birth_cert_doc",
}

var (
	uuidForm      = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	esiaCodeForm  = regexp.MustCompile(`^ESIA-[0-9]{6}$`)
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
)

// wellFormed refuses repeated and oversized parameters before anything is read.
func wellFormed(form url.Values) *refusal {
	if len(form) > 32 {
		return refuse("invalid_request", "ESIA-007003", "Too many parameters")
	}
	for name, values := range form {
		if len(values) != 1 || len(values[0]) > 16<<10 {
			return badParameter(name[:min(len(name), 40)])
		}
	}
	return nil
}

// knownClient finds the system and checks that the redirect URL is its own. Until both hold, no browser is sent anywhere.
func (s *Stand) knownClient(form url.Values) (*client, *refusal) {
	for _, name := range []string{"client_id", "redirect_uri"} {
		if form.Get(name) == "" {
			return nil, missing(name)
		}
	}
	c := s.clients[form.Get("client_id")]
	if c == nil {
		return nil, refuse("unauthorized_client", "ESIA-007005", "The client is not allowed to use this method")
	}
	if !c.owns(form.Get("redirect_uri")) {
		return nil, refuse("invalid_request", "ESIA-007023", "The redirect_uri is not registered for the client")
	}
	return c, nil
}

// owns tells whether the URL is under the client's prefix.
func (c *client) owns(redirect string) bool {
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme != c.prefix.Scheme || u.Host != c.prefix.Host || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return false
	}
	return strings.HasPrefix(u.Path, c.prefix.Path) && !strings.Contains(u.Path, "..")
}

// checkSigned checks what both end points have in common: presence, time, state, scope and the signature.
func (s *Stand) checkSigned(ctx context.Context, c *client, generation esia.Generation, form url.Values, required ...string) *refusal {
	required = append([]string{"scope", "state", "timestamp", "client_secret"}, required...)
	if generation == esia.V2 {
		required = append(required, "client_certificate_hash")
	}
	for _, name := range required {
		if form.Get(name) == "" {
			return missing(name)
		}
	}
	at, err := time.Parse(esia.TimestampLayout, form.Get("timestamp"))
	if err != nil || s.now().Sub(at).Abs() > s.skew {
		return refuse("invalid_request", "ESIA-007015", "The timestamp is malformed or too far from the current time")
	}
	if !uuidForm.MatchString(form.Get("state")) {
		return badParameter("state")
	}
	for scope := range strings.SplitSeq(form.Get("scope"), " ") {
		if !slices.Contains(knownScopes, scope) {
			return refuse("invalid_scope", "ESIA-007006", "The scope is invalid, unknown or malformed")
		}
	}
	return s.checkSignature(ctx, c, generation, form)
}

func (s *Stand) checkSignature(ctx context.Context, c *client, generation esia.Generation, form url.Values) *refusal {
	wrong := refuse("access_denied", "ESIA-007053", "The client_secret is wrong")
	signature, err := anyBase64(form.Get("client_secret"))
	if err != nil {
		return wrong
	}
	if generation == esia.V2 {
		if form.Get("client_certificate_hash") != c.hash {
			return wrong
		}
		var text strings.Builder
		for _, name := range []string{"client_id", "scope", "scope_org", "timestamp", "state", "redirect_uri", "code"} {
			text.WriteString(form.Get(name))
		}
		err = s.openssl.Verify(ctx, c.certificate, []byte(text.String()), signature)
	} else {
		var text strings.Builder
		for _, name := range []string{"scope", "timestamp", "client_id", "state"} {
			text.WriteString(form.Get(name))
		}
		err = s.openssl.VerifyCMS(ctx, c.certificate, []byte(text.String()), signature)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, esia.ErrSignature):
		return wrong
	}
	s.logger.Error("the stand cannot verify signatures", "error", err)
	return refuse("server_error", "ESIA-007007", "Internal error")
}

// anyBase64 reads padded and unpadded, url-safe and standard base64, as ESIA does.
func anyBase64(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	return base64.RawURLEncoding.DecodeString(text)
}

// checkChallenge checks the PKCE challenge of an authorize request, if there is one.
func checkChallenge(generation esia.Generation, form url.Values) *refusal {
	challenge, method := form.Get("code_challenge"), form.Get("code_challenge_method")
	switch {
	case challenge == "" && method == "":
		return nil
	case generation == esia.V1:
		return badParameter("code_challenge")
	case method != "S256" || !challengeForm.MatchString(challenge):
		return refuse("invalid_request", "ESIA-007039", "The code_challenge or its method is not acceptable")
	}
	return nil
}

// checkVerifier checks the PKCE verifier of a token request against the challenge that the code was made with.
func checkVerifier(challenge, verifier string) *refusal {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "" || !verifierForm.MatchString(verifier):
		return refuse("invalid_grant", "ESIA-007039", "The code_verifier is missing, malformed or unexpected")
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) != 1 {
		return refuse("invalid_grant", "ESIA-007040", "The code_verifier does not match the code_challenge")
	}
	return nil
}
