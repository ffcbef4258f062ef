package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/appeal"
	"ochno/proctor/esia"
	"ochno/proctor/ledger"
)

// MyAppeal is an appeal as the student sees it.
type MyAppeal struct {
	ID        uuid.UUID  `json:"id"`
	Number    string     `json:"number"`
	State     string     `json:"state" enum:"open,granted,rejected"`
	Remedy    string     `json:"remedy" enum:",try,annul"`
	Text      string     `json:"text"`
	Email     string     `json:"email" doc:"Where the answer goes, masked; empty: nowhere but here"`
	FiledAt   time.Time  `json:"filedAt"`
	DecidedAt *time.Time `json:"decidedAt,omitempty"`
	Reason    string     `json:"reason,omitempty"`
}

// AppealSummary is an appeal in the queue.
type AppealSummary struct {
	ID        uuid.UUID  `json:"id"`
	Number    string     `json:"number"`
	State     string     `json:"state" enum:"open,granted,rejected"`
	Student   string     `json:"student"`
	Group     string     `json:"group"`
	Exam      string     `json:"exam"`
	FiledAt   time.Time  `json:"filedAt"`
	DecidedAt *time.Time `json:"decidedAt,omitempty"`
}

// AppealList is a part of the queue.
type AppealList struct {
	Appeals []AppealSummary `json:"appeals" nullable:"false" doc:"The newest first, at most 200"`
}

// AppealDetail is an appeal with the facts it is decided by.
type AppealDetail struct {
	AppealSummary
	AttemptID    uuid.UUID      `json:"attemptId"`
	AttemptState string         `json:"attemptState"`
	ExamOver     bool           `json:"examOver" doc:"Another try cannot be given any more"`
	Text         string         `json:"text"`
	Remedy       string         `json:"remedy" enum:",try,annul"`
	Reason       string         `json:"reason,omitempty"`
	DecidedBy    string         `json:"decidedBy,omitempty"`
	MayDecide    bool           `json:"mayDecide" doc:"False for whoever took the contested decision"`
	Decisions    []FileDecision `json:"decisions" nullable:"false" doc:"The oldest first"`
}

// AppealPolicy are the terms of appeals.
type AppealPolicy struct {
	Days     int `json:"days" minimum:"1" maximum:"365" doc:"For filing, after the exam's end or the last decision"`
	HoldDays int `json:"holdDays" minimum:"0" maximum:"3650" doc:"How long the evidence is kept after the decision"`
}

// explainAppeal gives the desk's refusals their words.
func explainAppeal(err error) error {
	switch {
	case errors.Is(err, appeal.ErrNotFound):
		return problem(http.StatusNotFound, "not_found")
	case errors.Is(err, appeal.ErrNothing):
		return problem(http.StatusConflict, "appeal_nothing")
	case errors.Is(err, appeal.ErrLate):
		return problem(http.StatusConflict, "appeal_late")
	case errors.Is(err, appeal.ErrTwice):
		return problem(http.StatusConflict, "appeal_twice")
	case errors.Is(err, appeal.ErrText), errors.Is(err, appeal.ErrRemedy):
		return problem(http.StatusUnprocessableEntity, "appeal_text")
	case errors.Is(err, appeal.ErrPolicy):
		return problem(http.StatusUnprocessableEntity, "bad_request")
	case errors.Is(err, appeal.ErrDecided):
		return problem(http.StatusConflict, "appeal_decided")
	case errors.Is(err, appeal.ErrSamePerson):
		return problem(http.StatusForbidden, "appeal_same_person")
	}
	return err
}

func masked(email string) string {
	if email == "" {
		return ""
	}
	return esia.Contact{Type: esia.ContactEmail, Value: email}.Masked()
}

type fileAppealInput struct {
	AttemptPath
	Body struct {
		Text     string `json:"text" minLength:"1" maxLength:"4000"`
		Email    string `json:"email,omitempty" maxLength:"254" doc:"Where to answer; empty: the address of the roster, if it has one"`
		Language string `json:"language" enum:"ru,en" doc:"Of the answer"`
	}
}

