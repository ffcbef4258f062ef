package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/media"
)

const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"

	connectsPerAttempt = 60   // connections that one attempt may begin in a minute, by either door
	whipsPerAddress    = 1200 // requests that begin one, in a minute: a lab's cameras stand behind one address

	whipLook   = 5 * time.Second  // how often a session looks whether it still may
	whipMemory = 10 * time.Minute // how long a session that was ended by us is remembered, so that its client is told why
)

// whips are the sessions of the second door: who publishes without a page, by WHIP (RFC 9725).
type whips struct {
	connects *limiter // of connections that publish, by either door, by attempt
	starts   *limiter // of requests with a token, by address

	mu   sync.Mutex
	open map[uuid.UUID]*whip
}

func newWhips(now func() time.Time) *whips {
	return &whips{
		connects: newLimiter(connectsPerAttempt, time.Minute, limitedKeys, now), starts: newLimiter(whipsPerAddress, time.Minute, limitedKeys, now),
		open: map[uuid.UUID]*whip{},
	}
}

// whip is one session. It stands where a page's socket does; to it nothing can be said but in answers to its requests.
type whip struct {
	id      uuid.UUID
	holder  [sha256.Size]byte // of the token that began it
	student *student
	expires time.Time

	once   sync.Once
	closed chan struct{}
	code   int // why it was closed, like a socket's; set before closed is

	mu    sync.Mutex // one change at a time
	etag  string     // of the ICE session
	offer string
}

func (*whip) send(any)                  {}
func (*whip) problem(*Problem)          {}
func (*whip) candidate(media.Candidate) {} // ours are all in the answer
func (w *whip) failed()                 { w.close(0, "") }

func (w *whip) close(code int, _ string) {
	w.once.Do(func() {
		w.code = code
		close(w.closed)
	})
}

// whipRoutes are the second door's. They carry no cookie: who comes shows a bearer token.
func (s *Server) whipRoutes(mux *http.ServeMux) {
	mux.HandleFunc("OPTIONS /whip", whipOptions)
	mux.HandleFunc("POST /whip", s.whipBegin)
	mux.HandleFunc("PATCH /whip/{id}", s.whipChange)
	mux.HandleFunc("DELETE /whip/{id}", s.whipEnd)
}

func whipOptions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Accept-Post", typeSDP)
	w.Header().Set("Allow", "OPTIONS, POST")
	w.WriteHeader(http.StatusNoContent)
}

// whipBegin serves POST /whip: an offer, and the answer to it.
func (s *Server) whipBegin(w http.ResponseWriter, r *http.Request) {
	offer, token, bearer, ok := s.bearerOffer(w, r, exam.TokenPublish, exam.TokenPhone)
	if !ok {
		return
	}
	session := &whip{id: uuid.New(), holder: sha256.Sum256([]byte(bearer)), expires: token.ExpiresAt, closed: make(chan struct{})}
	answer, err := s.beginWhip(r.Context(), session, token, offer)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	s.sessionMade(w, token.Attempt, "/whip/"+session.id.String(), session.etag, answer)
}

// sessionMade answers a WHIP or WHEP request that made a session, which is found at the path from now on.
func (s *Server) sessionMade(w http.ResponseWriter, attempt uuid.UUID, path, etag, answer string) {
	s.tellICE(w, attempt)
	w.Header().Set("Content-Type", typeSDP)
	w.Header().Set("Location", s.at(path))
	w.Header().Set("ETag", etag)
	w.Header().Set("Accept-Patch", typeFragment)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer)
}

