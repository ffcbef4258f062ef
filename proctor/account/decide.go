package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Candidate is somebody of the organisation who may be meant by a request, beside what agrees with what ESIA says.
type Candidate struct {
	ID        uuid.UUID
	Name      Name
	BirthDate time.Time
	SNILS     string // masked
	Document  string // masked
	Taken     bool   // linked to another ESIA account
	Same      Comparison
}

// Candidates are the people of the organisation who agree with the request in something, the best first; or those whose name begins with
// what staff searches for.
func (d *Desk) Candidates(ctx context.Context, r Request, search string) ([]Candidate, error) {
	const most = 10
	compare := d.differ(r.Claims)
	where, args := `(snils_hash = $2 or document_hash = any($3) or birth_date = $4 or name_key like $5)`,
		[]any{r.Organisation, compare.snils, compare.documents, r.Claims.BirthDate, likePrefix(foldName(r.Claims.Name.Last)) + " %"}
	if search = foldName(search); search != "" {
		where, args = `name_key like $2`, []any{r.Organisation, likePrefix(search) + "%"}
	}
	rows, _ := d.pool.Query(ctx, `select id, organisation_id, last_name, first_name, middle_name, birth_date, snils_hash, document_hash, coalesce(esia_oid, ''),
		snils_sealed, document_sealed from person where organisation_id = $1 and `+where+` order by name_key, id limit 500`, args...)
	type row struct {
		candidateRow
		SNILSSealed, DocumentSealed []byte
	}
	found, err := pgx.CollectRows(rows, func(in pgx.CollectableRow) (r row, err error) {
		err = in.Scan(&r.ID, &r.Organisation, &r.Last, &r.First, &r.Middle, &r.BirthDate, &r.SNILS, &r.Document, &r.OID, &r.SNILSSealed, &r.DocumentSealed)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for candidates: %w", err)
	}
	list := make([]Candidate, 0, len(found))
	for _, f := range found {
		c := Candidate{ID: f.ID, Name: f.name(), BirthDate: f.BirthDate, Taken: f.OID != "" && f.OID != r.Claims.OID, Same: compare.compare(f.candidateRow)}
		if c.SNILS, err = d.masked(purposeSNILS, f.SNILSSealed, MaskedSNILS); err != nil {
			return nil, err
		}
		if c.Document, err = d.masked(purposeDocument, f.DocumentSealed, MaskedDocument); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b Candidate) int { return b.weight() - a.weight() })
	return list[:min(most, len(list))], nil
}

// weight orders candidates by how much of them agrees.
func (c Candidate) weight() int {
	weight := 0
	for _, part := range []struct {
		is     Agreement
		counts int
	}{{c.Same.SNILS, 8}, {c.Same.Document, 8}, {c.Same.Name, 5}, {c.Same.BirthDate, 3}} {
		switch part.is {
		case Same:
			weight += part.counts
		case Differs:
			weight--
		}
	}
	return weight
}

func likePrefix(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// masked opens a sealed number and hides most of it; "" where there is none.
func (a *Accounts) masked(purpose string, sealed []byte, mask func(string) string) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := a.ring.Unseal(purpose, sealed)
	if err != nil {
		return "", fmt.Errorf("%s: %w", purpose, err)
	}
	return mask(string(plain)), nil
}

// MaskedSNILS is a SNILS of eleven digits for screens: «•••-•••-•01 12»; "" when it is none.
func MaskedSNILS(snils string) string {
	if len(snils) != 11 {
		return ""
	}
	return "•••-•••-•" + snils[7:9] + " " + snils[9:]
}

// MaskedDocument is an identity document's series and number for screens: the last three characters.
func MaskedDocument(document string) string {
	runes := []rune(document)
	shown := min(3, len(runes)/2)
	return strings.Repeat("•", len(runes)-shown) + string(runes[len(runes)-shown:])
}

// Link decides an open request of the member of staff's organisation: the account is tied to the person, and the claimant is told. A person or
// account that is tied already is ErrTaken.
func (d *Desk) Link(ctx context.Context, by Person, id, person uuid.UUID) (Request, error) {
	return d.decide(ctx, by, id, RequestLinked, func(tx pgx.Tx, r *Request) error {
		p, err := d.person(ctx, tx, "p.id = $1 and p.organisation_id = $2", person, by.Organisation)
		if err != nil {
			return err
		}
		if p.OID == r.Claims.OID { // linked meanwhile, in another way
			r.Person = person
			return nil
		}
		r.Person = person
		return d.link(ctx, tx, person, r.Claims.OID, ledger.Link{By: "request"}, by.Name.String())
	})
}

// Refuse decides an open request of the member of staff's organisation with a reason, which the claimant is told.
func (d *Desk) Refuse(ctx context.Context, by Person, id uuid.UUID, reason string) (Request, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len([]rune(reason)) > 1000 {
		return Request{}, ErrBadForm
	}
	return d.decide(ctx, by, id, RequestRefused, func(_ pgx.Tx, r *Request) error {
		r.Reason = reason
		return nil
	})
}

func (d *Desk) decide(ctx context.Context, by Person, id uuid.UUID, state RequestState, act func(tx pgx.Tx, r *Request) error) (Request, error) {
	var r Request
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		now := d.now().UTC()
		tag, err := tx.Exec(ctx, `update request set state = $3, decided_at = $4, decided_by = $5 where id = $1 and organisation_id = $2 and state = 'open'`,
			id, by.Organisation, state, now, by.ID)
		if err != nil {
			return fmt.Errorf("decide the request: %w", err)
		}
		list, err := d.requests(ctx, tx, `id = $1 and organisation_id = $2`, id, by.Organisation)
		switch {
		case err != nil:
			return err
		case len(list) == 0:
			return ErrNotFound
		case tag.RowsAffected() == 0:
			return ErrDecided
		}
		r = list[0]
		if err := act(tx, &r); err != nil {
			return err
		}
		var sealed []byte
		if r.Reason != "" {
			sealed = d.ring.Seal("request reason "+id.String(), []byte(r.Reason))
		}
		if _, err := tx.Exec(ctx, `update request set person_id = $2, reason = $3 where id = $1`, id, uuid.NullUUID{UUID: r.Person, Valid: r.Person != uuid.Nil}, sealed); err != nil {
			return fmt.Errorf("decide the request: %w", err)
		}
		letter := refusedLetter
		if state == RequestLinked {
			letter = linkedLetter
		}
		if err := d.send(ctx, tx, r, letter); err != nil {
			return err
		}
		return d.record(ctx, tx, r, string(state), r.Person, by.Name.String(), r.Reason)
	})
	return r, err
}
