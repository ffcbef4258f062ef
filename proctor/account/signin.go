package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Claims are what ESIA says of who signed in.
type Claims struct {
	OID       string
	Name      Name
	BirthDate time.Time
	SNILS     string // digits only; may be empty
	Confirmed bool   // a confirmed account of a registered person
}

// SignIn finds the person behind an ESIA account, linking the two at the first time: by SNILS, full name and birth date all together. What does
// not match wholly is not linked: ErrUnknown, ErrAmbiguous. An account that is not confirmed is ErrNotConfirmed, linked before or not.
func (a *Accounts) SignIn(ctx context.Context, c Claims) (Person, error) {
	if !c.Confirmed {
		return Person{}, ErrNotConfirmed
	}
	if c.OID == "" {
		return Person{}, errors.New("an ESIA account without its identifier")
	}
	var person Person
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var err error
		person, err = a.person(ctx, tx, "p.esia_oid = $1", c.OID)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		id, err := a.match(ctx, tx, c)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update person set esia_oid = $2, linked_at = $3 where id = $1 and esia_oid is null`, id, c.OID, a.now())
		if err != nil {
			return fmt.Errorf("link the account: %w", err)
		}
		if person, err = a.person(ctx, tx, "p.id = $1", id); err != nil {
			return err
		}
		if tag.RowsAffected() == 0 { // the same account, signing in twice at once, was linked while we waited
			return nil
		}
		_, err = a.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeLink, At: a.now(), Person: id, Data: ledger.Link{By: "snils+name+birth_date"},
			Personal: map[string]string{"person": person.Name.String(), "oid": c.OID},
		})
		return err
	})
	return person, err
}

// match finds and locks the one person who agrees with the claims in all three and is linked to no other account.
func (a *Accounts) match(ctx context.Context, tx pgx.Tx, c Claims) (uuid.UUID, error) {
	hash := a.keyed(c.SNILS, "person snils").hash
	type candidate struct {
		ID        uuid.UUID
		NameKey   string
		BirthDate time.Time
		SNILSHash []byte
		OID       string
	}
	rows, _ := tx.Query(ctx, `select id, name_key, birth_date, snils_hash, coalesce(esia_oid, '') from person
		where snils_hash = $1 or (name_key = $2 and birth_date = $3) for update`, hash, c.Name.key(), c.BirthDate)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
	if err != nil {
		return uuid.Nil, fmt.Errorf("match the account: %w", err)
	}
	if len(found) == 0 {
		return uuid.Nil, ErrUnknown
	}
	whole := slices.DeleteFunc(slices.Clone(found), func(f candidate) bool {
		return hash == nil || string(f.SNILSHash) != string(hash) || f.NameKey != c.Name.key() || !f.BirthDate.Equal(c.BirthDate) || (f.OID != "" && f.OID != c.OID)
	})
	if len(whole) != 1 {
		return uuid.Nil, ErrAmbiguous
	}
	return whole[0].ID, nil
}
