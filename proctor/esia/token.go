package esia

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ESIA's tokens are JWS, but not ones that JWT packages read: no kid, so that every known certificate is tried; a numeric sub;
// and GOST signatures, which an external program verifies under a context. Hence the few lines here.

type tokenKind string

const (
	accessToken tokenKind = "access"
	idToken     tokenKind = "id"
)

const (
	maxToken     = 16 << 10
	maxSignature = 16 << 10
	rawSignature = 64 // GOST R 34.10-2012-256
)

// claims are those of either token that we read.
type claims struct {
	Issuer    string      `json:"iss"`
	Audience  textList    `json:"aud"`       // ID token
	ClientID  string      `json:"client_id"` // access token
	Subject   identifier  `json:"sub"`       // ID token
	SubjectID identifier  `json:"urn:esia:sbj_id"`
	SessionID string      `json:"urn:esia:sid"`
	NotBefore numericDate `json:"nbf"`
	IssuedAt  numericDate `json:"iat"`
	Expires   numericDate `json:"exp"`
	Methods   textList    `json:"amr"`
	Method    string      `json:"urn:esia:amd"`
	Account   *account    `json:"urn:esia:sbj"`
}

type account struct {
	OID     identifier `json:"urn:esia:sbj:oid"`
	Trusted flag       `json:"urn:esia:sbj:is_tru"`
	Level   string     `json:"urn:esia:sbj:lvl"`
}

// level is by the ID token alone; "" when it says nothing, see [Person.level].
func (c *claims) level() Level {
	switch {
	case c.Account == nil:
		return ""
	case c.Account.Level == "KD":
		return LevelChild
	case c.Account.Level == "PR" && bool(c.Account.Trusted):
		return LevelConfirmed
	case c.Account.Level == "" && bool(c.Account.Trusted):
		return LevelConfirmed
	}
	return LevelSimplified
}

func (c *claims) method() string {
	if c.Method != "" {
		return c.Method
	}
	if len(c.Methods) > 0 {
		return c.Methods[0]
	}
	return ""
}

// verifyToken checks form, algorithm, signature, issuer, audience and times, in this order, and returns the claims.
func (c *Client) verifyToken(ctx context.Context, token string, kind tokenKind) (*claims, error) {
	parsed, err := parseToken(token)
	if err != nil {
		return nil, tokenError(kind, CodeTokenInvalid, err)
	}
	if !slices.Contains(c.config.Algorithms, parsed.algorithm) {
		return nil, tokenError(kind, CodeTokenAlgorithm, fmt.Errorf("signed by %s; allowed: %s", OperatorText(parsed.algorithm), strings.Join(c.config.Algorithms, ", ")))
	}
	if parsed.use != "" && parsed.use != string(kind) {
		return nil, tokenError(kind, CodeTokenInvalid, errors.New("another kind of token in its place"))
	}
	if err := c.verifySignature(ctx, parsed, kind); err != nil {
		return nil, err
	}
	claims, err := parseClaims(parsed.payload)
	if err != nil {
		return nil, tokenError(kind, CodeTokenInvalid, err)
	}
	if claims.Issuer != c.config.Issuer {
		return nil, tokenError(kind, CodeTokenIssuer, fmt.Errorf("issued by %q, want %q", OperatorText(claims.Issuer), c.config.Issuer))
	}
	audience := claims.Audience
	if kind == accessToken {
		audience = textList{claims.ClientID}
	}
	if !slices.Contains(audience, c.config.ClientID) {
		return nil, tokenError(kind, CodeTokenAudience, nil)
	}
	if err := claims.current(c.config.Now(), c.config.Leeway); err != nil {
		return nil, tokenError(kind, CodeTokenTime, err)
	}
	return claims, nil
}

func tokenError(kind tokenKind, code string, cause error) *Error {
	return &Error{Code: code, Step: string(kind) + " token", Err: cause}
}

