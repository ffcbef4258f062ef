package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// ErrTooLate: what is to be undone was done too long ago.
var ErrTooLate = errors.New("too late to undo it")

// undoWithin is how long an admission by hand may be taken back.
const undoWithin = 10 * time.Second

// spareUndo is added to it for the network's way.
const spareUndo = 5 * time.Second

// Admit lets in somebody whom an identification, or two members of staff, have identified, where the policy leaves that to a proctor. Without one
// of them nobody is: ErrNotFound.
func (s *Service) Admit(ctx context.Context, attempt uuid.UUID, actor account.Person) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		a, err := s.Exams.Lock(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if a.State != exam.Identified {
			return &exam.IllegalMove{From: a.State, To: exam.Admitted}
		}
		if a.Over(s.Now()) {
			return exam.ErrOver
		}
		var record uuid.UUID
		err = tx.QueryRow(ctx, `select record_id from (
				select record_id, decided_at from identification where attempt_id = $1 and outcome = $2 and kind = $3
				union all select record_id, decided_at from manual_identification where attempt_id = $1 and outcome = 'confirmed') x
			order by decided_at desc limit 1`, attempt, Match, Admission).Scan(&record)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read the identification: %w", err)
		}
		return s.letInBy(ctx, tx, a, record, s.Now().UTC(), actor)
	})
}

// letInBy is letIn; without an actor the policy admits.
func (s *Service) letInBy(ctx context.Context, tx pgx.Tx, a exam.Attempt, on uuid.UUID, at time.Time, actor account.Person) error {
	if _, err := s.Exams.Move(ctx, tx, a.ID, exam.Move{From: exam.Identified, To: exam.Admitted, Actor: actor.ID, Reason: "identified"}); err != nil {
		return err
	}
	personal := map[string]string{"student": a.Student}
	if actor.ID != uuid.Nil {
		personal["actor"] = actor.Name.String()
	}
	_, err := s.Log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeAdmission, At: at, Exam: a.ExamID, Attempt: a.ID, Person: a.PersonID, Outcome: "admitted",
		Data: ledger.Admission{Exam: examRef(a), Identification: on.String()}, Personal: personal,
	})
	return err
}

// UndoAdmission takes a proctor's admission back within ten seconds, if the student has not begun. ErrTooLate. She is identified as before.
func (s *Service) UndoAdmission(ctx context.Context, attempt uuid.UUID, actor account.Person) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		a, err := s.Exams.Lock(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if a.State != exam.Admitted {
			return &exam.IllegalMove{From: a.State, To: exam.Identified}
		}
		var at time.Time
		err = tx.QueryRow(ctx, `select at from (select at, actor, to_state from attempt_move where attempt_id = $1 order by id desc limit 1) m where to_state = $2 and actor is not null`,
			attempt, exam.Admitted).Scan(&at)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && s.Now().Sub(at) > undoWithin+spareUndo {
			return ErrTooLate
		}
		if err != nil {
			return fmt.Errorf("read the admission: %w", err)
		}
		m := exam.Move{From: exam.Admitted, To: exam.Identified, Actor: actor.ID, Reason: "admission_undone"}
		if _, err := s.Exams.Move(ctx, tx, attempt, m); err != nil {
			return err
		}
		return s.Exams.LogDecision(ctx, tx, a, actor, m)
	})
}

// RefuseAdmission sends somebody back to be identified again, with one more try. It is a decision of the proctor's.
func (s *Service) RefuseAdmission(ctx context.Context, attempt uuid.UUID, actor account.Person, note string) error {
	_, err := s.Exams.Decide(ctx, attempt, actor, exam.Move{From: exam.Identified, To: exam.Ready, Reason: "admission_refused", Note: note, Tries: 1})
	return err
}
