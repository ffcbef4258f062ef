package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ochno/proctor/exam"
)

// Queue is a student's place among those who wait for a member of staff.
type Queue struct {
	Place  int `json:"place"`
	Length int `json:"length"`
}

func (s *Server) journeyOperations() {
	route(s, http.MethodGet, "/api/my-exams", "myExams", "My exams that lie ahead, go on, or have just ended", students, s.myExams)
	route(s, http.MethodPost, "/api/attempts/{id}/probe", "probe", "Takes some bytes and forgets them: how fast the way up is", owner, s.probe, probeBody)
	route(s, http.MethodPost, "/api/attempts/{id}/network", "noteNetwork", "What the student's page measured of its connection", owner, s.noteNetwork)
	route(s, http.MethodPost, "/api/attempts/{id}/phone-code", "phoneCode", "A link, as a QR code, by which a phone becomes the second camera", owner, s.phoneCode)
	route(s, http.MethodPost, "/api/attempts/{id}/behaviour", "noteBehaviour", "What the student's page noticed, where the exam's policy says so", owner, s.noteBehaviour)
}

// Bounds of what a student's page sends beside its media.
const (
	maxProbe        = 256 << 10
	probesPerMinute = 40
	notesPerMinute  = 30
)

func probeBody(op *huma.Operation) {
	op.MaxBodyBytes = maxProbe
	op.BodyReadTimeout = 20 * time.Second
}

type probeInput struct {
	AttemptPath
	RawBody []byte `contentType:"application/octet-stream"`
}

// Probed is how much came.
type Probed struct {
	Bytes int `json:"bytes"`
}

// probe takes some bytes. Each student may send only so many in a minute.
func (s *Server) probe(_ context.Context, in *probeInput) (*body[Probed], error) {
	if !s.probes.allow(in.ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_notes")
	}
	return answer(Probed{Bytes: len(in.RawBody)}), nil
}

type networkInput struct {
	AttemptPath
	Body struct {
		UpKbps      int     `json:"upKbps" minimum:"0" maximum:"10000000"`
		LossPercent float64 `json:"lossPercent" minimum:"0" maximum:"100"`
		RoundTripMs int     `json:"roundTripMs" minimum:"0" maximum:"60000"`
		Way         string  `json:"way" enum:"direct,tcp,relay,unknown"`
		Good        bool    `json:"good"`
	}
}

type nothing struct{}

// noteNetwork stores the measurement as a technical event: who later asks why a recording is poor finds it there.
func (s *Server) noteNetwork(ctx context.Context, in *networkInput) (*nothing, error) {
	if !s.noticed.allow("network " + in.ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_notes")
	}
	m := in.Body
	return &nothing{}, s.Exams.Record(ctx, exam.Event{
		Attempt: in.ID, Lane: exam.LaneTechnical, Kind: "network", At: s.Now().UTC(),
		Detail: map[string]any{"upKbps": m.UpKbps, "lossPercent": m.LossPercent, "roundTripMs": m.RoundTripMs, "way": m.Way, "good": m.Good},
	})
}

type behaviourInput struct {
	AttemptPath
	Body struct {
		Kind    string `json:"kind" enum:"tab_hidden,focus_lost,full_screen_left"`
		Seconds int    `json:"seconds" minimum:"0" maximum:"86400" doc:"How long it lasted"`
	}
}

// noteBehaviour stores what the page noticed, only while she sits the exam and only what its policy watches.
func (s *Server) noteBehaviour(ctx context.Context, in *behaviourInput) (*nothing, error) {
	if !s.noticed.allow("behaviour " + in.ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_notes")
	}
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if a.State != exam.InProgress {
		return nil, &exam.IllegalMove{From: a.State, To: exam.InProgress}
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return nil, err
	}
	watch := e.Policy.Page
	if !map[string]bool{"tab_hidden": watch.Tabs, "focus_lost": watch.Focus, "full_screen_left": watch.FullScreen}[in.Body.Kind] {
		return nil, problem(http.StatusConflict, "not_watched")
	}
	stored, err := s.Exams.Seen(ctx, exam.Event{
		Attempt: in.ID, Kind: in.Body.Kind, At: s.Now().UTC().Add(-time.Duration(in.Body.Seconds) * time.Second), Detail: map[string]any{"seconds": in.Body.Seconds},
	})
	if err == nil && !stored {
		err = problem(http.StatusTooManyRequests, "too_many_notes")
	}
	return &nothing{}, err
}

// journey adds to a student's attempt where the exam is, once she sits it, and her place while she waits for staff.
func (s *Server) journey(ctx context.Context, out *Attempt, e exam.Exam, a exam.Attempt) error {
	if (a.State == exam.InProgress || a.State == exam.Paused) && e.Policy.Work.URL != "" {
		out.Work = &exam.Work{URL: e.Policy.Work.URL, Embed: e.Policy.Work.Embed && s.page.mayFrame(e.Policy.Work.Origin())}
	}
	if a.State != exam.Identified && a.State != exam.ManualIdentification && (a.State != exam.Ready || a.TriesLeft > 0) {
		return nil
	}
	place, length, err := s.Exams.Queue(ctx, e.ID, a.ID)
	if err == nil && place > 0 {
		out.Queue = &Queue{Place: place, Length: length}
	}
	return err
}

// framed refuses a policy that shows a page within ours which the installation does not allow.
func (s *Server) framed(p exam.Policy) error {
	if p.Work.Embed && !s.page.mayFrame(p.Work.Origin()) {
		return problem(http.StatusUnprocessableEntity, "frame_not_allowed")
	}
	return nil
}

// MyExam is an exam in whose list the student stands.
type MyExam struct {
	Code     string    `json:"code"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
	State    string    `json:"state" doc:"Of her attempt; empty: she has not come yet"`
}

// MyExams are all of them.
type MyExams struct {
	Exams      []MyExam  `json:"exams" nullable:"false" doc:"The next one first"`
	ServerTime time.Time `json:"serverTime"`
}

func (s *Server) myExams(ctx context.Context, _ *struct{}) (*body[MyExams], error) {
	list, err := s.Exams.ExamsOf(ctx, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := MyExams{Exams: []MyExam{}, ServerTime: s.Now().UTC()}
	for _, e := range list {
		out.Exams = append(out.Exams, MyExam{Code: e.Code, Title: e.Title, StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(), State: string(e.State)})
	}
	return answer(out), nil
}
