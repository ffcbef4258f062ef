package api

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/registrar"
	"ochno/proctor/registrar/export"
)

// exportOperations are the routes of exports that are made apart from the request.
func (s *Server) exportOperations() {
	get, post := http.MethodGet, http.MethodPost
	route(s, get, "/api/log/export/plan", "exportPlan", "How much an export would be", registrars, s.exportPlan)
	route(s, get, "/api/log/exports", "exports", "My exports, the newest first", registrars, s.exportJobs)
	route(s, post, "/api/log/exports", "orderExport", "Have an export made", registrars, s.orderExport)
	route(s, post, "/api/log/exports/{id}/cancel", "cancelExport", "End an export, or erase its file", registrars, s.cancelExport)
	route(s, get, "/api/log/exports/{id}/file", "exportFile", "The file of my export; ranges of it, too", registrars, s.exportFile)
}

// largeExport is from how many records on an export is better made as a job: a download of it takes minutes.
const largeExport = 50_000

// ExportPlan says how much an export would be.
type ExportPlan struct {
	Records    int64 `json:"records" doc:"As many as were counted"`
	Large      bool  `json:"large" doc:"There are more than were counted: order the export, a download in one piece takes long"`
	Recordings int64 `json:"recordings" doc:"Of a selection of one exam, attempt or student; 0 for others"`
	Files      int64 `json:"files" doc:"Stored files of those recordings"`
	Bytes      int64 `json:"bytes" doc:"What those files have together"`
}

func (s *Server) exportPlan(ctx context.Context, in *LogFilter) (*body[ExportPlan], error) {
	filter, err := s.selected(ctx, *in)
	if err != nil {
		return nil, err
	}
	m, err := s.Papers.Measure(ctx, filter, largeExport+1)
	if err != nil {
		return nil, err
	}
	return answer(ExportPlan{Records: min(m.Records, largeExport), Large: m.Records > largeExport, Recordings: m.Recordings, Files: m.Files, Bytes: m.Bytes}), nil
}

// ExportJobs are somebody's.
type ExportJobs struct {
	Exports []ExportJob `json:"exports" nullable:"false"`
}

// ExportJob is an export that is made apart from the request.
type ExportJob struct {
	ID         uuid.UUID         `json:"id"`
	Format     string            `json:"format" enum:"csv,xlsx,jsonl,package"`
	Recordings bool              `json:"recordings" doc:"With the recorded files, which are not encrypted in it"`
	Selection  map[string]string `json:"selection" doc:"The filter it was ordered with"`
	Name       string            `json:"name" doc:"The file's"`
	State      string            `json:"state" enum:"waiting,running,ready,failed,cancelled,expired"`
	Fault      string            `json:"fault,omitempty" enum:"too_large,too_many_rows,too_many_files,nothing_sealed,internal"`
	Percent    int               `json:"percent" minimum:"0" maximum:"100"`
	Size       int64             `json:"size,omitempty" doc:"Bytes, of a ready one"`
	SHA256     string            `json:"sha256,omitempty" doc:"Of a ready one"`
	AskedAt    time.Time         `json:"askedAt"`
	EndedAt    *time.Time        `json:"endedAt,omitempty"`
	ExpiresAt  *time.Time        `json:"expiresAt,omitempty" doc:"Until when the file is there"`
}

func exportShape(j export.Job) ExportJob {
	return ExportJob{
		ID: j.ID, Format: j.Order.Format, Recordings: j.Order.Recordings, Selection: j.Order.Selection.Words(), Name: j.Name, State: string(j.State), Fault: j.Fault,
		Percent: int(math.Floor(j.Progress * 100)), Size: j.Size, SHA256: hex.EncodeToString(j.SHA256), AskedAt: j.AskedAt.UTC(), EndedAt: inUTC(j.EndedAt), ExpiresAt: inUTC(j.ExpiresAt),
	}
}

func whose(ctx context.Context) export.Whose {
	return export.Whose{Person: caller(ctx).ID, Organisation: caller(ctx).Organisation}
}

