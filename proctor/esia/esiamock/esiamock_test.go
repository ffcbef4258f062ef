package esiamock_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
)

const redirectURL = "https://exam.example.org/auth/esia/callback?tenant=1"

// system is a registered system that makes its requests by hand, with openssl's command line.
type system struct {
	t     *testing.T
	url   string
	keys  esia.StandKeys
	clock atomic.Int64 // Unix nanoseconds
}

func (s *system) now() time.Time { return time.Unix(0, s.clock.Load()) }

func newSystem(t *testing.T, change func(*esiamock.Config)) *system {
	t.Helper()
	openssl := esia.NewOpenSSL(esia.OpenSSLConfig{ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}})
	keys, err := openssl.GenerateStandKeys(t.Context(), t.TempDir(), "HAND")
	if err != nil {
		t.Fatalf("%v (these tests need openssl and libengine-gost-openssl)", err)
	}
	certificate, err := os.ReadFile(keys.CertificateFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &system{t: t, keys: keys}
	s.clock.Store(time.Now().UnixNano())
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	config := esiamock.Config{
		PublicURL: s.url + "/",
		Clients:   []esiamock.Client{{ID: "HAND", CertificatePEM: certificate, RedirectPrefix: "https://exam.example.org/auth/"}},
		OpenSSL:   openssl,
		Now:       s.now,
	}
	if change != nil {
		change(&config)
	}
	stand, err := esiamock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = stand
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// openssl runs a command of facts: the text in a file, the output on stdout.
func (s *system) openssl(text string, args ...string) []byte {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "text")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	for i := range args {
		if args[i] == "TEXT" {
			args[i] = name
		}
	}
	out, err := exec.CommandContext(s.t.Context(), "openssl", args...).Output()
	if err != nil {
		s.t.Fatalf("openssl %v: %v", args, err)
	}
	return out
}

func (s *system) raw(text string) []byte {
	return s.openssl(text, "dgst", "-engine", "gost", "-md_gost12_256", "-sign", s.keys.KeyFile, "TEXT")
}

func (s *system) cms(text string, options ...string) []byte {
	args := append([]string{"cms", "-sign", "-engine", "gost", "-signer", s.keys.CertificateFile, "-inkey", s.keys.KeyFile, "-md", "md_gost12_256", "-binary", "-outform", "DER", "-in", "TEXT"}, options...)
	return s.openssl(text, args...)
}

const uuid = "6f1c2e0a-1111-4000-8000-000000000000"

// authorize is a right request of the second generation, before it is signed.
func (s *system) authorize() url.Values {
	return url.Values{
		"client_id": {"HAND"}, "redirect_uri": {redirectURL}, "scope": {"openid fullname"}, "state": {uuid}, "response_type": {"code"}, "access_type": {"offline"},
		"timestamp": {s.now().Format(esia.TimestampLayout)}, "client_certificate_hash": {s.keys.CertificateHash},
	}
}

func (s *system) signed(form url.Values) url.Values {
	text := form.Get("client_id") + form.Get("scope") + form.Get("timestamp") + form.Get("state") + form.Get("redirect_uri") + form.Get("code")
	form.Set("client_secret", base64.RawURLEncoding.EncodeToString(s.raw(text)))
	return form
}

func (s *system) signedV1(form url.Values, options ...string) url.Values {
	form.Del("client_certificate_hash")
	text := form.Get("scope") + form.Get("timestamp") + form.Get("client_id") + form.Get("state")
	form.Set("client_secret", base64.RawURLEncoding.EncodeToString(s.cms(text, options...)))
	return form
}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (s *system) do(request *http.Request, err error) (*http.Response, string) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := browser.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

func (s *system) get(path string) (*http.Response, string) {
	return s.do(http.NewRequest(http.MethodGet, s.url+path, nil))
}

func (s *system) post(path string, form url.Values) (*http.Response, string) {
	request, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.do(request, err)
}

// page opens the sign-in page and returns its request's name and text.
func (s *system) page(path string, form url.Values, lang string) (name, body string, header http.Header) {
	s.t.Helper()
	response, body := s.get(path + "?" + form.Encode())
	location := strings.TrimPrefix(response.Header.Get("Location"), s.url)
	if !strings.HasPrefix(location, "/login?request=") {
		s.t.Fatalf("%s %s: %s", response.Status, response.Header.Get("Location"), body)
	}
	response, body = s.get(location + "&lang=" + lang)
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("the page: %s", response.Status)
	}
	return strings.TrimPrefix(location, "/login?request="), body, response.Header
}

