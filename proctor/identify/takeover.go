package identify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
)

// Rooms tell which exams are on this node: what is planned or left unfinished in one is done by the node that has it.
type Rooms interface {
	// Take tells whether an exam is here; one that no node has is given to one first.
	Take(ctx context.Context, exam uuid.UUID) (bool, error)
	// Hold keeps an exam here until tx ends, or returns room.ErrNotHere.
	Hold(ctx context.Context, tx pgx.Tx, exam uuid.UUID) error
}

// here is Rooms.Take.
func (s *Service) here(ctx context.Context, exam uuid.UUID) (bool, error) {
	if s.Rooms == nil {
		return true, nil
	}
	return s.Rooms.Take(ctx, exam)
}

// hold is Rooms.Hold.
func (s *Service) hold(ctx context.Context, tx pgx.Tx, exam uuid.UUID) error {
	if s.Rooms == nil {
		return nil
	}
	return s.Rooms.Hold(ctx, tx, exam)
}

// Recover finishes what a crash left: verdicts that were received are decided on, and other attempts that were being identified become ready
// again, without using up a try. Call it before the first Start, when every exam is on this node. What cannot be decided now is tried again by Run.
func (s *Service) Recover(ctx context.Context) error { return s.recover(ctx, uuid.NullUUID{}) }

// TakeOver is Recover for one exam that has come to this node: what goes on here already stays.
func (s *Service) TakeOver(ctx context.Context, exam uuid.UUID) error {
	return s.recover(ctx, uuid.NullUUID{UUID: exam, Valid: true})
}

func (s *Service) recover(ctx context.Context, of uuid.NullUUID) error {
	received, err := s.received(ctx, of)
	if err != nil {
		return err
	}
	if err := s.finishAll(ctx, received); err != nil {
		return err
	}
	rows, _ := s.Pool.Query(ctx, `select id, exam_id from attempt where state = 'identifying' and ($1::uuid is null or exam_id = $1)
		and not exists (select 1 from verdict_received where attempt_id = attempt.id)`, of)
	stuck, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a exam.Attempt, err error) { return a, row.Scan(&a.ID, &a.ExamID) })
	if err != nil {
		return fmt.Errorf("find interrupted identifications: %w", err)
	}
	for _, a := range stuck {
		if s.busy(a.ID) {
			continue
		}
		if err := s.giveBack(ctx, a); err != nil {
			return fmt.Errorf("give an interrupted identification back: %w", err)
		}
	}
	return nil
}

// Leave stops the identifications of an exam that goes to another node. Nothing of them is decided here any more.
func (s *Service) Leave(exam uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range s.active {
		if run.exam == exam {
			run.stop()
		}
	}
}

// busy tells whether an identification of an attempt is under way here.
func (s *Service) busy(attempt uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active[attempt] != nil
}

// Under tells whether an identification of an exam is under way here.
func (s *Service) Under(exam uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range s.active {
		if run.exam == exam {
			return true
		}
	}
	return false
}

// unfinished is a verdict that was received and not decided on.
type unfinished struct {
	ID, Attempt, Exam uuid.UUID
	Finding           []byte
	Token             string
	ReceivedAt        time.Time
}

// received reads the verdicts that were received, of one exam or of all.
func (s *Service) received(ctx context.Context, of uuid.NullUUID) ([]unfinished, error) {
	rows, _ := s.Pool.Query(ctx, `select v.identification_id, v.attempt_id, a.exam_id, v.finding, v.token, v.received_at
		from verdict_received v join attempt a on a.id = v.attempt_id where $1::uuid is null or a.exam_id = $1 order by v.received_at`, of)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[unfinished])
	if err != nil {
		return nil, fmt.Errorf("find received verdicts: %w", err)
	}
	return list, nil
}

// finish decides on the verdicts that were received in the exams that are here, and that no run is about to decide on.
func (s *Service) finish(ctx context.Context) error {
	list, err := s.received(ctx, uuid.NullUUID{})
	if err != nil {
		return err
	}
	var ours []unfinished
	for _, one := range list {
		here, err := s.here(ctx, one.Exam)
		if err != nil {
			return err
		}
		if here {
			ours = append(ours, one)
		}
	}
	return s.finishAll(ctx, ours)
}

func (s *Service) finishAll(ctx context.Context, list []unfinished) error {
	for _, one := range list {
		run := &attemptRun{id: one.ID, exam: one.Exam, stop: func() {}}
		if err := s.claim(one.Attempt, run); errors.Is(err, ErrBusy) {
			continue
		} else if err != nil {
			return err
		}
		err := s.finishOne(ctx, one.ID, one.Attempt, one.Finding, one.Token, one.ReceivedAt)
		s.forget(one.Attempt)
		s.running.Done()
		if err != nil {
			s.Logger.Error("a received verdict is not decided on yet", "attempt", one.Attempt, "identification", one.ID, "error", err)
		}
	}
	return nil
}
