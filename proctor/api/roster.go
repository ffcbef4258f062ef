package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// RosterPreview is what a roster file would do, or did.
type RosterPreview struct {
	SHA256        string          `json:"sha256" doc:"Of the file; the import wants it back"`
	Rows          int             `json:"rows"`
	New           int             `json:"new" doc:"Come into this exam's roster"`
	NewPeople     int             `json:"newPeople" doc:"Of them, those whom the organisation did not know"`
	Changed       int             `json:"changed"`
	Known         int             `json:"known"`
	Absent        int             `json:"absent" doc:"Are in the roster and not in the file; they stay"`
	Accommodated  int             `json:"accommodated" doc:"For whom something else is done differently from then on"`
	Problems      []RosterProblem `json:"problems" nullable:"false" doc:"At most 10,000 of them"`
	ProblemsTotal int             `json:"problemsTotal" doc:"While there is one, nothing can be imported"`
}

// RosterProblem is one broken cell or row, without the row's values.
type RosterProblem struct {
	Line    int    `json:"line" doc:"In the file, from 1; 0: the whole file"`
	Column  string `json:"column" doc:"Empty: the whole row"`
	Message Text   `json:"message"`
}

// largeBody lets an operation take a roster file.
func largeBody(op *huma.Operation) {
	op.MaxBodyBytes = exam.MaxRosterBytes + 2 // the reader stops at it; one more than fits, so that the parser tells the limit in words
	op.BodyReadTimeout = time.Minute
}

type rosterInput struct {
	ID      uuid.UUID `path:"id"`
	RawBody []byte    `contentType:"application/octet-stream"`
}

// previewRoster reads a roster file and tells what it would do. The file is not kept.
func (s *Server) previewRoster(ctx context.Context, in *rosterInput) (*body[RosterPreview], error) {
	e, err := s.ownExam(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	preview, _, err := s.readRoster(ctx, e, in.RawBody)
	return answer(preview), err
}

type importRosterInput struct {
	ID      uuid.UUID `path:"id"`
	SHA256  string    `query:"sha256" required:"true" pattern:"^[0-9a-f]{64}$" doc:"Of the file that was previewed"`
	RawBody []byte    `contentType:"application/octet-stream"`
}

// importRoster puts the previewed file into the roster, all or nothing.
func (s *Server) importRoster(ctx context.Context, in *importRosterInput) (*body[RosterPreview], error) {
	e, err := s.ownExam(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(in.RawBody); hex.EncodeToString(sum[:]) != in.SHA256 {
		return nil, problem(http.StatusConflict, "roster_changed")
	}
	out, rows, err := s.readRoster(ctx, e, in.RawBody)
	if err != nil {
		return nil, err
	}
	if out.ProblemsTotal > 0 {
		return nil, problem(http.StatusUnprocessableEntity, "roster_broken")
	}
	done, err := s.Exams.Import(ctx, e, rows, *caller(ctx))
	var broken *exam.RosterError
	if errors.As(err, &broken) { // somebody changed a person since the preview
		return nil, problem(http.StatusConflict, "roster_changed")
	}
	if err != nil {
		return nil, err
	}
	return answer(previewShape(in.SHA256, done)), nil
}

// ownExam is an exam of the caller's organisation.
func (s *Server) ownExam(ctx context.Context, id uuid.UUID) (exam.Exam, error) {
	e, err := s.Exams.Exam(ctx, id)
	if err == nil && e.Organisation != caller(ctx).Organisation {
		err = exam.ErrNotFound
	}
	return e, err
}

// readRoster parses a file and holds it against the exam's roster. Files are read two at a time: an unpacked one takes memory.
func (s *Server) readRoster(ctx context.Context, e exam.Exam, file []byte) (RosterPreview, []exam.RosterRow, error) {
	select {
	case s.rosters <- struct{}{}:
		defer func() { <-s.rosters }()
	case <-ctx.Done():
		return RosterPreview{}, nil, ctx.Err()
	}
	sum := sha256.Sum256(file)
	digest := hex.EncodeToString(sum[:])
	rows, err := exam.ParseRoster(bytes.NewReader(file))
	var preview exam.RosterPreview
	if err == nil {
		preview, err = s.Exams.PreviewRoster(ctx, e, rows)
	}
	var broken *exam.RosterError
	switch {
	case errors.As(err, &broken):
		out := RosterPreview{SHA256: digest, Rows: len(rows), ProblemsTotal: broken.Total, Problems: make([]RosterProblem, len(broken.Problems))}
		for i, p := range broken.Problems {
			out.Problems[i] = RosterProblem{Line: p.Line, Column: p.Column, Message: Text{Ru: p.Ru, En: p.En}}
		}
		return out, nil, nil
	case err != nil:
		return RosterPreview{}, nil, err
	}
	return previewShape(digest, preview), rows, nil
}

func previewShape(digest string, p exam.RosterPreview) RosterPreview {
	return RosterPreview{
		SHA256: digest, Rows: p.Rows, New: p.New, NewPeople: p.NewPeople, Changed: p.Changed, Known: p.Known, Absent: p.Absent, Accommodated: p.Accommodated, Problems: []RosterProblem{},
	}
}
