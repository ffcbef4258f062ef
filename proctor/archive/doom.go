package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"ochno/proctor/ledger"
)

// Reason is why objects are destroyed.
type Reason string

// The reasons.
const (
	Withdrawn Reason = "consent_withdrawn"
	Expired   Reason = "retention" // their term is over
)

// Doom sets when the keys of the attempts' objects are destroyed, within the caller's transaction; an earlier time stays.
func (a *Archive) Doom(ctx context.Context, tx pgx.Tx, attempts []uuid.UUID, at time.Time) error {
	if _, err := tx.Exec(ctx, `update object_key set destroy_at = least(coalesce(destroy_at, $2), $2) where attempt_id = any($1) and destroyed_at is null`, attempts, at); err != nil {
		return fmt.Errorf("set the end of recordings: %w", err)
	}
	return nil
}

// Spare takes back what Doom set for an attempt, because there is a consent to its recordings again. What is destroyed stays so: ErrDestroyed.
func (a *Archive) Spare(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) error {
	var destroyed bool
	rows, _ := tx.Query(ctx, `update object_key set destroy_at = null where attempt_id = $1 returning destroyed_at is not null`, attempt)
	if _, err := pgx.ForEachRow(rows, []any{&destroyed}, func() error { return nil }); err != nil {
		return fmt.Errorf("keep the recordings: %w", err)
	}
	if destroyed {
		return ErrDestroyed
	}
	return nil
}

// Destroy destroys the key of an attempt's objects within the caller's transaction, with its record in the log: they cannot be read any more,
// here or in any copy. Sweep deletes them after the commit. What is destroyed already, or was never there, changes nothing: ErrNotFound.
func (a *Archive) Destroy(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, reason Reason) error {
	var exam, person uuid.UUID
	now := a.now()
	err := tx.QueryRow(ctx, `update object_key k set wrapped = null, destroyed_at = $2, destroy_reason = $3 from attempt t
		where t.id = k.attempt_id and k.attempt_id = $1 and k.destroyed_at is null returning t.exam_id, t.person_id`, attempt, now, reason).Scan(&exam, &person)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("destroy the key of attempt %s: %w", attempt, err)
	}
	_, err = a.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeErasure, At: now, Exam: exam, Attempt: attempt, Person: person, Outcome: "erased", Data: ledger.Erasure{Reason: string(reason)},
	})
	return err
}

// Swept is what Sweep deleted.
type Swept struct {
	Attempts int
	Objects  int64
}

// Sweep deletes the objects whose keys were destroyed, all versions of them, and writes a receipt for each attempt into the log once none is left.
// What cannot be deleted now stays for the next time, and does not keep the others.
func (a *Archive) Sweep(ctx context.Context) (Swept, error) {
	var done Swept
	rows, _ := a.pool.Query(ctx, `select attempt_id from object_key where destroyed_at is not null and deleted_at is null order by destroyed_at, attempt_id`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return done, fmt.Errorf("find the objects of destroyed keys: %w", err)
	}
	var faults []error
	for _, attempt := range list {
		n, err := a.sweep(ctx, attempt)
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		if err != nil {
			if len(faults) < maxFaults {
				faults = append(faults, fmt.Errorf("delete the objects of attempt %s: %w", attempt, err))
			}
			continue
		}
		done.Attempts++
		done.Objects += n
	}
	return done, errors.Join(faults...)
}

// maxFaults bounds what is told of a store that refuses everything.
const maxFaults = 10

func (a *Archive) sweep(ctx context.Context, attempt uuid.UUID) (int64, error) {
	there, err := a.versions(ctx, folderOf(attempt))
	if err != nil {
		return 0, err
	}
	// They are counted before the first goes: a crash in between must not make the receipt tell of fewer.
	var total int64
	if err := a.pool.QueryRow(ctx, `update object_key set deleted = greatest(deleted, $2) where attempt_id = $1 returning deleted`, attempt, len(there)).Scan(&total); err != nil {
		return 0, err
	}
	for _, o := range there {
		if err := a.minio.RemoveObject(ctx, a.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: a.locked}); err != nil {
			return 0, fmt.Errorf("%s: %w", o.Key, err)
		}
	}
	if there, err = a.versions(ctx, folderOf(attempt)); err != nil {
		return 0, err
	}
	if len(there) > 0 {
		return 0, fmt.Errorf("%d objects came while they were deleted", len(there))
	}
	return total, pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var exam, person uuid.UUID
		var reason string
		now := a.now()
		err := tx.QueryRow(ctx, `update object_key k set deleted_at = $2 from attempt t where t.id = k.attempt_id and k.attempt_id = $1 and k.deleted_at is null
			returning t.exam_id, t.person_id, k.destroy_reason`, attempt, now).Scan(&exam, &person, &reason)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // another node's receipt
		}
		if err != nil {
			return err
		}
		_, err = a.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeReceipt, At: now, Exam: exam, Attempt: attempt, Person: person, Outcome: "erased",
			Data: ledger.Receipt{Class: "recordings", Reason: reason, Count: total, Copies: "unreadable"},
		})
		return err
	})
}

// folderOf is where an attempt's objects are.
func folderOf(attempt uuid.UUID) string { return "attempts/" + attempt.String() + "/" }

// versions lists all objects whose keys begin so, in a bucket with versions each of them.
func (a *Archive) versions(ctx context.Context, prefix string) ([]minio.ObjectInfo, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing
	var list []minio.ObjectInfo
	for o := range a.minio.ListObjects(ctx, a.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return nil, fmt.Errorf("list the objects: %w", o.Err)
		}
		list = append(list, o)
	}
	return list, nil
}
