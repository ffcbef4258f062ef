package esia

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// notedSigner remembers what it was given.
type notedSigner struct{ texts []string }

func (s *notedSigner) Sign(_ context.Context, text []byte) ([]byte, error) {
	s.texts = append(s.texts, string(text))
	return make([]byte, rawSignature), nil
}

func testConfig(signer Signer) Config {
	moscow := time.FixedZone("MSK", 3*60*60)
	return Config{
		ClientID: "OCHNO", RedirectURL: "https://exam.example.org/cb?x=1&y=2", Signer: signer, CertificateHash: strings.Repeat("0F", 32),
		Keys: staticKeys{}, Now: func() time.Time { return time.Date(2026, 11, 21, 10, 20, 30, 0, moscow) },
	}
}

func TestRequests(t *testing.T) {
	signer := &notedSigner{}
	client, err := New(testConfig(signer))
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := client.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(redirect.URL)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(redirect.Verifier))
	want := url.Values{
		"client_id": {"OCHNO"}, "client_secret": {base64.RawURLEncoding.EncodeToString(make([]byte, 64))}, "client_certificate_hash": {strings.Repeat("0F", 32)},
		"redirect_uri": {"https://exam.example.org/cb?x=1&y=2"}, "scope": {"openid fullname birthdate snils"}, "response_type": {"code"}, "state": {redirect.State},
		"access_type": {"online"}, "timestamp": {"2026.11.21 10:20:30 +0300"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if got := u.Query(); got.Encode() != want.Encode() || u.Host != "esia.gosuslugi.ru" || u.Path != "/aas/oauth2/v2/ac" {
		t.Errorf("%s\n%v\nwant\n%v", redirect.URL, got, want)
	}
	if strings.Contains(u.RawQuery, "+") || !strings.Contains(u.RawQuery, "timestamp=2026.11.21%2010%3A20%3A30%20%2B0300") {
		t.Errorf("spaces and pluses are ambiguous in %s", u.RawQuery)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(redirect.State) || len(redirect.Verifier) != 43 {
		t.Errorf("state %q, verifier of %d characters", redirect.State, len(redirect.Verifier))
	}
	if got := redirect.ExpiresAt.Sub(client.config.Now()); got != 15*time.Minute {
		t.Errorf("expires after %s", got)
	}
	form, err := client.tokenForm(t.Context(), "S", "C", redirect.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"grant_type": "authorization_code", "code": "C", "token_type": "Bearer", "state": "S", "code_verifier": redirect.Verifier} {
		if form.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, form.Get(name), want)
		}
	}
	wantTexts := []string{
		"OCHNOopenid fullname birthdate snils2026.11.21 10:20:30 +0300" + redirect.State + "https://exam.example.org/cb?x=1&y=2",
		"OCHNOopenid fullname birthdate snils2026.11.21 10:20:30 +0300Shttps://exam.example.org/cb?x=1&y=2C",
	}
	if !slices.Equal(signer.texts, wantTexts) {
		t.Errorf("signed %q\nwant %q", signer.texts, wantTexts)
	}
}

func TestRequestsOfV1(t *testing.T) {
	signer := &notedSigner{}
	config := testConfig(signer)
	config.Generation, config.CertificateHash = V1, ""
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := client.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(redirect.URL, "/aas/oauth2/ac?") || strings.Contains(redirect.URL, "certificate_hash") || strings.Contains(redirect.URL, "challenge") || redirect.Verifier != "" {
		t.Error(redirect.URL)
	}
	if want := "openid fullname birthdate snils2026.11.21 10:20:30 +0300OCHNO" + redirect.State; signer.texts[0] != want {
		t.Errorf("signed %q, want %q", signer.texts[0], want)
	}
}

func TestStatesDiffer(t *testing.T) {
	client, err := New(testConfig(&notedSigner{}))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for range 100 {
		redirect, err := client.Start(t.Context())
		if err != nil || seen[redirect.State] || seen[redirect.Verifier] {
			t.Fatalf("%v, or a state or verifier came twice", err)
		}
		seen[redirect.State], seen[redirect.Verifier] = true, true
	}
}

