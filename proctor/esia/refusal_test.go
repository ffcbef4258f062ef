package esia_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia"
)

// forger is an ESIA that answers whatever a test wants. Left alone it answers well.
type forger struct {
	t           *testing.T
	url         string
	now         time.Time
	key         *rsa.PrivateKey
	certificate *x509.Certificate

	accessHeader, accessClaims map[string]any
	idHeader, idClaims         map[string]any
	sign                       func(signed string) []byte
	token                      func(w http.ResponseWriter, form url.Values)
	answer                     map[string]any // overrides fields of the token answer
	person                     func(w http.ResponseWriter)
	personFields               map[string]any
	rest                       func(w http.ResponseWriter, r *http.Request) // everything else under /rs/
}

const forgedOID = "1000000777"

var forgerKey, forgerCertificate = newRSA(time.Now().AddDate(1, 0, 0))

func newRSA(until time.Time) (*rsa.PrivateKey, *x509.Certificate) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "forger"}, NotBefore: until.AddDate(-2, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, certificate
}

func newForger(t *testing.T) *forger {
	f := &forger{t: t, now: time.Now().Truncate(time.Second), key: forgerKey, certificate: forgerCertificate}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /aas/oauth2/v3/te", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		f.token(w, r.PostForm)
	})
	mux.HandleFunc("GET /rs/prns/"+forgedOID, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer eyJ") {
			t.Error("the person is asked for without the access token")
		}
		f.person(w)
	})
	mux.HandleFunc("GET /rs/", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer eyJ") {
			t.Error("a resource is asked for without the access token")
		}
		f.rest(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.url = server.URL
	f.accessHeader = map[string]any{"ver": 1, "typ": "JWT", "sbt": "access", "alg": "RS256"}
	f.idHeader = map[string]any{"ver": 1, "typ": "JWT", "sbt": "id", "alg": "RS256"}
	common := map[string]any{
		"iss": "http://" + strings.TrimPrefix(f.url, "http://") + "/", "nbf": f.now.Unix(), "iat": f.now.Unix(), "exp": f.now.Add(time.Hour).Unix(),
		"urn:esia:sid": "9b6b7c2c-0000-4000-8000-000000000001",
	}
	f.accessClaims, f.idClaims = maps.Clone(common), maps.Clone(common)
	maps.Copy(f.accessClaims, map[string]any{"client_id": system, "urn:esia:sbj_id": json.Number(forgedOID), "scope": "openid"})
	maps.Copy(f.idClaims, map[string]any{
		"aud": system, "sub": json.Number(forgedOID), "amr": "DS",
		"urn:esia:sbj": map[string]any{"urn:esia:sbj:oid": json.Number(forgedOID), "urn:esia:sbj:is_tru": true, "urn:esia:sbj:lvl": "PR"},
	})
	f.answer = map[string]any{"token_type": "Bearer", "expires_in": 3600}
	f.personFields = map[string]any{
		"firstName": "Иван", "lastName": "Петров-Водкин", "birthDate": "29.02.2004", "snils": "999-999-001 " + esia.SNILSCheckDigits("999999001"), "trusted": true, "status": "REGISTERED",
	}
	f.sign = f.rs256
	f.token = f.goodToken
	f.person = func(w http.ResponseWriter) { writeJSON(w, http.StatusOK, f.personFields) }
	return f
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

func (f *forger) goodToken(w http.ResponseWriter, form url.Values) {
	answer := map[string]any{"access_token": f.mint(f.accessHeader, f.accessClaims), "id_token": f.mint(f.idHeader, f.idClaims), "state": form.Get("state")}
	maps.Copy(answer, f.answer)
	writeJSON(w, http.StatusOK, answer)
}

func (f *forger) mint(header, claims map[string]any) string {
	part := func(value any) string {
		data, err := json.Marshal(value)
		if err != nil {
			f.t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := part(header) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(f.sign(signed))
}

func (f *forger) rs256(signed string) []byte {
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, f.key, crypto.SHA256, sum[:])
	if err != nil {
		f.t.Error(err)
	}
	return signature
}

// fixedSigner stands in for openssl where nobody looks at the signature.
type fixedSigner struct{}

func (fixedSigner) Sign(_ context.Context, _ []byte) ([]byte, error) { return make([]byte, 64), nil }

func (f *forger) config() esia.Config {
	return esia.Config{
		BaseURL: f.url, ClientID: system, RedirectURL: callback, Signer: fixedSigner{}, CertificateHash: strings.Repeat("0A", 32),
		Keys: esia.StaticKeys(f.certificate), Timeout: time.Minute, Now: func() time.Time { return f.now },
	}
}

// finish signs in at the forger.
func (f *forger) finish(change func(*esia.Config)) (*esia.Identity, error) {
	f.t.Helper()
	return f.finishWith(f.client(change))
}

func (f *forger) client(change func(*esia.Config)) *esia.Client {
	f.t.Helper()
	config := f.config()
	if change != nil {
		change(&config)
	}
	client, err := esia.New(config)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

func (f *forger) finishWith(client *esia.Client) (*esia.Identity, error) {
	f.t.Helper()
	redirect := start(f.t, client)
	return client.Finish(f.t.Context(), redirect.Pending(), url.Values{"code": {"the-code"}, "state": {redirect.State}})
}

func TestTokensOfEveryAcceptedShape(t *testing.T) {
	for name, change := range map[string]func(*forger){
		"as ESIA writes them":  func(*forger) {},
		"sub as a string":      func(f *forger) { f.idClaims["sub"] = forgedOID },
		"a list of audiences":  func(f *forger) { f.idClaims["aud"] = []string{"OTHER", system} },
		"amr as a list":        func(f *forger) { f.idClaims["amr"] = []string{"DS"} },
		"no sbt":               func(f *forger) { delete(f.accessHeader, "sbt"); delete(f.idHeader, "sbt") },
		"expires_in as string": func(f *forger) { f.answer["expires_in"] = "3600" },
		"clocks 50 s apart":    func(f *forger) { f.idClaims["nbf"] = f.now.Add(50 * time.Second).Unix() },
		"just expired":         func(f *forger) { f.idClaims["exp"] = f.now.Add(-50 * time.Second).Unix() },
		"level by is_tru only": func(f *forger) { f.idClaims["urn:esia:sbj"] = map[string]any{"urn:esia:sbj:is_tru": true} },
		"no account claim":     func(f *forger) { delete(f.idClaims, "urn:esia:sbj") },
		"trusted as a string":  func(f *forger) { f.personFields["trusted"] = "true" },
		"no middle name":       func(f *forger) { f.personFields["middleName"] = nil },
		"no SNILS":             func(f *forger) { delete(f.personFields, "snils") },
		"names with spaces":    func(f *forger) { f.personFields["firstName"] = "  Иван\u00a0 " },
	} {
		t.Run(name, func(t *testing.T) {
			f := newForger(t)
			change(f)
			identity, err := f.finish(nil)
			if err != nil {
				t.Fatal(err)
			}
			if identity.OID != forgedOID || !identity.Confirmed() || identity.AuthMethod != "DS" || identity.Person.FirstName != "Иван" ||
				!identity.Person.BirthDate.Equal(time.Date(2004, 2, 29, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("identity of level %s is not the forged one", identity.Level)
			}
		})
	}
}

// TestNotConfirmed looks at every way in which an account can fall short.
func TestNotConfirmed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*forger)
		level  esia.Level
	}{
		"not trusted":              {func(f *forger) { f.personFields["trusted"] = false }, esia.LevelConfirmed},
		"deleted":                  {func(f *forger) { f.personFields["status"] = "DELETED" }, esia.LevelConfirmed},
		"no status":                {func(f *forger) { delete(f.personFields, "status") }, esia.LevelConfirmed},
		"level P":                  {account(map[string]any{"urn:esia:sbj:is_tru": true, "urn:esia:sbj:lvl": "P"}), esia.LevelStandard},
		"level PR without is_tru":  {account(map[string]any{"urn:esia:sbj:lvl": "PR"}), esia.LevelStandard},
		"neither level nor is_tru": {account(map[string]any{}), esia.LevelStandard},
		"a child":                  {account(map[string]any{"urn:esia:sbj:is_tru": true, "urn:esia:sbj:lvl": "KD"}), esia.LevelChild},
		"simplified": {func(f *forger) {
			account(map[string]any{"urn:esia:sbj:lvl": "P"})(f)
			f.personFields = map[string]any{"firstName": "Иван", "lastName": "Петров", "trusted": false, "status": "REGISTERED"}
		}, esia.LevelSimplified},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForger(t)
			test.change(f)
			identity, err := f.finish(nil)
			if err != nil {
				t.Fatal(err)
			}
			if identity.Confirmed() || identity.Level != test.level {
				t.Errorf("confirmed %v, level %s, want %s", identity.Confirmed(), identity.Level, test.level)
			}
		})
	}
}

