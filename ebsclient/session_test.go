package ebsclient_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"ochno/ebsclient"
)

const personToken = "esia.access.token"

func newWeb(tb testing.TB, transport http.RoundTripper, change func(*ebsclient.WebConfig)) *ebsclient.Web {
	tb.Helper()
	cfg := ebsclient.WebConfig{
		BaseURL: "https://ebs.example/", System: "OCHNO", HTTPClient: &http.Client{Transport: transport}, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	w, err := ebsclient.NewWeb(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func newAdapter(tb testing.TB, transport http.RoundTripper, change func(*ebsclient.AdapterConfig)) *ebsclient.Adapter {
	tb.Helper()
	cfg := ebsclient.AdapterConfig{
		BaseURL: "https://gate.example/ebs/", System: "OCHNO", Token: "secret-token", HTTPClient: &http.Client{Transport: transport},
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	a, err := ebsclient.NewAdapter(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func sessionRequest() ebsclient.SessionRequest {
	return ebsclient.SessionRequest{ID: "request-1", Subject: subject, Bearer: personToken, Return: "https://ochno.example/back?a=b&c=д"}
}

func back() ebsclient.Return { return ebsclient.Return{ID: "request-2", Bearer: personToken} }

func TestWebBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got *http.Request
		v := &verifier{answers: []answer{func(r *http.Request) (*http.Response, error) {
			got = r
			return says(302, "", "Location", "https://ebs.example/page?lang=ru&session_id=5f0c")(r)
		}}}
		w := newWeb(t, v, nil)
		s, err := w.Begin(t.Context(), sessionRequest())
		if err != nil || s.ID != "5f0c" || s.URL != "https://ebs.example/page?lang=ru&session_id=5f0c" {
			t.Fatalf("%+v %v", s, err)
		}
		if got.Method != "POST" || got.URL.Path != "/api/v2/verifications" || got.URL.Query().Get("redirect") != sessionRequest().Return ||
			got.Header.Get("Authorization") != "Bearer "+personToken || got.Header.Get("X-Request-Id") != "request-1" || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
		}
		// The bubble's clock begins in the year 2000.
		if want := `{"metadata":{"date":"946684800","idp":"ESIA","info_system":"OCHNO","user_id":"1000000001"}}`; string(v.bodies[0]) != want {
			t.Errorf("%s, want %s", v.bodies[0], want)
		}
		stored, err := json.Marshal(s)
		if err != nil || strings.Contains(string(stored), personToken) {
			t.Errorf("stored as %s, error %v", stored, err)
		}
	})
}

func TestWebBeginAnswers(t *testing.T) {
	to := func(location string) answer { return says(302, "", "Location", location) }
	for _, c := range []struct {
		name   string
		answer []answer
		want   error  // nil: a session
		url    string // its
		sent   int
	}{
		{"a redirection", []answer{to("https://ebs.example/p?session_id=1")}, nil, "https://ebs.example/p?session_id=1", 1},
		{"200 does, too", []answer{says(200, "{}", "Location", "https://ebs.example/p?session_id=1")}, nil, "https://ebs.example/p?session_id=1", 1},
		{"a relative one", []answer{to("/p?session_id=1")}, nil, "https://ebs.example/p?session_id=1", 1},
		{"a page elsewhere that is known", []answer{to("https://page.example:444/?session_id=1")}, nil, "https://page.example:444/?session_id=1", 1},
		{"after a fault", []answer{says(500, ""), to("/p?session_id=1")}, nil, "https://ebs.example/p?session_id=1", 2},
		{"after half an answer", []answer{brokenOff, to("/p?session_id=1")}, nil, "https://ebs.example/p?session_id=1", 2},
		{"no Location", []answer{says(302, "")}, ebsclient.Denied, "", 1},
		{"an address in pieces", []answer{to("https://ebs.example:x/?session_id=1\x01")}, ebsclient.Denied, "", 1},
		{"no session", []answer{to("https://ebs.example/p")}, ebsclient.Denied, "", 1},
		{"two sessions", []answer{to("https://ebs.example/p?session_id=1&session_id=2")}, ebsclient.Denied, "", 1},
		{"a session with a path in it", []answer{to("https://ebs.example/p?session_id=..%2F..")}, ebsclient.Denied, "", 1},
		{"a page elsewhere", []answer{to("https://evil.example/?session_id=1")}, ebsclient.Denied, "", 1},
		{"the page of a namesake", []answer{to("https://ebs.example.evil.example/?session_id=1")}, ebsclient.Denied, "", 1},
		{"a user who looks like the host", []answer{to("https://ebs.example@evil.example/?session_id=1")}, ebsclient.Denied, "", 1},
		{"plain http", []answer{to("http://ebs.example/?session_id=1")}, ebsclient.Denied, "", 1},
		{"a script", []answer{to("javascript:alert(1)//ebs.example?session_id=1")}, ebsclient.Denied, "", 1},
		{"a book for an address", []answer{to("https://ebs.example/?session_id=1&x=" + strings.Repeat("x", 9000))}, ebsclient.Denied, "", 1},
		{"not authenticated", []answer{says(401, "")}, ebsclient.Denied, "", 1},
		{"not enrolled", []answer{says(404, `{"code":"not_enrolled"}`)}, ebsclient.NotEnrolled, "", 1},
		{"busy", []answer{says(429, "")}, ebsclient.Busy, "", 3},
		{"faults", []answer{says(502, "")}, ebsclient.Unavailable, "", 3},
		{"never", []answer{never}, ebsclient.Unavailable, "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &verifier{answers: c.answer}
				w := newWeb(t, v, func(cfg *ebsclient.WebConfig) { cfg.Pages = []string{"ebs.example", "page.example:444"} })
				s, err := w.Begin(t.Context(), sessionRequest())
				if !errors.Is(err, c.want) || s.URL != c.url || (c.want == nil) != (s.ID == "1") || len(v.ids) != c.sent {
					t.Errorf("%+v after %d questions, error %v; want %q, %v after %d", s, len(v.ids), err, c.url, c.want, c.sent)
				}
			})
		})
	}
}

