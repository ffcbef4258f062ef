package exam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OnBreak is the reason of an attempt that is paused because the student takes a break.
const OnBreak = "break"

// ErrNoBreak: the policy allows no break, or all of them were taken.
var ErrNoBreak = errors.New("no break is left")

// Break is what of the policy's breaks a student has had.
type Break struct {
	Taken int
	Since *time.Time // of the one that goes on
}

// TakeBreak pauses the student's exam by herself, as the policy allows. The clock goes on: who is to have the time back gets it from a proctor.
func (x *Exams) TakeBreak(ctx context.Context, id, student uuid.UUID) error {
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		a, err := x.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		e, err := x.ExamIn(ctx, tx, a.ExamID)
		if err != nil {
			return err
		}
		if a.Over(x.now()) {
			return ErrOver
		}
		var taken int
		if err := tx.QueryRow(ctx, `select count(*) from attempt_move where attempt_id = $1 and to_state = $2 and reason = $3`, id, Paused, OnBreak).Scan(&taken); err != nil {
			return fmt.Errorf("count the breaks: %w", err)
		}
		if taken >= e.Policy.Breaks.Count {
			return ErrNoBreak
		}
		_, err = x.Move(ctx, tx, id, Move{From: InProgress, To: Paused, Actor: student, Reason: OnBreak})
		return err
	})
}

// EndBreak lets her go on. What a proctor paused goes on by the proctor's word alone: an *IllegalMove.
func (x *Exams) EndBreak(ctx context.Context, id, student uuid.UUID) error {
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		a, err := x.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != Paused || a.StateReason != OnBreak {
			return &IllegalMove{From: a.State, To: InProgress}
		}
		_, err = x.Move(ctx, tx, id, Move{From: Paused, To: InProgress, Actor: student, Reason: "break_over"})
		return err
	})
}

// BreaksOf reads what attempts have had.
func (x *Exams) BreaksOf(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID]Break, error) {
	rows, _ := x.pool.Query(ctx, `select a.id, count(*), max(m.at) filter (where a.state = $2 and a.state_reason = $3)
		from attempt a join attempt_move m on m.attempt_id = a.id and m.to_state = $2 and m.reason = $3 where a.id = any($1) group by a.id`, attempts, Paused, OnBreak)
	out := map[uuid.UUID]Break{}
	var (
		id uuid.UUID
		b  Break
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &b.Taken, &b.Since}, func() error {
		out[id] = b
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the breaks: %w", err)
	}
	return out, nil
}