func account(claims map[string]any) func(*forger) {
	return func(f *forger) { f.idClaims["urn:esia:sbj"] = claims }
}

func TestTokensRefused(t *testing.T) {
	strangerKey, _ := newRSA(time.Now().AddDate(1, 0, 0))
	hs256 := func(secret []byte) func(*forger) {
		return func(f *forger) {
			f.accessHeader["alg"], f.idHeader["alg"] = "HS256", "HS256"
			f.sign = func(signed string) []byte {
				mac := hmac.New(sha256.New, secret)
				mac.Write([]byte(signed))
				return mac.Sum(nil)
			}
		}
	}
	publicKey := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: forgerCertificate.RawSubjectPublicKeyInfo})
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: forgerCertificate.Raw})
	for _, test := range []struct {
		name   string
		change func(*forger)
		code   string
	}{
		{"alg none", func(f *forger) {
			f.accessHeader["alg"] = "none"
			f.sign = func(string) []byte { return nil }
		}, esia.CodeTokenAlgorithm},
		{"alg None with a good signature", func(f *forger) { f.idHeader["alg"] = "None" }, esia.CodeTokenAlgorithm},
		{"no alg", func(f *forger) { delete(f.accessHeader, "alg") }, esia.CodeTokenAlgorithm},
		{"HS256 with the RSA public key", hs256(publicKey), esia.CodeTokenAlgorithm},
		{"HS256 with the certificate", hs256(certificatePEM), esia.CodeTokenAlgorithm},
		{"RS512", func(f *forger) { f.accessHeader["alg"] = "RS512" }, esia.CodeTokenAlgorithm},
		{"GOST without a verifier", func(f *forger) { f.accessHeader["alg"] = esia.GOST }, esia.CodeTokenAlgorithm},
		{"alg as a number", func(f *forger) { f.accessHeader["alg"] = 256 }, esia.CodeTokenInvalid},
		{"critical extensions", func(f *forger) { f.accessHeader["crit"] = []string{"exp"} }, esia.CodeTokenInvalid},
		{"signed by a stranger", func(f *forger) { f.key = strangerKey }, esia.CodeTokenSignature},
		{"signature missing", func(f *forger) { f.sign = func(string) []byte { return nil } }, esia.CodeTokenSignature},
		{"signature of something else", func(f *forger) { f.sign = func(string) []byte { return f.rs256("else") } }, esia.CodeTokenSignature},
		{"foreign client_id", func(f *forger) { f.accessClaims["client_id"] = "OTHER" }, esia.CodeTokenAudience},
		{"no client_id", func(f *forger) { delete(f.accessClaims, "client_id") }, esia.CodeTokenAudience},
		{"foreign audience", func(f *forger) { f.idClaims["aud"] = "OTHER" }, esia.CodeTokenAudience},
		{"no audience", func(f *forger) { delete(f.idClaims, "aud") }, esia.CodeTokenAudience},
		{"empty audiences", func(f *forger) { f.idClaims["aud"] = []string{} }, esia.CodeTokenAudience},
		{"foreign issuer", func(f *forger) { f.accessClaims["iss"] = "http://esia.gosuslugi.ru/" }, esia.CodeTokenIssuer},
		{"no issuer", func(f *forger) { delete(f.idClaims, "iss") }, esia.CodeTokenIssuer},
		{"access token expired", func(f *forger) { f.accessClaims["exp"] = f.now.Add(-2 * time.Minute).Unix() }, esia.CodeTokenTime},
		{"ID token expired", func(f *forger) { f.idClaims["exp"] = f.now.Add(-2 * time.Minute).Unix() }, esia.CodeTokenTime},
		{"no exp", func(f *forger) { delete(f.idClaims, "exp") }, esia.CodeTokenTime},
		{"from the future", func(f *forger) { f.accessClaims["nbf"] = f.now.Add(2 * time.Minute).Unix() }, esia.CodeTokenTime},
		{"issued in the future", func(f *forger) { f.idClaims["iat"] = f.now.Add(2 * time.Minute).Unix() }, esia.CodeTokenTime},
		{"exp as text", func(f *forger) { f.idClaims["exp"] = "tomorrow" }, esia.CodeTokenInvalid},
		{"exp beyond all time", func(f *forger) { f.idClaims["exp"] = 1e300 }, esia.CodeTokenInvalid},
		{"no sub", func(f *forger) { delete(f.idClaims, "sub") }, esia.CodeTokenInvalid},
		{"no sbj_id", func(f *forger) { delete(f.accessClaims, "urn:esia:sbj_id") }, esia.CodeTokenInvalid},
		{"sub is a path", func(f *forger) { f.idClaims["sub"] = "../1000000001" }, esia.CodeTokenInvalid},
		{"sub is a fraction", func(f *forger) { f.idClaims["sub"] = 1000000777.5 }, esia.CodeTokenInvalid},
		{"sub is negative", func(f *forger) { f.idClaims["sub"] = -1 }, esia.CodeTokenInvalid},
		{"sub is empty", func(f *forger) { f.idClaims["sub"] = "" }, esia.CodeTokenInvalid},
		{"sub is a list", func(f *forger) { f.idClaims["sub"] = []int{1} }, esia.CodeTokenInvalid},
		{"two people", func(f *forger) { f.idClaims["sub"] = 1000000001 }, esia.CodeTokenSubject},
		{"another person's account", account(map[string]any{"urn:esia:sbj:oid": 1000000001}), esia.CodeTokenSubject},
		{"two sessions", func(f *forger) { f.idClaims["urn:esia:sid"] = "other" }, esia.CodeTokenSubject},
		{"ID token in the access token's place", func(f *forger) { f.accessHeader["sbt"] = "id" }, esia.CodeTokenInvalid},
		{"refresh token in the ID token's place", func(f *forger) { f.idHeader["sbt"] = "refresh" }, esia.CodeTokenInvalid},
		{"not a token", func(f *forger) { f.answer["access_token"] = "abc" }, esia.CodeTokenInvalid},
		{"four parts", func(f *forger) { f.answer["id_token"] = "e30.e30.e30.e30" }, esia.CodeTokenInvalid},
		{"padded base64", func(f *forger) { f.answer["id_token"] = "e30=.e30=.e30=" }, esia.CodeTokenInvalid},
		{"a token over 16 KiB", func(f *forger) { f.idClaims["x"] = strings.Repeat("x", 17<<10) }, esia.CodeTokenInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newForger(t)
			f.person = func(w http.ResponseWriter) { t.Error("the person was asked for with a bad token") }
			test.change(f)
			_, err := f.finish(nil)
			wantError(t, err, test.code, esia.KindRejected)
			withholds(t, err)
		})
	}
}

