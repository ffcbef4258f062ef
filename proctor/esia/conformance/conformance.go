// Package conformance holds what every driver of esia.Provider must do, as a test that drivers run against a stand of theirs.
// It is for tests; the service never imports it. Start reading at [Run].
package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
)

// Driver is a provider and the stand that it talks to, whose people are esiamock.TestPeople.
type Driver struct {
	// Provider talks to the stand.
	Provider esia.Provider
	// Gone is the same provider with an address where nobody listens.
	Gone esia.Provider
	// Press opens the URL of a sign-in as a browser would and chooses the person, or declines when oid is empty. It returns the query with
	// which the browser comes back.
	Press func(t *testing.T, address, oid string) url.Values
	// Pass moves the provider's clock alone.
	Pass func(d time.Duration)
	// Rotate makes the stand sign with a new key, made known in the way the driver learns of keys.
	Rotate func(t *testing.T)
	// Log is all that the provider has logged.
	Log func() string
	// Prefix stands before the OIDs of the stand in identities.
	Prefix string
}

// Run makes a fresh driver for each part of the contract.
func Run(t *testing.T, open func(t *testing.T) Driver) {
	t.Run("Start", func(t *testing.T) { start(t, open(t)) })
	t.Run("People", func(t *testing.T) { people(t, open(t)) })
	t.Run("Return", func(t *testing.T) { returns(t, open(t)) })
	t.Run("SingleUse", func(t *testing.T) { singleUse(t, open(t)) })
	t.Run("Decline", func(t *testing.T) { decline(t, open(t)) })
	t.Run("Clock", func(t *testing.T) { clock(t, open(t)) })
	t.Run("Rotation", func(t *testing.T) { rotation(t, open(t)) })
	t.Run("Gone", func(t *testing.T) { gone(t, open(t)) })
	t.Run("Check", func(t *testing.T) { check(t, open(t)) })
	t.Run("Secrets", func(t *testing.T) { secrets(t, open(t)) })
}

func begin(t *testing.T, d Driver) esia.Redirect {
	t.Helper()
	redirect, err := d.Provider.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return redirect
}

func signIn(t *testing.T, d Driver, oid string) (*esia.Identity, error) {
	t.Helper()
	redirect := begin(t, d)
	return d.Provider.Finish(t.Context(), redirect.Pending(), d.Press(t, redirect.URL, oid))
}

// want checks that an error has one of the codes, and words in both languages.
func want(t *testing.T, identity *esia.Identity, err error, codes ...string) *esia.Error {
	t.Helper()
	var e *esia.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *esia.Error with one of %v", err, codes)
	}
	if identity != nil {
		t.Errorf("an identity beside the error %v", err)
	}
	if !slices.Contains(codes, e.Code) {
		t.Errorf("error %v, want one of %v", err, codes)
	}
	if ru, en := e.Message(); ru == "" || en == "" || e.Kind() == "" {
		t.Errorf("%s says nothing: %q, %q", e.Code, ru, en)
	}
	return e
}

func start(t *testing.T, d Driver) {
	seen := make(map[string]bool)
	for range 10 {
		redirect := begin(t, d)
		u, err := url.Parse(redirect.URL)
		if err != nil || u.Host == "" || u.Query().Get("state") != redirect.State || u.Query().Get("client_id") == "" {
			t.Fatalf("the browser is sent to %s: %v", redirect.URL, err)
		}
		if redirect.State == "" || seen[redirect.State] || redirect.ExpiresAt.IsZero() {
			t.Errorf("state %q, expires at %s", redirect.State, redirect.ExpiresAt)
		}
		if redirect.Verifier != "" && strings.Contains(redirect.URL, redirect.Verifier) {
			t.Error("the verifier is told to the browser")
		}
		seen[redirect.State] = true
	}
	if logout := d.Provider.LogoutURL("https://exam.example.org/bye"); !strings.Contains(logout, "exam.example.org") {
		t.Errorf("the way out does not lead back: %s", logout)
	}
}

