package account

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// NewPerson is somebody to be added. SNILS is digits only, 11 of them, or empty.
type NewPerson struct {
	Organisation uuid.UUID
	Name         Name
	BirthDate    time.Time
	SNILS        string
	Document     string // series and number of an identity document, as people write them; may be empty
	Email        string // for reminders; empty leaves what is stored
	Roles        []Role
}

// Ensured is what became, or would become, of a NewPerson.
type Ensured struct {
	ID      uuid.UUID
	New     bool  // nobody was there
	Changed bool  // somebody was there and something was completed or renewed
	Err     error // ErrAmbiguous, as Ensure tells it

	snils, document, email bool // are to be written
}

// Ensure adds a person with roles within the caller's transaction, or finds the one with that SNILS, or without a SNILS the one with that
// name and birth date, adds the roles and completes what was not known of her. A SNILS that stands beside another name or birth date, or
// without a SNILS another document beside the same name, is ErrAmbiguous.
func (a *Accounts) Ensure(ctx context.Context, tx pgx.Tx, p NewPerson) (uuid.UUID, error) {
	done, err := a.EnsureAll(ctx, tx, p.Organisation, []NewPerson{p})
	if err == nil {
		err = done[0].Err
	}
	if err != nil {
		return uuid.Nil, err
	}
	return done[0].ID, nil
}

// EnsureAll is Ensure for many of one organisation, in a few round trips. When one of them is ambiguous nothing is written.
func (a *Accounts) EnsureAll(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, people []NewPerson) ([]Ensured, error) {
	// Two that add the same person at once would collide on her SNILS.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('people ' || $1::text, 0))`, organisation); err != nil {
		return nil, fmt.Errorf("lock the organisation's people: %w", err)
	}
	done, err := a.Compare(ctx, tx, organisation, people)
	if err != nil || slices.ContainsFunc(done, func(e Ensured) bool { return e.Err != nil }) {
		return done, err
	}
	if err := a.addPeople(ctx, tx, organisation, people, done); err != nil {
		return nil, err
	}
	if err := a.renewPeople(ctx, tx, people, done); err != nil {
		return nil, err
	}
	return done, addRoles(ctx, tx, people, done)
}

// known is a person as far as matching needs her.
type known struct {
	ID           uuid.UUID
	NameKey      string
	BirthDate    time.Time
	SNILSHash    []byte
	DocumentHash []byte
	EmailSealed  []byte
}

type nameAndBirth struct{ name, birth string }

// Compare tells what EnsureAll would do, and writes nothing.
func (a *Accounts) Compare(ctx context.Context, q queryer, organisation uuid.UUID, people []NewPerson) ([]Ensured, error) {
	hashes, names, births := make([][]byte, 0, len(people)), make([]string, 0, len(people)), make([]time.Time, 0, len(people))
	for _, p := range people {
		if p.SNILS != "" {
			hashes = append(hashes, a.keyed(p.SNILS, purposeSNILS).hash)
		}
		names, births = append(names, p.Name.key()), append(births, p.BirthDate)
	}
	rows, _ := q.Query(ctx, `select id, name_key, birth_date, snils_hash, document_hash, email_sealed from person where id in (
		select id from person where organisation_id = $1 and snils_hash = any($2)
		union select id from person where organisation_id = $1 and (name_key, birth_date) in (select * from unnest($3::text[], $4::date[])))`,
		organisation, hashes, names, births)
	found, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[known])
	if err != nil {
		return nil, fmt.Errorf("find the people: %w", err)
	}
	bySNILS, byName := map[string]*known{}, map[nameAndBirth][]*known{}
	learn := func(k *known) {
		if k.SNILSHash != nil {
			bySNILS[string(k.SNILSHash)] = k
		}
		at := nameAndBirth{k.NameKey, k.BirthDate.Format(time.DateOnly)}
		byName[at] = append(byName[at], k)
	}
	for _, k := range found {
		learn(k)
	}
	done := make([]Ensured, len(people))
	for i, p := range people {
		hash, document := a.keyed(p.SNILS, purposeSNILS).hash, a.keyed(documentKey(p.Document), purposeDocument).hash
		k, err := single(p, hash, bySNILS, byName)
		if k != nil && err == nil {
			err = sameDocument(k, hash, document)
		}
		switch {
		case err != nil:
			done[i] = Ensured{Err: err}
		case k == nil:
			done[i] = Ensured{ID: uuid.New(), New: true, snils: hash != nil, document: document != nil, email: p.Email != ""}
			learn(&known{ID: done[i].ID, NameKey: p.Name.key(), BirthDate: p.BirthDate, SNILSHash: hash, DocumentHash: document})
		default:
			// A document is new where there was none, or where the same SNILS has a renewed one.
			done[i] = Ensured{ID: k.ID, snils: hash != nil && k.SNILSHash == nil, document: document != nil && !bytes.Equal(document, k.DocumentHash)}
			if done[i].snils {
				k.SNILSHash = hash
				bySNILS[string(hash)] = k
			}
			if p.Email != "" {
				stored, err := a.email(k.ID, k.EmailSealed)
				if err != nil {
					return nil, err
				}
				done[i].email = stored != p.Email
			}
			done[i].Changed = done[i].snils || done[i].document || done[i].email
		}
	}
	return done, nil
}