// withholds checks that an error's text holds nothing of the person or of a token.
func withholds(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{forgedOID, "1000000001", "Петров", "Иван", "999-999", "eyJ", "the-code"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds %q: %v", secret, err)
		}
	}
}

func TestAlgorithmAllowList(t *testing.T) {
	f := newForger(t)
	_, err := f.finish(func(c *esia.Config) {
		c.Algorithms, c.Verifier = []string{esia.GOST}, esia.NewOpenSSL(esia.OpenSSLConfig{})
	})
	wantError(t, err, esia.CodeTokenAlgorithm, esia.KindRejected)
}

func TestGOSTTokensRefused(t *testing.T) {
	openssl := esia.NewOpenSSL(esia.OpenSSLConfig{ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}})
	own, stranger := standKeys(t, openssl), standKeys(t, openssl)
	certificate := readCertificate(t, own.CertificateFile)
	gostSigned := func(keyFile string) *forger {
		f := newForger(t)
		f.certificate = certificate
		f.accessHeader["alg"], f.idHeader["alg"] = esia.GOST, esia.GOST
		f.sign = func(signed string) []byte {
			signature, err := openssl.RawSigner(keyFile).Sign(t.Context(), []byte(signed))
			if err != nil {
				t.Error(err)
			}
			return signature
		}
		return f
	}
	gost := func(c *esia.Config) { c.Verifier = openssl }
	if _, err := gostSigned(own.KeyFile).finish(gost); err != nil {
		t.Fatal(err)
	}
	_, err := gostSigned(stranger.KeyFile).finish(gost)
	wantError(t, err, esia.CodeTokenSignature, esia.KindRejected)

	f := gostSigned(own.KeyFile)
	f.certificate = forgerCertificate // an RSA one
	_, err = f.finish(gost)
	wantError(t, err, esia.CodeTokenSignature, esia.KindRejected)

	f = gostSigned(own.KeyFile)
	f.accessHeader["alg"], f.idHeader["alg"] = esia.RS256, esia.RS256
	_, err = f.finish(gost)
	wantError(t, err, esia.CodeTokenSignature, esia.KindRejected)

	_, err = gostSigned(own.KeyFile).finish(func(c *esia.Config) { c.Verifier = esia.NewOpenSSL(esia.OpenSSLConfig{Path: "no-such-openssl"}) })
	wantError(t, err, esia.CodeVerifierFailed, esia.KindUnavailable)
}

