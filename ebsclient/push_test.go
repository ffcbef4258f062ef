package ebsclient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ochno/ebsclient"
)

// verifier answers requests in turn, without a network.
type verifier struct {
	answers []answer
	ids     []string
	bodies  [][]byte
	at      []time.Time
}

func (v *verifier) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	n := min(len(v.ids), len(v.answers)-1)
	v.ids, v.bodies, v.at = append(v.ids, r.Header.Get("X-Request-Id")), append(v.bodies, body), append(v.at, time.Now())
	return v.answers[n](r)
}

func says(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func never(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func refused(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// brokenOff is an answer that ends in the middle.
func brokenOff(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"extended_`), failing{})), Request: r}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func newPush(tb testing.TB, v *verifier, log io.Writer) *ebsclient.Push {
	tb.Helper()
	p, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: "https://ebs.example/", System: "OCHNO", Token: "secret-token",
		HTTPClient: &http.Client{Transport: v}, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func request() ebsclient.Request {
	return ebsclient.Request{
		ID: "8a1c5f7e-1111-4222-8333-444455556666", Subject: subject, Session: session, Challenge: digits,
		Photo: ebsclient.Sample{ContentType: "image/jpeg", Data: []byte("the photo")},
		Voice: ebsclient.Sample{ContentType: "audio/wav", Data: []byte("the voice")},
	}
}

const verdictAnswer = `{"extended_result":"a.b.c"}`

func TestPushSends(t *testing.T) {
	var got *http.Request
	v := &verifier{answers: []answer{func(r *http.Request) (*http.Response, error) {
		got = r
		return says(200, verdictAnswer)(r)
	}}}
	r := request()
	r.Shown = []time.Duration{0, 1500 * time.Millisecond, 3 * time.Second, 4 * time.Second}
	token, err := newPush(t, v, io.Discard).Verify(t.Context(), r)
	if err != nil || token != "a.b.c" {
		t.Fatalf("%q %v", token, err)
	}
	if got.Method != "POST" || got.URL.String() != "https://ebs.example/api/v1/push/verifications" ||
		got.Header.Get("Authorization") != "Bearer secret-token" || got.Header.Get("X-Request-Id") != r.ID || got.ContentLength != int64(len(v.bodies[0])) {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form := multipart.NewReader(bytes.NewReader(v.bodies[0]), params["boundary"])
	for _, want := range [][3]string{
		{"metadata", "application/json", `{"challenge":"5381","idp":"ESIA","info_system":"OCHNO","session_id":"session-1","shown_ms":[0,1500,3000,4000],"user_id":"1000000001"}`},
		{"photo", "image/jpeg", "the photo"},
		{"voice", "audio/wav", "the voice"},
	} {
		part, err := form.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(part)
		if err != nil || part.FormName() != want[0] || part.Header.Get("Content-Type") != want[1] || string(data) != want[2] {
			t.Errorf("part %q %q %q, error %v; want %q", part.FormName(), part.Header.Get("Content-Type"), data, err, want)
		}
	}
	if string(r.Photo.Data) != "the photo" {
		t.Error("the caller's sample was changed")
	}
	// The transport kept the reader: it must give nothing away once Verify returned.
	body, err := got.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := io.ReadAll(body); err == nil || len(left) > 0 {
		t.Errorf("%d bytes of samples were left behind, error %v", len(left), err)
	}
}

func TestPushAnswers(t *testing.T) {
	problem := func(code string) string {
		return `{"status":0,"code":"` + code + `","detail":"Иванов 1000000001"}`
	}
	for _, c := range []struct {
		name    string
		answers []answer
		want    error // nil: a token
		sent    int
		took    time.Duration // at least; at most half a second of back-off more for each further attempt
	}{
		{"at once", []answer{says(200, verdictAnswer)}, nil, 1, 0},
		{"after a fault", []answer{says(500, ""), says(200, verdictAnswer)}, nil, 2, 0},
		{"after two failures", []answer{refused, brokenOff, says(200, verdictAnswer)}, nil, 3, 0},
		{"after a time-out", []answer{never, says(200, verdictAnswer)}, nil, 2, 10 * time.Second},
		{"when asked to wait", []answer{says(429, problem("busy"), "Retry-After", "7"), says(200, verdictAnswer)}, nil, 2, 7 * time.Second},
		{"maintenance", []answer{says(503, "", "Retry-After", "2")}, ebsclient.Unavailable, 3, 4 * time.Second},
		{"asked to wait for too long", []answer{says(429, "", "Retry-After", "60")}, ebsclient.Busy, 1, 0},
		{"busy all the time", []answer{says(429, "")}, ebsclient.Busy, 3, 0},
		{"faults all the time", []answer{says(500, problem("internal"))}, ebsclient.Unavailable, 3, 0},
		{"never an answer", []answer{never}, ebsclient.Unavailable, 3, 29 * time.Second},
		{"nobody there", []answer{refused}, ebsclient.Unavailable, 3, 0},
		{"half an answer", []answer{brokenOff}, ebsclient.Unavailable, 3, 0},
		{"not authenticated", []answer{says(401, "")}, ebsclient.Denied, 1, 0},
		{"forbidden", []answer{says(403, problem("forbidden"))}, ebsclient.Denied, 1, 0},
		{"a bad request", []answer{says(400, "")}, ebsclient.Denied, 1, 0},
		{"the wrong address", []answer{says(404, "<html>not found</html>")}, ebsclient.Denied, 1, 0},
		{"sent elsewhere", []answer{says(307, "", "Location", "https://evil.example/")}, ebsclient.Denied, 1, 0},
		{"not enrolled", []answer{says(404, problem("not_enrolled"))}, ebsclient.NotEnrolled, 1, 0},
		{"session over", []answer{says(410, "")}, ebsclient.Expired, 1, 0},
		{"low quality", []answer{says(422, problem("low_quality"))}, ebsclient.LowQuality, 1, 0},
		{"quality, no code", []answer{says(422, "")}, ebsclient.LowQuality, 1, 0},
		{"liveness", []answer{says(422, problem("liveness_failed"))}, ebsclient.LivenessFailed, 1, 0},
		{"no JSON", []answer{says(200, "ok")}, ebsclient.ReasonMalformed, 1, 0},
		{"no verdict", []answer{says(200, "{}")}, ebsclient.ReasonMalformed, 1, 0},
		{"a flood", []answer{says(200, strings.Repeat("x", 1<<20))}, ebsclient.ReasonMalformed, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &verifier{answers: c.answers}
				var log bytes.Buffer
				began := time.Now()
				token, err := newPush(t, v, &log).Verify(t.Context(), request())
				took := time.Since(began)
				if c.want == nil && (err != nil || token != "a.b.c") || c.want != nil && (token != "" || !errors.Is(err, c.want)) {
					t.Errorf("%q %v, want %v", token, err, c.want)
				}
				var typed *ebsclient.Error
				if err != nil && !errors.As(err, &typed) {
					t.Errorf("an untyped error: %v", err)
				}
				if len(v.ids) != c.sent {
					t.Errorf("sent %d times, want %d", len(v.ids), c.sent)
				}
				for i := range v.ids {
					if v.ids[i] != request().ID || !bytes.Equal(v.bodies[i], v.bodies[0]) {
						t.Errorf("attempt %d is another request", i+1)
					}
				}
				if most := c.took + time.Duration(c.sent)*500*time.Millisecond; took < c.took || took > max(most, c.took+time.Second) {
					t.Errorf("took %v, want %v to %v", took, c.took, most)
				}
				for _, secret := range []string{subject, "Иванов", "secret-token", "the photo", digits} {
					if strings.Contains(log.String(), secret) || (err != nil && strings.Contains(err.Error(), secret)) {
						t.Errorf("%q in the log or the error: %v\n%s", secret, err, log.String())
					}
				}
				if n := strings.Count(log.String(), "request_id="+request().ID); n != c.sent {
					t.Errorf("%d lines in the log, want %d:\n%s", n, c.sent, log.String())
				}
			})
		})
	}
}

func TestPushRetryAfter(t *testing.T) {
	inNinetySeconds := func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) }
	fixed := func(s string) func() string { return func() string { return s } }
	for name, c := range map[string]struct {
		header func() string
		want   time.Duration
	}{
		"seconds":         {fixed("60"), time.Minute},
		"a date":          {inNinetySeconds, 90 * time.Second},
		"too much":        {fixed("99999999"), time.Hour},
		"a negative time": {fixed("-5"), 0},
		"a word":          {fixed("soon"), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &verifier{answers: []answer{says(429, "", "Retry-After", c.header())}}
			_, err := newPush(t, v, io.Discard).Verify(t.Context(), request())
			var typed *ebsclient.Error
			if !errors.As(err, &typed) || typed.Code != ebsclient.Busy || typed.Status != 429 || typed.RetryAfter != c.want {
				t.Errorf("%s: %+v, want %v", name, typed, c.want)
			}
		})
	}
}

func TestPushGivesUpWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		v := &verifier{answers: []answer{never}}
		began := time.Now()
		_, err := newPush(t, v, io.Discard).Verify(ctx, request())
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ebsclient.Unavailable) || time.Since(began) != time.Second || len(v.ids) != 1 {
			t.Errorf("after %v and %d attempts: %v", time.Since(began), len(v.ids), err)
		}
	})
}

func TestPushRefusesBadRequests(t *testing.T) {
	v := &verifier{answers: []answer{says(200, verdictAnswer)}}
	p := newPush(t, v, io.Discard)
	for name, change := range map[string]func(*ebsclient.Request){
		"no id":                 func(r *ebsclient.Request) { r.ID = "" },
		"a header in the id":    func(r *ebsclient.Request) { r.ID = "x\r\nX-Evil: 1" },
		"no session":            func(r *ebsclient.Request) { r.Session = "" },
		"a name as subject":     func(r *ebsclient.Request) { r.Subject = "Иванов" },
		"no challenge":          func(r *ebsclient.Request) { r.Challenge = "" },
		"a word as challenge":   func(r *ebsclient.Request) { r.Challenge = "five" },
		"times of two digits":   func(r *ebsclient.Request) { r.Shown = []time.Duration{0, time.Second} },
		"times going back":      func(r *ebsclient.Request) { r.Shown = []time.Duration{0, 3, 2, 4} },
		"times out of reach":    func(r *ebsclient.Request) { r.Shown = []time.Duration{0, 1, 2, time.Hour} },
		"no sample":             func(r *ebsclient.Request) { r.Photo.Data, r.Voice.Data = nil, nil },
		"a sample of some kind": func(r *ebsclient.Request) { r.Photo.ContentType = "text/html" },
		"a huge sample":         func(r *ebsclient.Request) { r.Voice.Data = make([]byte, ebsclient.MaxSample+1) },
	} {
		r := request()
		change(&r)
		if _, err := p.Verify(t.Context(), r); err == nil || strings.Contains(err.Error(), "Иванов") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if len(v.ids) != 0 {
		t.Errorf("%d bad requests were sent", len(v.ids))
	}
}

func TestNewPushRefuses(t *testing.T) {
	good := ebsclient.PushConfig{BaseURL: "https://ebs.example", System: "OCHNO", Token: "t"}
	for name, change := range map[string]func(*ebsclient.PushConfig){
		"no address":         func(c *ebsclient.PushConfig) { c.BaseURL = "" },
		"no scheme":          func(c *ebsclient.PushConfig) { c.BaseURL = "ebs.example" },
		"another scheme":     func(c *ebsclient.PushConfig) { c.BaseURL = "ftp://ebs.example" },
		"a query":            func(c *ebsclient.PushConfig) { c.BaseURL = "https://ebs.example/?a=b" },
		"samples in clear":   func(c *ebsclient.PushConfig) { c.BaseURL = "http://ebs.example" },
		"no mnemonic":        func(c *ebsclient.PushConfig) { c.System = "" },
		"no token":           func(c *ebsclient.PushConfig) { c.Token = "" },
		"a negative timeout": func(c *ebsclient.PushConfig) { c.Timeout = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := ebsclient.NewPush(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, address := range []string{"https://ebs.example/sub", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"} {
		cfg := good
		cfg.BaseURL = address
		if _, err := ebsclient.NewPush(cfg); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	plain := good
	plain.BaseURL, plain.PlainHTTP = "http://ebs:8080", true
	if _, err := ebsclient.NewPush(plain); err != nil {
		t.Errorf("plain http, allowed: %v", err)
	}
}