// single finds the one who is this person; nil: nobody is.
func single(p NewPerson, hash []byte, bySNILS map[string]*known, byName map[nameAndBirth][]*known) (*known, error) {
	// The same name and birth date with another SNILS is another person; without a SNILS on either side it is the same one.
	matches := slices.DeleteFunc(slices.Clone(byName[nameAndBirth{p.Name.key(), p.BirthDate.Format(time.DateOnly)}]), func(k *known) bool {
		return hash != nil && k.SNILSHash != nil && string(hash) != string(k.SNILSHash)
	})
	if k := bySNILS[string(hash)]; hash != nil && k != nil && !slices.Contains(matches, k) {
		return nil, ErrAmbiguous
	}
	switch len(matches) {
	case 0:
		return nil, nil
	case 1:
		return matches[0], nil
	}
	return nil, ErrAmbiguous
}

// sameDocument refuses another document beside the same name where no SNILS says that it is the same person.
func sameDocument(k *known, hash, document []byte) error {
	if document != nil && k.DocumentHash != nil && !bytes.Equal(document, k.DocumentHash) && (hash == nil || !bytes.Equal(hash, k.SNILSHash)) {
		return ErrAmbiguous
	}
	return nil
}

func (a *Accounts) addPeople(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, people []NewPerson, done []Ensured) error {
	var fresh [][]any
	for i, e := range done {
		if !e.New {
			continue
		}
		p := people[i]
		snils, document := a.keyed(p.SNILS, purposeSNILS), a.keyed(documentKey(p.Document), purposeDocument)
		var email []byte
		if e.email {
			email = a.sealEmail(e.ID, p.Email)
		}
		fresh = append(fresh, []any{
			e.ID, organisation, p.Name.Last, p.Name.First, p.Name.Middle, p.Name.key(), p.BirthDate,
			snils.hash, snils.sealed, document.hash, document.sealed, email,
		})
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"person"}, []string{
		"id", "organisation_id", "last_name", "first_name", "middle_name", "name_key", "birth_date", "snils_hash", "snils_sealed",
		"document_hash", "document_sealed", "email_sealed",
	}, pgx.CopyFromRows(fresh))
	if err != nil {
		return fmt.Errorf("add the people: %w", err)
	}
	return nil
}

func (a *Accounts) renewPeople(ctx context.Context, tx pgx.Tx, people []NewPerson, done []Ensured) error {
	batch := &pgx.Batch{}
	for i, e := range done {
		if e.New || !e.Changed {
			continue
		}
		if e.snils {
			k := a.keyed(people[i].SNILS, purposeSNILS)
			batch.Queue(`update person set snils_hash = $2, snils_sealed = $3 where id = $1`, e.ID, k.hash, k.sealed)
		}
		if e.document {
			k := a.keyed(documentKey(people[i].Document), purposeDocument)
			batch.Queue(`update person set document_hash = $2, document_sealed = $3 where id = $1`, e.ID, k.hash, k.sealed)
		}
		if e.email {
			batch.Queue(`update person set email_sealed = $2 where id = $1`, e.ID, a.sealEmail(e.ID, people[i].Email))
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("complete the people: %w", err)
	}
	return nil
}

func addRoles(ctx context.Context, tx pgx.Tx, people []NewPerson, done []Ensured) error {
	var ids []uuid.UUID
	var roles []string
	for i, e := range done {
		for _, role := range people[i].Roles {
			ids, roles = append(ids, e.ID), append(roles, string(role))
		}
	}
	if _, err := tx.Exec(ctx, `insert into person_role (person_id, role) select * from unnest($1::uuid[], $2::text[]) on conflict do nothing`, ids, roles); err != nil {
		return fmt.Errorf("add the roles: %w", err)
	}
	return nil
}

func (a *Accounts) sealEmail(person uuid.UUID, email string) []byte {
	return a.ring.Seal("person email "+person.String(), []byte(email))
}

// email opens a stored address; nothing stored is "".
func (a *Accounts) email(person uuid.UUID, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := a.ring.Unseal("person email "+person.String(), sealed)
	if err != nil {
		return "", fmt.Errorf("a person's e-mail: %w", err)
	}
	return string(plain), nil
}
