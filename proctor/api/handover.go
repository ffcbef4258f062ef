package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/room"
)

// A request that concerns a room is answered by the node on which the room is: whichever node a browser or a load balancer comes to hands it over
// to that one, sockets included. Media go straight to that node, because its answers offer its own addresses.

const (
	// headerHanded is on a request from another node: its proof, and the client's address.
	headerHanded = "Ochno-Handed-Over"
	// headerMoved is on the answer of a node that is handed a request for a room that it has not.
	headerMoved = "Ochno-Room-Moved"

	patienceForRoom = 8 * time.Second // a dead node's lease ends within five
	roomPause       = 200 * time.Millisecond
	longestKept     = 64 << 10 // of bodies that can be sent twice
	knownExams      = 50_000   // attempts whose exam is remembered
	lookAfterPasses = time.Second
)

// errMoved: the other node has not got the room.
var errMoved = errors.New("the room has moved")

// handover knows what this node hands over to others.
type handover struct {
	transport *http.Transport

	mu     sync.Mutex
	exams  map[uuid.UUID]uuid.UUID // by attempt; it never changes
	passes map[*pass]struct{}
}

// pass is a request that another node answers.
type pass struct {
	exam   uuid.UUID
	node   uuid.UUID
	cancel context.CancelFunc
}

func newHandover() *handover {
	return &handover{
		transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: time.Second, KeepAlive: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 2 * time.Second,
			MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		},
		exams: map[uuid.UUID]uuid.UUID{}, passes: map[*pass]struct{}{},
	}
}

// placed answers requests about rooms where the rooms are, and all others here.
func (s *Server) placed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proof := r.Header.Get(headerHanded)
		if proof != "" {
			address, ok := s.handed(r, proof)
			if !ok { // nobody but a node says such things
				s.Logger.Warn("a request says that another node sent it, and none did", "peer", r.RemoteAddr)
				s.refuse(w, r, problem(http.StatusForbidden, "forbidden"))
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), addressKey{}, address))
		}
		if s.Rooms == nil || s.Rooms.Alone() {
			next.ServeHTTP(w, r)
			return
		}
		id, err := s.roomOf(r)
		if err != nil {
			if proof != "" {
				w.Header().Set(headerMoved, "1")
			}
			s.refuse(w, r, s.unavailable(r.Context(), err))
			return
		}
		if id == uuid.Nil {
			next.ServeHTTP(w, r)
			return
		}
		s.atRoom(w, r, id, proof != "", next)
	})
}

// atRoom answers a request about a room here, or has the node answer that has it. While a room moves the request waits.
func (s *Server) atRoom(w http.ResponseWriter, r *http.Request, id uuid.UUID, handed bool, next http.Handler) {
	send, err := keepBody(r)
	if err != nil {
		s.refuse(w, r, problem(http.StatusBadRequest, "bad_request"))
		return
	}
	for end := time.Now().Add(patienceForRoom); ; {
		place, err := s.Rooms.Find(r.Context(), id)
		switch {
		case errors.Is(err, exam.ErrNotFound):
			next.ServeHTTP(w, send())
			return
		case err == nil && place.Here:
			next.ServeHTTP(w, send())
			return
		case handed: // by a node that thought the room to be here: it looks again
			w.Header().Set(headerMoved, "1")
			s.refuse(w, r, problem(http.StatusServiceUnavailable, "room_moving"))
			return
		case err == nil:
			if done := s.pass(w, send(), id, place); done {
				return
			}
		case !errors.Is(err, room.ErrNowhere):
			s.refuse(w, r, s.unavailable(r.Context(), err))
			return
		}
		if !time.Now().Before(end) {
			w.Header().Set("Retry-After", "1")
			s.refuse(w, r, problem(http.StatusServiceUnavailable, "room_moving"))
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.life.Done():
			s.refuse(w, r, problem(http.StatusServiceUnavailable, "stopping"))
			return
		case <-time.After(roomPause):
		}
	}
}

// unavailable is what is said when it cannot be found out where a room is.
func (s *Server) unavailable(ctx context.Context, err error) *Problem {
	if p := explain(ctx, s.Logger, err); p.Status != http.StatusInternalServerError {
		return p
	}
	return problem(http.StatusServiceUnavailable, "room_moving")
}

// keepBody makes a request that can be sent again as long as nobody has read its body; a small one always.
func keepBody(r *http.Request) (send func() *http.Request, err error) {
	if r.ContentLength > longestKept || r.ContentLength < 0 {
		body := r.Body
		return func() *http.Request {
			r.Body = io.NopCloser(body) // a transport closes what it did not even begin to send
			return r
		}, nil
	}
	kept, err := io.ReadAll(io.LimitReader(r.Body, longestKept))
	if err != nil {
		return nil, err
	}
	return func() *http.Request {
		r.Body = http.NoBody
		if len(kept) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(kept))
		}
		return r
	}, nil
}

