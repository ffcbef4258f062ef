package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// ErrNotHers: the ESIA account is somebody else's by name, birth date or SNILS. Who does not agree is never linked by herself: staff look.
var ErrNotHers = errors.New("the ESIA account is not this person's")

// ErrOnlyWayIn: without a login of the organisation she could not sign in any more.
var ErrOnlyWayIn = errors.New("the ESIA account is the only way in")

// Linked is a person's ESIA account as her account page shows it.
type Linked struct {
	OID string
	At  time.Time
}

// LinkedAccount reads it; ErrNotFound when none is linked.
func (a *Accounts) LinkedAccount(ctx context.Context, person uuid.UUID) (Linked, error) {
	rows, _ := a.pool.Query(ctx, `select esia_oid, linked_at from person where id = $1 and esia_oid is not null`, person)
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Linked])
	if errors.Is(err, pgx.ErrNoRows) {
		return l, ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("read the linked account: %w", err)
	}
	return l, nil
}

// MayLink tells whether a person who signed in with her login may link the ESIA account that is claimed: it is admitted, it is hers by full name and
// birth date, no SNILS speaks against it, and neither it nor she is linked already. The error is ErrNotConfirmed, ErrNotHers or ErrTaken.
func (a *Accounts) MayLink(ctx context.Context, person uuid.UUID, c Claims) error {
	return a.mayLink(ctx, a.pool, person, c)
}

func (a *Accounts) mayLink(ctx context.Context, q queryer, person uuid.UUID, c Claims) error {
	if !c.Admitted(a.now()) || c.OID == "" {
		return ErrNotConfirmed
	}
	rows, _ := q.Query(ctx, `select id, organisation_id, last_name, first_name, middle_name, birth_date, snils_hash, document_hash, coalesce(esia_oid, '') from person p
		where id = $1 or esia_oid = $2 and organisation_id = (select organisation_id from person where id = $1) order by id`, person, c.OID)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidateRow])
	if err != nil {
		return fmt.Errorf("read who is to be linked: %w", err)
	}
	her := -1
	for i, r := range found {
		if r.ID == person {
			her = i
		}
	}
	if her < 0 {
		return ErrNotFound
	}
	if len(found) > 1 || found[her].OID != "" {
		return ErrTaken
	}
	if same := a.differ(c).compare(found[her]); same.Name != Same || same.BirthDate != Same || same.SNILS == Differs {
		return ErrNotHers
	}
	return nil
}

// LinkAccount links the ESIA account to the person at her own word, which she gave after she had seen whose it is; see MayLink.
func (a *Accounts) LinkAccount(ctx context.Context, person uuid.UUID, c Claims) error {
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if err := a.mayLink(ctx, tx, person, c); err != nil {
			return err
		}
		return a.link(ctx, tx, person, c.OID, ledger.Link{By: "person"}, "")
	})
}

// UnlinkAccount unties the person's ESIA account at her own word. Roles that came with it by groups go with it. Who has no login is not locked out: that
// is ErrOnlyWayIn.
func (a *Accounts) UnlinkAccount(ctx context.Context, person uuid.UUID) error {
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from person where id = $1 for update`, person); err != nil {
			return fmt.Errorf("unlink the account: %w", err)
		}
		p, err := a.person(ctx, tx, "p.id = $1", person)
		if err != nil {
			return err
		}
		if p.OID == "" {
			return ErrNotFound
		}
		var login bool
		if err := tx.QueryRow(ctx, `select exists (select from login where person_id = $1)`, person).Scan(&login); err != nil {
			return fmt.Errorf("unlink the account: %w", err)
		}
		if !login {
			return ErrOnlyWayIn
		}
		rows, _ := tx.Query(ctx, `delete from person_role where person_id = $1 and source = 'esia' returning role, group_id`, person)
		type had struct {
			Role  Role
			Group string
		}
		roles, err := pgx.CollectRows(rows, pgx.RowToStructByPos[had])
		if err != nil {
			return fmt.Errorf("unlink the account: %w", err)
		}
		if _, err := tx.Exec(ctx, `update person set esia_oid = null, linked_at = null where id = $1`, person); err != nil {
			return fmt.Errorf("unlink the account: %w", err)
		}
		for _, r := range roles {
			if err := a.staffRecord(ctx, tx, p, uuid.Nil, ledger.Staff{What: ledger.RoleTaken, Role: string(r.Role), Group: r.Group, Reason: "unlinked"}); err != nil {
				return err
			}
		}
		_, err = a.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeUnlink, At: a.now(), Person: person, Data: ledger.Unlink{By: "person"}, Personal: map[string]string{"person": p.Name.String(), "oid": p.OID},
		})
		return err
	})
}
