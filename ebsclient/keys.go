package ebsclient

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
)

const (
	// maxKeys bounds a key set, maxKeyFile its size in bytes.
	maxKeys    = 32
	maxKeyFile = 64 << 10
)

// Key is a public key verdicts are signed by.
type Key struct {
	// ID is the kid a verdict names; a key without one is tried for every kid.
	ID string
	// Algorithm the key is for, as in a JWS header; empty: whatever fits its type.
	Algorithm string
	// Public is an *rsa.PublicKey or *ecdsa.PublicKey, or nil for a key this program's own crypto does not know (GOST).
	Public crypto.PublicKey
	// PKIX is the key's SubjectPublicKeyInfo in DER.
	PKIX []byte
}

// KeySource finds the keys a verdict may be signed by.
type KeySource interface {
	// Keys returns the keys for the kid, which may be empty: none when the kid is unknown. An error says that the keys
	// cannot be had now.
	Keys(ctx context.Context, kid string) ([]Key, error)
}

// StaticKeys is a [KeySource] that never changes.
type StaticKeys []Key

// Keys implements [KeySource].
func (s StaticKeys) Keys(_ context.Context, kid string) ([]Key, error) {
	return match(s, kid), nil
}

// match returns the keys that may have made a signature that names the kid.
func match(keys []Key, kid string) []Key {
	var out []Key
	for _, k := range keys {
		if kid == "" || k.ID == "" || k.ID == kid {
			out = append(out, k)
		}
	}
	return out
}

// ParseKeys reads a key set: a JWKS document (RFC 7517), or PEM blocks "PUBLIC KEY" and "CERTIFICATE", each of which may name
// its kid in a header "Kid". Keys of JWKS entries for other uses than signatures are left out; of a certificate only the key is
// taken. Weak keys are refused: RSA under 2048 bits, curves other than P-256.
func ParseKeys(data []byte) (StaticKeys, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("ebsclient: keys: %d bytes, at most %d allowed", len(data), maxKeyFile)
	}
	var keys []Key
	var err error
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '{' {
		keys, err = parseJWKS(data)
	} else {
		keys, err = parsePEM(data)
	}
	if err != nil {
		return nil, fmt.Errorf("ebsclient: keys: %w", err)
	}
	if len(keys) == 0 {
		return nil, errors.New("ebsclient: keys: no key for signatures")
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("ebsclient: keys: more than %d", maxKeys)
	}
	return keys, nil
}

func parsePEM(data []byte) ([]Key, error) {
	var keys []Key
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return keys, nil
		}
		key := Key{ID: block.Headers["Kid"], PKIX: block.Bytes}
		switch block.Type {
		case "PUBLIC KEY":
		case "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("certificate: %w", err)
			}
			key.PKIX = cert.RawSubjectPublicKeyInfo
		default:
			return nil, fmt.Errorf("a PEM block %q among public keys", block.Type)
		}
		if len(key.PKIX) == 0 {
			return nil, errors.New("a PEM block without a key")
		}
		if public, err := x509.ParsePKIXPublicKey(key.PKIX); err == nil {
			if err := checkStrength(public); err != nil {
				return nil, err
			}
			key.Public = public
		}
		keys = append(keys, key)
	}
}

func parseJWKS(data []byte) ([]Key, error) {
	var set struct {
		Keys []struct {
			Kty string `json:"kty"`
			Use string `json:"use"`
			Kid string `json:"kid"`
			Alg string `json:"alg"`
			N   string `json:"n"`
			E   string `json:"e"`
			Crv string `json:"crv"`
			X   string `json:"x"`
			Y   string `json:"y"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("not a JWKS document")
	}
	var keys []Key
	for _, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}
		var public crypto.PublicKey
		var err error
		switch k.Kty {
		case "RSA":
			public, err = rsaKey(k.N, k.E)
		case "EC":
			public, err = ecKey(k.Crv, k.X, k.Y)
		default:
			// A set may hold keys for others: they are not ours to judge.
			continue
		}
		if err == nil {
			err = checkStrength(public)
		}
		if err != nil {
			return nil, err
		}
		pkix, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, err
		}
		keys = append(keys, Key{ID: k.Kid, Algorithm: k.Alg, Public: public, PKIX: pkix})
	}
	return keys, nil
}

func rsaKey(n, e string) (*rsa.PublicKey, error) {
	modulus, err1 := base64.RawURLEncoding.DecodeString(n)
	exponent, err2 := base64.RawURLEncoding.DecodeString(e)
	if err1 != nil || err2 != nil || len(modulus) == 0 || len(exponent) == 0 || len(exponent) > 4 {
		return nil, errors.New("not an RSA key")
	}
	value := new(big.Int).SetBytes(exponent).Int64()
	if value < 3 || value > 1<<31-1 || value%2 == 0 {
		return nil, errors.New("an RSA key with a bad exponent")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(value)}, nil
}

func ecKey(curve, x, y string) (*ecdsa.PublicKey, error) {
	xb, err1 := base64.RawURLEncoding.DecodeString(x)
	yb, err2 := base64.RawURLEncoding.DecodeString(y)
	if err1 != nil || err2 != nil || curve != "P-256" || len(xb) != 32 || len(yb) != 32 {
		return nil, errors.New("not a P-256 key")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, xb...), yb...))
	if err != nil {
		return nil, errors.New("a P-256 key that is not on the curve")
	}
	return key, nil
}

// checkStrength refuses keys that are too weak, too costly or of a kind not used here.
func checkStrength(public crypto.PublicKey) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < 2048 || bits > 8192 {
			return fmt.Errorf("an RSA key of %d bits, 2048 to 8192 wanted", bits)
		}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return errors.New("an EC key that is not of P-256")
		}
	default:
		return fmt.Errorf("a key of type %T", public)
	}
	return nil
}
