package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// HelpCall is a student's raised hand.
type HelpCall struct {
	Reason         string     `json:"reason" enum:"question,technical,health,other"`
	Text           string     `json:"text,omitempty"`
	At             time.Time  `json:"at"`
	AcknowledgedAt *time.Time `json:"acknowledgedAt,omitempty"`
	AcknowledgedBy string     `json:"acknowledgedBy,omitempty"`
}

// Warning is one that a student got.
type Warning struct {
	ID          uuid.UUID  `json:"id"`
	Reason      string     `json:"reason" enum:"looks_away,talks,another_person,device,leaves_frame,noise,other"`
	Text        string     `json:"text,omitempty"`
	At          time.Time  `json:"at"`
	By          string     `json:"by"`
	WithdrawnAt *time.Time `json:"withdrawnAt,omitempty"`
}

// ExtraTime is time that one student was given, or that was taken back.
type ExtraTime struct {
	Minutes int       `json:"minutes" doc:"Less than 0: taken back"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason" enum:"technical,accommodation,interruption,other,mistake"`
	By      string    `json:"by"`
}

// AttemptBreaks are those that a student may take by herself.
type AttemptBreaks struct {
	Allowed int        `json:"allowed"`
	Taken   int        `json:"taken"`
	Minutes int        `json:"minutes" doc:"The length of one"`
	Since   *time.Time `json:"since,omitempty" doc:"Of the one that goes on"`
}

