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
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ochno/ebsclient"
)

const (
	issuer   = "ebs-test"
	audience = "OCHNO"
	subject  = "1000000001"
	session  = "session-1"
	digits   = "5381"
)

var today = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// rsaKeys are made once: each takes a while.
var rsaKeys = sync.OnceValue(func() (pair [2]*rsa.PrivateKey) {
	for i := range pair {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		pair[i] = key
	}
	return pair
})

// good are the claims of a verdict that is believed.
func good() map[string]any {
	return map[string]any{
		"iss": issuer, "aud": audience, "sub": subject, "jti": "verdict-1",
		"iat": today.Unix(), "exp": today.Add(5 * time.Minute).Unix(),
		"session_id": session, "challenge": digits, "result": true,
		"match":    map[string]any{"overall": 0.99995, "photo": 0.99996, "sound": 0.99999},
		"liveness": map[string]any{"passed": true, "score": 0.98},
		"engine":   map[string]any{"photo": "vendor_photo_3", "sound": "vendor_sound_1"},
	}
}

func with(name string, value any) map[string]any {
	claims := good()
	if value == nil {
		delete(claims, name)
	} else {
		claims[name] = value
	}
	return claims
}

func match(overall, photo, sound any) map[string]any {
	m := map[string]any{"overall": overall, "photo": photo, "sound": sound}
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return with("match", m)
}

// sign makes a token; header entries replace the usual ones.
func sign(tb testing.TB, method jwt.SigningMethod, key any, claims map[string]any, header map[string]any) string {
	tb.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	token.Header["kid"] = "k1"
	maps.Copy(token.Header, header)
	s, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func rs256(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodRS256, rsaKeys()[0], claims, nil)
}

