package ebsmock

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithms the stand can sign by.
const (
	RS256 = "RS256"
	ES256 = "ES256"
)

const (
	keyBits = 2048
	// maxKept is how many keys are published: the one in use and those before it.
	maxKept = 4
)

// signer holds the keys, the one in use last.
type signer struct {
	algorithm string // of new keys
	path      string // empty: in memory only

	mu   sync.RWMutex
	keys []crypto.Signer
	// foreign is a key that is not published, made when a scenario first needs it.
	foreign func() (crypto.Signer, error)
}

func newSigner(algorithm string, key crypto.Signer, dataDir string) (*signer, error) {
	if algorithm == "" {
		algorithm = RS256
	}
	if algorithm != RS256 && algorithm != ES256 {
		return nil, fmt.Errorf("the algorithm is %q; %s and %s are known", algorithm, RS256, ES256)
	}
	s := &signer{algorithm: algorithm}
	s.foreign = sync.OnceValues(s.generate)
	if key != nil {
		if algorithmOf(key) != algorithm {
			return nil, fmt.Errorf("the key given is not one for %s", algorithm)
		}
		s.keys = []crypto.Signer{key}
		return s, nil
	}
	if dataDir != "" {
		s.path = filepath.Join(dataDir, "keys.pem")
		data, err := os.ReadFile(s.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if s.keys, err = parsePrivateKeys(data); err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
	}
	if len(s.keys) == 0 || algorithmOf(s.keys[len(s.keys)-1]) != algorithm {
		return s, s.rotate()
	}
	return s, nil
}

func (s *signer) generate() (crypto.Signer, error) {
	if s.algorithm == ES256 {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, keyBits)
}

// algorithmOf is what a key signs by; empty for keys of other kinds.
func algorithmOf(key crypto.Signer) string {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return RS256
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			return ES256
		}
	}
	return ""
}

func parsePrivateKeys(data []byte) ([]crypto.Signer, error) {
	var keys []crypto.Signer
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return keys, nil
		}
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		key, ok := parsed.(crypto.Signer)
		if !ok || algorithmOf(key) == "" {
			return nil, errors.New("neither an RSA key nor one of P-256")
		}
		keys = append(keys, key)
	}
}

// rotate puts a new key into use. Older ones stay published for verdicts that are under way.
func (s *signer) rotate() error {
	key, err := s.generate()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := append(append([]crypto.Signer{}, s.keys...), key)
	keys = keys[max(0, len(keys)-maxKept):]
	if s.path != "" {
		var out []byte
		for _, k := range keys {
			der, err := x509.MarshalPKCS8PrivateKey(k)
			if err != nil {
				return err
			}
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
		}
		if err := writeFile(s.path, out); err != nil {
			return err
		}
	}
	s.keys = keys
	return nil
}

// sign makes a JWS of the claims by the key in use.
func (s *signer) sign(claims map[string]any) (string, error) {
	s.mu.RLock()
	key := s.keys[len(s.keys)-1]
	s.mu.RUnlock()
	return signBy(key, claims)
}

// signForeign makes one by a key nobody published.
func (s *signer) signForeign(claims map[string]any) (string, error) {
	key, err := s.foreign()
	if err != nil {
		return "", err
	}
	return signBy(key, claims)
}

func signBy(key crypto.Signer, claims map[string]any) (string, error) {
	id, err := keyID(key)
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.GetSigningMethod(algorithmOf(key)), jwt.MapClaims(claims))
	token.Header["kid"] = id
	return token.SignedString(key)
}

// keyID is the beginning of a hash of the public key.
func keyID(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:12]), nil
}

// jwk is one entry of a JWKS document (RFC 7517).
type jwk struct {
	Kty string `json:"kty"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

func newJWK(key crypto.Signer) (jwk, error) {
	id, err := keyID(key)
	if err != nil {
		return jwk{}, err
	}
	out := jwk{Use: "sig", Alg: algorithmOf(key), Kid: id}
	text := base64.RawURLEncoding.EncodeToString
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		out.Kty, out.N, out.E = "RSA", text(public.N.Bytes()), text(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, x, y
		if err != nil {
			return jwk{}, err
		}
		half := len(point) / 2
		out.Kty, out.Crv, out.X, out.Y = "EC", "P-256", text(point[1:1+half]), text(point[1+half:])
	}
	return out, nil
}

func (s *signer) jwks() ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range s.keys {
		one, err := newJWK(k)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, one)
	}
	return json.Marshal(set)
}

func (s *Stand) keys(w http.ResponseWriter, r *http.Request) {
	out, err := s.signer.jwks()
	if err != nil {
		s.fault(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(out)
}

func (s *Stand) rotate(w http.ResponseWriter, r *http.Request) {
	if err := s.signer.rotate(); err != nil {
		s.fault(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
