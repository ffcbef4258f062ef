package oidc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/conformance"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/esia/oidc"
	"ochno/proctor/esia/oidc/oidcmock"
)

const (
	callback = "https://exam.example.org/auth/callback"
	secret   = "s e:c/ret"
	prefix   = "sso:"
)

// world is a stand and what a client of it needs.
type world struct {
	t      *testing.T
	stand  *oidcmock.Stand
	url    string
	now    time.Time
	ahead  atomic.Int64 // of the client's clock
	log    *syncBuffer
	before http.HandlerFunc // answers in the stand's place when it does; set before requests are made
}

type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func newWorld(t *testing.T, change func(*oidcmock.Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Now().Truncate(time.Second), log: &syncBuffer{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.before != nil {
			recorder := &answered{ResponseWriter: rw}
			if w.before(recorder, r); recorder.done {
				return
			}
		}
		w.stand.ServeHTTP(rw, r)
	}))
	w.url = "http://" + server.Listener.Addr().String()
	config := oidcmock.Config{
		Issuer: w.url, ClientID: "ochno", ClientSecret: secret, RedirectURL: callback, People: esiamock.TestPeople(), Now: func() time.Time { return w.now },
	}
	if change != nil {
		change(&config)
	}
	var err error
	if w.stand, err = oidcmock.New(config); err != nil {
		t.Fatal(err)
	}
	server.Start()
	t.Cleanup(server.Close)
	return w
}

type answered struct {
	http.ResponseWriter
	done bool
}

func (a *answered) WriteHeader(status int) {
	a.done = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(data []byte) (int, error) {
	a.done = true
	return a.ResponseWriter.Write(data)
}

func (w *world) client(change func(*oidc.Config)) *oidc.Client {
	w.t.Helper()
	config := oidc.Config{
		Issuer: w.url, ClientID: "ochno", ClientSecret: secret, RedirectURL: callback, SubjectPrefix: prefix, Timeout: time.Minute,
		Claims: oidc.Claims{Level: "/acct/lvl", Status: "/acct/status"}, BirthDateRequired: true,
		Now:    func() time.Time { return w.now.Add(time.Duration(w.ahead.Load())) },
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	client, err := oidc.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func press(t *testing.T, address, oid string) url.Values {
	t.Helper()
	response, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), `name="person"`) {
		t.Fatalf("the sign-in page: %s %v\n%s", response.Status, err, body)
	}
	form := url.Values{"person": {oid}}
	if oid == "" {
		form = url.Values{"answer": {"refuse"}}
	}
	response, err = browser.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back, err := response.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback) {
		t.Fatalf("the browser was not sent back: %s %v", response.Status, err)
	}
	return back.Query()
}

func signIn(t *testing.T, client *oidc.Client, oid string) (*esia.Identity, error) {
	t.Helper()
	redirect, err := client.Start(t.Context())
	if err != nil {
		return nil, err
	}
	return client.Finish(t.Context(), redirect.Pending(), press(t, redirect.URL, oid))
}

func wantError(t *testing.T, err error, code string, kind esia.Kind) {
	t.Helper()
	var e *esia.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *esia.Error with code %s", err, code)
	}
	ru, en := e.Message()
	if e.Code != code || e.Kind() != kind || !e.OIDC || strings.Contains(ru, "Госуслуг") || strings.Contains(en, "Gosuslugi") {
		t.Fatalf("error %v of kind %s (%s), want code %s of kind %s in the words of a sign-on", err, e.Kind(), ru, code, kind)
	}
	for _, personal := range []string{"Смирнова", "1000000001", "999999001"} {
		if strings.Contains(err.Error(), personal) {
			t.Errorf("%q is told in %v", personal, err)
		}
	}
}

// leadTo sends every request to another host.
type leadTo string

func (l leadTo) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = strings.TrimPrefix(string(l), "http://")
	return http.DefaultTransport.RoundTrip(r)
}

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Driver {
		w := newWorld(t, nil)
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		return conformance.Driver{
			Provider: w.client(nil),
			Gone:     w.client(func(c *oidc.Config) { c.HTTPClient = &http.Client{Transport: leadTo(gone.URL)} }),
			Press:    press,
			Pass:     func(d time.Duration) { w.ahead.Add(int64(d)) },
			Rotate: func(t *testing.T) {
				if err := w.stand.Rotate(); err != nil {
					t.Fatal(err)
				}
			},
			Log:    w.log.String,
			Prefix: prefix,
		}
	})
}

