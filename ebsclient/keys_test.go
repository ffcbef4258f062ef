package ebsclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"ochno/ebsclient"
)

type jwk map[string]string

func rsaJWK(kid string, key *rsa.PublicKey) jwk {
	return jwk{
		"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

func jwks(tb testing.TB, keys ...jwk) string {
	tb.Helper()
	out, err := json.Marshal(map[string][]jwk{"keys": keys})
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

func publicPEM(tb testing.TB, key any, headers map[string]string) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: headers, Bytes: der}))
}

func TestParseKeys(t *testing.T) {
	a := &rsaKeys()[0].PublicKey
	b := &rsaKeys()[1].PublicKey
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ecJWK := jwk{"kty": "EC", "kid": "e", "crv": "P-256", "x": base64.RawURLEncoding.EncodeToString(raw[1:33]), "y": base64.RawURLEncoding.EncodeToString(raw[33:])}
	for name, c := range map[string]struct {
		in   string
		kids []string
	}{
		"JWKS":                      {jwks(t, rsaJWK("a", a), rsaJWK("b", b), ecJWK), []string{"a", "b", "e"}},
		"JWKS with others' keys":    {jwks(t, rsaJWK("a", a), jwk{"kty": "OKP", "kid": "x"}, jwk{"kty": "RSA", "use": "enc", "kid": "y"}), []string{"a"}},
		"PEM":                       {publicPEM(t, a, nil) + publicPEM(t, b, map[string]string{"Kid": "b"}), []string{"", "b"}},
		"PEM with text around it":   {"the stand's key\n" + publicPEM(t, a, nil), []string{""}},
		"a key unknown to Go":       {string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{0x30, 0}})), []string{""}},
		"JWKS with spaces before":   {"\n  " + jwks(t, rsaJWK("a", a)), []string{"a"}},
		"JWKS of one without kid":   {jwks(t, rsaJWK("", a)), []string{""}},
		"PEM of a curve: P-256":     {publicPEM(t, &ec.PublicKey, nil), []string{""}},
		"JWKS of a curve: P-256":    {jwks(t, ecJWK), []string{"e"}},
		"JWKS, an unknown property": {strings.Replace(jwks(t, rsaJWK("a", a)), `"kty"`, `"x5t":"zz","kty"`, 1), []string{"a"}},
	} {
		keys, err := ebsclient.ParseKeys([]byte(c.in))
		if err != nil || len(keys) != len(c.kids) {
			t.Errorf("%s: %d keys, error %v", name, len(keys), err)
			continue
		}
		for i, kid := range c.kids {
			if keys[i].ID != kid || len(keys[i].PKIX) == 0 {
				t.Errorf("%s: key %d has kid %q, want %q", name, i, keys[i].ID, kid)
			}
		}
	}
	weak := &rsa.PublicKey{N: new(big.Int).Rsh(a.N, 1100), E: 65537}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	offCurve := jwk{"kty": "EC", "crv": "P-256", "x": ecJWK["x"], "y": ecJWK["x"]}
	for name, in := range map[string]string{
		"an empty block": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"nothing":        "", "rubbish": "hello", "no keys": jwks(t), "half a document": jwks(t, rsaJWK("a", a))[:50],
		"weak RSA": jwks(t, rsaJWK("w", weak)), "weak RSA in PEM": publicPEM(t, weak, nil), "P-384": publicPEM(t, &p384.PublicKey, nil),
		"exponent 1": jwks(t, jwk{"kty": "RSA", "n": rsaJWK("", a)["n"], "e": "AQ"}), "off the curve": jwks(t, offCurve),
		"a private key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})),
		"too large":     strings.Repeat(" ", 70<<10), "too many": strings.Repeat(publicPEM(t, a, nil), 40),
	} {
		if keys, err := ebsclient.ParseKeys([]byte(in)); err == nil {
			t.Errorf("%s: accepted as %d keys", name, len(keys))
		}
	}
}

// keyServer answers with what it is told to, without a network.
type keyServer struct {
	status int
	body   string
	err    error
	asked  int
	// during is called while a question is under way.
	during func()
}

