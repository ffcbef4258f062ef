package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/invigilate"
	"ochno/proctor/ledger"
)

type codePath struct {
	Code string `path:"code" maxLength:"64"`
}

func (s *Server) examCard(ctx context.Context, in *codePath) (*body[ExamCard], error) {
	e, err := s.Exams.ByCode(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	card, err := s.cardShape(ctx, e)
	if err != nil {
		return nil, err
	}
	if p := caller(ctx); p != nil && p.Has(account.Student) {
		switch a, err := s.Exams.Of(ctx, e.ID, p.ID); {
		case err == nil:
			card.AttemptID = &a.ID
		case !errors.Is(err, exam.ErrNotFound):
			return nil, err
		}
		switch entry, err := s.Exams.Entry(ctx, e.ID, p.ID); {
		case err == nil:
			card.Accommodation = accommodated(entry.Accommodation)
		case !errors.Is(err, exam.ErrNotInRoster):
			return nil, err
		}
	}
	return answer(card), nil
}

func (s *Server) join(ctx context.Context, in *codePath) (*body[Attempt], error) {
	e, err := s.Exams.ByCode(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	person := caller(ctx)
	if !person.Has(account.Student) {
		if whole, err := s.Accounts.Person(ctx, person.ID); err != nil || whole.Has(account.Student) {
			return nil, cmp.Or[error](err, problem(http.StatusForbidden, "another_role"))
		}
	}
	if person.OID == "" {
		return nil, problem(http.StatusForbidden, "esia_account_needed")
	}
	standing, err := s.Accounts.Standing(ctx, nil, *person)
	if err != nil {
		return nil, err
	}
	if standing == nil && s.Accounts.Minor(*person) {
		return nil, account.ErrGuardianNeeded
	}
	a, err := s.Exams.Join(ctx, e, person.ID)
	if err != nil {
		return nil, err
	}
	return s.goOnWithConsent(ctx, a)
}

func (s *Server) getAttempt(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	return s.attemptAnswer(ctx, a, err)
}

type consentInput struct {
	AttemptPath
	Body struct {
		TextID uuid.UUID `json:"textId"`
		SHA256 string    `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the text that was shown"`
	}
}

// consent stores that the student agreed to the text she was shown: the consent, the move and the log's record commit together.
func (s *Server) consent(ctx context.Context, in *consentInput) (*body[Attempt], error) {
	person := caller(ctx)
	text, err := s.shownText(ctx, person.Organisation, in.Body.TextID, in.Body.SHA256)
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		before, err := s.Exams.Move(ctx, tx, in.ID, exam.Move{From: exam.Registered, To: exam.Ready, Actor: person.ID, Reason: "consent_granted"})
		if err != nil {
			return err
		}
		use, err := s.consentUse(ctx, before)
		if err != nil {
			return err
		}
		if err := s.Archive.Spare(ctx, tx, in.ID); err != nil {
			return err
		}
		return s.Accounts.GrantConsent(ctx, tx, account.Grant{Person: *person, Text: text, Use: &use})
	})
	if err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, &in.AttemptPath)
}

// decline stores that another form of the exam was chosen; nothing else follows from it.
func (s *Server) decline(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	person := caller(ctx)
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		before, err := s.Exams.Move(ctx, tx, in.ID, exam.Move{To: exam.Declined, Actor: person.ID, Reason: "other_form"})
		if err != nil {
			return err
		}
		if before.State != exam.Registered && before.State != exam.Ready { // further on it is a consent that is withdrawn
			return &exam.IllegalMove{From: before.State, To: exam.Declined}
		}
		ref, err := s.Exams.Ref(ctx, before)
		if err != nil {
			return err
		}
		_, err = s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeDecline, At: s.Now(), Exam: before.ExamID, Attempt: before.ID, Person: person.ID, Outcome: "declined",
			Data: ledger.Decline{Exam: ref}, Personal: map[string]string{"student": before.Student},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, in)
}

