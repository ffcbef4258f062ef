package identify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/ledger"
	"ochno/proctor/media/studenttest"
)

const returnTo = "https://ochno.example/auth/verification"

// page is a student's browser on the stand's page.
type page struct {
	h  *house
	id string // the session's
}

// open is what the stand's page does when it opens: it learns its session, or begins it, when a launch link brought her.
func (h *house) open(t *testing.T, address string) page {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	if id := u.Query().Get("session_id"); id != "" {
		return page{h, id}
	}
	q := u.Query()
	p := page{h, q.Get("sid")}
	p.post(t, "/sessions", map[string]string{"sid": p.id, "infoSystem": q.Get("info_system"), "returnTo": q.Get("dbo_ko_public_uri")})
	return p
}

func (p page) post(t *testing.T, path string, body any) (answer struct{ ReturnTo string }) {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	resp, err := http.Post(p.h.stand+path, "application/json", bytes.NewReader(text))
	must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s %s", path, resp.Status, data)
	}
	must(t, json.Unmarshal(data, &answer))
	return answer
}

// choose ends the session by a scenario, and gives what the browser brings back.
func (p page) choose(t *testing.T, oid, scenario string) url.Values {
	t.Helper()
	back, err := url.Parse(p.post(t, "/sessions/"+p.id+"/scenario", map[string]string{"scenario": scenario, "user_id": oid}).ReturnTo)
	must(t, err)
	if back.Host != "ochno.example" {
		t.Errorf("the page sends the browser to %s", back.Host)
	}
	return back.Query()
}

// withPage makes a service whose exam is identified on the verifier's page.
func (h *house) withPage(t *testing.T, driver string) *identify.Service {
	t.Helper()
	var verifier ebsclient.SessionVerifier
	var err error
	if driver == "web" {
		verifier, err = ebsclient.NewWeb(ebsclient.WebConfig{BaseURL: h.stand, System: "OCHNO"})
	} else {
		verifier, err = ebsclient.NewAdapter(ebsclient.AdapterConfig{BaseURL: h.stand, System: "OCHNO", Token: "token", Launch: h.stand + "/app", Repeatable: true})
	}
	must(t, err)
	cfg := h.config
	cfg.Sessions = identify.DefaultSessions(verifier, returnTo)
	cfg.Sessions.Ask, cfg.Sessions.Patience = 100*time.Millisecond, 400*time.Millisecond
	service := identify.New(cfg)
	t.Cleanup(service.Close)
	h.exam.Policy.Verifier = exam.Session
	_, err = h.exams.Ensure(context.Background(), h.exam)
	must(t, err)
	return service
}

