package ebsmock_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
)

const (
	oid     = "1000000001"
	session = "session-1"
)

var standKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// pipes connects an HTTP client with a server in memory, so that both live in a bubble of synctest's and its clock.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve runs the stand and returns a client for it. Scenario, if not empty, goes with every request; sent counts them.
func serve(t *testing.T, s *ebsmock.Stand, scenario string, sent *atomic.Int32) *http.Client {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: s, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(p) }()
	transport := &http.Transport{DialContext: p.dial, DisableKeepAlives: true}
	t.Cleanup(func() {
		s.Stop()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return &http.Client{Transport: with{transport, scenario, sent}}
}

type with struct {
	http.RoundTripper
	scenario string
	sent     *atomic.Int32
}

func (w with) RoundTrip(r *http.Request) (*http.Response, error) {
	w.sent.Add(1)
	r = r.Clone(r.Context())
	if w.scenario != "" {
		r.Header.Set(ebsmock.ScenarioHeader, w.scenario)
	}
	return w.RoundTripper.RoundTrip(r)
}

func newPush(tb testing.TB, client *http.Client) *ebsclient.Push {
	tb.Helper()
	p, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: "http://localhost", System: "OCHNO", Token: token, HTTPClient: client, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func newChecker(tb testing.TB, s *ebsmock.Stand) *ebsclient.Checker {
	tb.Helper()
	keys, err := ebsclient.ParseKeys(s.PublicKeysJWKS())
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: "ebs-stand", Audience: "OCHNO", Keys: keys, Stand: true})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func request(id string, photo, voice []byte) ebsclient.Request {
	return ebsclient.Request{
		ID: id, Subject: oid, Session: session, Challenge: "5381",
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: photo}, Voice: ebsclient.Sample{ContentType: "audio/wav", Data: voice},
	}
}

