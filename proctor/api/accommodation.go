package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

func (s *Server) accommodationOperations() {
	route(s, http.MethodPost, "/api/exams/{id}/accommodation", "accommodate", "Say what is done differently for one student of the roster, never why", listKeepers, s.accommodate)
}

type accommodateInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		PersonID uuid.UUID `json:"personId"`
		exam.Accommodation
	}
}

func (s *Server) accommodate(ctx context.Context, in *accommodateInput) (*body[exam.Accommodation], error) {
	e, err := s.ownExam(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.Exams.Accommodate(ctx, e, in.Body.PersonID, *caller(ctx), in.Body.Accommodation)
	if errors.Is(err, exam.ErrNotInRoster) { // somebody else's student is nobody here
		err = exam.ErrNotFound
	}
	return answer(in.Body.Accommodation), err
}

// accommodated is the accommodation for a shape: nil where nothing is done differently.
func accommodated(a exam.Accommodation) *exam.Accommodation {
	if a == (exam.Accommodation{}) {
		return nil
	}
	return &a
}
