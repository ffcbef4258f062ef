package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
	"ochno/proctor/registrar"
)

// LogFilter is the part of a request that selects records of the log.
type LogFilter struct {
	Exam    string `query:"exam" maxLength:"36" doc:"An exam's id"`
	Type    string `query:"type" maxLength:"40"`
	Outcome string `query:"outcome" maxLength:"40"`
	Attempt string `query:"attempt" maxLength:"36" doc:"An attempt's id"`
	Person  string `query:"person" maxLength:"36" doc:"A student's id"`
	Faculty string `query:"faculty" maxLength:"200" doc:"As the rosters have it"`
	Group   string `query:"group" maxLength:"200" doc:"As the rosters have it"`
	Appeals bool   `query:"appeals" doc:"Only attempts on which an appeal was filed"`
	Manual  bool   `query:"manual" doc:"Only attempts that staff took over from the verifier"`
	From    string `query:"from" maxLength:"40" doc:"A time or a date, inclusive"`
	To      string `query:"to" maxLength:"40" doc:"A time (exclusive) or a date (inclusive)"`
}

// selected are the records that a request asks for, of the caller's organisation where there are several.
func (s *Server) selected(ctx context.Context, in LogFilter) (ledger.Filter, error) {
	filter, err := in.parse()
	if err != nil {
		return filter, err
	}
	organisations, err := s.Accounts.Organisations(ctx)
	if err != nil {
		return filter, err
	}
	if len(organisations) > 1 {
		filter.Organisation = caller(ctx).Organisation
	}
	return filter, nil
}

func (f LogFilter) parse() (ledger.Filter, error) {
	filter, err := registrar.Selection(f).Filter()
	return filter, explainSelection(err)
}

func explainSelection(err error) error {
	if field := (*registrar.FieldError)(nil); errors.As(err, &field) {
		return badField("query." + field.Field)
	}
	return err
}

type exportInput struct {
	LogFilter
	Format    string `query:"format" enum:"csv,xlsx,jsonl,pdf,package" required:"true" doc:"pdf is the protocol of the attempt or else the sheet of the exam, and needs one of them alone"`
	Separator string `query:"separator" default:"semicolon" enum:"semicolon,comma,tab" doc:"CSV only"`
}

// exportTypes are the formats' media types and the ends of their files' names.
var exportTypes = map[string][2]string{
	"csv": {"text/csv; charset=utf-8", ".csv"}, "jsonl": {"application/jsonl; charset=utf-8", ".jsonl"}, "pdf": {"application/pdf", ".pdf"}, "package": {"application/zip", ".zip"},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
}

// exportLog gives out the log; that it was exported, by whom and with which filter, is itself a record, made before the first byte goes.
func (s *Server) exportLog(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	filter, err := s.selected(ctx, in.LogFilter)
	if err != nil {
		return nil, err
	}
	if err := s.exportable(ctx, in, filter); err != nil {
		return nil, err
	}
	person := caller(ctx)
	words := registrar.Selection(in.LogFilter).Words()
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		_, err := s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: s.Now(), Exam: filter.Exam, Person: person.ID, Outcome: "exported",
			Data: ledger.Access{What: "log." + in.Format, Filter: words}, Personal: map[string]string{"actor": person.Name.String()},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if filter.Organisation != uuid.Nil {
		words["organisation"] = filter.Organisation.String()
	}
	write := func(ctx context.Context, w io.Writer) error {
		options := ledger.ExportOptions{Filter: filter, Format: ledger.Format(in.Format), Separator: registrar.Separators[in.Separator], Zone: s.Papers.Zone}
		_, err := s.Log.Export(ctx, w, options)
		return err
	}
	done := func() {}
	switch in.Format {
	case "pdf":
		file, err := s.pdf(ctx, filter)
		if err != nil {
			return nil, err
		}
		write = func(_ context.Context, w io.Writer) error { _, err := w.Write(file); return err }
	case "package":
		file, err := s.packed(ctx, filter, words)
		if err != nil {
			return nil, err
		}
		write = func(_ context.Context, w io.Writer) error { _, err := io.Copy(w, file); return err }
		done = func() { file.Close() }
	}
	kind := exportTypes[in.Format]
	name := "ochno-log-" + s.Now().UTC().Format("20060102-150405") + kind[1]
	return s.stream(kind[0], name, write, done), nil
}

