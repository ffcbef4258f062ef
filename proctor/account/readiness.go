package account

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Prepared is how far a person's account and papers are.
type Prepared struct {
	Name    Name
	Linked  bool // to a confirmed ESIA account: no other is ever linked
	Consent bool // one is in force
	Minor   bool // a parent consents for her
	Email   bool // we can write to her
}

// PreparedOf reads it for many people of one organisation.
func (a *Accounts) PreparedOf(ctx context.Context, organisation uuid.UUID, people []uuid.UUID) (map[uuid.UUID]Prepared, error) {
	comeOfAge := a.now().In(moscow).AddDate(-Adult, 0, 0).Format("2006-01-02")
	rows, _ := a.pool.Query(ctx, `select p.id, p.last_name, p.first_name, p.middle_name, p.esia_oid is not null, p.birth_date > $3::date, p.email_sealed is not null,
			exists (select from consent c join consent_text t on t.id = c.text_id where c.person_id = p.id and c.withdrawn_at is null
				and (c.guardian_id is not null) = (p.birth_date > $3::date) and t.version = (select max(version) from consent_text where organisation_id = $1))
		from person p where p.organisation_id = $1 and p.id = any($2)`, organisation, people, comeOfAge)
	out := make(map[uuid.UUID]Prepared, len(people))
	var id uuid.UUID
	var p Prepared
	_, err := pgx.ForEachRow(rows, []any{&id, &p.Name.Last, &p.Name.First, &p.Name.Middle, &p.Linked, &p.Minor, &p.Email, &p.Consent}, func() error {
		out[id] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who is prepared: %w", err)
	}
	return out, nil
}

// Emails opens the addresses of those of the people who have one.
func (a *Accounts) Emails(ctx context.Context, tx pgx.Tx, people []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, _ := tx.Query(ctx, `select id, email_sealed from person where id = any($1) and email_sealed is not null`, people)
	out := map[uuid.UUID]string{}
	var id uuid.UUID
	var sealed []byte
	_, err := pgx.ForEachRow(rows, []any{&id, &sealed}, func() (err error) {
		out[id], err = a.email(id, sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the addresses: %w", err)
	}
	return out, nil
}
