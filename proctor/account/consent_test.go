package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestConsentTexts(t *testing.T) {
	a := newTestAccounts(t)
	other := a.organisation("В")
	if _, err := a.ConsentText(t.Context(), a.university); !errors.Is(err, ErrNoConsentText) {
		t.Errorf("before there is one: %v; want ErrNoConsentText", err)
	}
	for i, c := range []struct {
		title, body string
		version     int
	}{
		{"Согласие", "первый\n\nабзац", 1},
		{"Согласие", "первый\n\nабзац", 1},
		{"Согласие", "второй", 2},
		{"Другой заголовок", "второй", 3},
		{"Согласие", "первый\n\nабзац", 4}, // an old text made current again is asked again
		{"Согласие", "первый\n\nабзац", 4},
	} {
		if err := a.PublishConsentText(t.Context(), a.university, c.title, c.body); err != nil {
			t.Fatal(err)
		}
		text, err := a.ConsentText(t.Context(), a.university)
		if err != nil || text.Version != c.version || text.Title != c.title || text.Body != c.body {
			t.Errorf("text %d: %+v, %v; want version %d", i, text, err, c.version)
		}
	}
	if n := value[int](a, `select count(*) from consent_text`); n != 4 {
		t.Errorf("%d texts are kept; want all 4", n)
	}
	if _, err := a.ConsentText(t.Context(), other); !errors.Is(err, ErrNoConsentText) {
		t.Errorf("another organisation's: %v; want ErrNoConsentText", err)
	}
	if err := a.PublishConsentText(t.Context(), uuid.New(), "Согласие", "текст"); err == nil {
		t.Error("a text of no organisation was published")
	}
	const body = "a9b8"
	if err := a.PublishConsentText(t.Context(), other, "x", body); err != nil {
		t.Fatal(err)
	}
	if text, err := a.ConsentText(t.Context(), other); err != nil || text.Version != 1 || len(text.SHA256) != 32 {
		t.Errorf("another organisation's first: %+v, %v", text, err)
	}
	if ok := value[bool](a, `select bool_and(sha256 = sha256(convert_to(body, 'UTF8'))) from consent_text`); !ok {
		t.Error("a text's hash is not that of its body")
	}
}

// attempt is an attempt of the person, which consents belong to.
func (a *testAccounts) attempt(person uuid.UUID) uuid.UUID {
	a.t.Helper()
	exam, entry, id := uuid.New(), uuid.New(), uuid.New()
	a.exec(`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, $3, 'Экзамен', now(), now() + interval '1 hour', '{}')`, exam, a.university, exam.String())
	a.exec(`insert into roster_entry (id, exam_id, person_id) values ($1, $2, $3)`, entry, exam, person)
	a.exec(`insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'registered', 3)`, id, exam, entry, person)
	return id
}

func TestConsent(t *testing.T) {
	a := newTestAccounts(t)
	id := a.add(maria())
	person, err := a.signIn(claims())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.PublishConsentText(t.Context(), a.university, "Согласие", "текст"); err != nil {
		t.Fatal(err)
	}
	text, err := a.ConsentText(t.Context(), a.university)
	if err != nil {
		t.Fatal(err)
	}
	attempt, other := a.attempt(id), a.attempt(id)
	granted := func(attempt uuid.UUID) *time.Time {
		t.Helper()
		at, err := a.ConsentGranted(t.Context(), attempt)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at := granted(attempt); at != nil {
		t.Errorf("granted at %v before it was", at)
	}
	grant := Grant{Attempt: attempt, Person: person, Text: text, At: testTime}

	changed := errors.New("she changed her mind")
	err = pgx.BeginFunc(t.Context(), a.pool, func(tx pgx.Tx) error {
		if err := a.GrantConsent(t.Context(), tx, grant); err != nil {
			return err
		}
		return changed
	})
	if at := granted(attempt); !errors.Is(err, changed) || at != nil {
		t.Errorf("granted at %v in a transaction that was rolled back (%v)", at, err)
	}
	if err := pgx.BeginFunc(t.Context(), a.pool, func(tx pgx.Tx) error { return a.GrantConsent(t.Context(), tx, grant) }); err != nil {
		t.Fatal(err)
	}
	if at := granted(attempt); at == nil || !at.Equal(testTime) {
		t.Errorf("granted at %v; want %v", at, testTime)
	}
	if at := granted(other); at != nil {
		t.Errorf("the consent for one attempt counts for another: %v", at)
	}

	var stored struct {
		ID       uuid.UUID
		Person   uuid.UUID
		Text     uuid.UUID
		Identity []byte
	}
	if err := a.pool.QueryRow(t.Context(), `select id, person_id, text_id, identity from consent`).Scan(&stored.ID, &stored.Person, &stored.Text, &stored.Identity); err != nil {
		t.Fatal(err)
	}
	if stored.Person != id || stored.Text != text.ID {
		t.Errorf("stored as %+v", stored)
	}
	const want = `{"birthDate":"2005-01-02","name":"Ёлкина Анна-Мария Петровна","oid":"1000299654"}`
	if plain, err := a.ring.Unseal("consent "+stored.ID.String(), stored.Identity); err != nil || string(plain) != want {
		t.Errorf("who she was: %s, %v; want %s", plain, err, want)
	}
	if _, err := a.ring.Unseal("consent "+uuid.NewString(), stored.Identity); err == nil {
		t.Error("the identity opens for another consent")
	}
	for _, personal := range []string{mariaName.Last, mariaOID, "2005-01-02"} {
		if a.shows("consent", personal) {
			t.Errorf("%q stands among the consents in plain", personal)
		}
	}

	a.exec(`update consent set withdrawn_at = $1`, testTime.Add(time.Hour))
	if at := granted(attempt); at != nil {
		t.Errorf("withdrawn, but granted at %v", at)
	}
	grant.At = testTime.Add(2 * time.Hour)
	if err := pgx.BeginFunc(t.Context(), a.pool, func(tx pgx.Tx) error { return a.GrantConsent(t.Context(), tx, grant) }); err != nil {
		t.Fatal(err)
	}
	if at := granted(attempt); at == nil || !at.Equal(grant.At) {
		t.Errorf("granted again at %v; want %v", at, grant.At)
	}
}
