package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

// watcher is the socket of a proctor's page: news of the room, and signalling of what she sees.
type watcher struct {
	*socket
	server *Server
	room   uuid.UUID
	person account.Person
	viewer *media.Viewer
	speech *speech // what she says aloud; nil: nothing. Owned by the goroutine that reads the socket
}

// watchSocket serves GET /api/exams/{id}/watch.
func (s *Server) watchSocket(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
		return
	}
	person, err := s.allow(r.Context(), proctors, "")
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	room, err := s.roomShape(r.Context(), id, person)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	conn, err := upgrade(w, r)
	if err != nil {
		s.Logger.Info("a socket was refused", "exam", id, "error", err)
		return
	}
	s.work.Add(1)
	defer s.work.Done()
	c := &watcher{socket: conn, server: s, room: id, person: *person}
	c.viewer, err = s.Media.View(s.life, media.ViewOptions{Room: id, OnOffer: c.offer, OnCandidate: c.candidate})
	if err != nil {
		c.problem(explain(s.life, s.Logger, err))
		c.close(closeBadMessage, "no viewer")
		c.serve(func([]byte) {})
		return
	}
	c.send(roomHello{Type: "hello", Room: room, ICEServers: s.Relays.Servers(person.ID)})
	if !s.hub.watch(id, c) || s.stillHere(id) != nil {
		c.close(websocket.CloseServiceRestart, "restart")
	}
	s.hub.tellPresence(id)
	c.send(s.voicesOf(id))
	var guarding sync.WaitGroup
	guarding.Go(func() { c.guard(guardEvery, s.stillMay(r, proctors, "")) })
	c.serve(c.handle)
	c.hush()
	guarding.Wait()
	s.hub.unwatch(id, c)
	s.hub.tellPresence(id)
	if err := c.viewer.Close(); err != nil && !errors.Is(err, media.ErrClosed) {
		s.Logger.Info("a viewer did not close well", "exam", id, "error", err)
	}
}

func (c *watcher) offer(o media.Offer) {
	m := offerMessage{Type: "offer", SDP: o.SDP, Tracks: []trackMessage{}, Microphone: o.Microphone}
	for _, t := range o.Tracks {
		track := trackMessage{MID: t.MID, AttemptID: t.Attempt.String(), Source: exam.SourceCamera, Media: string(t.Media)}
		switch t.Media {
		case media.Low:
			track.Media, track.Layer = string(media.Video), "low"
		case media.Phone:
			track.Media, track.Source = string(media.Video), exam.SourcePhone
		case media.Screen:
			track.Media, track.Source = string(media.Video), exam.SourceScreen
		}
		m.Tracks = append(m.Tracks, track)
	}
	c.send(m)
}

func (c *watcher) handle(message []byte) {
	var m incoming
	if err := json.Unmarshal(message, &m); err != nil {
		c.close(closeBadMessage, "not JSON")
		return
	}
	var err error
	switch m.Type {
	case "ping":
		c.send(map[string]string{"type": "pong"})
	case "watch":
		err = c.watch(m)
	case "look":
		err = c.look(m.Attempt)
	case "talk":
		err = c.talk(m)
	case "hush":
		c.hush()
	case "answer":
		err = c.viewer.Answer(m.SDP)
	case "candidate":
		if m.Candidate != nil {
			err = c.viewer.AddCandidate(*m.Candidate)
		}
	default:
		c.close(closeBadMessage, "unknown type")
		return
	}
	if err != nil && !errors.Is(err, media.ErrClosed) {
		c.server.Logger.Info("a message of a proctor's page was refused", "type", m.Type, "error", err)
		c.problem(problem(http.StatusUnprocessableEntity, "bad_message"))
	}
}

// look notes in the log that the proctor has opened a student of this room large; once an hour.
func (c *watcher) look(text string) error {
	id, err := uuid.Parse(text)
	if err != nil {
		return errors.New("an attempt's id is not one")
	}
	ctx, cancel := context.WithTimeout(c.server.life, lookFor)
	defer cancel()
	a, err := c.server.Exams.Attempt(ctx, id)
	if err == nil && a.ExamID != c.room {
		err = exam.ErrNotFound
	}
	if err != nil {
		return err
	}
	return c.server.Log.Saw(ctx, ledger.Look{
		What: ledger.SawLive, Subject: id, Exam: a.ExamID, Attempt: id, Actor: c.person.ID, Name: c.person.Name.String(), Outcome: "viewed", At: c.server.Now(),
	})
}

// lookFor bounds the noting of a look.
const lookFor = 10 * time.Second

// watch replaces what is on the screen and heard. The media plane shows students of this room only.
func (c *watcher) watch(m incoming) error {
	var scene media.Scene
	for _, part := range []struct {
		texts []string
		ids   *[]uuid.UUID
		most  int
	}{{m.Attempts, &scene.Small, media.MaxWatched}, {m.Large, &scene.Large, maxLarge}, {m.Heard, &scene.Heard, maxLarge}} {
		if len(part.texts) > part.most {
			return errors.New("too many attempts")
		}
		for _, text := range part.texts {
			id, err := uuid.Parse(text)
			if err != nil {
				return errors.New("an attempt's id is not one")
			}
			*part.ids = append(*part.ids, id)
		}
	}
	return c.viewer.Show(scene)
}

// maxLarge bounds how many students a page has large, and hears, at a time.
const maxLarge = 4
