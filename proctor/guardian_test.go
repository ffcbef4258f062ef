package proctor_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
)

type guardianConsent struct {
	Needed, Minor bool
	Invitations   []struct{ Email, State string }
	Made          *struct{ Code, URL string }
}

type guardianHome struct {
	Children []struct {
		ID                   uuid.UUID
		Name                 string
		GrantedAt, RefusedAt *time.Time
		Minor                bool
	}
	Claims []struct{ ID, Student, State string }
	Text   struct {
		ID     uuid.UUID
		SHA256 string
	}
}

// letterCode waits for a letter to the address and takes the code out of its link.
func (h *house) letterCode(t *testing.T, to string) string {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		letters, more := h.mail.Letters()
		for _, l := range letters {
			if _, code, ok := strings.Cut(l.Text, h.url+"/guardian#"); ok && l.To[0] == to {
				code, _, _ = strings.Cut(code, "\n")
				return code
			}
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("no letter to %s", to)
		}
	}
}

// guardianSignIn goes through ESIA as a parent.
func (b *browser) guardianSignIn(t *testing.T, oid string) *url.URL {
	t.Helper()
	page, err := b.Get(b.house.url + "/auth/esia/start?as=guardian&return=/guardian")
	must(t, err)
	field := requestField.FindStringSubmatch(read(t, page))
	if field == nil {
		t.Fatalf("no sign-in page at %s", page.Request.URL)
	}
	done, err := b.PostForm(page.Request.URL.Scheme+"://"+page.Request.URL.Host+"/login", url.Values{"request": {field[1]}, "person": {oid}})
	must(t, err)
	read(t, done)
	return done.Request.URL
}

// TestGuardian: a minor waits at the door, her father comes by the link in a letter, consents, and she is in; then he withdraws.
func TestGuardian(t *testing.T) {
	h := newHouse(t)
	h.another(t, "minors", esiamock.StudentMinor)
	kira := h.signedIn(t, esiamock.StudentMinor)
	if s := get[struct{ Person struct{ NeedsParent bool } }](t, kira, "/api/session"); !s.Person.NeedsParent {
		t.Error("the session does not say that a parent is needed")
	}
	if status, text := kira.call(t, http.MethodPost, "/api/join/minors", nil); status != http.StatusForbidden || problemCode(t, text) != "guardian_needed" {
		t.Fatalf("joined without a parent: %d %s", status, text)
	}
	if status, text := kira.call(t, http.MethodPost, "/api/guardian-consent/invitations", map[string]any{"email": "x"}); status != http.StatusUnprocessableEntity || problemCode(t, text) != "email_invalid" {
		t.Errorf("a bad address: %d %s", status, text)
	}
	status, text := kira.call(t, http.MethodPost, "/api/guardian-consent/invitations", map[string]any{"email": "papa@example.org"})
	if v := decode[guardianConsent](t, text); status != http.StatusOK || v.Made != nil || len(v.Invitations) != 1 || v.Invitations[0].Email != "p•••@example.org" {
		t.Fatalf("invite: %d %s", status, text)
	}
	code := h.letterCode(t, "papa@example.org")

	dad := h.browser(t)
	if status, text := dad.call(t, http.MethodPost, "/api/guardian/invitation", map[string]any{"code": "AAAAA-AAAAA-AAAAA-AAAAA"}); status != http.StatusNotFound || problemCode(t, text) != "guardian_code_unknown" {
		t.Errorf("an unknown code: %d %s", status, text)
	}
	status, text = dad.call(t, http.MethodPost, "/api/guardian/invitation", map[string]any{"code": code})
	if status != http.StatusOK || strings.Contains(text, "Кира") || strings.Contains(text, "Фёдоров") {
		t.Fatalf("the link, opened by anybody, tells of the student: %d %s", status, text)
	}

	// Somebody else's parent with the same link.
	stranger := h.browser(t)
	stranger.call(t, http.MethodPost, "/api/guardian/invitation", map[string]any{"code": code})
	if at := stranger.guardianSignIn(t, esiamock.Stranger); at.Path != "/guardian" {
		t.Errorf("a stranger landed at %s", at)
	}
	if s := get[struct{ SignedIn bool }](t, stranger, "/api/session"); s.SignedIn {
		t.Error("a stranger with the link is signed in")
	}
	if v := get[struct{ Claimant string }](t, stranger, "/api/guardian/invitation"); v.Claimant != "Орлов Демьян Павлович" {
		t.Errorf("the way by papers is not offered: %+v", v)
	}

	if at := dad.guardianSignIn(t, esiamock.Parent); at.Path != "/guardian" || at.RawQuery != "" {
		t.Fatalf("landed at %s", at)
	}
	if status, text := stranger.call(t, http.MethodPost, "/api/guardian/claim", nil); status != http.StatusGone || problemCode(t, text) != "guardian_code_used" {
		t.Errorf("a used code, by papers: %d %s", status, text)
	}
	home := get[guardianHome](t, dad, "/api/guardian")
	if len(home.Children) != 1 || !home.Children[0].Minor || home.Children[0].GrantedAt != nil {
		t.Fatalf("his page: %+v", home)
	}
	path := "/api/guardian/children/" + home.Children[0].ID.String()
	if status, text := kira.call(t, http.MethodPost, path+"/answer", map[string]any{"textId": home.Text.ID, "sha256": home.Text.SHA256, "grant": true}); status != http.StatusForbidden {
		t.Errorf("she answers for him: %d %s", status, text)
	}
	if status, text := dad.call(t, http.MethodPost, path+"/answer", map[string]any{"textId": home.Text.ID, "sha256": strings.Repeat("0", 64), "grant": true}); status != http.StatusConflict || problemCode(t, text) != "consent_outdated" {
		t.Errorf("another text: %d %s", status, text)
	}
	status, text = dad.call(t, http.MethodPost, path+"/answer", map[string]any{"textId": home.Text.ID, "sha256": home.Text.SHA256, "grant": true})
	if v := decode[guardianHome](t, text); status != http.StatusOK || v.Children[0].GrantedAt == nil {
		t.Fatalf("grant: %d %s", status, text)
	}
	if v := get[guardianConsent](t, kira, "/api/guardian-consent"); v.Needed || v.Invitations[0].State != "used" {
		t.Errorf("her page: %+v", v)
	}
	status, text = kira.call(t, http.MethodPost, "/api/join/minors", nil)
	a := decode[attempt](t, text)
	if status != http.StatusOK || a.State != "ready" || a.Consent.GrantedAt == nil {
		t.Fatalf("she is not in: %d %s", status, text)
	}

	// A new browser of his needs no link.
	again := h.browser(t)
	again.signIn(t, esiamock.Parent, "/guardian")
	status, text = again.call(t, http.MethodPost, path+"/withdraw", nil)
	if status != http.StatusOK {
		t.Fatalf("withdraw: %d %s", status, text)
	}
	if now := get[attempt](t, kira, "/api/attempts/"+a.ID.String()); now.State != "declined" || now.Consent.GrantedAt != nil {
		t.Errorf("after the withdrawal: %+v", now)
	}
	if status, text := kira.call(t, http.MethodPost, "/api/attempts/"+a.ID.String()+"/return", nil); status != http.StatusOK && problemCode(t, text) == "" {
		t.Errorf("come back: %d %s", status, text)
	}
	if status, text := kira.call(t, http.MethodPost, "/api/join/minors", nil); status != http.StatusForbidden {
		t.Errorf("in without a consent: %d %s", status, text)
	}
}

