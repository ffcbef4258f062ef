package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
)

// Waiting is the wait for a verifier that does not answer. No try is used up; the service goes on by itself.
type Waiting struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until" doc:"Then what the policy says"`
	NextAt time.Time `json:"nextAt" doc:"When the verifier is asked again"`
	Then   string    `json:"then" enum:"manual,wait"`
}

// AgainDemand is an identification during the exam that is asked of the student, or an alarm about one that failed.
type AgainDemand struct {
	DemandedAt *time.Time `json:"demandedAt,omitempty" doc:"She is to identify herself with digits"`
	AlarmAt    *time.Time `json:"alarmAt,omitempty" doc:"Somebody else seems to sit there; until she identifies herself or a proctor settles it"`
	TriesLeft  int        `json:"triesLeft"`
	Cause      string     `json:"cause" enum:",random,request,reconnection,away,doubt"`
}

// ManualIdentification is one by two members of staff that is under way.
type ManualIdentification struct {
	ID        uuid.UUID  `json:"id"`
	Why       string     `json:"why" enum:"verifier_unavailable,identification_failed,not_enrolled,no_sample,other"`
	StartedAt time.Time  `json:"startedAt"`
	Document  string     `json:"document,omitempty" doc:"Its kind, as the first member of staff saw it"`
	First     string     `json:"first,omitempty" doc:"Who confirmed first"`
	FirstID   *uuid.UUID `json:"firstId,omitempty"`
	FirstAt   *time.Time `json:"firstAt,omitempty"`
}

func (s *Server) identityOperations() {
	get, post, put := http.MethodGet, http.MethodPost, http.MethodPut
	route(s, post, "/api/attempts/{id}/manual", "beginManual", "Take over from the verifier: two members of staff identify", proctors, s.beginManual)
	route(s, post, "/api/attempts/{id}/manual/confirm", "confirmManual", "Confirm the student by her document; the second one admits", seers, s.confirmManual)
	route(s, post, "/api/attempts/{id}/manual/refuse", "refuseManual", "Refuse to identify by the document", seers, s.refuseManual)
	route(s, post, "/api/attempts/{id}/identification/ask", "identifyAgain", "Identify once more, without disturbing the student", proctors, s.identifyAgain)
	route(s, post, "/api/attempts/{id}/identification/settle", "settleIdentity", "Say that the right person sits there", proctors, s.settleIdentity)
	route(s, post, "/api/attempts/{id}/pause", "pause", "Pause one student's exam", proctors, s.pause)
	route(s, post, "/api/attempts/{id}/resume", "resume", "Let a paused student go on", proctors, s.resume)
	route(s, get, "/api/exams/{id}/policy", "examPolicy", "An exam's policy", listKeepers, s.examPolicy)
	route(s, put, "/api/exams/{id}/policy", "setExamPolicy", "Change an exam's policy; the log tells of each setting", listKeepers, s.setExamPolicy)
}

