package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/media"
)

// line is what connects us with whoever publishes: the socket of a page, or a session of WHIP.
type line interface {
	send(message any)
	problem(p *Problem)
	candidate(c media.Candidate)
	close(code int, reason string) // the first one counts; it does not wait
	failed()                       // the connection for media is gone
}

// student is who publishes an attempt: signalling, and news of the attempt.
type student struct {
	line
	server  *Server
	attempt exam.Attempt
	phone   bool // it sends the second camera

	mu        sync.Mutex
	publisher *media.Publisher
	ended     bool
}

// mayPublish tells in which states a student's camera and microphone are received: from the consent to the end.
func mayPublish(state exam.State) bool {
	return slices.Contains([]exam.State{exam.Ready, exam.Identifying, exam.Identified, exam.Admitted, exam.InProgress, exam.Paused, exam.ManualIdentification}, state)
}

// studentSocket serves GET /api/attempts/{id}/connection.
func (s *Server) studentSocket(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
		return
	}
	if _, err := s.allow(r.Context(), owner, id.String()); err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	a, err := s.Exams.Attempt(r.Context(), id)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	e, err := s.Exams.Exam(r.Context(), a.ExamID)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	shape, err := s.attemptShape(r.Context(), a)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	if !s.whips.connects.allow(id.String()) {
		w.Header().Set("Retry-After", "60")
		s.writeProblem(w, r, problem(http.StatusTooManyRequests, "too_many_connections"))
		return
	}
	conn, err := upgrade(w, r)
	if err != nil {
		s.Logger.Info("a socket was refused", "attempt", id, "error", err)
		return
	}
	s.work.Add(1)
	defer s.work.Done()
	c := &student{line: conn, server: s, attempt: a}
	if !s.enterStudent(c) || s.stillHere(a.ExamID) != nil {
		c.close(websocket.CloseServiceRestart, "restart")
	}
	c.send(studentHello{Type: "hello", Attempt: shape.undoubted(), Rates: e.Policy.Rates, ICEServers: s.Relays.Servers(id)})
	if p, running := s.Identify.Progress(id); running { // the page came anew in the middle
		s.progress(a, p)
	}
	var guarding sync.WaitGroup
	guarding.Go(func() { conn.guard(guardEvery, s.stillMay(r, owner, id.String())) })
	conn.serve(c.handle)
	guarding.Wait()
	s.leaveStudent(c)
}

// enterStudent makes c the one who publishes its attempt. Whoever did before is told, and it is an event; false: the service is stopping.
func (s *Server) enterStudent(c *student) bool {
	older, ok := s.hub.enter(c.attempt.ID, c)
	if older != nil {
		older.close(closeTakenOver, "taken over")
		s.event(exam.Event{Attempt: c.attempt.ID, Lane: exam.LaneTechnical, Kind: c.kind("taken_over")})
	}
	return ok
}

// leaveStudent ends what c began.
func (s *Server) leaveStudent(c *student) {
	c.endMedia()
	if s.hub.leave(c.attempt.ID, c) && !c.phone {
		s.Identify.ForgetCamera(c.attempt.ID)
	}
}

func (c *student) handle(message []byte) {
	var m incoming
	if err := json.Unmarshal(message, &m); err != nil {
		c.close(closeBadMessage, "not JSON")
		return
	}
	switch m.Type {
	case "ping":
		c.send(map[string]string{"type": "pong"})
	case "offer":
		if err := c.offer(m.SDP); err != nil {
			c.problem(explain(c.server.life, c.server.Logger.With("attempt", c.attempt.ID), err))
		}
	case "candidate":
		c.remoteCandidate(m.Candidate)
	case "camera":
		c.server.Identify.Camera(c.attempt.ID, m.Camera.device())
	default:
		c.close(closeBadMessage, "unknown type")
	}
}

// offer takes the page's session description.
func (c *student) offer(sdp string) error {
	answer, err := c.answer(sdp)
	if err == nil {
		c.send(sdpMessage{Type: "answer", SDP: answer})
	}
	return err
}

// mayOffer refuses media of an attempt that is not yet, or no more, to be recorded.
func (c *student) mayOffer(ctx context.Context) error {
	if err := c.server.stillHere(c.attempt.ExamID); err != nil {
		return err
	}
	a, err := c.server.Exams.Attempt(ctx, c.attempt.ID)
	if err != nil {
		return err
	}
	if !mayPublish(a.State) {
		if a.State == exam.Registered {
			return problem(http.StatusConflict, "consent_needed")
		}
		return &exam.IllegalMove{From: a.State, To: exam.InProgress}
	}
	if c.phone {
		if err := c.server.wantsPhone(ctx, a); err != nil {
			return err
		}
	}
	return c.server.notOver(ctx, a)
}

// answer takes a session description; the first one begins, or goes on with, the recording.
func (c *student) answer(sdp string) (string, error) {
	ctx, cancel := context.WithTimeout(c.server.life, 15*time.Second)
	defer cancel()
	if err := c.mayOffer(ctx); err != nil {
		return "", err
	}
	publisher, err := c.publish(ctx)
	if err != nil {
		return "", err
	}
	return publisher.Offer(ctx, sdp)
}

