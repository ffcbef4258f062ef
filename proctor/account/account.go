// Package account keeps the people of an organisation: who they are, their roles, their ESIA account, their consents.
//
// It owns organisation, person, person_role, login, esia_group, consent_text and consent. It knows nothing of WebRTC, HTTP or exams' rules. Start reading at
// Accounts.SignIn, which ties an ESIA identity to a person and never guesses.
package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Role is what a person may do in the organisation.
type Role string

// The roles; a person may have several.
const (
	Student       Role = "student"
	Proctor       Role = "proctor"       // проктор
	Registrar     Role = "registrar"     // сотрудник учебной части
	Administrator Role = "administrator" // администратор
	Guardian      Role = "guardian"      // законный представитель
)

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool {
	return slices.Contains([]Role{Student, Proctor, Registrar, Administrator, Guardian}, r)
}

// Why a sign-in ended without a person.
var (
	// ErrUnknown: the ESIA account matches nobody of the organisation.
	ErrUnknown = errors.New("no person of the organisation matches the ESIA account")
	// ErrNotConfirmed: ESIA says that the account is not a confirmed one (подтверждённая учётная запись).
	ErrNotConfirmed = errors.New("the ESIA account is not confirmed")
	// ErrAmbiguous: several people match, or the name and the SNILS point at different people. A person decides, not we.
	ErrAmbiguous = errors.New("the ESIA account matches more than one person")
	// ErrTaken: the person or the ESIA account is tied to another one already.
	ErrTaken = errors.New("the person or the account is linked to another one")
	// ErrNoRole: the person does not have the role.
	ErrNoRole = errors.New("the person does not have the role")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
)

// Person is somebody of an organisation.
type Person struct {
	ID           uuid.UUID
	Organisation uuid.UUID
	Name         Name
	BirthDate    time.Time
	OID          string // of the linked ESIA account; empty: not linked yet
	Roles        []Role
}

// Has tells whether the person has one of the roles.
func (p Person) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Accounts reads and writes people. Safe for concurrent use.
type Accounts struct {
	pool *pgxpool.Pool
	ring *keyring.Ring
	log  *ledger.Log
	now  func() time.Time

	passwords *hasher
}

// New makes the store over a migrated database.
func New(pool *pgxpool.Pool, ring *keyring.Ring, log *ledger.Log, now func() time.Time) *Accounts {
	return &Accounts{pool: pool, ring: ring, log: log, now: now, passwords: newHasher()}
}

// Person reads somebody; ErrNotFound when there is none.
func (a *Accounts) Person(ctx context.Context, id uuid.UUID) (Person, error) {
	return a.person(ctx, a.pool, "p.id = $1", id)
}

func (a *Accounts) person(ctx context.Context, q queryer, where string, args ...any) (Person, error) {
	people, err := a.people(ctx, q, where, args...)
	if err != nil {
		return Person{}, err
	}
	if len(people) != 1 {
		return Person{}, ErrNotFound
	}
	return people[0], nil
}

// people are those for whom a condition holds, in the order of their organisations.
func (a *Accounts) people(ctx context.Context, q queryer, where string, args ...any) ([]Person, error) {
	rows, _ := q.Query(ctx, `select p.id, p.organisation_id, p.last_name, p.first_name, p.middle_name, p.birth_date, coalesce(p.esia_oid, '') as oid,
		array(select distinct role from person_role r where r.person_id = p.id order by role) as roles
		from person p join organisation o on o.id = p.organisation_id where `+where+` order by o.created_at, p.id`, args...)
	type row struct {
		ID, OrganisationID              uuid.UUID
		LastName, FirstName, MiddleName string
		BirthDate                       time.Time
		OID                             string `db:"oid"`
		Roles                           []Role
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	people := make([]Person, len(found))
	for i, r := range found {
		people[i] = Person{
			ID: r.ID, Organisation: r.OrganisationID, Name: Name{Last: r.LastName, First: r.FirstName, Middle: r.MiddleName},
			BirthDate: r.BirthDate, OID: r.OID, Roles: r.Roles,
		}
	}
	return people, nil
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// keyed is a personal value as a table holds it: a keyed hash to find it by, and the value encrypted.
type keyed struct{ hash, sealed []byte }

// keyed of an empty value is none.
func (a *Accounts) keyed(value, purpose string) keyed {
	if value == "" {
		return keyed{}
	}
	return keyed{hash: a.ring.Lookup(purpose, value), sealed: a.ring.Seal(purpose, []byte(value))}
}
