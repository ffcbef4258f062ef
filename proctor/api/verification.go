package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// bearer is the person's access token of ESIA, which a verifier's page may want. It stays sealed in her session until it expires.
type bearer struct {
	Token   string
	Expires time.Time
}

// spare is how long a token must still be valid: as long as somebody may take on the verifier's page.
const spare = 10 * time.Minute

// keepToken remembers the access token, where a verifier wants it.
func (s *Server) keepToken(ctx context.Context, identity *esia.Identity) error {
	s.sessions.Remove(ctx, keyBearer)
	token, expires := identity.AccessToken()
	if !s.KeepToken || token == "" {
		return nil
	}
	return s.putSealed(ctx, keyBearer, bearer{Token: token, Expires: expires})
}

// token is the person's access token while it lasts, or nothing.
func (s *Server) token(ctx context.Context) string {
	var b bearer
	if err := s.getSealed(ctx, keyBearer, &b); err != nil || s.Now().Add(spare).After(b.Expires) {
		return ""
	}
	return b.Token
}

// maxReturned bounds the query of a browser that comes back, in bytes.
const maxReturned = 4 << 10

// verified takes a browser back from the verifier's page. Whose it is says her session, never the address.
func (s *Server) verified(w http.ResponseWriter, r *http.Request) {
	to := "/"
	if person, err := s.person(r.Context()); err != nil {
		s.Logger.ErrorContext(r.Context(), "who is back from the verifier is not known", "error", err)
	} else if person != nil && person.Has(account.Student) && len(r.URL.RawQuery) <= maxReturned {
		if attempt, ok := s.Identify.Returned(person.ID, r.URL.Query()); ok {
			to = s.returnedTo(r.Context(), attempt)
		}
	}
	http.Redirect(w, r, s.at(to), http.StatusFound)
}

// returnedTo is the page that tells her to go on in the window of the exam, or takes her there when it is this one.
func (s *Server) returnedTo(ctx context.Context, attempt uuid.UUID) string {
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		return "/"
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return "/"
	}
	return "/e/" + url.PathEscape(e.Code) + "/returned"
}
