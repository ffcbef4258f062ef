package esiamock

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ochno/proctor/esia"
)

// keys sign the stand's tokens.
type keys struct {
	rsa            *rsa.PrivateKey
	gost           esia.Signer // nil unless a client wants GOST tokens
	certificatePEM []byte      // of both
}

// signer is the stand's keys, which may be changed while it runs.
type signer struct {
	dir string

	mu       sync.Mutex
	keys     *keys
	stranger *keys // signs under the fault of a rotated key; nil until needed
}

func (s *signer) current() *keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}

// unknown is a key whose certificate nobody was given.
func (s *signer) unknown(now time.Time) (*keys, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stranger == nil {
		key, _, err := newRSA(now)
		if err != nil {
			return nil, err
		}
		s.stranger = &keys{rsa: key}
	}
	return s.stranger, nil
}

// rotate puts a new RSA key in the place of the old one. The certificates hold both, the new one first.
func (s *signer) rotate(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, certificate, err := newRSA(now)
	if err != nil {
		return err
	}
	next := *s.keys
	next.rsa, next.certificatePEM = key, append(certificate, s.keys.certificatePEM...)
	if s.dir != "" {
		if err := writeKey(s.dir, key, certificate); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(s.dir, "esia.crt"), next.certificatePEM, 0o644); err != nil {
			return err
		}
	}
	s.keys = &next
	return nil
}

func writeKey(dir string, key *rsa.PrivateKey, certificate []byte) error {
	data := append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), certificate...)
	return writeFile(filepath.Join(dir, "esia.key"), data, 0o600)
}

// openKeys reads the keys in dir, or makes them. Without a dir they live in memory.
func openKeys(dir string, openssl *esia.OpenSSL, gost bool, now time.Time) (*keys, error) {
	if dir == "" {
		if gost {
			return nil, errors.New("GOST tokens need a data folder for the key")
		}
		key, certificate, err := newRSA(now)
		if err != nil {
			return nil, err
		}
		return &keys{rsa: key, certificatePEM: certificate}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	k, err := openRSA(dir, now)
	if err != nil {
		return nil, err
	}
	if gost {
		files, err := openssl.GenerateStandKeys(context.Background(), filepath.Join(dir, "gost"), "ESIA-STAND") // bounded by OpenSSL's own time limit
		if err != nil {
			return nil, err
		}
		certificate, err := os.ReadFile(files.CertificateFile)
		if err != nil {
			return nil, err
		}
		k.gost = openssl.RawSigner(files.KeyFile)
		k.certificatePEM = append(k.certificatePEM, certificate...)
	}
	return k, writeFile(filepath.Join(dir, "esia.crt"), k.certificatePEM, 0o644)
}

func openRSA(dir string, now time.Time) (*keys, error) {
	file := filepath.Join(dir, "esia.key")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key, certificate, err := newRSA(now)
		if err != nil {
			return nil, err
		}
		return &keys{rsa: key, certificatePEM: certificate}, writeKey(dir, key, certificate)
	}
	if err != nil {
		return nil, err
	}
	block, certificate := pem.Decode(data)
	if block == nil || block.Type != "RSA PRIVATE KEY" {
		return nil, fmt.Errorf("%s: no RSA PRIVATE KEY in it", file)
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := esia.ParseCertificates(certificate); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &keys{rsa: key, certificatePEM: certificate}, nil
}

func newRSA(now time.Time) (*rsa.PrivateKey, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(now.Unix()),
		Subject:      pkix.Name{Country: []string{"RU"}, Organization: []string{"Ochno"}, CommonName: "ESIA stand"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// writeFile never leaves half a file behind.
func writeFile(name string, data []byte, mode os.FileMode) error {
	if err := os.WriteFile(name+".new", data, mode); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// tokenHeader is in ESIA's order; it names no key.
type tokenHeader struct {
	Version   int    `json:"ver"`
	Type      string `json:"typ"`
	Use       string `json:"sbt"`
	Algorithm string `json:"alg"`
}

// token signs claims as a compact JWS.
func (k *keys) token(ctx context.Context, algorithm, use string, claims any) (string, error) {
	header, err := json.Marshal(tokenHeader{1, "JWT", use, algorithm})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	var signature []byte
	if algorithm == esia.GOST {
		signature, err = k.gost.Sign(ctx, []byte(signed))
	} else {
		sum := sha256.Sum256([]byte(signed))
		signature, err = rsa.SignPKCS1v15(nil, k.rsa, crypto.SHA256, sum[:])
	}
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
