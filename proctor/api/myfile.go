package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/appeal"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/retention"
)

// MyFile is what is kept of a student («Моё дело»), the latest exam first.
type MyFile struct {
	Attempts []FileAttempt `json:"attempts" nullable:"false"`
}

// FileAttempt is one of her attempts with all that concerns it.
type FileAttempt struct {
	ID          uuid.UUID      `json:"id"`
	Exam        string         `json:"exam"`
	ExamCode    string         `json:"examCode"`
	StartsAt    time.Time      `json:"startsAt"`
	EndsAt      time.Time      `json:"endsAt"`
	State       string         `json:"state"`
	StateReason string         `json:"stateReason"`
	Stored      []StoredItem   `json:"stored" nullable:"false"`
	Decisions   []FileDecision `json:"decisions" nullable:"false" doc:"The oldest first"`
	Looks       []FileLook     `json:"looks" nullable:"false" doc:"Who looked, the latest first"`
	Appeals     []MyAppeal     `json:"appeals" nullable:"false" doc:"The newest first"`
	MayAppeal   bool           `json:"mayAppeal"`
	WhyNot      string         `json:"whyNot,omitempty" doc:"A problem's code: why she cannot"`
	AppealUntil *time.Time     `json:"appealUntil,omitempty"`
}

// StoredItem is a class of what is kept.
type StoredItem struct {
	Class       string     `json:"class" enum:"recordings,log,consent"`
	Count       int        `json:"count" doc:"Files, records or consents"`
	Bytes       int64      `json:"bytes,omitempty"`
	Until       *time.Time `json:"until,omitempty" doc:"When it is erased at the latest, unless it is held"`
	DestroyedAt *time.Time `json:"destroyedAt,omitempty"`
	Held        bool       `json:"held" doc:"An appeal or an order keeps it"`
}

// FileLook is somebody's look at what is kept of her.
type FileLook struct {
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	What    string    `json:"what" doc:"recording, timeline, identifications, appeal, readiness, log.page, or an export"`
	Outcome string    `json:"outcome"`
	Scope   string    `json:"scope" enum:"attempt,exam,all" doc:"Hers alone, her exam's, or the whole log"`
}

// myFile gathers it all.
func (s *Server) myFile(ctx context.Context, _ *struct{}) (*body[MyFile], error) {
	attempts, err := s.Exams.OfPerson(ctx, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := MyFile{Attempts: []FileAttempt{}}
	for _, a := range attempts {
		shape, err := s.fileAttempt(ctx, a)
		if err != nil {
			return nil, err
		}
		out.Attempts = append(out.Attempts, shape)
	}
	return answer(out), nil
}

func (s *Server) fileAttempt(ctx context.Context, a exam.Attempt) (FileAttempt, error) {
	out := FileAttempt{ID: a.ID, Exam: a.ExamTitle, ExamCode: a.ExamCode, State: string(a.State), StateReason: a.StateReason, Appeals: []MyAppeal{}}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return out, err
	}
	out.StartsAt, out.EndsAt = e.StartsAt.UTC(), e.EndsAt.UTC()
	if out.Stored, err = s.stored(ctx, e, a); err != nil {
		return out, err
	}
	if out.Decisions, err = s.decisions(ctx, a, ownSegment(a.ID)); err != nil {
		return out, err
	}
	if out.Looks, err = s.looksAt(ctx, a); err != nil {
		return out, err
	}
	p, err := s.Appeals.Prospect(ctx, a.ID)
	if err != nil {
		return out, err
	}
	for _, one := range p.Appeals {
		out.Appeals = append(out.Appeals, myAppealShape(one))
	}
	if !p.Until.IsZero() {
		out.AppealUntil = &p.Until
	}
	out.MayAppeal = p.Why == nil
	var why *Problem
	if p.Why != nil && errors.As(explainAppeal(p.Why), &why) {
		out.WhyNot = why.Code
	}
	return out, nil
}

