package ebsmock_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
)

// drivers are the ways to reach the stand.
const (
	push = iota
	web
	adapter
	drivers
)

// scenario is what a caller of a driver and of the checker meets.
type scenario struct {
	name string
	// err is what comes of it; nil: a verdict, for which ok says whether it is the one.
	err error
	ok  func(*ebsclient.Verdict) bool
	// sent is how many questions each driver asks for the verdict.
	sent [drivers]int32
	// state is a session's, for its caller, and left is what the stand makes of it.
	state ebsclient.State
	left  string
	// session is the error in a session, where it is another one.
	session error
}

func valid(result, alive bool, overall float64) func(*ebsclient.Verdict) bool {
	return func(v *ebsclient.Verdict) bool {
		return v.Result == result && v.Liveness.Passed == alive && v.Match.Overall == overall && len(v.Modalities) == 2
	}
}

func compared(v *ebsclient.Verdict) bool {
	return v.Result && v.Liveness.Passed && v.Match.Photo >= 0.9999 && v.Match.Sound >= 0.9999
}

var errNone = errors.New("none: a verdict")

func scenarios() []scenario {
	once, thrice, safe := [drivers]int32{1, 1, 1}, [drivers]int32{3, 3, 3}, [drivers]int32{3, 3, 1}
	const success, failure, known = ebsclient.StateSuccess, ebsclient.StateFailure, "SUCCESS"
	broken := func(name string, reason error) scenario {
		return scenario{name: name, err: reason, sent: once, state: failure, left: known}
	}
	refused := func(name string, code error, state ebsclient.State) scenario {
		return scenario{name: name, err: code, sent: once, state: state, left: known}
	}
	return []scenario{
		{name: "", ok: compared, sent: once, state: success, left: known},
		{name: "match", ok: valid(true, true, 0.99995), sent: once, state: success, left: known},
		{name: "near_miss", ok: valid(false, true, 0.9998), sent: once, state: success, left: known},
		{name: "no_match", ok: valid(false, true, 0.0123), sent: once, state: success, left: known},
		{name: "spoof", ok: valid(false, false, 0.99995), sent: once, state: success, left: known},
		{name: "slow", ok: compared, sent: once, state: success, left: known},
		{name: "slow;delay=15s", err: ebsclient.Unavailable, sent: safe, left: known},
		broken("photo_missing", ebsclient.ReasonModalityMissing),
		broken("sound_missing", ebsclient.ReasonModalityMissing),
		broken("wrong_issuer", ebsclient.ReasonWrongIssuer),
		broken("wrong_subject", ebsclient.ReasonWrongSubject),
		broken("wrong_audience", ebsclient.ReasonWrongAudience),
		broken("wrong_session", ebsclient.ReasonWrongSession),
		// In a session the digits are the verifier's own: none can be the wrong ones.
		{name: "wrong_challenge", err: ebsclient.ReasonWrongChallenge, session: errNone, ok: valid(true, true, 0.99995), sent: once, state: success, left: known},
		broken("bad_signature", ebsclient.ReasonBadSignature),
		broken("unknown_key", ebsclient.ReasonUnknownKey),
		broken("alg_none", ebsclient.ReasonWrongAlgorithm),
		broken("score_out_of_range", ebsclient.ReasonScoreOutOfRange),
		broken("replayed", ebsclient.ReasonReplayed),
		broken("expired", ebsclient.ReasonExpired),
		broken("future", ebsclient.ReasonNotYetValid),
		{name: "repeat", err: ebsclient.Repeat, sent: [drivers]int32{1, 1, 0}, state: ebsclient.StateRepeat, left: "REPEAT"},
		{name: "cancel", err: ebsclient.Cancelled, sent: [drivers]int32{1, 1, 0}, state: ebsclient.StateCancel, left: "CANCEL"},
		{name: "failure", err: ebsclient.Failed, sent: [drivers]int32{1, 1, 0}, state: failure, left: "FAILURE"},
		refused("low_quality", ebsclient.LowQuality, ebsclient.StateRepeat),
		refused("422", ebsclient.LowQuality, ebsclient.StateRepeat),
		refused("liveness_failed", ebsclient.LivenessFailed, failure),
		refused("not_enrolled", ebsclient.NotEnrolled, failure),
		refused("expired_session", ebsclient.Expired, failure),
		refused("replayed_secret", ebsclient.SecretUsed, failure),
		refused("401", ebsclient.Denied, failure),
		refused("403", ebsclient.Denied, failure),
		{name: "429", err: ebsclient.Busy, sent: thrice, left: known},
		{name: "429;retry-after=120", err: ebsclient.Busy, sent: once, left: known},
		// An exchange that may have been heard is not repeated.
		{name: "500", err: ebsclient.Unavailable, sent: safe, left: known},
		{name: "503", err: ebsclient.Unavailable, sent: safe, left: known},
		{name: "half", err: ebsclient.Unavailable, sent: safe, left: known},
		{name: "never", err: ebsclient.Unavailable, sent: safe, left: known},
	}
}