// code signs a person in and returns the code.
func (s *system) code(path string, form url.Values, oid string) string {
	s.t.Helper()
	name, _, _ := s.page(path, form, "ru")
	response, body := s.post("/login", url.Values{"request": {name}, "person": {oid}})
	back, err := response.Location()
	if err != nil {
		s.t.Fatalf("%s: %s", response.Status, body)
	}
	query := back.Query()
	if query.Get("tenant") != "1" || query.Get("state") != form.Get("state") || query.Get("code") == "" {
		s.t.Fatalf("sent back to %s", back.Redacted())
	}
	return query.Get("code")
}

func (s *system) tokenForm(code string) url.Values {
	form := s.authorize()
	form.Del("response_type")
	form.Del("access_type")
	form.Set("grant_type", "authorization_code")
	form.Set("token_type", "Bearer")
	form.Set("code", code)
	form.Set("state", strings.Replace(uuid, "1111", "2222", 1))
	return form
}

func claimsOf(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is not a token", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// TestRequestsByHand plays the flow with openssl's own signatures in both generations and looks at every shape of the answers.
func TestRequestsByHand(t *testing.T) {
	s := newSystem(t, nil)
	for name, test := range map[string]struct {
		authorize, token string
		sign             func(url.Values) url.Values
	}{
		"v2":                     {"/aas/oauth2/v2/ac", "/aas/oauth2/v3/te", s.signed},
		"v1":                     {"/aas/oauth2/ac", "/aas/oauth2/te", func(form url.Values) url.Values { return s.signedV1(form, "-noattr") }},
		"v1, signed attributes":  {"/aas/oauth2/ac", "/aas/oauth2/te", func(form url.Values) url.Values { return s.signedV1(form) }},
		"v2, padded base64":      {"/aas/oauth2/v2/ac", "/aas/oauth2/v3/te", recoded(s.signed, base64.URLEncoding)},
		"v2, standard base64":    {"/aas/oauth2/v2/ac", "/aas/oauth2/v3/te", recoded(s.signed, base64.StdEncoding)},
		"v2, standard, unpadded": {"/aas/oauth2/v2/ac", "/aas/oauth2/v3/te", recoded(s.signed, base64.RawStdEncoding)},
	} {
		t.Run(name, func(t *testing.T) {
			code := s.code(test.authorize, test.sign(s.authorize()), esiamock.StudentAnna)
			form := test.sign(s.tokenForm(code))
			response, body := s.post(test.token, form)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", response.Status, body)
			}
			var answer struct {
				AccessToken string `json:"access_token"`
				IDToken     string `json:"id_token"`
				State       string `json:"state"`
				TokenType   string `json:"token_type"`
				ExpiresIn   int    `json:"expires_in"`
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.State != form.Get("state") || answer.TokenType != "Bearer" || answer.ExpiresIn != 3600 {
				t.Errorf("%v: %s", err, body)
			}
			header, claims := claimsOf(t, answer.AccessToken)
			if want := map[string]any{"ver": 1.0, "typ": "JWT", "sbt": "access", "alg": "RS256"}; !maps.Equal(header, want) {
				t.Errorf("header %v", header)
			}
			if claims["urn:esia:sbj_id"] != 1000000001.0 || claims["client_id"] != "HAND" || claims["iss"] != s.url+"/" || claims["scope"] != "fullname?oid=1000000001 openid" ||
				claims["exp"].(float64)-claims["iat"].(float64) != 3600 {
				t.Errorf("access token %v", claims)
			}
			_, claims = claimsOf(t, answer.IDToken)
			account, _ := claims["urn:esia:sbj"].(map[string]any)
			if claims["sub"] != 1000000001.0 || claims["aud"] != "HAND" || claims["amr"] != "PWD" || account["urn:esia:sbj:lvl"] != "PR" || account["urn:esia:sbj:is_tru"] != true || account["urn:esia:sbj:nam"] != "OID.1000000001" {
				t.Errorf("ID token %v", claims)
			}
			response, body = s.person(answer.AccessToken, esiamock.StudentAnna)
			if response.StatusCode != http.StatusOK || !strings.Contains(body, `"lastName":"Смирнова"`) || strings.Contains(body, "snils") || strings.Contains(body, "birthDate") {
				t.Errorf("with the scope fullname alone: %s %s", response.Status, body)
			}
		})
	}
}

func recoded(sign func(url.Values) url.Values, encoding *base64.Encoding) func(url.Values) url.Values {
	return func(form url.Values) url.Values {
		form = sign(form)
		signature, err := base64.RawURLEncoding.DecodeString(form.Get("client_secret"))
		if err != nil {
			panic(err)
		}
		form.Set("client_secret", encoding.EncodeToString(signature))
		return form
	}
}

func (s *system) person(token, oid string) (*http.Response, string) {
	request, err := http.NewRequest(http.MethodGet, s.url+"/rs/prns/"+oid, nil)
	if err == nil {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return s.do(request, err)
}

// edit is a change of one parameter; an empty value takes it away.
func edit(name, value string) func(url.Values) {
	return func(form url.Values) {
		if form.Del(name); value != "" {
			form.Set(name, value)
		}
	}
}

func TestAuthorizeRefusals(t *testing.T) {
	s := newSystem(t, nil)
	before := func(change func(url.Values)) url.Values { // changed, then signed: only the parameter is wrong
		form := s.authorize()
		change(form)
		return s.signed(form)
	}
	after := func(change func(url.Values)) url.Values { // signed, then changed
		form := s.signed(s.authorize())
		change(form)
		return form
	}
	for _, test := range []struct {
		name string
		form url.Values
		code string
		page bool // told on a page of the stand, for the redirect is not to be believed
	}{
		{"no client_id", after(edit("client_id", "")), "ESIA-007014", true},
		{"no redirect_uri", after(edit("redirect_uri", "")), "ESIA-007014", true},
		{"an unknown client", before(edit("client_id", "NOBODY")), "ESIA-007005", true},
		{"a foreign redirect", before(edit("redirect_uri", "https://evil.example/auth/")), "ESIA-007023", true},
		{"a path outside", before(edit("redirect_uri", "https://exam.example.org/other")), "ESIA-007023", true},
		{"a path that climbs out", before(edit("redirect_uri", "https://exam.example.org/auth/../other")), "ESIA-007023", true},
		{"credentials in it", before(edit("redirect_uri", "https://exam.example.org@evil.example/auth/")), "ESIA-007023", true},
		{"a script", before(edit("redirect_uri", "javascript:alert(1)")), "ESIA-007023", true},
		{"a repeated parameter", after(func(form url.Values) { form.Add("scope", "openid") }), "ESIA-007003", true},
		{"an endless parameter", after(edit("x", strings.Repeat("x", 17<<10))), "ESIA-007003", true},
		{"no scope", before(edit("scope", "")), "ESIA-007013", false},
		{"an unknown scope", before(edit("scope", "openid everything")), "ESIA-007006", false},
		{"no state", before(edit("state", "")), "ESIA-007014", false},
		{"a state that is no UUID", before(edit("state", "1")), "ESIA-007003", false},
		{"no timestamp", before(edit("timestamp", "")), "ESIA-007014", false},
		{"a timestamp of another form", before(edit("timestamp", s.now().Format(time.RFC3339))), "ESIA-007015", false},
		{"an old timestamp", before(edit("timestamp", s.now().Add(-6*time.Minute).Format(esia.TimestampLayout))), "ESIA-007015", false},
		{"a future timestamp", before(edit("timestamp", s.now().Add(6*time.Minute).Format(esia.TimestampLayout))), "ESIA-007015", false},
		{"no client_secret", after(edit("client_secret", "")), "ESIA-007014", false},
		{"no certificate hash", after(edit("client_certificate_hash", "")), "ESIA-007014", false},
		{"no response_type", after(edit("response_type", "")), "ESIA-007014", false},
		{"another response_type", after(edit("response_type", "token")), "ESIA-007009", false},
		{"no access_type", after(edit("access_type", "")), "ESIA-007014", false},
		{"another access_type", after(edit("access_type", "always")), "ESIA-007003", false},
		{"a lower-case hash", after(edit("client_certificate_hash", strings.ToLower(s.keys.CertificateHash))), "ESIA-007053", false},
		{"another scope than signed", after(edit("scope", "openid snils")), "ESIA-007053", false},
		{"another state than signed", after(edit("state", strings.Replace(uuid, "1111", "3333", 1))), "ESIA-007053", false},
		{"another redirect than signed", after(edit("redirect_uri", "https://exam.example.org/auth/other")), "ESIA-007053", false},
		{"a signature that is not base64", after(edit("client_secret", "*")), "ESIA-007053", false},
		{"zeroes for a signature", after(edit("client_secret", base64.RawURLEncoding.EncodeToString(make([]byte, 64)))), "ESIA-007053", false},
		{"CMS for v2", after(edit("client_secret", s.signedV1(s.authorize()).Get("client_secret"))), "ESIA-007053", false},
		{"a plain challenge", after(func(form url.Values) {
			form.Set("code_challenge", strings.Repeat("a", 43))
			form.Set("code_challenge_method", "plain")
		}), "ESIA-007039", false},
		{"a short challenge", after(func(form url.Values) {
			form.Set("code_challenge", "a")
			form.Set("code_challenge_method", "S256")
		}), "ESIA-007039", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := s.get("/aas/oauth2/v2/ac?" + test.form.Encode())
			if test.page {
				if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, test.code) || response.Header.Get("Location") != "" {
					t.Errorf("%s %s: want a page with %s", response.Status, response.Header.Get("Location"), test.code)
				}
				return
			}
			back, err := response.Location()
			if err != nil {
				t.Fatalf("%s: %s", response.Status, body)
			}
			query := back.Query()
			if back.Host != "exam.example.org" || query.Get("error") == "" || !strings.HasPrefix(query.Get("error_description"), test.code+": ") || query.Get("state") != test.form.Get("state") || query.Get("code") != "" {
				t.Errorf("sent to %s, want %s", back.Redacted(), test.code)
			}
		})
	}
}

