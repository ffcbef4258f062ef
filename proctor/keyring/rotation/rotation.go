// Package rotation moves what is kept from one master key to another: object keys are wrapped again, personal values sealed again, in batches,
// while the service runs. Objects in the store are not touched. It may be stopped at any time and goes on where it is started again.
//
// It owns keyring_lookup. Start reading at Rotation.Run.
package rotation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/keyring"
)

// Rotation goes through the columns of all rooms.
type Rotation struct {
	Pool    *pgxpool.Pool
	Ring    *keyring.Ring
	Columns []keyring.Column
}

// Report is what a pass found.
type Report struct {
	Values int64 // looked at
	Moved  int64 // from another key to the one that seals
	Broken []string
}

// maxBroken bounds what is told of a database whose key is not there.
const maxBroken = 100

// batch is how many values are read at once.
const batch = 500

// maxPasses is more than a service that runs under the key that seals ever needs.
const maxPasses = 10

// ErrStillUsed: pass after pass finds new values under another key.
var ErrStillUsed = errors.New("a node still seals under another master key: restart it with the one that seals here, then run this again")

// ErrWrongKey: no key that was given is the installation's.
var ErrWrongKey = errors.New("the master key is not this database's")

// Adopt gives the ring the installation's key of look-ups, keeping it at the first time. ErrWrongKey tells which key is wanted.
func Adopt(ctx context.Context, pool *pgxpool.Pool, ring *keyring.Ring) error {
	var wrapped []byte
	var master string
	err := pool.QueryRow(ctx, `select wrapped, master from keyring_lookup`).Scan(&wrapped, &master)
	if errors.Is(err, pgx.ErrNoRows) {
		if len(ring.IDs()) > 1 {
			return errors.New("several master keys are named, and this database has not been used with this version yet: start it once with the one key that is in use")
		}
		if _, err := pool.Exec(ctx, `insert into keyring_lookup (wrapped, master) values ($1, $2) on conflict do nothing`, ring.WrapLookup(), ring.ID()); err != nil {
			return fmt.Errorf("keep the key of look-ups: %w", err)
		}
		err = pool.QueryRow(ctx, `select wrapped, master from keyring_lookup`).Scan(&wrapped, &master)
	}
	if err != nil {
		return fmt.Errorf("read the key of look-ups: %w", err)
	}
	_, err = ring.UseLookup(wrapped)
	if errors.Is(err, keyring.ErrBroken) {
		return fmt.Errorf("%w: it is sealed under key %s, given are %s; name the file of that key in OCHNO_MASTER_KEY_OLD_FILES", ErrWrongKey, master, strings.Join(ring.IDs(), ", "))
	}
	return err
}

// Run makes passes until one finds nothing to move: then no other key than the one that seals is needed, unless some values are broken.
func (r *Rotation) Run(ctx context.Context, tell func(column string, moved int64)) (Report, error) {
	if _, err := r.Pool.Exec(ctx, `update keyring_lookup set wrapped = $1, master = $2 where master <> $2`, r.Ring.WrapLookup(), r.Ring.ID()); err != nil {
		return Report{}, fmt.Errorf("wrap the key of look-ups: %w", err)
	}
	var total Report
	for range maxPasses {
		pass, err := r.pass(ctx, tell)
		total.Values, total.Broken = pass.Values, pass.Broken
		total.Moved += pass.Moved
		if err != nil || pass.Moved == 0 {
			return total, err
		}
	}
	return total, ErrStillUsed
}

func (r *Rotation) pass(ctx context.Context, tell func(string, int64)) (Report, error) {
	var report Report
	for _, c := range r.Columns {
		before := report.Moved
		if err := r.column(ctx, c, &report); err != nil {
			return report, fmt.Errorf("%s.%s: %w", c.Table, c.Name, err)
		}
		if moved := report.Moved - before; moved > 0 {
			tell(c.Table+"."+c.Name, moved)
		}
	}
	return report, nil
}

type value struct {
	ID     uuid.UUID
	Sealed []byte
}

func (r *Rotation) column(ctx context.Context, c keyring.Column, report *Report) error {
	table, key, name := pgx.Identifier{c.Table}.Sanitize(), pgx.Identifier{c.Key}.Sanitize(), pgx.Identifier{c.Name}.Sanitize()
	read := fmt.Sprintf(`select %[2]s, %[3]s from %[1]s where %[3]s is not null and %[2]s > $1 order by %[2]s limit $2`, table, key, name)
	// Whoever wrote meanwhile wrote under the key that seals, or is found by the next pass.
	write := fmt.Sprintf(`update %[1]s set %[3]s = $3 where %[2]s = $1 and %[3]s = $2`, table, key, name)
	for after := uuid.Nil; ; {
		rows, _ := r.Pool.Query(ctx, read, after, batch)
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[value])
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		var writes pgx.Batch
		for _, v := range list {
			report.Values++
			after = v.ID
			sealed, err := r.Ring.Reseal(c, v.ID.String(), v.Sealed)
			switch {
			case errors.Is(err, keyring.ErrBroken):
				if len(report.Broken) < maxBroken {
					report.Broken = append(report.Broken, fmt.Sprintf("%s.%s of %s opens under none of the keys %s", c.Table, c.Name, v.ID, strings.Join(r.Ring.IDs(), ", ")))
				}
			case err != nil:
				return err
			case sealed != nil:
				writes.Queue(write, v.ID, v.Sealed, sealed)
			}
		}
		if n := writes.Len(); n > 0 {
			if err := r.Pool.SendBatch(ctx, &writes).Close(); err != nil {
				return err
			}
			report.Moved += int64(n)
		}
	}
}
