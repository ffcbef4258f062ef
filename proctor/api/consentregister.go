package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/registrar"
)

// consentRegisterOperations are the routes of the register of consents.
func (s *Server) consentRegisterOperations() {
	get := http.MethodGet
	route(s, get, "/api/consent-register", "consentRegister", "The register of consents, the newest first", registrars, s.consentRegister)
	route(s, get, "/api/consent-register/export", "exportConsents", "The register as CSV, XLSX, JSON Lines or PDF", registrars, s.exportConsents)
}

// ConsentFilter is the part of a request that selects consents.
type ConsentFilter struct {
	Person  string `query:"person" maxLength:"36" doc:"A student's id"`
	Exam    string `query:"exam" maxLength:"36" doc:"The id of an exam that relied on it"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"Of the text; 0: any"`
	State   string `query:"state" enum:",stands,superseded,withdrawn,erased"`
	By      string `query:"by" enum:",student,guardian"`
	From    string `query:"from" maxLength:"40" doc:"Of the grant: a time or a date, inclusive"`
	To      string `query:"to" maxLength:"40" doc:"A time (exclusive) or a date (inclusive)"`
}

// parse reads it for the organisation in which the caller acts. An exam of another organisation is not found.
func (s *Server) parseConsents(ctx context.Context, in ConsentFilter) (account.RegisterFilter, error) {
	out := account.RegisterFilter{Organisation: caller(ctx).Organisation, Version: in.Version, State: account.ConsentState(in.State), By: in.By}
	period, err := registrar.Selection{Person: in.Person, Exam: in.Exam, From: in.From, To: in.To}.Filter()
	if err != nil {
		return out, explainSelection(err)
	}
	out.Person, out.Exam, out.From, out.To = period.Subject, period.Exam, period.From, period.To
	if out.Exam != uuid.Nil {
		e, err := s.Exams.Exam(ctx, out.Exam)
		if err == nil && e.Organisation != out.Organisation {
			err = exam.ErrNotFound
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// words are the filter as the log keeps it, empty ones left out.
func (f ConsentFilter) words() map[string]string {
	out := registrar.Selection{Person: f.Person, Exam: f.Exam, From: f.From, To: f.To}.Words()
	for name, value := range map[string]string{"state": f.State, "by": f.By} {
		if value != "" {
			out[name] = value
		}
	}
	if f.Version != 0 {
		out["version"] = strconv.Itoa(f.Version)
	}
	return out
}

// ConsentRegister is a page of the register.
type ConsentRegister struct {
	Consents []RegisteredConsent `json:"consents" nullable:"false"`
	Next     string              `json:"next,omitempty" doc:"The next page's cursor"`
}

// RegisteredConsent is a line of the register; names are those of the moment of signing, absent where they were erased.
type RegisteredConsent struct {
	ID          uuid.UUID  `json:"id"`
	PersonID    uuid.UUID  `json:"personId"`
	Student     string     `json:"student,omitempty"`
	By          string     `json:"by" enum:"student,guardian"`
	Guardian    string     `json:"guardian,omitempty"`
	Authority   string     `json:"authority,omitempty" enum:"esia,papers" doc:"What told that the guardian is one"`
	Signature   string     `json:"signature,omitempty" enum:"esia" doc:"How it was signed: the sign-in through ESIA, then the box and the button under the text"`
	Version     int        `json:"version" doc:"Of the text"`
	Title       string     `json:"title"`
	TextSHA256  string     `json:"textSha256"`
	GrantedAt   time.Time  `json:"grantedAt"`
	State       string     `json:"state" enum:"stands,superseded,withdrawn,erased"`
	WithdrawnAt *time.Time `json:"withdrawnAt,omitempty"`
	WithdrawnBy string     `json:"withdrawnBy,omitempty"`
	Exams       []string   `json:"exams" nullable:"false" doc:"Codes of the exams that relied on it; the consent itself is to the organisation"`
}

func registeredShape(e account.RegisterEntry) RegisteredConsent {
	out := RegisteredConsent{
		ID: e.ID, PersonID: e.Person, Student: e.Student, By: "student", Guardian: e.Guardian, Authority: string(e.Authority), Signature: e.Signature, Version: e.Version, Title: e.Title,
		TextSHA256: hex.EncodeToString(e.TextSHA256), GrantedAt: e.GrantedAt, State: string(e.State), WithdrawnAt: e.WithdrawnAt, WithdrawnBy: e.WithdrawnBy, Exams: append([]string{}, e.Exams...),
	}
	if e.ByGuardian {
		out.By = "guardian"
	}
	return out
}

type consentRegisterInput struct {
	ConsentFilter
	Cursor string `query:"cursor" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

func (s *Server) consentRegister(ctx context.Context, in *consentRegisterInput) (*body[ConsentRegister], error) {
	filter, err := s.parseConsents(ctx, in.ConsentFilter)
	if err != nil {
		return nil, err
	}
	after, err := readRegisterCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	if err := s.look(ctx, ledger.Look{What: ledger.SawConsents, Subject: filter.Exam, Exam: filter.Exam}); err != nil {
		return nil, err
	}
	list, next, err := s.Accounts.ConsentRegister(ctx, filter, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := ConsentRegister{Consents: make([]RegisteredConsent, len(list))}
	for i, e := range list {
		out.Consents[i] = registeredShape(e)
	}
	if next != nil {
		out.Next = next.At.UTC().Format(time.RFC3339Nano) + "_" + next.ID.String()
	}
	return answer(out), nil
}

func readRegisterCursor(text string) (*account.RegisterCursor, error) {
	if text == "" {
		return nil, nil
	}
	at, id, _ := strings.Cut(text, "_")
	var c account.RegisterCursor
	var err, err2 error
	c.At, err = time.Parse(time.RFC3339Nano, at)
	c.ID, err2 = uuid.Parse(id)
	if err != nil || err2 != nil {
		return nil, badField("query.cursor")
	}
	return &c, nil
}

type exportConsentsInput struct {
	ConsentFilter
	Format    string `query:"format" enum:"csv,xlsx,jsonl,pdf" required:"true"`
	Separator string `query:"separator" default:"semicolon" enum:"semicolon,comma,tab" doc:"CSV only"`
}

// exportConsents gives out the register; that it was exported, by whom and with which filter, is itself a record, made before the first byte goes.
func (s *Server) exportConsents(ctx context.Context, in *exportConsentsInput) (*huma.StreamResponse, error) {
	filter, err := s.parseConsents(ctx, in.ConsentFilter)
	if err != nil {
		return nil, err
	}
	write := func(ctx context.Context, w io.Writer) error {
		return s.Papers.Consents(ctx, w, registrar.ConsentsFormat(in.Format), registrar.Separators[in.Separator], filter)
	}
	if in.Format == "pdf" { // made before it is given: only then is it known to fit
		leave, err := s.enterExports(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		var file bytes.Buffer
		err = write(ctx, &file)
		if errors.Is(err, registrar.ErrTooManyForPaper) {
			return nil, problem(http.StatusUnprocessableEntity, "too_many_for_paper")
		}
		if err != nil {
			return nil, err
		}
		write = func(_ context.Context, w io.Writer) error { _, err := w.Write(file.Bytes()); return err }
	}
	person := caller(ctx)
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		_, err := s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: s.Now(), Exam: filter.Exam, Person: person.ID, Outcome: "exported",
			Data: ledger.Access{What: "consents." + in.Format, Filter: in.words()}, Personal: map[string]string{"actor": person.Name.String()},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	kind := exportTypes[in.Format]
	return s.stream(kind[0], "ochno-consents-"+s.Now().UTC().Format("20060102-150405")+kind[1], write, func() {}), nil
}