// pass has another node answer. It is not done when that node was not reached, or has not got the room, so that nothing has happened yet.
func (s *Server) pass(w http.ResponseWriter, r *http.Request, id uuid.UUID, to room.Place) (done bool) {
	target, err := url.Parse(to.URL)
	if err != nil || target.Host == "" {
		s.Logger.Error("A NODE HAS NO ADDRESS for the others", "node", to.Node)
		return false
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	p := &pass{exam: id, node: to.Node, cancel: cancel}
	s.handover.enter(p)
	defer s.handover.leave(p)
	address := s.clientAddress(r)
	var failed error
	proxy := &httputil.ReverseProxy{
		Transport: s.handover.transport, FlushInterval: -1, ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			pr.Out.Host = pr.In.Host
			pr.Out.Header.Set(headerHanded, s.proof(to.Run, pr.Out.Method, pr.Out.URL.RequestURI(), address))
		},
		ModifyResponse: func(answer *http.Response) error {
			if answer.Header.Get(headerMoved) != "" {
				return errMoved
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	if failed == nil {
		return true
	}
	if r.Context().Err() != nil {
		return true
	}
	again := errors.Is(failed, errMoved) && r.ContentLength >= 0 && r.ContentLength <= longestKept
	if dial := (*net.OpError)(nil); errors.As(failed, &dial) && dial.Op == "dial" {
		again = true
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead { // asking twice changes nothing
		again = true
	}
	if !again {
		s.Logger.Warn("a request was lost with the node that was to answer it", "node", to.Node, "error", failed)
		w.Header().Set("Retry-After", "1")
		s.refuse(w, r, problem(http.StatusServiceUnavailable, "room_moving"))
	}
	return !again
}

// proof is what a node says to another one with a request: it is good for that request to that process alone.
func (s *Server) proof(to uuid.UUID, method, uri, address string) string {
	sum := s.Ring.Lookup("handed over", strings.Join([]string{to.String(), method, uri, address}, "\n"))
	return base64.RawURLEncoding.EncodeToString(sum) + " " + address
}

// handed checks the proof of a request that another node sent, and returns the address of who asked that node.
func (s *Server) handed(r *http.Request, proof string) (address string, ok bool) {
	if s.Rooms == nil || len(r.Header.Values(headerHanded)) != 1 {
		return "", false
	}
	_, address, ok = strings.Cut(proof, " ")
	return address, ok && hmac.Equal([]byte(proof), []byte(s.proof(s.Rooms.Process(), r.Method, r.RequestURI, address)))
}

// roomOf is the exam whose room a request is about; none when it is about no room, or about nothing that there is.
func (s *Server) roomOf(r *http.Request) (uuid.UUID, error) {
	path, _ := strings.CutPrefix(r.URL.Path, base(s.PublicURL))
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	attempt, err := uuid.Nil, error(nil)
	switch {
	case len(parts) >= 3 && parts[0] == "api" && parts[1] == "exams":
		id, _ := uuid.Parse(parts[2])
		return id, nil
	case len(parts) >= 3 && parts[0] == "api" && parts[1] == "attempts":
		attempt, _ = uuid.Parse(parts[2])
	case parts[0] == "whip":
		attempt, err = s.attemptOfToken(r, exam.TokenPublish, exam.TokenPhone)
	case path == "/api/phone":
		attempt, err = s.attemptOfToken(r, exam.TokenPhone)
	case parts[0] == "whep":
		attempt, err = s.attemptOfToken(r, exam.TokenWatch)
	case path == "/auth/verification":
		return s.roomOfReturned(r)
	}
	if err != nil || attempt == uuid.Nil {
		return uuid.Nil, err
	}
	return s.examOf(r.Context(), attempt)
}

// attemptOfToken is whose a request with a bearer token is; none when the token is no good, which its own handler says.
func (s *Server) attemptOfToken(r *http.Request, uses ...exam.TokenUse) (uuid.UUID, error) {
	bearer := bearerOf(r)
	if bearer == "" {
		return uuid.Nil, nil
	}
	token, err := s.Exams.Token(r.Context(), bearer, uses...)
	if errors.Is(err, exam.ErrToken) {
		return uuid.Nil, nil
	}
	return token.Attempt, err
}

// roomOfReturned is where the student is being identified whose browser is back from the verifier's page.
func (s *Server) roomOfReturned(r *http.Request) (uuid.UUID, error) {
	token := ""
	if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := s.sessions.Load(r.Context(), token)
	if err != nil {
		return uuid.Nil, err
	}
	person, err := s.person(ctx)
	if err != nil || person == nil || !person.Has(account.Student) {
		return uuid.Nil, err
	}
	id, err := s.Exams.Identified(ctx, person.ID)
	if errors.Is(err, exam.ErrNotFound) {
		return uuid.Nil, nil
	}
	return id, err
}

// examOf is an attempt's exam; none when there is no such attempt.
func (s *Server) examOf(ctx context.Context, attempt uuid.UUID) (uuid.UUID, error) {
	if id, known := s.handover.exam(attempt); known {
		return id, nil
	}
	id, err := s.Exams.ExamOf(ctx, attempt)
	if errors.Is(err, exam.ErrNotFound) {
		return uuid.Nil, nil
	}
	if err == nil {
		s.handover.learn(attempt, id)
	}
	return id, err
}

func (h *handover) exam(attempt uuid.UUID) (uuid.UUID, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id, known := h.exams[attempt]
	return id, known
}

func (h *handover) learn(attempt, exam uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.exams) >= knownExams {
		clear(h.exams)
	}
	h.exams[attempt] = exam
}

func (h *handover) enter(p *pass) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passes[p] = struct{}{}
}

func (h *handover) leave(p *pass) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.passes, p)
}

// lookAfterPasses ends what is handed over to a node that has the room no more, until ctx ends: a machine that is gone closes no connection.
func (s *Server) lookAfterPasses(ctx context.Context) {
	tick := time.NewTicker(lookAfterPasses)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		passes := s.handover.all()
		if len(passes) == 0 {
			continue
		}
		held, err := s.Rooms.Held(ctx)
		if err != nil {
			continue // who cannot look changes nothing
		}
		for _, p := range passes {
			if held[p.exam].Node != p.node {
				p.cancel()
			}
		}
	}
}

func (h *handover) all() []*pass {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*pass, 0, len(h.passes))
	for p := range h.passes {
		list = append(list, p)
	}
	return list
}

// refuse answers in front of all routes.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	s.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.writeProblem(w, r, p) })).ServeHTTP(w, r)
}