func newChecker(tb testing.TB, change func(*ebsclient.CheckerConfig)) *ebsclient.Checker {
	tb.Helper()
	cfg := ebsclient.CheckerConfig{
		Issuer: issuer, Audience: audience, Stand: true,
		Keys: ebsclient.StaticKeys{{ID: "k1", Algorithm: "RS256", Public: &rsaKeys()[0].PublicKey}},
		Now:  func() time.Time { return today.Add(time.Second) },
	}
	if change != nil {
		change(&cfg)
	}
	c, err := ebsclient.NewChecker(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func expected() ebsclient.Expect {
	return ebsclient.Expect{Subject: subject, Session: session, Challenge: digits, Replay: ebsclient.NewMemoryReplay(func() time.Time { return today })}
}

func TestCheckBelieves(t *testing.T) {
	token := rs256(t, good())
	v, err := newChecker(t, nil).Check(t.Context(), token, expected())
	if err != nil {
		t.Fatal(err)
	}
	if v.Token != token || v.ID != "verdict-1" || v.Issuer != issuer || v.Subject != subject || v.Session != session ||
		v.Challenge != digits || v.KeyID != "k1" || v.Algorithm != "RS256" || !v.Result || !v.IssuedAt.Equal(today) ||
		!v.ExpiresAt.Equal(today.Add(5*time.Minute)) || v.Match != (ebsclient.Scores{Overall: 0.99995, Photo: 0.99996, Sound: 0.99999}) ||
		v.Liveness != (ebsclient.Liveness{Passed: true, Score: 0.98}) || v.Engine["photo"] != "vendor_photo_3" {
		t.Errorf("%+v", v)
	}
}

func TestCheckBelievesLowScores(t *testing.T) {
	claims := match(0.0, 0.0, 1.0)
	claims["result"] = false
	v, err := newChecker(t, nil).Check(t.Context(), rs256(t, claims), expected())
	if err != nil || v.Result || v.Match.Overall != 0 || v.Match.Sound != 1 {
		t.Errorf("%+v %v: no match is a valid verdict", v, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	keys := rsaKeys()
	pkix, err := x509.MarshalPKIXPublicKey(&keys[0].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	whole := rs256(t, good())
	parts := strings.Split(whole, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	other := good()
	other["jti"] = "verdict-2"
	for _, c := range []struct {
		name  string
		token string
		want  ebsclient.Reason
	}{
		{"nothing", "", ebsclient.ReasonMalformed},
		{"two parts", parts[0] + "." + parts[1], ebsclient.ReasonMalformed},
		{"four parts", whole + ".x", ebsclient.ReasonMalformed},
		{"not base64", "a b." + parts[1] + "." + parts[2], ebsclient.ReasonMalformed},
		{"padded base64", parts[0] + "." + parts[1] + "." + parts[2] + "==", ebsclient.ReasonMalformed},
		{"line breaks in base64", parts[0][:4] + "\r\n" + parts[0][4:] + "." + parts[1] + "." + parts[2], ebsclient.ReasonMalformed},
		{"header no JSON", b64("hello") + "." + parts[1] + "." + parts[2], ebsclient.ReasonMalformed},
		{"header null", b64("null") + "." + parts[1] + "." + parts[2], ebsclient.ReasonMalformed},
		{"huge", rs256(t, with("extra", strings.Repeat("x", 20<<10))), ebsclient.ReasonMalformed},
		{"critical extension", sign(t, jwt.SigningMethodRS256, keys[0], good(), map[string]any{"crit": []string{"b64"}, "b64": false}), ebsclient.ReasonMalformed},
		{"payload no object", signRaw(t, keys[0], "[]"), ebsclient.ReasonMalformed},
		{"payload null", signRaw(t, keys[0], "null"), ebsclient.ReasonMalformed},

		{"alg none", b64(`{"alg":"none","kid":"k1"}`) + "." + parts[1] + ".", ebsclient.ReasonWrongAlgorithm},
		{"alg none in capitals", b64(`{"alg":"NONE","kid":"k1"}`) + "." + parts[1] + ".", ebsclient.ReasonWrongAlgorithm},
		{"no alg", b64(`{"kid":"k1"}`) + "." + parts[1] + "." + parts[2], ebsclient.ReasonWrongAlgorithm},
		{"HS256 by the public key", sign(t, jwt.SigningMethodHS256, publicPEM, good(), nil), ebsclient.ReasonWrongAlgorithm},
		{"RS512, not allowed", sign(t, jwt.SigningMethodRS512, keys[0], good(), nil), ebsclient.ReasonWrongAlgorithm},
		{"ES256, not allowed", sign(t, jwt.SigningMethodES256, ec, good(), nil), ebsclient.ReasonWrongAlgorithm},

		{"foreign key, foreign kid", sign(t, jwt.SigningMethodRS256, keys[1], good(), map[string]any{"kid": "k2"}), ebsclient.ReasonUnknownKey},
		{"foreign key, our kid", sign(t, jwt.SigningMethodRS256, keys[1], good(), nil), ebsclient.ReasonBadSignature},
		{"foreign key that it brings along", sign(t, jwt.SigningMethodRS256, keys[1], good(), map[string]any{"jwk": map[string]string{"kty": "RSA"}, "jku": "https://evil.example/keys"}), ebsclient.ReasonBadSignature},
		{"changed after signing", parts[0] + "." + strings.Split(rs256(t, other), ".")[1] + "." + parts[2], ebsclient.ReasonBadSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", ebsclient.ReasonBadSignature},

		{"no issuer", rs256(t, with("iss", nil)), ebsclient.ReasonWrongIssuer},
		{"wrong issuer", rs256(t, with("iss", "somebody")), ebsclient.ReasonWrongIssuer},
		{"no audience", rs256(t, with("aud", nil)), ebsclient.ReasonWrongAudience},
		{"wrong audience", rs256(t, with("aud", "OTHER")), ebsclient.ReasonWrongAudience},
		{"wrong audiences", rs256(t, with("aud", []string{"OTHER", "OCHNO2"})), ebsclient.ReasonWrongAudience},
		{"audience a number", rs256(t, with("aud", 7)), ebsclient.ReasonMalformed},
		{"no subject", rs256(t, with("sub", nil)), ebsclient.ReasonWrongSubject},
		{"wrong subject", rs256(t, with("sub", "1000000002")), ebsclient.ReasonWrongSubject},
		{"subject a number", rs256(t, with("sub", 1000000001)), ebsclient.ReasonMalformed},
		{"no session", rs256(t, with("session_id", nil)), ebsclient.ReasonWrongSession},
		{"wrong session", rs256(t, with("session_id", "session-2")), ebsclient.ReasonWrongSession},
		{"no challenge", rs256(t, with("challenge", nil)), ebsclient.ReasonWrongChallenge},
		{"wrong challenge", rs256(t, with("challenge", "5382")), ebsclient.ReasonWrongChallenge},
		{"no id", rs256(t, with("jti", nil)), ebsclient.ReasonMalformed},
		{"id too long", rs256(t, with("jti", strings.Repeat("j", 300))), ebsclient.ReasonMalformed},

		{"no expiry", rs256(t, with("exp", nil)), ebsclient.ReasonMalformed},
		{"null expiry", rs256(t, with("exp", json.RawMessage("null"))), ebsclient.ReasonMalformed},
		{"expired", rs256(t, with("exp", today.Add(-31*time.Second).Unix())), ebsclient.ReasonExpired},
		{"no issue time", rs256(t, with("iat", nil)), ebsclient.ReasonMalformed},
		{"of yesterday, good for a week", rs256(t, map[string]any(merge(good(), map[string]any{"iat": today.Add(-24 * time.Hour).Unix(), "exp": today.Add(7 * 24 * time.Hour).Unix()}))), ebsclient.ReasonExpired},
		{"of the future", rs256(t, with("iat", today.Add(time.Minute).Unix())), ebsclient.ReasonNotYetValid},
		{"not before later", rs256(t, with("nbf", today.Add(time.Minute).Unix())), ebsclient.ReasonNotYetValid},
		{"time a word", rs256(t, with("iat", "now")), ebsclient.ReasonMalformed},
		{"time beyond all bounds", rs256(t, with("exp", 1e300)), ebsclient.ReasonMalformed},
		{"time before all bounds", rs256(t, with("iat", -1e12)), ebsclient.ReasonMalformed},

		{"no result", rs256(t, with("result", nil)), ebsclient.ReasonMalformed},
		{"result a word", rs256(t, with("result", "true")), ebsclient.ReasonMalformed},
		{"no match", rs256(t, with("match", nil)), ebsclient.ReasonModalityMissing},
		{"no overall", rs256(t, match(nil, 1.0, 1.0)), ebsclient.ReasonModalityMissing},
		{"no photo", rs256(t, match(1.0, nil, 1.0)), ebsclient.ReasonModalityMissing},
		{"no sound", rs256(t, match(1.0, 1.0, nil)), ebsclient.ReasonModalityMissing},
		{"score 1.2", rs256(t, match(1.2, 1.0, 1.0)), ebsclient.ReasonScoreOutOfRange},
		{"score below 0", rs256(t, match(1.0, -0.1, 1.0)), ebsclient.ReasonScoreOutOfRange},
		{"score a word", rs256(t, match("1.0", 1.0, 1.0)), ebsclient.ReasonMalformed},
		{"no liveness", rs256(t, with("liveness", nil)), ebsclient.ReasonModalityMissing},
		{"liveness without opinion", rs256(t, with("liveness", map[string]any{"score": 1})), ebsclient.ReasonModalityMissing},
		{"liveness 2", rs256(t, with("liveness", map[string]any{"passed": true, "score": 2})), ebsclient.ReasonScoreOutOfRange},
	} {
		t.Run(c.name, func(t *testing.T) {
			used := &countingReplay{}
			e := expected()
			e.Replay = used
			v, err := newChecker(t, nil).Check(t.Context(), c.token, e)
			if v != nil || !errors.Is(err, ebsclient.BrokenVerdict) || !errors.Is(err, c.want) {
				t.Fatalf("%+v, error %v; want %v", v, err, c.want)
			}
			if used.n != 0 {
				t.Error("a refused verdict was used up")
			}
			if err != nil && (strings.Contains(err.Error(), subject) || strings.Contains(err.Error(), "1000000002")) {
				t.Errorf("the error names a person: %v", err)
			}
		})
	}
}

func merge(a, b map[string]any) map[string]any {
	maps.Copy(a, b)
	return a
}

// signRaw signs a payload that no JWT library would make.
func signRaw(tb testing.TB, key *rsa.PrivateKey, payload string) string {
	tb.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	sig, err := jwt.SigningMethodRS256.Sign(input, key)
	if err != nil {
		tb.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

type countingReplay struct{ n int }

func (c *countingReplay) Use(context.Context, string, time.Time) error {
	c.n++
	return nil
}

func TestCheckOnce(t *testing.T) {
	c, e, token := newChecker(t, nil), expected(), rs256(t, good())
	if _, err := c.Check(t.Context(), token, e); err != nil {
		t.Fatal(err)
	}
	_, err := c.Check(t.Context(), token, e)
	if !errors.Is(err, ebsclient.BrokenVerdict) || !errors.Is(err, ebsclient.ReasonReplayed) || !errors.Is(err, ebsclient.ErrReplayed) {
		t.Errorf("the second time: %v, want replayed", err)
	}
	e.Replay = ebsclient.AllowReplay{}
	if _, err := c.Check(t.Context(), token, e); err != nil {
		t.Errorf("looking again: %v", err)
	}
}

func TestCheckOnceAmongMany(t *testing.T) {
	c, e, token := newChecker(t, nil), expected(), rs256(t, good())
	results := make(chan error, 16)
	for range cap(results) {
		go func() {
			_, err := c.Check(context.Background(), token, e)
			results <- err
		}()
	}
	believed := 0
	for range cap(results) {
		if err := <-results; err == nil {
			believed++
		} else if !errors.Is(err, ebsclient.ReasonReplayed) {
			t.Error(err)
		}
	}
	if believed != 1 {
		t.Errorf("%d of %d uses at once succeeded, want 1", believed, cap(results))
	}
}

type brokenStore struct{}

func (brokenStore) Use(context.Context, string, time.Time) error {
	return errors.New("the database is away")
}

func TestCheckWithoutStoreOrKeysBelievesNothing(t *testing.T) {
	token := rs256(t, good())
	e := expected()
	e.Replay = brokenStore{}
	if v, err := newChecker(t, nil).Check(t.Context(), token, e); v != nil || err == nil || errors.Is(err, ebsclient.BrokenVerdict) {
		t.Errorf("%v %v: want no verdict, and an error that is not the verdict's", v, err)
	}
	c := newChecker(t, func(cfg *ebsclient.CheckerConfig) { cfg.Keys = noKeys{} })
	if v, err := c.Check(t.Context(), token, expected()); v != nil || !errors.Is(err, ebsclient.Unavailable) {
		t.Errorf("%v %v: want unavailable", v, err)
	}
	for _, e := range []ebsclient.Expect{
		{},
		{Subject: subject, Session: session, Challenge: digits},
		{Subject: subject, Session: session, Replay: ebsclient.AllowReplay{}},
		{Subject: subject, Challenge: digits, Replay: ebsclient.AllowReplay{}},
		{Session: session, Challenge: digits, Replay: ebsclient.AllowReplay{}},
	} {
		if v, err := newChecker(t, nil).Check(t.Context(), token, e); v != nil || err == nil {
			t.Errorf("%+v: believed %v", e, v)
		}
	}
}

type noKeys struct{}

func (noKeys) Keys(context.Context, string) ([]ebsclient.Key, error) {
	return nil, errors.New("the verifier is away")
}

func TestCheckES256(t *testing.T) {
	key, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	c := newChecker(t, func(cfg *ebsclient.CheckerConfig) {
		cfg.Algorithms = []string{"ES256"}
		cfg.Keys = ebsclient.StaticKeys{{Public: &key.PublicKey}, {Public: &rsaKeys()[0].PublicKey}}
	})
	whole := sign(t, jwt.SigningMethodES256, key, good(), nil)
	if v, err := c.Check(t.Context(), whole, expected()); err != nil || v.Algorithm != "ES256" {
		t.Error(v, err)
	}
	input := whole[:strings.LastIndex(whole, ".")+1]
	encode := base64.RawURLEncoding.EncodeToString
	asn1, err := ecdsa.SignASN1(rand.Reader, key, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	order := key.Params().N.Bytes()
	for name, token := range map[string]string{
		"another key":         sign(t, jwt.SigningMethodES256, other, good(), nil),
		"no signature":        input,
		"zeros":               input + encode(make([]byte, 64)),
		"half a signature":    input + encode(make([]byte, 32)),
		"too long":            input + encode(append([]byte{0}, make([]byte, 64)...)),
		"the order, twice":    input + encode(append(append([]byte{}, order...), order...)),
		"numbers as ASN.1 is": input + encode(asn1),
	} {
		if _, err := c.Check(t.Context(), token, expected()); !errors.Is(err, ebsclient.ReasonBadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Check(t.Context(), rs256(t, good()), expected()); !errors.Is(err, ebsclient.ReasonWrongAlgorithm) {
		t.Errorf("RS256: %v", err)
	}
}

// TestCheckRotation: several keys at once, and a key taken out of the set is not believed any more.
func TestCheckRotation(t *testing.T) {
	old, young := rsaKeys()[0], rsaKeys()[1]
	by := func(key *rsa.PrivateKey, kid string) string {
		return sign(t, jwt.SigningMethodRS256, key, good(), map[string]any{"kid": kid})
	}
	keysOf := func(keys ...ebsclient.Key) func(*ebsclient.CheckerConfig) {
		return func(cfg *ebsclient.CheckerConfig) { cfg.Keys = ebsclient.StaticKeys(keys) }
	}
	first, second := ebsclient.Key{ID: "old", Public: &old.PublicKey}, ebsclient.Key{ID: "young", Public: &young.PublicKey}
	unnamed := ebsclient.Key{Public: &young.PublicKey}
	both := newChecker(t, keysOf(first, second))
	for name, c := range map[string]struct {
		checker *ebsclient.Checker
		token   string
		want    error
	}{
		"the old one":                        {both, by(old, "old"), nil},
		"the young one":                      {both, by(young, "young"), nil},
		"each under its own name only":       {both, by(young, "old"), ebsclient.ReasonBadSignature},
		"no name: all are tried":             {both, by(young, ""), nil},
		"a key without a name is tried last": {newChecker(t, keysOf(first, unnamed)), by(young, "new"), nil},
		"taken out":                          {newChecker(t, keysOf(second)), by(old, "old"), ebsclient.ReasonUnknownKey},
		"for another algorithm":              {newChecker(t, keysOf(ebsclient.Key{ID: "old", Algorithm: "PS256", Public: &old.PublicKey})), by(old, "old"), ebsclient.ReasonUnknownKey},
	} {
		if _, err := c.checker.Check(t.Context(), c.token, expected()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestCheckSession: in a session the digits are the verifier's own.
func TestCheckSession(t *testing.T) {
	c := newChecker(t, nil)
	e := expected()
	e.Challenge, e.AnyChallenge = "", true
	if v, err := c.Check(t.Context(), rs256(t, good()), e); err != nil || v.Challenge != digits {
		t.Errorf("%+v %v", v, err)
	}
	e.Replay = ebsclient.AllowReplay{}
	if v, err := c.Check(t.Context(), rs256(t, with("challenge", nil)), e); err != nil || v.Challenge != "" {
		t.Errorf("a verdict that names none: %+v %v", v, err)
	}
	if _, err := c.Check(t.Context(), rs256(t, with("session_id", "another")), e); !errors.Is(err, ebsclient.ReasonWrongSession) {
		t.Errorf("another session: %v", err)
	}
	e.Challenge = digits
	var typed *ebsclient.Error
	if _, err := c.Check(t.Context(), rs256(t, good()), e); err == nil || errors.As(err, &typed) {
		t.Errorf("some digits and any digits: %v", err)
	}
}

func TestCheckModalities(t *testing.T) {
	c := newChecker(t, nil)
	for _, test := range []struct {
		name   string
		claims map[string]any
		needed []ebsclient.Modality
		want   error
		have   int
	}{
		{"both of both", match(0.9, 0.9, 0.8), []ebsclient.Modality{ebsclient.Photo, ebsclient.Sound}, nil, 2},
		{"the face alone, of both", match(0.9, 0.9, 0.8), []ebsclient.Modality{ebsclient.Photo}, nil, 2},
		{"the face alone", match(0.9, 0.9, nil), []ebsclient.Modality{ebsclient.Photo}, nil, 1},
		{"the voice alone", match(0.9, nil, 0.9), []ebsclient.Modality{ebsclient.Sound}, nil, 1},
		{"no face", match(0.9, nil, 0.9), []ebsclient.Modality{ebsclient.Photo}, ebsclient.ReasonModalityMissing, 0},
		{"no overall score", match(nil, 0.9, nil), []ebsclient.Modality{ebsclient.Photo}, ebsclient.ReasonModalityMissing, 0},
		{"nonsense where nothing is needed", match(0.9, 0.9, 7), []ebsclient.Modality{ebsclient.Photo}, ebsclient.ReasonScoreOutOfRange, 0},
	} {
		e := expected()
		e.Modalities = test.needed
		v, err := c.Check(t.Context(), rs256(t, test.claims), e)
		if !errors.Is(err, test.want) || (v != nil && len(v.Modalities) != test.have) {
			t.Errorf("%s: %+v, error %v; want %d and %v", test.name, v, err, test.have, test.want)
		}
	}
	e := expected()
	e.Modalities = []ebsclient.Modality{"gait"}
	if v, err := c.Check(t.Context(), rs256(t, good()), e); v != nil || err == nil {
		t.Errorf("a modality nobody knows: %+v %v", v, err)
	}
}

// fakeGOST stands for an external program.
type fakeGOST struct{ err error }

func (f fakeGOST) VerifySignature(_ context.Context, _ ebsclient.Key, _, _ []byte) error {
	return f.err
}

func TestCheckGOST(t *testing.T) {
	parts := strings.Split(rs256(t, good()), ".")
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"GOST3410_2012_256"}`)) + "." + parts[1] + "." + parts[2]
	for name, c := range map[string]struct {
		verify error
		is     error
	}{
		"fits":         {nil, nil},
		"does not fit": {ebsclient.ReasonBadSignature, ebsclient.ReasonBadSignature},
		"no answer":    {errors.New("exit status 127"), ebsclient.Unavailable},
	} {
		checker := newChecker(t, func(cfg *ebsclient.CheckerConfig) {
			cfg.Stand, cfg.GOST, cfg.Keys = false, fakeGOST{c.verify}, ebsclient.StaticKeys{{PKIX: []byte{0x30}}}
		})
		if _, err := checker.Check(t.Context(), token, expected()); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
		if _, err := checker.Check(t.Context(), rs256(t, good()), expected()); !errors.Is(err, ebsclient.ReasonWrongAlgorithm) {
			t.Errorf("%s: RS256 in production: %v", name, err)
		}
	}
}

func TestCheckClaimNames(t *testing.T) {
	claims := good()
	for _, name := range []string{"session_id", "challenge", "result", "match", "liveness", "engine"} {
		claims["ext_"+name] = claims[name]
		delete(claims, name)
	}
	claims["ext_match"] = map[string]any{"total": 0.5, "face": 0.6, "voice": 0.7, "overall": 2}
	claims["ext_liveness"] = map[string]any{"alive": true, "degree": 0.4}
	c := newChecker(t, func(cfg *ebsclient.CheckerConfig) {
		cfg.Claims = ebsclient.ClaimNames{
			Session: "ext_session_id", Challenge: "ext_challenge", Result: "ext_result", Match: "ext_match", Overall: "total", Photo: "face", Sound: "voice",
			Liveness: "ext_liveness", Passed: "alive", Score: "degree", Engine: "ext_engine",
		}
	})
	v, err := c.Check(t.Context(), rs256(t, claims), expected())
	if err != nil || v.Match != (ebsclient.Scores{Overall: 0.5, Photo: 0.6, Sound: 0.7}) || v.Liveness != (ebsclient.Liveness{Passed: true, Score: 0.4}) || v.Engine["sound"] == "" {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := c.Check(t.Context(), rs256(t, good()), expected()); !errors.Is(err, ebsclient.BrokenVerdict) {
		t.Errorf("the usual names: %v", err)
	}
}

func TestNewCheckerRefuses(t *testing.T) {
	keys := ebsclient.StaticKeys{}
	for name, cfg := range map[string]ebsclient.CheckerConfig{
		"no issuer":                 {Audience: audience, Keys: keys, Stand: true},
		"no audience":               {Issuer: issuer, Keys: keys, Stand: true},
		"no keys":                   {Issuer: issuer, Audience: audience, Stand: true},
		"RS256 in production":       {Issuer: issuer, Audience: audience, Keys: keys, Algorithms: []string{"RS256"}},
		"ES256 in production":       {Issuer: issuer, Audience: audience, Keys: keys, Algorithms: []string{"ES256"}},
		"none on a stand":           {Issuer: issuer, Audience: audience, Keys: keys, Stand: true, Algorithms: []string{"none"}},
		"HS256 on a stand":          {Issuer: issuer, Audience: audience, Keys: keys, Stand: true, Algorithms: []string{"HS256"}},
		"GOST without its verifier": {Issuer: issuer, Audience: audience, Keys: keys},
		"negative leeway":           {Issuer: issuer, Audience: audience, Keys: keys, Stand: true, Leeway: -1},
	} {
		if _, err := ebsclient.NewChecker(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