// TestCollectAnswers is what both drivers make of what a verifier says in the end.
func TestCollectAnswers(t *testing.T) {
	problem := func(status int, code string) answer {
		return says(status, `{"code":"`+code+`","detail":"Иванов 1000000001"}`)
	}
	for _, c := range []struct {
		name          string
		answers       []answer
		want          error // nil: a verdict
		state         ebsclient.State
		web, exchange int // questions sent
	}{
		{"a verdict", []answer{says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 1, 1},
		{"a verdict with a state", []answer{says(200, `{"state":"SUCCESS","extended_result":"a.b.c"}`)}, nil, ebsclient.StateSuccess, 1, 1},
		{"a verdict, written otherwise", []answer{says(200, `{"extendedResult":"a.b.c"}`)}, nil, ebsclient.StateSuccess, 1, 1},
		{"cancelled", []answer{says(200, `{"state":"CANCEL"}`)}, ebsclient.Cancelled, ebsclient.StateCancel, 1, 1},
		{"to be repeated", []answer{says(200, `{"state":"REPEAT"}`)}, ebsclient.Repeat, ebsclient.StateRepeat, 1, 1},
		{"failed", []answer{says(200, `{"state":"FAILURE"}`)}, ebsclient.Failed, ebsclient.StateFailure, 1, 1},
		{"a verdict of a failure", []answer{says(200, `{"state":"FAILURE","extended_result":"a.b.c"}`)}, ebsclient.ReasonMalformed, ebsclient.StateFailure, 1, 1},
		{"a success without a verdict", []answer{says(200, `{"state":"SUCCESS"}`)}, ebsclient.ReasonMalformed, ebsclient.StateFailure, 1, 1},
		{"a state unheard of", []answer{says(200, `{"state":"MAYBE"}`)}, ebsclient.ReasonMalformed, ebsclient.StateFailure, 1, 1},
		{"no JSON", []answer{says(200, "ok")}, ebsclient.ReasonMalformed, ebsclient.StateFailure, 1, 1},
		{"a flood", []answer{says(200, strings.Repeat("x", 1<<20))}, ebsclient.ReasonMalformed, ebsclient.StateFailure, 1, 1},
		{"not done", []answer{says(202, `{"state":"PENDING"}`, "Retry-After", "2")}, ebsclient.Pending, "", 1, 1},
		{"not enrolled", []answer{problem(404, "not_enrolled")}, ebsclient.NotEnrolled, ebsclient.StateFailure, 1, 1},
		{"not enrolled, by 422", []answer{problem(422, "not_enrolled")}, ebsclient.NotEnrolled, ebsclient.StateFailure, 1, 1},
		{"low quality", []answer{problem(422, "low_quality")}, ebsclient.LowQuality, ebsclient.StateRepeat, 1, 1},
		{"liveness", []answer{problem(422, "liveness_failed")}, ebsclient.LivenessFailed, ebsclient.StateFailure, 1, 1},
		{"the secret was used", []answer{problem(422, "secret_used")}, ebsclient.SecretUsed, ebsclient.StateFailure, 1, 1},
		{"422 without a word", []answer{says(422, "")}, ebsclient.Failed, ebsclient.StateFailure, 1, 1},
		{"422 with a code of another kind", []answer{problem(422, "busy")}, ebsclient.Failed, ebsclient.StateFailure, 1, 1},
		{"over", []answer{says(410, "")}, ebsclient.Expired, ebsclient.StateFailure, 1, 1},
		{"no such session", []answer{problem(404, "expired")}, ebsclient.Expired, ebsclient.StateFailure, 1, 1},
		{"a wrong address", []answer{says(404, "<html>")}, ebsclient.Denied, ebsclient.StateFailure, 1, 1},
		{"400", []answer{says(400, "")}, ebsclient.Denied, ebsclient.StateFailure, 1, 1},
		{"401", []answer{says(401, "")}, ebsclient.Denied, ebsclient.StateFailure, 1, 1},
		{"403", []answer{says(403, "")}, ebsclient.Denied, ebsclient.StateFailure, 1, 1},
		{"busy", []answer{says(429, "", "Retry-After", "1"), says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 2, 2},
		{"busy for long", []answer{says(429, "", "Retry-After", "60")}, ebsclient.Busy, "", 1, 1},
		{"nobody listens", []answer{func(*http.Request) (*http.Response, error) { return nil, errDial }, says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 2, 2},
		// Whether an exchange was heard is not known: it is not repeated.
		{"a fault", []answer{says(500, ""), says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 2, 1},
		{"half an answer", []answer{brokenOff, says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 2, 1},
		{"a connection lost", []answer{refused, says(200, verdictAnswer)}, nil, ebsclient.StateSuccess, 2, 1},
		{"never", []answer{never}, ebsclient.Unavailable, "", 3, 1},
	} {
		for _, driver := range []string{"web", "adapter", "adapter that may repeat"} {
			t.Run(c.name+" by "+driver, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v := &verifier{answers: c.answers}
					var log bytes.Buffer
					logger := slog.New(slog.NewTextHandler(&log, nil))
					var d ebsclient.SessionVerifier
					want, state, sent := c.want, c.state, c.web
					r := back()
					switch driver {
					case "web":
						d = newWeb(t, v, func(cfg *ebsclient.WebConfig) { cfg.Logger = logger })
					default:
						r.Query = url.Values{"res_secret": {"the secret"}}
						repeatable := driver != "adapter"
						d = newAdapter(t, v, func(cfg *ebsclient.AdapterConfig) { cfg.Logger, cfg.Repeatable = logger, repeatable })
						if !repeatable {
							if sent = c.exchange; c.exchange < c.web {
								want, state = ebsclient.Unavailable, ""
							}
						}
					}
					token, err := d.Collect(t.Context(), ebsclient.Session{ID: "5f0c"}, r)
					if !errors.Is(err, want) || (token == "a.b.c") != (want == nil) || ebsclient.StateOf(err) != state || len(v.ids) != sent {
						t.Errorf("%q (%q) after %d questions, error %v; want %v (%q) after %d", token, ebsclient.StateOf(err), len(v.ids), err, want, state, sent)
					}
					var typed *ebsclient.Error
					if err != nil && !errors.As(err, &typed) {
						t.Errorf("an untyped error: %v", err)
					}
					for _, secret := range []string{subject, "Иванов", "secret-token", "the secret", personToken, "5f0c", "a.b.c"} {
						if text := fmt.Sprint(err, log.String()); strings.Contains(text, secret) {
							t.Errorf("%q in the log or the error: %v\n%s", secret, err, log.String())
						}
					}
					if n := strings.Count(log.String(), "request_id=request-2"); n != sent || strings.Count(log.String(), "\n") != sent {
						t.Errorf("%d lines with the request's ID, want %d:\n%s", n, sent, log.String())
					}
				})
			})
		}
	}
}

func TestWebCollects(t *testing.T) {
	var got *http.Request
	w := newWeb(t, &changeable{now: func(r *http.Request) (*http.Response, error) {
		got = r
		return says(200, verdictAnswer)(r)
	}}, nil)
	if _, err := w.Collect(t.Context(), ebsclient.Session{ID: "5f0c"}, back()); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.URL.String() != "https://ebs.example/api/v2/verifications/5f0c/result" ||
		got.Header.Get("Authorization") != "Bearer "+personToken || got.Header.Get("X-Request-Id") != "request-2" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
}

func TestAdapterBegins(t *testing.T) {
	a := newAdapter(t, &changeable{now: refused}, func(cfg *ebsclient.AdapterConfig) { cfg.Title, cfg.AppScheme = "Вход на экзамен", "ochno" })
	r := ebsclient.SessionRequest{Return: "https://ochno.example/back?a=b"}
	s, err := a.Begin(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	link, query, ok := strings.Cut(s.URL, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !ok || link != "ebs://" || strings.Contains(query, "+") {
		t.Fatalf("%s %v", s.URL, err)
	}
	for name, want := range map[string]string{
		"sid": s.ID, "info_system": "OCHNO", "adapter_url": "https://gate.example/ebs", "dbo_ko_uri": r.Return, "dbo_ko_public_uri": r.Return,
		"title": "Вход на экзамен", "appScheme": "ochno",
	} {
		if got := values[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	again, err := a.Begin(t.Context(), r)
	if err != nil || again.ID == s.ID || len(s.ID) != 32 {
		t.Errorf("sessions %q and %q, error %v", s.ID, again.ID, err)
	}
	stand := newAdapter(t, &changeable{now: refused}, func(cfg *ebsclient.AdapterConfig) {
		cfg.Launch, cfg.Server = "https://stand.example/app", "https://internal.example"
	})
	if s, err := stand.Begin(t.Context(), r); err != nil || !strings.HasPrefix(s.URL, "https://stand.example/app?") || !strings.Contains(s.URL, "dbo_ko_uri=https%3A%2F%2Finternal.example") {
		t.Errorf("%s %v", s.URL, err)
	}
}

func TestAdapterExchanges(t *testing.T) {
	var got *http.Request
	var body []byte
	a := newAdapter(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		body, _ = io.ReadAll(r.Body)
		return says(200, verdictAnswer)(r)
	}), nil)
	r := back()
	r.Query = url.Values{"res_secret": {"s\"е"}, "other": {"x"}}
	r.Query.Set("res_secret", `s"ек`)
	if _, err := a.Collect(t.Context(), ebsclient.Session{}, r); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.String() != "https://gate.example/ebs/bio/remote-identification/result" || got.Header.Get("X-Request-Id") != "request-2" ||
		got.Header.Get("Authorization") != "Bearer secret-token" || got.GetBody != nil || string(body) != `{"resSecret":"s\"ек"}` {
		t.Errorf("%s %s %v %s", got.Method, got.URL, got.Header, body)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAdapterWayBack(t *testing.T) {
	v := &changeable{now: says(200, verdictAnswer)}
	a := newAdapter(t, v, nil)
	for query, want := range map[string]error{
		"res_secret=1234": nil,
		"res_secret=" + strings.Repeat("%D0%B6", 250): nil,
		"res_secret=1234&cancel=true":                 nil, // a secret is a success
		"cancel=true":                                 ebsclient.Cancelled,
		"cancel":                                      ebsclient.Cancelled,
		"repeat=true":                                 ebsclient.Repeat,
		"":                                            ebsclient.Failed,
		"code=5":                                      ebsclient.Failed,
		"res_secret=":                                 ebsclient.Failed,
		"res_secret=123":                              ebsclient.Failed,
		"res_secret=" + strings.Repeat("%D0%B6", 251):   ebsclient.Failed,
		"res_secret=12%0A34":                            ebsclient.Failed,
		"res_secret=12%FF34":                            ebsclient.Failed,
		"res_secret=first&res_secret=second":            ebsclient.Failed,
		"res_secret=" + strings.Repeat("x", 1<<20) + "": ebsclient.Failed,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		r := back()
		r.Query = values
		before := v.count()
		token, err := a.Collect(t.Context(), ebsclient.Session{}, r)
		if asked := v.count() - before; !errors.Is(err, want) || (want == nil) != (token != "") || (asked == 1) != (want == nil) {
			t.Errorf("%.40q: %q, asked %d times, error %v; want %v", query, token, asked, err, want)
		}
	}
}

func TestSessionsRefuseBadRequests(t *testing.T) {
	v := &changeable{now: says(200, verdictAnswer, "Location", "/p?session_id=1")}
	w, a := newWeb(t, v, nil), newAdapter(t, v, nil)
	for name, change := range map[string]func(*ebsclient.SessionRequest){
		"no id":               func(r *ebsclient.SessionRequest) { r.ID = "" },
		"a header in the id":  func(r *ebsclient.SessionRequest) { r.ID = "x\r\nX-Evil: 1" },
		"a name as subject":   func(r *ebsclient.SessionRequest) { r.Subject = "Иванов" },
		"no token":            func(r *ebsclient.SessionRequest) { r.Bearer = "" },
		"a header in a token": func(r *ebsclient.SessionRequest) { r.Bearer = "x\r\nX-Evil: 1" },
		"a book for a token":  func(r *ebsclient.SessionRequest) { r.Bearer = strings.Repeat("x", 1<<20) },
	} {
		r := sessionRequest()
		change(&r)
		if s, err := w.Begin(t.Context(), r); err == nil || s.URL != "" || strings.Contains(err.Error(), "Иванов") {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
	for _, address := range []string{"", "/back", "ftp://ochno.example/", "http://ochno.example/", "https://a:b@ochno.example/", "https://ochno.example/#x", "javascript:alert(1)", "https://ochno.example/" + strings.Repeat("x", 9000)} {
		for _, d := range []ebsclient.SessionVerifier{w, a} {
			r := sessionRequest()
			r.Return = address
			if s, err := d.Begin(t.Context(), r); err == nil {
				t.Errorf("%T returns to %.40q: %v", d, address, s)
			}
		}
	}
	for _, address := range []string{"http://127.0.0.1:8080/back", "http://localhost/back"} {
		r := sessionRequest()
		r.Return = address
		if _, err := a.Begin(t.Context(), r); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for name, c := range map[string]struct {
		session string
		change  func(*ebsclient.Return)
	}{
		"no id":                     {"1", func(r *ebsclient.Return) { r.ID = "" }},
		"no token":                  {"1", func(r *ebsclient.Return) { r.Bearer = "" }},
		"no session":                {"", func(*ebsclient.Return) {}},
		"a path for a session":      {"../../keys", func(*ebsclient.Return) {}},
		"a book for a session's id": {strings.Repeat("x", 1000), func(*ebsclient.Return) {}},
	} {
		r := back()
		c.change(&r)
		if token, err := w.Collect(t.Context(), ebsclient.Session{ID: c.session}, r); err == nil || token != "" {
			t.Errorf("%s: %q", name, token)
		}
	}
	if _, err := a.Collect(t.Context(), ebsclient.Session{}, ebsclient.Return{Query: url.Values{"res_secret": {"12345"}}}); err == nil {
		t.Error("an exchange without an id")
	}
	if v.count() != 0 {
		t.Errorf("%d bad requests were sent", v.count())
	}
}

func TestNewSessionsRefuse(t *testing.T) {
	for name, cfg := range map[string]ebsclient.WebConfig{
		"no address":       {System: "OCHNO"},
		"plain http":       {BaseURL: "http://ebs.example", System: "OCHNO"},
		"no mnemonic":      {BaseURL: "https://ebs.example"},
		"negative timeout": {BaseURL: "https://ebs.example", System: "OCHNO", Timeout: -1},
	} {
		if _, err := ebsclient.NewWeb(cfg); err == nil {
			t.Errorf("web: %s: accepted", name)
		}
	}
	for name, cfg := range map[string]ebsclient.AdapterConfig{
		"no address":      {System: "OCHNO", Token: "t"},
		"plain http":      {BaseURL: "http://gate.example", System: "OCHNO", Token: "t"},
		"no mnemonic":     {BaseURL: "https://gate.example", Token: "t"},
		"nobody":          {BaseURL: "https://gate.example", System: "OCHNO"},
		"a script":        {BaseURL: "https://gate.example", System: "OCHNO", Token: "t", Launch: "javascript:alert(1)"},
		"no scheme":       {BaseURL: "https://gate.example", System: "OCHNO", Token: "t", Launch: "app"},
		"a query already": {BaseURL: "https://gate.example", System: "OCHNO", Token: "t", Launch: "ebs://?sid=1"},
	} {
		if _, err := ebsclient.NewAdapter(cfg); err == nil {
			t.Errorf("adapter: %s: accepted", name)
		}
	}
}

func TestStateOf(t *testing.T) {
	for code, want := range map[ebsclient.Code]ebsclient.State{
		ebsclient.Denied: ebsclient.StateFailure, ebsclient.NotEnrolled: ebsclient.StateFailure, ebsclient.LowQuality: ebsclient.StateRepeat,
		ebsclient.LivenessFailed: ebsclient.StateFailure, ebsclient.Expired: ebsclient.StateFailure, ebsclient.Busy: "", ebsclient.Unavailable: "",
		ebsclient.Pending: "", ebsclient.Cancelled: ebsclient.StateCancel, ebsclient.Repeat: ebsclient.StateRepeat, ebsclient.Failed: ebsclient.StateFailure,
		ebsclient.SecretUsed: ebsclient.StateFailure, ebsclient.BrokenVerdict: ebsclient.StateFailure,
	} {
		if got := ebsclient.StateOf(fmt.Errorf("collect: %w", &ebsclient.Error{Code: code})); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if ebsclient.StateOf(nil) != ebsclient.StateSuccess || ebsclient.StateOf(errors.New("no database")) != "" {
		t.Error("no error is a success, and another's error says nothing")
	}
}
