package account

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// EraseAfter is how long after a withdrawal what was recorded is still there: 152-ФЗ, article 21, part 5.
const EraseAfter = 30 * 24 * time.Hour

// Adult is the age from which a person consents herself.
const Adult = 18

// moscow is the zone whose calendar tells how old somebody is: the organisations' and ESIA's.
var moscow = time.FixedZone("MSK", 3*60*60)

// Age is how old somebody born on that day is, in years.
func Age(birth, now time.Time) int {
	y, m, d := now.In(moscow).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	age := y - birth.Year()
	if today.Before(time.Date(birth.Year()+age, birth.Month(), birth.Day(), 0, 0, 0, 0, time.UTC)) {
		age--
	}
	return age
}

// Minor tells whether somebody else must consent for the person.
func (a *Accounts) Minor(p Person) bool { return Age(p.BirthDate, a.now()) < Adult }

var (
	// ErrGuardianNeeded: she is a minor, for whom one of her parents consents.
	ErrGuardianNeeded = errors.New("a minor's parent must consent")
	// ErrNoConsent: there is no standing consent.
	ErrNoConsent = errors.New("there is no consent")
)

// Standing is a consent that is in force: to the current text, not withdrawn, by who may give it at the person's age.
type Standing struct {
	ID        uuid.UUID
	Text      uuid.UUID
	GrantedAt time.Time
	Guardian  uuid.UUID // zero: she gave it herself
	version   int
	sha256    []byte
}

// Standing finds the person's consent that is in force; nil when there is none: never asked, withdrawn, of an older version of the text, or
// given by a parent before she came of age.
func (a *Accounts) Standing(ctx context.Context, q queryer, p Person) (*Standing, error) {
	if q == nil {
		q = a.pool
	}
	rows, _ := q.Query(ctx, `select c.id, c.text_id, c.granted_at, coalesce(c.guardian_id, '00000000-0000-0000-0000-000000000000'), t.version, t.sha256
		from consent c join consent_text t on t.id = c.text_id
		where c.person_id = $1 and c.withdrawn_at is null and c.identity is not null and (c.guardian_id is not null) = $2
			and t.version = (select max(version) from consent_text where organisation_id = $3)
		order by c.granted_at limit 1`, p.ID, a.Minor(p), p.Organisation)
	s, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (s Standing, err error) {
		err = row.Scan(&s.ID, &s.Text, &s.GrantedAt, &s.Guardian, &s.version, &s.sha256)
		return s, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the consent: %w", err)
	}
	return &s, nil
}

// Use is an attempt that relies on a consent.
type Use struct {
	Exam    uuid.UUID
	Attempt uuid.UUID
	Ref     ledger.ExamRef
}

// Grant is a consent being given.
type Grant struct {
	Person   Person
	Text     ConsentText // the current one, as it was shown
	Guardian *Parent     // who gives it for a minor; nil: she herself
	Use      *Use        // the attempt for which it was asked; nil: none
}

// GrantConsent stores the consent with who the person was by ESIA at that moment, and its record in the log, within the caller's transaction.
// A minor's own consent is ErrGuardianNeeded. What stands already is not asked twice: it is kept, and the attempt relies on it.
func (a *Accounts) GrantConsent(ctx context.Context, tx pgx.Tx, g Grant) error {
	if a.Minor(g.Person) != (g.Guardian != nil) {
		if g.Guardian != nil {
			return ErrOfAge
		}
		return ErrGuardianNeeded
	}
	// Two tabs, or two parents, at once: one consent.
	if _, err := tx.Exec(ctx, `select from person where id = $1 for update`, g.Person.ID); err != nil {
		return fmt.Errorf("lock the person: %w", err)
	}
	standing, err := a.Standing(ctx, tx, g.Person)
	switch {
	case err != nil:
		return err
	case standing != nil && g.Use != nil:
		return a.RelyOnConsent(ctx, tx, g.Person, *standing, *g.Use)
	case standing != nil:
		return nil
	}
	id, now := uuid.New(), a.now()
	identity, err := a.consentIdentity(ctx, tx, g, now)
	if err != nil {
		return err
	}
	data := ledger.Consent{Consent: id.String(), By: "student", Version: g.Text.Version, TextSHA256: hex.EncodeToString(g.Text.SHA256)}
	personal := map[string]string{"student": g.Person.Name.String(), "oid": g.Person.OID}
	var guardian uuid.NullUUID
	if g.Guardian != nil {
		guardian = uuid.NullUUID{UUID: g.Guardian.ID, Valid: true}
		data.By, data.Authority = "guardian", string(g.Guardian.By)
		personal["guardian"], personal["guardian_oid"] = g.Guardian.Name.String(), g.Guardian.OID
	}
	if _, err := tx.Exec(ctx, `insert into consent (id, person_id, text_id, granted_at, identity, guardian_id) values ($1, $2, $3, $4, $5, $6)`,
		id, g.Person.ID, g.Text.ID, now, a.ring.Seal("consent "+id.String(), identity), guardian); err != nil {
		return fmt.Errorf("store the consent: %w", err)
	}
	entry := ledger.Entry{Type: ledger.TypeConsent, At: now, Person: g.Person.ID, Outcome: "granted", Personal: personal}
	if g.Use != nil {
		entry.Exam, entry.Attempt, data.Exam = g.Use.Exam, g.Use.Attempt, g.Use.Ref
		if err := useConsent(ctx, tx, id, g.Use.Attempt, now); err != nil {
			return err
		}
	}
	entry.Data = data
	_, err = a.log.Append(ctx, tx, entry)
	return err
}

