package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
	err := pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
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
		roots := make(map[int64]tlog.Hash, len(stored))
		for _, s := range stored {
			c := Checkpoint{Size: s.Size, Note: s.Note, At: s.At}
			if err := l.check(&c, s.Root); err != nil {
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
		}
		tree, err := l.rebuild(ctx, tx, roots, &report)
		if err != nil {
			return err
		}
		for _, c := range earlier {
			root, err := tlog.TreeHash(c.Size, tree)
			if err != nil {
				return fmt.Errorf("tree of %d: %w", c.Size, err)
			}
			if root != c.Root {
				return fmt.Errorf("the log's first %d records are not those that the earlier checkpoint signed: the log was built anew", c.Size)
			}
			report.Earlier++
		}
		if err := tree.compare(ctx, tx); err != nil {
			return err
		}
		return l.each(ctx, tx, ` where leaf is null order by seq`, func(storedRecord) error {
			report.Pending++
			return nil
		})
	})
	return report, err
}

func (l *Log) rebuild(ctx context.Context, tx pgx.Tx, roots map[int64]tlog.Hash, report *Report) (memoryTree, error) {
	var tree memoryTree
	var size int64
	err := l.each(ctx, tx, ` where leaf is not null order by leaf`, func(s storedRecord) error {
		if *s.Leaf != size {
			return fmt.Errorf("leaf %d is missing: the next one found is %d (record %s)", size, *s.Leaf, s.ID)
		}
		added, err := tlog.StoredHashes(size, s.Body, tree)
		if err != nil {
			return fmt.Errorf("hash leaf %d: %w", size, err)
		}
		tree = append(tree, added...)
		size++
		want, ok := roots[size]
		if !ok {
			return nil
		}
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return fmt.Errorf("tree of %d: %w", size, err)
		}
		if root != want {
			return fmt.Errorf("the records up to leaf %d do not have the root that the checkpoint of size %d signed: one was changed or swapped", size-1, size)
		}
		report.Checkpoints++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if size != report.Size {
		return nil, fmt.Errorf("the newest checkpoint signed %d records, %d are there", report.Size, size)
	}
	return tree, nil
}

// each reads the selected records, checking that each agrees with itself.
func (l *Log) each(ctx context.Context, tx pgx.Tx, which string, fn func(storedRecord) error) error {
	rows, err := tx.Query(ctx, selectRecord+which)
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
	var env envelope
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

// memoryTree holds all stored hashes of a tree being rebuilt.
type memoryTree []tlog.Hash

func (t memoryTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t)) {
			return nil, fmt.Errorf("stored hash %d is missing", index)
		}
		out[i] = t[index]
	}
	return out, nil
}

// compare finds the first stored hash that is not the one which the records have.
func (t memoryTree) compare(ctx context.Context, tx pgx.Tx) error {
	rows, _ := tx.Query(ctx, `select index, hash from ledger_hash order by index`)
	var (
		next, index int64
		raw         []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&index, &raw}, func() error {
		switch {
		case index < 0 || index >= int64(len(t)):
			return fmt.Errorf("stored hash %d belongs to no record", index)
		case index != next:
			return fmt.Errorf("stored hash %d is missing", next)
		case !bytes.Equal(raw, t[index][:]):
			return fmt.Errorf("stored hash %d is not the one that the records have", index)
		}
		next++
		return nil
	})
	if err == nil && next != int64(len(t)) {
		err = fmt.Errorf("stored hash %d is missing", next)
	}
	if err != nil {
		return fmt.Errorf("compare the stored hashes: %w", err)
	}
	return nil
}