func TestConfigurationTellsEveryFault(t *testing.T) {
	_, err := New(Config{
		BaseURL: "esia", RedirectURL: "https://user:secret@host/", Scopes: []string{"full name"}, Generation: "v9", Algorithms: []string{"none", GOST}, Timeout: -1,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, field := range []string{"BaseURL", "ClientID", "RedirectURL", "Scopes: \"full name\"", "openid", "Signer", "Generation", "Keys", "Algorithms: \"none\"", "Verifier", "Timeout"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("nothing about %s in %v", field, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a password is told: %v", err)
	}
	config := testConfig(&notedSigner{})
	config.CertificateHash = strings.ToLower(config.CertificateHash)
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "upper-case") {
		t.Errorf("a lower-case hash: %v", err)
	}
}

// TestEveryCodeHasItsWords reads the codes out of the source, so that a new one without words fails here.
func TestEveryCodeHasItsWords(t *testing.T) {
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{
		"ESIA-007003", "ESIA-007004", "ESIA-007005", "ESIA-007006", "ESIA-007007", "ESIA-007008", "ESIA-007011", "ESIA-007013", "ESIA-007014", "ESIA-007015",
		"ESIA-007019", "ESIA-007023", "ESIA-007039", "ESIA-007040", "ESIA-007053", "ESIA-007055", "ESIA-005013",
	}
	for _, found := range regexp.MustCompile(`Code\w+ += "(\w+)"`).FindAllSubmatch(source, -1) {
		codes = append(codes, string(found[1]))
	}
	// What the stand answers must be known, too.
	for _, name := range []string{"authorize", "collections", "person", "request", "token"} {
		stand, err := os.ReadFile("esiamock/" + name + ".go")
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, esiaCode.FindAllString(string(stand), -1)...)
	}
	if len(codes) < 17+20+30 {
		t.Fatalf("only %d codes found", len(codes))
	}
	for _, code := range codes {
		if _, ok := explanations[code]; !ok && code != codeUnknown {
			t.Errorf("%s has no words of its own", code)
		}
	}
	kinds := []Kind{KindDenied, KindUnavailable, KindRejected, KindStateInvalid, KindNotConfirmed}
	for _, code := range append(codes, "ESIA-036701", "ESIA-005099", "ESIA-999999", "") {
		e := &Error{Code: code}
		ru, en := e.Message()
		cyrillic := func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
		if !strings.ContainsFunc(ru, cyrillic) || strings.ContainsFunc(en, cyrillic) || !strings.HasSuffix(ru, ".") || !strings.HasSuffix(en, ".") {
			t.Errorf("%s: %q, %q", code, ru, en)
		}
		if !slices.Contains(kinds, e.Kind()) {
			t.Errorf("%s is of kind %q", code, e.Kind())
		}
	}
}

// TestEveryCodeOfAPlainSignOn: the same for the other driver, whose words never speak of Gosuslugi.
func TestEveryCodeOfAPlainSignOn(t *testing.T) {
	var codes []string
	for _, name := range []string{"errors.go", "explain_oidc.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`Code\w+ += "(\w+)"`).FindAllSubmatch(source, -1) {
			codes = append(codes, string(found[1]))
		}
	}
	onlyESIA := []string{CodeOwnCertificate, CodeKeyMismatch, CodeHashMismatch, CodeSignerFailed, CodeVerifierFailed, CodeCertificateExpired, codeUnknown}
	for _, code := range append(codes, "ESIA-007004", "") {
		x, ok := oidcExplanations[code]
		if !ok && slices.Contains(codes, code) && !slices.Contains(onlyESIA, code) {
			t.Errorf("%s has no words of its own", code)
		}
		ru, en := (&Error{Code: code, OIDC: true}).Message()
		cyrillic := func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
		if !strings.ContainsFunc(ru, cyrillic) || strings.ContainsFunc(en, cyrillic) || strings.Contains(ru, "Госуслуг") || strings.Contains(en, "Gosuslugi") || ok && x.kind == "" {
			t.Errorf("%s: %q, %q", code, ru, en)
		}
	}
	if len(codes) < 20+7 {
		t.Errorf("only %d codes found", len(codes))
	}
}

