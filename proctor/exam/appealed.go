package exam

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
)

// Judgement is what was decided about an attempt, as whoever contests it needs it.
type Judgement struct {
	Attempt  Attempt
	Exam     Exam
	Last     time.Time   // the last decision that may be contested; zero: there is none
	Deciders []uuid.UUID // everybody but the student who moved the attempt
}

// EndedAt is when the exam ended, or will.
func (j Judgement) EndedAt() time.Time {
	if j.Exam.FinishedAt != nil {
		return *j.Exam.FinishedAt
	}
	return j.Exam.EndsAt
}

// Judged reads it within the caller's transaction; the attempt's row stays locked until that ends. A refused identification and every end of the
// attempt may be contested.
func (x *Exams) Judged(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) (Judgement, error) {
	var j Judgement
	var err error
	if j.Attempt, err = one(tx.Query(ctx, selectAttempt+` where a.id = $1 for update of a`, attempt)); err != nil {
		return j, err
	}
	rows, _ := tx.Query(ctx, selectExam+` where id = $1`, j.Attempt.ExamID)
	if j.Exam, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Exam]); err != nil {
		return j, fmt.Errorf("read the exam: %w", err)
	}
	var last *time.Time
	err = tx.QueryRow(ctx, `select max(at) filter (where reason <> 'appeal_granted' and (to_state in ('terminated', 'expired', 'finished', 'reviewed')
				or to_state = 'ready' and from_state in ('identifying', 'identified', 'manual_identification') and reason <> 'interrupted')),
			coalesce(array_agg(distinct actor) filter (where actor <> $2), '{}')
		from attempt_move where attempt_id = $1`, attempt, j.Attempt.PersonID).Scan(&last, &j.Deciders)
	if err != nil {
		return j, fmt.Errorf("read what was decided: %w", err)
	}
	if last != nil {
		j.Last = last.UTC()
	}
	return j, nil
}

// Redress puts right, within the caller's transaction, what a granted appeal found wrong: with another try the student may be identified again,
// while the exam lasts (else ErrOver); without, a termination is taken back and nothing else moves. The move is a decision in the log.
func (x *Exams) Redress(ctx context.Context, tx pgx.Tx, j Judgement, actor account.Person, another bool) error {
	const reason = "appeal_granted"
	m := Move{Actor: actor.ID, Reason: reason}
	switch {
	case another && j.Exam.Over(x.now()):
		return ErrOver
	case another && j.Attempt.State == Ready:
		if j.Attempt.TriesLeft >= maxTriesLeft {
			return &IllegalMove{From: Ready, To: Ready}
		}
		if _, err := tx.Exec(ctx, `update attempt set tries_left = tries_left + 1, state_reason = $2 where id = $1`, j.Attempt.ID, reason); err != nil {
			return fmt.Errorf("grant a try: %w", err)
		}
		m.To = Ready
		if err := x.moved(ctx, tx, j.Attempt.ID, Ready, Ready, actor.ID, reason); err != nil {
			return err
		}
		return x.LogDecision(ctx, tx, j.Attempt, actor, m)
	case another && j.Attempt.State == Terminated:
		m.To, m.Tries = Ready, 1
	case another && j.Attempt.State == Expired:
		m.To, m.Tries = Registered, 1
	case another:
		return &IllegalMove{From: j.Attempt.State, To: Ready}
	case j.Attempt.State == Terminated:
		m.To = Finished
	default:
		return nil
	}
	before, err := x.Move(ctx, tx, j.Attempt.ID, m)
	if err != nil {
		return err
	}
	return x.LogDecision(ctx, tx, before, actor, m)
}

// OfPerson reads all attempts of a person, the latest first, at most 200.
func (x *Exams) OfPerson(ctx context.Context, person uuid.UUID) ([]Attempt, error) {
	rows, _ := x.pool.Query(ctx, selectAttempt+` where a.person_id = $1 order by e.starts_at desc, a.id limit 200`, person)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Attempt])
	if err != nil {
		return nil, fmt.Errorf("read the person's attempts: %w", err)
	}
	return list, nil
}