// RelyOnConsent writes down which standing consent is behind an attempt, so that she is not asked again.
func (a *Accounts) RelyOnConsent(ctx context.Context, tx pgx.Tx, p Person, s Standing, use Use) error {
	now := a.now()
	if err := useConsent(ctx, tx, s.ID, use.Attempt, now); err != nil {
		return err
	}
	by := "student"
	if s.Guardian != uuid.Nil {
		by = "guardian"
	}
	_, err := a.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeConsent, At: now, Exam: use.Exam, Attempt: use.Attempt, Person: p.ID, Outcome: "stands",
		Data:     ledger.Consent{Exam: use.Ref, Consent: s.ID.String(), By: by, Version: s.version, TextSHA256: hex.EncodeToString(s.sha256)},
		Personal: map[string]string{"student": p.Name.String(), "oid": p.OID},
	})
	return err
}

func useConsent(ctx context.Context, tx pgx.Tx, consent, attempt uuid.UUID, at time.Time) error {
	if _, err := tx.Exec(ctx, `insert into consent_use (attempt_id, consent_id, at) values ($1, $2, $3)
		on conflict (attempt_id, consent_id) do update set at = excluded.at`, attempt, consent, at); err != nil {
		return fmt.Errorf("note what the consent is for: %w", err)
	}
	return nil
}

// consentSubject is who somebody was when she signed: 152-ФЗ wants the name and the identity document.
type consentSubject struct {
	Name      string `json:"name"`
	BirthDate string `json:"birthDate"`
	OID       string `json:"oid"`
	Document  string `json:"document,omitempty"` // series and number, where the organisation knows them
	SNILS     string `json:"snils,omitempty"`
}

// consentIdentity is what is sealed with a consent: who, for whom, and how it was signed.
func (a *Accounts) consentIdentity(ctx context.Context, tx pgx.Tx, g Grant, at time.Time) ([]byte, error) {
	var signed struct {
		Student   consentSubject  `json:"student"`
		Guardian  *consentSubject `json:"guardian,omitempty"`
		Authority Authority       `json:"authority,omitempty"`
		Signature string          `json:"signature"` // how: the sign-in through ESIA, then the box and the button under the text
		At        time.Time       `json:"at"`
	}
	var err error
	if signed.Student, err = a.consentSubject(ctx, tx, g.Person); err != nil {
		return nil, err
	}
	if g.Guardian != nil {
		guardian, err := a.consentSubject(ctx, tx, g.Guardian.Person)
		if err != nil {
			return nil, err
		}
		signed.Guardian, signed.Authority = &guardian, g.Guardian.By
	}
	signed.Signature, signed.At = "esia", at.UTC()
	plain, err := json.Marshal(signed)
	if err != nil {
		return nil, fmt.Errorf("consent: %w", err)
	}
	return plain, nil
}

func (a *Accounts) consentSubject(ctx context.Context, tx pgx.Tx, p Person) (consentSubject, error) {
	s := consentSubject{Name: p.Name.String(), BirthDate: p.BirthDate.Format(time.DateOnly), OID: p.OID}
	var document, snils []byte
	if err := tx.QueryRow(ctx, `select document_sealed, snils_sealed from person where id = $1`, p.ID).Scan(&document, &snils); err != nil {
		return s, fmt.Errorf("read who consents: %w", err)
	}
	for _, part := range []struct {
		purpose string
		sealed  []byte
		into    *string
	}{{purposeDocument, document, &s.Document}, {purposeSNILS, snils, &s.SNILS}} {
		if part.sealed == nil {
			continue
		}
		plain, err := a.ring.Unseal(part.purpose, part.sealed)
		if err != nil {
			return s, fmt.Errorf("read who consents: %w", err)
		}
		*part.into = string(plain)
	}
	return s, nil
}

