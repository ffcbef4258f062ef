package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// examOperations are the routes by which exams are made and changed; an exam's policy has its own.
func (s *Server) examOperations() {
	route(s, http.MethodGet, "/api/policy", "defaultPolicy", "The rules that a first exam begins with", listKeepers, s.defaultPolicy)
	route(s, http.MethodPost, "/api/exams", "createExam", "Make an exam", listKeepers, s.createExam)
	route(s, http.MethodPut, "/api/exams/{id}", "changeExam", "Change an exam's title or time", listKeepers, s.changeExam)
}

// ExamDraft is what a person fills in for an exam.
type ExamDraft struct {
	Title    string    `json:"title" maxLength:"400"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
}

func (s *Server) defaultPolicy(context.Context, *struct{}) (*body[exam.Policy], error) {
	return answer(exam.DefaultPolicy()), nil
}

type newExamInput struct {
	Body struct {
		ExamDraft
		Code   string      `json:"code,omitempty" maxLength:"64" doc:"Of the exam's link; made when absent"`
		Policy exam.Policy `json:"policy"`
	}
}

func (s *Server) createExam(ctx context.Context, in *newExamInput) (*body[ExamSummary], error) {
	if err := s.framed(in.Body.Policy); err != nil {
		return nil, err
	}
	e, err := s.Exams.Create(ctx, *caller(ctx), draftOf(in.Body.ExamDraft, in.Body.Code), in.Body.Policy)
	return s.examAnswer(ctx, e, err)
}

type changeExamInput struct {
	ID   uuid.UUID `path:"id"`
	Body ExamDraft
}

func (s *Server) changeExam(ctx context.Context, in *changeExamInput) (*body[ExamSummary], error) {
	e, err := s.Exams.Change(ctx, in.ID, *caller(ctx), draftOf(in.Body, ""))
	return s.examAnswer(ctx, e, err)
}

func draftOf(d ExamDraft, code string) exam.Draft {
	return exam.Draft{Title: d.Title, StartsAt: d.StartsAt, EndsAt: d.EndsAt, Code: code}
}

func (s *Server) examAnswer(ctx context.Context, e exam.Exam, err error) (*body[ExamSummary], error) {
	var draft *exam.DraftError
	switch {
	case errors.As(err, &draft):
		return nil, problem(http.StatusUnprocessableEntity, "exam_"+draft.Field)
	case errors.Is(err, exam.ErrPolicy):
		p := problem(http.StatusUnprocessableEntity, "policy_invalid")
		p.Detail = err.Error()
		return nil, p
	case err != nil:
		return nil, err
	}
	summary, err := s.summaryShape(ctx, e)
	return answer(summary), err
}
