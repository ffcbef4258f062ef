package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/retention"
)

// retentionOperations are the routes about what is kept how long.
func (s *Server) retentionOperations() {
	get, post := http.MethodGet, http.MethodPost
	route(s, get, "/api/notices", "notices", "What staff must know at once", staff, s.notices)
	route(s, get, "/api/retention", "retention", "How long what is kept, and how the daily erasure goes", listKeepers, s.getRetention)
	route(s, post, "/api/retention", "setTerm", "Change a term", listKeepers, s.setTerm)
	route(s, get, "/api/retention/calendar", "calendar", "What expires when", listKeepers, s.calendar)
	route(s, get, "/api/retention/receipts", "receipts", "What was deleted, the newest first", listKeepers, s.receipts)
	route(s, get, "/api/holds", "holds", "Holds, those that stand first", listKeepers, s.holds)
	route(s, post, "/api/holds", "placeHold", "Stop the erasure of an attempt or an exam", registrars, s.placeHold)
	route(s, post, "/api/holds/{id}/lift", "liftHold", "Lift a hold", registrars, s.liftHold)
}

// NoticeList is what staff must know at once.
type NoticeList struct {
	Notices []Notice `json:"notices" nullable:"false"`
}

// Notice is one thing that is wrong with the installation.
type Notice struct {
	Code string `json:"code" enum:"retention,log,spool"`
}

// notices asks what must not go unseen; proctors are told of what concerns their exams. The reason stands in the service's log.
func (s *Server) notices(ctx context.Context, _ *struct{}) (*body[NoticeList], error) {
	out := NoticeList{Notices: []Notice{}}
	codes := []string{"spool"}
	if caller(ctx).Has(account.Registrar, account.Administrator) {
		codes = []string{"log", "retention", "spool"}
	}
	for _, code := range codes {
		if check := s.Checks[code]; check != nil && check(ctx) != nil {
			out.Notices = append(out.Notices, Notice{Code: code})
		}
	}
	return answer(out), nil
}

// Retention is how long what is kept.
type Retention struct {
	Terms      []RetentionTerm `json:"terms" nullable:"false" doc:"One for each class, then exams' own"`
	LastRun    *time.Time      `json:"lastRun,omitempty" doc:"When all that was due was last erased"`
	Failed     bool            `json:"failed" doc:"The last run did not erase all"`
	ObjectLock bool            `json:"objectLock" doc:"The store keeps recordings from being deleted by mistake before their term"`
}

// RetentionTerm is how long a class is kept.
type RetentionTerm struct {
	Class     string     `json:"class" enum:"recordings,log,consents,requests"`
	ExamID    *uuid.UUID `json:"examId,omitempty" doc:"Whose own it is; absent: the organisation's"`
	ExamCode  string     `json:"examCode,omitempty"`
	ExamTitle string     `json:"examTitle,omitempty"`
	Days      int        `json:"days"`
	Default   bool       `json:"default" doc:"Nobody has set it"`
	Reason    string     `json:"reason,omitempty"`
	ChangedBy string     `json:"changedBy,omitempty"`
	ChangedAt *time.Time `json:"changedAt,omitempty"`
}

