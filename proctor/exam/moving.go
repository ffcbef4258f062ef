package exam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Expected is how many students may come to an exam; ErrNotFound when there is no such exam.
func (x *Exams) Expected(ctx context.Context, exam uuid.UUID) (int, error) {
	var n int
	err := x.pool.QueryRow(ctx, `select (select count(*) from roster_entry r where r.exam_id = e.id) from exam e where e.id = $1`, exam).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("count an exam's roster: %w", err)
	}
	return n, nil
}

// ExamOf is an attempt's exam.
func (x *Exams) ExamOf(ctx context.Context, attempt uuid.UUID) (uuid.UUID, error) {
	return x.oneExam(ctx, `select exam_id from attempt where id = $1`, attempt)
}

// Identified is the exam in which a person is, or was last, being identified.
func (x *Exams) Identified(ctx context.Context, person uuid.UUID) (uuid.UUID, error) {
	return x.oneExam(ctx, `select exam_id from attempt a where person_id = $1 and state in ('identifying', 'admitted', 'in_progress', 'paused')
		order by state = 'identifying' desc, (select max(m.id) from attempt_move m where m.attempt_id = a.id) desc nulls last limit 1`, person)
}

func (x *Exams) oneExam(ctx context.Context, query string, id uuid.UUID) (exam uuid.UUID, err error) {
	err = x.pool.QueryRow(ctx, query, id).Scan(&exam)
	if errors.Is(err, pgx.ErrNoRows) {
		return exam, ErrNotFound
	}
	if err != nil {
		return exam, fmt.Errorf("find an exam: %w", err)
	}
	return exam, nil
}

// Severed notes that the connections of an exam's students, and of their phones, ended with the node on which they were, and tells the listeners.
func (x *Exams) Severed(ctx context.Context, exam uuid.UUID, at time.Time) error {
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		type end struct {
			Attempt uuid.UUID
			Kind    string
		}
		rows, _ := tx.Query(ctx, `select a.id, of.prefix || 'disconnected' from attempt a cross join (values (''), ('phone_')) of (prefix)
			join lateral (select kind from event e where e.attempt_id = a.id and lane = 'technical'
				and kind in (of.prefix || 'connected', of.prefix || 'connection_lost', of.prefix || 'disconnected') order by at desc limit 1) last on true
			where a.exam_id = $1 and last.kind <> of.prefix || 'disconnected'`, exam)
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[end])
		if err != nil {
			return fmt.Errorf("find who was connected: %w", err)
		}
		for _, e := range list {
			if err := x.RecordIn(ctx, tx, Event{Attempt: e.Attempt, Lane: LaneTechnical, Kind: e.Kind, At: at, Detail: map[string]any{"reason": "node"}}); err != nil {
				return err
			}
		}
		return nil
	})
}