func TestSubjectsAndGroups(t *testing.T) {
	w := newWorld(t, func(c *oidcmock.Config) { c.NumericSubject = true })
	identity, err := signIn(t, w.client(nil), esiamock.SeveralRoles)
	if err != nil {
		t.Fatal(err)
	}
	if identity.OID != prefix+esiamock.SeveralRoles || strings.Join(identity.Groups, " ") != esiamock.GroupProctors+" "+esiamock.GroupRegistrars || identity.Person.Gender != "M" {
		t.Errorf("subject %q, groups %v, gender %q", identity.OID, identity.Groups, identity.Person.Gender)
	}
	if identity, err = signIn(t, w.client(func(c *oidc.Config) { c.SubjectPrefix = "" }), esiamock.StudentAnna); err != nil || identity.OID != esiamock.StudentAnna {
		t.Errorf("without a prefix: %v", err)
	}
}

func TestSecretInTheForm(t *testing.T) {
	w := newWorld(t, func(c *oidcmock.Config) { c.SecretInForm = true })
	if _, err := signIn(t, w.client(nil), esiamock.StudentAnna); err != nil {
		t.Error(err)
	}
	_, err := signIn(t, w.client(func(c *oidc.Config) { c.ClientSecret = "x" }), esiamock.StudentAnna)
	wantError(t, err, esia.CodeClientRefused, esia.KindRejected)
}

// TestManyAtOnce: one fetch serves all who wait for it, and nobody waits longer than he wants to.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	client := w.client(nil)
	released, asked := make(chan struct{}), make(chan struct{}, 100)
	w.before = func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known") {
			asked <- struct{}{}
			<-released
		}
	}
	failed := make(chan error, 20)
	for range cap(failed) {
		go func() { _, err := client.Start(t.Context()); failed <- err }()
	}
	<-asked
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Start(over)
	wantError(t, err, esia.CodeTimeout, esia.KindUnavailable)
	close(released)
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if n := w.stand.Fetched("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("discovery fetched %d times", n)
	}
}

// TestLevels: without the administrator's word nobody is confirmed.
func TestLevels(t *testing.T) {
	w := newWorld(t, nil)
	for _, test := range []struct {
		name   string
		change func(*oidc.Config)
		level  esia.Level
	}{
		{"no level claim", func(c *oidc.Config) { c.Claims = oidc.Claims{} }, esia.LevelSimplified},
		{"a sign-on that vouches", func(c *oidc.Config) { c.Claims, c.Level = oidc.Claims{}, esia.LevelConfirmed }, esia.LevelConfirmed},
		{"an unknown word", func(c *oidc.Config) { c.Claims.Levels = map[string]esia.Level{"gold": esia.LevelConfirmed} }, esia.LevelSimplified},
		{"a claim that is not there", func(c *oidc.Config) { c.Claims.Level, c.Level = "level", esia.LevelConfirmed }, esia.LevelSimplified},
	} {
		identity, err := signIn(t, w.client(test.change), esiamock.StudentAnna)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if identity.Level != test.level || identity.Confirmed() != (test.level == esia.LevelConfirmed) {
			t.Errorf("%s: level %s, confirmed %v", test.name, identity.Level, identity.Confirmed())
		}
	}
}

func TestIDTokensRefused(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	now := time.Now()
	var tamper func(map[string]any)
	w := newWorld(t, func(c *oidcmock.Config) { c.Tamper = func(claims map[string]any) { tamper(claims) } })
	for _, test := range []struct {
		name   string
		tamper func(map[string]any)
		code   string
	}{
		{"another issuer", set("iss", "https://other.example"), esia.CodeTokenIssuer},
		{"another audience", set("aud", "other"), esia.CodeTokenAudience},
		{"no audience", set("aud", nil), esia.CodeTokenAudience},
		{"several audiences without azp", set("aud", []string{"ochno", "other"}), esia.CodeTokenAudience},
		{"another azp", set("azp", "other"), esia.CodeTokenAudience},
		{"expired", set("exp", now.Add(-2*time.Minute).Unix()), esia.CodeTokenTime},
		{"no exp", set("exp", nil), esia.CodeTokenInvalid},
		{"exp as words", set("exp", "tomorrow"), esia.CodeTokenInvalid},
		{"from the future", set("iat", now.Add(time.Hour).Unix()), esia.CodeTokenTime},
		{"not valid yet", set("nbf", now.Add(time.Hour).Unix()), esia.CodeTokenTime},
		{"no nonce", set("nonce", nil), esia.CodeTokenNonce},
		{"another nonce", set("nonce", "x"), esia.CodeTokenNonce},
		{"another subject than userinfo's", set("sub", "1000000002"), esia.CodeTokenSubject},
		{"no subject", set("sub", nil), esia.CodeTokenInvalid},
		{"a subject with spaces", set("sub", "10 00"), esia.CodeTokenInvalid},
		{"a fraction as the subject", set("sub", 1.5), esia.CodeTokenInvalid},
		{"a name as an object", set("family_name", map[string]any{}), esia.CodePersonInvalid},
		{"a birth date that never was", set("birthdate", "2004-02-30"), esia.CodePersonInvalid},
		{"no birth date", set("birthdate", ""), esia.CodePersonInvalid},
		{"wrong check digits", set("snils", "11223344596"), esia.CodePersonInvalid},
		{"an INN of letters", set("inn", "x"), esia.CodePersonInvalid},
		{"groups as numbers", set("groups", []int{1}), esia.CodePersonInvalid},
		{"a session with a line break", set("sid", "a\nb"), esia.CodePersonInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			tamper = test.tamper
			_, err := signIn(t, w.client(nil), esiamock.StudentAnna)
			wantError(t, err, test.code, esia.KindRejected)
		})
	}
	tamper = func(claims map[string]any) { claims["aud"], claims["azp"] = []string{"other", "ochno"}, "ochno" }
	if _, err := signIn(t, w.client(nil), esiamock.StudentAnna); err != nil {
		t.Errorf("several audiences with our azp: %v", err)
	}
	_, err := signIn(t, w.client(func(c *oidc.Config) { c.Algorithms = []string{"ES256"} }), esiamock.StudentAnna)
	wantError(t, err, esia.CodeTokenAlgorithm, esia.KindRejected)
}

