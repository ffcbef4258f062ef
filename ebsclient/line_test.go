package ebsclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ochno/ebsclient"
)

type answer = func(*http.Request) (*http.Response, error)

// changeable answers as it is told at the moment.
type changeable struct {
	mu   sync.Mutex
	now  answer
	sent int
}

func (c *changeable) set(a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = a
}

func (c *changeable) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *changeable) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	c.mu.Lock()
	c.sent++
	a := c.now
	c.mu.Unlock()
	return a(r)
}

// slowly answers after a while.
func slowly(d time.Duration, a answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return a(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func pushTo(tb testing.TB, transport http.RoundTripper, change func(*ebsclient.PushConfig)) *ebsclient.Push {
	tb.Helper()
	cfg := ebsclient.PushConfig{
		BaseURL: "https://ebs.example", System: "OCHNO", Token: "secret-token", Attempts: 1,
		HTTPClient: &http.Client{Transport: transport}, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	p, err := ebsclient.NewPush(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &changeable{now: says(500, "")}
		var log bytes.Buffer
		p := pushTo(t, v, func(cfg *ebsclient.PushConfig) {
			cfg.BreakAfter, cfg.BreakFor, cfg.Logger = 3, 10*time.Second, slog.New(slog.NewTextHandler(&log, nil))
		})
		ask := func() error {
			_, err := p.Verify(t.Context(), request())
			return err
		}
		step := func(name string, err, want error, sent int, circuit ebsclient.Circuit) {
			t.Helper()
			if !errors.Is(err, want) || v.count() != sent || p.Circuit() != circuit {
				t.Errorf("%s: error %v, %d sent, circuit %s; want %v, %d, %s", name, err, v.count(), p.Circuit(), want, sent, circuit)
			}
		}
		step("the first failure", ask(), ebsclient.Unavailable, 1, ebsclient.CircuitClosed)
		step("the second", ask(), ebsclient.Unavailable, 2, ebsclient.CircuitClosed)
		v.set(says(401, ""))
		step("a refusal is an answer", ask(), ebsclient.Denied, 3, ebsclient.CircuitClosed)
		v.set(says(500, ""))
		step("failures are counted anew", ask(), ebsclient.Unavailable, 4, ebsclient.CircuitClosed)
		step("the second in a row", ask(), ebsclient.Unavailable, 5, ebsclient.CircuitClosed)
		step("the third opens it", ask(), ebsclient.Unavailable, 6, ebsclient.CircuitOpen)

		began := time.Now()
		err := ask()
		step("not asked", err, ebsclient.Unavailable, 6, ebsclient.CircuitOpen)
		var typed *ebsclient.Error
		if !errors.Is(err, ebsclient.ErrCircuitOpen) || !errors.As(err, &typed) || typed.RetryAfter != 10*time.Second || time.Since(began) != 0 {
			t.Errorf("not asked: %#v after %v", typed, time.Since(began))
		}
		time.Sleep(10 * time.Second)
		step("the time is over", nil, nil, 6, ebsclient.CircuitHalfOpen)
		step("the probe fails", ask(), ebsclient.Unavailable, 7, ebsclient.CircuitOpen)
		step("not asked again", ask(), ebsclient.ErrCircuitOpen, 7, ebsclient.CircuitOpen)
		time.Sleep(10 * time.Second)

		// One probe at a time: others fail meanwhile.
		v.set(slowly(time.Second, says(200, verdictAnswer)))
		probe := make(chan error, 1)
		go func() { probe <- ask() }()
		synctest.Wait()
		step("beside the probe", ask(), ebsclient.ErrCircuitOpen, 8, ebsclient.CircuitHalfOpen)
		step("the probe succeeds", <-probe, nil, 8, ebsclient.CircuitClosed)
		step("as ever", ask(), nil, 9, ebsclient.CircuitClosed)

		for _, want := range []string{"circuit=open", "circuit=closed"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in the log:\n%s", want, log.String())
			}
		}
		for line := range strings.Lines(log.String()) {
			if !strings.Contains(line, "request_id="+request().ID) || !strings.Contains(line, "driver=push") {
				t.Errorf("a line without the request's ID: %s", line)
			}
		}
	})
}

// TestCircuitOfASlowVerifier: failures come back sooner than answers, so those alone do not open the circuit while as many requests
// are still on their way.
func TestCircuitOfASlowVerifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, failing := slowly(3*time.Second, says(200, verdictAnswer)), says(500, "")
		v := &changeable{now: slow}
		p := pushTo(t, v, func(cfg *ebsclient.PushConfig) { cfg.BreakAfter, cfg.PerSecond = 2, 1000 })
		var asking sync.WaitGroup
		for range 5 {
			asking.Go(func() {
				if _, err := p.Verify(t.Context(), request()); err != nil {
					t.Errorf("a slow answer: %v", err)
				}
			})
		}
		synctest.Wait()
		v.set(failing)
		for n, want := range []ebsclient.Circuit{1: ebsclient.CircuitClosed, 4: ebsclient.CircuitClosed, 5: ebsclient.CircuitOpen} {
			if n == 0 {
				continue
			}
			if _, err := p.Verify(t.Context(), request()); !errors.Is(err, ebsclient.Unavailable) {
				t.Fatalf("failure %d: %v", n, err)
			}
			if want != "" && p.Circuit() != want {
				t.Errorf("after %d failures in a row with 5 on their way: circuit %s, want %s", n, p.Circuit(), want)
			}
		}
		asking.Wait()
		if p.Circuit() != ebsclient.CircuitHalfOpen && p.Circuit() != ebsclient.CircuitOpen {
			t.Errorf("answers to what was sent before it opened: circuit %s", p.Circuit())
		}
	})
}

