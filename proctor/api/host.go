package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor/room"
)

// Server is the host of the rooms on its node.
var _ room.Host = (*Server)(nil)

// Enter implements room.Host.
func (s *Server) Enter(ctx context.Context, exam uuid.UUID) error {
	if err := s.Exams.Severed(ctx, exam, s.Now().UTC()); err != nil {
		return err
	}
	if err := s.Identify.TakeOver(ctx, exam); err != nil {
		return err
	}
	return s.Archive.SealExam(ctx, exam)
}

// Leave implements room.Host.
func (s *Server) Leave(exam uuid.UUID) {
	s.Identify.Leave(exam)
	students, watchers := s.hub.in(exam)
	for _, c := range students {
		c.close(websocket.CloseServiceRestart, "room moved")
		c.endMedia()
	}
	for _, w := range watchers {
		w.close(websocket.CloseServiceRestart, "room moved")
	}
}

// Load implements room.Host.
func (s *Server) Load() room.Load {
	n := s.Media.Load()
	return room.Load{Publishers: n.Publishers, Viewers: n.Viewers}
}

// Count implements room.Host.
func (s *Server) Count(exam uuid.UUID) room.Count {
	students, watchers := s.hub.in(exam)
	return room.Count{
		Live: s.hub.connectedIn(exam), Watching: len(watchers), Busy: len(students) > 0 || len(watchers) > 0 || s.Identify.Under(exam),
	}
}

// stillHere refuses to begin anything in a room that has left this node in the middle of a request.
func (s *Server) stillHere(exam uuid.UUID) error {
	if s.Rooms == nil || s.Rooms.Here(exam) {
		return nil
	}
	return problem(http.StatusServiceUnavailable, "room_moving")
}

// liveIn tells how many students of an exam are connected, and how many proctors' pages, wherever that is.
func (s *Server) liveIn(held map[uuid.UUID]room.Held, exam uuid.UUID) (live, watching int) {
	if h, elsewhere := held[exam]; elsewhere && h.Node != s.Rooms.Node() {
		return h.Live, h.Watching
	}
	return s.hub.connectedIn(exam), len(s.hub.watching(exam))
}

// connectedIn is liveIn for one exam.
func (s *Server) connectedIn(ctx context.Context, exam uuid.UUID) (int, error) {
	if s.Rooms.Here(exam) {
		return s.hub.connectedIn(exam), nil
	}
	held, err := s.Rooms.Held(ctx)
	live, _ := s.liveIn(held, exam)
	return live, err
}
