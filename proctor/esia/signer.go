package esia

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
)

// Signer signs the text of a request: raw GOST R 34.10-2012-256 (64 bytes, s then r, big-endian) for V2, detached CMS (DER) for V1.
type Signer interface {
	Sign(ctx context.Context, text []byte) ([]byte, error)
}

// Verifier verifies a raw GOST R 34.10-2012-256 signature by a certificate. It returns [ErrSignature] (possibly wrapped) when the
// signature is not the certificate's, and any other error when it could not find out.
type Verifier interface {
	Verify(ctx context.Context, certificate *x509.Certificate, text, signature []byte) error
}

// ErrSignature is a signature that does not verify.
var ErrSignature = errors.New("the signature does not verify")

// gost256 is the public key algorithm GOST R 34.10-2012 with a 256-bit key.
var gost256 = asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 1}

// isGOST256 looks at the key itself: crypto/x509 carries GOST certificates but does not know their algorithm.
func isGOST256(certificate *x509.Certificate) bool {
	var key struct {
		Algorithm struct {
			ID         asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Bits asn1.BitString
	}
	_, err := asn1.Unmarshal(certificate.RawSubjectPublicKeyInfo, &key)
	return err == nil && key.Algorithm.ID.Equal(gost256)
}