// TestScenarios plays every scenario through the push driver and the checker: what a caller of both gets.
func TestScenarios(t *testing.T) {
	photo, voice := modulePhoto(t, "face.jpg"), spoken(t, "пять, три, восемь, один")
	valid := func(result, alive bool, overall float64) func(*ebsclient.Verdict) bool {
		return func(v *ebsclient.Verdict) bool {
			return v.Result == result && v.Liveness.Passed == alive && v.Match.Overall == overall
		}
	}
	tests := map[string]struct {
		err     error
		verdict func(*ebsclient.Verdict) bool
		sent    int32
	}{
		"": {verdict: func(v *ebsclient.Verdict) bool {
			return v.Result && v.Liveness.Passed && v.Match.Photo >= 0.9999 && v.Match.Sound >= 0.9999
		}, sent: 1},
		"match":               {verdict: valid(true, true, 0.99995), sent: 1},
		"near_miss":           {verdict: valid(false, true, 0.9998), sent: 1},
		"no_match":            {verdict: valid(false, true, 0.0123), sent: 1},
		"spoof":               {verdict: valid(false, false, 0.99995), sent: 1},
		"slow":                {verdict: func(v *ebsclient.Verdict) bool { return v.Result }, sent: 1},
		"slow;delay=15s":      {err: ebsclient.Unavailable, sent: 3},
		"photo_missing":       {err: ebsclient.ReasonModalityMissing, sent: 1},
		"sound_missing":       {err: ebsclient.ReasonModalityMissing, sent: 1},
		"low_quality":         {err: ebsclient.LowQuality, sent: 1},
		"liveness_failed":     {err: ebsclient.LivenessFailed, sent: 1},
		"not_enrolled":        {err: ebsclient.NotEnrolled, sent: 1},
		"expired_session":     {err: ebsclient.Expired, sent: 1},
		"wrong_issuer":        {err: ebsclient.ReasonWrongIssuer, sent: 1},
		"wrong_subject":       {err: ebsclient.ReasonWrongSubject, sent: 1},
		"wrong_audience":      {err: ebsclient.ReasonWrongAudience, sent: 1},
		"wrong_session":       {err: ebsclient.ReasonWrongSession, sent: 1},
		"wrong_challenge":     {err: ebsclient.ReasonWrongChallenge, sent: 1},
		"bad_signature":       {err: ebsclient.ReasonBadSignature, sent: 1},
		"unknown_key":         {err: ebsclient.ReasonUnknownKey, sent: 1},
		"alg_none":            {err: ebsclient.ReasonWrongAlgorithm, sent: 1},
		"score_out_of_range":  {err: ebsclient.ReasonScoreOutOfRange, sent: 1},
		"replayed":            {err: ebsclient.ReasonReplayed, sent: 1},
		"expired":             {err: ebsclient.ReasonExpired, sent: 1},
		"future":              {err: ebsclient.ReasonNotYetValid, sent: 1},
		"401":                 {err: ebsclient.Denied, sent: 1},
		"403":                 {err: ebsclient.Denied, sent: 1},
		"422":                 {err: ebsclient.LowQuality, sent: 1},
		"429":                 {err: ebsclient.Busy, sent: 3},
		"429;retry-after=120": {err: ebsclient.Busy, sent: 1},
		"500":                 {err: ebsclient.Unavailable, sent: 3},
		"503":                 {err: ebsclient.Unavailable, sent: 3},
		"half":                {err: ebsclient.Unavailable, sent: 3},
		"never":               {err: ebsclient.Unavailable, sent: 3},
	}
	for _, name := range ebsmock.ScenarioNames() {
		if _, ok := tests[name]; !ok {
			t.Errorf("scenario %s is not tested", name)
		}
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
				if err := s.Enrol(t.Context(), ebsmock.Person{OID: oid}, photo); err != nil {
					t.Fatal(err)
				}
				var sent, earlier atomic.Int32
				replay := ebsclient.NewMemoryReplay(nil)
				expect := ebsclient.Expect{Subject: oid, Session: session, Challenge: "5381", Replay: replay}
				checker := newChecker(t, s)
				// One verdict was given and used before.
				first, err := newPush(t, serve(t, s, "match", &earlier)).Verify(t.Context(), request("id-0", photo, voice))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := checker.Check(t.Context(), first, expect); err != nil {
					t.Fatal(err)
				}

				var verdict *ebsclient.Verdict
				got, err := newPush(t, serve(t, s, name, &sent)).Verify(t.Context(), request("id-1", photo, voice))
				if err == nil {
					verdict, err = checker.Check(t.Context(), got, expect)
				}
				if c.err != nil && (verdict != nil || !errors.Is(err, c.err)) || c.err == nil && (err != nil || !c.verdict(verdict)) {
					t.Errorf("%+v, error %v; want %v", verdict, err, c.err)
				}
				var typed *ebsclient.Error
				if err != nil && !errors.As(err, &typed) {
					t.Errorf("an untyped error: %v", err)
				}
				if typed != nil && typed.Code == ebsclient.Busy && typed.RetryAfter == 0 {
					t.Error("busy without saying for how long")
				}
				if sent.Load() != c.sent {
					t.Errorf("sent %d times, want %d", sent.Load(), c.sent)
				}
			})
		})
	}
}

