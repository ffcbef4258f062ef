package ebsclient_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"ochno/ebsclient"
)

// A verdict that was kept counts as of when it was received, and the future makes none younger.
func TestCheckLater(t *testing.T) {
	token := rs256(t, good())
	for name, c := range map[string]struct {
		now, at time.Time
		reason  ebsclient.Reason
	}{
		"kept for a day":                {today.Add(24 * time.Hour), today.Add(time.Second), ""},
		"checked at once":               {today.Add(time.Second), time.Time{}, ""},
		"a day old":                     {today.Add(24 * time.Hour), time.Time{}, ebsclient.ReasonExpired},
		"received when it had expired":  {today.Add(24 * time.Hour), today.Add(time.Hour), ebsclient.ReasonExpired},
		"received before it was issued": {today.Add(24 * time.Hour), today.Add(-time.Hour), ebsclient.ReasonNotYetValid},
		"received in the future":        {today.Add(-time.Hour), today, ebsclient.ReasonNotYetValid},
	} {
		checker := newChecker(t, func(cfg *ebsclient.CheckerConfig) { cfg.Now = func() time.Time { return c.now } })
		e := expected()
		e.At = c.at
		_, err := checker.Check(t.Context(), token, e)
		if c.reason == "" && err != nil || c.reason != "" && !errors.Is(err, c.reason) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
}

// Whether the verifier can be asked is told without asking it about anybody, and an open circuit is an answer.
func TestPushReachable(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		ok     bool
	}{
		"not found":       {says(404, ""), true},
		"no such method":  {says(501, ""), true},
		"fine":            {says(200, ""), true},
		"bad gateway":     {says(502, ""), false},
		"not available":   {says(503, ""), false},
		"nobody answers":  {refused, false},
		"denied, it says": {says(401, ""), true},
	} {
		v := &verifier{answers: []answer{c.answer}}
		err := newPush(t, v, io.Discard).Reachable(t.Context())
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ebsclient.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if len(v.bodies) != 1 || len(v.bodies[0]) != 0 {
			t.Errorf("%s: sent %q", name, v.bodies)
		}
	}
	v := &verifier{answers: []answer{refused}}
	p, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: "https://ebs.test", System: audience, Token: "t", Attempts: 1, BreakAfter: 1, BreakFor: time.Hour, HTTPClient: &http.Client{Transport: v},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(t.Context(), request()); !errors.Is(err, ebsclient.Unavailable) {
		t.Fatal(err)
	}
	if err := p.Reachable(t.Context()); !errors.Is(err, ebsclient.ErrCircuitOpen) || len(v.bodies) != 1 {
		t.Errorf("an open circuit: %v after %d requests", err, len(v.bodies))
	}
}
