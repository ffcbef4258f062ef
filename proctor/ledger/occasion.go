package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Reasons for which a checkpoint leaves the house.
const (
	EveryHour = "hour"
	AfterExam = "exam"
)

// AskCheckpoint asks, within the caller's transaction, for a checkpoint over everything that was appended so far, to be sent to the places that
// the university named. The subject tells occasions of one reason apart: asking twice for the same is one.
func (l *Log) AskCheckpoint(ctx context.Context, tx pgx.Tx, reason, subject string, at time.Time) error {
	if _, err := tx.Exec(ctx, `insert into ledger_occasion (reason, subject, after, asked_at)
		values ($1, $2, (select coalesce(max(seq), 0) from ledger_leaf), $3) on conflict (reason, subject) do nothing`, reason, subject, at); err != nil {
		return fmt.Errorf("ask for a checkpoint: %w", err)
	}
	return nil
}

// CheckpointAt is the signed checkpoint of that very size, its signature checked; ErrEmpty when there is none.
func (l *Log) CheckpointAt(ctx context.Context, size int64) (Checkpoint, error) {
	return l.checkpoint(ctx, `where size = $1`, size)
}

func (l *Log) checkpoint(ctx context.Context, which string, args ...any) (Checkpoint, error) {
	var c Checkpoint
	var root []byte
	err := l.pool.QueryRow(ctx, `select size, root, note, at from ledger_checkpoint `+which, args...).Scan(&c.Size, &root, &c.Note, &c.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrEmpty
	}
	if err != nil {
		return c, fmt.Errorf("read the checkpoint: %w", err)
	}
	keys, err := l.Keys(ctx)
	if err != nil {
		return c, err
	}
	return c, check(keys, &c, root)
}
