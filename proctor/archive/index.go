package archive

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Index reads what the archive knows of recordings, without their objects or keys: enough to prove them. Safe for concurrent use.
type Index struct{ pool *pgxpool.Pool }

// OpenIndex needs the database only.
func OpenIndex(pool *pgxpool.Pool) *Index { return &Index{pool: pool} }

// EachSegment calls fn for every stored segment of a recording, in order; for none when there is no such recording.
func (i *Index) EachSegment(ctx context.Context, recording uuid.UUID, fn func(Segment) error) error {
	rows, err := i.pool.Query(ctx, selectSegment+` where recording_id = $1 order by number`, recording)
	if err != nil {
		return fmt.Errorf("read the segments: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		s, err := pgx.RowToStructByNameLax[Segment](rows)
		if err != nil {
			return fmt.Errorf("read the segments: %w", err)
		}
		if err := fn(s); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Measure tells how many stored files recordings have, and their bytes; those of destroyed keys are not counted.
func (i *Index) Measure(ctx context.Context, recordings []uuid.UUID) (files, bytes int64, err error) {
	err = i.pool.QueryRow(ctx, `select count(*), coalesce(sum(s.size), 0)::bigint from segment s join recording r on r.id = s.recording_id
		join object_key k on k.attempt_id = r.attempt_id where r.id = any($1) and k.destroyed_at is null`, recordings).Scan(&files, &bytes)
	if err != nil {
		return 0, 0, fmt.Errorf("measure the recordings: %w", err)
	}
	return files, bytes, nil
}
