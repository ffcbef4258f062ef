package ebsmock

import (
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

const (
	keyBits = 2048
	// maxKept is how many keys are published: the one in use and those before it.
	maxKept = 4
)

// signer holds the keys, the one in use last.
type signer struct {
	path string // empty: in memory only

	mu   sync.RWMutex
	keys []*rsa.PrivateKey
	// foreign is a key that is not published, made when a scenario first needs it.
	foreign func() (*rsa.PrivateKey, error)
}

func newSigner(key *rsa.PrivateKey, dataDir string) (*signer, error) {
	s := &signer{foreign: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) })}
	if key != nil {
		s.keys = []*rsa.PrivateKey{key}
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
	if len(s.keys) == 0 {
		return s, s.rotate()
	}
	return s, nil
}

func parsePrivateKeys(data []byte) ([]*rsa.PrivateKey, error) {
	var keys []*rsa.PrivateKey
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return keys, nil
		}
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		key, ok := any.(*rsa.PrivateKey)
		if !ok {
			return nil, errors.New("not an RSA key")
		}
		keys = append(keys, key)
	}
}

// rotate puts a new key into use. Older ones stay published for verdicts that are under way.
func (s *signer) rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := append(append([]*rsa.PrivateKey{}, s.keys...), key)
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

func signBy(key *rsa.PrivateKey, claims map[string]any) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	token.Header["kid"] = keyID(key)
	return token.SignedString(key)
}

// keyID is the beginning of a hash of the public key.
func keyID(key *rsa.PrivateKey) string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (s *signer) jwks() []byte {
	type jwk struct {
		Kty string `json:"kty"`
		Use string `json:"use"`
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		N   string `json:"n"`
		E   string `json:"e"`
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range s.keys {
		set.Keys = append(set.Keys, jwk{
			Kty: "RSA", Use: "sig", Alg: "RS256", Kid: keyID(k),
			N: base64.RawURLEncoding.EncodeToString(k.N.Bytes()),
			E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes()),
		})
	}
	out, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings only: it cannot fail
	}
	return out
}

func (s *Stand) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(s.signer.jwks())
}

func (s *Stand) rotate(w http.ResponseWriter, r *http.Request) {
	if err := s.signer.rotate(); err != nil {
		s.fault(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
