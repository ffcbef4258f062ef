package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
)

// Readiness is how far a student is, days before an exam.
type Readiness struct {
	Exam        ExamCard   `json:"exam"`
	DisplayName string     `json:"displayName"`
	Group       string     `json:"group"`
	Checks      Checks     `json:"checks"`
	DevicesAt   *time.Time `json:"devicesAt,omitempty" doc:"When camera and microphone were tried last"`
	EnrolledAt  *time.Time `json:"enrolledAt,omitempty" doc:"When the biometric system last told"`
	Minor       bool       `json:"minor" doc:"A parent consents for her"`
	Declined    bool       `json:"declined" doc:"She chose another form of the exam"`
	Ready       bool       `json:"ready"`
}

// Checks are the parts of being ready. That somebody is in the roster is why there are any.
type Checks struct {
	Account   string `json:"account" enum:"done,missing" doc:"A confirmed ESIA account is linked"`
	Consent   string `json:"consent" enum:"done,missing"`
	Enrolment string `json:"enrolment" enum:"done,missing,unknown" doc:"With the biometric system; unknown before its first answer"`
	Devices   string `json:"devices" enum:"done,missing,failed" doc:"Camera and microphone were tried"`
}

// ready tells whether nothing is left that the student can do. What nobody can know yet does not count against her.
func (c Checks) ready() bool {
	return c.Account == "done" && c.Consent == "done" && c.Devices == "done" && c.Enrolment != "missing"
}

func checksOf(e exam.Entry, p account.Prepared, known map[uuid.UUID]identify.Enrolment) Checks {
	done := func(b bool) string {
		if b {
			return "done"
		}
		return "missing"
	}
	c := Checks{Account: done(p.Linked), Consent: done(p.Consent), Enrolment: "unknown", Devices: "missing"}
	if k, ok := known[e.Person]; ok {
		c.Enrolment = done(k.Enrolled)
	}
	if e.Devices != nil {
		c.Devices = "failed"
		if e.Devices.Camera && e.Devices.Microphone {
			c.Devices = "done"
		}
	}
	return c
}

func (s *Server) readiness(ctx context.Context, in *codePath) (*body[Readiness], error) {
	person := caller(ctx)
	e, entry, err := s.ownEntry(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	card, err := s.cardShape(ctx, e)
	if err != nil {
		return nil, err
	}
	card.Accommodation = accommodated(entry.Accommodation)
	if a, err := s.Exams.Of(ctx, e.ID, person.ID); err == nil {
		card.AttemptID = &a.ID
	} else if !errors.Is(err, exam.ErrNotFound) {
		return nil, err
	}
	one := []uuid.UUID{person.ID}
	prepared, err := s.Accounts.PreparedOf(ctx, person.Organisation, one)
	if err != nil {
		return nil, err
	}
	known, err := s.Identify.Enrolments(ctx, one)
	if err != nil {
		return nil, err
	}
	p := prepared[person.ID]
	out := Readiness{
		Exam: card, DisplayName: p.Name.String(), Group: entry.Group, Checks: checksOf(entry, p, known), Minor: p.Minor, Declined: entry.Declined,
	}
	if entry.Devices != nil {
		at := entry.Devices.At.UTC()
		out.DevicesAt = &at
	}
	if k, ok := known[person.ID]; ok {
		at := k.At.UTC()
		out.EnrolledAt = &at
	}
	out.Ready = out.Checks.ready() && !out.Declined
	return answer(out), nil
}

// ownEntry is the caller's place in an exam's roster.
func (s *Server) ownEntry(ctx context.Context, code string) (exam.Exam, exam.Entry, error) {
	e, err := s.Exams.ByCode(ctx, code)
	if err != nil {
		return e, exam.Entry{}, err
	}
	entry, err := s.Exams.Entry(ctx, e.ID, caller(ctx).ID)
	return e, entry, err
}

type devicesInput struct {
	Code string `path:"code" maxLength:"64"`
	Body struct {
		Camera     bool `json:"camera"`
		Microphone bool `json:"microphone"`
	}
}

func (s *Server) noteDevices(ctx context.Context, in *devicesInput) (*body[Readiness], error) {
	if _, _, err := s.ownEntry(ctx, in.Code); err != nil {
		return nil, err
	}
	if err := s.Exams.NoteDevices(ctx, caller(ctx).ID, in.Body.Camera, in.Body.Microphone); err != nil {
		return nil, err
	}
	return s.readiness(ctx, &codePath{Code: in.Code})
}

// declineAhead chooses another form days before: what a student with a consent or an account could choose on the day, she may without either.
func (s *Server) declineAhead(ctx context.Context, in *codePath) (*body[Readiness], error) {
	e, entry, err := s.ownEntry(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	if !entry.Declined {
		a, err := s.Exams.Join(ctx, e, caller(ctx).ID)
		if err != nil {
			return nil, err
		}
		if _, err := s.decline(ctx, &AttemptPath{ID: a.ID}); err != nil {
			return nil, err
		}
	}
	return s.readiness(ctx, in)
}

const readinessAtOnce = 100

// moscow is the zone of times in letters, which know nothing of the reader's clock.
var moscow = time.FixedZone("MSK", 3*60*60)

// readinessOperations are the routes of being ready days ahead.
func (s *Server) readinessOperations() {
	get, post := http.MethodGet, http.MethodPost

	route(s, get, "/api/ready/{code}", "readiness", "What a student still has to do before an exam", signedIn, s.readiness)
	route(s, post, "/api/ready/{code}/devices", "noteDevices", "Camera and microphone were tried", signedIn, s.noteDevices)
	route(s, post, "/api/ready/{code}/decline", "declineAhead", "Choose another form of the exam ahead of it", signedIn, s.declineAhead)
	route(s, get, "/api/exams/{id}/readiness", "rosterReadiness", "Who of the roster is ready", listKeepers, s.rosterReadiness)
	route(s, post, "/api/exams/{id}/remind", "remind", "Remind by e-mail those who are not ready", listKeepers, s.remind)
}
