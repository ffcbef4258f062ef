package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"

	"ochno/proctor/esia"
)

// keySet are the sign-on's keys that we can use.
type keySet struct{ keys []key }

type key struct {
	id     string
	public crypto.PublicKey
}

const (
	maxKeys    = 32
	minRSABits = 2048
	maxRSABits = 8192
)

func (c *Client) fetchKeys(ctx context.Context, address string) (*keySet, error) {
	const step = "keys"
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, fail(esia.CodeKeysMissing, step, errors.New("jwks_uri is not a URL"))
	}
	var answer json.RawMessage
	if _, err := c.call(ctx, step, request, &answer); err != nil {
		return nil, err
	}
	keys, err := parseKeys(answer)
	if err != nil {
		return nil, fail(esia.CodeKeysMissing, step, err)
	}
	return keys, nil
}

// parseKeys reads a JWKS. Keys of other kinds and for other uses are left out; malformed and weak ones are, too, unless none remains.
func parseKeys(data []byte) (*keySet, error) {
	var set struct {
		Keys []struct {
			Type  string `json:"kty"`
			Use   string `json:"use"`
			ID    string `json:"kid"`
			N     string `json:"n"`
			E     string `json:"e"`
			Curve string `json:"crv"`
			X     string `json:"x"`
			Y     string `json:"y"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("not a set of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, errors.New("too many keys")
	}
	var found keySet
	var fault error
	for _, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}
		var public crypto.PublicKey
		var err error
		switch k.Type {
		case "RSA":
			public, err = rsaKey(k.N, k.E)
		case "EC":
			public, err = ecKey(k.Curve, k.X, k.Y)
		default:
			continue
		}
		if err != nil {
			fault = err
			continue
		}
		found.keys = append(found.keys, key{id: k.ID, public: public})
	}
	if len(found.keys) == 0 {
		return nil, errors.Join(errors.New("no usable signing key"), fault)
	}
	return &found, nil
}

func rsaKey(n, e string) (*rsa.PublicKey, error) {
	modulus, err := number(n)
	if err != nil {
		return nil, err
	}
	exponent, err := number(e)
	if err != nil {
		return nil, err
	}
	if bits := modulus.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, errors.New("an RSA key that is not of 2048 to 8192 bits")
	}
	if !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 || exponent.Bit(0) == 0 {
		return nil, errors.New("an RSA key with a wrong exponent")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

func ecKey(curve, x, y string) (*ecdsa.PublicKey, error) {
	if curve != "P-256" {
		return nil, errors.New("an EC key that is not on P-256")
	}
	point := []byte{4} // uncompressed
	for _, coordinate := range []string{x, y} {
		data, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil || len(data) != 32 {
			return nil, errors.New("an EC key with a malformed point")
		}
		point = append(point, data...)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errors.New("an EC key with a point off the curve")
	}
	return public, nil
}

func number(text string) (*big.Int, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || len(data) > maxRSABits/8+1 {
		return nil, errors.New("an RSA key with a malformed number")
	}
	return new(big.Int).SetBytes(data), nil
}

// candidates are the keys that may have signed a token: those of its name, or all when it names none.
func (s *keySet) candidates(id string) []key {
	var found []key
	for _, k := range s.keys {
		if id == "" || k.id == id {
			found = append(found, k)
		}
	}
	return found
}
