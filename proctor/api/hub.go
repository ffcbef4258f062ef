package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor/exam"
	"ochno/proctor/identify"
)

// hub knows the sockets of this node. It decides nothing.
type hub struct {
	mu       sync.Mutex
	students map[uuid.UUID]*student // by attempt: the newest socket
	live     map[uuid.UUID]uuid.UUID
	phones   map[uuid.UUID]*student              // second cameras, by attempt
	seen     map[uuid.UUID]bool                  // of them, whose picture arrives
	watchers map[uuid.UUID]map[*watcher]struct{} // by exam
	closed   bool
}

func newHub() *hub {
	return &hub{students: map[uuid.UUID]*student{}, live: map[uuid.UUID]uuid.UUID{}, phones: map[uuid.UUID]*student{}, seen: map[uuid.UUID]bool{}, watchers: map[uuid.UUID]map[*watcher]struct{}{}}
}

// enter makes c the attempt's socket and returns the one it takes over from, if any. It refuses when the server is closing.
func (h *hub) enter(attempt uuid.UUID, c *student) (older *student, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, false
	}
	like := h.like(c)
	older = like[attempt]
	like[attempt] = c
	return older, true
}

// like is where connections of c's kind are; h.mu is held.
func (h *hub) like(c *student) map[uuid.UUID]*student {
	if c.phone {
		return h.phones
	}
	return h.students
}

// leave forgets c, unless a newer socket has taken its place.
func (h *hub) leave(attempt uuid.UUID, c *student) (left bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	like := h.like(c)
	if like[attempt] != c {
		return false
	}
	delete(like, attempt)
	if c.phone {
		delete(h.seen, attempt)
	} else {
		delete(h.live, attempt)
	}
	return true
}

// setLive notes whether camera and microphone of c, or the phone's camera, arrive.
func (h *hub) setLive(attempt, exam uuid.UUID, c *student, live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.like(c)[attempt] != c:
	case c.phone:
		h.seen[attempt] = live
	case live:
		h.live[attempt] = exam
	default:
		delete(h.live, attempt)
	}
}

func (h *hub) connected(attempt uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, live := h.live[attempt]
	return live
}

// liveIn are the exam's attempts whose media arrive here.
func (h *hub) liveIn(exam uuid.UUID) []uuid.UUID {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []uuid.UUID{}
	for attempt, e := range h.live {
		if e == exam {
			list = append(list, attempt)
		}
	}
	return list
}

func (h *hub) connectedIn(exam uuid.UUID) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.live {
		if e == exam {
			n++
		}
	}
	return n
}

func (h *hub) watch(exam uuid.UUID, w *watcher) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.watchers[exam] == nil {
		h.watchers[exam] = map[*watcher]struct{}{}
	}
	h.watchers[exam][w] = struct{}{}
	return true
}

func (h *hub) unwatch(exam uuid.UUID, w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers[exam], w)
	if len(h.watchers[exam]) == 0 {
		delete(h.watchers, exam)
	}
}

// student is the attempt's socket, nil when there is none here.
func (h *hub) student(attempt uuid.UUID) *student {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.students[attempt]
}

// phone is the attempt's second camera, nil when there is none here.
func (h *hub) phone(attempt uuid.UUID) *student {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.phones[attempt]
}

// phoneState tells how the attempt's second camera stands here.
func (h *hub) phoneState(attempt uuid.UUID) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.phones[attempt] == nil:
		return phoneWaiting
	case h.seen[attempt]:
		return phoneLive
	}
	return phoneLost
}

func (h *hub) watching(exam uuid.UUID) []*watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*watcher, 0, len(h.watchers[exam]))
	for w := range h.watchers[exam] {
		list = append(list, w)
	}
	return list
}

// in are the sockets and phones of an exam here.
func (h *hub) in(exam uuid.UUID) (students []*student, watchers []*watcher) {
	h.mu.Lock()
	for _, all := range []map[uuid.UUID]*student{h.students, h.phones} {
		for _, c := range all {
			if c.attempt.ExamID == exam {
				students = append(students, c)
			}
		}
	}
	h.mu.Unlock()
	return students, h.watching(exam)
}

