package account

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// testAccounts are the people of a university of their own.
type testAccounts struct {
	*Accounts
	t          *testing.T
	pool       *pgxpool.Pool
	ring       *keyring.Ring
	log        *ledger.Log
	university uuid.UUID
}

var testTime = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

func newTestAccounts(t *testing.T) *testAccounts {
	t.Helper()
	pool := stacktest.Database(t)
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := note.GenerateKey(nil, "account.test/log")
	if err != nil {
		t.Fatal(err)
	}
	log := ledger.Open(pool, ring, public)
	a := &testAccounts{Accounts: New(pool, ring, log, func() time.Time { return testTime }), t: t, pool: pool, ring: ring, log: log}
	a.university = a.organisation("У")
	return a
}

func (a *testAccounts) organisation(name string) uuid.UUID {
	a.t.Helper()
	id, err := a.EnsureOrganisation(a.t.Context(), Organisation{Name: "Университет " + name, ShortName: name})
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

// ensure adds the person in a transaction of its own.
func (a *testAccounts) ensure(p NewPerson) (id uuid.UUID, err error) {
	if p.Organisation == uuid.Nil {
		p.Organisation = a.university
	}
	err = pgx.BeginFunc(a.t.Context(), a.pool, func(tx pgx.Tx) error {
		id, err = a.Ensure(a.t.Context(), tx, p)
		return err
	})
	return id, err
}

// signIn signs in somebody who is known to one organisation at most.
func (a *testAccounts) signIn(c Claims) (Person, error) {
	people, err := a.SignIn(a.t.Context(), c, nil)
	if err != nil {
		return Person{}, err
	}
	if len(people) != 1 {
		return Person{}, fmt.Errorf("%d people", len(people))
	}
	return people[0], nil
}

func (a *testAccounts) add(p NewPerson) uuid.UUID {
	a.t.Helper()
	id, err := a.ensure(p)
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

func (a *testAccounts) exec(sql string, args ...any) {
	a.t.Helper()
	if _, err := a.pool.Exec(a.t.Context(), sql, args...); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
}

// forget removes all people and the log.
func (a *testAccounts) forget() { a.exec(`truncate person, ledger_record cascade`) }

func value[T any](a *testAccounts, sql string, args ...any) T {
	a.t.Helper()
	var v T
	if err := a.pool.QueryRow(a.t.Context(), sql, args...).Scan(&v); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (a *testAccounts) records() []ledger.Row {
	a.t.Helper()
	var rows []ledger.Row
	if err := a.log.Each(a.t.Context(), ledger.Filter{}, func(r ledger.Row) error { rows = append(rows, r); return nil }); err != nil {
		a.t.Fatal(err)
	}
	return rows
}

// shows tells whether a table holds the value anywhere, as text or as bytes.
func (a *testAccounts) shows(table, personal string) bool {
	a.t.Helper()
	return value[bool](a, `select exists (select from `+pgx.Identifier{table}.Sanitize()+` r where strpos(r::text, $1) > 0 or strpos(r::text, $2) > 0)`,
		personal, hex.EncodeToString([]byte(personal)))
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// The person of the tests, as the university knows her.
var (
	mariaName  = Name{Last: "Ёлкина", First: "Анна-Мария", Middle: "Петровна"}
	mariaBirth = date(2005, 1, 2)
)

const (
	mariaSNILS = "11223344595"
	otherSNILS = "08765430300"
	mariaOID   = "1000299654"
)

func maria() NewPerson {
	return NewPerson{Name: mariaName, BirthDate: mariaBirth, SNILS: mariaSNILS, Roles: []Role{Student}}
}

// claims are what ESIA says of her.
func claims() Claims {
	return Claims{OID: mariaOID, Name: mariaName, BirthDate: mariaBirth, SNILS: mariaSNILS, Level: Confirmed}
}
