package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/account"
	"ochno/proctor/esia"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// house is the service's HTTP by itself: a clock of the test's own, a database, and a sign-on that says what the test tells it.
type house struct {
	t          *testing.T
	url        string
	server     *Server
	sign       *signOn
	pool       *pgxpool.Pool
	accounts   *account.Accounts
	university uuid.UUID

	mu  sync.Mutex
	now time.Time
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// signOn is an esia.Provider without protocol.
type signOn struct {
	identity esia.Identity
	err      error
}

func (s *signOn) Start(context.Context) (esia.Redirect, error) {
	return esia.Redirect{URL: "https://sign-on.example/", State: "s"}, nil
}

func (s *signOn) Finish(context.Context, esia.Pending, url.Values) (*esia.Identity, error) {
	if s.err != nil {
		return nil, s.err
	}
	identity := s.identity
	return &identity, nil
}

func (s *signOn) LogoutURL(returnTo string) string {
	return "https://sign-on.example/out?to=" + url.QueryEscape(returnTo)
}
func (s *signOn) Ping(context.Context) error           { return nil }
func (s *signOn) Check(context.Context) []esia.Finding { return nil }

const (
	testIdle     = 30 * time.Minute
	testLifetime = 3 * time.Hour
)

func newTestHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, sign: &signOn{}, now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	pool := stacktest.Database(t)
	h.pool = pool
	ring, err := keyring.New([]byte(strings.Repeat("k", keyring.KeySize)))
	must(t, err)
	_, public, err := note.GenerateKey(nil, "api.test/log")
	must(t, err)
	log := ledger.Open(pool, ring, public)
	h.accounts = account.New(pool, ring, log, h.clock)
	h.university, err = h.accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	base, err := url.Parse("http://ochno.example")
	must(t, err)
	server, err := New(Config{
		PublicURL: base, Pool: pool, ESIA: h.sign, Ring: ring, Accounts: h.accounts, Desk: account.NewDesk(h.accounts, mail.New(pool, ring, h.clock)),
		Exams: exam.New(pool, h.accounts, log, h.clock), Log: log, Web: fstest.MapFS{}, Now: h.clock, Logger: slog.New(slog.DiscardHandler),
		Sessions: SessionRules{Idle: testIdle, Lifetime: testLifetime, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	})
	must(t, err)
	t.Cleanup(server.Close)
	h.server = server
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	h.url = listening.URL
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add makes somebody known; the identity is hers at the sign-on.
func (h *house) add(last string, snils string, organisation uuid.UUID, roles ...account.Role) esia.Identity {
	h.t.Helper()
	born := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)
	must(h.t, pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := h.accounts.Ensure(h.t.Context(), tx, account.NewPerson{
			Organisation: organisation, Name: account.Name{Last: last, First: "Имя"}, BirthDate: born, SNILS: snils, Roles: roles,
		})
		return err
	}))
	return identity(last, snils)
}

func identity(last, snils string) esia.Identity {
	return esia.Identity{OID: snils[4:], Level: esia.LevelConfirmed, Person: esia.Person{
		LastName: last, FirstName: "Имя", BirthDate: time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), SNILS: snils, Trusted: true, Status: "REGISTERED",
	}}
}

type browser struct {
	*http.Client
	h *house
}