// stream gives out a file as it is written; done is called at its end.
func (s *Server) stream(mediaType, name string, write func(context.Context, io.Writer) error, done func()) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer done()
		hc.SetHeader("Content-Type", mediaType)
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetHeader("Cache-Control", "no-store")
		if err := write(hc.Context(), hc.BodyWriter()); err != nil {
			// The head is sent already: only cutting the connection tells the browser that the file is not whole.
			s.Logger.ErrorContext(hc.Context(), "export broke off", "file", name, "error", err)
			panic(abortExport{})
		}
	}}
}

// exportable refuses a paper that does not fit the filter, or that is of another organisation.
func (s *Server) exportable(ctx context.Context, in *exportInput, filter ledger.Filter) error {
	if in.Format != "pdf" {
		return nil
	}
	if (filter.Exam == uuid.Nil) == (filter.Attempt == uuid.Nil) || len(registrar.Selection(in.LogFilter).Words()) != 1 {
		return problem(http.StatusUnprocessableEntity, "paper_of_one")
	}
	id := filter.Exam
	if filter.Attempt != uuid.Nil {
		a, err := s.Exams.Attempt(ctx, filter.Attempt)
		if err != nil {
			return err
		}
		id = a.ExamID
	}
	e, err := s.Exams.Exam(ctx, id)
	if err != nil {
		return err
	}
	if e.Organisation != caller(ctx).Organisation {
		return exam.ErrNotFound
	}
	return nil
}

// exportsAtOnce is how many papers and packages are made at the same time; others wait.
const exportsAtOnce = 2

// pdf makes the paper in memory: it is bounded by what one exam has.
func (s *Server) pdf(ctx context.Context, filter ledger.Filter) ([]byte, error) {
	leave, err := s.enterExports(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	checkpoint, err := s.Log.Latest(ctx)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if filter.Attempt != uuid.Nil {
		err = s.Papers.Protocol(ctx, &out, filter.Attempt, checkpoint)
	} else {
		err = s.Papers.Sheet(ctx, &out, filter.Exam, checkpoint)
	}
	return out.Bytes(), err
}

// packed makes a package on the disk, in a file that has no name any more: it is checked there before its first byte goes.
func (s *Server) packed(ctx context.Context, filter ledger.Filter, words map[string]string) (*os.File, error) {
	leave, err := s.enterExports(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	file, err := os.CreateTemp("", "ochno-package-")
	if err != nil {
		return nil, err
	}
	err = os.Remove(file.Name())
	if err == nil {
		_, err = s.Papers.Package(ctx, file, filter, words, false)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		if errors.Is(err, pack.ErrNothing) {
			return nil, problem(http.StatusConflict, "nothing_sealed")
		}
		return nil, err
	}
	return file, nil
}

func (s *Server) enterExports(ctx context.Context) (leave func(), err error) {
	select {
	case s.exports <- struct{}{}:
		return func() { <-s.exports }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// abortExport makes the server cut the connection; see recovered.
type abortExport struct{}

type choicesInput struct {
	Search string `query:"search" maxLength:"100" doc:"A part of a student's name; students are listed only then"`
}

// LogChoices are what the log's filters offer.
type LogChoices struct {
	Faculties []string     `json:"faculties"`
	Groups    []string     `json:"groups"`
	Students  []LogStudent `json:"students" doc:"At most 50, by name"`
}

// LogStudent is somebody whose records can be selected.
type LogStudent struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	BirthYear int       `json:"birthYear" doc:"Tells namesakes apart"`
}

func (s *Server) logChoices(ctx context.Context, in *choicesInput) (*body[LogChoices], error) {
	organisation := caller(ctx).Organisation
	names, err := s.Exams.RosterNames(ctx, organisation)
	if err != nil {
		return nil, err
	}
	out := LogChoices{Faculties: names.Faculties, Groups: names.Groups, Students: []LogStudent{}}
	if in.Search != "" {
		list, _, err := s.Accounts.Members(ctx, organisation, in.Search, account.Student, 0)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			out.Students = append(out.Students, LogStudent{ID: m.ID, Name: m.Name.String(), BirthYear: m.BirthYear})
		}
	}
	return answer(out), nil
}
