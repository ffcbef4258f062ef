package account

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
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

// use is an attempt of the person for which a consent is asked.
func (a *testAccounts) use(person uuid.UUID) *Use {
	return &Use{Attempt: a.attempt(person), Ref: ledger.ExamRef{Code: "demo", Title: "Экзамен", Group: "МА-21"}}
}

// in runs f in a transaction.
func (a *testAccounts) in(f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(a.t.Context(), a.pool, f)
}

func (a *testAccounts) publish(body string) ConsentText {
	a.t.Helper()
	if err := a.PublishConsentText(a.t.Context(), a.university, "Согласие", body); err != nil {
		a.t.Fatal(err)
	}
	text, err := a.ConsentText(a.t.Context(), a.university)
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

func (a *testAccounts) grant(g Grant) error {
	return a.in(func(tx pgx.Tx) error { return a.GrantConsent(a.t.Context(), tx, g) })
}

func (a *testAccounts) withdraw(w Withdrawal) error {
	return a.in(func(tx pgx.Tx) error { return a.WithdrawConsent(a.t.Context(), tx, w) })
}

func (a *testAccounts) standing(p Person) *Standing {
	a.t.Helper()
	s, err := a.Standing(a.t.Context(), nil, p)
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

// consents is all that a consent may change, as text.
func (a *testAccounts) consents() string {
	a.t.Helper()
	return value[string](a, `select concat((select string_agg(c::text, ';' order by id) from consent c), '|', (select string_agg(u::text, ';' order by attempt_id, consent_id) from consent_use u),
		'|', (select string_agg(r::text, ';' order by at) from consent_refusal r), '|', (select count(*) from ledger_record), '|', (select count(*) from mail_message),
		'|', (select string_agg(g::text, ';' order by student_id, guardian_id) from guardianship g), '|', (select string_agg(i::text, ';' order by id) from guardian_invitation i),
		'|', (select string_agg(id::text, ';' order by id) from person), '|', (select string_agg(x::text, ';' order by id) from guardian_claim x))`)
}

// outcomes are the log's records of one type, in order.
func (a *testAccounts) outcomes(kind ledger.Type) (list []string) {
	for _, r := range a.records() {
		if r.Type == kind {
			list = append(list, r.Outcome)
		}
	}
	return list
}

// adult is the linked student of the tests.
func (a *testAccounts) adult() Person {
	a.t.Helper()
	a.add(maria())
	p, err := a.signIn(claims())
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

// 7: asked once, for all attempts, kept with who she was.
func TestConsentIsAskedOnce(t *testing.T) {
	a := newTestAccounts(t)
	p := a.adult()
	text := a.publish("текст")
	if a.standing(p) != nil {
		t.Error("signing in alone is a consent")
	}
	first, second := a.use(p.ID), a.use(p.ID)
	changed := errors.New("she changed her mind")
	before := a.consents()
	if err := a.in(func(tx pgx.Tx) error {
		if err := a.GrantConsent(t.Context(), tx, Grant{Person: p, Text: text, Use: first}); err != nil {
			return err
		}
		return changed
	}); !errors.Is(err, changed) || a.consents() != before {
		t.Errorf("a transaction that was rolled back left something (%v)", err)
	}
	for range 2 { // two tabs
		if err := a.grant(Grant{Person: p, Text: text, Use: first}); err != nil {
			t.Fatal(err)
		}
	}
	s := a.standing(p)
	if s == nil || !s.GrantedAt.Equal(testTime) || s.Guardian != uuid.Nil || s.Text != text.ID {
		t.Fatalf("standing: %+v", s)
	}
	if n := value[int](a, `select count(*) from consent`); n != 1 {
		t.Errorf("%d consents; want 1", n)
	}
	if at, err := a.ConsentGranted(t.Context(), second.Attempt); err != nil || at != nil {
		t.Errorf("the other attempt relies on it unasked: %v, %v", at, err)
	}
	if err := a.in(func(tx pgx.Tx) error { return a.RelyOnConsent(t.Context(), tx, p, *s, *second) }); err != nil {
		t.Fatal(err)
	}
	for _, use := range []*Use{first, second} {
		if at, err := a.ConsentGranted(t.Context(), use.Attempt); err != nil || at == nil || !at.Equal(testTime) {
			t.Errorf("behind an attempt: %v, %v", at, err)
		}
	}
	if got := a.outcomes(ledger.TypeConsent); !slices.Equal(got, []string{"granted", "stands", "stands"}) {
		t.Errorf("records %v", got)
	}

	var id uuid.UUID
	var sealed []byte
	if err := a.pool.QueryRow(t.Context(), `select id, identity from consent`).Scan(&id, &sealed); err != nil {
		t.Fatal(err)
	}
	const want = `{"student":{"name":"Ёлкина Анна-Мария Петровна","birthDate":"2005-01-02","oid":"1000299654","snils":"11223344595"},"signature":"esia","at":"2026-09-01T08:30:00Z"}`
	if plain, err := a.ring.Unseal("consent "+id.String(), sealed); err != nil || string(plain) != want {
		t.Errorf("who she was: %s, %v; want %s", plain, err, want)
	}
	for _, personal := range []string{mariaName.Last, mariaOID, "2005-01-02", mariaSNILS} {
		if a.shows("consent", personal) || a.shows("ledger_record", personal) {
			t.Errorf("%q stands among the consents or in the log in plain", personal)
		}
	}
}

// 7: a new version of the text asks again; attempts of before keep the consent behind them.
func TestANewVersionAsksAgain(t *testing.T) {
	a := newTestAccounts(t)
	p := a.adult()
	use := a.use(p.ID)
	if err := a.grant(Grant{Person: p, Text: a.publish("первая редакция"), Use: use}); err != nil {
		t.Fatal(err)
	}
	second := a.publish("вторая редакция")
	if s := a.standing(p); s != nil {
		t.Errorf("the consent to the first version stands for the second: %+v", s)
	}
	if at, err := a.ConsentGranted(t.Context(), use.Attempt); err != nil || at == nil {
		t.Errorf("the attempt lost its consent: %v, %v", at, err)
	}
	if err := a.grant(Grant{Person: p, Text: second}); err != nil || a.standing(p) == nil {
		t.Errorf("granted anew: %v, %+v", err, a.standing(p))
	}
	list, err := a.Consents(t.Context(), p.ID)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
}

// 7: a withdrawal ends every consent, is a record, and can be followed by a new consent.
func TestWithdrawal(t *testing.T) {
	a := newTestAccounts(t)
	p := a.adult()
	before := a.consents()
	if err := a.withdraw(Withdrawal{Person: p}); !errors.Is(err, ErrNoConsent) || a.consents() != before {
		t.Errorf("nothing to withdraw: %v", err)
	}
	use := a.use(p.ID)
	for _, body := range []string{"первая", "вторая"} {
		if err := a.grant(Grant{Person: p, Text: a.publish(body), Use: use}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.withdraw(Withdrawal{Person: p}); err != nil {
		t.Fatal(err)
	}
	if a.standing(p) != nil {
		t.Error("withdrawn, but it stands")
	}
	if at, err := a.ConsentGranted(t.Context(), use.Attempt); err != nil || at != nil {
		t.Errorf("withdrawn, but behind the attempt: %v, %v", at, err)
	}
	list, err := a.Consents(t.Context(), p.ID)
	if err != nil || len(list) != 2 || list[0].WithdrawnAt == nil || list[1].WithdrawnAt == nil || list[0].WithdrawnBy != p.Name.String() {
		t.Errorf("%+v, %v; want both withdrawn", list, err)
	}
	var data ledger.Withdrawal
	records := a.records()
	if got := a.outcomes(ledger.TypeWithdrawal); !slices.Equal(got, []string{"withdrawn", "withdrawn"}) {
		t.Errorf("records %v", got)
	}
	for _, r := range records {
		if r.Type == ledger.TypeWithdrawal {
			if err := r.Data(&data); err != nil || data.By != "student" || !data.EraseBy.Equal(testTime.Add(EraseAfter)) {
				t.Errorf("%+v, %v", data, err)
			}
		}
	}
	text, err := a.ConsentText(t.Context(), a.university)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.grant(Grant{Person: p, Text: text}); err != nil || a.standing(p) == nil {
		t.Errorf("granted again: %v", err)
	}
}

func TestConsentWithoutItsRecordIsNone(t *testing.T) {
	a := newTestAccounts(t)
	p := a.adult()
	text := a.publish("текст")
	if err := a.grant(Grant{Person: p, Text: text}); err != nil {
		t.Fatal(err)
	}
	a.exec(`alter table ledger_record rename to hidden`)
	if err := a.withdraw(Withdrawal{Person: p}); err == nil {
		t.Error("withdrawn without a record")
	}
	a.exec(`alter table hidden rename to ledger_record`)
	if a.standing(p) == nil {
		t.Error("withdrawn without a record")
	}
}

func TestTerms(t *testing.T) {
	full := Terms{Operator: "Университет", Address: "г. Примерск", Purpose: "идентификация", Data: "лицо, голос", Actions: "сбор", Term: "год", Withdrawal: "на странице"}
	text := full.Compose("Я даю согласие.\n\n\n Второй\nабзац. ")
	if got := ReadTerms(text); got != full || len(got.Missing()) != 0 {
		t.Errorf("%+v from\n%s", got, text)
	}
	if !strings.HasPrefix(text, "Я даю согласие.\n\nВторой\nабзац.\n\nОператор: Университет\n\n") || strings.Contains(text, "Кому поручена") {
		t.Errorf("composed:\n%s", text)
	}
	without := full
	without.Term, without.Data = "", " "
	if got := ReadTerms(without.Compose("")).Missing(); !slices.Equal(got, []string{"Перечень данных", "Срок"}) {
		t.Errorf("missing %v", got)
	}
	// A field cannot bring a paragraph of its own.
	sly := full
	sly.Purpose = "цель\n\nОператор: другой"
	if got := ReadTerms(sly.Compose("")); got.Operator != "Университет" {
		t.Errorf("a field changed another one: %+v", got)
	}
}

func TestPublishRefuses(t *testing.T) {
	a := newTestAccounts(t)
	for what, c := range map[string][2]string{
		"no title": {" ", "текст"}, "no text": {"Согласие", "\n"}, "a long title": {strings.Repeat("я", maxConsentTitle), "текст"}, "a long text": {"Согласие", strings.Repeat("я", maxConsentBody)},
	} {
		if err := a.PublishConsentText(t.Context(), a.university, c[0], c[1]); !errors.Is(err, ErrConsentText) {
			t.Errorf("%s: %v; want ErrConsentText", what, err)
		}
	}
	if n := value[int](a, `select count(*) from consent_text`); n != 0 {
		t.Errorf("%d texts were published", n)
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		birth time.Time
		now   string
		want  int
	}{
		{date(2008, 11, 21), "2026-11-20T20:59:59Z", 17}, // 23:59:59 in Moscow
		{date(2008, 11, 21), "2026-11-20T21:00:00Z", 18}, // her birthday has begun there
		{date(2008, 2, 29), "2026-02-28T12:00:00Z", 17},
		{date(2008, 2, 29), "2026-03-01T12:00:00Z", 18},
		{date(2012, 11, 22), "2026-11-21T12:00:00Z", 13},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := Age(c.birth, now); got != c.want {
			t.Errorf("born %s, at %s: %d; want %d", c.birth.Format(time.DateOnly), c.now, got, c.want)
		}
	}
}
