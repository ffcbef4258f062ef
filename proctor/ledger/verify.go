package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Report is what Verify proved.
type Report struct {
	Size        int64 // records under the newest checkpoint
	Pending     int64 // committed, not yet sealed
	Checkpoints int   // all signed, all consistent with the records
	Earlier     int   // checkpoints given from outside, all consistent with the records
}

// Verify rebuilds the tree from the records alone and compares it with every stored checkpoint and its signature, and with the columns by
// which the records are found. It reads in one snapshot and trusts no stored hash, then compares those too: the next leaves will build on them.
// Earlier checkpoints, as OpenCheckpoint gives them, were kept elsewhere: a log that was cut, or rebuilt and signed anew, does not fit them.
func (l *Log) Verify(ctx context.Context, earlier ...Checkpoint) (Report, error) {
	var report Report
	keys, err := l.Keys(ctx)
	if err != nil {
		return report, err
	}
	err = pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		type row struct {
			Size int64
			Root []byte
			Note string
			At   time.Time
		}
		rows, _ := tx.Query(ctx, `select size, root, note, at from ledger_checkpoint order by size`)
		stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil {
			return fmt.Errorf("read the checkpoints: %w", err)
		}
		roots, kept := make(map[int64]tlog.Hash, len(stored)), make(map[int64]tlog.Hash, len(earlier))
		for _, s := range stored {
			c := Checkpoint{Size: s.Size, Note: s.Note, At: s.At}
			if err := check(keys, &c, s.Root); err != nil {
				return err
			}
			roots[c.Size] = c.Root
			report.Size = max(report.Size, c.Size)
		}
		for _, c := range earlier {
			if c.Size > report.Size {
				return fmt.Errorf("the earlier checkpoint signed %d records, the log's newest signs %d: records were cut off", c.Size, report.Size)
			}
			if root, ok := roots[c.Size]; ok && root != c.Root {
				return fmt.Errorf("the earlier checkpoint of size %d and the log's own of that size have different roots: the log was built anew", c.Size)
			}
			kept[c.Size] = c.Root
		}
		if err := l.rebuild(ctx, tx, roots, kept, report.Size); err != nil {
			return err
		}
		report.Checkpoints, report.Earlier = len(stored), len(earlier)
		report.Pending, err = l.waiting(ctx, tx)
		return err
	})
	return report, err
}

// rebuild hashes every leaf anew, holds the root of each size that was signed or kept elsewhere against the tree of that size, and the stored
// hashes against the leaves. It reads by parts: its memory does not grow with the log.
func (l *Log) rebuild(ctx context.Context, tx pgx.Tx, roots, kept map[int64]tlog.Hash, size int64) error {
	var tree growingTree
	for from := int64(0); ; from += readPart {
		before := tree.size
		err := l.each(ctx, tx, ` where leaf >= $1 and leaf < $2 order by leaf`, []any{from, from + readPart}, func(s storedRecord) error {
			if *s.Leaf != tree.size {
				return fmt.Errorf("leaf %d is missing: the next one found is %d (record %s)", tree.size, *s.Leaf, s.ID)
			}
			tree.add(tlog.RecordHash(s.Body))
			if want, ok := roots[tree.size]; ok && tree.root() != want {
				return &rootError{size: tree.size}
			}
			if want, ok := kept[tree.size]; ok && tree.root() != want {
				return fmt.Errorf("the log's first %d records are not those that the earlier checkpoint signed: the log was built anew", tree.size)
			}
			return nil
		})
		if wrong := (*rootError)(nil); errors.As(err, &wrong) {
			return l.name(ctx, tx, wrong)
		}
		if err != nil {
			return err
		}
		last := tree.size-before < readPart
		if last {
			if err := asSigned(ctx, tx, tree.size, size); err != nil {
				return err
			}
		}
		if err := tree.compare(ctx, tx, last); err != nil || last {
			return err
		}
	}
}

// rootError: the records do not have the root that was signed.
type rootError struct {
	size   int64
	leaf   int64
	record uuid.UUID // zero: nothing tells which one it is
}

// Error implements error.
func (e *rootError) Error() string {
	text := fmt.Sprintf("the records up to leaf %d do not have the root that the checkpoint of size %d signed: one was changed or swapped", e.size-1, e.size)
	if e.record != uuid.Nil {
		text += fmt.Sprintf("; by the stored hashes it is leaf %d, record %s", e.leaf, e.record)
	}
	return text
}