func TestOperatorText(t *testing.T) {
	for text, want := range map[string]string{
		"ESIA-007053: client_secret is wrong":       "client_secret is wrong",
		"person 999-999-001 12 or 1000000001\nline": "person *** or *** line",
		"\x1b[31mred\x00":                           "[31mred",
		"":                                          "",
	} {
		if got := OperatorText(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	if got := OperatorText(strings.Repeat("я", 1000)); len([]rune(got)) != 201 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

func TestParseSNILS(t *testing.T) {
	for text, want := range map[string]string{
		"112-233-445 95": "11223344595", // the example of the Pension Fund
		"11223344595":    "11223344595",
		"000-000-600 06": "00000060006", // below 001-001-998 there are no check digits
		"112-233-445 96": "", "112-233-445": "", "": "", "112x33-445 95": "", "１１２23344595": "",
	} {
		got, ok := ParseSNILS(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	for nine, want := range map[string]string{"112233445": "95", "087654302": "00", "087654303": "00", "12345678": "", "12345678x": ""} {
		if got := SNILSCheckDigits(nine); got != want {
			t.Errorf("%s: %q, want %q", nine, got, want)
		}
	}
}

// Run fuzz targets by a count, -fuzztime=1000000x -parallel=1. With a duration Go up to 1.26 may end a clean run with status 1 and
// «context deadline exceeded» when a worker is busy as the time is over (golang/go#75804); a count has no such moment.

func FuzzToken(f *testing.F) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"ver":1,"typ":"JWT","sbt":"access","alg":"RS256"}`))
	for _, claims := range []string{
		`{"sub":1000000001,"aud":"OCHNO","exp":1700000000,"urn:esia:sbj":{"urn:esia:sbj:oid":"1000000001","urn:esia:sbj:is_tru":true}}`,
		`{"sub":"1","aud":["a","b"],"exp":1e9,"amr":["PWD"]}`, `{"sub":null,"aud":null,"exp":null}`, `[]`, `{"exp":"1"}`, `{"aud":{}}`,
	} {
		f.Add(header + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln")
	}
	f.Add("..")
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		parsed, err := parseToken(token)
		if err != nil {
			if parsed != nil {
				t.Error("a token beside an error")
			}
			return
		}
		if len(token) > maxToken || !strings.HasPrefix(token, string(parsed.signed)+".") {
			t.Error("the signed part is not the token's beginning")
		}
		claims, err := parseClaims(parsed.payload)
		if err != nil {
			return
		}
		for _, id := range []identifier{claims.Subject, claims.SubjectID} {
			if len(id) > 20 || strings.Trim(string(id), "0123456789") != "" {
				t.Errorf("identifier %q", id)
			}
		}
		if claims.Expires < 0 || claims.Expires == 0 && claims.current(time.Unix(0, 0), time.Hour) == nil {
			t.Errorf("exp %d", claims.Expires)
		}
		claims.level()
		claims.method()
	})
}

func FuzzPerson(f *testing.F) {
	f.Add(`{"firstName":"Анна","lastName":"Смирнова","middleName":"Сергеевна","birthDate":"12.03.2004","snils":"112-233-445 95","trusted":true,"status":"REGISTERED"}`)
	f.Add(`{"firstName":"A","lastName":"B","trusted":"false"}`)
	f.Add(`{"firstName":"\u0000","lastName":"\ud800","birthDate":"31.02.2004"}`)
	f.Add(`{"snils":"000-000-600 06","firstName":" a ","lastName":"b\tc"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var answer personAnswer
		if decodeObject([]byte(text), &answer) != nil {
			return
		}
		person, err := answer.person(true)
		if err != nil {
			if person != (Person{}) {
				t.Error("a person beside an error")
			}
			return
		}
		if person.LastName == "" || person.FirstName == "" || person.Trusted && person.BirthDate.IsZero() {
			t.Error("a required field is empty")
		}
		for _, name := range []string{person.LastName, person.FirstName, person.MiddleName} {
			if strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
				t.Errorf("name %q", name)
			}
		}
		if person.SNILS != "" {
			if again, ok := ParseSNILS(person.SNILS); !ok || again != person.SNILS {
				t.Errorf("SNILS %q", person.SNILS)
			}
		}
		if _, err := json.Marshal(person); err != nil {
			t.Error(err)
		}
	})
}

func FuzzReturned(f *testing.F) {
	client, err := New(testConfig(&notedSigner{}))
	if err != nil {
		f.Fatal(err)
	}
	pending := Pending{State: "6f1c2e0a-0000-4000-8000-000000000000", ExpiresAt: client.config.Now().Add(time.Minute)}
	f.Add("code=x&state=" + pending.State)
	f.Add("error=access_denied&error_description=ESIA-007004%3A+no&state=" + pending.State)
	f.Add("error=x")
	f.Add("code=a&code=b")
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		code, err := client.returned(pending, query)
		if (code == "") == (err == nil) {
			t.Fatalf("code %q with error %v", code, err)
		}
		if err == nil && query.Get("state") != pending.State {
			t.Error("a code was taken with another state")
		}
		if err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("control characters in %q", err.Error())
		}
	})
}