type beginManualInput struct {
	AttemptPath
	Body struct {
		Why  string `json:"why" enum:"verifier_unavailable,identification_failed,not_enrolled,no_sample,other"`
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

func (s *Server) beginManual(ctx context.Context, in *beginManualInput) (*body[Attempt], error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.notOver(ctx, a); err != nil {
		return nil, err
	}
	if err := s.Identify.BeginManual(ctx, in.ID, *caller(ctx), identify.Why(in.Body.Why), in.Body.Note); err != nil {
		return nil, manualProblem(err)
	}
	return s.getAttempt(ctx, &in.AttemptPath)
}

type confirmManualInput struct {
	AttemptPath
	Body struct {
		Document string   `json:"document" enum:"passport,foreign_passport,residence_permit,temporary_identity_card,military_card,student_card"`
		Compared []string `json:"compared" minItems:"2" maxItems:"4" uniqueItems:"true" enum:"face,name,birth_date,validity"`
	}
}

func (s *Server) confirmManual(ctx context.Context, in *confirmManualInput) (*body[Attempt], error) {
	seen := identify.Seen{Document: identify.Document(in.Body.Document)}
	for _, c := range in.Body.Compared {
		seen.Compared = append(seen.Compared, identify.Comparison(c))
	}
	stream, _ := s.Stream(in.ID)
	if err := s.Identify.Confirm(ctx, in.ID, *caller(ctx), seen, stream); err != nil {
		return nil, manualProblem(err)
	}
	return s.getAttempt(ctx, &in.AttemptPath)
}

type refuseManualInput struct {
	AttemptPath
	Body struct {
		Reason string `json:"reason" enum:"no_document,unreadable,face_differs,data_differs,invalid_document,technical"`
		Note   string `json:"note,omitempty" maxLength:"1000"`
	}
}

func (s *Server) refuseManual(ctx context.Context, in *refuseManualInput) (*body[Attempt], error) {
	if err := s.Identify.Refuse(ctx, in.ID, *caller(ctx), identify.Refusal(in.Body.Reason), in.Body.Note); err != nil {
		return nil, manualProblem(err)
	}
	return s.getAttempt(ctx, &in.AttemptPath)
}

// manualProblem tells why staff cannot go on.
func manualProblem(err error) error {
	for known, p := range map[error]*Problem{
		identify.ErrSamePerson:  problem(http.StatusConflict, "manual_same_person"),
		identify.ErrNotStaff:    problem(http.StatusForbidden, "forbidden"),
		identify.ErrNoCamera:    problem(http.StatusConflict, "not_connected"),
		identify.ErrManualInput: problem(http.StatusUnprocessableEntity, "manual_input"),
		identify.ErrManualMoved: problem(http.StatusConflict, "manual_moved"),
		identify.ErrOtherPapers: problem(http.StatusConflict, "manual_other_document"),
	} {
		if errors.Is(err, known) {
			return p
		}
	}
	return err
}

func (s *Server) identifyAgain(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	if err := s.Identify.Ask(ctx, in.ID, identify.CauseRequest); err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, in)
}

func (s *Server) settleIdentity(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	if err := s.Identify.Settle(ctx, in.ID, *caller(ctx)); err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, in)
}

func (s *Server) pause(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Decide(ctx, in.ID, *caller(ctx), exam.Move{From: exam.InProgress, To: exam.Paused, Reason: "paused_by_proctor"})
	return s.attemptAnswer(ctx, a, err)
}

func (s *Server) resume(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Decide(ctx, in.ID, *caller(ctx), exam.Move{From: exam.Paused, To: exam.InProgress, Reason: "resumed_by_proctor"})
	return s.attemptAnswer(ctx, a, err)
}

func (s *Server) examPolicy(ctx context.Context, in *examPath) (*body[exam.Policy], error) {
	e, err := s.Exams.Exam(ctx, in.ID)
	return answer(e.Policy), err
}

type policyInput struct {
	ID   uuid.UUID `path:"id"`
	Body exam.Policy
}

func (s *Server) setExamPolicy(ctx context.Context, in *policyInput) (*body[exam.Policy], error) {
	if err := s.framed(in.Body); err != nil {
		return nil, err
	}
	err := s.Exams.SetPolicy(ctx, in.ID, *caller(ctx), in.Body)
	if errors.Is(err, exam.ErrPolicy) {
		p := problem(http.StatusUnprocessableEntity, "policy_invalid")
		p.Detail = err.Error()
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return s.examPolicy(ctx, &examPath{ID: in.ID})
}

// situate adds to an attempt what is asked or planned for it. When an identification is planned stays ours: it must be a surprise.
func situate(out *Attempt, e exam.Exam, now identify.Situation) {
	if w := now.Waiting; w != nil && out.State == string(exam.Ready) {
		out.Waiting = &Waiting{Since: w.Since.UTC(), Until: w.Until.UTC(), NextAt: w.NextAt.UTC(), Then: string(e.Policy.Outage.Then)}
	}
	if r := now.Standing; r != nil && (r.DemandedAt != nil || r.AlarmAt != nil) {
		out.Again = &AgainDemand{DemandedAt: inUTC(r.DemandedAt), AlarmAt: inUTC(r.AlarmAt), TriesLeft: r.TriesLeft, Cause: string(r.Cause)}
	}
	if m := now.Manual; m != nil {
		out.Manual = &ManualIdentification{
			ID: m.ID, Why: string(m.Why), StartedAt: m.StartedAt.UTC(), Document: string(m.Document), First: m.First, FirstAt: inUTC(m.FirstAt),
		}
		if m.FirstID.Valid {
			out.Manual.FirstID = &m.FirstID.UUID
		}
	}
}