// TestScenarios plays every scenario through every driver and the checker: what a caller gets, and what is left behind.
func TestScenarios(t *testing.T) {
	photo, voice := modulePhoto(t, "face.jpg"), spoken(t, "пять, три, восемь, один")
	print, err := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() }).PrintOf(t.Context(), photo)
	if err != nil {
		t.Fatal(err)
	}
	tested := make(map[string]bool)
	for _, c := range scenarios() {
		tested[c.name] = true
		for driver, name := range []string{"push", "web", "adapter"} {
			t.Run(c.name+" by "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
					if err := s.EnrolPrint(ebsmock.Person{OID: oid}, print); err != nil {
						t.Fatal(err)
					}
					g := &game{t: t, stand: s, photo: photo, voice: voice, checker: newChecker(t, s), used: &uses{ReplayStore: ebsclient.NewMemoryReplay(nil)}}
					// One verdict was given and used before.
					if _, err := g.push("match", "id-0"); err != nil {
						t.Fatal(err)
					}
					g.sent.Store(0)
					g.used.n = 0
					g.play(c, driver)
				})
			})
		}
	}
	for _, name := range ebsmock.ScenarioNames() {
		if !tested[name] {
			t.Errorf("scenario %s is not tested", name)
		}
	}
}

// uses counts the verdicts that were used up.
type uses struct {
	ebsclient.ReplayStore
	n int
}

func (u *uses) Use(ctx context.Context, jti string, expires time.Time) error {
	err := u.ReplayStore.Use(ctx, jti, expires)
	if err == nil {
		u.n++
	}
	return err
}

// game is one caller before one stand.
type game struct {
	t            *testing.T
	stand        *ebsmock.Stand
	photo, voice []byte
	checker      *ebsclient.Checker
	used         *uses
	sent         atomic.Int32
	circuit      ebsclient.Circuit
	left         string
}

func (g *game) play(c scenario, driver int) {
	t := g.t
	want := c.err
	var verdict *ebsclient.Verdict
	var err error
	switch driver {
	case push:
		verdict, err = g.push(c.name, "id-1")
	case web, adapter:
		if c.session != nil {
			want = c.session
		}
		if driver == web {
			verdict, err = g.web(c.name)
		} else {
			verdict, err = g.adapter(c.name)
		}
		if state := ebsclient.StateOf(err); state != c.state || g.left != c.left {
			t.Errorf("the session is %q for its caller and %q for the stand, want %q and %q", state, g.left, c.state, c.left)
		}
	}
	if errors.Is(want, errNone) {
		want = nil
	}
	if !errors.Is(err, want) || (want == nil) != (verdict != nil) || (verdict != nil && !c.ok(verdict)) {
		t.Errorf("%+v, error %v; want %v", verdict, err, want)
	}
	var typed *ebsclient.Error
	if err != nil && !errors.As(err, &typed) {
		t.Errorf("an untyped error: %v", err)
	}
	if typed != nil && typed.Code == ebsclient.Busy && typed.RetryAfter == 0 {
		t.Error("busy without saying for how long")
	}
	if n := g.sent.Load(); n != c.sent[driver] {
		t.Errorf("asked %d times, want %d", n, c.sent[driver])
	}
	if (g.used.n == 1) != (want == nil) || g.used.n > 1 {
		t.Errorf("%d verdicts were used up", g.used.n)
	}
	if g.circuit != ebsclient.CircuitClosed {
		t.Errorf("the circuit is %s after one call", g.circuit)
	}
}

func (g *game) push(scenario, id string) (*ebsclient.Verdict, error) {
	p := newPush(g.t, serve(g.t, g.stand, scenario, &g.sent))
	r := request(id, g.photo, g.voice)
	got, err := p.Verify(g.t.Context(), r)
	g.circuit = p.Circuit()
	if err != nil {
		return nil, err
	}
	return g.checker.Check(g.t.Context(), got, ebsclient.Expect{Subject: oid, Session: r.Session, Challenge: r.Challenge, Replay: g.used})
}

func (g *game) web(scenario string) (*ebsclient.Verdict, error) {
	w := newWeb(g.t, serve(g.t, g.stand, "", &g.sent))
	s, err := w.Begin(g.t.Context(), ebsclient.SessionRequest{ID: "begin", Subject: oid, Bearer: token, Return: "https://ochno.example/back"})
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := w.Collect(g.t.Context(), s, ebsclient.Return{ID: "too-early", Bearer: token}); !errors.Is(err, ebsclient.Pending) {
		g.t.Errorf("before the person is done: %v", err)
	}
	g.sent.Store(0)
	if back := g.visit(s.ID, "", scenario); back != "https://ochno.example/back" {
		g.t.Errorf("the browser goes back to %s", back)
	}
	got, err := w.Collect(g.t.Context(), s, ebsclient.Return{ID: "collect", Bearer: token})
	g.circuit = w.Circuit()
	return g.check(s, got, err)
}