// TestOnTheVerifiersPage plays how a session may end, by each driver. Whatever the browser brings, only a checked verdict about the student admits.
func TestOnTheVerifiersPage(t *testing.T) {
	for _, driver := range []string{"web", "adapter"} {
		t.Run(driver, func(t *testing.T) {
			h := newHouse(t)
			service := h.withPage(t, driver)
			a := h.student(t, "8001")
			stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
			for _, c := range []struct {
				scenario string
				outcome  identify.Outcome
				reason   string
				tries    int
			}{
				{"cancel", identify.Interrupted, "session_cancelled", 0},
				{"repeat", identify.Interrupted, "session_repeat", 0},
				{"wrong_subject", identify.VerdictRejected, "verdict_wrong_subject", 0},
				{"wrong_session", identify.VerdictRejected, "verdict_wrong_session", 0},
				{"bad_signature", identify.VerdictRejected, "verdict_bad_signature", 0},
				{"no_match", identify.NoMatch, "below_threshold", 1},
				{"match", identify.Match, "match", 0},
			} {
				before := h.attempt(t, a.ID)
				var at page
				_, result := h.session(t, service, a, stream, func(address string) {
					at = h.open(t, address)
					if _, ok := service.Returned(uuid.New(), url.Values{"res_secret": {"of somebody else"}}); ok {
						t.Error("a stranger came back in her place")
					}
					query := at.choose(t, a.OID, c.scenario)
					if attempt, ok := service.Returned(a.PersonID, query); !ok || attempt != a.ID {
						t.Errorf("%s: her return belongs to no identification", c.scenario)
					}
				})
				if result.Outcome != c.outcome || result.Reason != c.reason {
					t.Errorf("%s: outcome %s (%s), want %s (%s)", c.scenario, result.Outcome, result.Reason, c.outcome, c.reason)
				}
				after := h.attempt(t, a.ID)
				if want := before.TriesLeft - c.tries; after.TriesLeft != want || (after.State == exam.Admitted) != (c.outcome == identify.Match) {
					t.Errorf("%s: %s with %d tries, want %d", c.scenario, after.State, after.TriesLeft, want)
				}
				rows := h.records(t, a.ID, ledger.TypeIdentification)
				var d ledger.Identification
				must(t, rows[0].Data(&d))
				if d.Session != at.id || d.Policy.Verifier != "session" || d.Challenge != "" || d.Voice != nil {
					t.Errorf("%s: the record %+v", c.scenario, d)
				}
				if d.Photo == nil || d.Photo.FrameSHA256 == "" || d.Photo.SHA256 != "" {
					t.Errorf("%s: the record's picture %+v", c.scenario, d.Photo)
				}
				if _, ok := service.Returned(a.PersonID, nil); ok {
					t.Errorf("%s: an identification that has ended takes a return", c.scenario)
				}
			}
			if n := len(h.asked.calls); n != 0 {
				t.Errorf("samples were sent %d times", n)
			}
		})
	}
}

// TestBackTooEarly: the browser returns before she is done; the same session goes on.
func TestBackTooEarly(t *testing.T) {
	h := newHouse(t)
	service := h.withPage(t, "web")
	a := h.student(t, "8101")
	stream := h.publish(t, a, studenttest.NewClip(t, studenttest.Face, studenttest.Silence))
	visits := 0
	_, result := h.session(t, service, a, stream, func(address string) {
		visits++
		at := h.open(t, address)
		if visits == 2 {
			at.choose(t, a.OID, "match")
		}
		service.Returned(a.PersonID, nil)
	})
	if result.Outcome != identify.Match || visits != 2 {
		t.Errorf("outcome %s (%s) after %d visits", result.Outcome, result.Reason, visits)
	}
}

// TestNoWayToThePage: what the policy wants and cannot be had is refused before anything changes.
func TestNoWayToThePage(t *testing.T) {
	h := newHouse(t)
	web := h.withPage(t, "web")
	a := h.student(t, "8201")
	nothing := func(identify.Progress) {}
	if _, err := h.service.Start(context.Background(), a.ID, nil, "token", nothing); !errors.Is(err, identify.ErrNoSessions) {
		t.Errorf("without a way there: %v", err)
	}
	if _, err := web.Start(context.Background(), a.ID, nil, "", nothing); !errors.Is(err, identify.ErrBearer) {
		t.Errorf("without her token: %v", err)
	}
	if after := h.attempt(t, a.ID); after.State != exam.Ready || after.TriesLeft != a.TriesLeft {
		t.Errorf("a refused start left %s with %d tries", after.State, after.TriesLeft)
	}
}

// session plays one identification on the verifier's page; visit is called whenever she is sent there.
func (h *house) session(t *testing.T, service *identify.Service, a exam.Attempt, stream identify.Stream, visit func(address string)) ([]identify.Progress, identify.Identification) {
	t.Helper()
	progress := make(chan identify.Progress, 100)
	_, err := service.Start(context.Background(), a.ID, stream, "token", func(p identify.Progress) { progress <- p })
	must(t, err)
	var seen []identify.Progress
	for limit := time.After(90 * time.Second); ; {
		select {
		case p := <-progress:
			seen = append(seen, p)
			switch p.Phase {
			case identify.PhaseAway:
				visit(p.URL)
			case identify.PhaseDone:
				return seen, *p.Result
			}
		case <-limit:
			t.Fatalf("the identification did not end; it went through %v", seen)
		}
	}
}