// TestCircuitWithin: what opens the circuit during a call's own attempts is what the call reports.
func TestCircuitWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &changeable{now: says(503, "")}
		p := pushTo(t, v, func(cfg *ebsclient.PushConfig) { cfg.Attempts, cfg.BreakAfter = 5, 2 })
		_, err := p.Verify(t.Context(), request())
		var typed *ebsclient.Error
		if !errors.As(err, &typed) || typed.Status != 503 || v.count() != 2 {
			t.Errorf("%d sent, error %v; want the 503 after two", v.count(), err)
		}
	})
}

func TestCircuitAndCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &changeable{now: never}
		p := pushTo(t, v, func(cfg *ebsclient.PushConfig) { cfg.BreakAfter, cfg.Timeout = 1, 8*time.Second })
		for name, c := range map[string]struct {
			context func() (context.Context, context.CancelFunc)
			want    ebsclient.Circuit
		}{
			"a caller who went away": {func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, cancel)
				return ctx, cancel
			}, ebsclient.CircuitClosed},
			"a caller in haste": {func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(t.Context(), time.Second)
			}, ebsclient.CircuitClosed},
		} {
			ctx, cancel := c.context()
			if _, err := p.Verify(ctx, request()); !errors.Is(err, ebsclient.Unavailable) || p.Circuit() != c.want {
				t.Errorf("%s: error %v, circuit %s; want %s", name, err, p.Circuit(), c.want)
			}
			cancel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		if _, err := p.Verify(ctx, request()); !errors.Is(err, ebsclient.Unavailable) || p.Circuit() != ebsclient.CircuitOpen {
			t.Errorf("a caller who waited long enough: error %v, circuit %s", err, p.Circuit())
		}
		// A probe whose caller goes away says nothing: the next one may try.
		time.Sleep(5 * time.Second)
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := p.Verify(gone, request()); !errors.Is(err, context.Canceled) || p.Circuit() != ebsclient.CircuitHalfOpen {
			t.Errorf("a probe whose caller went away: %v, circuit %s", err, p.Circuit())
		}
		v.set(says(200, verdictAnswer))
		if _, err := p.Verify(t.Context(), request()); err != nil || p.Circuit() != ebsclient.CircuitClosed {
			t.Errorf("the next probe: %v, circuit %s", err, p.Circuit())
		}
	})
}

