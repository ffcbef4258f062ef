package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/skip2/go-qrcode"

	"ochno/proctor/exam"
	"ochno/proctor/media/relay"
)

// How an attempt's second camera stands.
const (
	phoneWaiting = "waiting" // there is none
	phoneLive    = "live"
	phoneLost    = "lost" // it is connected, and nothing comes
)

// phoneState is empty where the policy wants no phone.
func (s *Server) phoneState(p exam.Policy, attempt uuid.UUID) string {
	if p.Phone != exam.Required {
		return ""
	}
	return s.hub.phoneState(attempt)
}

// wantsPhone refuses a second camera that the exam does not ask for.
func (s *Server) wantsPhone(ctx context.Context, a exam.Attempt) error {
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err == nil && e.Policy.Phone != exam.Required {
		err = problem(http.StatusConflict, "phone_not_wanted")
	}
	return err
}

// PhoneCode is the way for a phone to become the second camera of an attempt.
type PhoneCode struct {
	Link      string    `json:"link" doc:"Works once; its secret is behind the #, which no server sees"`
	Modules   []string  `json:"modules" nullable:"false" doc:"The link as a QR code: rows of 1 (dark) and 0, the quiet zone included"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// phoneCode makes one; those before it work no more.
func (s *Server) phoneCode(ctx context.Context, in *AttemptPath) (*body[PhoneCode], error) {
	if !s.noticed.allow("phone " + in.ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_notes")
	}
	a, err := s.Exams.Attempt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !mayPublish(a.State) {
		return nil, &exam.IllegalMove{From: a.State, To: exam.InProgress}
	}
	if err := errors.Join(s.wantsPhone(ctx, a), s.notOver(ctx, a)); err != nil {
		return nil, err
	}
	text, until, err := s.Exams.PhoneCode(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	link := strings.TrimSuffix(s.PublicURL.String(), "/") + "/phone#" + text
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	out := PhoneCode{Link: link, ExpiresAt: until}
	for _, row := range code.Bitmap() {
		var line strings.Builder
		for _, dark := range row {
			if dark {
				line.WriteByte('1')
			} else {
				line.WriteByte('0')
			}
		}
		out.Modules = append(out.Modules, line.String())
	}
	return answer(out), nil
}

// phoneRoutes are the phone's own. They carry no cookie: the code from the link is exchanged for a bearer token, which sends the second camera by
// WHIP and reads how that stands, and does nothing else.
func (s *Server) phoneRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/phone", s.claimPhone)
	mux.HandleFunc("GET /api/phone", s.readPhone)
}

const maxClaim = 1 << 10

// phoneClaim is what a phone has from its code.
type phoneClaim struct {
	Token string `json:"token"`
}

// claimPhone exchanges a code for a token, once.
func (s *Server) claimPhone(w http.ResponseWriter, r *http.Request) {
	if !s.whips.starts.allow(addressOf(r.Context())) {
		s.writeProblem(w, r, problem(http.StatusTooManyRequests, "too_many_connections"))
		return
	}
	var in struct {
		Code string `json:"code"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxClaim)).Decode(&in); err != nil {
		s.writeProblem(w, r, problem(http.StatusBadRequest, "bad_request"))
		return
	}
	token, _, err := s.Exams.ClaimPhone(r.Context(), in.Code)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	writeJSON(w, phoneClaim{Token: token})
}

// phoneView is what a phone is told: which exam it is, how its own picture stands, and what it needs to send.
type phoneView struct {
	Exam       string            `json:"exam"`
	State      string            `json:"state"`
	Over       bool              `json:"over"` // the exam has ended for the student: nothing more is taken
	Rate       int               `json:"rate"` // at most, kbit/s
	ICEServers []relay.ICEServer `json:"iceServers"`
}

// readPhone tells the holder of a phone's token how it stands.
func (s *Server) readPhone(w http.ResponseWriter, r *http.Request) {
	token, err := s.Exams.Token(r.Context(), bearerOf(r), exam.TokenPhone)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	a, err := s.Exams.Attempt(r.Context(), token.Attempt)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	e, err := s.Exams.Exam(r.Context(), a.ExamID)
	if err != nil {
		s.writeProblem(w, r, explain(r.Context(), s.Logger, err))
		return
	}
	view := phoneView{Exam: e.Title, State: s.hub.phoneState(a.ID), Rate: e.Policy.Rates.Phone, ICEServers: []relay.ICEServer{}}
	view.Over = !mayPublish(a.State) || a.Over(s.Now()) || e.Policy.Phone != exam.Required
	if !view.Over {
		view.ICEServers = append(view.ICEServers, s.Relays.Servers(a.ID)...)
	}
	writeJSON(w, view)
}

func writeJSON(w http.ResponseWriter, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(out)
}