func TestTokenRefusals(t *testing.T) {
	s := newSystem(t, nil)
	for _, test := range []struct {
		name   string
		change func(url.Values)
		signed bool // changed before it is signed
		code   string
		error  string
	}{
		{"no code", edit("code", ""), true, "ESIA-007014", "invalid_request"},
		{"an invented code", edit("code", "invented"), true, "ESIA-007011", "invalid_grant"},
		{"another redirect", edit("redirect_uri", "https://exam.example.org/auth/other"), true, "ESIA-007011", "invalid_grant"},
		{"a foreign redirect", edit("redirect_uri", "https://evil.example/"), true, "ESIA-007023", "invalid_request"},
		{"another client", edit("client_id", "NOBODY"), true, "ESIA-007005", "unauthorized_client"},
		{"another scope", edit("scope", "openid snils"), true, "ESIA-007006", "invalid_scope"},
		{"another grant", edit("grant_type", "password"), true, "ESIA-007012", "unsupported_grant_type"},
		{"no grant", edit("grant_type", ""), true, "ESIA-007014", "invalid_request"},
		{"no token_type", edit("token_type", ""), true, "ESIA-007014", "invalid_request"},
		{"another token_type", edit("token_type", "MAC"), true, "ESIA-007003", "invalid_request"},
		{"an old timestamp", func(form url.Values) { form.Set("timestamp", "2020.01.01 00:00:00 +0000") }, true, "ESIA-007015", "invalid_request"},
		{"a signature without the code", edit("client_secret", s.signed(s.authorize()).Get("client_secret")), false, "ESIA-007053", "access_denied"},
		{"a verifier nobody asked for", edit("code_verifier", strings.Repeat("a", 43)), false, "ESIA-007039", "invalid_grant"},
		{"two codes", func(form url.Values) { form.Add("code", "x") }, false, "ESIA-007003", "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := s.tokenForm(s.code("/aas/oauth2/v2/ac", s.signed(s.authorize()), esiamock.StudentAnna))
			if test.signed {
				test.change(form)
			}
			s.signed(form)
			if !test.signed {
				test.change(form)
			}
			response, body := s.post("/aas/oauth2/v3/te", form)
			var answer struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
				State       string `json:"state"`
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil || response.StatusCode != http.StatusBadRequest ||
				answer.Error != test.error || !strings.HasPrefix(answer.Description, test.code+": ") || answer.State != form.Get("state") {
				t.Errorf("%s %v: %s; want %s %s", response.Status, err, body, test.error, test.code)
			}
		})
	}
	t.Run("a code of the other generation", func(t *testing.T) {
		form := s.signedV1(s.tokenForm(s.code("/aas/oauth2/v2/ac", s.signed(s.authorize()), esiamock.StudentAnna)))
		if _, body := s.post("/aas/oauth2/te", form); !strings.Contains(body, "ESIA-007011") {
			t.Error(body)
		}
	})
	t.Run("not a form", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodPost, s.url+"/aas/oauth2/v3/te", strings.NewReader(`{"code":1}`))
		if response, body := s.do(request, err); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "ESIA-007003") {
			t.Error(response.Status, body)
		}
	})
	t.Run("10 MB", func(t *testing.T) {
		form := url.Values{"code": {strings.Repeat("x", 10<<20)}}
		if response, body := s.post("/aas/oauth2/v3/te", form); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "ESIA-007003") {
			t.Error(response.Status, body)
		}
	})
}

