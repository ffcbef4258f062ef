package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

const (
	wheps        = 100 // players at a time
	whepsOf      = 5   // of one attempt
	whepLook     = 2 * time.Second
	retryNotLive = "5" // seconds
)

// players are who watch one attempt without a page, by WHEP.
type players struct {
	mu   sync.Mutex
	open map[uuid.UUID]*player
}

type player struct {
	id      uuid.UUID
	attempt uuid.UUID
	holder  [sha256.Size]byte
	etag    string
	expires time.Time
	view    *media.Single

	once sync.Once
	end  chan struct{}
}

func (p *player) close() { p.once.Do(func() { close(p.end) }) }

func newPlayers() *players { return &players{open: map[uuid.UUID]*player{}} }

// enter takes a place; false: there is none.
func (h *players) enter(p *player) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	same := 0
	for _, o := range h.open {
		if o.attempt == p.attempt {
			same++
		}
	}
	if same >= whepsOf || len(h.open) >= wheps {
		return false
	}
	h.open[p.id] = p
	return true
}

func (h *players) leave(p *player) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, p.id)
}

func (h *players) player(id uuid.UUID) *player {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open[id]
}

// whepRoutes are for players that see one student: a token that a proctor made stands for her.
func (s *Server) whepRoutes(mux *http.ServeMux) {
	mux.HandleFunc("OPTIONS /whep", whipOptions)
	mux.HandleFunc("POST /whep", s.whepBegin)
	mux.HandleFunc("PATCH /whep/{id}", s.whepChange)
	mux.HandleFunc("DELETE /whep/{id}", s.whepEnd)
}

// whepBegin serves POST /whep. Like a page that opens a student large it is noted in the log, under the name of the proctor who made the token.
func (s *Server) whepBegin(w http.ResponseWriter, r *http.Request) {
	offer, token, bearer, ok := s.bearerOffer(w, r, exam.TokenWatch)
	if !ok {
		return
	}
	p := &player{
		id: uuid.New(), attempt: token.Attempt, holder: sha256.Sum256([]byte(bearer)), etag: newETag(), expires: token.ExpiresAt, end: make(chan struct{}),
	}
	answer, err := s.beginPlayer(r.Context(), p, token, offer)
	if errors.Is(err, media.ErrNotLive) {
		w.Header().Set("Retry-After", retryNotLive)
		s.writeProblem(w, r, problem(http.StatusConflict, "not_live"))
		return
	}
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	s.sessionMade(w, token.Attempt, "/whep/"+p.id.String(), p.etag, answer)
}

func (s *Server) beginPlayer(ctx context.Context, p *player, token exam.Token, offer string) (string, error) {
	a, err := s.Exams.Attempt(ctx, token.Attempt)
	if err != nil {
		return "", err
	}
	issuer, err := s.watchIssuer(ctx, token, a)
	if err != nil {
		return "", err
	}
	view, answer, err := s.Media.ViewOne(ctx, a.ExamID, a.ID, offer)
	if err != nil {
		return "", err
	}
	limit, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	if err := s.Log.Saw(limit, ledger.Look{
		What: ledger.SawLive, Subject: a.ID, Exam: a.ExamID, Attempt: a.ID, Actor: issuer.ID, Name: issuer.Name.String(), Outcome: "viewed", At: s.Now(),
	}); err != nil {
		return "", errors.Join(err, view.Close())
	}
	p.view = view
	if !s.players.enter(p) {
		return "", errors.Join(problem(http.StatusTooManyRequests, "too_many_connections"), view.Close())
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		s.keepPlayer(p)
	}()
	return answer, nil
}

// watchIssuer is who made the token, if she still is a proctor where the exam is.
func (s *Server) watchIssuer(ctx context.Context, token exam.Token, a exam.Attempt) (account.Person, error) {
	issuer, err := s.Accounts.Person(ctx, token.IssuedBy)
	if errors.Is(err, account.ErrNotFound) || err == nil && !issuer.Has(account.Proctor) {
		return issuer, exam.ErrToken
	}
	if err != nil {
		return issuer, err
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err == nil && e.Organisation != issuer.Organisation {
		err = exam.ErrToken
	}
	return issuer, err
}

// keepPlayer waits for an end: the client's, the student's, the token's or ours.
func (s *Server) keepPlayer(p *player) {
	expired := time.NewTimer(p.expires.Sub(s.Now()))
	defer expired.Stop()
	look := time.NewTicker(whepLook)
	defer look.Stop()
	for over := false; !over; {
		select {
		case <-p.end:
			over = true
		case <-s.life.Done():
			over = true
		case <-expired.C:
			over = true
		case <-look.C:
			over = p.view.Over()
		}
	}
	s.players.leave(p)
	if err := p.view.Close(); err != nil && !errors.Is(err, media.ErrClosed) {
		s.Logger.Info("a player did not close well", "attempt", p.attempt, "error", err)
	}
}

// playerOf finds one for the holder of its token. When there is none the answer has been written.
func (s *Server) playerOf(w http.ResponseWriter, r *http.Request) *player {
	id, err := uuid.Parse(r.PathValue("id"))
	p := s.players.player(id)
	holder := sha256.Sum256([]byte(bearerOf(r)))
	if err != nil || p == nil || subtle.ConstantTimeCompare(holder[:], p.holder[:]) != 1 {
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
		return nil
	}
	return p
}

// whepChange serves PATCH: trickled candidates. A player that wants an ICE restart begins anew, which costs it a key frame.
func (s *Server) whepChange(w http.ResponseWriter, r *http.Request) {
	p := s.playerOf(w, r)
	if p == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestFragment))
	fragment, wrong := parseFragment(string(body))
	switch match := r.Header.Get("If-Match"); {
	case !isType(r, typeFragment):
		w.Header().Set("Accept-Patch", typeFragment)
		s.writeProblem(w, r, problem(http.StatusUnsupportedMediaType, "bad_request"))
	case err != nil:
		s.writeProblem(w, r, problem(http.StatusRequestEntityTooLarge, "too_large"))
	case wrong != nil:
		s.writeProblem(w, r, problem(http.StatusBadRequest, "candidate_refused"))
	case match == "":
		s.writeProblem(w, r, problem(http.StatusPreconditionRequired, "if_match_needed"))
	case match == "*":
		s.writeProblem(w, r, problem(http.StatusUnprocessableEntity, "bad_request"))
	case match != p.etag:
		s.writeProblem(w, r, problem(http.StatusPreconditionFailed, "if_match_needed"))
	default:
		for _, c := range fragment.candidates {
			if err := p.view.AddCandidate(c); err != nil {
				s.writeProblem(w, r, problem(http.StatusBadRequest, "candidate_refused"))
				return
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// whepEnd serves DELETE.
func (s *Server) whepEnd(w http.ResponseWriter, r *http.Request) {
	if p := s.playerOf(w, r); p != nil {
		p.close()
		w.WriteHeader(http.StatusOK)
	}
}
