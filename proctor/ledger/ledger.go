// Package ledger is the append-only identification log: a Merkle tree over all records of an installation, with signed checkpoints.
//
// A record is appended inside the transaction of the business it tells of: it commits with it or not at all. One sequencer takes committed
// records into the tree, in order, within a second, and signs a checkpoint (a C2SP signed note, Ed25519). The tree is RFC 6962's, computed by
// golang.org/x/mod/sumdb/tlog. A personal field stands in the tree as a salted hash; its value is kept beside it, encrypted, so that erasing a
// person leaves the tree whole.
//
// The package does not decide who may read the log. Start reading at Log.Append, then Sequencer.
package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"ochno/proctor/keyring"
)

// Schema is the version of the record's shape, the same for all types.
const Schema = 1

// Entry is what a caller appends.
type Entry struct {
	Type    Type
	At      time.Time // kept to the millisecond, UTC
	Exam    uuid.UUID // zero: none
	Attempt uuid.UUID // zero: none
	Person  uuid.UUID // zero: none
	Outcome string    // a short code for filters, may be empty
	// Organisation is whose record it is where no exam and no person tells: it decides who may read it and is no part of the record.
	Organisation uuid.UUID
	// Data is one of the data types of this package, without personal values.
	Data any
	// Personal values by field name: only their salted hashes enter the tree.
	Personal map[string]string
}

// Log appends and reads records. Safe for concurrent use.
type Log struct {
	pool   *pgxpool.Pool
	ring   *keyring.Ring
	public string // the verifier key that signs now
}

// Open makes a log over a migrated database. The public key, in the form of signed notes, is the one that signs now: checkpoints must be signed by
// it, or by one that it took over from.
func Open(pool *pgxpool.Pool, ring *keyring.Ring, public string) *Log {
	return &Log{pool: pool, ring: ring, public: public}
}

// envelope is a record's canonical JSON (RFC 8785), the bytes that a leaf's hash covers. Readers take its data as json.RawMessage.
type envelope[Data any] struct {
	Schema   int               `json:"schema"`
	ID       uuid.UUID         `json:"id"`
	Type     Type              `json:"type"`
	At       string            `json:"at"`
	Exam     string            `json:"exam,omitempty"`
	Attempt  string            `json:"attempt,omitempty"`
	Person   string            `json:"person,omitempty"`
	Outcome  string            `json:"outcome,omitempty"`
	Data     Data              `json:"data"`
	Personal map[string]string `json:"personal,omitempty"` // field → hex of SHA-256(salt ‖ UTF-8 value)
}

// timeLayout has a fixed number of digits, so that equal times are equal bytes.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Prepared is a record in its final bytes, not yet appended. Whoever promises a copy of it elsewhere stores Body first and appends it after.
type Prepared struct {
	ID   uuid.UUID
	Body []byte // canonical JSON, the leaf's bytes

	entry  Entry
	sealed []byte
}

// Append writes a record within the caller's transaction and returns its id. It enters the tree after the commit.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, e Entry) (uuid.UUID, error) {
	p, err := l.Prepare(e)
	if err != nil {
		return uuid.Nil, err
	}
	return p.ID, l.AppendPrepared(ctx, tx, p)
}

