package esia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
)

const (
	system   = "OCHNO_TEST"
	callback = "https://exam.example.org/auth/esia/callback"
)

// world is a stand and what a client of it needs. Its clock stands still until moved.
type world struct {
	t       testing.TB
	openssl *esia.OpenSSL
	keys    esia.StandKeys
	stand   *esiamock.Stand
	url     string
	log     *syncBuffer

	mu  sync.Mutex
	now time.Time
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func newWorld(t testing.TB, algorithm string) *world {
	t.Helper()
	w := &world{t: t, openssl: esia.NewOpenSSL(esia.OpenSSLConfig{ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}}), now: time.Now().Truncate(time.Second), log: &syncBuffer{}}
	w.keys = standKeys(t, w.openssl)
	certificate, err := os.ReadFile(w.keys.CertificateFile)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	w.url = "http://" + server.Listener.Addr().String()
	w.stand, err = esiamock.New(esiamock.Config{
		PublicURL: w.url,
		Clients: []esiamock.Client{
			{ID: system, CertificatePEM: certificate, RedirectPrefix: "https://exam.example.org/", Algorithm: algorithm},
			{ID: "OTHER", CertificatePEM: certificate, RedirectPrefix: "https://exam.example.org/"},
		},
		People:  esiamock.TestPeople(),
		DataDir: t.TempDir(),
		OpenSSL: w.openssl,
		Now:     w.Now,
		Logger:  slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = w.stand
	server.Start()
	t.Cleanup(server.Close)
	return w
}

// standKeys makes a GOST key and certificate in a folder of the test.
func standKeys(t testing.TB, openssl *esia.OpenSSL) esia.StandKeys {
	t.Helper()
	keys, err := openssl.GenerateStandKeys(t.Context(), t.TempDir(), system)
	if err != nil {
		t.Fatalf("%v (these tests need openssl and libengine-gost-openssl)", err)
	}
	return keys
}

// config is that of a client the stand knows.
func (w *world) config() esia.Config {
	certificates, err := esia.ParseCertificates(w.stand.CertificatePEM())
	if err != nil {
		w.t.Fatal(err)
	}
	return esia.Config{
		BaseURL:         w.url,
		ClientID:        system,
		RedirectURL:     callback,
		Signer:          w.openssl.RawSigner(w.keys.KeyFile),
		CertificateHash: w.keys.CertificateHash,
		Keys:            esia.StaticKeys(certificates...),
		Verifier:        w.openssl,
		Timeout:         time.Minute,
		Now:             w.Now,
		Logger:          slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (w *world) client(change func(*esia.Config)) *esia.Client {
	w.t.Helper()
	config := w.config()
	if change != nil {
		change(&config)
	}
	client, err := esia.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// browser follows nothing by itself.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func fetch(t testing.TB, response *http.Response, err error) (*http.Response, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// press opens the sign-in page and presses a button of it; it returns the query that the browser brings back.
func press(t testing.TB, address, button, value string) url.Values {
	t.Helper()
	response, err := browser.Get(address)
	response, _ = fetch(t, response, err)
	if location := response.Header.Get("Location"); strings.HasPrefix(location, callback) {
		return queryOf(t, location) // refused at once
	}
	page, err := response.Location()
	if err != nil {
		t.Fatalf("authorize answered %s without sending the browser on", response.Status)
	}
	response, err = browser.Get(page.String())
	response, body := fetch(t, response, err)
	request := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(body)
	if response.StatusCode != http.StatusOK || request == nil {
		t.Fatalf("the sign-in page: %s\n%s", response.Status, body)
	}
	response, err = browser.PostForm(page.ResolveReference(&url.URL{Path: "login"}).String(), url.Values{"request": {request[1]}, button: {value}})
	response, body = fetch(t, response, err)
	location := response.Header.Get("Location")
	if !strings.HasPrefix(location, callback) {
		t.Fatalf("the browser was not sent back: %s %s\n%s", response.Status, location, body)
	}
	return queryOf(t, location)
}

func queryOf(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func start(t testing.TB, client *esia.Client) esia.Redirect {
	t.Helper()
	redirect, err := client.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return redirect
}

func signIn(t testing.TB, client *esia.Client, oid string) (*esia.Identity, error) {
	t.Helper()
	redirect := start(t, client)
	return client.Finish(t.Context(), redirect.Pending(), press(t, redirect.URL, "person", oid))
}

// wantError checks the code and the kind of an error, and that it has something to say in both languages.
func wantError(t testing.TB, err error, code string, kind esia.Kind) {
	t.Helper()
	var e *esia.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *esia.Error with code %s", err, code)
	}
	if e.Code != code || e.Kind() != kind {
		t.Fatalf("error %v of kind %s, want code %s of kind %s", err, e.Kind(), code, kind)
	}
	if ru, en := e.Message(); ru == "" || en == "" {
		t.Fatalf("%s says nothing: %q, %q", code, ru, en)
	}
}

func TestSignIn(t *testing.T) {
	v1 := func(w *world) func(*esia.Config) {
		return func(c *esia.Config) {
			c.Generation, c.CertificateHash = esia.V1, ""
			c.Signer = w.openssl.CMSSigner(w.keys.CertificateFile, w.keys.KeyFile)
		}
	}
	for _, test := range []struct {
		name      string
		algorithm string
		change    func(w *world) func(*esia.Config)
	}{
		{"v2", esia.RS256, func(*world) func(*esia.Config) { return nil }},
		{"v2 without PKCE", esia.RS256, func(*world) func(*esia.Config) { return func(c *esia.Config) { c.NoPKCE = true } }},
		{"v2, GOST tokens", esia.GOST, func(*world) func(*esia.Config) { return nil }},
		{"v1", esia.RS256, v1},
		{"v1, GOST tokens", esia.GOST, v1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.algorithm)
			client := w.client(test.change(w))
			identity, err := signIn(t, client, esiamock.StudentAnna)
			if err != nil {
				t.Fatal(err)
			}
			want := esia.Person{
				LastName: "Смирнова", FirstName: "Анна", MiddleName: "Сергеевна", BirthDate: time.Date(2004, 3, 12, 0, 0, 0, 0, time.UTC),
				SNILS: esiamock.DemoPeople()[0].SNILS, Trusted: true, Status: "REGISTERED", Citizenship: "RUS",
			}
			if identity.OID != esiamock.StudentAnna || identity.Person != want {
				t.Errorf("%s: person differs from the stand's", identity.OID)
			}
			if identity.Level != esia.LevelConfirmed || !identity.Confirmed() || identity.AuthMethod != "PWD" || identity.SessionID == "" {
				t.Errorf("level %s, confirmed %v, method %s, session %q", identity.Level, identity.Confirmed(), identity.AuthMethod, identity.SessionID)
			}
		})
	}
}

func TestNothingPersonalIsLoggedOrPrinted(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(nil)
	redirect := start(t, client)
	query := press(t, redirect.URL, "person", esiamock.StudentAnna)
	identity, err := client.Finish(t.Context(), redirect.Pending(), query)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	logger.Info("who", "identity", *identity, "pointer", identity, "person", identity.Person)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		logger.Info(strings.Join(strings.Fields(sprintf(format, *identity)+sprintf(format, identity)+sprintf(format, identity.Person)), " "))
	}
	text := w.log.String()
	for _, secret := range []string{identity.OID, "Смирнова", "Анна", identity.Person.SNILS, "2004", "eyJ", query.Get("code"), redirect.State, redirect.Verifier} {
		if secret == "" || strings.Contains(strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(secret, "-", "")) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(text, "sign-in succeeded") || !strings.Contains(text, "tokens issued") {
		t.Errorf("the log lacks what an operator needs:\n%s", text)
	}
}

func TestThePersonDeclines(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(nil)
	redirect := start(t, client)
	_, err := client.Finish(t.Context(), redirect.Pending(), press(t, redirect.URL, "answer", "refuse"))
	wantError(t, err, "ESIA-007004", esia.KindDenied)
}

func TestCodes(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(nil)
	ctx := context.Background()

	t.Run("used twice", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		if _, err := client.Finish(ctx, redirect.Pending(), query); err != nil {
			t.Fatal(err)
		}
		_, err := client.Finish(ctx, redirect.Pending(), query)
		wantError(t, err, "ESIA-007011", esia.KindRejected)
	})
	t.Run("expired", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		w.pass(4 * time.Minute)
		_, err := client.Finish(ctx, redirect.Pending(), query)
		wantError(t, err, "ESIA-007011", esia.KindRejected)
	})
	t.Run("of another client", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		other := w.client(func(c *esia.Config) { c.ClientID = "OTHER" })
		_, err := other.Finish(ctx, redirect.Pending(), query)
		wantError(t, err, "ESIA-007011", esia.KindRejected)
	})
	t.Run("with another redirect", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		other := w.client(func(c *esia.Config) { c.RedirectURL = callback + "/other" })
		_, err := other.Finish(ctx, redirect.Pending(), query)
		wantError(t, err, "ESIA-007011", esia.KindRejected)
	})
	t.Run("with another verifier", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		pending := redirect.Pending()
		pending.Verifier = strings.Repeat("A", 43)
		_, err := client.Finish(ctx, pending, query)
		wantError(t, err, "ESIA-007040", esia.KindRejected)
	})
	t.Run("without a verifier", func(t *testing.T) {
		redirect := start(t, client)
		query := press(t, redirect.URL, "person", esiamock.StudentAnna)
		pending := redirect.Pending()
		pending.Verifier = ""
		_, err := client.Finish(ctx, pending, query)
		wantError(t, err, "ESIA-007039", esia.KindRejected)
	})
	t.Run("made up", func(t *testing.T) {
		redirect := start(t, client)
		_, err := client.Finish(ctx, redirect.Pending(), url.Values{"code": {"invented"}, "state": {redirect.State}})
		wantError(t, err, "ESIA-007011", esia.KindRejected)
	})
}

