package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
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

// DestroyDue destroys the keys whose time has come, each with its record in the log; how many there were. Their objects cannot be read any more,
// here or in any copy.
func (a *Archive) DestroyDue(ctx context.Context) (int, error) {
	for n := 0; ; n++ {
		err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
			var attempt, exam, person uuid.UUID
			now := a.now()
			if err := tx.QueryRow(ctx, `update object_key k set wrapped = null, destroyed_at = $1 from attempt t
				where t.id = k.attempt_id and k.attempt_id = (select attempt_id from object_key
					where destroy_at <= $1 and destroyed_at is null order by destroy_at limit 1 for update skip locked)
				returning t.id, t.exam_id, t.person_id`, now).Scan(&attempt, &exam, &person); err != nil {
				return err
			}
			_, err := a.log.Append(ctx, tx, ledger.Entry{
				Type: ledger.TypeErasure, At: now, Exam: exam, Attempt: attempt, Person: person, Outcome: "erased", Data: ledger.Erasure{Reason: "consent_withdrawn"},
			})
			return err
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("destroy the keys of withdrawn recordings: %w", err)
		}
	}
}

// Run destroys what is due, every hour, until ctx ends. A failure is told to failed and tried again.
func (a *Archive) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := a.DestroyDue(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