func people(t *testing.T, d Driver) {
	for _, p := range esiamock.TestPeople() {
		identity, err := signIn(t, d, p.OID)
		if err != nil {
			t.Fatalf("%s: %v", p.Note, err)
		}
		if identity.OID != d.Prefix+p.OID || identity.Person.LastName != p.LastName || identity.Person.FirstName != p.FirstName ||
			identity.Person.MiddleName != p.MiddleName || !identity.Person.BirthDate.Equal(p.BirthDate) || identity.Person.SNILS != p.SNILS {
			t.Errorf("%s: the person differs from the stand's", p.Note)
		}
		if admitted := p.Level == esia.LevelConfirmed && p.Status == "REGISTERED"; identity.Confirmed() != admitted || identity.Level != p.Level {
			t.Errorf("%s: level %s, confirmed %v; want %s, %v", p.Note, identity.Level, identity.Confirmed(), p.Level, admitted)
		}
		if identity.AuthMethod != "PWD" || identity.SessionID == "" {
			t.Errorf("%s: method %q, session %q", p.Note, identity.AuthMethod, identity.SessionID)
		}
	}
}

// returns brings back what no honest browser does. The last one is honest: nothing before used its sign-in up.
func returns(t *testing.T, d Driver) {
	redirect := begin(t, d)
	good := d.Press(t, redirect.URL, esiamock.StudentAnna)
	change := func(edit func(url.Values)) url.Values {
		query := maps.Clone(good)
		edit(query)
		return query
	}
	for name, test := range map[string]struct {
		pending esia.Pending
		query   url.Values
		code    string
	}{
		"another browser":     {esia.Pending{}, good, esia.CodeStateInvalid},
		"another sign-in":     {begin(t, d).Pending(), good, esia.CodeStateInvalid},
		"no state":            {redirect.Pending(), change(func(q url.Values) { q.Del("state") }), esia.CodeStateInvalid},
		"another state":       {redirect.Pending(), change(func(q url.Values) { q.Set("state", "x") }), esia.CodeStateInvalid},
		"no code":             {redirect.Pending(), change(func(q url.Values) { q.Del("code") }), esia.CodeRequestInvalid},
		"a repeated code":     {redirect.Pending(), change(func(q url.Values) { q.Add("code", "x") }), esia.CodeRequestInvalid},
		"an endless code":     {redirect.Pending(), change(func(q url.Values) { q.Set("code", strings.Repeat("x", 5000)) }), esia.CodeRequestInvalid},
		"too many parameters": {redirect.Pending(), change(func(q url.Values) { flood(q) }), esia.CodeRequestInvalid},
		"nothing":             {redirect.Pending(), url.Values{}, esia.CodeStateInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			identity, err := d.Provider.Finish(t.Context(), test.pending, test.query)
			want(t, identity, err, test.code)
		})
	}
	if _, err := d.Provider.Finish(t.Context(), redirect.Pending(), good); err != nil {
		t.Errorf("the honest browser is refused: %v", err)
	}

	redirect = begin(t, d)
	good = d.Press(t, redirect.URL, esiamock.StudentAnna)
	d.Pass(time.Hour)
	identity, err := d.Provider.Finish(t.Context(), redirect.Pending(), good)
	want(t, identity, err, esia.CodeStateExpired)
}

func flood(query url.Values) {
	for i := range 20 {
		query.Set(fmt.Sprint("p", i), "x")
	}
}

func singleUse(t *testing.T, d Driver) {
	redirect := begin(t, d)
	query := d.Press(t, redirect.URL, esiamock.StudentAnna)
	if _, err := d.Provider.Finish(t.Context(), redirect.Pending(), query); err != nil {
		t.Fatal(err)
	}
	identity, err := d.Provider.Finish(t.Context(), redirect.Pending(), query)
	want(t, identity, err, "ESIA-007011", esia.CodeGrantInvalid)

	// A code that was stolen serves no sign-in but its own.
	redirect, thief := begin(t, d), begin(t, d)
	query = d.Press(t, redirect.URL, esiamock.StudentAnna)
	query.Set("state", thief.State)
	identity, err = d.Provider.Finish(t.Context(), thief.Pending(), query)
	want(t, identity, err, "ESIA-007040", esia.CodeGrantInvalid)
}

func decline(t *testing.T, d Driver) {
	identity, err := signIn(t, d, "")
	if e := want(t, identity, err, "ESIA-007004", esia.CodeDenied); e.Kind() != esia.KindDenied {
		t.Errorf("kind %s", e.Kind())
	}
}