func (h *house) browser() *browser {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	return &browser{h: h, Client: &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signIn comes back from the sign-on as that person, and returns where the browser is sent.
func (b *browser) signIn(who esia.Identity, returnTo string) *url.URL {
	b.h.t.Helper()
	b.h.sign.identity = who
	resp, err := b.Get(b.h.url + "/auth/esia/start?return=" + url.QueryEscape(returnTo))
	must(b.h.t, err)
	resp.Body.Close()
	resp, err = b.Get(b.h.url + "/auth/esia/callback?state=s&code=c")
	must(b.h.t, err)
	resp.Body.Close()
	to, err := resp.Location()
	must(b.h.t, err)
	return to
}

func (b *browser) call(method, path string, in, out any) int {
	b.h.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		must(b.h.t, err)
		body = strings.NewReader(string(text))
	}
	req, err := http.NewRequest(method, b.h.url+path, body)
	must(b.h.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.Do(req)
	must(b.h.t, err)
	defer resp.Body.Close()
	if out != nil && resp.StatusCode < 300 {
		must(b.h.t, json.NewDecoder(resp.Body).Decode(out))
	}
	return resp.StatusCode
}

func (b *browser) session() Session {
	b.h.t.Helper()
	var s Session
	if status := b.call(http.MethodGet, "/api/session", nil, &s); status != http.StatusOK {
		b.h.t.Fatalf("session: %d", status)
	}
	return s
}

func (b *browser) token() string {
	u, _ := url.Parse(b.h.url)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "ochno_session" {
			return c.Value
		}
	}
	return ""
}

func TestSessionEnds(t *testing.T) {
	h := newTestHouse(t)
	anna := h.add("Первая", "00000000017", h.university, account.Student, account.Proctor)
	t.Run("when it is not used", func(t *testing.T) {
		b := h.browser()
		b.signIn(anna, "/e/x")
		h.pass(testIdle - time.Minute)
		if !b.session().SignedIn {
			t.Fatal("ended too early")
		}
		h.pass(testIdle - time.Minute)
		if !b.session().SignedIn {
			t.Fatal("a use did not lengthen it")
		}
		h.pass(testIdle)
		if b.session().SignedIn {
			t.Error("idle, and still open")
		}
	})
	t.Run("after its lifetime, however it is used", func(t *testing.T) {
		b := h.browser()
		b.signIn(anna, "/e/x")
		var s Session
		person := b.session().Person
		for at := time.Duration(0); at+20*time.Minute < testLifetime; at += 20 * time.Minute {
			h.pass(20 * time.Minute)
			if !b.session().SignedIn {
				t.Fatalf("ended after %v", at)
			}
			// A change of role must not lengthen it.
			if status := b.call(http.MethodPost, "/api/session/choice", map[string]any{"personId": person.ID, "role": "proctor"}, &s); status != http.StatusOK {
				t.Fatalf("change of role: %d", status)
			}
		}
		h.pass(20 * time.Minute)
		if b.session().SignedIn {
			t.Error("over, and still open")
		}
		if status := b.call(http.MethodPost, "/api/session/choice", map[string]any{"personId": person.ID, "role": "proctor"}, nil); status != http.StatusUnauthorized {
			t.Errorf("a change of role brought it back: %d", status)
		}
	})
	t.Run("for good: an old token opens nothing after the sign-out", func(t *testing.T) {
		b := h.browser()
		b.signIn(anna, "/e/x")
		old := b.token()
		var out SignedOut
		if status := b.call(http.MethodPost, "/api/session/end?return=%2Fe%2Fx", nil, &out); status != http.StatusOK {
			t.Fatalf("sign-out: %d", status)
		}
		if want := "https://sign-on.example/out?to=" + url.QueryEscape("http://ochno.example/e/x"); out.Next != want {
			t.Errorf("goes on at %s; want %s", out.Next, want)
		}
		u, _ := url.Parse(h.url)
		b.Jar.SetCookies(u, []*http.Cookie{{Name: "ochno_session", Value: old, Path: "/"}})
		if b.session().SignedIn {
			t.Error("the old token is good")
		}
	})
	t.Run("when the account is unlinked", func(t *testing.T) {
		b := h.browser()
		b.signIn(anna, "/e/x")
		_, err := h.pool.Exec(t.Context(), `update person set esia_oid = null`)
		must(t, err)
		if b.session().SignedIn {
			t.Error("still open")
		}
	})
}

// Case 5: the choice, and least privilege.
func TestChoiceOfRole(t *testing.T) {
	h := newTestHouse(t)
	college, err := h.accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Колледж", ShortName: "К"})
	must(t, err)
	roman := h.add("Вторая", "00000000025", h.university, account.Student, account.Registrar)
	h.add("Вторая", "00000000025", college, account.Proctor)
	other := h.add("Третья", "00000000033", h.university, account.Registrar)

	b := h.browser()
	before := b.token()
	if to := b.signIn(roman, "/"); to.Path != "/choose" {
		t.Fatalf("goes on at %s; want the choice", to)
	}
	pending := b.token()
	s := b.session()
	if s.SignedIn || s.Choices != 3 || pending == before {
		t.Errorf("before the choice: %+v, a new token: %v", s, pending != before)
	}
	if status := b.call(http.MethodGet, "/api/log", nil, nil); status != http.StatusUnauthorized {
		t.Errorf("the log before the choice: %d", status)
	}
	var list Choices
	b.call(http.MethodGet, "/api/session/choices", nil, &list)
	choose := func(person uuid.UUID, role string) int {
		return b.call(http.MethodPost, "/api/session/choice", map[string]any{"personId": person, "role": role}, nil)
	}
	stranger := h.browser()
	stranger.signIn(other, "/")
	if status := choose(stranger.session().Person.ID, "registrar"); status != http.StatusForbidden {
		t.Errorf("another person's role: %d", status)
	}
	if status := choose(list.Choices[0].PersonID, "administrator"); status != http.StatusForbidden {
		t.Errorf("a role that she does not have: %d", status)
	}
	if status := choose(list.Choices[2].PersonID, "registrar"); status != http.StatusForbidden {
		t.Errorf("one organisation's role in another: %d", status)
	}
	if b.session().SignedIn || b.token() != pending {
		t.Error("a refused choice changed the session")
	}
	for _, c := range list.Choices {
		old := b.token()
		h.pass(time.Second)
		if status := choose(c.PersonID, c.Role); status != http.StatusOK || b.token() == old {
			t.Fatalf("choose %s: %d, a new token: %v", c.Role, status, b.token() != old)
		}
		s := b.session()
		if len(s.Person.Roles) != 1 || s.Person.Roles[0] != c.Role || s.Organisation.ShortName != c.Organisation.ShortName {
			t.Errorf("acts as %+v in %+v; want %s of %s", s.Person, s.Organisation, c.Role, c.Organisation.ShortName)
		}
		want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[c.Role == "registrar"]
		if status := b.call(http.MethodGet, "/api/log", nil, nil); status != want {
			t.Errorf("the log as %s: %d, want %d", c.Role, status, want)
		}
	}
	t.Run("is remembered", func(t *testing.T) {
		again := h.browser()
		if to := again.signIn(roman, "/"); to.Path != "/" || again.session().Person.Roles[0] != "proctor" {
			t.Errorf("goes on at %s as %+v; want a proctor again", to, again.session().Person)
		}
	})
	t.Run("fits the page that she is going to", func(t *testing.T) {
		for path, role := range map[string]string{"/log?type=consent": "registrar", "/requests": "registrar", "/e/none": "student"} {
			again := h.browser()
			if to := again.signIn(roman, path); to.Path == "/choose" || again.session().Person.Roles[0] != role {
				t.Errorf("%s: goes on at %s as %+v", path, to, again.session().Person)
			}
		}
	})
	t.Run("a role that is taken away is gone at once", func(t *testing.T) {
		again := h.browser()
		again.signIn(roman, "/log")
		_, err := h.pool.Exec(t.Context(), `delete from person_role where role = 'registrar'`)
		must(t, err)
		if status := again.call(http.MethodGet, "/api/log", nil, nil); status != http.StatusForbidden {
			t.Errorf("the log: %d", status)
		}
		if s := again.session(); len(s.Person.Roles) != 0 || s.Choices != 2 {
			t.Errorf("session %+v", s)
		}
	})
	t.Run("nobody without a role gets in", func(t *testing.T) {
		b := h.browser()
		if to := b.signIn(other, "/"); to.Query().Get("problem") != "no_role" || b.session().SignedIn {
			t.Errorf("goes on at %s", to)
		}
	})
}

// What ESIA said stays in the session, sealed; the address tells only that nobody was found.
func TestArrival(t *testing.T) {
	h := newTestHouse(t)
	b := h.browser()
	stranger := identity("Чужая", "00000000041")
	to := b.signIn(stranger, "/e/x")
	if to.Path != "/sign-in" || to.Query().Get("problem") != "person_unknown" || len(to.Query()) != 2 {
		t.Fatalf("goes on at %s", to)
	}
	var a Arrival
	b.call(http.MethodGet, "/api/arrival", nil, &a)
	if a.Problem != "person_unknown" || a.Name != "Чужая Имя" || a.Return != "/e/x" || len(a.Organisations) != 1 || a.Message == nil {
		t.Errorf("arrival %+v", a)
	}
	rows, err := h.pool.Query(t.Context(), `select data from sessions`)
	must(t, err)
	sessions, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	for _, data := range sessions {
		for _, personal := range []string{"Чужая", stranger.Person.SNILS} {
			if bytes.Contains(data, []byte(personal)) {
				t.Errorf("%q stands in the session in plain", personal)
			}
		}
	}
	form := map[string]any{"organisationId": h.university, "kind": "link", "name": "Чужая Имя", "email": "a@b.example", "language": "ru"}
	if status := h.browser().call(http.MethodPost, "/api/requests", form, nil); status != http.StatusUnauthorized {
		t.Errorf("a request of nobody: %d", status)
	}
	form["organisationId"] = uuid.New()
	if status := b.call(http.MethodPost, "/api/requests", form, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("to no organisation: %d", status)
	}
	form["organisationId"] = h.university
	var receipt RequestReceipt
	if status := b.call(http.MethodPost, "/api/requests", form, &receipt); status != http.StatusOK || receipt.Number == "" {
		t.Errorf("request: %d %+v", status, receipt)
	}
	registrar := h.browser()
	registrar.signIn(h.add("Третья", "00000000033", h.university, account.Registrar), "/log")
	var log LogPage
	if status := registrar.call(http.MethodGet, "/api/log", nil, &log); status != http.StatusOK || !slices.ContainsFunc(log.Records, func(r LogRecord) bool { return r.Type == "request" }) {
		t.Errorf("the log with the request in it: %d, %d records", status, len(log.Records))
	}
	h.pass(arrivalLife)
	if status := b.call(http.MethodPost, "/api/requests", form, nil); status != http.StatusUnauthorized {
		t.Errorf("an hour later: %d", status)
	}

	for level, want := range map[esia.Level]string{esia.LevelStandard: "standard", esia.LevelSimplified: "simplified", esia.LevelChild: "child"} {
		b, who := h.browser(), stranger
		who.Level, who.Person.Trusted = level, false
		to := b.signIn(who, "/e/x")
		var a Arrival
		b.call(http.MethodGet, "/api/arrival", nil, &a)
		if to.Query().Get("problem") != "account_not_confirmed" || a.Level != want || a.Name != "" {
			t.Errorf("%s: goes on at %s, arrival %+v", level, to, a)
		}
		if status := b.call(http.MethodPost, "/api/requests", form, nil); status != http.StatusUnauthorized {
			t.Errorf("a request of a %s account: %d", level, status)
		}
	}

	h.sign.err = &esia.Error{Code: "ESIA-007015", Step: "token"}
	b = h.browser()
	b.signIn(stranger, "/")
	b.call(http.MethodGet, "/api/arrival", nil, &a)
	ru, en := h.sign.err.(*esia.Error).Message()
	if a.Code != "ESIA-007015" || a.Message.Ru != ru || a.Message.En != en {
		t.Errorf("an error of ESIA arrives as %+v", a)
	}
}

func TestSignInsAreLimited(t *testing.T) {
	h := newTestHouse(t)
	anna := h.add("Первая", "00000000017", h.university, account.Student)
	for range signInsPerAccount {
		if b := h.browser(); b.signIn(anna, "/").Path != "/" {
			t.Fatal("refused within the limit")
		}
	}
	b := h.browser()
	if to := b.signIn(anna, "/"); to.Query().Get("problem") != "too_many_attempts" || b.session().SignedIn {
		t.Errorf("over the limit: goes on at %s", to)
	}
	if to := h.browser().signIn(identity("Чужая", "00000000041"), "/"); to.Query().Get("problem") != "person_unknown" {
		t.Errorf("another account: %s", to)
	}
	h.pass(10 * time.Minute)
	if to := h.browser().signIn(anna, "/"); to.Path != "/" {
		t.Errorf("later: %s", to)
	}
}

// A socket is asked again whether it may stay open; every way to lose the right to it counts.
func TestSocketsRightEnds(t *testing.T) {
	h := newTestHouse(t)
	anna := h.add("Первая", "00000000017", h.university, account.Proctor, account.Registrar)
	for name, end := range map[string]func(b *browser){
		"the sign-out": func(b *browser) { b.call(http.MethodPost, "/api/session/end", nil, nil) },
		"another role": func(b *browser) {
			b.call(http.MethodPost, "/api/session/choice", map[string]any{"personId": b.session().Person.ID, "role": "registrar"}, nil)
		},
		"the session's end": func(*browser) { h.pass(testLifetime) },
	} {
		t.Run(name, func(t *testing.T) {
			b := h.browser()
			b.signIn(anna, "/")
			var list Choices
			b.call(http.MethodGet, "/api/session/choices", nil, &list)
			b.call(http.MethodPost, "/api/session/choice", map[string]any{"personId": list.Choices[0].PersonID, "role": "proctor"}, nil)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: "ochno_session", Value: b.token()})
			ctx, err := h.server.sessions.Load(t.Context(), b.token())
			must(t, err)
			may := h.server.stillMay(r.WithContext(ctx), proctors, "")
			if err := may(); err != nil {
				t.Fatalf("at first: %v", err)
			}
			end(b)
			var refused *Problem
			if err := may(); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
				t.Errorf("after %s: %v", name, err)
			}
		})
	}
}
