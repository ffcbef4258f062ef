package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ochno/proctor/esia"
)

const maxToken = 32 << 10

// verifyIDToken checks form, algorithm, signature, issuer, audience, times and nonce, and returns the claims.
func (c *Client) verifyIDToken(ctx context.Context, token, nonce string) (map[string]any, error) {
	const step = "id token"
	algorithm, id, err := tokenHeader(token)
	if err != nil {
		return nil, fail(esia.CodeTokenInvalid, step, err)
	}
	if !slices.Contains(c.config.Algorithms, algorithm) {
		return nil, fail(esia.CodeTokenAlgorithm, step, fmt.Errorf("signed by %s; allowed: %s", esia.OperatorText(algorithm), strings.Join(c.config.Algorithms, ", ")))
	}
	keys, err := c.keys(ctx, false)
	if err != nil {
		return nil, err
	}
	claims, err := c.parse(token, algorithm, keys.candidates(id))
	if errors.Is(err, errNoKey) { // the sign-on may have changed its keys since
		if keys, err = c.keys(ctx, true); err != nil {
			return nil, err
		}
		claims, err = c.parse(token, algorithm, keys.candidates(id))
	}
	switch {
	case errors.Is(err, errNoKey):
		return nil, fail(esia.CodeTokenSignature, step, nil)
	case err != nil:
		return nil, fail(esia.CodeTokenInvalid, step, err)
	}
	if code, err := c.checkClaims(claims, nonce); err != nil {
		return nil, fail(code, step, err)
	}
	return claims, nil
}

// errNoKey is a token that none of the keys verifies.
var errNoKey = errors.New("no key verifies it")

// parse verifies the signature by the first key that does; the claims are checked by checkClaims.
func (c *Client) parse(token, algorithm string, keys []key) (jwt.MapClaims, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{algorithm}), jwt.WithJSONNumber(), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())
	for _, k := range keys {
		_, elliptic := k.public.(*ecdsa.PublicKey)
		_, modular := k.public.(*rsa.PublicKey)
		if elliptic != (algorithm == "ES256") || modular != (algorithm == "RS256" || algorithm == "PS256") {
			continue
		}
		claims := jwt.MapClaims{}
		_, err := parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return k.public, nil })
		if err == nil {
			return claims, nil
		}
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			return nil, errors.New("the claims are not a JSON object, or a part is not base64url") // the package's words may quote a value
		}
	}
	return nil, errNoKey
}

// tokenHeader reads what says how a token is to be verified.
func tokenHeader(token string) (algorithm, id string, err error) {
	if len(token) > maxToken {
		return "", "", errors.New("over 32 KiB")
	}
	first, _, ok := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.Strict().DecodeString(first)
	var header struct {
		Algorithm string          `json:"alg"`
		ID        string          `json:"kid"`
		Critical  json.RawMessage `json:"crit"`
	}
	if !ok || err != nil || json.Unmarshal(data, &header) != nil {
		return "", "", errors.New("not a signed token")
	}
	if header.Critical != nil {
		return "", "", errors.New("the header has critical extensions")
	}
	return header.Algorithm, header.ID, nil
}

// checkClaims checks what an ID token must say, whoever it speaks of.
func (c *Client) checkClaims(claims map[string]any, nonce string) (code string, err error) {
	if issuer, _ := claims["iss"].(string); issuer != c.config.Issuer {
		return esia.CodeTokenIssuer, fmt.Errorf("issued by %q, want %q", esia.OperatorText(issuer), c.config.Issuer)
	}
	audience, ok := audienceOf(claims["aud"])
	if !ok || !slices.Contains(audience, c.config.ClientID) {
		return esia.CodeTokenAudience, errors.New("not for this system")
	}
	authorised, given := claims["azp"]
	if given && authorised != c.config.ClientID || !given && len(audience) > 1 {
		return esia.CodeTokenAudience, errors.New("for several systems, and not given to this one")
	}
	now, clock := c.config.Now(), func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	expires, err := timeOf(claims, "exp")
	switch {
	case err != nil:
		return esia.CodeTokenInvalid, err
	case expires.IsZero():
		return esia.CodeTokenInvalid, errors.New("exp is missing")
	case now.After(expires.Add(c.config.Leeway)):
		return esia.CodeTokenTime, fmt.Errorf("expired at %s, our clock says %s", clock(expires), clock(now))
	}
	for _, name := range []string{"iat", "nbf"} {
		from, err := timeOf(claims, name)
		if err != nil {
			return esia.CodeTokenInvalid, err
		}
		if now.Add(c.config.Leeway).Before(from) {
			return esia.CodeTokenTime, fmt.Errorf("valid from %s, our clock says %s", clock(from), clock(now))
		}
	}
	if got, _ := claims["nonce"].(string); nonce == "" || subtle.ConstantTimeCompare([]byte(got), []byte(nonce)) != 1 {
		return esia.CodeTokenNonce, errors.New("the nonce is not the one sent")
	}
	return "", nil
}

func audienceOf(value any) ([]string, bool) {
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []any:
		var list []string
		for _, entry := range value {
			text, ok := entry.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// timeOf reads a NumericDate; the zero time when there is none.
func timeOf(claims map[string]any, name string) (time.Time, error) {
	value, given := claims[name]
	if !given || value == nil {
		return time.Time{}, nil
	}
	written, ok := value.(json.Number)
	if !ok {
		return time.Time{}, errors.New(name + " is not a time")
	}
	seconds, err := written.Float64()
	if err != nil || seconds < 1 || seconds > 1e11 {
		return time.Time{}, errors.New(name + " is not a time")
	}
	return time.Unix(int64(seconds), 0), nil
}
