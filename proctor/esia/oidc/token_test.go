package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func sign(t *testing.T, method jwt.SigningMethod, id string, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims{"sub": "1"})
	if id != "" {
		token.Header["kid"] = id
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSignatures: every allowed algorithm with keys of a published set, and no algorithm with another's key.
func TestSignatures(t *testing.T) {
	modular, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := curve.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	published, err := json.Marshal(map[string]any{"keys": []map[string]any{
		{"kty": "EC", "crv": "P-256", "use": "enc", "kid": "encryption", "x": encode(point[1:33]), "y": encode(point[33:])},
		{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "e", "x": encode(point[1:33]), "y": encode(point[33:])},
		{"kty": "RSA", "kid": "r", "n": encode(modular.N.Bytes()), "e": encode(big.NewInt(int64(modular.E)).Bytes())},
		{"kty": "EC", "crv": "P-256", "kid": "off the curve", "x": encode(point[1:33]), "y": encode(point[1:33])},
	}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := parseKeys(published)
	if err != nil || len(set.keys) != 2 {
		t.Fatalf("%v: %v", set, err)
	}
	public, err := x509.MarshalPKIXPublicKey(&modular.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	client := &Client{}
	for name, test := range map[string]struct {
		token string
		good  bool
	}{
		"RS256":                        {sign(t, jwt.SigningMethodRS256, "r", modular), true},
		"PS256":                        {sign(t, jwt.SigningMethodPS256, "r", modular), true},
		"ES256":                        {sign(t, jwt.SigningMethodES256, "e", curve), true},
		"ES256 without a key's name":   {sign(t, jwt.SigningMethodES256, "", curve), true},
		"RS256 by the other key":       {sign(t, jwt.SigningMethodRS256, "e", modular), false},
		"a name that is not published": {sign(t, jwt.SigningMethodES256, "encryption", curve), false},
		"a stranger's key":             {sign(t, jwt.SigningMethodES256, "e", stranger), false},
		"HS256 with the RSA key":       {sign(t, jwt.SigningMethodHS256, "r", public), false},
	} {
		algorithm, id, err := tokenHeader(test.token)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := client.parse(test.token, algorithm, set.candidates(id))
		if test.good && (err != nil || claims["sub"] != "1") || !test.good && !errors.Is(err, errNoKey) {
			t.Errorf("%s: %v, %v", name, claims, err)
		}
	}
}