func TestKeysAreKept(t *testing.T) {
	w := newWorld(t, nil)
	client := w.client(nil)
	in := func() error { _, err := signIn(t, client, esiamock.StudentAnna); return err }
	for range 3 {
		if err := in(); err != nil {
			t.Fatal(err)
		}
	}
	if keys, about := w.stand.Fetched("/jwks"), w.stand.Fetched("/.well-known/openid-configuration"); keys != 1 || about != 1 {
		t.Errorf("keys fetched %d times, discovery %d", keys, about)
	}
	if err := w.stand.Rotate(); err != nil {
		t.Fatal(err)
	}
	wantError(t, in(), esia.CodeTokenSignature, esia.KindRejected) // ten seconds have not passed
	w.ahead.Add(int64(11 * time.Second))
	if err := in(); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	if keys := w.stand.Fetched("/jwks"); keys != 2 {
		t.Errorf("keys fetched %d times", keys)
	}

	// Keys that are too old are fetched anew; those known serve on while they cannot be.
	w.before = func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jwks" || strings.HasPrefix(r.URL.Path, "/.well-known") {
			rw.WriteHeader(http.StatusBadGateway)
		}
	}
	w.now = w.now.Add(2 * time.Hour)
	if err := in(); err != nil {
		t.Errorf("with old keys while the sign-on is half gone: %v", err)
	}
	w.now = w.now.Add(48 * time.Hour)
	wantError(t, in(), esia.CodeUnavailable, esia.KindUnavailable)
	w.before = nil
	w.now = w.now.Add(time.Minute)
	if err := in(); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