// stored counts what is kept of an attempt, and says until when.
func (s *Server) stored(ctx context.Context, e exam.Exam, a exam.Attempt) ([]StoredItem, error) {
	fate, err := s.Archive.Fate(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	recordings, err := s.Archive.Recordings(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	holds, err := s.Retention.Holds(ctx, e.Organisation, a.ID)
	if err != nil {
		return nil, err
	}
	until, err := s.Retention.Until(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	if fate.DestroyAt != nil && fate.DestroyAt.Before(until) {
		until = fate.DestroyAt.UTC()
	}
	terms, err := s.Retention.Terms(ctx, e.Organisation)
	if err != nil {
		return nil, err
	}
	days := map[retention.Class]int{}
	for _, t := range terms {
		if !t.Exam.Valid {
			days[t.Class] = t.Days
		}
	}
	video := StoredItem{Class: "recordings", Until: &until, DestroyedAt: fate.DestroyedAt}
	for _, r := range recordings {
		for _, g := range r.Segments {
			video.Count++
			video.Bytes += g.Size
		}
	}
	for _, h := range holds {
		video.Held = video.Held || h.LiftedAt == nil
	}
	log := StoredItem{Class: "log", Held: video.Held}
	if err := s.Log.Each(ctx, ledger.Filter{Attempt: a.ID}, func(r ledger.Row) error {
		last := r.At.AddDate(0, 0, days[retention.Records])
		log.Count, log.Until = log.Count+1, &last
		return nil
	}); err != nil {
		return nil, err
	}
	consent := StoredItem{Class: "consent"}
	granted, err := s.Accounts.ConsentGranted(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	if granted != nil {
		last := e.EndsAt.UTC().AddDate(0, 0, days[retention.Consents])
		consent.Count, consent.Until = 1, &last
	}
	return []StoredItem{video, log, consent}, nil
}

// mostLooks bounds each list of who looked.
const mostLooks = 200

// looksAt are the log's records of access that concern an attempt: to it, to its exam as a whole since she joined, and to the whole log.
func (s *Server) looksAt(ctx context.Context, a exam.Attempt) ([]FileLook, error) {
	events, err := s.Exams.Timeline(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	joined := s.Now()
	if len(events) > 0 {
		joined = events[0].At
	}
	list := []FileLook{}
	add := func(f ledger.Filter, scope string, concerns func(ledger.Row) bool) error {
		f.Type = ledger.TypeAccess
		rows, _, err := s.Log.Page(ctx, f, 0, mostLooks)
		if err != nil {
			return err
		}
		for _, r := range rows {
			var d ledger.Access
			if err := r.Data(&d); err != nil {
				return err
			}
			if concerns(r) && r.Outcome != "reminded" && d.What != packageOwn {
				list = append(list, FileLook{At: r.At, Who: r.Personal["actor"], What: d.What, Outcome: r.Outcome, Scope: scope})
			}
		}
		return nil
	}
	err = errors.Join(
		add(ledger.Filter{Attempt: a.ID}, "attempt", func(ledger.Row) bool { return true }),
		add(ledger.Filter{Exam: a.ExamID, From: joined}, "exam", func(r ledger.Row) bool { return r.Attempt == uuid.Nil }),
		add(ledger.Filter{From: joined}, "all", func(r ledger.Row) bool { return r.Attempt == uuid.Nil && r.Exam == uuid.Nil }),
	)
	slices.SortStableFunc(list, func(a, b FileLook) int { return b.At.Compare(a.At) })
	return list, err
}

// packageOwn is what the log calls a student's taking her own package.
const packageOwn = "package.own"

// myPackage streams a package of the records that concern the student, and of nobody else's values. That she took it is a record.
func (s *Server) myPackage(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	person := caller(ctx)
	if !s.packages.allow(person.ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_attempts")
	}
	switch there, err := s.Papers.KeepsOwn(ctx, person.ID); {
	case err != nil:
		return nil, err
	case !there:
		return nil, problem(http.StatusConflict, "file_empty")
	}
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		_, err := s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: s.Now(), Person: person.ID, Outcome: "exported", Data: ledger.Access{What: packageOwn},
			Personal: map[string]string{"actor": person.Name.String()},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	name := "ochno-my-file-" + s.Now().UTC().Format("20060102-150405") + ".zip"
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/zip")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetHeader("Cache-Control", "no-store")
		if err := s.Papers.Own(hc.Context(), hc.BodyWriter(), person.ID); err != nil {
			s.Logger.ErrorContext(hc.Context(), "a student's package broke off", "error", err)
			panic(abortExport{})
		}
	}}, nil
}

// fileOperations are the routes of the student's own file and of appeals.
func (s *Server) fileOperations() {
	get, post := http.MethodGet, http.MethodPost
	appealing := access{roles: []account.Role{account.Registrar}}

	route(s, get, "/api/my-file", "myFile", "What is kept of me, who looked, what was decided", students, s.myFile)
	route(s, get, "/api/my-file/package", "myPackage", "My records with their proofs, as a ZIP", students, s.myPackage)
	route(s, get, "/api/attempts/{id}/recordings/{recording}/segments/{number}", "ownSegment", "My video around a decision", owner, s.ownSegment)
	route(s, post, "/api/attempts/{id}/appeal", "fileAppeal", "File an appeal", owner, s.fileAppeal)
	route(s, get, "/api/appeals", "appeals", "The organisation's appeals", appealing, s.listAppeals)
	route(s, get, "/api/appeals/policy", "appealPolicy", "The terms of appeals", appealing, s.appealPolicy)
	route(s, post, "/api/appeals/policy", "setAppealPolicy", "Change the terms of appeals", appealing, s.setAppealPolicy)
	route(s, get, "/api/appeals/{id}", "appeal", "An appeal with the facts", appealing, s.getAppeal)
	route(s, post, "/api/appeals/{id}/decision", "decideAppeal", "Decide an appeal", appealing, s.decideAppeal)
}

func myAppealShape(a appeal.Appeal) MyAppeal {
	return MyAppeal{
		ID: a.ID, Number: a.Number, State: string(a.State), Remedy: string(a.Remedy), Text: a.Text, Email: masked(a.Email), FiledAt: a.FiledAt.UTC(), DecidedAt: a.DecidedAt,
		Reason: a.Reason,
	}
}

// packagesPerPerson is how many packages a student may take in an hour.
const packagesPerPerson = 20