// verifySignature tries each certificate of ESIA, those that are valid now first.
func (c *Client) verifySignature(ctx context.Context, token *parsedToken, kind tokenKind) error {
	certificates, err := c.config.Keys.Certificates(ctx)
	if err != nil {
		return tokenError(kind, CodeKeysMissing, err)
	}
	now := c.config.Now()
	var expired []*x509.Certificate
	for _, certificate := range certificates {
		if now.After(certificate.NotAfter.Add(c.config.Leeway)) {
			expired = append(expired, certificate)
			continue
		}
		switch err := c.verifyWith(ctx, token, certificate); {
		case err == nil:
			return nil
		case !errors.Is(err, ErrSignature):
			return tokenError(kind, CodeVerifierFailed, err)
		}
	}
	for _, certificate := range expired {
		if c.verifyWith(ctx, token, certificate) == nil {
			return tokenError(kind, CodeCertificateExpired, fmt.Errorf("ESIA's certificate %.16s… expired on %s", Fingerprint(certificate), certificate.NotAfter.Format(time.DateOnly)))
		}
	}
	return tokenError(kind, CodeTokenSignature, fmt.Errorf("none of %d certificates of ESIA verifies it", len(certificates)))
}

// verifyWith returns ErrSignature when this certificate did not sign it.
func (c *Client) verifyWith(ctx context.Context, token *parsedToken, certificate *x509.Certificate) error {
	switch token.algorithm {
	case RS256:
		key, ok := certificate.PublicKey.(*rsa.PublicKey)
		if !ok {
			return ErrSignature
		}
		sum := sha256.Sum256(token.signed)
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], token.signature) != nil {
			return ErrSignature
		}
		return nil
	case GOST:
		if !isGOST256(certificate) || len(token.signature) != rawSignature {
			return ErrSignature
		}
		return c.config.Verifier.Verify(ctx, certificate, token.signed, token.signature)
	}
	return ErrSignature
}

type parsedToken struct {
	algorithm string
	use       string // sbt: access, id
	signed    []byte
	payload   []byte
	signature []byte
}

// parseToken takes a compact JWS apart. It checks no signature.
func parseToken(token string) (*parsedToken, error) {
	if len(token) > maxToken {
		return nil, errors.New("over 16 KiB")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, fmt.Errorf("part %d is not base64url", i+1)
		}
	}
	var header struct {
		Algorithm string          `json:"alg"`
		Use       string          `json:"sbt"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := decodeObject(decoded[0], &header); err != nil {
		return nil, errors.New("the header is not a JSON object of the right shape")
	}
	if header.Critical != nil {
		return nil, errors.New("the header has critical extensions")
	}
	return &parsedToken{
		algorithm: header.Algorithm,
		use:       header.Use,
		signed:    []byte(parts[0] + "." + parts[1]),
		payload:   decoded[1],
		signature: decoded[2],
	}, nil
}

func parseClaims(payload []byte) (*claims, error) {
	var c claims
	if err := decodeObject(payload, &c); err != nil {
		// The decoder's own words may quote a value.
		return nil, errors.New("the claims are not a JSON object of the right shapes")
	}
	return &c, nil
}

// current checks the times. exp is required, nbf and iat are checked when present.
func (c *claims) current(now time.Time, leeway time.Duration) error {
	clock := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case c.Expires == 0:
		return errors.New("no exp")
	case now.After(c.Expires.time().Add(leeway)):
		return fmt.Errorf("expired at %s, our clock says %s", clock(c.Expires.time()), clock(now))
	}
	for _, from := range []numericDate{c.NotBefore, c.IssuedAt} {
		if from != 0 && now.Add(leeway).Before(from.time()) {
			return fmt.Errorf("valid from %s, our clock says %s", clock(from.time()), clock(now))
		}
	}
	return nil
}

// decodeObject reads exactly one JSON object.
func decodeObject(data []byte, into any) error {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("not a JSON object")
	}
	return json.Unmarshal(data, into)
}

// identifier is an OID, which ESIA writes as a number or as a string.
type identifier string

func (i *identifier) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	text := strings.Trim(string(data), `"`)
	if len(text) < len(data)-2 || len(text) == 0 || len(text) > 20 || strings.Trim(text, "0123456789") != "" {
		return errors.New("not an identifier of 1 to 20 digits")
	}
	*i = identifier(text)
	return nil
}

// textList is one string or a list of strings.
type textList []string

func (l *textList) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(l))
	}
	*l = textList{""}
	return json.Unmarshal(data, &(*l)[0])
}

// flag is a boolean, which some answers write as a string.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.Trim(string(data), `"`) {
	case "true":
		*f = true
	case "false", "null", "":
		*f = false
	default:
		return errors.New("not a boolean")
	}
	return nil
}

// numericDate counts seconds since 1970; 0 is «absent».
type numericDate int64

func (d *numericDate) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil || seconds < 1 || seconds > 1e11 {
		return errors.New("not a time")
	}
	*d = numericDate(seconds)
	return nil
}

func (d numericDate) time() time.Time { return time.Unix(int64(d), 0) }