func TestESIACertificates(t *testing.T) {
	f := newForger(t)
	oldKey, oldCertificate := newRSA(time.Now().AddDate(0, 0, -1))
	several := func(c *esia.Config) { c.Keys = esia.StaticKeys(oldCertificate, forgerCertificate) }
	if _, err := f.finish(several); err != nil {
		t.Fatalf("with an old certificate beside the new one: %v", err)
	}
	f.key = oldKey
	_, err := f.finish(several)
	wantError(t, err, esia.CodeCertificateExpired, esia.KindRejected)

	_, err = f.finish(func(c *esia.Config) { c.Keys = esia.StaticKeys() })
	wantError(t, err, esia.CodeKeysMissing, esia.KindUnavailable)
}

func TestAnswersRefused(t *testing.T) {
	body := func(status int, media, text string) func(*forger) {
		return func(f *forger) {
			f.token = func(w http.ResponseWriter, _ url.Values) {
				w.Header().Set("Content-Type", media)
				w.WriteHeader(status)
				w.Write([]byte(text))
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(*forger)
		code   string
		kind   esia.Kind
	}{
		{"HTML with 200", body(200, "text/html;charset=UTF-8", "<html>Технические работы</html>"), esia.CodeAnswerHTML, esia.KindUnavailable},
		{"HTML called JSON", body(200, "application/json", " <!doctype html><p>Смирнова"), esia.CodeAnswerHTML, esia.KindUnavailable},
		{"HTML with 502", body(502, "text/html", "<h1>Bad gateway</h1>"), esia.CodeAnswerHTML, esia.KindUnavailable},
		{"500 without words", body(500, "text/plain", ""), esia.CodeUnavailable, esia.KindUnavailable},
		{"429", body(429, "text/plain", "slow down"), esia.CodeUnavailable, esia.KindUnavailable},
		{"404", body(404, "text/plain", "no"), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"a redirect", func(f *forger) {
			f.token = func(w http.ResponseWriter, _ url.Values) {
				w.Header().Set("Location", "http://127.0.0.1:1/stolen")
				w.WriteHeader(http.StatusTemporaryRedirect)
			}
		}, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"nothing", body(200, "application/json", ""), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"a list", body(200, "application/json", `[{"access_token":"x"}]`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"half an object", body(200, "application/json", `{"access_token":"x`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"an object and more", body(200, "application/json", `{"access_token":"x"} {}`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"over 64 KiB", body(200, "application/json", `{"access_token":"`+strings.Repeat("x", 70<<10)+`"}`), esia.CodeAnswerTooBig, esia.KindUnavailable},
		{"no access token", func(f *forger) { f.answer["access_token"] = "" }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"no ID token", func(f *forger) { f.answer["id_token"] = nil }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"another state", func(f *forger) { f.answer["state"] = "6f1c2e0a-0000-4000-8000-000000000000" }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"no state", func(f *forger) { f.answer["state"] = nil }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"another token type", func(f *forger) { f.answer["token_type"] = "MAC" }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"expires_in as words", func(f *forger) { f.answer["expires_in"] = "soon" }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"ESIA's error", body(400, "application/json", `{"error":"invalid_request","error_description":"ESIA-007053: client_secret of 999-999-001 12 is wrong","state":"x"}`), "ESIA-007053", esia.KindRejected},
		{"ESIA's error with 500", body(500, "application/json", `{"error":"server_error","error_description":"ESIA-007007: internal"}`), "ESIA-007007", esia.KindUnavailable},
		{"an error without a code", body(400, "application/json", `{"error":"invalid_grant"}`), "ESIA-007011", esia.KindRejected},
		{"an error nobody knows", body(400, "application/json", `{"error":"weather"}`), "esia_error", esia.KindRejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newForger(t)
			test.change(f)
			_, err := f.finish(nil)
			wantError(t, err, test.code, test.kind)
			withholds(t, err)
		})
	}
}

func TestPersonRefused(t *testing.T) {
	set := func(field string, value any) func(*forger) {
		return func(f *forger) { f.personFields[field] = value }
	}
	status := func(status int, answer map[string]any) func(*forger) {
		return func(f *forger) { f.person = func(w http.ResponseWriter) { writeJSON(w, status, answer) } }
	}
	for _, test := range []struct {
		name   string
		change func(*forger)
		code   string
		kind   esia.Kind
	}{
		{"no last name", set("lastName", nil), esia.CodePersonInvalid, esia.KindRejected},
		{"an empty first name", set("firstName", " \u00a0"), esia.CodePersonInvalid, esia.KindRejected},
		{"an endless name", set("middleName", strings.Repeat("я", 201)), esia.CodePersonInvalid, esia.KindRejected},
		{"a name with a zero byte", set("lastName", "Петров\x00"), esia.CodePersonInvalid, esia.KindRejected},
		{"a name as a number", set("lastName", 5), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"no birth date", set("birthDate", nil), esia.CodePersonInvalid, esia.KindRejected},
		{"a birth date that never was", set("birthDate", "30.02.2004"), esia.CodePersonInvalid, esia.KindRejected},
		{"a birth date of another form", set("birthDate", "2004-02-29"), esia.CodePersonInvalid, esia.KindRejected},
		{"wrong check digits", set("snils", "999-999-001 00"), esia.CodePersonInvalid, esia.KindRejected},
		{"a short SNILS", set("snils", "999-999"), esia.CodePersonInvalid, esia.KindRejected},
		{"the token expired meanwhile", status(401, map[string]any{"code": "ESIA-005013", "message": "Петров expired"}), "ESIA-005013", esia.KindRejected},
		{"another refusal", status(403, map[string]any{"code": "ESIA-005099", "message": "no"}), "ESIA-005099", esia.KindRejected},
		{"500", status(500, map[string]any{}), esia.CodeUnavailable, esia.KindUnavailable},
		{"a list", func(f *forger) { f.person = func(w http.ResponseWriter) { writeJSON(w, 200, []int{1}) } }, esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"the connection breaks", func(f *forger) {
			f.person = func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", "100")
				w.Write([]byte(`{"firstName"`))
			}
		}, esia.CodeUnavailable, esia.KindUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newForger(t)
			test.change(f)
			_, err := f.finish(nil)
			wantError(t, err, test.code, test.kind)
			withholds(t, err)
		})
	}
}

func TestSlowOrAbsentESIA(t *testing.T) {
	f := newForger(t)
	released := make(chan struct{})
	f.token = func(http.ResponseWriter, url.Values) { <-released }
	_, err := f.finish(func(c *esia.Config) { c.Timeout = 50 * time.Millisecond })
	close(released)
	wantError(t, err, esia.CodeTimeout, esia.KindUnavailable)

	f = newForger(t)
	f.person = func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	_, err = f.finish(nil)
	wantError(t, err, esia.CodeUnavailable, esia.KindUnavailable)
	withholds(t, err) // the address that failed holds the OID

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err = f.finish(func(c *esia.Config) { c.BaseURL = gone.URL })
	wantError(t, err, esia.CodeUnavailable, esia.KindUnavailable)
}

func readCertificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	certificates, err := esia.ParseCertificates(data)
	if err != nil {
		t.Fatal(err)
	}
	return certificates[0]
}