// Prepare makes a record's final bytes.
func (l *Log) Prepare(e Entry) (Prepared, error) {
	p := Prepared{entry: e}
	fail := func(err error) (Prepared, error) { return p, fmt.Errorf("encode a %s record: %w", e.Type, err) }
	var err error
	if p.ID, err = uuid.NewV7(); err != nil {
		return fail(err)
	}
	env := envelope[any]{
		Schema: Schema, ID: p.ID, Type: e.Type, At: e.At.UTC().Format(timeLayout),
		Exam: idText(e.Exam), Attempt: idText(e.Attempt), Person: idText(e.Person), Outcome: e.Outcome, Data: e.Data,
	}
	if len(e.Personal) > 0 {
		values := make(map[string]PersonalValue, len(e.Personal))
		env.Personal = make(map[string]string, len(e.Personal))
		for field, value := range e.Personal {
			salt := make([]byte, 16)
			rand.Read(salt)
			value = strings.ToValidUTF8(value, "\ufffd") // as JSON will keep it, or the value could never be checked against its hash
			values[field] = PersonalValue{Salt: hex.EncodeToString(salt), Value: value}
			env.Personal[field] = personalHash(salt, value)
		}
		plain, err := json.Marshal(values)
		if err != nil {
			return fail(err)
		}
		p.sealed = l.ring.Seal(personalPurpose(p.ID), plain)
	}
	if p.Body, err = canonical(env); err != nil {
		return fail(err)
	}
	return p, nil
}

// AppendPrepared is Append of records whose bytes are made already, in their order, by one statement.
func (l *Log) AppendPrepared(ctx context.Context, tx pgx.Tx, records ...Prepared) error {
	n := len(records)
	ids, exams, attempts, persons, owners := make([]uuid.UUID, n), make([]uuid.NullUUID, n), make([]uuid.NullUUID, n), make([]uuid.NullUUID, n), make([]uuid.NullUUID, n)
	types, outcomes, times := make([]string, n), make([]string, n), make([]time.Time, n)
	bodies, sealed, leaves := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, p := range records {
		e := p.entry
		leaf := tlog.RecordHash(p.Body)
		ids[i], exams[i], attempts[i], persons[i] = p.ID, nullable(e.Exam), nullable(e.Attempt), nullable(e.Person)
		owners[i] = nullable(e.Organisation)
		types[i], outcomes[i], times[i] = string(e.Type), e.Outcome, e.At.UTC().Truncate(time.Millisecond)
		bodies[i], sealed[i], leaves[i] = p.Body, p.sealed, leaf[:]
	}
	_, err := tx.Exec(ctx, `with r as (
			insert into ledger_record (id, type, at, body, personal, exam_id, attempt_id, person_id, outcome, organisation_id)
			select id, type, at, body, personal, exam, attempt, person, outcome, owner
			from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[], $5::bytea[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $11::uuid[])
				with ordinality as v(id, type, at, body, personal, exam, attempt, person, outcome, owner, n) order by n
			returning id, seq)
		insert into ledger_leaf (seq, hash) select r.seq, v.hash from r join unnest($1::uuid[], $10::bytea[]) v(id, hash) using (id)`,
		ids, types, times, bodies, sealed, exams, attempts, persons, outcomes, leaves, owners)
	if err != nil {
		return fmt.Errorf("append %d records: %w", n, err)
	}
	return nil
}

// personal gives the values of a record's personal fields; none where they were erased.
func (l *Log) personal(id uuid.UUID, sealed []byte, hashes map[string]string) (map[string]string, error) {
	values, err := l.unseal(id, sealed, hashes)
	if err != nil || len(hashes) == 0 {
		return nil, err
	}
	out := make(map[string]string, len(values))
	for field, v := range values {
		out[field] = v.Value
	}
	return out, nil
}

func personalHash(salt []byte, value string) string {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil))
}

func personalPurpose(id uuid.UUID) string { return "ledger personal " + id.String() }

func canonical(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out := jsontext.Value(text)
	if err := out.Canonicalize(); err != nil {
		return nil, err
	}
	if len(out) > maxBody {
		return nil, errors.New("record is too large")
	}
	return out, nil
}

// maxBody bounds a record; the largest, an identification with its verdict, takes about 4 KiB.
const maxBody = 256 << 10

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// Sealed are the columns in which this package keeps sealed values.
func Sealed() []keyring.Column {
	return []keyring.Column{{Table: "ledger_record", Key: "id", Name: "personal", Purpose: func(id string) string { return "ledger personal " + id }}}
}