func (s *Server) fileAppeal(ctx context.Context, in *fileAppealInput) (*body[FileAttempt], error) {
	if _, err := s.Appeals.File(ctx, *caller(ctx), in.ID, appeal.Form{Text: in.Body.Text, Email: in.Body.Email, English: in.Body.Language == "en"}); err != nil {
		return nil, explainAppeal(err)
	}
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shape, err := s.fileAttempt(ctx, a)
	return answer(shape), err
}

type appealsInput struct {
	State string `query:"state" default:"open" enum:"open,decided"`
}

func (s *Server) listAppeals(ctx context.Context, in *appealsInput) (*body[AppealList], error) {
	list, err := s.Appeals.Queue(ctx, caller(ctx).Organisation, in.State == "open")
	if err != nil {
		return nil, err
	}
	out := AppealList{Appeals: []AppealSummary{}}
	for _, a := range list {
		shape, err := s.appealSummary(ctx, a)
		if err != nil {
			return nil, err
		}
		out.Appeals = append(out.Appeals, shape)
	}
	return answer(out), nil
}

func (s *Server) appealSummary(ctx context.Context, a appeal.Appeal) (AppealSummary, error) {
	at, err := s.Exams.Attempt(ctx, a.Attempt)
	return AppealSummary{
		ID: a.ID, Number: a.Number, State: string(a.State), Student: at.Student, Group: at.Group, Exam: at.ExamTitle, FiledAt: a.FiledAt, DecidedAt: a.DecidedAt,
	}, err
}

func (s *Server) getAppeal(ctx context.Context, in *AttemptPath) (*body[AppealDetail], error) {
	a, err := s.Appeals.Get(ctx, caller(ctx).Organisation, in.ID)
	if err != nil {
		return nil, explainAppeal(err)
	}
	return s.appealDetail(ctx, a)
}

func (s *Server) appealDetail(ctx context.Context, a appeal.Appeal) (*body[AppealDetail], error) {
	if err := s.lookAt(ctx, ledger.SawAppeal, a.Attempt); err != nil {
		return nil, err
	}
	at, err := s.Exams.Attempt(ctx, a.Attempt)
	if err != nil {
		return nil, err
	}
	e, err := s.Exams.Exam(ctx, at.ExamID)
	if err != nil {
		return nil, err
	}
	out := AppealDetail{AttemptID: a.Attempt, AttemptState: string(at.State), ExamOver: e.Over(s.Now()), Text: a.Text, Remedy: string(a.Remedy), Reason: a.Reason}
	if out.AppealSummary, err = s.appealSummary(ctx, a); err != nil {
		return nil, err
	}
	if a.DecidedBy != uuid.Nil {
		by, err := s.Accounts.Person(ctx, a.DecidedBy)
		if err != nil {
			return nil, err
		}
		out.DecidedBy = by.Name.String()
	}
	if out.MayDecide, err = s.Appeals.MayDecide(ctx, *caller(ctx), a); err != nil {
		return nil, err
	}
	out.Decisions, err = s.decisions(ctx, at, staffSegment)
	return answer(out), err
}

type decideAppealInput struct {
	AttemptPath
	Body struct {
		Grant  bool   `json:"grant"`
		Remedy string `json:"remedy,omitempty" enum:",try,annul" doc:"Of a granted one"`
		Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	}
}

func (s *Server) decideAppeal(ctx context.Context, in *decideAppealInput) (*body[AppealDetail], error) {
	a, err := s.Appeals.Decide(ctx, *caller(ctx), in.ID, appeal.Decision{Grant: in.Body.Grant, Remedy: appeal.Remedy(in.Body.Remedy), Reason: in.Body.Reason})
	if err != nil {
		return nil, explainAppeal(err)
	}
	return s.appealDetail(ctx, a)
}

func (s *Server) appealPolicy(ctx context.Context, _ *struct{}) (*body[AppealPolicy], error) {
	p, err := s.Appeals.Policy(ctx, caller(ctx).Organisation)
	return answer(AppealPolicy{Days: p.Days, HoldDays: p.HoldDays}), err
}

func (s *Server) setAppealPolicy(ctx context.Context, in *struct{ Body AppealPolicy }) (*body[AppealPolicy], error) {
	if err := s.Appeals.SetPolicy(ctx, *caller(ctx), appeal.Policy{Days: in.Body.Days, HoldDays: in.Body.HoldDays}); err != nil {
		return nil, explainAppeal(err)
	}
	return s.appealPolicy(ctx, nil)
}
