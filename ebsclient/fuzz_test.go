package ebsclient_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"ochno/ebsclient"
)

func FuzzCheck(f *testing.F) {
	whole := rs256(f, good())
	f.Add(whole)
	f.Add("")
	f.Add("..")
	f.Add(strings.Replace(whole, ".", ".A", 1))
	f.Add(signRaw(f, rsaKeys()[0], `{"iss":"ebs-test","aud":["OCHNO"],"match":[]}`))
	c := newChecker(f, nil)
	e := expected()
	e.Replay = ebsclient.AllowReplay{}
	f.Fuzz(func(t *testing.T, token string) {
		v, err := c.Check(t.Context(), token, e)
		if (v == nil) == (err == nil) {
			t.Fatalf("%v and %v", v, err)
		}
		if err != nil {
			var typed *ebsclient.Error
			if !errors.As(err, &typed) || typed.Code != ebsclient.BrokenVerdict || typed.Reason == "" {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		// Only what was really signed is believed, and the signature covers the first two parts.
		if signed := whole[:strings.LastIndex(whole, ".")]; !strings.HasPrefix(token, signed) {
			t.Fatalf("believed %q", token)
		}
	})
}

// FuzzClaims signs whatever payload: what the issuer's own key vouches for must not break the checker either.
func FuzzClaims(f *testing.F) {
	whole, err := json.Marshal(good())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	f.Add(`{"exp":1e400}`)
	f.Add(`{"engine":{"a":1}}`)
	c := newChecker(f, func(cfg *ebsclient.CheckerConfig) {
		cfg.Stand, cfg.GOST, cfg.Keys = false, fakeGOST{}, ebsclient.StaticKeys{{PKIX: []byte{0x30}}}
	})
	e := expected()
	e.Replay = ebsclient.AllowReplay{}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"GOST3410_2012_256"}`))
	f.Fuzz(func(t *testing.T, payload string) {
		v, err := c.Check(t.Context(), head+"."+base64.RawURLEncoding.EncodeToString([]byte(payload))+".", e)
		if err == nil && (v.Subject != subject || v.Session != session || v.Challenge != digits || !(v.Match.Overall >= 0 && v.Match.Overall <= 1)) {
			t.Fatalf("believed %+v", v)
		}
		if err != nil && !errors.Is(err, ebsclient.BrokenVerdict) {
			t.Fatalf("an untyped error: %v", err)
		}
	})
}

// FuzzAnswers has each driver read whatever a verifier may answer: a token or a typed error, and nothing of the answer in it.
func FuzzAnswers(f *testing.F) {
	f.Add(200, verdictAnswer, "", "")
	f.Add(200, `{"state":"CANCEL"}`, "", "")
	f.Add(202, `{"state":"PENDING"}`, "1", "")
	f.Add(302, "{}", "", "https://ebs.example/page?session_id=5f0c")
	f.Add(404, `{"code":"not_enrolled"}`, "", "/%zz")
	f.Add(422, `{"code":"liveness_failed","detail":"`+subject+`"}`, "", "//evil.example/?session_id=1")
	f.Add(429, "", "Fri, 31 Dec 9999 23:59:59 GMT", "")
	f.Add(503, "<html>", "-1", "?session_id=%00")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter, location string) {
		v := &changeable{now: says(status, body, "Retry-After", retryAfter, "Location", location)}
		exchange := back()
		exchange.Query = url.Values{"res_secret": {"12345"}}
		adapter := newAdapter(t, v, func(cfg *ebsclient.AdapterConfig) { cfg.Attempts = 1 })
		web := newWeb(t, v, func(cfg *ebsclient.WebConfig) { cfg.Attempts = 1 })
		s, err := web.Begin(t.Context(), sessionRequest())
		if err == nil && (!strings.HasPrefix(s.URL, "https://ebs.example/") && !strings.HasPrefix(s.URL, "https://ebs.example?") || s.ID == "" || strings.ContainsAny(s.ID, "/?#%")) {
			t.Fatalf("the browser is sent to %q in session %q", s.URL, s.ID)
		}
		typed(t, s.ID, err)
		token, err := web.Collect(t.Context(), ebsclient.Session{ID: "5f0c"}, back())
		typed(t, token, err)
		token, err = adapter.Collect(t.Context(), ebsclient.Session{}, exchange)
		typed(t, token, err)
		token, err = pushTo(t, v, nil).Verify(t.Context(), request())
		typed(t, token, err)
	})
}

// typed wants either a result or a typed error that repeats nothing of the person.
func typed(t *testing.T, result string, err error) {
	t.Helper()
	if err == nil {
		if result == "" {
			t.Fatal("neither a result nor an error")
		}
		return
	}
	var e *ebsclient.Error
	if result != "" || !errors.As(err, &e) || e.Code == "" || e.RetryAfter < 0 || e.RetryAfter > time.Hour || (e.Reason != "") != (e.Code == ebsclient.BrokenVerdict) {
		t.Fatalf("%q and %#v", result, err)
	}
	if strings.Contains(err.Error(), subject) || len(err.Error()) > 1000 {
		t.Fatalf("the error repeats what it was told: %v", err)
	}
}

// FuzzKeys: whatever is read as keys is strong enough to be used.
func FuzzKeys(f *testing.F) {
	f.Add(jwks(f, rsaJWK("a", &rsaKeys()[0].PublicKey)))
	f.Add(publicPEM(f, &rsaKeys()[0].PublicKey, map[string]string{"Kid": "b"}))
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		keys, err := ebsclient.ParseKeys([]byte(data))
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys, error %v", len(keys), err)
		}
		for _, key := range keys {
			if public, ok := key.Public.(*rsa.PublicKey); ok && public.N.BitLen() < 2048 || len(key.PKIX) == 0 {
				t.Fatalf("a key nobody should use: %+v", key)
			}
		}
	})
}
