package ebsclient

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// Algorithms a verdict may be signed by.
const (
	// GOST is GOST R 34.10-2012 with 256 bits, what EBS signs by. It needs CheckerConfig.GOST.
	GOST = "GOST3410_2012_256"
	// RS256 and ES256 are test algorithms: stands sign by them.
	RS256 = "RS256"
	ES256 = "ES256"
)

// SignatureVerifier checks signatures by an algorithm that Go's own crypto does not know.
type SignatureVerifier interface {
	// VerifySignature returns nil if the signature (for GOST: 64 bytes, as RFC 9215 orders them) is of signed by key,
	// [ReasonBadSignature], or an error that wraps it, if it is not, and any other error if it could not find out.
	VerifySignature(ctx context.Context, key Key, signed, signature []byte) error
}

// fits says whether a key is of the algorithm's kind: an RSA key is never taken for anything else's secret.
func fits(key Key, alg string) bool {
	if key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch alg {
	case RS256:
		_, ok := key.Public.(*rsa.PublicKey)
		return ok
	case ES256:
		_, ok := key.Public.(*ecdsa.PublicKey)
		return ok
	case GOST:
		return key.Public == nil && len(key.PKIX) > 0
	}
	return false
}

// verifySignature returns ReasonBadSignature, or another error if it could not find out.
func (c *Checker) verifySignature(ctx context.Context, alg string, key Key, signed, signature []byte) error {
	if alg == GOST {
		return c.cfg.GOST.VerifySignature(ctx, key, signed, signature)
	}
	sum := sha256.Sum256(signed)
	switch public := key.Public.(type) {
	case *rsa.PublicKey:
		if alg == RS256 && rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		// RFC 7518: the two numbers side by side, 32 bytes each.
		if alg == ES256 && len(signature) == 64 &&
			ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			return nil
		}
	}
	return ReasonBadSignature
}
