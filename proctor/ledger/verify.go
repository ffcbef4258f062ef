package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Report is what Verify proved.
type Report struct {
	Size        int64 // records under the newest checkpoint
	Pending     int64 // committed, not yet sealed
	Checkpoints int   // all signed, all consistent with the records
}

// Verify rebuilds the tree from the records alone and compares it with every stored checkpoint and its signature, and with the columns by
// which the records are found. It reads in one snapshot and trusts no stored hash.
func (l *Log) Verify(ctx context.Context) (Report, error) {
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
			copy(c.Root[:], s.Root)
			if err := l.check(c); err != nil {
				return err
			}
			roots[c.Size] = c.Root
			report.Size = max(report.Size, c.Size)
		}
		if err := tx.QueryRow(ctx, `select count(*) from ledger_record where leaf is null`).Scan(&report.Pending); err != nil {
			return fmt.Errorf("count the pending records: %w", err)
		}
		return l.rebuild(ctx, tx, roots, &report)
	})
	return report, err
}

func (l *Log) rebuild(ctx context.Context, tx pgx.Tx, roots map[int64]tlog.Hash, report *Report) error {
	rows, err := tx.Query(ctx, selectRecord+` where leaf is not null order by leaf`)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	defer rows.Close()
	var tree memoryTree
	var size int64
	for rows.Next() {
		s, err := pgx.RowToStructByName[storedRecord](rows)
		if err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		if *s.Leaf != size {
			return fmt.Errorf("leaf %d is missing: the next one found is %d (record %s)", size, *s.Leaf, s.ID)
		}
		row, err := l.row(s)
		if err != nil {
			return err
		}
		if err := row.matches(); err != nil {
			return err
		}
		added, err := tlog.StoredHashes(size, s.Body, tree)
		if err != nil {
			return fmt.Errorf("hash leaf %d: %w", size, err)
		}
		tree = append(tree, added...)
		size++
		want, ok := roots[size]
		if !ok {
			continue
		}
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return fmt.Errorf("tree of %d: %w", size, err)
		}
		if root != want {
			return fmt.Errorf("the records up to leaf %d do not have the root that the checkpoint of size %d signed: one was changed or swapped", size-1, size)
		}
		report.Checkpoints++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	if size != report.Size {
		return fmt.Errorf("the newest checkpoint signed %d records, %d are there", report.Size, size)
	}
	return nil
}

// matches compares the columns by which a record is found with the body that the tree seals.
func (r Row) matches() error {
	var env envelope
	if err := r.decode(&env); err != nil {
		return err
	}
	for _, c := range []struct{ column, have, want string }{
		{"id", r.ID.String(), env.ID.String()},
		{"type", string(r.Type), string(env.Type)},
		{"at", r.At.Format(timeLayout), env.At},
		{"exam", idText(r.Exam), env.Exam},
		{"attempt", idText(r.Attempt), env.Attempt},
		{"outcome", r.Outcome, env.Outcome},
	} {
		if c.have != c.want {
			return fmt.Errorf("record %s (leaf %d): its column %q says %q, the sealed body %q", r.ID, *r.Leaf, c.column, c.have, c.want)
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
