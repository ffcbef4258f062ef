package ebsmock_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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

func newWeb(tb testing.TB, client *http.Client) *ebsclient.Web {
	tb.Helper()
	w, err := ebsclient.NewWeb(ebsclient.WebConfig{BaseURL: "http://localhost", System: "OCHNO", HTTPClient: client, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func newAdapter(tb testing.TB, client *http.Client, repeatable bool) *ebsclient.Adapter {
	tb.Helper()
	a, err := ebsclient.NewAdapter(ebsclient.AdapterConfig{
		BaseURL: "http://localhost", System: "OCHNO", Token: token, Launch: "http://localhost/app", Repeatable: repeatable, HTTPClient: client,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return a
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

func TestCompares(t *testing.T) {
	t.Parallel()
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
	v, err := ask(request("same", face.lit(gamma(0.7)).jpeg(t, 90), voice))
	if err != nil || !v.Result || v.Match.Overall < ebsmock.Threshold || v.Engine["photo"] != ebsmock.PhotoEngine {
		t.Errorf("the same person: %+v %v", v, err)
	}
	drawn := others(face)
	for i, name := range []string{"mirrored, longer by a quarter", "mirrored, eyes apart"} {
		v, err := ask(request(fmt.Sprint("other-", i), drawn[name].jpeg(t, 90), voice))
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
	t.Parallel()
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
	t.Parallel()
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

// TestES256: the stand signs by the other algorithm, and one that had keys of the first kind changes over.
func TestES256(t *testing.T) {
	dir := t.TempDir()
	before := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir = dir })
	var sent atomic.Int32
	old, err := newPush(t, serve(t, before, "match", &sent)).Verify(t.Context(), request("before", []byte("photo"), []byte("voice")))
	if err != nil {
		t.Fatal(err)
	}
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Algorithm = dir, ebsmock.ES256 })
	keys, err := ebsclient.ParseKeys(s.PublicKeysJWKS())
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, error %v", len(keys), err)
	}
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{
		Issuer: "ebs-stand", Audience: "OCHNO", Keys: keys, Stand: true, Algorithms: []string{ebsclient.RS256, ebsclient.ES256},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := ebsclient.Expect{Subject: oid, Session: session, Challenge: "5381", Replay: ebsclient.AllowReplay{}}
	if v, err := checker.Check(t.Context(), old, expect); err != nil || v.Algorithm != ebsclient.RS256 {
		t.Errorf("an old verdict: %+v %v", v, err)
	}
	for scenario, want := range map[string]error{
		"match": nil, "bad_signature": ebsclient.ReasonBadSignature, "unknown_key": ebsclient.ReasonUnknownKey, "alg_none": ebsclient.ReasonWrongAlgorithm,
	} {
		got, err := newPush(t, serve(t, s, scenario, &sent)).Verify(t.Context(), request(scenario, []byte("photo"), []byte("voice")))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := checker.Check(t.Context(), got, expect); !errors.Is(err, want) || (want == nil && v.Algorithm != ebsclient.ES256) {
			t.Errorf("%s: %+v, error %v; want %v", scenario, v, err, want)
		}
	}
	again := newStand(t, func(cfg *ebsmock.Config) { cfg.DataDir, cfg.Algorithm = dir, ebsmock.ES256 })
	if !bytes.Equal(s.PublicKeysJWKS(), again.PublicKeysJWKS()) {
		t.Error("a stand with the same folder has other keys")
	}
}

// TestOneModality: a face alone, or a voice alone.
func TestOneModality(t *testing.T) {
	g := newGame(t, nil)
	p := newPush(t, serve(t, g.stand, "", &g.sent))
	for name, c := range map[string]struct {
		change func(*ebsclient.Request)
		needed ebsclient.Modality
	}{
		"face":  {func(r *ebsclient.Request) { r.Voice = ebsclient.Sample{} }, ebsclient.Photo},
		"voice": {func(r *ebsclient.Request) { r.Photo = ebsclient.Sample{} }, ebsclient.Sound},
	} {
		r := request(name, g.photo, g.voice)
		c.change(&r)
		got, err := p.Verify(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		expect := ebsclient.Expect{Subject: oid, Session: session, Challenge: "5381", Replay: g.used}
		if _, err := g.checker.Check(t.Context(), got, expect); !errors.Is(err, ebsclient.ReasonModalityMissing) {
			t.Errorf("%s, where both are expected: %v", name, err)
		}
		expect.Modalities = []ebsclient.Modality{c.needed}
		v, err := g.checker.Check(t.Context(), got, expect)
		if err != nil || !v.Result || v.Match.Overall < ebsmock.Threshold || len(v.Modalities) != 1 || v.Modalities[0] != c.needed {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
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

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]ebsmock.Config{
		"no system":    {},
		"no token":     {Systems: []ebsmock.System{{Mnemonic: "OCHNO"}}},
		"no cascade":   {Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Key: standKey(), Cascade: "/nowhere.xml"},
		"an algorithm": {Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Algorithm: "HS256"},
		"another key":  {Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Algorithm: "ES256", Key: standKey()},
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