func TestCompares(t *testing.T) {
	face := webcam(t, modulePhoto(t, "face.jpg"))
	voice := spoken(t, "пять, три, восемь, один")
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	if err := s.Enrol(t.Context(), ebsmock.Person{OID: oid, Name: "Анна"}, modulePhoto(t, "face.jpg")); err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int32
	push, checker := newPush(t, serve(t, s, "", &sent)), newChecker(t, s)
	ask := func(r ebsclient.Request) (*ebsclient.Verdict, error) {
		got, err := push.Verify(t.Context(), r)
		if err != nil {
			return nil, err
		}
		return checker.Check(t.Context(), got, ebsclient.Expect{Subject: r.Subject, Session: r.Session, Challenge: r.Challenge, Replay: ebsclient.NewMemoryReplay(nil)})
	}
	v, err := ask(request("same", face.vp8(t, "500k"), voice))
	if err != nil || !v.Result || v.Match.Overall < ebsmock.Threshold || v.Engine["photo"] != ebsmock.PhotoEngine {
		t.Errorf("the same person: %+v %v", v, err)
	}
	drawn := others(face)
	for _, name := range []string{"mirrored, longer by a quarter", "mirrored, eyes apart"} {
		v, err := ask(request("other-"+strings.NewReplacer(" ", "-", ",", "").Replace(name), drawn[name].vp8(t, "500k"), voice))
		if err != nil || v.Result || v.Match.Overall >= 0.5 || v.Match.Sound < 0.9999 {
			t.Errorf("another person, %s: %+v %v", name, v, err)
		}
	}
	v, err = ask(request("mute", face.jpeg(t, 90), wav(make([]byte, 96000), 16000)))
	if err != nil || v.Result || v.Liveness.Passed || v.Match.Sound >= 0.5 || v.Match.Photo < ebsmock.Threshold {
		t.Errorf("nobody speaks: %+v %v", v, err)
	}
	r := request("stranger", face.jpeg(t, 90), voice)
	r.Subject = "2"
	if _, err = ask(r); !errors.Is(err, ebsclient.NotEnrolled) {
		t.Errorf("nobody enrolled: %v", err)
	}
	if _, err = ask(request("empty", frame{image.NewRGBA(image.Rect(0, 0, 640, 480))}.jpeg(t, 90), voice)); !errors.Is(err, ebsclient.LowQuality) {
		t.Errorf("an empty picture: %v", err)
	}
	if _, err = ask(request("noise", []byte("hello"), voice)); !errors.Is(err, ebsclient.LowQuality) {
		t.Errorf("no picture: %v", err)
	}
	if _, err = ask(request("deaf", face.jpeg(t, 90), []byte("hello"))); !errors.Is(err, ebsclient.LowQuality) {
		t.Errorf("no sound: %v", err)
	}
}

func TestSameRequestSameAnswer(t *testing.T) {
	photo, voice := modulePhoto(t, "face.jpg"), spoken(t, "пять, три, восемь, один")
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	if err := s.Enrol(t.Context(), ebsmock.Person{OID: oid}, photo); err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int32
	push := newPush(t, serve(t, s, "", &sent))
	one, err1 := push.Verify(t.Context(), request("id", photo, voice))
	two, err2 := push.Verify(t.Context(), request("id", photo, voice))
	if err := errors.Join(err1, err2); err != nil || one != two {
		t.Errorf("asked twice, two answers; error %v", err)
	}
	other := request("id", photo, voice)
	other.Challenge = "1835"
	if _, err := push.Verify(t.Context(), other); !errors.Is(err, ebsclient.Denied) {
		t.Errorf("another request with the same id: %v", err)
	}
	three, err := push.Verify(t.Context(), request("id-2", photo, voice))
	if err != nil || three == one {
		t.Errorf("another id, the same answer; error %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	dir := t.TempDir()
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir = dir })
	var sent atomic.Int32
	client := serve(t, s, "match", &sent)
	now := time.Now()
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: "http://localhost/keys", HTTPClient: client, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: "ebs-stand", Audience: "OCHNO", Keys: keys, Stand: true})
	if err != nil {
		t.Fatal(err)
	}
	push := newPush(t, client)
	verify := func(id string) (string, error) {
		got, err := push.Verify(t.Context(), request(id, []byte("photo"), []byte("voice")))
		if err != nil {
			return "", err
		}
		_, err = checker.Check(t.Context(), got, ebsclient.Expect{Subject: oid, Session: session, Challenge: "5381", Replay: ebsclient.AllowReplay{}})
		return got, err
	}
	old, err := verify("before")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Post("http://localhost/keys/rotate", "", nil)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	now = now.Add(time.Minute)
	if _, err := verify("after"); err != nil {
		t.Errorf("by the new key: %v", err)
	}
	if _, err := checker.Check(t.Context(), old, ebsclient.Expect{Subject: oid, Session: session, Challenge: "5381", Replay: ebsclient.AllowReplay{}}); err != nil {
		t.Errorf("by the old key: %v", err)
	}
	again := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir = dir })
	if !bytes.Equal(s.PublicKeysJWKS(), again.PublicKeysJWKS()) {
		t.Error("a stand with the same folder has other keys")
	}
}