// TestGuardianByPapers: ESIA names no such child, the organisation looks at papers.
func TestGuardianByPapers(t *testing.T) {
	h := newHouse(t)
	h.another(t, "minors", esiamock.StudentMinor)
	kira := h.signedIn(t, esiamock.StudentMinor)
	status, text := kira.call(t, http.MethodPost, "/api/guardian-consent/invitations", map[string]any{"email": ""})
	made := decode[guardianConsent](t, text).Made
	if status != http.StatusOK || made == nil || made.URL != h.url+"/guardian" {
		t.Fatalf("a code to hand over: %d %s", status, text)
	}
	aunt := h.browser(t)
	aunt.call(t, http.MethodPost, "/api/guardian/invitation", map[string]any{"code": made.Code})
	aunt.guardianSignIn(t, esiamock.Stranger)
	status, text = aunt.call(t, http.MethodPost, "/api/guardian/claim", nil)
	if v := decode[guardianHome](t, text); status != http.StatusOK || len(v.Children) != 0 || len(v.Claims) != 1 || v.Claims[0].Student != "Кира Ф." {
		t.Fatalf("claim: %d %s", status, text)
	}
	office := h.signedIn(t, esiamock.Registrar)
	list := get[guardianHome](t, office, "/api/guardian-claims")
	if len(list.Claims) != 1 || list.Claims[0].Student != "Фёдорова Кира Максимовна" {
		t.Fatalf("the queue: %+v", list)
	}
	status, text = office.call(t, http.MethodPost, "/api/guardian-claims/"+list.Claims[0].ID+"/decision", map[string]any{"confirm": true, "note": "свидетельство о рождении"})
	if status != http.StatusOK || len(decode[guardianHome](t, text).Claims) != 0 {
		t.Fatalf("decide: %d %s", status, text)
	}
	if home := get[guardianHome](t, aunt, "/api/guardian"); len(home.Children) != 1 || home.Claims[0].State != "confirmed" {
		t.Errorf("her page: %+v", home)
	}
}