// TestACodeServesOnce asks for tokens with one code many times at once.
func TestACodeServesOnce(t *testing.T) {
	s := newSystem(t, nil)
	form := s.signed(s.tokenForm(s.code("/aas/oauth2/v2/ac", s.signed(s.authorize()), esiamock.StudentAnna)))
	var served atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if response, err := http.PostForm(s.url+"/aas/oauth2/v3/te", form); err != nil {
				t.Error(err)
			} else {
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					served.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if served.Load() != 1 {
		t.Errorf("served %d times", served.Load())
	}
}

func TestSignInPages(t *testing.T) {
	s := newSystem(t, nil)
	name, body, header := s.page("/aas/oauth2/v2/ac", s.signed(s.authorize()), "ru")
	for _, want := range []string{`<html lang="ru">`, "испытательный стенд", "Войти как Смирнова Анна Сергеевна", "фамилию, имя, отчество", "HAND", "подтверждённая", "стандартная", "English"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, person := range esiamock.DemoPeople() {
		if !strings.Contains(body, `value="`+person.OID+`"`) || !strings.Contains(body, person.Note) {
			t.Errorf("%s is not on the page", person.OID)
		}
	}
	if found := regexp.MustCompile(`(?i)<script|<style|style=|\son\w+=|javascript:`).FindString(body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' https://exam.example.org") {
		t.Errorf("policy %q", policy)
	}
	if _, english := s.get("/login?lang=en&request=" + name); !strings.Contains(english, `<html lang="en">`) || !strings.Contains(english, "Sign in as Смирнова") || !strings.Contains(english, "student, in the roster") {
		t.Error("the English page is not English")
	}
	_, problem := s.get("/aas/oauth2/v2/ac?client_id=NOBODY&redirect_uri=x")
	for _, page := range []string{body, problem} {
		assets := regexp.MustCompile(`href="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
		if len(assets) != 2 {
			t.Errorf("%d assets, want the style sheet and the icon, by their whole paths", len(assets))
		}
		for _, asset := range assets {
			if response, content := s.get(asset[1]); response.StatusCode != http.StatusOK || content == "" {
				t.Errorf("%s: %s", asset[1], response.Status)
			}
		}
	}

	if response, _ := s.post("/login", url.Values{"request": {name}, "person": {"42"}}); response.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown person: %s", response.Status)
	}
	if response, _ := s.post("/login", url.Values{"request": {name}, "person": {esiamock.Proctor}}); response.StatusCode != http.StatusFound {
		t.Errorf("the first answer: %s", response.Status)
	}
	if response, body := s.post("/login", url.Values{"request": {name}, "person": {esiamock.Proctor}}); response.StatusCode != http.StatusGone || !strings.Contains(body, "устарела") {
		t.Errorf("the second answer: %s", response.Status)
	}
	name, _, _ = s.page("/aas/oauth2/v2/ac", s.signed(s.authorize()), "ru")
	s.clock.Add(int64(11 * time.Minute))
	if response, _ := s.get("/login?request=" + name); response.StatusCode != http.StatusGone {
		t.Errorf("after eleven minutes: %s", response.Status)
	}
	if response, body := s.get("/"); response.StatusCode != http.StatusOK || !strings.Contains(body, "Стенд ЕСИА работает") {
		t.Errorf("the front page: %s", response.Status)
	}
	if response, body := s.get("/healthz"); response.StatusCode != http.StatusOK || !strings.Contains(body, `"status":"ok"`) {
		t.Errorf("health: %s %s", response.Status, body)
	}
}

func TestSearchOnTheSignInPage(t *testing.T) {
	s := newSystem(t, func(c *esiamock.Config) { c.People = esiamock.TestPeople() })
	name, body, _ := s.page("/aas/oauth2/v2/ac", s.signed(s.authorize()), "ru")
	if !strings.Contains(body, `role="search"`) || strings.Count(body, `class="person"`) != len(esiamock.TestPeople()) {
		t.Errorf("the page: %s", body)
	}
	for sought, found := range map[string]int{"ежикова": 1, "ИВАНОВ сергей": 2, "детская": 1, "05.05.2003": 2, "<script>": 0} {
		_, body := s.get("/login?request=" + name + "&q=" + url.QueryEscape(sought))
		if got := strings.Count(body, `class="person"`); got != found || strings.Contains(body, "<script>") {
			t.Errorf("%q finds %d people, want %d", sought, got, found)
		}
	}
	s = newSystem(t, nil)
	if _, body, _ := s.page("/aas/oauth2/v2/ac", s.signed(s.authorize()), "en"); strings.Contains(body, `role="search"`) {
		t.Error("a search among a few people")
	}
}

func TestPersonNeedsAToken(t *testing.T) {
	s := newSystem(t, nil)
	form := s.authorize()
	form.Set("scope", "openid fullname birthdate gender snils")
	code := s.code("/aas/oauth2/v2/ac", s.signed(form), esiamock.StudentAnna)
	form = s.tokenForm(code)
	form.Set("scope", "openid fullname birthdate gender snils")
	_, body := s.post("/aas/oauth2/v3/te", s.signed(form))
	var answer struct {
		AccessToken string `json:"access_token"`
		IDToken     string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if _, body = s.person(answer.AccessToken, esiamock.StudentAnna); !strings.Contains(body, `"snils":"999-999-001 `) || !strings.Contains(body, `"birthDate":"12.03.2004"`) || !strings.Contains(body, `"gender":"F"`) {
		t.Errorf("with every scope: %s", body)
	}
	parts := strings.Split(answer.AccessToken, ".")
	for name, test := range map[string]struct {
		token, oid string
		status     int
		code       string
	}{
		"nothing":              {"", esiamock.StudentAnna, 401, "ESIA-005011"},
		"garbage":              {"garbage", esiamock.StudentAnna, 401, "ESIA-005011"},
		"the ID token":         {answer.IDToken, esiamock.StudentAnna, 401, "ESIA-005011"},
		"a cut signature":      {parts[0] + "." + parts[1] + "." + parts[2][:20], esiamock.StudentAnna, 401, "ESIA-005011"},
		"another's signature":  {parts[0] + "." + parts[1] + "." + strings.Split(answer.IDToken, ".")[2], esiamock.StudentAnna, 401, "ESIA-005011"},
		"for somebody else":    {answer.AccessToken, esiamock.StudentBoris, 403, "ESIA-005014"},
		"for somebody unknown": {answer.AccessToken, "42", 403, "ESIA-005014"},
	} {
		if response, body := s.person(test.token, test.oid); response.StatusCode != test.status || !strings.Contains(body, test.code) || strings.Contains(body, "Смирнова") {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
	s.clock.Add(int64(time.Hour))
	if response, body := s.person(answer.AccessToken, esiamock.StudentAnna); response.StatusCode != 401 || !strings.Contains(body, "ESIA-005013") {
		t.Errorf("after an hour: %s %s", response.Status, body)
	}
}

func TestKeysStay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	with := func(config *esiamock.Config) { config.DataDir = dir }
	_, first := newSystem(t, with).get("/certs")
	_, second := newSystem(t, with).get("/certs")
	onDisk, err := os.ReadFile(filepath.Join(dir, "esia.crt"))
	if err != nil || first != second || first != string(onDisk) || !strings.Contains(first, "BEGIN CERTIFICATE") || strings.Contains(first, "PRIVATE") {
		t.Errorf("%v: the certificate changed between runs, or differs from the file", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "esia.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "esia.key"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := esiamock.New(esiamock.Config{PublicURL: "http://127.0.0.1:1", DataDir: dir}); err == nil || !strings.Contains(err.Error(), "esia.key") {
		t.Errorf("a broken key: %v", err)
	}
}

func TestConfigurationRefused(t *testing.T) {
	good := esiamock.Client{ID: "A", RedirectPrefix: "https://a.example/"}
	for name, config := range map[string]esiamock.Config{
		"no URL":            {},
		"no certificate":    {PublicURL: "http://a", Clients: []esiamock.Client{good}},
		"people twice":      {PublicURL: "http://a", People: append(esiamock.DemoPeople(), esiamock.DemoPeople()[0])},
		"people half empty": {PublicURL: "http://a", People: []esiamock.Person{{OID: "1"}}},
	} {
		if _, err := esiamock.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDemoPeople(t *testing.T) {
	byOID := make(map[string]esiamock.Person)
	snils := make(map[string]bool)
	for _, p := range esiamock.DemoPeople() {
		byOID[p.OID] = p
		if p.SNILS != "" {
			digits, ok := esia.ParseSNILS(p.SNILS)
			if !ok || digits != p.SNILS || !strings.HasPrefix(digits, "999999") || snils[digits] {
				t.Errorf("%s: SNILS %q", p.OID, p.SNILS)
			}
			snils[digits] = true
		}
		if p.Trusted != (p.Level == esia.LevelConfirmed) || p.Note == "" || p.NoteEN == "" {
			t.Errorf("%s: trusted %v at level %s, note %q", p.OID, p.Trusted, p.Level, p.Note)
		}
	}
	if len(byOID) < 12 {
		t.Errorf("%d people", len(byOID))
	}
	for oid, name := range map[string]string{
		esiamock.StudentAnna: "Смирнова Анна Сергеевна", esiamock.StudentBoris: "Кузнецов Борис Андреевич", esiamock.StudentVera: "Попова Вера Дмитриевна",
		esiamock.StudentStandard: "Волков Глеб Игоревич", esiamock.Stranger: "Орлов Демьян Павлович", esiamock.Proctor: "Соколова Елена Викторовна",
		esiamock.Proctor2: "Морозов Иван Петрович", esiamock.Registrar: "Лебедева Жанна Олеговна", esiamock.Administrator: "Новиков Захар Артёмович",
	} {
		p := byOID[oid]
		if p.LastName+" "+p.FirstName+" "+p.MiddleName != name {
			t.Errorf("%s is %s %s, want %s", oid, p.LastName, p.FirstName, name)
		}
	}
	if byOID[esiamock.StudentStandard].Trusted || !byOID[esiamock.StudentAnna].Trusted {
		t.Error("Anna must be confirmed and Gleb must not")
	}
}

func TestReadPeople(t *testing.T) {
	people, err := esiamock.ReadPeople(strings.NewReader(`[{"oid":"1000000101","lastName":"Ёлкина","firstName":"Юна","birthDate":"2005-02-03","snils":"99999900901","level":"standard","note":"n"}]`))
	if err == nil {
		t.Errorf("wrong check digits were taken: %v", people)
	}
	good := `[{"oid":"1000000101","lastName":"Ёлкина","firstName":"Юна","birthDate":"2005-02-03","snils":"999999090` + esia.SNILSCheckDigits("999999090") + `","note":"n"}]`
	people, err = esiamock.ReadPeople(strings.NewReader(good))
	if err != nil || len(people) != 1 || people[0].Level != esia.LevelConfirmed || !people[0].Trusted || people[0].BirthDate.Year() != 2005 {
		t.Errorf("%v: %d people", err, len(people))
	}
	for name, text := range map[string]string{
		"not JSON":           "people",
		"an unknown field":   strings.Replace(good, `"note"`, `"password"`, 1),
		"a birth date":       strings.Replace(good, "2005-02-03", "03.02.2005", 1),
		"an OID":             strings.Replace(good, "1000000101", "x", 1),
		"a level":            strings.Replace(good, `"note":"n"`, `"level":"high"`, 1),
		"no last name":       strings.Replace(good, "Ёлкина", "", 1),
		"the same one twice": "[" + strings.Trim(good, "[]") + "," + strings.Trim(good, "[]") + "]",
	} {
		if _, err := esiamock.ReadPeople(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