func TestEnrolment(t *testing.T) {
	dir := t.TempDir()
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Key = dir, standKey() })
	face := webcam(t, modulePhoto(t, "face.jpg"))
	var asPNG bytes.Buffer
	if err := png.Encode(&asPNG, face); err != nil {
		t.Fatal(err)
	}
	twice := frame{image.NewRGBA(image.Rect(0, 0, 1280, 480))}
	twice.fill(face, func(x, y float64) (float64, float64) {
		if x >= 640 {
			x -= 640
		}
		return x, y
	})
	do := func(method, path, contentType, name string, body []byte) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Person-Name", name)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	code := func(w *httptest.ResponseRecorder) string {
		var p struct {
			Code    string
			Message map[string]string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" || p.Message["ru"] == "" || p.Message["en"] == "" {
			t.Errorf("not a problem: %s", w.Body)
		}
		return p.Code
	}
	for name, c := range map[string]struct {
		path, contentType, person string
		body                      []byte
		status                    int
		code                      string
	}{
		"no oid":        {"/enrolments/abc", "image/jpeg", "", face.jpeg(t, 90), 400, "bad_oid"},
		"a path":        {"/enrolments/..%2Fkeys", "image/jpeg", "", face.jpeg(t, 90), 400, "bad_oid"},
		"no type":       {"/enrolments/5", "", "", face.jpeg(t, 90), 415, "bad_type"},
		"a GIF":         {"/enrolments/5", "image/gif", "", face.jpeg(t, 90), 415, "bad_type"},
		"a long name":   {"/enrolments/5", "image/jpeg", strings.Repeat("n", 201), face.jpeg(t, 90), 400, "bad_name"},
		"no text":       {"/enrolments/5", "image/jpeg", "%FF", face.jpeg(t, 90), 400, "bad_name"},
		"no picture":    {"/enrolments/5", "image/jpeg", "", []byte("hello"), 422, "low_quality"},
		"half of one":   {"/enrolments/5", "image/jpeg", "", face.jpeg(t, 90)[:3000], 422, "low_quality"},
		"a bomb":        {"/enrolments/5", "image/png", "", bomb(t), 422, "low_quality"},
		"no face":       {"/enrolments/5", "image/jpeg", "", frame{image.NewRGBA(face.Rect)}.jpeg(t, 90), 422, "low_quality"},
		"two faces":     {"/enrolments/5", "image/jpeg", "", twice.jpeg(t, 90), 422, "low_quality"},
		"much too much": {"/enrolments/5", "image/jpeg", "", make([]byte, 9<<20), 413, "too_large"},
	} {
		w := do("PUT", c.path, c.contentType, c.person, c.body)
		if w.Code != c.status || code(w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
		}
	}
	if w := do("GET", "/enrolments", "", "", nil); strings.TrimSpace(w.Body.String()) != `{"enrolments":[]}` {
		t.Errorf("refused pictures left something behind: %s", w.Body)
	}
	if w := do("PUT", "/enrolments/5", "image/jpeg", "%D0%90%D0%BD%D0%BD%D0%B0", face.jpeg(t, 90)); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := do("PUT", "/enrolments/6", "image/png", "", asPNG.Bytes()); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := do("GET", "/enrolments", "", "", nil)
	var list struct{ Enrolments []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Enrolments) != 2 {
		t.Fatalf("%s %v", w.Body, err)
	}
	if e := list.Enrolments[0]; len(e) != 3 || e["oid"] != "5" || e["name"] != "Анна" || e["enrolledAt"] == "" {
		t.Errorf("%v: want oid, name, enrolledAt and no picture", e)
	}
	// No photo is kept, and what is kept is the owner's only.
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("JFIF")) || bytes.Contains(data, face.jpeg(t, 90)[:200]) || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: a photo, or readable by others (%v)", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	again := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Key = dir, standKey() })
	rec := httptest.NewRecorder()
	again.ServeHTTP(rec, httptest.NewRequest("GET", "/enrolments", nil))
	if rec.Body.String() != w.Body.String() {
		t.Errorf("after a restart: %s", rec.Body)
	}
	if w := do("DELETE", "/enrolments/5", "", "", nil); w.Code != 204 {
		t.Errorf("remove: %d", w.Code)
	}
	if w := do("DELETE", "/enrolments/5", "", "", nil); w.Code != 404 || code(w) != "not_enrolled" {
		t.Errorf("remove again: %d", w.Code)
	}
	if _, err := os.Stat(filepath.Join(dir, "enrolments", "5.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the removed enrolment is still there: %v", err)
	}
}