func (s *Server) comeBack(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.notOver(ctx, a); err != nil {
		return nil, err
	}
	if _, err := s.move(ctx, in, exam.Move{From: exam.Declined, To: exam.Registered, Reason: "came_back"}); err != nil {
		return nil, err
	}
	if a, err = s.Exams.Attempt(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.goOnWithConsent(ctx, a)
}

func (s *Server) begin(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return nil, err
	}
	if s.Now().Before(e.StartsAt) {
		return nil, problem(http.StatusConflict, "exam_not_started")
	}
	if a.Over(s.Now()) {
		return nil, exam.ErrOver
	}
	// From admitted only: what is paused goes on by the proctor's word.
	return s.move(ctx, in, exam.Move{From: exam.Admitted, To: exam.InProgress, Reason: "begun"})
}

func (s *Server) notOver(_ context.Context, a exam.Attempt) error {
	if a.Over(s.Now()) {
		return exam.ErrOver
	}
	return nil
}

// move is the student's own.
func (s *Server) move(ctx context.Context, in *AttemptPath, m exam.Move) (*body[Attempt], error) {
	m.Actor = caller(ctx).ID
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		_, err := s.Exams.Move(ctx, tx, in.ID, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, in)
}

// finish is the student's handing in, or the proctor's ending for one student, which is a decision in the log.
func (s *Server) finish(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	person := caller(ctx)
	if a.PersonID == person.ID {
		return s.move(ctx, in, exam.Move{From: exam.InProgress, To: exam.Finished, Reason: "handed_in"})
	}
	if a.State == exam.Terminated || a.State == exam.Reviewed {
		return nil, &exam.IllegalMove{From: a.State, To: exam.Finished}
	}
	a, err = s.Exams.Decide(ctx, in.ID, *person, exam.Move{To: exam.Finished, Reason: "ended_by_proctor"})
	return s.attemptAnswer(ctx, a, err)
}

type startedIdentification struct {
	Status int
	Body   struct {
		IdentificationID uuid.UUID `json:"identificationId"`
	}
}

// startIdentification begins one over the student's live stream; its progress goes over the sockets.
func (s *Server) startIdentification(ctx context.Context, in *AttemptPath) (*startedIdentification, error) {
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.notOver(ctx, a); err != nil {
		return nil, err
	}
	if caller(ctx).OID == "" { // unlinked since she joined
		return nil, problem(http.StatusForbidden, "esia_account_needed")
	}
	stream, live := s.Media.Publisher(in.ID)
	if !live {
		return nil, problem(http.StatusConflict, "not_connected")
	}
	id, err := s.Identify.Start(ctx, in.ID, stream, s.token(ctx), func(p identify.Progress) { s.progress(a, p) })
	if err != nil {
		return nil, err
	}
	out := &startedIdentification{Status: http.StatusAccepted}
	out.Body.IdentificationID = id
	return out, nil
}

// attemptShape is an attempt as the wire shows it.
func (s *Server) attemptShape(ctx context.Context, a exam.Attempt) (Attempt, error) {
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return Attempt{}, err
	}
	now, err := s.surroundings(ctx, []uuid.UUID{a.ID})
	if err != nil {
		return Attempt{}, err
	}
	out, err := s.attemptOf(ctx, e, a, now)
	if err != nil {
		return Attempt{}, err
	}
	return out, s.journey(ctx, &out, e, a)
}

// surroundings is what the other rooms know of attempts, read for all of them at once.
type surroundings struct {
	latest map[uuid.UUID]identify.Identification
	now    map[uuid.UUID]identify.Situation
	talk   map[uuid.UUID]invigilate.Situation
	extras map[uuid.UUID][]exam.Extra
	breaks map[uuid.UUID]exam.Break
}

func (s *Server) surroundings(ctx context.Context, attempts []uuid.UUID) (out surroundings, err error) {
	if out.latest, err = s.Identify.Latest(ctx, attempts); err != nil {
		return out, err
	}
	if out.now, err = s.Identify.Situations(ctx, attempts); err != nil {
		return out, err
	}
	if out.talk, err = s.Invigilate.Situations(ctx, attempts); err != nil {
		return out, err
	}
	if out.extras, err = s.Exams.Extras(ctx, attempts); err != nil {
		return out, err
	}
	out.breaks, err = s.Exams.BreaksOf(ctx, attempts)
	return out, err
}