// ConsentGranted tells when the consent behind the attempt was given; nil: it was not, or it was withdrawn.
func (a *Accounts) ConsentGranted(ctx context.Context, attempt uuid.UUID) (*time.Time, error) {
	var at time.Time
	err := a.pool.QueryRow(ctx, `select c.granted_at from consent_use u join consent c on c.id = u.consent_id
		where u.attempt_id = $1 and c.withdrawn_at is null order by u.at desc limit 1`, attempt).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the consent: %w", err)
	}
	return &at, nil
}

// Withdrawal is a consent being taken back.
type Withdrawal struct {
	Person   Person
	Guardian *Parent // who takes it back for a minor; nil: she herself
}

// WithdrawConsent ends every consent of the person within the caller's transaction, which must also end what is done with her data. ErrNoConsent
// when there is none to withdraw; a minor's parents withdraw for her (ErrGuardianNeeded), and only while she is a minor (ErrOfAge).
func (a *Accounts) WithdrawConsent(ctx context.Context, tx pgx.Tx, w Withdrawal) error {
	by := w.Person
	switch minor := a.Minor(w.Person); {
	case minor && w.Guardian == nil:
		return ErrGuardianNeeded
	case !minor && w.Guardian != nil:
		return ErrOfAge
	case w.Guardian != nil:
		by = w.Guardian.Person
	}
	now := a.now()
	rows, _ := tx.Query(ctx, `update consent c set withdrawn_at = $2, withdrawn_by = $3 from consent_text t
		where c.person_id = $1 and c.withdrawn_at is null and t.id = c.text_id returning c.id, t.version, t.sha256`, w.Person.ID, now, by.ID)
	type ended struct {
		ID      uuid.UUID
		Version int
		SHA256  []byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
	if err != nil {
		return fmt.Errorf("withdraw the consent: %w", err)
	}
	if len(list) == 0 {
		return ErrNoConsent
	}
	for _, c := range list {
		data := ledger.Withdrawal{Consent: c.ID.String(), By: "student", Version: c.Version, TextSHA256: hex.EncodeToString(c.SHA256), EraseBy: now.Add(EraseAfter).UTC()}
		personal := map[string]string{"student": w.Person.Name.String(), "oid": w.Person.OID}
		if w.Guardian != nil {
			data.By = "guardian"
			personal["guardian"], personal["guardian_oid"] = by.Name.String(), by.OID
		}
		if _, err := a.log.Append(ctx, tx, ledger.Entry{Type: ledger.TypeWithdrawal, At: now, Person: w.Person.ID, Outcome: "withdrawn", Data: data, Personal: personal}); err != nil {
			return err
		}
	}
	return nil
}

// Given is a consent as its giver, or whom it is about, sees it.
type Given struct {
	ID          uuid.UUID
	Text        ConsentText
	GrantedAt   time.Time
	WithdrawnAt *time.Time
	Guardian    string // the name of who gave it for a minor; empty: she herself
	WithdrawnBy string // the name of who withdrew it
}

// Consents are all of a person, the newest first, at most 100.
func (a *Accounts) Consents(ctx context.Context, person uuid.UUID) ([]Given, error) {
	rows, _ := a.pool.Query(ctx, `select c.id, t.id, t.version, t.title, t.body, t.sha256, t.published_at, c.granted_at, c.withdrawn_at,
		coalesce(trim(g.last_name || ' ' || g.first_name || ' ' || g.middle_name), ''), coalesce(trim(w.last_name || ' ' || w.first_name || ' ' || w.middle_name), '')
		from consent c join consent_text t on t.id = c.text_id left join person g on g.id = c.guardian_id left join person w on w.id = c.withdrawn_by
		where c.person_id = $1 order by c.granted_at desc, c.id limit 100`, person)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g Given, err error) {
		err = row.Scan(&g.ID, &g.Text.ID, &g.Text.Version, &g.Text.Title, &g.Text.Body, &g.Text.SHA256, &g.Text.PublishedAt, &g.GrantedAt, &g.WithdrawnAt,
			&g.Guardian, &g.WithdrawnBy)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the consents: %w", err)
	}
	return list, nil
}