func TestWhatTheBrowserBringsBack(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(nil)
	redirect := start(t, client)
	good := press(t, redirect.URL, "person", esiamock.StudentAnna)
	with := func(change func(url.Values)) url.Values {
		query := url.Values{}
		for name, values := range good {
			query[name] = append([]string(nil), values...)
		}
		change(query)
		return query
	}
	pending := redirect.Pending()
	late := pending
	late.ExpiresAt = w.Now().Add(-time.Second)
	for _, test := range []struct {
		name    string
		pending esia.Pending
		query   url.Values
		code    string
		kind    esia.Kind
	}{
		{"another state", pending, with(func(q url.Values) { q.Set("state", "6f1c2e0a-0000-4000-8000-000000000000") }), esia.CodeStateInvalid, esia.KindStateInvalid},
		{"no state", pending, with(func(q url.Values) { q.Del("state") }), esia.CodeStateInvalid, esia.KindStateInvalid},
		{"nothing was begun", esia.Pending{}, good, esia.CodeStateInvalid, esia.KindStateInvalid},
		{"nothing was begun, no state", esia.Pending{}, url.Values{"code": {"x"}}, esia.CodeStateInvalid, esia.KindStateInvalid},
		{"too late", late, good, esia.CodeStateExpired, esia.KindStateInvalid},
		{"no code", pending, with(func(q url.Values) { q.Del("code") }), esia.CodeRequestInvalid, esia.KindRejected},
		{"nothing", pending, url.Values{}, esia.CodeStateInvalid, esia.KindStateInvalid},
		{"two states", pending, with(func(q url.Values) { q.Add("state", redirect.State) }), esia.CodeRequestInvalid, esia.KindRejected},
		{"two codes", pending, with(func(q url.Values) { q.Add("code", "x") }), esia.CodeRequestInvalid, esia.KindRejected},
		{"an oversized code", pending, with(func(q url.Values) { q.Set("code", strings.Repeat("x", 5000)) }), esia.CodeRequestInvalid, esia.KindRejected},
		{"twenty parameters", pending, with(func(q url.Values) {
			for i := range 20 {
				q.Set("p"+string(rune('a'+i)), "x")
			}
		}), esia.CodeRequestInvalid, esia.KindRejected},
		{"an error with another state", pending, url.Values{"error": {"access_denied"}, "error_description": {"ESIA-007004: no"}, "state": {"other"}}, esia.CodeStateInvalid, esia.KindStateInvalid},
		{"an error without a state", pending, url.Values{"error": {"access_denied"}, "error_description": {"ESIA-007053: Смирнова"}}, "ESIA-007053", esia.KindRejected},
		{"not confirmed", pending, url.Values{"error": {"access_denied"}, "error_description": {"ESIA-007055: …"}, "state": {redirect.State}}, "ESIA-007055", esia.KindNotConfirmed},
		{"overload", pending, url.Values{"error": {"temporarily_unavailable"}, "state": {redirect.State}}, "ESIA-007008", esia.KindUnavailable},
		{"an unknown error", pending, url.Values{"error": {"<script>"}, "state": {redirect.State}}, "esia_error", esia.KindRejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := client.Finish(t.Context(), test.pending, test.query)
			wantError(t, err, test.code, test.kind)
			if strings.Contains(err.Error(), "Смирнова") || strings.Contains(err.Error(), "<") {
				t.Errorf("the error repeats what anybody could have written: %v", err)
			}
		})
	}
	if _, err := client.Finish(t.Context(), pending, good); err != nil {
		t.Fatalf("none of these refusals should have used the code up: %v", err)
	}
}

