package ebsmock_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
)

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
