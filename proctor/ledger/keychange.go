package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
)

// keyChangeFormat is the first line of the statement that changes a key. It is no log's name, so that it can never be taken for a checkpoint.
const keyChangeFormat = "ochno.key-change/1"

// Keys are a log's keys, one after the other. The last one signs now.
type Keys struct {
	keys  []note.Verifier
	until []int64 // the largest size that each but the last may have signed
	texts []string
	notes []string
}

// OneKey is the keys of a log whose key was never changed.
func OneKey(public string) (Keys, error) { return ParseKeys(public, nil) }

// ParseKeys reads a log's keys from the one that signs now and the changes that led to it, oldest first. Each change must be signed by both its
// keys, and begin with the key that the one before ended with.
func ParseKeys(public string, changes []string) (Keys, error) {
	var k Keys
	for i, signed := range changes {
		size, from, to, err := parseKeyChange(signed)
		if err != nil {
			return k, fmt.Errorf("change %d of the log's key: %w", i+1, err)
		}
		if i > 0 && (k.texts[i] != from || size < k.until[i-1]) {
			return k, fmt.Errorf("change %d of the log's key does not follow the one before it", i+1)
		}
		if i == 0 {
			k.texts = append(k.texts, from)
		}
		k.texts, k.until, k.notes = append(k.texts, to), append(k.until, size), append(k.notes, signed)
	}
	if len(changes) == 0 {
		k.texts = []string{public}
	}
	if last := k.texts[len(k.texts)-1]; last != public {
		return k, fmt.Errorf("the log's key was changed to %s, not to %s", last, public)
	}
	for _, text := range k.texts {
		verifier, err := note.NewVerifier(text)
		if err != nil {
			return k, fmt.Errorf("not a key of signed notes: %w", err)
		}
		k.keys = append(k.keys, verifier)
	}
	return k, nil
}

// Current is the key that signs now.
func (k Keys) Current() note.Verifier { return k.keys[len(k.keys)-1] }

// Known tells whether the public key is one of them.
func (k Keys) Known(public string) bool {
	for _, text := range k.texts {
		if text == public {
			return true
		}
	}
	return false
}

// Changes are the signed statements, oldest first, as ParseKeys reads them.
func (k Keys) Changes() []string { return k.notes }

// forSize is the key that must have signed the checkpoint of that size.
func (k Keys) forSize(size int64) note.Verifier {
	for i, until := range k.until {
		if size <= until {
			return k.keys[i]
		}
	}
	return k.Current()
}

// Open reads a signed checkpoint, as OpenCheckpoint does, with the key that was in force at its size.
func (k Keys) Open(signed []byte) (Checkpoint, error) {
	if len(k.until) == 0 {
		return OpenCheckpoint(signed, k.Current())
	}
	_, size, _, err := parseCheckpoint(string(signed))
	if err != nil {
		return Checkpoint{}, err
	}
	return OpenCheckpoint(signed, k.forSize(size))
}

func keyChangeText(size int64, from, to string) string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", keyChangeFormat, size, from, to)
}

func parseKeyChange(signed string) (size int64, from, to string, err error) {
	lines := strings.Split(signed, "\n")
	if len(lines) < 5 || lines[0] != keyChangeFormat {
		return 0, "", "", errors.New("it is no change of a key")
	}
	size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return 0, "", "", fmt.Errorf("size %q", lines[1])
	}
	from, to = lines[2], lines[3]
	var verifiers []note.Verifier
	for _, text := range []string{from, to} {
		v, err := note.NewVerifier(text)
		if err != nil {
			return 0, "", "", err
		}
		verifiers = append(verifiers, v)
	}
	if verifiers[0].Name() != verifiers[1].Name() {
		return 0, "", "", errors.New("its keys are of two logs")
	}
	for _, v := range verifiers { // one after the other: a note opens when any of its signers is known
		opened, err := note.Open([]byte(signed), note.VerifierList(v))
		if err != nil {
			return 0, "", "", fmt.Errorf("it is not signed by %s: %w", v.Name(), err)
		}
		if opened.Text != keyChangeText(size, from, to) {
			return 0, "", "", errors.New("it says more than a change of a key")
		}
	}
	return size, from, to, nil
}

// ErrKeyChanged is returned by a sequencer whose key does not sign any more.
var ErrKeyChanged = errors.New("the log's key was changed: start the service anew, with the new key")

