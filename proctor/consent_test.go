package proctor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// another makes one more exam with the same roster of one student.
func (h *house) another(t *testing.T, code, oid string) {
	t.Helper()
	ctx := context.Background()
	e := exam.Exam{Organisation: h.exam.Organisation, Code: code, Title: "Ещё один", StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour), Policy: exam.DefaultPolicy()}
	var err error
	e.ID, err = h.store.Exams.Ensure(ctx, e)
	must(t, err)
	for _, p := range esiamock.TestPeople() {
		if p.OID == oid {
			_, err = h.store.Exams.Import(ctx, e, []exam.RosterRow{{
				Line: 2, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS,
			}}, account.Person{})
			must(t, err)
		}
	}
}

// decode reads a JSON answer that came already.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// TestWithdrawal: what is under way goes on in the other form, what was recorded is doomed, and the student may come back with a new consent.
func TestWithdrawal(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	if status, text := anna.call(t, http.MethodPost, "/api/consents/withdraw", nil); status != http.StatusConflict || problemCode(t, text) != "no_consent" {
		t.Errorf("nothing to withdraw: %d %s", status, text)
	}
	a := anna.join(t, true)
	h.another(t, "second", esiamock.StudentAnna)
	status, text := anna.call(t, http.MethodPost, "/api/join/second", nil)
	if status != http.StatusOK || decode[attempt](t, text).State != "ready" {
		t.Fatalf("the second exam asks for the consent again: %d %s", status, text)
	}
	second := decode[attempt](t, text)
	ctx := context.Background()
	for _, state := range []string{"identifying", "in_progress"} { // the first while she is identified, the second while she writes
		id := a.ID
		if state == "in_progress" {
			id = second.ID
		}
		_, err := h.store.Pool.Exec(ctx, `update attempt set state = $2 where id = $1`, id, state)
		must(t, err)
		_, err = h.store.Pool.Exec(ctx, `insert into object_key (attempt_id, wrapped) values ($1, '\x00')`, id)
		must(t, err)
	}
	status, text = anna.call(t, http.MethodPost, "/api/attempts/"+second.ID.String()+"/decline", nil)
	if status != http.StatusConflict || problemCode(t, text) != "illegal_move" {
		t.Errorf("declined in the middle of an exam: %d %s", status, text)
	}

	status, text = anna.call(t, http.MethodPost, "/api/consents/withdraw", nil)
	out := decode[struct {
		Stopped int
		EraseBy time.Time
	}](t, text)
	if status != http.StatusOK || out.Stopped != 2 || time.Until(out.EraseBy) < 29*24*time.Hour || time.Until(out.EraseBy) > 31*24*time.Hour {
		t.Fatalf("withdraw: %d %s", status, text)
	}
	for _, id := range []uuid.UUID{a.ID, second.ID} {
		now := get[attempt](t, anna, "/api/attempts/"+id.String())
		if now.State != "declined" {
			t.Errorf("after the withdrawal an attempt is %s", now.State)
		}
		if status, text := anna.call(t, http.MethodPost, "/api/attempts/"+id.String()+"/identification", nil); status != http.StatusConflict {
			t.Errorf("identified without a consent: %d %s", status, text)
		}
		var at time.Time
		must(t, h.store.Pool.QueryRow(ctx, `select destroy_at from object_key where attempt_id = $1`, id).Scan(&at))
		if d := at.Sub(out.EraseBy); d > time.Second || d < -time.Second {
			t.Errorf("the recordings are erased at %v; promised %v", at, out.EraseBy)
		}
	}

	// She changes her mind about one of them: asked anew, and what was recorded of it is kept under the new consent.
	path := "/api/attempts/" + a.ID.String()
	status, text = anna.call(t, http.MethodPost, path+"/return", nil)
	if status != http.StatusOK || decode[attempt](t, text).State != "registered" {
		t.Fatalf("come back: %d %s", status, text)
	}
	if again := anna.join(t, true); again.ID != a.ID {
		t.Error("another attempt")
	}
	var kept, doomed bool
	must(t, h.store.Pool.QueryRow(ctx, `select (select destroy_at is null from object_key where attempt_id = $1), (select destroy_at is not null from object_key where attempt_id = $2)`,
		a.ID, second.ID).Scan(&kept, &doomed))
	if !kept || !doomed {
		t.Errorf("kept under the new consent: %v; the other one still to be erased: %v", kept, doomed)
	}
}

// TestConsentTextsPage: a text without what the law wants is refused whole; a new version asks again.
func TestConsentTextsPage(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	anna.join(t, true)
	office := h.signedIn(t, esiamock.Administrator)
	type texts struct {
		Texts []struct {
			Version int
			Terms   struct{ Operator, Term string }
		}
	}
	terms := map[string]any{
		"operator": "Университет", "address": "г. Примерск", "purpose": "идентификация", "data": "лицо, голос", "actions": "сбор, сравнение", "processor": "",
		"term": "", "withdrawal": "на странице «Мои согласия»",
	}
	draft := map[string]any{"title": "Новое согласие", "introduction": "Я согласен.", "terms": terms}
	if status, text := office.call(t, http.MethodPost, "/api/consent-texts", draft); status != http.StatusUnprocessableEntity || problemCode(t, text) != "consent_text_invalid" {
		t.Errorf("a text without its term: %d %s", status, text)
	}
	if v := get[texts](t, office, "/api/consent-texts"); len(v.Texts) != 1 {
		t.Fatalf("a refused text was published: %+v", v)
	}
	terms["term"] = "один год"
	if status, text := office.call(t, http.MethodPost, "/api/consent-texts", draft); status != http.StatusOK {
		t.Fatalf("publish: %d %s", status, text)
	}
	v := get[texts](t, office, "/api/consent-texts")
	if len(v.Texts) != 2 || v.Texts[0].Version != 2 || v.Texts[0].Terms.Term != "один год" {
		t.Errorf("texts %+v", v)
	}
	mine := get[struct {
		Consents []struct{ GrantedAt time.Time }
		Standing *uuid.UUID
	}](t, anna, "/api/consents")
	if len(mine.Consents) != 1 || mine.Standing != nil {
		t.Errorf("the consent to the old version stands for the new one: %+v", mine)
	}
}