// TestLateAnswer: what was sent before the circuit opened does not close it.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &changeable{now: slowly(2*time.Second, says(200, verdictAnswer))}
		p := pushTo(t, v, func(cfg *ebsclient.PushConfig) { cfg.BreakAfter = 1 })
		late := make(chan error, 1)
		go func() {
			_, err := p.Verify(t.Context(), request())
			late <- err
		}()
		synctest.Wait()
		v.set(says(500, ""))
		if _, err := p.Verify(t.Context(), request()); !errors.Is(err, ebsclient.Unavailable) {
			t.Fatal(err)
		}
		if err := <-late; err != nil || p.Circuit() != ebsclient.CircuitOpen {
			t.Errorf("error %v, circuit %s; want an answer, and open", err, p.Circuit())
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []time.Duration
		began := time.Now()
		v := &changeable{now: func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(began))
			return says(200, verdictAnswer)(r)
		}}
		p := pushTo(t, v, nil)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := p.Verify(t.Context(), request()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// The default: 20 in any second, and no slower than that.
		for i := range at {
			if want := time.Duration(i/20) * time.Second; at[i] != want {
				t.Fatalf("request %d was sent after %v, want %v", i+1, at[i], want)
			}
		}
		// Who cannot wait is told so at once, and takes nobody's turn.
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		for range 10 {
			if _, err := p.Verify(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
		}
		waited := time.Now()
		_, err := p.Verify(ctx, request())
		if !errors.Is(err, ebsclient.Busy) || !errors.Is(err, context.DeadlineExceeded) || v.count() != 60 || time.Since(waited) != 0 {
			t.Errorf("%d sent after %v, error %v; want busy at once", v.count(), time.Since(waited), err)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, leave)
		if _, err := p.Verify(gone, request()); !errors.Is(err, ebsclient.Busy) || !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who went away: %v", err)
		}
		if _, err := p.Verify(t.Context(), request()); err != nil || time.Since(waited) > time.Second {
			t.Errorf("the next one, after %v: %v", time.Since(waited), err)
		}
		if p.Circuit() != ebsclient.CircuitClosed {
			t.Error("our own limit was taken for the verifier's failure")
		}
	})
}

func TestLineRefuses(t *testing.T) {
	good := ebsclient.PushConfig{BaseURL: "https://ebs.example", System: "OCHNO", Token: "t"}
	for name, change := range map[string]func(*ebsclient.PushConfig){
		"a user":                func(c *ebsclient.PushConfig) { c.BaseURL = "https://me:secret@ebs.example" },
		"negative rate":         func(c *ebsclient.PushConfig) { c.PerSecond = -1 },
		"a rate beyond reason":  func(c *ebsclient.PushConfig) { c.PerSecond = 1 << 30 },
		"negative failures":     func(c *ebsclient.PushConfig) { c.BreakAfter = -1 },
		"negative pause":        func(c *ebsclient.PushConfig) { c.BreakFor = -1 },
		"half of a certificate": func(c *ebsclient.PushConfig) { c.TLS = &ebsclient.MutualTLS{CertificateFile: "x"} },
		"no certificate": func(c *ebsclient.PushConfig) {
			c.TLS = &ebsclient.MutualTLS{CertificateFile: "/nowhere", KeyFile: "/nowhere"}
		},
		"a transport not of TLS": func(c *ebsclient.PushConfig) {
			c.TLS, c.HTTPClient = &ebsclient.MutualTLS{}, &http.Client{Transport: &changeable{}}
		},
	} {
		cfg := good
		change(&cfg)
		if _, err := ebsclient.NewPush(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// errDial is what a transport says when nobody listens.
var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// TestErrorsNameNoAddress: the address may hold a session.
func TestErrorsNameNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newWeb(t, &changeable{now: refused}, func(cfg *ebsclient.WebConfig) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		_, err := w.Collect(t.Context(), ebsclient.Session{ID: "the-session"}, back())
		if text := fmt.Sprint(err, log.String()); !errors.Is(err, ebsclient.Unavailable) || strings.Contains(text, "the-session") || strings.Contains(text, personToken) {
			t.Errorf("%v\n%s", err, log.String())
		}
	})
}