func clock(t *testing.T, d Driver) {
	d.Pass(-30 * time.Second)
	if _, err := signIn(t, d, esiamock.StudentAnna); err != nil {
		t.Errorf("half a minute slow: %v", err)
	}
	d.Pass(-3 * time.Minute)
	identity, err := signIn(t, d, esiamock.StudentAnna)
	e := want(t, identity, err, esia.CodeTokenTime)
	if !strings.Contains(e.Error(), "our clock says") {
		t.Errorf("the operator is not told of the clock: %v", e)
	}
	if ru, en := e.Message(); !strings.Contains(ru, "NTP") || !strings.Contains(en, "clock") {
		t.Errorf("the administrator is not told what to do: %s %s", ru, en)
	}
}

func rotation(t *testing.T, d Driver) {
	for range 2 {
		if _, err := signIn(t, d, esiamock.StudentAnna); err != nil {
			t.Fatal(err)
		}
		d.Rotate(t)
		d.Pass(20 * time.Second) // a driver need not look for new keys all the time
	}
	if _, err := signIn(t, d, esiamock.StudentAnna); err != nil {
		t.Errorf("after the keys were changed: %v", err)
	}
}

func gone(t *testing.T, d Driver) {
	if err := d.Gone.Ping(t.Context()); err == nil {
		t.Error("nobody answers a ping")
	} else {
		want(t, nil, err, esia.CodeUnavailable)
	}
	faults := 0
	for _, f := range d.Gone.Check(t.Context()) {
		if f.Err != nil {
			faults++
			if f.Name != "network" || f.Err.Code != esia.CodeUnavailable {
				t.Errorf("%s: %v", f.Name, f.Err)
			}
		}
	}
	if faults != 1 {
		t.Errorf("%d findings say that nobody is there, want 1", faults)
	}
	redirect := begin(t, d)
	query := d.Press(t, redirect.URL, esiamock.StudentAnna)
	identity, err := d.Gone.Finish(t.Context(), redirect.Pending(), query)
	want(t, identity, err, esia.CodeUnavailable)

	over, cancel := context.WithCancel(t.Context())
	cancel()
	identity, err = d.Provider.Finish(over, redirect.Pending(), query)
	if e := want(t, identity, err, esia.CodeUnavailable, esia.CodeTimeout, esia.CodeSignerFailed); e.Kind() != esia.KindUnavailable {
		t.Errorf("a browser that left: %v of kind %s", e, e.Kind())
	}
}

func check(t *testing.T, d Driver) {
	if err := d.Provider.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	names := make(map[string]bool)
	for _, f := range d.Provider.Check(t.Context()) {
		names[f.Name] = true
		if f.Err != nil || f.Detail == "" {
			t.Errorf("%s: %q, %v", f.Name, f.Detail, f.Err)
		}
	}
	for _, name := range []string{"network", "clock", "certificates", "registration"} {
		if !names[name] {
			t.Errorf("nothing about the %s", name)
		}
	}
	d.Pass(-time.Hour)
	wrong := false
	for _, f := range d.Provider.Check(t.Context()) {
		wrong = wrong || f.Name == "clock" && f.Err != nil
	}
	if !wrong {
		t.Error("an hour's difference is not seen")
	}
}

// secrets looks for the person and the tokens in all that is logged and printed.
func secrets(t *testing.T, d Driver) {
	redirect := begin(t, d)
	query := d.Press(t, redirect.URL, esiamock.StudentAnna)
	identity, err := d.Provider.Finish(t.Context(), redirect.Pending(), query)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Provider.Finish(t.Context(), redirect.Pending(), query)
	_, err2 := signIn(t, d, "")
	shown := fmt.Sprint(d.Log(), err, err2) + fmt.Sprintf("%v %+v %#v %s", identity, *identity, *identity, identity.Person)
	for name, secret := range map[string]string{
		"OID": esiamock.StudentAnna, "last name": "Смирнова", "first name": "Анна", "SNILS": identity.Person.SNILS, "code": query.Get("code"),
		"state": redirect.State, "verifier": redirect.Verifier, "token": "eyJ",
	} {
		if secret == "" || strings.Contains(shown, secret) {
			t.Errorf("the %s is shown", name)
		}
	}
	if !strings.Contains(d.Log(), "sign-in succeeded") || !strings.Contains(d.Log(), "sign-in failed") {
		t.Error("the log does not tell how sign-ins ended")
	}
}