// bearerOffer reads what both doors of tokens begin with. When it is not ok the answer has been written.
func (s *Server) bearerOffer(w http.ResponseWriter, r *http.Request, uses ...exam.TokenUse) (offer string, token exam.Token, bearer string, ok bool) {
	refuse := func(p *Problem) {
		if p.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="ochno"`)
		}
		s.writeProblem(w, r, p)
	}
	if !s.whips.starts.allow(addressOf(r.Context())) {
		refuse(problem(http.StatusTooManyRequests, "too_many_connections"))
		return offer, token, bearer, ok
	}
	bearer = bearerOf(r)
	token, err := s.Exams.Token(r.Context(), bearer, uses...)
	if err != nil {
		refuse(explain(r.Context(), s.Logger, err))
		return offer, token, bearer, ok
	}
	if !isType(r, typeSDP) {
		w.Header().Set("Accept-Post", typeSDP)
		refuse(problem(http.StatusUnsupportedMediaType, "bad_request"))
		return offer, token, bearer, ok
	}
	if !s.whips.connects.allow(token.Attempt.String()) {
		w.Header().Set("Retry-After", "60")
		refuse(problem(http.StatusTooManyRequests, "too_many_connections"))
		return offer, token, bearer, ok
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		refuse(problem(http.StatusRequestEntityTooLarge, "too_large"))
		return offer, token, bearer, ok
	}
	if err != nil {
		refuse(problem(http.StatusBadRequest, "bad_request"))
		return offer, token, bearer, ok
	}
	return string(body), token, bearer, true
}

func bearerOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func isType(r *http.Request, want string) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == want
}

// tellICE names the TURN servers as RFC 9725 wants it.
func (s *Server) tellICE(w http.ResponseWriter, attempt uuid.UUID) {
	for _, server := range s.Relays.Servers(attempt) {
		for _, url := range server.URLs {
			w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="ice-server"; username="%s"; credential="%s"; credential-type="password"`, url, server.Username, server.Credential))
		}
	}
}

// beginWhip makes the session the attempt's connection, like a page's socket, or its phone's. A refused offer leaves nothing behind, not even a page taken over.
func (s *Server) beginWhip(ctx context.Context, session *whip, token exam.Token, offer string) (string, error) {
	phone := token.Use == exam.TokenPhone
	if err := media.CheckOffer(offer, phone); err != nil {
		return "", err
	}
	a, err := s.Exams.Attempt(ctx, token.Attempt)
	if err != nil {
		return "", err
	}
	c := &student{line: session, server: s, attempt: a, phone: phone}
	session.student, session.etag, session.offer = c, newETag(), offer
	if err := c.mayOffer(ctx); err != nil {
		return "", err
	}
	if !s.enterStudent(c) {
		return "", problem(http.StatusServiceUnavailable, "stopping")
	}
	s.work.Add(1)
	answer, err := c.answer(offer)
	if err != nil {
		session.close(0, "")
	}
	s.whips.enter(session)
	go func() {
		defer s.work.Done()
		s.keepWhip(session)
	}()
	return answer, err
}

// keepWhip waits for the end of a session and cleans up after it.
func (s *Server) keepWhip(session *whip) {
	expired := time.NewTimer(session.expires.Sub(s.Now()))
	defer expired.Stop()
	look := time.NewTicker(whipLook)
	defer look.Stop()
	for open := true; open; {
		select {
		case <-session.closed:
			open = false
		case <-expired.C:
			session.close(closeNotSigned, "expired")
		case <-look.C:
			if session.student.over() { // the attempt ended, or was handed in
				session.close(0, "")
			}
		}
	}
	s.leaveStudent(session.student)
	s.whips.leave(session, s.Now)
}

// session finds one by its address, for the holder of the token that began it alone. One that was taken over or expired says so.
func (s *Server) whipSession(w http.ResponseWriter, r *http.Request) *whip {
	id, err := uuid.Parse(r.PathValue("id"))
	session := s.whips.session(id)
	holder := sha256.Sum256([]byte(bearerOf(r)))
	switch {
	case bearerOf(r) == "":
		w.Header().Set("WWW-Authenticate", `Bearer realm="ochno"`)
		s.writeProblem(w, r, problem(http.StatusUnauthorized, "token_invalid"))
	case err != nil || session == nil || subtle.ConstantTimeCompare(holder[:], session.holder[:]) != 1:
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
	default:
		return session
	}
	return nil
}