// StaffCard names a member of staff.
type StaffCard struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Note is what a member of staff wrote down about an attempt, for staff alone.
type Note struct {
	ID     uuid.UUID `json:"id"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
	Text   string    `json:"text" doc:"Empty once erased"`
}

// NoteList is an attempt's notes, in order.
type NoteList struct {
	Notes []Note `json:"notes" nullable:"false"`
}

// ProctorCard is a proctor of the organisation, as seen from an exam.
type ProctorCard struct {
	ID       uuid.UUID `json:"id"`
	Name     string    `json:"name"`
	OnDuty   bool      `json:"onDuty"`
	Here     bool      `json:"here" doc:"Has the room open now"`
	Students int       `json:"students" doc:"Whom she looks after in the exam"`
}

// ProctorList is the proctors of an exam's organisation, whoever is on duty first.
type ProctorList struct {
	Proctors []ProctorCard `json:"proctors" nullable:"false"`
}

// AdmittedAll tells what came of admitting everybody who is identified.
type AdmittedAll struct {
	Admitted int `json:"admitted"`
	Failed   int `json:"failed" doc:"Whose state has changed meanwhile"`
}

func (s *Server) invigilateOperations() {
	get, post := http.MethodGet, http.MethodPost
	route(s, get, "/api/attempts/{id}/messages", "messages", "A student's conversation with the staff, the announcements among it", ownerOrSeer, s.messages)
	route(s, post, "/api/attempts/{id}/messages", "say", "Write to the staff, or to the student", ownerOrLead, s.say)
	route(s, post, "/api/attempts/{id}/messages/seen", "seen", "Note up to which message was read", ownerOrLead, s.seen)
	route(s, get, "/api/exams/{id}/announcements", "announcements", "What was announced to everybody", seers, s.announcements)
	route(s, post, "/api/exams/{id}/announcements", "announce", "Announce to everybody in the exam", proctors, s.announce)
	route(s, post, "/api/attempts/{id}/call", "callForHelp", "Call for a proctor", owner, s.callForHelp)
	route(s, post, "/api/attempts/{id}/call/acknowledge", "acknowledgeCall", "Tell the student who comes to her", proctors, s.acknowledgeCall)
	route(s, post, "/api/attempts/{id}/call/close", "closeCall", "Lower the hand", ownerOrLead, s.closeCall)
	route(s, post, "/api/attempts/{id}/warnings", "warn", "Warn the student", proctors, s.warn)
	route(s, post, "/api/attempts/{id}/warnings/withdraw", "withdrawWarning", "Take a warning back", proctors, s.withdrawWarning)
	route(s, get, "/api/attempts/{id}/notes", "notes", "What staff wrote down for themselves", seers, s.notes)
	route(s, post, "/api/attempts/{id}/notes", "addNote", "Write something down for the staff", seers, s.addNote)
	route(s, post, "/api/attempts/{id}/time", "giveTime", "Give one student time, or take it back", proctors, s.giveTime)
	route(s, post, "/api/attempts/{id}/admit", "admit", "Let in somebody who is identified", proctors, s.admit)
	route(s, post, "/api/attempts/{id}/admit/undo", "undoAdmission", "Take an admission back within ten seconds", proctors, s.undoAdmission)
	route(s, post, "/api/attempts/{id}/admit/refuse", "refuseAdmission", "Have somebody identified once more instead", proctors, s.refuseAdmission)
	route(s, post, "/api/exams/{id}/admit", "admitAll", "Let in everybody who is identified", proctors, s.admitAll)
	route(s, post, "/api/attempts/{id}/break", "takeBreak", "Take a break", owner, s.takeBreak)
	route(s, post, "/api/attempts/{id}/break/end", "endBreak", "End the break", owner, s.endBreak)
	route(s, get, "/api/exams/{id}/proctors", "proctors", "The organisation's proctors, and who is on duty", appointers, s.listProctors)
	route(s, post, "/api/exams/{id}/duty", "setDuty", "Put a proctor on duty, or off", appointers, s.setDuty)
	route(s, post, "/api/exams/{id}/handover", "handOver", "Entrust students, or the whole duty, to another proctor", proctors, s.handOver)
}

// accompany adds what stands between the student and the staff.
func accompany(out *Attempt, e exam.Exam, now surroundings) {
	talk := now.talk[out.ID]
	if talk.Last > 0 {
		out.Talk = &Talk{Last: talk.Last, UnreadByStudent: talk.ToStudent, UnreadByStaff: talk.ToStaff}
	}
	if c := talk.Call; c != nil {
		out.Call = &HelpCall{Reason: c.Reason, Text: c.Text, At: c.At.UTC(), AcknowledgedAt: inUTC(c.AcknowledgedAt), AcknowledgedBy: c.AcknowledgedBy}
	}
	for _, w := range talk.Warnings {
		out.Warnings = append(out.Warnings, Warning{ID: w.ID, Reason: w.Reason, Text: w.Text, At: w.At.UTC(), By: w.By, WithdrawnAt: inUTC(w.WithdrawnAt)})
	}
	out.Flags = talk.Flags
	if c := talk.Charge; c != nil {
		out.Charge = &StaffCard{ID: c.ID, Name: c.Name}
	}
	for _, x := range now.extras[out.ID] {
		out.Extra = append(out.Extra, ExtraTime{Minutes: x.Minutes, At: x.At.UTC(), Reason: x.Reason, By: x.By})
	}
	if allowed := e.Policy.Breaks; allowed.Count > 0 {
		had := now.breaks[out.ID]
		out.Breaks = &AttemptBreaks{Allowed: allowed.Count, Taken: had.Taken, Minutes: allowed.Minutes, Since: inUTC(had.Since)}
	}
}

type callInput struct {
	AttemptPath
	Body struct {
		Reason string `json:"reason" enum:"question,technical,health,other"`
		Text   string `json:"text,omitempty" maxLength:"1200"`
	}
}

func (s *Server) callForHelp(ctx context.Context, in *callInput) (*body[Attempt], error) {
	err := s.mayTalk(ctx)
	if err == nil {
		err = s.Invigilate.CallFor(ctx, in.ID, in.Body.Reason, in.Body.Text)
	}
	return s.changedAttempt(ctx, in.AttemptPath, err)
}

// changedAttempt answers with the attempt as it is now, unless the change was refused.
func (s *Server) changedAttempt(ctx context.Context, at AttemptPath, err error) (*body[Attempt], error) {
	if err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, &at)
}

func (s *Server) acknowledgeCall(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Invigilate.Acknowledge(ctx, in.ID, *caller(ctx)))
}

func (s *Server) closeCall(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Invigilate.CloseCall(ctx, in.ID, *caller(ctx)))
}

type warnInput struct {
	AttemptPath
	Body struct {
		Reason string `json:"reason" enum:"looks_away,talks,another_person,device,leaves_frame,noise,other"`
		Text   string `json:"text,omitempty" maxLength:"4000"`
	}
}

func (s *Server) warn(ctx context.Context, in *warnInput) (*body[Attempt], error) {
	return s.changedAttempt(ctx, in.AttemptPath, s.Invigilate.Warn(ctx, in.ID, *caller(ctx), in.Body.Reason, in.Body.Text))
}

type withdrawWarningInput struct {
	AttemptPath
	Body struct {
		WarningID uuid.UUID `json:"warningId"`
	}
}

func (s *Server) withdrawWarning(ctx context.Context, in *withdrawWarningInput) (*body[Attempt], error) {
	return s.changedAttempt(ctx, in.AttemptPath, s.Invigilate.WithdrawWarning(ctx, in.ID, in.Body.WarningID, *caller(ctx)))
}

func (s *Server) notes(ctx context.Context, in *AttemptPath) (*body[NoteList], error) {
	if err := s.lookAt(ctx, ledger.SawTimeline, in.ID); err != nil {
		return nil, err
	}
	list, err := s.Invigilate.Notes(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := NoteList{Notes: []Note{}}
	for _, n := range list {
		out.Notes = append(out.Notes, Note{ID: n.ID, Author: n.Author, At: n.At, Text: n.Text})
	}
	return answer(out), nil
}

func (s *Server) addNote(ctx context.Context, in *sayInput) (*body[NoteList], error) {
	if err := s.Invigilate.AddNote(ctx, in.ID, *caller(ctx), in.Body.Text); err != nil {
		return nil, err
	}
	return s.notes(ctx, &in.AttemptPath)
}

type timeInput struct {
	AttemptPath
	Body struct {
		Minutes int    `json:"minutes" minimum:"-1440" maximum:"1440" doc:"Less than 0: taken back, as a mistake"`
		Reason  string `json:"reason" enum:"technical,accommodation,interruption,other,mistake"`
	}
}

func (s *Server) giveTime(ctx context.Context, in *timeInput) (*body[Attempt], error) {
	a, err := s.Exams.GiveTime(ctx, in.ID, *caller(ctx), in.Body.Minutes, in.Body.Reason)
	return s.attemptAnswer(ctx, a, err)
}

func (s *Server) admit(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Identify.Admit(ctx, in.ID, *caller(ctx)))
}

func (s *Server) undoAdmission(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Identify.UndoAdmission(ctx, in.ID, *caller(ctx)))
}

type refuseAdmissionInput struct {
	AttemptPath
	Body struct {
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

func (s *Server) refuseAdmission(ctx context.Context, in *refuseAdmissionInput) (*body[Attempt], error) {
	return s.changedAttempt(ctx, in.AttemptPath, s.Identify.RefuseAdmission(ctx, in.ID, *caller(ctx), in.Body.Note))
}

// admitAll lets in each by itself: one whose state has changed keeps nobody else out.
func (s *Server) admitAll(ctx context.Context, in *examPath) (*body[AdmittedAll], error) {
	list, err := s.Exams.Attempts(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out AdmittedAll
	for _, a := range list {
		if a.State != exam.Identified {
			continue
		}
		var moved *exam.IllegalMove
		switch err := s.Identify.Admit(ctx, a.ID, *caller(ctx)); {
		case errors.As(err, &moved):
			out.Failed++
		case err != nil:
			return nil, err
		default:
			out.Admitted++
		}
	}
	return answer(out), nil
}

func (s *Server) takeBreak(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Exams.TakeBreak(ctx, in.ID, caller(ctx).ID))
}

func (s *Server) endBreak(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	return s.changedAttempt(ctx, *in, s.Exams.EndBreak(ctx, in.ID, caller(ctx).ID))
}

func (s *Server) listProctors(ctx context.Context, in *examPath) (*body[ProctorList], error) {
	list, err := s.Invigilate.Proctors(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	here := map[uuid.UUID]bool{}
	for _, p := range s.hub.people(in.ID) {
		here[p.ID] = true
	}
	out := ProctorList{Proctors: []ProctorCard{}}
	for _, p := range list {
		out.Proctors = append(out.Proctors, ProctorCard{ID: p.ID, Name: p.Name, OnDuty: p.OnDuty, Here: here[p.ID], Students: p.Students})
	}
	return answer(out), nil
}

type dutyInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		PersonID uuid.UUID `json:"personId"`
		On       bool      `json:"on"`
	}
}

func (s *Server) setDuty(ctx context.Context, in *dutyInput) (*body[ProctorList], error) {
	change := s.Invigilate.End
	if in.Body.On {
		change = s.Invigilate.Begin
	}
	if err := change(ctx, in.ID, in.Body.PersonID, *caller(ctx)); err != nil {
		return nil, err
	}
	return s.listProctors(ctx, &examPath{ID: in.ID})
}

type handOverInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		To         uuid.UUID   `json:"to"`
		AttemptIDs []uuid.UUID `json:"attemptIds,omitempty" maxItems:"1000" doc:"Without: the caller's whole duty"`
	}
}

func (s *Server) handOver(ctx context.Context, in *handOverInput) (*body[ProctorList], error) {
	if err := s.Invigilate.HandOver(ctx, in.ID, in.Body.AttemptIDs, in.Body.To, *caller(ctx)); err != nil {
		return nil, err
	}
	return s.listProctors(ctx, &examPath{ID: in.ID})
}
