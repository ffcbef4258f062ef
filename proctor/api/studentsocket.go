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

// student is the socket of a student's page: signalling of what it publishes, and news of the attempt.
type student struct {
	*socket
	server  *Server
	attempt exam.Attempt

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
	shape, err := s.attemptShape(r.Context(), a)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	conn, err := upgrade(w, r)
	if err != nil {
		s.Logger.Info("a socket was refused", "attempt", id, "error", err)
		return
	}
	s.work.Add(1)
	defer s.work.Done()
	c := &student{socket: conn, server: s, attempt: a}
	older, ok := s.hub.enter(id, c)
	if !ok {
		c.close(websocket.CloseServiceRestart, "restart")
	} else if older != nil {
		older.close(closeTakenOver, "taken over")
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: "taken_over"})
	}
	c.send(studentHello{Type: "hello", Attempt: shape.undoubted(), ICEServers: s.Relays.Servers(id)})
	if p, running := s.Identify.Progress(id); running { // the page came anew in the middle
		s.progress(a, p)
	}
	var guarding sync.WaitGroup
	guarding.Go(func() { c.guard(guardEvery, s.stillMay(r, owner, id.String())) })
	c.serve(c.handle)
	guarding.Wait()
	c.endMedia()
	if s.hub.leave(id, c) {
		s.Identify.ForgetCamera(id)
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

// offer takes the page's session description; the first one begins, or goes on with, the recording.
func (c *student) offer(sdp string) error {
	ctx, cancel := context.WithTimeout(c.server.life, 15*time.Second)
	defer cancel()
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
	if err := c.server.notOver(ctx, a); err != nil {
		return err
	}
	publisher, err := c.publish(ctx)
	if err != nil {
		return err
	}
	answer, err := publisher.Offer(ctx, sdp)
	if err != nil {
		return err
	}
	c.send(sdpMessage{Type: "answer", SDP: answer})
	return nil
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
	start, err := c.server.Archive.Begin(ctx, c.attempt.ID, "camera")
	if err != nil {
		return nil, err
	}
	// The publisher outlives this call: it ends with the socket, in endMedia.
	p, err := c.server.Media.Publish(context.WithoutCancel(ctx), media.PublishOptions{
		Room: c.attempt.ExamID, Attempt: c.attempt.ID, Recording: start, OnState: c.mediaState, OnCandidate: c.candidate,
	})
	if err != nil {
		return nil, err
	}
	c.publisher = p
	c.send(mediaMessage{Type: "media", State: string(media.Connecting)})
	return p, nil
}

// mediaState is called by the media plane, one state after the other.
func (c *student) mediaState(state media.State) {
	s, id := c.server, c.attempt.ID
	live := state.Phase == media.Live
	s.hub.setLive(id, c.attempt.ExamID, c, live)
	switch state.Phase {
	case media.Live:
		c.send(mediaMessage{Type: "media", State: "live"})
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: "connected"})
		s.reconnected(id)
	case media.Lost:
		c.send(mediaMessage{Type: "media", State: "lost"})
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: "connection_lost", Detail: map[string]any{"reason": state.Reason}})
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
		}
		s.event(exam.Event{Attempt: id, Lane: exam.LaneTechnical, Kind: "disconnected", Detail: map[string]any{"reason": state.Reason}})
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
