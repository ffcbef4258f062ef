package ebsmock_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
)

// newGame is a caller before a stand that has enrolled the photograph's man.
func newGame(t *testing.T, change func(*ebsmock.Config)) *game {
	t.Helper()
	s := newStand(t, func(cfg *ebsmock.Config) {
		cfg.Key = standKey()
		if change != nil {
			change(cfg)
		}
	})
	photo := modulePhoto(t, "face.jpg")
	if err := s.Enrol(t.Context(), ebsmock.Person{OID: oid, Name: "Анна"}, photo); err != nil {
		t.Fatal(err)
	}
	return &game{t: t, stand: s, photo: photo, voice: spoken(t, "пять, три, восемь, один"), checker: newChecker(t, s), used: &uses{ReplayStore: ebsclient.NewMemoryReplay(nil)}}
}

func sessionRequest() ebsclient.SessionRequest {
	return ebsclient.SessionRequest{ID: "begin", Subject: oid, Bearer: token, Return: "https://ochno.example/back"}
}

// TestBeginScenarios: what concerns the request itself is met where the session begins; the rest waits for its end.
func TestBeginScenarios(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		sent int32
	}{
		"401": {ebsclient.Denied, 1}, "403": {ebsclient.Denied, 1}, "429": {ebsclient.Busy, 3}, "429;retry-after=120": {ebsclient.Busy, 1},
		"500": {ebsclient.Unavailable, 3}, "503": {ebsclient.Unavailable, 3}, "half": {ebsclient.Unavailable, 3}, "never": {ebsclient.Unavailable, 3},
		"not_enrolled": {ebsclient.NotEnrolled, 1}, "made_up": {ebsclient.Denied, 1}, "slow": {nil, 1}, "slow;delay=15s": {ebsclient.Unavailable, 3},
		"match": {nil, 1}, "422": {nil, 1}, "cancel": {nil, 1}, "wrong_subject": {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
				var sent atomic.Int32
				session, err := newWeb(t, serve(t, s, name, &sent)).Begin(t.Context(), sessionRequest())
				if !errors.Is(err, c.err) || (c.err == nil) != (session.ID != "") || sent.Load() != c.sent {
					t.Errorf("%+v after %d questions, error %v; want %v after %d", session, sent.Load(), err, c.err, c.sent)
				}
			})
		})
	}
}

// TestBegunScenarioWaits: a scenario that a session was begun with is met when the person is done, and not before.
func TestBegunScenarioWaits(t *testing.T) {
	g := newGame(t, nil)
	w := newWeb(t, serve(t, g.stand, "", &g.sent))
	for name, want := range map[string]error{"near_miss": nil, "liveness_failed": ebsclient.LivenessFailed, "repeat": ebsclient.Repeat, "bad_signature": ebsclient.ReasonBadSignature} {
		if err := g.stand.SetScenario(oid, ebsmock.Scenario{Name: name, Times: 1}); err != nil {
			t.Fatal(err)
		}
		s, err := w.Begin(t.Context(), sessionRequest())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Collect(t.Context(), s, ebsclient.Return{ID: "1", Bearer: token}); !errors.Is(err, ebsclient.Pending) {
			t.Errorf("%s: before the person is done: %v", name, err)
		}
		contentType, form := samples(t, "", nil, []byte("photo"), []byte("voice"))
		g.page("POST", "/sessions/"+s.ID+"/samples", contentType, form)
		got, err := w.Collect(t.Context(), s, ebsclient.Return{ID: "2", Bearer: token})
		v, err := g.check(s, got, err)
		if !errors.Is(err, want) || (want == nil && (v.Result || v.Match.Overall != 0.9998)) {
			t.Errorf("%s: %+v, error %v; want %v", name, v, err, want)
		}
	}
}