func (s *Server) exportJobs(ctx context.Context, _ *struct{}) (*body[ExportJobs], error) {
	list, err := s.Exports.Of(ctx, whose(ctx))
	if err != nil {
		return nil, err
	}
	out := ExportJobs{Exports: make([]ExportJob, len(list))}
	for i, j := range list {
		out.Exports[i] = exportShape(j)
	}
	return answer(out), nil
}

type orderExportInput struct {
	LogFilter
	Format     string `query:"format" enum:"csv,xlsx,jsonl,package" required:"true"`
	Separator  string `query:"separator" default:"semicolon" enum:"semicolon,comma,tab" doc:"CSV only"`
	Recordings bool   `query:"recordings" doc:"Of a package of one exam, attempt or student: with the recorded files, not encrypted"`
}

// orderExport has an export made; that somebody ordered it commits with the order.
func (s *Server) orderExport(ctx context.Context, in *orderExportInput) (*body[ExportJobs], error) {
	filter, err := s.selected(ctx, in.LogFilter)
	if err != nil {
		return nil, err
	}
	order := registrar.Order{
		Format: in.Format, Separator: in.Separator, Selection: registrar.Selection(in.LogFilter), Organisation: filter.Organisation, Recordings: in.Recordings,
	}
	if in.Format != string(ledger.CSV) {
		order.Separator = ""
	}
	what := "log." + in.Format
	if in.Recordings {
		what += ".recordings"
	}
	person, now := caller(ctx), s.Now()
	name := "ochno-log-" + now.UTC().Format("20060102-150405") + exportTypes[in.Format][1]
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := s.Exports.Order(ctx, tx, whose(ctx), order, name); err != nil {
			return err
		}
		_, err := s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: now, Exam: filter.Exam, Person: person.ID, Outcome: "exported",
			Data: ledger.Access{What: what, Filter: order.Selection.Words()}, Personal: map[string]string{"actor": person.Name.String()},
		})
		return err
	})
	if err != nil {
		return nil, explainExport(err)
	}
	s.Exports.Wake()
	return s.exportJobs(ctx, nil)
}

func explainExport(err error) error {
	switch {
	case errors.Is(err, export.ErrNotFound):
		return problem(http.StatusNotFound, "not_found")
	case errors.Is(err, export.ErrTooMany):
		return problem(http.StatusConflict, "exports_too_many")
	case errors.Is(err, export.ErrNotReady):
		return problem(http.StatusGone, "export_gone")
	case errors.Is(err, registrar.ErrRecordingsOfOne):
		return problem(http.StatusUnprocessableEntity, "recordings_of_one")
	}
	return explainSelection(err)
}

type exportPath struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) cancelExport(ctx context.Context, in *exportPath) (*body[ExportJobs], error) {
	if err := s.Exports.Cancel(ctx, whose(ctx), in.ID); err != nil {
		return nil, explainExport(err)
	}
	return s.exportJobs(ctx, nil)
}

// exportFile gives the file to whom it was made for; a download that broke off goes on where it did.
func (s *Server) exportFile(ctx context.Context, in *exportPath) (*huma.StreamResponse, error) {
	job, file, err := s.Exports.Open(ctx, whose(ctx), in.ID)
	if err != nil {
		return nil, explainExport(err)
	}
	person := caller(ctx)
	if err := s.Log.Saw(ctx, ledger.Look{
		What: ledger.SawExport, Subject: job.ID, Actor: person.ID, Name: person.Name.String(), Outcome: "downloaded", At: s.Now(),
	}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", exportTypes[job.Order.Format][0])
		h.Set("Content-Disposition", `attachment; filename="`+job.Name+`"`)
		h.Set("Cache-Control", "private, no-store")
		h.Set("ETag", `"`+hex.EncodeToString(job.SHA256)+`"`)
		http.ServeContent(w, r, "", time.Time{}, file)
	}}, nil
}