func (s *Server) attemptOf(ctx context.Context, e exam.Exam, a exam.Attempt, now surroundings) (Attempt, error) {
	card, err := s.cardShape(ctx, e)
	if err != nil {
		return Attempt{}, err
	}
	card.AttemptID, card.Accommodation = &a.ID, accommodated(a.Accommodation())
	out := Attempt{
		ID: a.ID, ExamID: a.ExamID, Exam: card, Student: StudentCard{DisplayName: a.Student, Group: a.Group}, State: string(a.State), StateReason: a.StateReason,
		TriesLeft: a.TriesLeft, TriesTotal: e.Policy.Tries, Threshold: e.Policy.Threshold, Verifier: string(e.Policy.Verifier), ServerTime: s.Now().UTC(),
		Voice:  slices.Contains(a.Accommodation().Modalities(e.Policy), exam.Sound),
		EndsAt: a.EndsAt.UTC(), ExtraMinutes: a.ExtraMinutes, Phone: s.phoneState(e.Policy, a.ID),
	}
	text, err := s.Accounts.ConsentText(ctx, e.Organisation)
	if err != nil && !errors.Is(err, account.ErrNoConsentText) {
		return Attempt{}, err
	}
	out.Consent.Text = ConsentText{ID: text.ID, Version: text.Version, Title: text.Title, Body: text.Body, SHA256: hex.EncodeToString(text.SHA256)}
	if out.Consent.GrantedAt, err = s.Accounts.ConsentGranted(ctx, a.ID); err != nil {
		return Attempt{}, err
	}
	if i, ok := now.latest[a.ID]; ok {
		shape := identificationShape(i)
		out.LastIdentification = &shape
	}
	situate(&out, e, now.now[a.ID])
	accompany(&out, e, now)
	return out, nil
}

func (s *Server) cardShape(ctx context.Context, e exam.Exam) (ExamCard, error) {
	o, err := s.Accounts.OrganisationByID(ctx, e.Organisation)
	if err != nil {
		return ExamCard{}, err
	}
	card := ExamCard{
		ID: e.ID, Code: e.Code, Title: e.Title, Organisation: OrganisationCard{Name: o.Name, ShortName: o.ShortName}, ActNumber: o.ActNumber,
		StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(), Contact: o.Contact, Recorded: e.Policy.Recorded(),
		Page: e.Policy.Page, ServerTime: s.Now().UTC(),
	}
	if o.ActDate != nil {
		card.ActDate = o.ActDate.Format("2006-01-02")
	}
	return card, nil
}

// undoubted is the attempt for the student's own page: what our own examination doubted is the proctor's to weigh, and would tell whoever cheats what
// was seen. Her file shows it afterwards.
func (a Attempt) undoubted() Attempt {
	if a.LastIdentification != nil {
		shape := a.LastIdentification.undoubted()
		a.LastIdentification = &shape
	}
	a.Charge, a.Flags = nil, 0
	return a
}

func (i Identification) undoubted() Identification {
	i.Flags = nil
	return i
}

func identificationShape(i identify.Identification) Identification {
	out := Identification{
		ID: i.ID, Number: i.Number, Kind: string(i.Kind), Cause: string(i.Cause), At: i.At.UTC(), Outcome: string(i.Outcome), Reason: i.Reason, Message: outcomeText(string(i.Outcome), i.Reason),
		Threshold: i.Threshold, Liveness: i.Liveness, OffsetMs: i.FrameMS, LogIndex: i.Leaf,
		FrameSHA256: hex.EncodeToString(i.FrameSHA256), PhotoSHA256: hex.EncodeToString(i.PhotoSHA256), VoiceSHA256: hex.EncodeToString(i.VoiceSHA256),
	}
	if i.Overall != nil && i.Photo != nil {
		out.Score = &Score{Overall: *i.Overall, Photo: *i.Photo, Sound: i.Sound}
	}
	for _, m := range i.Quality {
		out.Quality = append(out.Quality, Measure{Component: m.Name, Value: m.Value})
	}
	for _, f := range i.Flags {
		out.Flags = append(out.Flags, Doubt{Flag: f.Name, Confidence: f.Confidence})
	}
	if i.Recording.Valid {
		out.RecordingID = &i.Recording.UUID
	}
	if i.VerdictID != nil {
		out.VerdictID = *i.VerdictID
	}
	return out
}
