package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// What a session holds.
const (
	keyPerson = "person" // the id of who signed in
	keySignIn = "signin" // a sign-in that was started: signInState as JSON
)

type signInState struct {
	Pending esia.Pending
	Return  string
}

// person is who the session belongs to, nil when nobody is signed in. Roles are read afresh, so one taken away is gone at once.
func (s *Server) person(ctx context.Context) (*account.Person, error) {
	id, err := uuid.Parse(s.sessions.GetString(ctx, keyPerson))
	if err != nil {
		return nil, nil
	}
	p, err := s.Accounts.Person(ctx, id)
	if errors.Is(err, account.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

func (s *Server) session(ctx context.Context, _ *struct{}) (*body[Session], error) {
	organisation, err := s.Accounts.Organisation(ctx)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return nil, err
	}
	out := Session{Organisation: OrganisationCard{Name: organisation.Name, ShortName: organisation.ShortName}, Version: s.Version}
	if p := caller(ctx); p != nil {
		out.SignedIn = true
		out.Person = &SessionPerson{ID: p.ID, DisplayName: p.Name.String(), Roles: []string{}}
		for _, role := range p.Roles {
			out.Person.Roles = append(out.Person.Roles, string(role))
		}
	}
	return answer(out), nil
}

func (s *Server) endSession(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.sessions.Destroy(ctx)
}

// startSignIn sends the browser to ESIA. The state is bound to this browser's session and used once.
func (s *Server) startSignIn(w http.ResponseWriter, r *http.Request) {
	returnTo := localPath(r.URL.Query().Get("return"))
	redirect, err := s.ESIA.Start(r.Context())
	if err != nil {
		s.signInFailed(w, r, returnTo, err)
		return
	}
	state, err := json.Marshal(signInState{Pending: redirect.Pending(), Return: returnTo})
	if err != nil {
		s.signInFailed(w, r, returnTo, err)
		return
	}
	s.sessions.Put(r.Context(), keySignIn, state)
	http.Redirect(w, r, redirect.URL, http.StatusFound)
}

// finishSignIn takes the browser back from ESIA, finds the person and starts a fresh session.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request) {
	var state signInState
	if raw := s.sessions.PopBytes(r.Context(), keySignIn); raw != nil {
		if err := json.Unmarshal(raw, &state); err != nil {
			s.signInFailed(w, r, state.Return, err)
			return
		}
	}
	identity, err := s.ESIA.Finish(r.Context(), state.Pending, r.URL.Query())
	if err != nil {
		s.signInFailed(w, r, state.Return, err)
		return
	}
	person, err := s.Accounts.SignIn(r.Context(), account.Claims{
		OID:       identity.OID,
		Name:      account.Name{Last: identity.Person.LastName, First: identity.Person.FirstName, Middle: identity.Person.MiddleName},
		BirthDate: identity.Person.BirthDate, SNILS: identity.Person.SNILS, Confirmed: identity.Confirmed(),
	})
	if err != nil {
		s.signInFailed(w, r, state.Return, err)
		return
	}
	if err := s.sessions.RenewToken(r.Context()); err != nil {
		s.signInFailed(w, r, state.Return, err)
		return
	}
	s.sessions.Put(r.Context(), keyPerson, person.ID.String())
	http.Redirect(w, r, s.at(state.Return), http.StatusFound)
}

// signInFailed shows the sign-in page with a code that it explains, and where to go on after another try; the cause goes to the log.
func (s *Server) signInFailed(w http.ResponseWriter, r *http.Request, returnTo string, err error) {
	query := url.Values{"problem": {string(esia.KindUnavailable)}}
	if returnTo != "" && returnTo != "/" {
		query.Set("return", returnTo)
	}
	var e *esia.Error
	switch {
	case errors.As(err, &e):
		query.Set("problem", string(e.Kind()))
		query.Set("esia", e.Code)
	case errors.Is(err, account.ErrNotConfirmed):
		query.Set("problem", string(esia.KindNotConfirmed))
	case errors.Is(err, account.ErrUnknown), errors.Is(err, account.ErrAmbiguous):
		query.Set("problem", "person_unknown")
	}
	s.Logger.WarnContext(r.Context(), "sign-in failed", "problem", query.Get("problem"), "error", err)
	http.Redirect(w, r, s.at("/sign-in?"+query.Encode()), http.StatusFound)
}

// at is a local path under the place where the service is published.
func (s *Server) at(path string) string { return strings.TrimSuffix(s.PublicURL.Path, "/") + path }

// localPath keeps a path of our own and turns everything else into "/": a redirect never leaves the service.
func localPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n") || len(p) > 512 {
		return "/"
	}
	return p
}