// TestAnswersRefused looks at what comes instead of each answer.
func TestAnswersRefused(t *testing.T) {
	answer := func(path string, status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				w.Header().Set("Content-Type", media)
				w.WriteHeader(status)
				w.Write([]byte(body))
			}
		}
	}
	w := newWorld(t, nil)
	const well, json = "/.well-known/openid-configuration", "application/json"
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		code   string
		kind   esia.Kind
	}{
		{"discovery of somebody else", answer(well, 200, json, `{"issuer":"https://other.example"}`), esia.CodeDiscoveryInvalid, esia.KindUnavailable},
		{"discovery in HTML", answer(well, 200, "text/html", `<p>`), esia.CodeAnswerHTML, esia.KindUnavailable},
		{"discovery too big", answer(well, 200, json, strings.Repeat(" ", 300<<10)), esia.CodeAnswerTooBig, esia.KindUnavailable},
		{"no discovery", answer(well, 404, json, `{}`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"no keys", answer("/jwks", 200, json, `{"keys":[]}`), esia.CodeKeysMissing, esia.KindUnavailable},
		{"weak keys", answer("/jwks", 200, json, `{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`), esia.CodeKeysMissing, esia.KindUnavailable},
		{"a list of keys", answer("/jwks", 200, json, `[]`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"token in HTML", answer("/token", 200, "text/html", `<p>`), esia.CodeAnswerHTML, esia.KindUnavailable},
		{"token with 500", answer("/token", 500, "text/plain", ``), esia.CodeUnavailable, esia.KindUnavailable},
		{"no ID token", answer("/token", 200, json, `{"access_token":"x"}`), esia.CodeAnswerInvalid, esia.KindUnavailable},
		{"rubbish as the ID token", answer("/token", 200, json, `{"id_token":"a.b.c"}`), esia.CodeTokenInvalid, esia.KindRejected},
		{"alg none", answer("/token", 200, json, `{"id_token":"eyJhbGciOiJub25lIn0.e30."}`), esia.CodeTokenAlgorithm, esia.KindRejected},
		{"alg HS256", answer("/token", 200, json, `{"id_token":"eyJhbGciOiJIUzI1NiJ9.e30.AAAA"}`), esia.CodeTokenAlgorithm, esia.KindRejected},
		{"an unknown refusal", answer("/token", 400, json, `{"error":"weather","error_description":"Смирнова 1000000001"}`), esia.CodeRefused, esia.KindRejected},
		{"scope refused", answer("/token", 400, json, `{"error":"invalid_scope"}`), esia.CodeScopeRefused, esia.KindRejected},
		{"userinfo of somebody else", answer("/userinfo", 200, json, `{"sub":"1000000002"}`), esia.CodeTokenSubject, esia.KindRejected},
		{"userinfo of nobody", answer("/userinfo", 200, json, `{}`), esia.CodeTokenSubject, esia.KindRejected},
		{"userinfo refused", answer("/userinfo", 401, json, `{"error":"invalid_token"}`), esia.CodeRefused, esia.KindRejected},
		{"userinfo without a name", answer("/userinfo", 200, json, `{"sub":"1000000001"}`), esia.CodePersonInvalid, esia.KindRejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.before = test.answer
			_, err := signIn(t, w.client(nil), esiamock.StudentAnna)
			if err != nil && strings.Contains(err.Error(), "1000000001") {
				t.Errorf("the person is told: %v", err)
			}
			wantError(t, err, test.code, test.kind)
		})
	}
}

func TestMixUp(t *testing.T) {
	w := newWorld(t, nil)
	client := w.client(nil)
	redirect, err := client.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	query := press(t, redirect.URL, esiamock.StudentAnna)
	query.Set("iss", "https://other.example")
	_, err = client.Finish(t.Context(), redirect.Pending(), query)
	wantError(t, err, esia.CodeTokenIssuer, esia.KindRejected)
}

func TestCheckTellsFaultsApart(t *testing.T) {
	w := newWorld(t, nil)
	for _, test := range []struct {
		name    string
		change  func(*oidc.Config)
		finding string
		code    string
	}{
		{"a wrong secret", func(c *oidc.Config) { c.ClientSecret = "x" }, "registration", esia.CodeClientRefused},
		{"a wrong name", func(c *oidc.Config) { c.ClientID = "x" }, "registration", esia.CodeClientRefused},
		{"a wrong redirect", func(c *oidc.Config) { c.RedirectURL = "https://other.example/" }, "registration", esia.CodeClientRefused},
		{"a wrong issuer", func(c *oidc.Config) { c.Issuer += "/" }, "discovery", esia.CodeDiscoveryInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := false
			for _, f := range w.client(test.change).Check(t.Context()) {
				if f.Name == test.finding && f.Err != nil {
					found = true
					wantError(t, f.Err, test.code, f.Err.Kind())
				} else if f.Err != nil {
					t.Errorf("%s is not well, too: %v", f.Name, f.Err)
				}
			}
			if !found {
				t.Errorf("the %s is well", test.finding)
			}
		})
	}
}

func TestConfigurationTellsEveryFault(t *testing.T) {
	_, err := oidc.New(oidc.Config{
		Issuer: "sso", RedirectURL: "https://user:password@host/", Scopes: []string{"profile"}, Algorithms: []string{"none"}, Level: "high", SubjectPrefix: "a b",
		Claims: oidc.Claims{Levels: map[string]esia.Level{"gold": "golden"}}, Timeout: -1,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, field := range []string{"Issuer", "ClientID", "RedirectURL", "openid", "none", "Level", "gold", "SubjectPrefix", "Timeout"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("nothing about %s in %v", field, err)
		}
	}
	if strings.Contains(err.Error(), "password") {
		t.Errorf("a password is told: %v", err)
	}
}

func TestLogoutURL(t *testing.T) {
	w := newWorld(t, nil)
	client := w.client(nil)
	if got := client.LogoutURL("https://exam.example.org/auth/bye"); got != "https://exam.example.org/auth/bye" {
		t.Errorf("before the sign-on was asked: %s", got)
	}
	if _, err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	response, err := browser.Get(client.LogoutURL("https://exam.example.org/auth/bye"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.Header.Get("Location") != "https://exam.example.org/auth/bye" {
		t.Errorf("%s %s", response.Status, response.Header.Get("Location"))
	}
}