func (g *game) adapter(scenario string) (*ebsclient.Verdict, error) {
	a := newAdapter(g.t, serve(g.t, g.stand, "", &g.sent), false)
	s, err := a.Begin(g.t.Context(), ebsclient.SessionRequest{Return: "https://ochno.example/back?exam=7"})
	if err != nil {
		g.t.Fatal(err)
	}
	g.launch(s)
	back, err := url.Parse(g.visit(s.ID, oid, scenario))
	if err != nil || back.Host != "ochno.example" || back.Query().Get("exam") != "7" {
		g.t.Errorf("the browser goes back to %s, error %v", back, err)
	}
	got, err := a.Collect(g.t.Context(), s, ebsclient.Return{ID: "exchange", Query: back.Query()})
	g.circuit = a.Circuit()
	return g.check(s, got, err)
}

func (g *game) check(s ebsclient.Session, got string, err error) (*ebsclient.Verdict, error) {
	if err != nil {
		return nil, err
	}
	return g.checker.Check(g.t.Context(), got, ebsclient.Expect{Subject: oid, Session: s.ID, AnyChallenge: true, Replay: g.used})
}

// launch opens the stand's page by an adapter's link, as its script does.
func (g *game) launch(s ebsclient.Session) {
	link, err := url.Parse(s.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	q := link.Query()
	body, err := json.Marshal(map[string]string{"sid": q.Get("sid"), "infoSystem": q.Get("info_system"), "returnTo": q.Get("dbo_ko_public_uri")})
	if err != nil {
		g.t.Fatal(err)
	}
	g.page("POST", "/sessions", "application/json", body)
}

// page asks the stand as its page does.
func (g *game) page(method, path, contentType string, body []byte) (answer struct{ State, Challenge, ReturnTo string }) {
	g.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	g.stand.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		g.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return answer
}

// visit is the person before the stand's page: who picks the scenario, or without one, and with a slow one, confirms with
// camera and voice.
func (g *game) visit(session, person, scenario string) (back string) {
	g.t.Helper()
	name, setting, _ := strings.Cut(scenario, ";")
	if name == "" || name == "slow" {
		if name == "slow" {
			delay, err := time.ParseDuration(cmp.Or(strings.TrimPrefix(setting, "delay="), "3s"))
			if err == nil {
				err = g.stand.SetScenario(oid, ebsmock.Scenario{Name: name, Delay: delay})
			}
			if err != nil {
				g.t.Fatal(err)
			}
		}
		contentType, form := samples(g.t, person, nil, g.photo, g.voice)
		back = g.page("POST", "/sessions/"+session+"/samples", contentType, form).ReturnTo
	} else {
		seconds, _ := strconv.Atoi(strings.TrimPrefix(setting, "retry-after="))
		body, err := json.Marshal(map[string]any{"scenario": name, "user_id": person, "retryAfterSeconds": seconds})
		if err != nil {
			g.t.Fatal(err)
		}
		back = g.page("POST", "/sessions/"+session+"/scenario", "application/json", body).ReturnTo
	}
	g.left = g.page("GET", "/sessions/"+session, "", nil).State
	return back
}

// samples is the form that the page sends.
func samples(tb testing.TB, person string, shownMS []int, photo, voice []byte) (contentType string, body []byte) {
	tb.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	metadata, err := json.Marshal(map[string]any{"user_id": person, "shown_ms": shownMS})
	if err != nil {
		tb.Fatal(err)
	}
	for _, part := range []struct {
		name string
		data []byte
	}{{"metadata", metadata}, {"photo", photo}, {"voice", voice}} {
		if part.data == nil {
			continue
		}
		w, err := form.CreateFormField(part.name)
		if err == nil {
			_, err = w.Write(part.data)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		tb.Fatal(err)
	}
	return form.FormDataContentType(), out.Bytes()
}

func TestScenariosOfSubjects(t *testing.T) {
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	var sent atomic.Int32
	push := newPush(t, serve(t, s, "", &sent))
	put := func(path, body string) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("PUT", path, strings.NewReader(body)))
		return w.Code
	}
	for body, want := range map[string]int{
		`{"scenario":"made_up"}`: 400, `{"scenario":""}`: 400, `hello`: 400, `{"scenario":"429","times":-1}`: 400,
		`{"scenario":"slow","delayMs":99999999}`: 400, `{"scenario":"not_enrolled","times":2}`: 204,
	} {
		if got := put("/scenarios/"+oid, body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	if got := put("/scenarios/abc", `{"scenario":"match"}`); got != 400 {
		t.Errorf("no oid: %d", got)
	}
	ask := func(id string) error {
		_, err := push.Verify(t.Context(), request(id, []byte("hello"), []byte("hello")))
		return err
	}
	if !errors.Is(ask("1"), ebsclient.NotEnrolled) || !errors.Is(ask("2"), ebsclient.NotEnrolled) {
		t.Error("the scenario does not hold for two requests")
	}
	if put("/scenarios/"+oid, `{"scenario":"match"}`) != 204 || ask("3") != nil || ask("4") != nil {
		t.Error("the scenario without a count does not hold")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("DELETE", "/scenarios/"+oid, nil))
	if w.Code != 204 || !errors.Is(ask("5"), ebsclient.NotEnrolled) {
		t.Error("the scenario was not taken away")
	}
}