// TestSystemMistakes makes each mistake that administrators make and looks for ESIA's own code of it.
func TestSystemMistakes(t *testing.T) {
	w := newWorld(t, esia.RS256)
	other := standKeys(t, w.openssl)
	for _, test := range []struct {
		name   string
		change func(*esia.Config)
		code   string
	}{
		{"another key", func(c *esia.Config) { c.Signer = w.openssl.RawSigner(other.KeyFile) }, "ESIA-007053"},
		{"another certificate's hash", func(c *esia.Config) { c.CertificateHash = other.CertificateHash }, "ESIA-007053"},
		{"a wrong clock", func(c *esia.Config) { c.Now = func() time.Time { return w.Now().Add(-time.Hour) } }, "ESIA-007015"},
		{"a scope that does not exist", func(c *esia.Config) { c.Scopes = []string{"openid", "everything"} }, "ESIA-007006"},
		{"CMS for v2", func(c *esia.Config) {
			c.Signer = padded{w.openssl.CMSSigner(w.keys.CertificateFile, w.keys.KeyFile)}
		}, "ESIA-007053"},
		{"v1 with another key", func(c *esia.Config) {
			c.Generation, c.Signer = esia.V1, w.openssl.CMSSigner(other.CertificateFile, other.KeyFile)
		}, "ESIA-007053"},
		{"raw for v1", func(c *esia.Config) { c.Generation = esia.V1 }, "ESIA-007053"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := w.client(test.change)
			redirect := start(t, client)
			_, err := client.Finish(t.Context(), redirect.Pending(), press(t, redirect.URL, "person", esiamock.StudentAnna))
			wantError(t, err, test.code, esia.KindRejected)
		})
	}
}