// TestResultScenarios: a request's own scenario waits for nobody.
func TestResultScenarios(t *testing.T) {
	g := newGame(t, nil)
	begun := newWeb(t, serve(t, g.stand, "", &g.sent))
	for name, want := range map[string]error{
		"match": nil, "cancel": ebsclient.Cancelled, "unknown_key": ebsclient.ReasonUnknownKey, "422": ebsclient.LowQuality, "403": ebsclient.Denied, "slow;delay=1ms": ebsclient.Pending,
	} {
		s, err := begun.Begin(t.Context(), sessionRequest())
		if err != nil {
			t.Fatal(err)
		}
		got, err := newWeb(t, serve(t, g.stand, name, &g.sent)).Collect(t.Context(), s, ebsclient.Return{ID: "1", Bearer: token})
		if _, err := g.check(s, got, err); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// esiaToken looks like ESIA's access token for a person.
func esiaToken(oid string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"urn:esia:sbj_id":`+oid+`}`)) + ".c2ln"
}

func TestSessionBearers(t *testing.T) {
	g := newGame(t, func(cfg *ebsmock.Config) {
		cfg.Systems = append(cfg.Systems, ebsmock.System{Mnemonic: "OTHER", Token: "other-token"})
	})
	w := newWeb(t, serve(t, g.stand, "", &g.sent))
	for name, c := range map[string]struct {
		bearer string
		want   error
	}{
		"the system's":              {token, nil},
		"another system's":          {"other-token", ebsclient.Denied},
		"the person's":              {esiaToken(oid), nil},
		"another person's":          {esiaToken("2"), ebsclient.Denied},
		"a word":                    {"word", ebsclient.Denied},
		"three words":               {"a.b.c", ebsclient.Denied},
		"a token that names nobody": {"e30.e30.c2ln", ebsclient.Denied},
	} {
		r := sessionRequest()
		r.Bearer = c.bearer
		s, err := w.Begin(t.Context(), r)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		g.visit(s.ID, "", "match")
		if _, err := w.Collect(t.Context(), s, ebsclient.Return{ID: "1", Bearer: "other-token"}); !errors.Is(err, ebsclient.Denied) {
			t.Errorf("%s: collected by another: %v", name, err)
		}
		one, err1 := w.Collect(t.Context(), s, ebsclient.Return{ID: "2", Bearer: c.bearer})
		two, err2 := w.Collect(t.Context(), s, ebsclient.Return{ID: "3", Bearer: c.bearer})
		if err := errors.Join(err1, err2); err != nil || one != two || one == "" {
			t.Errorf("%s: collected twice, two verdicts; error %v", name, err)
		}
	}
	if _, err := w.Collect(t.Context(), ebsclient.Session{ID: "unheard-of"}, ebsclient.Return{ID: "1", Bearer: token}); !errors.Is(err, ebsclient.Expired) {
		t.Errorf("no such session: %v", err)
	}
}

// TestSecretOnce: a secret is exchanged once, but the answer to one request can be had again.
func TestSecretOnce(t *testing.T) {
	g := newGame(t, func(cfg *ebsmock.Config) {
		cfg.Systems = append(cfg.Systems, ebsmock.System{Mnemonic: "OTHER", Token: "other-token"})
	})
	a := newAdapter(t, serve(t, g.stand, "", &g.sent), false)
	begin := func(scenario string) (ebsclient.Session, url.Values) {
		t.Helper()
		s, err := a.Begin(t.Context(), sessionRequest())
		if err != nil {
			t.Fatal(err)
		}
		g.launch(s)
		g.launch(s) // opened again: the same session
		back, err := url.Parse(g.visit(s.ID, oid, scenario))
		if err != nil {
			t.Fatal(err)
		}
		return s, back.Query()
	}
	s, query := begin("match")
	stranger, err := ebsclient.NewAdapter(ebsclient.AdapterConfig{BaseURL: "http://localhost", System: "OTHER", Token: "other-token", HTTPClient: serve(t, g.stand, "", &g.sent), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Collect(t.Context(), s, ebsclient.Return{ID: "0", Query: query}); !errors.Is(err, ebsclient.Denied) {
		t.Errorf("by another system: %v", err)
	}
	one, err1 := a.Collect(t.Context(), s, ebsclient.Return{ID: "1", Query: query})
	two, err2 := a.Collect(t.Context(), s, ebsclient.Return{ID: "1", Query: query})
	if err := errors.Join(err1, err2); err != nil || one == "" || one != two {
		t.Errorf("the same exchange twice: %v", err)
	}
	if _, err := a.Collect(t.Context(), s, ebsclient.Return{ID: "2", Query: query}); !errors.Is(err, ebsclient.SecretUsed) || ebsclient.StateOf(err) != ebsclient.StateFailure {
		t.Errorf("another exchange of the same secret: %v", err)
	}
	if _, err := a.Collect(t.Context(), s, ebsclient.Return{ID: "3", Query: url.Values{"res_secret": {"made up"}}}); !errors.Is(err, ebsclient.Denied) {
		t.Errorf("a secret made up: %v", err)
	}

	// The answer to an exchange gets lost. The secret is used up, and only the same exchange has the verdict.
	s, query = begin("match")
	if _, err := newAdapter(t, serve(t, g.stand, "half", &g.sent), false).Collect(t.Context(), s, ebsclient.Return{ID: "4", Query: query}); !errors.Is(err, ebsclient.Unavailable) {
		t.Errorf("half an answer: %v", err)
	}
	if _, err := a.Collect(t.Context(), s, ebsclient.Return{ID: "5", Query: query}); !errors.Is(err, ebsclient.SecretUsed) {
		t.Errorf("another exchange after a lost answer: %v", err)
	}
	got, err := a.Collect(t.Context(), s, ebsclient.Return{ID: "4", Query: query})
	if v, err := g.check(s, got, err); err != nil || !v.Result {
		t.Errorf("the same exchange after a lost answer: %+v %v", v, err)
	}
	// A driver that knows this repeats by itself.
	s, query = begin("match")
	lossy := newAdapter(t, &http.Client{Transport: &lossy{Client: serve(t, g.stand, "", &g.sent)}}, true)
	got, err = lossy.Collect(t.Context(), s, ebsclient.Return{ID: "6", Query: query})
	if v, err := g.check(s, got, err); err != nil || !v.Result {
		t.Errorf("an adapter that may repeat: %+v %v", v, err)
	}
}

// lossy loses the first answer.
type lossy struct {
	*http.Client
	lost bool
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(r)
	if err == nil && !l.lost {
		l.lost = true
		resp.Body.Close()
		return nil, errors.New("connection reset")
	}
	return resp, err
}

func TestSessionEnds(t *testing.T) {
	now := time.Now()
	g := newGame(t, func(cfg *ebsmock.Config) { cfg.Now = func() time.Time { return now } })
	w := newWeb(t, serve(t, g.stand, "", &g.sent))
	s, err := w.Begin(t.Context(), sessionRequest())
	if err != nil {
		t.Fatal(err)
	}
	g.visit(s.ID, "", "match")
	if back := g.visit(s.ID, "", "cancel"); g.left != "SUCCESS" || back != "https://ochno.example/back" {
		t.Errorf("a session that had ended became %s", g.left)
	}
	now = now.Add(11 * time.Minute)
	if _, err := w.Collect(t.Context(), s, ebsclient.Return{ID: "1", Bearer: token}); !errors.Is(err, ebsclient.Expired) {
		t.Errorf("after its time: %v", err)
	}
	rec := httptest.NewRecorder()
	g.stand.ServeHTTP(rec, httptest.NewRequest("GET", "/sessions/"+s.ID, nil))
	if rec.Code != 410 {
		t.Errorf("the page of a session that is over: %d", rec.Code)
	}
}

// TestSessionCompares: the person confirms with camera and voice.
func TestSessionCompares(t *testing.T) {
	t.Parallel()
	g := newGame(t, nil)
	face := webcam(t, g.photo)
	w := newWeb(t, serve(t, g.stand, "", &g.sent))
	begin := func(subject string) ebsclient.Session {
		t.Helper()
		r := sessionRequest()
		r.Subject = subject
		s, err := w.Begin(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	send := func(s ebsclient.Session, shown []int, photo, voice []byte) (int, string) {
		t.Helper()
		contentType, form := samples(t, "", shown, photo, voice)
		r := httptest.NewRequest("POST", "/sessions/"+s.ID+"/samples", bytes.NewReader(form))
		r.Header.Set("Content-Type", contentType)
		rec := httptest.NewRecorder()
		g.stand.ServeHTTP(rec, r)
		var answer struct{ State, Code string }
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s: %v", rec.Body, err)
		}
		return rec.Code, answer.State + answer.Code
	}
	collect := func(s ebsclient.Session) (*ebsclient.Verdict, error) {
		got, err := w.Collect(t.Context(), s, ebsclient.Return{ID: "collect", Bearer: token})
		return g.check(s, got, err)
	}
	want := func(name string, code int, text, wantText string, wantCode int) {
		t.Helper()
		if code != wantCode || text != wantText {
			t.Errorf("%s: %d %s, want %d %s", name, code, text, wantCode, wantText)
		}
	}
	said, shown := saidOneByOne(t)

	s := begin(oid)
	code, text := send(s, shown, face.lit(gamma(1.4)).jpeg(t, 90), said)
	want("the person", code, text, "SUCCESS", 200)
	if v, err := collect(s); err != nil || !v.Result || v.Match.Overall < ebsmock.Threshold || len(v.Challenge) != 4 {
		t.Errorf("the person: %+v %v", v, err)
	}
	s = begin(oid)
	code, text = send(s, shown, others(face)["mirrored, eyes apart"].jpeg(t, 90), said)
	want("another person", code, text, "SUCCESS", 200)
	if v, err := collect(s); err != nil || v.Result || v.Match.Overall >= 0.5 {
		t.Errorf("another person: %+v %v", v, err)
	}
	s = begin(oid)
	code, text = send(s, []int{7000, 8000, 9000, 10000}, g.photo, said)
	want("digits that came when the voice did not", code, text, "SUCCESS", 200)
	if v, err := collect(s); err != nil || v.Result || v.Match.Sound >= 0.5 || v.Liveness.Passed {
		t.Errorf("digits that came when the voice did not: %+v %v", v, err)
	}
	s = begin("2")
	code, text = send(s, nil, g.photo, said)
	want("nobody enrolled", code, text, "FAILURE", 200)
	if _, err := collect(s); !errors.Is(err, ebsclient.NotEnrolled) {
		t.Errorf("nobody enrolled: %v", err)
	}
	s = begin(oid)
	nobody := frame{image.NewRGBA(image.Rect(0, 0, 640, 480))}.jpeg(t, 90)
	for i, wanted := range []struct {
		code int
		text string
	}{{422, "low_quality"}, {422, "low_quality"}, {200, "REPEAT"}} {
		code, text = send(s, nil, nobody, said)
		want(fmt.Sprint("no face, try ", i+1), code, text, wanted.text, wanted.code)
	}
	if _, err := collect(s); !errors.Is(err, ebsclient.Repeat) {
		t.Errorf("no face three times: %v", err)
	}
	code, text = send(begin(oid), []int{1, 2}, g.photo, said)
	want("times of two digits", code, text, "bad_body", 400)
	code, text = send(ebsclient.Session{ID: "unheard-of"}, nil, g.photo, said)
	want("no session", code, text, "expired", 404)
}

func TestSessionStrangers(t *testing.T) {
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	do := func(method, path, body string, change func(*http.Request)) int {
		r := httptest.NewRequest(method, path, bytes.NewReader([]byte(body)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Request-Id", "id")
		if change != nil {
			change(r)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	const begin = `{"metadata":{"date":"1","user_id":"1","info_system":"OCHNO","idp":"ESIA"}}`
	const redirect = "/api/v2/verifications?redirect=https%3A%2F%2Fochno.example%2F"
	const exchange, launch = "/bio/remote-identification/result", "/sessions"
	nobody := func(r *http.Request) { r.Header.Del("Authorization") }
	for name, c := range map[string]struct {
		path, body string
		change     func(*http.Request)
		want       int
	}{
		"begin":                     {redirect, begin, nil, 302},
		"begin, by nobody":          {redirect, begin, nobody, 401},
		"begin, no redirect":        {"/api/v2/verifications", begin, nil, 400},
		"begin, a script":           {"/api/v2/verifications?redirect=javascript:alert(1)", begin, nil, 400},
		"begin, no JSON":            {redirect, "hello", nil, 400},
		"begin, too much":           {redirect, `{"metadata":{"date":"` + string(bytes.Repeat([]byte("1"), 1<<20)), nil, 413},
		"begin, no person":          {redirect, `{"metadata":{"date":"1","info_system":"OCHNO","idp":"ESIA"}}`, nil, 400},
		"begin, another system":     {redirect, `{"metadata":{"date":"1","user_id":"1","info_system":"X","idp":"ESIA"}}`, nil, 403},
		"begin, by another page":    {redirect, begin, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"exchange, by nobody":       {exchange, `{"resSecret":"12345"}`, nobody, 401},
		"exchange, no id":           {exchange, `{"resSecret":"12345"}`, func(r *http.Request) { r.Header.Del("X-Request-Id") }, 400},
		"exchange, a short secret":  {exchange, `{"resSecret":"123"}`, nil, 400},
		"exchange, an unknown one":  {exchange, `{"resSecret":"12345"}`, nil, 400},
		"launch":                    {launch, `{"sid":"12345678","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`, nil, 200},
		"launch, another's session": {launch, `{"sid":"12345678","infoSystem":"OCHNO","returnTo":"https://evil.example/"}`, nil, 410},
		"launch, a script":          {launch, `{"sid":"12345679","infoSystem":"OCHNO","returnTo":"javascript:alert(1)"}`, nil, 400},
		"launch, another system":    {launch, `{"sid":"12345679","infoSystem":"X","returnTo":"https://ochno.example/"}`, nil, 403},
		"launch, a path":            {launch, `{"sid":"../../../keys","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`, nil, 400},
		"a scenario of no session":  {"/sessions/1/scenario", `{"scenario":"match"}`, nil, 404},
		"no scenario":               {"/sessions/1/scenario", `{"scenario":"made_up"}`, nil, 400},
	} {
		// The one that another would take over comes first, whichever the order.
		if name == "launch, another's session" {
			do("POST", launch, `{"sid":"12345678","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`, nil)
		}
		if got := do("POST", c.path, c.body, c.change); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	do("POST", launch, `{"sid":"12345678","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`, nil)
	if got := do("POST", "/sessions/12345678/scenario", `{"scenario":"match"}`, nil); got != 400 {
		t.Errorf("a match of nobody: %d", got)
	}
	if got := do("GET", "/api/v2/verifications/12345678/result", "", nil); got != 401 {
		t.Errorf("an adapter's session by the web interface: %d", got)
	}
}
