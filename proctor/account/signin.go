package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Level is how far ESIA has checked an account.
type Level string

// The levels; only a confirmed account, or a child's that a parent made, says for certain who somebody is.
const (
	Simplified Level = "simplified" // упрощённая
	Standard   Level = "standard"   // стандартная
	Confirmed  Level = "confirmed"  // подтверждённая
	Child      Level = "child"      // детская, of a child under 14
	Closed     Level = "closed"     // no longer an account of a registered person
)

// Claims are what ESIA says of who signed in.
type Claims struct {
	OID       string
	Name      Name
	BirthDate time.Time
	SNILS     string   // digits only; may be empty
	Documents []string // series and number of each checked identity document; asked for where there is no SNILS
	Level     Level
}

// Admitted tells whether the account is one that may sign in, link and file requests: a confirmed one, or a child's under 14.
func (c Claims) Admitted(now time.Time) bool {
	return c.Level == Confirmed || c.Level == Child && c.BirthDate.AddDate(14, 0, 0).After(now)
}

// SignIn finds the people behind an ESIA account, one of each organisation that knows her, and links those who are not linked yet: by SNILS and
// full name, or where either side has no SNILS by full name, birth date and identity document. Nothing is guessed: what agrees in part, or
// with several people, is not linked. Without anybody it is ErrUnknown, or ErrAmbiguous where a person must look. An account that is not
// admitted is ErrNotConfirmed, linked before or not. The documents are asked for only where they may decide; nil: there are none.
func (a *Accounts) SignIn(ctx context.Context, c Claims, documents func(context.Context) []string) ([]Person, error) {
	if !c.Admitted(a.now()) {
		return nil, ErrNotConfirmed
	}
	if c.OID == "" {
		return nil, errors.New("an ESIA account without its identifier")
	}
	found, err := a.match(ctx, c)
	if err == nil && found.unclear && documents != nil && len(c.Documents) == 0 {
		if c.Documents = documents(ctx); len(c.Documents) > 0 {
			found, err = a.match(ctx, c)
		}
	}
	if err != nil {
		return nil, err
	}
	var people []Person
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		for _, f := range found.link {
			if err := a.link(ctx, tx, f.id, c.OID, ledger.Link{By: f.by}, ""); err != nil && !errors.Is(err, ErrTaken) {
				return err
			} else if err != nil { // somebody else's account was linked to her while we looked
				found.unclear = true
			}
		}
		var err error
		if people, err = a.people(ctx, tx, "p.esia_oid = $1", c.OID); err != nil {
			return err
		}
		switch {
		case len(people) > 0:
			return nil
		case found.unclear:
			return ErrAmbiguous
		}
		return ErrUnknown
	})
	if err != nil {
		return nil, err
	}
	return people, nil
}

// link ties the account to a person within the caller's transaction, and records it; actor is the member of staff who decided, if one did.
// A person or an account that is tied already is ErrTaken; to each other, nothing is left to do.
func (a *Accounts) link(ctx context.Context, tx pgx.Tx, id uuid.UUID, oid string, data ledger.Link, actor string) error {
	tag, err := tx.Exec(ctx, `update person p set esia_oid = $2, linked_at = $3 where id = $1 and esia_oid is null
		and not exists (select from person o where o.organisation_id = p.organisation_id and o.esia_oid = $2)`, id, oid, a.now())
	if err != nil {
		return fmt.Errorf("link the account: %w", err)
	}
	person, err := a.person(ctx, tx, "p.id = $1", id)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		if person.OID == oid { // the same account, signing in twice at once, was linked while we waited
			return nil
		}
		return ErrTaken
	}
	personal := map[string]string{"person": person.Name.String(), "oid": oid}
	if actor != "" {
		personal["actor"] = actor
	}
	_, err = a.log.Append(ctx, tx, ledger.Entry{Type: ledger.TypeLink, At: a.now(), Person: id, Data: data, Personal: personal})
	return err
}

// matched is what of all organisations agrees with the claims.
type matched struct {
	link    []match
	unclear bool // somebody agrees in part
}

// match is a person who agrees, and by what.
type match struct {
	id uuid.UUID
	by string
}

// How claims and a person agreed, as the log names it.
const (
	bySNILS    = "snils+name"
	byDocument = "name+birth_date+document"
)

// match compares the claims with whoever has her SNILS or birth date, organisation by organisation.
func (a *Accounts) match(ctx context.Context, c Claims) (matched, error) {
	rows, _ := a.pool.Query(ctx, `select id, organisation_id, last_name, first_name, middle_name, birth_date, snils_hash, document_hash, coalesce(esia_oid, '') from person
		where snils_hash = $1 or birth_date = $2 or esia_oid = $3 order by id`, a.keyed(c.SNILS, purposeSNILS).hash, c.BirthDate, c.OID)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidateRow])
	if err != nil {
		return matched{}, fmt.Errorf("match the account: %w", err)
	}
	byOrganisation := map[uuid.UUID][]candidateRow{}
	for _, r := range all {
		byOrganisation[r.Organisation] = append(byOrganisation[r.Organisation], r)
	}
	var out matched
	for _, rows := range byOrganisation {
		one, unclear := a.matchOne(rows, c)
		out.unclear = out.unclear || unclear
		if one != nil {
			out.link = append(out.link, *one)
		}
	}
	slices.SortFunc(out.link, func(a, b match) int { return bytes.Compare(a.id[:], b.id[:]) }) // two sign-ins lock in one order
	return out, nil
}

// candidateRow is a person as matching sees her.
type candidateRow struct {
	ID, Organisation    uuid.UUID
	Last, First, Middle string
	BirthDate           time.Time
	SNILS, Document     []byte // keyed hashes
	OID                 string
}

func (r candidateRow) name() Name { return Name{Last: r.Last, First: r.First, Middle: r.Middle} }

// matchOne finds the one person of an organisation who is meant, or says that somebody agrees in part. Nobody is to be linked where the
// account is linked already.
func (a *Accounts) matchOne(rows []candidateRow, c Claims) (one *match, unclear bool) {
	if slices.ContainsFunc(rows, func(r candidateRow) bool { return r.OID == c.OID }) {
		return nil, false
	}
	d := a.differ(c)
	var whole []match
	conflict := false // her SNILS stands beside another name
	for _, r := range rows {
		same := d.compare(r)
		switch {
		case same.SNILS == Same && same.Name == Same:
			whole = append(whole, match{r.ID, bySNILS})
		case same.SNILS == Unknown && same.Name == Same && same.BirthDate == Same && same.Document == Same:
			whole = append(whole, match{r.ID, byDocument})
		case same.SNILS == Same:
			conflict = true
			continue
		case same.Name == Same && same.BirthDate == Same:
			unclear = true
			continue
		default:
			continue
		}
		if r.OID != "" { // she is there, and linked to another account
			whole, unclear = whole[:len(whole)-1], true
		}
	}
	if len(whole) == 1 && !conflict {
		return &whole[0], false
	}
	return nil, unclear || conflict || len(whole) > 1
}