// padded cuts a signature to the length of a raw one.
type padded struct{ esia.Signer }

func (p padded) Sign(ctx context.Context, text []byte) ([]byte, error) {
	signature, err := p.Signer.Sign(ctx, text)
	return signature[:min(64, len(signature))], err
}

// TestUnknownSystems are never sent anywhere: the stand cannot know whose the redirect is.
func TestUnknownSystems(t *testing.T) {
	w := newWorld(t, esia.RS256)
	for _, test := range []struct {
		name   string
		change func(*esia.Config)
		code   string
	}{
		{"an unknown mnemonic", func(c *esia.Config) { c.ClientID = "NOBODY" }, "ESIA-007005"},
		{"another host", func(c *esia.Config) { c.RedirectURL = "https://evil.example.org/auth/esia/callback" }, "ESIA-007023"},
		{"a host that begins alike", func(c *esia.Config) { c.RedirectURL = "https://exam.example.org.evil.example/x" }, "ESIA-007023"},
		{"another scheme", func(c *esia.Config) { c.RedirectURL = "http://exam.example.org/auth/esia/callback" }, "ESIA-007023"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, err := browser.Get(start(t, w.client(test.change)).URL)
			response, body := fetch(t, response, err)
			if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, test.code) {
				t.Fatalf("%s, want a page with %s:\n%s", response.Status, test.code, body)
			}
		})
	}
}

func TestLogoutURL(t *testing.T) {
	w := newWorld(t, esia.RS256)
	response, err := browser.Get(w.client(nil).LogoutURL("https://exam.example.org/?signed=out"))
	response, _ = fetch(t, response, err)
	if got := response.Header.Get("Location"); got != "https://exam.example.org/?signed=out" {
		t.Errorf("%s, sent to %q", response.Status, got)
	}
	response, err = browser.Get(w.client(nil).LogoutURL("https://evil.example.org/"))
	if response, _ = fetch(t, response, err); response.StatusCode != http.StatusBadRequest {
		t.Errorf("a foreign address after logout: %s", response.Status)
	}
}

// BenchmarkSignIn is a whole sign-in: two signatures of ours, two verified by the stand, tokens, person, and the browser's pages.
func BenchmarkSignIn(b *testing.B) {
	for _, algorithm := range []string{esia.RS256, esia.GOST} {
		b.Run(algorithm, func(b *testing.B) {
			w := newWorld(b, algorithm)
			client := w.client(nil)
			for b.Loop() {
				if _, err := signIn(b, client, esiamock.StudentAnna); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func sprintf(format string, value any) string { return fmt.Sprintf(format, value) }
