package ebsclient_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

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