// over tells whether it may publish no more.
func (c *student) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

func (c *student) publish(ctx context.Context) (*media.Publisher, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, problem(http.StatusConflict, "taken_over")
	}
	if c.publisher != nil {
		return c.publisher, nil
	}
	options, err := c.recordings(ctx)
	if err != nil {
		return nil, err
	}
	options.OnState = c.mediaState
	// The publisher outlives this call: it ends with the socket, in endMedia.
	p, err := c.server.Media.Publish(context.WithoutCancel(ctx), options)
	if err != nil {
		return nil, err
	}
	c.publisher = p
	c.send(mediaMessage{Type: "media", State: string(media.Connecting)})
	return p, nil
}

// recordings says where what the policy wants recorded begins, or goes on.
func (c *student) recordings(ctx context.Context) (options media.PublishOptions, err error) {
	e, err := c.server.Exams.Exam(ctx, c.attempt.ExamID)
	if err != nil {
		return options, err
	}
	options = media.PublishOptions{Room: c.attempt.ExamID, Attempt: c.attempt.ID, Phone: c.phone}
	if c.phone {
		options.Recording, err = c.server.Archive.Begin(ctx, c.attempt.ID, exam.SourcePhone)
		return options, err
	}
	if options.Recording, err = c.server.Archive.Begin(ctx, c.attempt.ID, exam.SourceCamera); err != nil {
		return options, err
	}
	if e.Policy.Screen == exam.Required {
		screen, err := c.server.Archive.Begin(ctx, c.attempt.ID, exam.SourceScreen)
		if err != nil {
			return options, err
		}
		options.Screen = &screen
	}
	return options, nil
}

// kind is what an event of the connection is called.
func (c *student) kind(of string) string {
	if c.phone {
		return "phone_" + of
	}
	return of
}

// mediaState is called by the media plane, one state after the other.
func (c *student) mediaState(state media.State) {
	s, id := c.server, c.attempt.ID
	live := state.Phase == media.Live
	s.hub.setLive(id, c.attempt.ExamID, c, live)
	switch state.Phase {
	case media.Live:
		c.send(mediaMessage{Type: "media", State: "live"})
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: c.kind("connected")})
		if !c.phone {
			s.reconnected(id)
		}
	case media.Lost:
		c.send(mediaMessage{Type: "media", State: "lost"})
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: c.kind("connection_lost"), Detail: map[string]any{"reason": state.Reason}})
	case media.Closed:
		if state.Reason == media.ReasonTakenOver {
			c.close(closeTakenOver, "taken over")
			return
		}
		if state.Reason == media.ReasonFailed {
			c.send(mediaMessage{Type: "media", State: "lost"})
			c.mu.Lock()
			c.publisher = nil // a new offer on the same socket begins a fresh connection
			c.mu.Unlock()
			c.failed()
		}
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: c.kind("disconnected"), Detail: map[string]any{"reason": state.Reason}})
	}
}

func (c *student) remoteCandidate(candidate *media.Candidate) {
	c.mu.Lock()
	p := c.publisher
	c.mu.Unlock()
	if p == nil || candidate == nil {
		return
	}
	if err := p.AddCandidate(*candidate); err != nil && !errors.Is(err, media.ErrClosed) {
		c.problem(problem(http.StatusUnprocessableEntity, "candidate_refused"))
	}
}

// endMedia ends what the student publishes; its recording is stored and sealed beside, because MinIO may take its time.
func (c *student) endMedia() {
	c.mu.Lock()
	p := c.publisher
	c.publisher, c.ended = nil, true
	c.mu.Unlock()
	if p == nil {
		return
	}
	s := c.server
	s.hub.setLive(c.attempt.ID, c.attempt.ExamID, c, false)
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		if err := p.Close(); err != nil {
			s.Logger.Error("the end of a recording is not stored yet", "attempt", c.attempt.ID, "error", err)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), 10*time.Second)
		defer cancel()
		if err := s.Archive.Seal(ctx, c.attempt.ExamID, c.attempt.ID, true); err != nil {
			s.Logger.Error("the end of a recording is not sealed yet", "attempt", c.attempt.ID, "error", err)
		}
	}()
}

// reconnected plans an identification where the policy wants one after every reconnection: whoever sits the exam was connected before.
func (s *Server) reconnected(attempt uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), 5*time.Second)
	defer cancel()
	err := s.Identify.Ask(ctx, attempt, identify.CauseReconnection)
	if illegal := (*exam.IllegalMove)(nil); err != nil && !errors.As(err, &illegal) {
		s.Logger.Error("an identification after a reconnection is not planned", "attempt", attempt, "error", err)
	}
}

// event stores a technical event; a failure is no reason to disturb the student.
func (s *Server) event(e exam.Event) {
	e.At = s.Now().UTC()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), 5*time.Second)
	defer cancel()
	if err := s.Exams.Record(ctx, e); err != nil {
		s.Logger.Error("an event is not stored", "attempt", e.Attempt, "kind", e.Kind, "error", err)
	}
}
