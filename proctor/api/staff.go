package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

func (s *Server) listExams(ctx context.Context, _ *struct{}) (*body[ExamList], error) {
	exams, err := s.Exams.List(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	mine, err := s.Invigilate.OnDuty(ctx, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := ExamList{Exams: []ExamSummary{}}
	for _, e := range exams {
		summary, err := s.summaryShape(ctx, e)
		if err != nil {
			return nil, err
		}
		summary.Mine = mine[e.ID]
		out.Exams = append(out.Exams, summary)
	}
	return answer(out), nil
}

func (s *Server) summaryShape(ctx context.Context, e exam.Exam) (ExamSummary, error) {
	c, err := s.Exams.Counts(ctx, e.ID)
	if err != nil {
		return ExamSummary{}, err
	}
	connected, err := s.connectedIn(ctx, e.ID)
	if err != nil {
		return ExamSummary{}, err
	}
	return ExamSummary{
		ID: e.ID, Code: e.Code, Title: e.Title, StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(), FinishedAt: e.FinishedAt,
		Counts: ExamCounts{
			Roster: c.Roster, Connected: connected, Waiting: c.Waiting, Admitted: c.Admitted, InProgress: c.InProgress, Finished: c.Finished,
		},
	}, nil
}

func (s *Server) room(ctx context.Context, in *examPath) (*body[ExamRoom], error) {
	room, err := s.roomShape(ctx, in.ID, caller(ctx))
	return answer(room), err
}

// roomShape is an exam of the caller's organisation with everybody in it.
func (s *Server) roomShape(ctx context.Context, id uuid.UUID, person *account.Person) (ExamRoom, error) {
	room := ExamRoom{Attempts: []RoomAttempt{}}
	e, err := s.Exams.Exam(ctx, id)
	if err != nil {
		return room, err
	}
	if e.Organisation != person.Organisation {
		return room, exam.ErrNotFound
	}
	if room.Exam, err = s.summaryShape(ctx, e); err != nil {
		return room, err
	}
	attempts, err := s.Exams.Attempts(ctx, id)
	if err != nil {
		return room, err
	}
	ids := make([]uuid.UUID, len(attempts))
	for i, a := range attempts {
		ids[i] = a.ID
	}
	now, err := s.surroundings(ctx, ids)
	if err != nil {
		return room, err
	}
	for _, a := range attempts {
		shape, err := s.attemptOf(ctx, e, a, now)
		if err != nil {
			return room, err
		}
		room.Attempts = append(room.Attempts, RoomAttempt{Attempt: shape, Connected: s.hub.connected(a.ID)})
	}
	return room, nil
}

func (s *Server) finishExam(ctx context.Context, in *examPath) (*body[ExamRoom], error) {
	if _, err := s.roomShape(ctx, in.ID, caller(ctx)); err != nil {
		return nil, err
	}
	if err := s.Exams.Finish(ctx, in.ID, *caller(ctx)); err != nil {
		return nil, err
	}
	return s.room(ctx, in)
}

func (s *Server) grantTry(ctx context.Context, in *AttemptPath) (*body[Attempt], error) {
	a, err := s.Exams.GrantTry(ctx, in.ID, *caller(ctx))
	return s.attemptAnswer(ctx, a, err)
}

type terminateInput struct {
	AttemptPath
	Body struct {
		ReasonCode string `json:"reasonCode" enum:"rules,stranger,request,technical"`
		Note       string `json:"note,omitempty" maxLength:"1000"`
	}
}

func (s *Server) terminate(ctx context.Context, in *terminateInput) (*body[Attempt], error) {
	a, err := s.Exams.Decide(ctx, in.ID, *caller(ctx), exam.Move{To: exam.Terminated, Reason: in.Body.ReasonCode, Note: in.Body.Note})
	return s.attemptAnswer(ctx, a, err)
}

func (s *Server) identifications(ctx context.Context, in *AttemptPath) (*body[Identifications], error) {
	if err := s.lookAt(ctx, ledger.SawIdentifications, in.ID); err != nil {
		return nil, err
	}
	list, err := s.Identify.Of(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := Identifications{Identifications: []Identification{}}
	for _, i := range list {
		out.Identifications = append(out.Identifications, identificationShape(i))
	}
	return answer(out), nil
}

func (s *Server) recordings(ctx context.Context, in *AttemptPath) (*body[Recordings], error) {
	list, err := s.Archive.Recordings(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := Recordings{Recordings: []Recording{}}
	for _, r := range list {
		out.Recordings = append(out.Recordings, recordingShape(r))
	}
	return answer(out), nil
}

func recordingShape(r archive.Recording) Recording {
	out := Recording{ID: r.ID, Parts: r.Parts, Kind: r.Kind, StartedAt: r.StartedAt, DurationMs: r.EndMS(), Segments: []Segment{}}
	for _, g := range r.Segments {
		out.Segments = append(out.Segments, segmentShape(g, staffSegment))
	}
	return out
}

func segmentShape(g archive.Segment, address func(uuid.UUID, int) string) Segment {
	return Segment{
		Number: g.Number, StartMs: g.StartMS, DurationMs: g.DurationMS, Size: g.Size, SHA256: hex.EncodeToString(g.SHA256), URL: address(g.Recording, g.Number),
	}
}

type segmentInput struct {
	ID     uuid.UUID `path:"id"`
	Number int       `path:"number" minimum:"0" maximum:"1000000"`
}

type segmentOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func (s *Server) segment(ctx context.Context, in *segmentInput) (*segmentOutput, error) {
	attempt, err := s.Archive.AttemptOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.lookAt(ctx, ledger.SawRecording, attempt); err != nil {
		return nil, err
	}
	data, err := s.Archive.Segment(ctx, in.ID, in.Number)
	return &segmentOutput{ContentType: "video/webm", CacheControl: "private, no-store", Body: data}, err
}

type logInput struct {
	LogFilter
	Cursor string `query:"cursor" maxLength:"20"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"500"`
}

func (s *Server) logPage(ctx context.Context, in *logInput) (*body[LogPage], error) {
	filter, err := s.selected(ctx, in.LogFilter)
	if err != nil {
		return nil, err
	}
	var cursor int64
	if in.Cursor != "" {
		if cursor, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || cursor < 1 {
			return nil, badField("query.cursor")
		}
	}
	if err := s.look(ctx, ledger.Look{What: ledger.SawLog, Subject: filter.Exam, Exam: filter.Exam}); err != nil {
		return nil, err
	}
	rows, next, err := s.Log.Page(ctx, filter, cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := LogPage{Records: []LogRecord{}}
	if next != 0 {
		out.Next = strconv.FormatInt(next, 10)
	}
	for _, r := range rows {
		shape, err := recordShape(r)
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, shape)
	}
	return answer(out), nil
}

func recordShape(r ledger.Row) (LogRecord, error) {
	var d ledger.Identification // every type has the exam; an identification has the rest
	if err := r.Data(&d); err != nil {
		return LogRecord{}, err
	}
	out := LogRecord{
		Index: r.Leaf, ID: r.ID, Type: string(r.Type), At: r.At, ExamTitle: d.Exam.Title, Student: cmp.Or(r.Personal["student"], r.Personal["person"], r.Personal["claimant"]), Group: d.Exam.Group,
		Outcome: r.Outcome, Reason: d.Reason, SHA256: r.SHA256(), Body: r.Body,
	}
	if r.Exam != uuid.Nil {
		out.ExamID = &r.Exam
	}
	if r.Attempt != uuid.Nil {
		out.AttemptID = &r.Attempt
	}
	if r.Type == ledger.TypeIdentification {
		out.Threshold = &d.Policy.Threshold
		if d.Scores != nil {
			out.Score = &d.Scores.Overall
		}
	}
	return out, nil
}

func (s *Server) checkpoint(ctx context.Context, _ *struct{}) (*body[Checkpoint], error) {
	c, err := s.Log.Latest(ctx)
	if err != nil {
		return nil, err
	}
	return answer(Checkpoint{Size: c.Size, RootHash: base64.StdEncoding.EncodeToString(c.Root[:]), Note: c.Note, Key: s.LogKey, At: c.At.UTC()}), nil
}