// name looks for the record that was changed: its stored hash may be what was signed still.
func (l *Log) name(ctx context.Context, tx pgx.Tx, wrong *rootError) error {
	for n := int64(0); n<<tileHeight < wrong.size && wrong.record == uuid.Nil; n++ {
		tiles := newHashes(ctx, tx)
		if err := tiles.load([]tileName{{0, n}}); err != nil {
			return err
		}
		stored, from := tiles.tiles[tileName{0, n}], n<<tileHeight
		rows, _ := tx.Query(ctx, `select leaf, id, body from ledger_leaf join ledger_record using (seq) where leaf >= $1 and leaf < $2 order by leaf desc`, from, min(from+1<<tileHeight, wrong.size))
		var (
			leaf int64
			id   uuid.UUID
			body []byte
		)
		if _, err := pgx.ForEachRow(rows, []any{&leaf, &id, &body}, func() error {
			have, at := tlog.RecordHash(body), int(leaf-from)*tlog.HashSize
			if len(stored) < at+tlog.HashSize || !bytes.Equal(stored[at:at+tlog.HashSize], have[:]) {
				wrong.leaf, wrong.record = leaf, id // the last that is found is the first of them
			}
			return nil
		}); err != nil {
			return fmt.Errorf("look for the record that was changed: %w", err)
		}
	}
	return wrong
}

// asSigned compares the places that were found in a row with those that the newest checkpoint signed.
func asSigned(ctx context.Context, tx pgx.Tx, there, signed int64) error {
	var other *int64
	if err := tx.QueryRow(ctx, `select min(leaf) from ledger_leaf join ledger_record using (seq) where leaf < 0 or leaf >= $1`, there).Scan(&other); err != nil {
		return fmt.Errorf("read the leaves: %w", err)
	}
	switch {
	case other != nil:
		return fmt.Errorf("leaf %d is missing: another one found is %d", there, *other)
	case there != signed:
		return fmt.Errorf("the newest checkpoint signed %d records, %d are there", signed, there)
	}
	return nil
}

// waiting counts the committed records that are not sealed yet, each with the hash that it was appended with.
func (l *Log) waiting(ctx context.Context, tx pgx.Tx) (int64, error) {
	hashes := map[int64][]byte{}
	rows, _ := tx.Query(ctx, `select seq, hash from ledger_leaf where leaf is null`)
	var (
		seq  int64
		hash []byte
	)
	if _, err := pgx.ForEachRow(rows, []any{&seq, &hash}, func() error {
		hashes[seq] = hash
		return nil
	}); err != nil {
		return 0, fmt.Errorf("read the leaves: %w", err)
	}
	var n int64
	err := l.each(ctx, tx, ` where leaf is null order by seq`, nil, func(s storedRecord) error {
		n++
		want := tlog.RecordHash(s.Body)
		if have, ok := hashes[s.Seq]; !ok {
			return fmt.Errorf("record %s waits for no place in the tree: it was put in behind the log's back", s.ID)
		} else if !bytes.Equal(have, want[:]) {
			return fmt.Errorf("record %s, which waits for its place in the tree, is not what was appended", s.ID)
		}
		delete(hashes, s.Seq)
		return nil
	})
	if err == nil && len(hashes) > 0 {
		err = fmt.Errorf("%d records that wait for their place in the tree were removed", len(hashes))
	}
	return n, err
}

// each reads the selected records, checking that each agrees with itself.
func (l *Log) each(ctx context.Context, tx pgx.Tx, which string, args []any, fn func(storedRecord) error) error {
	rows, err := tx.Query(ctx, selectRecord+which, args...)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		s, err := pgx.RowToStructByName[storedRecord](rows)
		if err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		if _, err := l.row(s); err != nil {
			return err
		}
		if err := s.matches(); err != nil {
			return err
		}
		if err := fn(s); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	return nil
}

// matches compares the columns by which a record is found with the body that the tree seals.
func (s storedRecord) matches() error {
	var env envelope[jsontext.Value]
	if err := json.Unmarshal(s.Body, &env); err != nil {
		return fmt.Errorf("record %s: %w", s.ID, err)
	}
	for _, c := range []struct{ column, have, want string }{
		{"id", s.ID.String(), env.ID.String()},
		{"type", string(s.Type), string(env.Type)},
		{"at", s.At.UTC().Format("2006-01-02T15:04:05.000000Z"), strings.TrimSuffix(env.At, "Z") + "000Z"},
		{"exam", idText(s.ExamID.UUID), env.Exam},
		{"attempt", idText(s.AttemptID.UUID), env.Attempt},
		{"person", idText(s.PersonID.UUID), env.Person},
		{"outcome", s.Outcome, env.Outcome},
	} {
		if c.have != c.want {
			return fmt.Errorf("record %s: its column %q says %q, the sealed body %q", s.ID, c.column, c.have, c.want)
		}
	}
	return nil
}