func (s *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	if s.during != nil {
		s.during()
	}
	if s.err != nil {
		return nil, s.err
	}
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

func TestRemoteKeys(t *testing.T) {
	a, b := rsaJWK("a", &rsaKeys()[0].PublicKey), rsaJWK("b", &rsaKeys()[1].PublicKey)
	now := today
	server := &keyServer{status: 200, body: jwks(t, a)}
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{
		URL: "https://ebs.example/keys", HTTPClient: &http.Client{Transport: server}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	step := func(name, kid string, found, asked int, fails bool) {
		t.Helper()
		got, err := keys.Keys(t.Context(), kid)
		if len(got) != found || server.asked != asked || (err != nil) != fails {
			t.Errorf("%s: %d keys, %d questions, error %v; want %d, %d, %v", name, len(got), server.asked, err, found, asked, fails)
		}
	}
	step("the first time", "a", 1, 1, false)
	step("from memory", "a", 1, 1, false)
	step("an unknown key at once: not asked again", "b", 0, 1, false)
	now = now.Add(11 * time.Second)
	server.body = jwks(t, a, b)
	step("a new key after a while", "b", 1, 2, false)
	step("the old one beside it", "a", 1, 2, false)
	now = now.Add(9 * time.Minute)
	step("still believed", "a", 1, 2, false)
	server.body = jwks(t, b)
	now = now.Add(2 * time.Minute)
	step("taken out of the set", "a", 0, 3, false)
	now = now.Add(11 * time.Minute)
	server.err = errors.New("connection refused")
	step("the verifier away: the last keys serve", "b", 1, 4, false)
	step("and an unknown one may be new", "c", 0, 4, true)
	now = now.Add(11 * time.Minute)
	step("away for too long", "b", 0, 5, true)
	server.err, server.status = nil, 500
	now = now.Add(11 * time.Second)
	step("a fault", "b", 0, 6, true)
	server.status, server.body = 200, strings.Repeat("x", 1<<20)
	now = now.Add(11 * time.Second)
	step("a flood", "b", 0, 7, true)
	server.body = jwks(t, b)
	now = now.Add(11 * time.Second)
	step("back again", "b", 1, 8, false)

	gone, cancel := context.WithCancel(t.Context())
	now = now.Add(time.Hour)
	server.during, server.err = cancel, context.Canceled
	if _, err := keys.Keys(gone, "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who gave up: %v", err)
	}
	server.during, server.err = nil, nil
	step("does not make others wait", "b", 1, 10, false)
}

func TestNewRemoteKeysRefuses(t *testing.T) {
	for name, cfg := range map[string]ebsclient.RemoteKeysConfig{
		"no address":     {},
		"no host":        {URL: "https:///keys"},
		"plain http":     {URL: "http://ebs.example/keys"},
		"a user":         {URL: "https://me:secret@ebs.example/keys"},
		"a file":         {URL: "file:///etc/passwd"},
		"negative time":  {URL: "https://ebs.example/keys", MaxAge: -1},
		"no certificate": {URL: "https://ebs.example/keys", TLS: &ebsclient.MutualTLS{}},
	} {
		if _, err := ebsclient.NewRemoteKeys(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cfg := range []ebsclient.RemoteKeysConfig{{URL: "http://localhost:8082/keys"}, {URL: "http://ebs:8082/keys", PlainHTTP: true}} {
		if _, err := ebsclient.NewRemoteKeys(cfg); err != nil {
			t.Errorf("%s: %v", cfg.URL, err)
		}
	}
}

func TestMemoryReplay(t *testing.T) {
	now := today
	m := ebsclient.NewMemoryReplay(func() time.Time { return now })
	use := func(id string) error { return m.Use(t.Context(), id, now.Add(5*time.Minute)) }
	if err := errors.Join(use("a"), use("b")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(4 * time.Minute)
	if err := use("a"); !errors.Is(err, ebsclient.ErrReplayed) {
		t.Errorf("within its time: %v", err)
	}
	now = now.Add(4 * time.Minute)
	if err := use("a"); err != nil {
		t.Errorf("forgotten after its time: %v", err)
	}
}