func (s *Server) getRetention(ctx context.Context, _ *struct{}) (*body[Retention], error) {
	terms, err := s.Retention.Terms(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	state, err := s.Retention.State(ctx)
	if err != nil {
		return nil, err
	}
	out := Retention{Terms: make([]RetentionTerm, len(terms)), LastRun: inUTC(state.Good), Failed: state.Last != nil && state.Last.Error != "", ObjectLock: s.Archive.Locked()}
	for i, t := range terms {
		out.Terms[i] = RetentionTerm{
			Class: string(t.Class), ExamID: idOrNil(t.Exam), ExamCode: t.ExamCode, ExamTitle: t.ExamTitle, Days: t.Days, Default: t.Default,
			Reason: t.Reason, ChangedBy: t.ChangedBy, ChangedAt: inUTC(t.ChangedAt),
		}
	}
	return answer(out), nil
}

type setTermInput struct {
	Body struct {
		Class  string     `json:"class" enum:"recordings,log,consents,requests"`
		ExamID *uuid.UUID `json:"examId,omitempty" doc:"Of recordings: the exam's own term"`
		Days   int        `json:"days" minimum:"0" maximum:"36500" doc:"0 takes an exam's own term back"`
		Reason string     `json:"reason" minLength:"3" maxLength:"2000"`
	}
}

func (s *Server) setTerm(ctx context.Context, in *setTermInput) (*body[Retention], error) {
	t := retention.NewTerm{Organisation: caller(ctx).Organisation, Class: retention.Class(in.Body.Class), Days: in.Body.Days, Reason: in.Body.Reason}
	if in.Body.ExamID != nil {
		if t.Exam = *in.Body.ExamID; t.Exam == uuid.Nil {
			return nil, badField("body.examId")
		}
	}
	if err := s.Retention.SetTerm(ctx, t, actorOf(caller(ctx))); err != nil {
		return nil, explainRetention(err)
	}
	return s.getRetention(ctx, nil)
}

// Calendar is what expires.
type Calendar struct {
	Expiries []Expiry `json:"expiries" nullable:"false" doc:"By class, then by day"`
}

// Expiry is what of one class and exam expires on a day.
type Expiry struct {
	Class     string     `json:"class" enum:"recordings,log,consents,requests"`
	ExamID    *uuid.UUID `json:"examId,omitempty"`
	ExamCode  string     `json:"examCode,omitempty"`
	ExamTitle string     `json:"examTitle,omitempty"`
	At        time.Time  `json:"at"`
	Count     int        `json:"count" doc:"Attempts with recordings, records, consents or requests"`
	Held      int        `json:"held" doc:"Of them kept by a hold"`
	Withdrawn int        `json:"withdrawn" doc:"Of them because the consent was withdrawn"`
}

type calendarInput struct {
	Days int `query:"days" minimum:"0" maximum:"3660" default:"30"`
}

func (s *Server) calendar(ctx context.Context, in *calendarInput) (*body[Calendar], error) {
	list, err := s.Retention.Calendar(ctx, caller(ctx).Organisation, s.Now().AddDate(0, 0, in.Days))
	if err != nil {
		return nil, err
	}
	out := Calendar{Expiries: make([]Expiry, len(list))}
	for i, x := range list {
		out.Expiries[i] = Expiry{
			Class: string(x.Class), ExamID: idOrNil(x.Exam), ExamCode: x.ExamCode, ExamTitle: x.ExamTitle, At: x.At,
			Count: x.Count, Held: x.Held, Withdrawn: x.Withdrawn,
		}
	}
	return answer(out), nil
}

// DeletionList is what was deleted.
type DeletionList struct {
	Receipts []Deletion `json:"receipts" nullable:"false"`
	Next     *int64     `json:"next,omitempty" doc:"The next page's cursor"`
}

// Deletion is one receipt of the log.
type Deletion struct {
	Record    uuid.UUID  `json:"record" doc:"The record's id in the log"`
	Index     *int64     `json:"index,omitempty" doc:"The leaf in the tree; absent until sealed"`
	At        time.Time  `json:"at"`
	Class     string     `json:"class"`
	Reason    string     `json:"reason"`
	Count     int64      `json:"count" doc:"Objects, records, consents or requests"`
	AttemptID *uuid.UUID `json:"attemptId,omitempty"`
	ExamTitle string     `json:"examTitle,omitempty"`
}

type receiptsInput struct {
	Cursor int64 `query:"cursor" minimum:"0"`
}

func (s *Server) receipts(ctx context.Context, in *receiptsInput) (*body[DeletionList], error) {
	filter, err := s.selected(ctx, LogFilter{Type: string(ledger.TypeReceipt)})
	if err != nil {
		return nil, err
	}
	rows, next, err := s.Log.Page(ctx, filter, in.Cursor, 50)
	if err != nil {
		return nil, err
	}
	out := DeletionList{Receipts: make([]Deletion, len(rows))}
	if next != 0 {
		out.Next = &next
	}
	titles := map[uuid.UUID]string{}
	for i, r := range rows {
		var data ledger.Receipt
		if err := r.Data(&data); err != nil {
			return nil, err
		}
		title, known := titles[r.Exam]
		if r.Exam != uuid.Nil && !known {
			e, err := s.Exams.Exam(ctx, r.Exam)
			if err != nil && !errors.Is(err, exam.ErrNotFound) {
				return nil, err
			}
			title = e.Title
			titles[r.Exam] = title
		}
		out.Receipts[i] = Deletion{
			Record: r.ID, Index: r.Leaf, At: r.At, Class: data.Class, Reason: data.Reason, Count: data.Count,
			AttemptID: idOrNil(uuid.NullUUID{UUID: r.Attempt, Valid: r.Attempt != uuid.Nil}), ExamTitle: title,
		}
	}
	return answer(out), nil
}

// HoldList is an organisation's holds.
type HoldList struct {
	Holds []Hold `json:"holds" nullable:"false"`
}

// Hold is what stops the erasure of an attempt or an exam.
type Hold struct {
	ID         uuid.UUID  `json:"id"`
	ExamID     uuid.UUID  `json:"examId"`
	ExamTitle  string     `json:"examTitle"`
	AttemptID  *uuid.UUID `json:"attemptId,omitempty" doc:"Absent: the whole exam"`
	Student    string     `json:"student,omitempty"`
	Kind       string     `json:"kind" enum:"appeal,order"`
	Reason     string     `json:"reason"`
	PlacedAt   time.Time  `json:"placedAt"`
	PlacedBy   string     `json:"placedBy,omitempty" doc:"Absent: the command line"`
	LiftedAt   *time.Time `json:"liftedAt,omitempty"`
	LiftedBy   string     `json:"liftedBy,omitempty"`
	LiftReason string     `json:"liftReason,omitempty"`
}

func (s *Server) holds(ctx context.Context, _ *struct{}) (*body[HoldList], error) {
	list, err := s.Retention.Holds(ctx, caller(ctx).Organisation, uuid.Nil)
	if err != nil {
		return nil, err
	}
	out := HoldList{Holds: make([]Hold, len(list))}
	for i, h := range list {
		out.Holds[i] = Hold{
			ID: h.ID, ExamID: h.Exam, ExamTitle: h.ExamTitle, AttemptID: idOrNil(h.Attempt), Student: h.Student, Kind: string(h.Kind), Reason: h.Reason,
			PlacedAt: h.PlacedAt.UTC(), PlacedBy: h.PlacedBy, LiftedAt: inUTC(h.LiftedAt), LiftedBy: h.LiftedBy, LiftReason: h.LiftReason,
		}
	}
	return answer(out), nil
}

type placeHoldInput struct {
	Body struct {
		ExamID    uuid.UUID  `json:"examId"`
		AttemptID *uuid.UUID `json:"attemptId,omitempty" doc:"One of that exam; absent: all of it"`
		Kind      string     `json:"kind" enum:"appeal,order"`
		Reason    string     `json:"reason" minLength:"3" maxLength:"2000"`
	}
}

func (s *Server) placeHold(ctx context.Context, in *placeHoldInput) (*body[HoldList], error) {
	person := caller(ctx)
	e, err := s.Exams.Exam(ctx, in.Body.ExamID)
	if err == nil && e.Organisation != person.Organisation {
		err = exam.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if in.Body.AttemptID != nil {
		a, err := s.Exams.Attempt(ctx, *in.Body.AttemptID)
		if err == nil && a.ExamID != e.ID {
			err = exam.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) (err error) {
		kind := retention.Kind(in.Body.Kind)
		if in.Body.AttemptID == nil {
			_, err = s.Retention.HoldExam(ctx, tx, e.ID, kind, in.Body.Reason, actorOf(person))
			return err
		}
		_, err = s.Retention.Hold(ctx, tx, *in.Body.AttemptID, kind, in.Body.Reason, actorOf(person))
		return err
	})
	if err != nil {
		return nil, explainRetention(err)
	}
	return s.holds(ctx, nil)
}

type liftHoldInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"2000"`
	}
}

func (s *Server) liftHold(ctx context.Context, in *liftHoldInput) (*body[HoldList], error) {
	person := caller(ctx)
	organisation, err := s.Retention.OrganisationOf(ctx, in.ID)
	if err == nil && organisation != person.Organisation {
		err = retention.ErrNotFound
	}
	if err == nil {
		err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return s.Retention.Lift(ctx, tx, in.ID, in.Body.Reason, actorOf(person)) })
	}
	if err != nil {
		return nil, explainRetention(err)
	}
	return s.holds(ctx, nil)
}

func explainRetention(err error) error {
	switch {
	case errors.Is(err, retention.ErrNotFound):
		return problem(http.StatusNotFound, "not_found")
	case errors.Is(err, retention.ErrLifted):
		return problem(http.StatusConflict, "hold_lifted")
	case errors.Is(err, retention.ErrReason):
		return badField("body.reason")
	case errors.Is(err, retention.ErrTerm):
		return badField("body.days")
	}
	return err
}

func actorOf(p *account.Person) retention.Actor {
	return retention.Actor{ID: p.ID, Name: p.Name.String()}
}

func idOrNil(id uuid.NullUUID) *uuid.UUID {
	if !id.Valid {
		return nil
	}
	return &id.UUID
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}
