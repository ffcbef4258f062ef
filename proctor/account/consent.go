package account

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ConsentText is one version of what a student agrees to.
type ConsentText struct {
	ID      uuid.UUID
	Version int
	Title   string
	Body    string // paragraphs separated by an empty line
	SHA256  []byte // of the body
}

// ErrNoConsentText: the organisation has published none, so nobody can consent and nobody can be identified.
var ErrNoConsentText = errors.New("the organisation has published no consent text")

// PublishConsentText makes a text the current one; the same text again keeps its version.
func (a *Accounts) PublishConsentText(ctx context.Context, organisation uuid.UUID, title, body string) error {
	current, err := a.ConsentText(ctx, organisation)
	if err != nil && !errors.Is(err, ErrNoConsentText) {
		return err
	}
	sum := sha256.Sum256([]byte(body))
	if current.Title == title && string(current.SHA256) == string(sum[:]) {
		return nil
	}
	if _, err := a.pool.Exec(ctx, `insert into consent_text (id, organisation_id, version, title, body, sha256) values ($1, $2, $3, $4, $5, $6)`,
		uuid.New(), organisation, current.Version+1, title, body, sum[:]); err != nil {
		return fmt.Errorf("publish a consent text: %w", err)
	}
	return nil
}

// ConsentText is the current text; ErrNoConsentText when there is none.
func (a *Accounts) ConsentText(ctx context.Context, organisation uuid.UUID) (ConsentText, error) {
	rows, _ := a.pool.Query(ctx, `select id, version, title, body, sha256 from consent_text where organisation_id = $1 order by version desc limit 1`, organisation)
	text, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[ConsentText])
	if errors.Is(err, pgx.ErrNoRows) {
		return text, ErrNoConsentText
	}
	if err != nil {
		return text, fmt.Errorf("read the consent text: %w", err)
	}
	return text, nil
}

// Grant is a consent being given.
type Grant struct {
	Attempt uuid.UUID
	Person  Person
	Text    ConsentText
	At      time.Time
}

// GrantConsent stores the consent with who the person was by ESIA at that moment, within the caller's transaction.
func (a *Accounts) GrantConsent(ctx context.Context, tx pgx.Tx, g Grant) error {
	identity, err := json.Marshal(map[string]string{
		"oid": g.Person.OID, "name": g.Person.Name.String(), "birthDate": g.Person.BirthDate.Format(time.DateOnly),
	})
	if err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	id := uuid.New()
	if _, err := tx.Exec(ctx, `insert into consent (id, person_id, attempt_id, text_id, granted_at, identity) values ($1, $2, $3, $4, $5, $6)`,
		id, g.Person.ID, g.Attempt, g.Text.ID, g.At, a.ring.Seal("consent "+id.String(), identity)); err != nil {
		return fmt.Errorf("store the consent: %w", err)
	}
	return nil
}

// ConsentGranted tells when the attempt's consent was given; nil: it was not, or it was withdrawn.
func (a *Accounts) ConsentGranted(ctx context.Context, attempt uuid.UUID) (*time.Time, error) {
	var at time.Time
	err := a.pool.QueryRow(ctx, `select granted_at from consent where attempt_id = $1 and withdrawn_at is null order by granted_at desc limit 1`, attempt).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the consent: %w", err)
	}
	return &at, nil
}
