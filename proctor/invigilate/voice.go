package invigilate

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// maxVoices bounds how often one exam is spoken to aloud.
const maxVoices = 20_000

// BeginVoice writes down that a proctor begins to speak. Whom she reaches is Heard's. ErrFull; ErrOver; ErrNotFound: not of that exam.
func (d *Desk) BeginVoice(ctx context.Context, v Voice) error {
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		e, err := d.c.Exams.ExamIn(ctx, tx, v.Exam)
		if err != nil {
			return err
		}
		if err := mustBeProctor(ctx, tx, v.Exam, v.Speaker); err != nil {
			return err
		}
		if !v.ToAll() {
			a, err := d.c.Exams.Lock(ctx, tx, v.Attempt)
			if err != nil {
				return err
			}
			if a.ExamID != v.Exam {
				return ErrNotFound
			}
			if !slices.Contains(mayCall, a.State) {
				return ErrOver
			}
		}
		if e.Over(d.c.Now()) && v.ToAll() {
			return ErrOver
		}
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from voice where exam_id = $1`, v.Exam).Scan(&n); err != nil {
			return fmt.Errorf("count the talks: %w", err)
		}
		if n >= maxVoices {
			return ErrFull
		}
		_, err = tx.Exec(ctx, `insert into voice (id, exam_id, attempt_id, speaker_id, at) values ($1, $2, $3, $4, $5)`,
			v.ID, v.Exam, uuid.NullUUID{UUID: v.Attempt, Valid: !v.ToAll()}, v.Speaker, v.At)
		if err != nil {
			return fmt.Errorf("store a talk: %w", err)
		}
		return nil
	})
}

// Heard writes down whom a voice reaches from now on; who was reached before stays as she is.
func (d *Desk) Heard(ctx context.Context, voice uuid.UUID, attempts []uuid.UUID) error {
	if len(attempts) == 0 {
		return nil
	}
	if _, err := d.c.Pool.Exec(ctx, `insert into voice_heard (voice_id, attempt_id, at) select $1, unnest($2::uuid[]), $3 on conflict do nothing`,
		voice, attempts, d.c.Now()); err != nil {
		return fmt.Errorf("note who hears: %w", err)
	}
	return nil
}

// EndVoice writes down that a voice has ended; to end it again changes nothing.
func (d *Desk) EndVoice(ctx context.Context, voice uuid.UUID) error {
	if _, err := d.c.Pool.Exec(ctx, `update voice set ended_at = $2 where id = $1 and ended_at is null`, voice, d.c.Now()); err != nil {
		return fmt.Errorf("end a talk: %w", err)
	}
	return nil
}
