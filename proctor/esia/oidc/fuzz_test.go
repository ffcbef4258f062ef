package oidc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"ochno/proctor/esia"
)

func fuzzClient(f *testing.F) *Client {
	client, err := New(Config{
		Issuer: "https://sso.example", ClientID: "ochno", RedirectURL: "https://exam.example.org/cb", SubjectPrefix: "sso:",
		Claims: Claims{Level: "/acct/lvl"}, Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	if err != nil {
		f.Fatal(err)
	}
	return client
}

// FuzzIDToken reads any claims as those of an ID token and any text as a token.
func FuzzIDToken(f *testing.F) {
	client := fuzzClient(f)
	const good = `{"iss":"https://sso.example","aud":"ochno","sub":"1","exp":1800000600,"iat":1800000000,"nonce":"n","family_name":"А","given_name":"Б",` +
		`"birthdate":"2004-02-29","snils":"112-233-445 95","acct":{"lvl":"PR"},"groups":["a"],"amr":["PWD"],"sid":"s"}`
	f.Add(good)
	f.Add(strings.NewReplacer(`"sub":"1"`, `"sub":1000000001`, `"ochno"`, `["ochno","x"],"azp":"ochno"`).Replace(good))
	f.Add(strings.NewReplacer(`["a"]`, `"a"`, `{"lvl":"PR"}`, `5`, `["PWD"]`, `[]`).Replace(good))
	f.Add(`{"sub":1.5,"exp":"x"}`)
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`)) + ".e30.AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if algorithm, id, err := tokenHeader(text); err == nil {
			if _, err := client.parse(text, algorithm, (&keySet{}).candidates(id)); err == nil {
				t.Error("a token was verified by no key")
			}
		}
		claims := make(map[string]any)
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.UseNumber()
		if len(text) > maxAnswer || decoder.Decode(&claims) != nil {
			return
		}
		code, err := client.checkClaims(claims, "n")
		if (code == "") != (err == nil) {
			t.Errorf("code %q with %v", code, err)
		}
		if err == nil && claims["iss"] != "https://sso.example" {
			t.Error("another issuer's claims were taken")
		}
		identity, err := client.config.identity(claims)
		if err != nil {
			if identity != nil || strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Errorf("an identity beside an error, or control characters in %q", err)
			}
			return
		}
		if len(identity.OID) <= len("sso:") || strings.ContainsFunc(identity.OID, unprintable) || identity.Person.LastName == "" || identity.Person.FirstName == "" {
			t.Errorf("OID %q", identity.OID)
		}
		if _, ok := esia.ParseSNILS(identity.Person.SNILS); identity.Person.SNILS != "" && !ok {
			t.Error("a SNILS with wrong check digits")
		}
		if identity.Confirmed() && identity.Level != esia.LevelConfirmed || !knownLevel(identity.Level) {
			t.Errorf("level %s", identity.Level)
		}
	})
}

// FuzzKeys reads anything as a set of keys.
func FuzzKeys(f *testing.F) {
	n := base64.RawURLEncoding.EncodeToString(append([]byte{0xc0}, bytes.Repeat([]byte{1}, 255)...))
	f.Add(`{"keys":[{"kty":"RSA","use":"sig","kid":"1","n":"` + n + `","e":"AQAB"}]}`)
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]}`)
	f.Add(`{"keys":[{"kty":"OKP"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`)
	f.Add(`{"keys":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		set, err := parseKeys([]byte(text))
		if (err == nil) != (set != nil) {
			t.Fatal("a set beside an error")
		}
		if err != nil {
			return
		}
		if len(set.keys) == 0 || len(set.keys) > maxKeys || len(set.candidates("")) != len(set.keys) {
			t.Errorf("%d keys", len(set.keys))
		}
		for _, k := range set.keys {
			if k.public == nil {
				t.Error("a key that is nil")
			}
		}
	})
}
