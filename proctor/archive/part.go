package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/media"
)

// WriteFrom says in which spool the segments wait that this node records: a recording that another spool began goes on as a part of its own. Call
// it before anything is recorded; without it there is one spool for all.
func (a *Archive) WriteFrom(spool uuid.UUID) { a.spool = uuid.NullUUID{UUID: spool, Valid: true} }

// ours is a condition: the segments of recording r come from the spool that the parameter names.
func ours(parameter string) string {
	return `(` + parameter + `::uuid is null or coalesce(r.spool, ` + parameter + `) = ` + parameter + `)`
}

// Begin says where the attempt's recording of that kind begins, or goes on after a reconnection. What another node wrote may not be stored to its
// end yet: after it a new part begins, on the same clock. That part does not say what is missing before it, because only the other one knows.
func (a *Archive) Begin(ctx context.Context, attempt uuid.UUID, kind string) (media.RecordingStart, error) {
	if _, err := a.key(ctx, attempt); err != nil { // a destroyed key must fail now, not at the first segment
		return media.RecordingStart{}, err
	}
	var start media.RecordingStart
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select 1 from object_key where attempt_id = $1 for update`, attempt); err != nil {
			return err
		}
		var part int
		var mine bool
		err := tx.QueryRow(ctx, `select r.id, r.started_at, r.part, `+ours("$2")+` from recording r where r.attempt_id = $1 and r.kind = $3 order by r.part desc limit 1`,
			attempt, a.spool, kind).Scan(&start.ID, &start.Started, &part, &mine)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			// PostgreSQL keeps microseconds; a start that is read back must be the one that was used.
			start.Started = a.now().UTC().Truncate(time.Millisecond)
		case err != nil:
			return err
		case mine:
			return a.goOn(ctx, tx, &start)
		default:
			part++
		}
		return tx.QueryRow(ctx, `insert into recording (id, attempt_id, kind, started_at, part, spool) values ($1, $2, $3, $4, $5, $6) returning id, started_at`,
			uuid.New(), attempt, kind, start.Started, part, a.spool).Scan(&start.ID, &start.Started)
	})
	if err != nil {
		return media.RecordingStart{}, fmt.Errorf("begin the recording: %w", err)
	}
	return start, nil
}

// goOn finds where a part of ours ended.
func (a *Archive) goOn(ctx context.Context, tx pgx.Tx, start *media.RecordingStart) error {
	if _, err := tx.Exec(ctx, `update recording set spool = $2 where id = $1 and spool is null and $2::uuid is not null`, start.ID, a.spool); err != nil {
		return err
	}
	var sum []byte
	var endMS int64
	err := tx.QueryRow(ctx, `select number + 1, sha256, start_ms + duration_ms from segment where recording_id = $1 order by number desc limit 1`, start.ID).
		Scan(&start.NextSegment, &sum, &endMS)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	copy(start.PrevSHA256[:], sum)
	start.Offset = time.Duration(endMS) * time.Millisecond
	return err
}
