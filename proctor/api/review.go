package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/invigilate"
	"ochno/proctor/ledger"
)

// Conclusion is what somebody made of an attempt after reviewing it.
type Conclusion struct {
	Result string     `json:"result" enum:",no_violation,violation,technical" doc:"Empty: none yet"`
	Text   string     `json:"text,omitempty"`
	By     string     `json:"by,omitempty"`
	At     *time.Time `json:"at,omitempty"`
}

func (s *Server) reviewOperations() {
	get, post := http.MethodGet, http.MethodPost
	route(s, get, "/api/attempts/{id}/timeline", "timeline", "What happened", seers, s.timeline)
	route(s, post, "/api/attempts/{id}/flags", "judgeFlag", "Confirm or dismiss a flag of the machine", seers, s.judgeFlag)
	route(s, get, "/api/attempts/{id}/conclusion", "conclusion", "What the review came to", seers, s.conclusion)
	route(s, post, "/api/attempts/{id}/conclusion", "conclude", "End the review with a result", seers, s.conclude)
}

func (s *Server) timeline(ctx context.Context, in *AttemptPath) (*body[Timeline], error) {
	if err := s.lookAt(ctx, ledger.SawTimeline, in.ID); err != nil {
		return nil, err
	}
	events, err := s.Exams.Timeline(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	between, err := s.Invigilate.Timeline(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	verdicts, err := s.Invigilate.Verdicts(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	events = append(events, between...)
	slices.SortStableFunc(events, func(a, b exam.Event) int { return a.At.Compare(b.At) })
	out := Timeline{Events: []TimelineEvent{}}
	for _, e := range events {
		shape := TimelineEvent{At: e.At, Lane: string(e.Lane), Kind: e.Kind, Actor: e.Actor, Detail: e.Detail, Confidence: e.Confidence}
		if !e.Until.IsZero() {
			shape.Until = &e.Until
		}
		if e.Recording != uuid.Nil {
			shape.RecordingID, shape.OffsetMs = &e.Recording, &e.OffsetMS
		}
		if invigilate.IsFlag(e) {
			judged := verdicts[e.ID]
			shape.Flag = &EventFlag{ID: e.ID, Verdict: string(judged.Verdict), By: judged.By}
		}
		out.Events = append(out.Events, shape)
	}
	return answer(out), nil
}

type judgeInput struct {
	AttemptPath
	Body struct {
		EventID uuid.UUID `json:"eventId"`
		Verdict string    `json:"verdict" enum:",confirmed,dismissed" doc:"Empty takes one back"`
	}
}

func (s *Server) judgeFlag(ctx context.Context, in *judgeInput) (*body[Timeline], error) {
	if err := s.Invigilate.JudgeFlag(ctx, in.ID, in.Body.EventID, *caller(ctx), invigilate.Verdict(in.Body.Verdict)); err != nil {
		return nil, err
	}
	return s.timeline(ctx, &in.AttemptPath)
}

func (s *Server) conclusion(ctx context.Context, in *AttemptPath) (*body[Conclusion], error) {
	if err := s.lookAt(ctx, ledger.SawTimeline, in.ID); err != nil {
		return nil, err
	}
	c, err := s.Invigilate.Conclusion(ctx, in.ID)
	if err != nil || c == nil {
		return answer(Conclusion{}), err
	}
	return answer(Conclusion{Result: c.Result, Text: c.Text, By: c.By, At: &c.At}), nil
}

type concludeInput struct {
	AttemptPath
	Body struct {
		Result string `json:"result" enum:"no_violation,violation,technical"`
		Text   string `json:"text,omitempty" maxLength:"4000"`
	}
}

func (s *Server) conclude(ctx context.Context, in *concludeInput) (*body[Conclusion], error) {
	if err := s.Invigilate.Conclude(ctx, in.ID, *caller(ctx), in.Body.Result, in.Body.Text); err != nil {
		return nil, err
	}
	return s.conclusion(ctx, &in.AttemptPath)
}