// ended tells a client why its session is over; false: it is not.
func (s *Server) whipEnded(w http.ResponseWriter, r *http.Request, session *whip) bool {
	select {
	case <-session.closed:
	default:
		return false
	}
	switch session.code {
	case closeTakenOver:
		s.writeProblem(w, r, problem(http.StatusConflict, "taken_over"))
	case closeNotSigned:
		w.Header().Set("WWW-Authenticate", `Bearer realm="ochno"`)
		s.writeProblem(w, r, problem(http.StatusUnauthorized, "token_invalid"))
	default:
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
	}
	return true
}

// whipChange serves PATCH: trickled candidates of the ICE session named by If-Match, or an ICE restart.
func (s *Server) whipChange(w http.ResponseWriter, r *http.Request) {
	session := s.whipSession(w, r)
	if session == nil || s.whipEnded(w, r, session) {
		return
	}
	if !isType(r, typeFragment) {
		w.Header().Set("Accept-Patch", typeFragment)
		s.writeProblem(w, r, problem(http.StatusUnsupportedMediaType, "bad_request"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestFragment))
	if err != nil {
		s.writeProblem(w, r, problem(http.StatusRequestEntityTooLarge, "too_large"))
		return
	}
	fragment, err := parseFragment(string(body))
	if err != nil {
		s.writeProblem(w, r, problem(http.StatusBadRequest, "candidate_refused"))
		return
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	match := r.Header.Get("If-Match")
	ufrag, _ := credentials(session.offer)
	restart := fragment.ufrag != "" && fragment.ufrag != ufrag
	switch {
	case match == "":
		s.writeProblem(w, r, problem(http.StatusPreconditionRequired, "if_match_needed"))
	case match != session.etag && (match != "*" || !restart):
		s.writeProblem(w, r, problem(http.StatusPreconditionFailed, "if_match_needed"))
	case restart:
		s.restartWhip(w, r, session, fragment)
	default:
		for _, c := range fragment.candidates {
			session.student.remoteCandidate(&c)
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// restartWhip renegotiates with new credentials; session.mu is held.
func (s *Server) restartWhip(w http.ResponseWriter, r *http.Request, session *whip, fragment sdpFragment) {
	if !s.whips.connects.allow(session.student.attempt.ID.String()) {
		w.Header().Set("Retry-After", "60")
		s.writeProblem(w, r, problem(http.StatusTooManyRequests, "too_many_connections"))
		return
	}
	offer := restartOffer(session.offer, fragment)
	answer, err := session.student.answer(offer)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	session.offer, session.etag = offer, newETag()
	for _, c := range fragment.candidates {
		session.student.remoteCandidate(&c)
	}
	w.Header().Set("Content-Type", typeFragment)
	w.Header().Set("ETag", session.etag)
	_, _ = io.WriteString(w, fragmentOf(answer))
}

// whipEnd serves DELETE.
func (s *Server) whipEnd(w http.ResponseWriter, r *http.Request) {
	session := s.whipSession(w, r)
	if session == nil || s.whipEnded(w, r, session) {
		return
	}
	session.close(0, "")
	w.WriteHeader(http.StatusOK)
}

func newETag() string { return `"` + rand.Text() + `"` }

func (h *whips) enter(w *whip) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[w.id] = w
}

func (h *whips) session(id uuid.UUID) *whip {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open[id]
}

// leave forgets a session; one that we ended is remembered for a while, and those before it are forgotten then.
func (h *whips) leave(w *whip, now func() time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, old := range h.open {
		select {
		case <-old.closed:
			if old != w && now().Sub(old.expires) > 0 {
				delete(h.open, id)
			}
		default:
		}
	}
	if w.code == 0 {
		delete(h.open, w.id)
		return
	}
	w.expires = now().Add(whipMemory)
}