// bomb is a small file of a picture too large to decode.
func bomb(tb testing.TB) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8000, 200))); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestStrangers(t *testing.T) {
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	do := func(change func(*http.Request)) int {
		r := httptest.NewRequest("POST", "/api/v1/push/verifications", strings.NewReader("--x--\r\n"))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Request-Id", "id")
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		change(r)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"no token":      {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"a wrong token": {func(r *http.Request) { r.Header.Set("Authorization", "Bearer other") }, 401},
		"basic":         {func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token) }, 401},
		"no id":         {func(r *http.Request) { r.Header.Del("X-Request-Id") }, 400},
		"no form":       {func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400},
		"an empty form": {func(*http.Request) {}, 400},
		"too much": {func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"photo\"\r\n\r\n" + strings.Repeat("x", 30<<20)))
		}, 400},
		"another page": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
	} {
		if got := do(c.change); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	// A system that gives itself out for another.
	var sent atomic.Int32
	p, err := ebsclient.NewPush(ebsclient.PushConfig{BaseURL: "http://localhost", System: "OTHER", Token: token, HTTPClient: serve(t, s, "match", &sent), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(t.Context(), request("id", []byte("photo"), []byte("voice"))); !errors.Is(err, ebsclient.Denied) {
		t.Errorf("another's mnemonic: %v", err)
	}
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

func TestPage(t *testing.T) {
	s := newStand(t, func(cfg *ebsmock.Config) {
		cfg.Key, cfg.People = standKey(), []ebsmock.Person{{OID: "7", Name: "Пётр <b>"}}
	})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	html := get("/")
	policy := html.Header().Get("Content-Security-Policy")
	if html.Code != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d %q", html.Code, policy)
	}
	page := html.Body.String()
	for _, bad := range []string{"<style", "style=", "onclick", "://", "<script>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q: inline, or from elsewhere", bad)
		}
	}
	for _, file := range []string{"/enrol.js", "/enrol.css", "/icon.svg"} {
		if w := get(file); w.Code != 200 || w.Body.Len() < 100 || !strings.Contains(page, `"`+file[1:]+`"`) {
			t.Errorf("%s: %d, or not in the page", file, w.Code)
		}
	}
	if w := get("/people"); !strings.Contains(w.Body.String(), `"oid":"7"`) {
		t.Errorf("people: %s", w.Body)
	}
	if w := get("/healthz"); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"status":"ok"}` {
		t.Errorf("health: %d %s", w.Code, w.Body)
	}
	if w := get("/nothing"); w.Code != 404 {
		t.Errorf("nothing: %d", w.Code)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]ebsmock.Config{
		"no system":    {},
		"no token":     {Systems: []ebsmock.System{{Mnemonic: "OCHNO"}}},
		"no cascade":   {Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Key: standKey(), Cascade: "/nowhere.xml"},
		"not a folder": {Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Key: standKey(), DataDir: "/dev/null/x"},
	} {
		if s, err := ebsmock.New(cfg); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}

// The log must not say who was asked about.
func TestLogNamesNobody(t *testing.T) {
	var log bytes.Buffer
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key, cfg.Logger = standKey(), slog.New(slog.NewTextHandler(&log, nil)) })
	r := httptest.NewRequest("PUT", "/enrolments/"+oid, bytes.NewReader(modulePhoto(t, "face.jpg")))
	r.Header.Set("Content-Type", "image/jpeg")
	r.Header.Set("X-Person-Name", "Anna")
	s.ServeHTTP(httptest.NewRecorder(), r)
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("DELETE", "/enrolments/999", nil))
	if out := log.String(); strings.Count(out, "\n") != 2 || strings.Contains(out, oid) || strings.Contains(out, "999") || strings.Contains(out, "Anna") {
		t.Errorf("the log: %s", out)
	}
}
