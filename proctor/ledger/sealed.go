package ledger

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// PersonalValue is a personal field's value with the salt of its hash: the record holds hex(SHA-256(salt ‖ value)).
type PersonalValue struct {
	Salt  string `json:"salt"` // hex, 16 bytes
	Value string `json:"value"`
}

// EachBody calls fn with the sealed bytes of every selected record below size, in the order of the tree. The bytes are fn's only until it returns.
func (l *Log) EachBody(ctx context.Context, f Filter, size int64, fn func(leaf int64, body []byte) error) error {
	var leaf int64
	var body []byte
	return l.inTree(ctx, f, size, "leaf, body", []any{&leaf, &body}, func() error { return fn(leaf, body) })
}

// EachPersonal calls fn for every selected record below size that sealed personal fields, in the order of the tree: with their values, each
// checked against its hash, or with nil where they were erased.
func (l *Log) EachPersonal(ctx context.Context, f Filter, size int64, fn func(leaf int64, values map[string]PersonalValue) error) error {
	var leaf int64
	var id uuid.UUID
	var body, sealed []byte
	return l.inTree(ctx, f, size, "leaf, id, body, personal", []any{&leaf, &id, &body, &sealed}, func() error {
		var env struct {
			Personal map[string]string `json:"personal"`
		}
		if err := json.Unmarshal(body, &env); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		if len(env.Personal) == 0 && sealed == nil {
			return nil
		}
		values, err := l.unseal(id, sealed, env.Personal)
		if err != nil {
			return err
		}
		return fn(leaf, values)
	})
}

// inTree reads columns of the selected records below size in the order of the tree. The whole log is read by parts: sorted at once it would
// fill PostgreSQL's disk, whose planner cannot know that the tree's order is nearly that of appending.
func (l *Log) inTree(ctx context.Context, f Filter, size int64, columns string, into []any, fn func() error) error {
	where, args := f.where()
	part := size
	if where == "true" {
		part = readPart
	}
	sql := fmt.Sprintf(`select %s from ledger_leaf join ledger_record using (seq) where %s and leaf >= $%d and leaf < $%d order by leaf`,
		columns, where, len(args)+1, len(args)+2)
	for from := int64(0); from < size; from += part {
		rows, _ := l.pool.Query(ctx, sql, append(args[:len(args):len(args)], from, min(from+part, size))...)
		if _, err := pgx.ForEachRow(rows, into, fn); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
	}
	return nil
}

// readPart is how many records are read and sorted at once.
const readPart = 8192

// unseal opens the encrypted half of a record and checks it against the hashes in its body; nil when it was erased.
func (l *Log) unseal(id uuid.UUID, sealed []byte, hashes map[string]string) (map[string]PersonalValue, error) {
	if len(hashes) == 0 && sealed != nil {
		return nil, fmt.Errorf("record %s has personal values of which the log sealed nothing", id)
	}
	if sealed == nil {
		return nil, nil
	}
	plain, err := l.ring.Unseal(personalPurpose(id), sealed)
	if err != nil {
		return nil, fmt.Errorf("personal fields of record %s: %w", id, err)
	}
	var values map[string]PersonalValue
	if err := json.Unmarshal(plain, &values); err != nil {
		return nil, fmt.Errorf("personal fields of record %s: %w", id, err)
	}
	for _, field := range slices.Sorted(maps.Keys(hashes)) {
		v, ok := values[field]
		salt, err := hex.DecodeString(v.Salt)
		if !ok || err != nil || personalHash(salt, v.Value) != hashes[field] {
			return nil, fmt.Errorf("record %s: the value of %q does not have the hash that the log sealed", id, field)
		}
	}
	for field := range values {
		if _, ok := hashes[field]; !ok {
			return nil, fmt.Errorf("record %s has a personal value of which the log sealed nothing", id)
		}
	}
	return values, nil
}