// signs refuses a key that does not sign any more.
func signs(ctx context.Context, q querier, signer note.Signer) error {
	key, err := signingKey(ctx, q)
	if err != nil || key == "" {
		return err
	}
	current, err := note.NewVerifier(key)
	if err != nil {
		return fmt.Errorf("the log's key: %w", err)
	}
	if current.KeyHash() != signer.KeyHash() {
		return ErrKeyChanged
	}
	return nil
}

// signingKey is the public key that the last change named; empty when there was none.
func signingKey(ctx context.Context, q querier) (string, error) {
	var key string
	err := q.QueryRow(ctx, `select key from ledger_key_change order by size desc, changed_at desc limit 1`).Scan(&key)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read the log's keys: %w", err)
	}
	return key, nil
}

// KeySince is when the present key took over from another one; nil: it is the first.
func (l *Log) KeySince(ctx context.Context) (*time.Time, error) {
	var at *time.Time
	if err := l.pool.QueryRow(ctx, `select max(changed_at) from ledger_key_change where key = $1`, l.public).Scan(&at); err != nil {
		return nil, fmt.Errorf("read the age of the log's key: %w", err)
	}
	return at, nil
}

// Keys reads the log's keys: the one it was opened with, and those before.
func (l *Log) Keys(ctx context.Context) (Keys, error) {
	rows, _ := l.pool.Query(ctx, `select note from ledger_key_change order by size, changed_at`)
	changes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return Keys{}, fmt.Errorf("read the log's keys: %w", err)
	}
	return ParseKeys(l.public, changes)
}

// RotateKey makes a new key for the log and lets it sign from now on. The old key's last act is to say so, in a record of the log and in a
// statement that both keys sign; its files are kept beside as PATH.until-SIZE. It may be called again after it was cut off. Running services
// seal nothing more until they are started anew.
func (l *Log) RotateKey(ctx context.Context, path string, now func() time.Time) (Key, error) {
	next := path + ".next"
	if _, err := os.Stat(next); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(next+".pub", path+".pub"); err == nil { // cut off between the last two moves
			return OpenKey(path)
		}
	}
	old, err := OpenKey(path)
	if err != nil {
		return Key{}, err
	}
	if err := GenerateKey(next, old.Signer.Name()); err != nil {
		return Key{}, err
	}
	fresh, err := OpenKey(next)
	if err != nil {
		return Key{}, err
	}
	signing, err := signingKey(ctx, l.pool)
	if err != nil {
		return Key{}, err
	}
	if signing != fresh.Public {
		if err := l.handOver(ctx, old, fresh, now); err != nil {
			return Key{}, err
		}
	}
	var size int64
	if err := l.pool.QueryRow(ctx, `select size from ledger_key_change where key = $1`, fresh.Public).Scan(&size); err != nil {
		return Key{}, fmt.Errorf("read the log's keys: %w", err)
	}
	kept := fmt.Sprintf("%s.until-%d", path, size)
	for _, half := range []string{".pub", ""} {
		if err := os.Link(path+half, kept+half); err != nil && !errors.Is(err, fs.ErrExist) {
			return Key{}, fmt.Errorf("log key: %w", err)
		}
	}
	for _, half := range []string{"", ".pub"} {
		if err := os.Rename(next+half, path+half); err != nil {
			return Key{}, fmt.Errorf("log key: %w", err)
		}
	}
	return OpenKey(path)
}

// handOver lets the old key seal the record of its end, and both keys sign the change.
func (l *Log) handOver(ctx context.Context, old, fresh Key, now func() time.Time) error {
	if err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		_, err := l.Append(ctx, tx, Entry{Type: TypeKeyChange, At: now(), Outcome: "changed", Data: KeyChange{Previous: old.Public, Key: fresh.Public}})
		return err
	}); err != nil {
		return err
	}
	sequencer := NewSequencer(l.pool, old.Signer, now, slog.New(slog.DiscardHandler))
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(sequenceLock)); err != nil {
			return fmt.Errorf("wait for the sequencer: %w", err)
		}
		for {
			n, err := sequencer.batch(ctx, tx)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
		size, _, err := head(ctx, tx)
		if err != nil {
			return err
		}
		signed, err := note.Sign(&note.Note{Text: keyChangeText(size, old.Public, fresh.Public)}, old.Signer, fresh.Signer)
		if err != nil {
			return fmt.Errorf("sign the change of the key: %w", err)
		}
		if _, err := tx.Exec(ctx, `insert into ledger_key_change (size, key, note, changed_at) values ($1, $2, $3, $4)`, size, fresh.Public, string(signed), now()); err != nil {
			return fmt.Errorf("change the log's key: %w", err)
		}
		return nil
	})
}