// people are those who have an exam's room open here, each once, by name.
func (h *hub) people(exam uuid.UUID) []StaffCard {
	seen := map[uuid.UUID]bool{}
	list := []StaffCard{}
	for _, w := range h.watching(exam) {
		if !seen[w.person.ID] {
			seen[w.person.ID] = true
			list = append(list, StaffCard{ID: w.person.ID, Name: w.person.Name.String()})
		}
	}
	slices.SortFunc(list, func(a, b StaffCard) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list
}

// tellPresence tells everybody who has the room open who else has.
func (h *hub) tellPresence(exam uuid.UUID) {
	m := presenceMessage{Type: "presence", People: h.people(exam)}
	for _, w := range h.watching(exam) {
		w.send(m)
	}
}

// meters are the exams that somebody watches, each with its students whose media arrive here.
func (h *hub) meters() map[uuid.UUID][]uuid.UUID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[uuid.UUID][]uuid.UUID{}
	for attempt, exam := range h.live {
		if len(h.watchers[exam]) > 0 {
			out[exam] = append(out[exam], attempt)
		}
	}
	return out
}

// everyAttempt calls f for each attempt that has a socket or a phone here.
func (h *hub) everyAttempt(f func(uuid.UUID)) {
	h.mu.Lock()
	ids := make([]uuid.UUID, 0, len(h.students))
	for id := range h.students {
		ids = append(ids, id)
	}
	for id := range h.phones {
		if h.students[id] == nil {
			ids = append(ids, id)
		}
	}
	h.mu.Unlock()
	for _, id := range ids {
		f(id)
	}
}

// closeAll ends every socket, and lets in no more.
func (h *hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, all := range []map[uuid.UUID]*student{h.students, h.phones} {
		for _, c := range all {
			c.close(websocket.CloseServiceRestart, "restart")
		}
	}
	for _, list := range h.watchers {
		for w := range list {
			w.close(websocket.CloseServiceRestart, "restart")
		}
	}
}

// changed tells everybody whom an attempt concerns how it is now, and ends its media when it is over.
func (s *Server) changed(attempt uuid.UUID) {
	ctx, cancel := context.WithTimeout(s.life, 10*time.Second)
	defer cancel()
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		if s.life.Err() == nil {
			s.Logger.Error("a change could not be told", "attempt", attempt, "error", err)
		}
		return
	}
	if !mayPublish(a.State) {
		s.Identify.Stop(attempt)
		if phone := s.hub.phone(attempt); phone != nil {
			phone.endMedia()
		}
	}
	student, watchers := s.hub.student(attempt), s.hub.watching(a.ExamID)
	if student == nil && len(watchers) == 0 {
		return
	}
	shape, err := s.attemptShape(ctx, a)
	if err != nil {
		if s.life.Err() == nil {
			s.Logger.Error("a change could not be told", "attempt", attempt, "error", err)
		}
		return
	}
	if student != nil {
		student.send(attemptMessage{Type: "attempt", Attempt: shape.undoubted()})
		if !mayPublish(a.State) {
			student.endMedia()
		}
	}
	for _, w := range watchers {
		w.send(roomAttemptMessage{Type: "attempt", RoomAttempt: RoomAttempt{Attempt: shape, Connected: s.hub.connected(attempt)}})
	}
}

// Stream implements identify.Room.
func (s *Server) Stream(attempt uuid.UUID) (identify.Stream, bool) {
	p, live := s.Media.Publisher(attempt)
	if !live || !s.hub.connected(attempt) {
		return nil, false
	}
	return p, true
}

// Tell implements identify.Room.
func (s *Server) Tell(a exam.Attempt, p identify.Progress) { s.progress(a, p) }

// progress tells the student and those who watch how an identification goes. The verifier's page is the student's only, and the digits, none of them before its moment.
func (s *Server) progress(a exam.Attempt, p identify.Progress) {
	m := identificationMessage{Type: "identification", Phase: string(p.Phase), Hint: p.Hint}
	if p.Result != nil {
		shape := identificationShape(*p.Result)
		m.Identification = &shape
	}
	if c := s.hub.student(a.ID); c != nil {
		own := m
		if m.Identification != nil {
			shape := m.Identification.undoubted()
			own.Identification = &shape
		}
		if p.Challenge != nil {
			own.Challenge = &challengeMessage{ID: p.Challenge.ID.String(), Length: len(p.Challenge.Digits), Shown: p.Shown}
			if p.Shown > 0 {
				own.Challenge.Digit = p.Challenge.Digits[p.Shown-1 : p.Shown]
			}
		}
		own.URL = p.URL
		c.send(own)
	}
	m.AttemptID = a.ID.String()
	for _, w := range s.hub.watching(a.ExamID) {
		w.send(m)
	}
}
