package api

import (
	"context"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// lookAt notes in the log that the caller is about to see what is kept of an attempt, before a byte of it goes out. Her own the log need not
// tell of; another organisation's is not found.
func (s *Server) lookAt(ctx context.Context, what string, attempt uuid.UUID) error {
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		return err
	}
	person := caller(ctx)
	if a.PersonID == person.ID && person.Has(account.Student) {
		return nil
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return err
	}
	if e.Organisation != person.Organisation {
		return exam.ErrNotFound
	}
	return s.look(ctx, ledger.Look{What: what, Subject: a.ID, Exam: a.ExamID, Attempt: a.ID})
}

// look notes any other look of the caller's.
func (s *Server) look(ctx context.Context, k ledger.Look) error {
	person := caller(ctx)
	k.Actor, k.Name, k.At, k.Outcome = person.ID, person.Name.String(), s.Now(), "viewed"
	if k.What == ledger.SawRecording {
		k.Outcome = "played"
	}
	return s.Log.Saw(ctx, k)
}
