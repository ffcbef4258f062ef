package ledger

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// PersonalValue is a personal field's value with the salt of its hash: the record holds hex(SHA-256(salt ‖ value)).
type PersonalValue struct {
	Salt  string `json:"salt"` // hex, 16 bytes
	Value string `json:"value"`
}

// EachBody calls fn with the sealed bytes of every selected record below size, in the order of the tree. The bytes are fn's only until it returns.
func (l *Log) EachBody(ctx context.Context, f Filter, size int64, fn func(leaf int64, body []byte) error) error {
	where, args := f.where()
	rows, err := l.pool.Query(ctx, fmt.Sprintf(`select leaf, body from ledger_record where %s and leaf < $%d order by leaf`, where, len(args)+1), append(args, size)...)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer rows.Close()
	var leaf int64
	var body []byte
	for rows.Next() {
		if err := rows.Scan(&leaf, &body); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if err := fn(leaf, body); err != nil {
			return err
		}
	}
	return rows.Err()
}

// EachPersonal calls fn for every selected record below size that sealed personal fields, in the order of the tree: with their values, each
// checked against its hash, or with nil where they were erased.
func (l *Log) EachPersonal(ctx context.Context, f Filter, size int64, fn func(leaf int64, values map[string]PersonalValue) error) error {
	where, args := f.where()
	rows, err := l.pool.Query(ctx, fmt.Sprintf(`select leaf, id, body, personal from ledger_record where %s and leaf < $%d order by leaf`, where, len(args)+1), append(args, size)...)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var leaf int64
		var id uuid.UUID
		var body, sealed []byte
		if err := rows.Scan(&leaf, &id, &body, &sealed); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		var env envelope
		if err := json.Unmarshal(body, &env); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		if len(env.Personal) == 0 && sealed == nil {
			continue
		}
		values, err := l.unseal(id, sealed, env.Personal)
		if err != nil {
			return err
		}
		if err := fn(leaf, values); err != nil {
			return err
		}
	}
	return rows.Err()
}

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
	for field, hash := range hashes {
		v, ok := values[field]
		salt, err := hex.DecodeString(v.Salt)
		if !ok || err != nil || personalHash(salt, v.Value) != hash {
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
