package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia"
	"ochno/proctor/keyring"
)

// signInState is a sign-in that this browser began.
type signInState struct {
	Pending esia.Pending
	Return  string
	Link    uuid.UUID // whose account is to be linked; nobody's: this is a sign-in

	Guardian bool // a parent who opened an invitation
}

// provider is who signs people in; of parents it reads the children, too.
func (s *Server) provider(guardian bool) esia.Provider {
	if guardian {
		return s.Parents
	}
	return s.ESIA
}

// arrival is how the last sign-in of this browser ended, and who ESIA said it was. It stays sealed in the session, for an hour.
type arrival struct {
	Problem string // empty: it went well
	Code    string // ESIA's or ours, for the administrator
	Message Text   // what the person can do
	Return  string
	Claims  account.Claims // zero unless the account is admitted
	Level   account.Level
	At      time.Time
}

const arrivalLife = time.Hour

// The limits of signing in. An address may be a whole campus behind one router.
const (
	startsPerAddress  = 600 // in ten minutes
	signInsPerAccount = 20  // in ten minutes
	formsPerAddress   = 20  // in an hour
	limitedKeys       = 10_000
)

// startSignIn sends the browser to ESIA. The state is bound to this browser's session and used once.
func (s *Server) startSignIn(w http.ResponseWriter, r *http.Request) {
	returnTo := localPath(r.URL.Query().Get("return"))
	if !s.starts.allow(s.clientAddress(r)) {
		s.signInFailed(w, r, arrival{Return: returnTo}, problem(http.StatusTooManyRequests, "too_many_attempts"))
		return
	}
	guardian := r.URL.Query().Get("as") == "guardian" && s.openedCode(r.Context()) != ""
	redirect, err := s.provider(guardian).Start(r.Context())
	if err == nil {
		err = s.putSealed(r.Context(), keySignIn, signInState{Pending: redirect.Pending(), Return: returnTo, Guardian: guardian})
	}
	if err != nil {
		s.signInFailed(w, r, arrival{Return: returnTo}, err)
		return
	}
	http.Redirect(w, r, redirect.URL, http.StatusFound)
}

// finishSignIn takes the browser back from ESIA, finds who it is, and gives the session to her: at once where it is clear in which role she
// acts, otherwise she is asked.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var state signInState
	err := s.getSealed(ctx, keySignIn, &state)
	s.sessions.Remove(ctx, keySignIn)
	how := arrival{Return: state.Return, At: s.Now()}
	var identity *esia.Identity
	if err == nil {
		identity, err = s.provider(state.Guardian).Finish(ctx, state.Pending, r.URL.Query())
	}
	if err != nil {
		if state.Link != uuid.Nil {
			s.linkFailed(w, r, err)
			return
		}
		s.signInFailed(w, r, how, err)
		return
	}
	if !s.accounts.allow(identity.OID) {
		s.signInFailed(w, r, how, problem(http.StatusTooManyRequests, "too_many_attempts"))
		return
	}
	if code := s.openedCode(ctx); state.Guardian && code != "" {
		s.finishGuardian(w, r, code, identity)
		return
	}
	claims := claimsOf(identity)
	if state.Link != uuid.Nil {
		s.finishLink(w, r, state.Link, claims)
		return
	}
	how.Level = claims.Level
	lost, err := s.applyGroups(ctx, identity, claims)
	if err != nil {
		s.signInFailed(w, r, how, err)
		return
	}
	people, err := s.Accounts.SignIn(ctx, claims, func(ctx context.Context) []string {
		claims.Documents = s.documents(ctx, identity)
		return claims.Documents
	})
	if claims.Admitted(s.Now()) {
		how.Claims = claims
	}
	if err != nil {
		s.signInFailed(w, r, how, err)
		return
	}
	if err := s.keepToken(ctx, identity); err != nil {
		s.signInFailed(w, r, how, err)
		return
	}
	to, err := s.arrive(ctx, people, how)
	if errors.Is(err, account.ErrNoRole) && lost {
		err = problem(http.StatusServiceUnavailable, "groups_unavailable")
	}
	if err != nil {
		s.signInFailed(w, r, how, err)
		return
	}
	if lost && to != "/choose" {
		to = "/account?problem=groups_unavailable"
	}
	http.Redirect(w, r, s.at(to), http.StatusFound)
}

// arrive gives the session to whoever ESIA's account belongs to, and tells where the browser goes on.
func (s *Server) arrive(ctx context.Context, people []account.Person, how arrival) (string, error) {
	choices, last, err := s.Accounts.Choices(ctx, people)
	if err != nil {
		return "", err
	}
	if len(choices) == 0 {
		return "", account.ErrNoRole
	}
	picked, err := s.pick(ctx, choices, last, how.Return)
	if err != nil {
		return "", err
	}
	in := entrance{method: s.SignIn, oid: how.Claims.OID}
	if picked != nil {
		err = s.enter(ctx, picked.Person.ID, picked.Role, in)
	} else {
		err = s.hold(ctx, in)
	}
	if err != nil {
		return "", err
	}
	if err := s.putSealed(ctx, keyArrival, how); err != nil {
		return "", err
	}
	if picked == nil {
		s.sessions.Put(ctx, keyReturn, how.Return)
		return "/choose", nil
	}
	return how.Return, nil
}

// claimsOf is what an identity says, in account's words.
func claimsOf(i *esia.Identity) account.Claims {
	c := account.Claims{
		OID: i.OID, Name: account.Name{Last: i.Person.LastName, First: i.Person.FirstName, Middle: i.Person.MiddleName},
		BirthDate: i.Person.BirthDate, SNILS: i.Person.SNILS, Level: account.Level(i.Level),
	}
	switch {
	case i.Person.Status != "REGISTERED":
		c.Level = account.Closed
	case i.Level == esia.LevelConfirmed && !i.Confirmed(): // ESIA's two answers differ: the lower one counts
		c.Level = account.Standard
	}
	return c
}

// documentReader is a provider that can read identity documents.
type documentReader interface {
	Documents(ctx context.Context, of *esia.Identity) ([]esia.Document, error)
}

// documents are the person's checked identity documents. Without them a sign-in goes on: then staff decide.
func (s *Server) documents(ctx context.Context, identity *esia.Identity) []string {
	reader, ok := s.ESIA.(documentReader)
	if !ok {
		return nil
	}
	found, err := reader.Documents(ctx, identity)
	if err != nil {
		s.Logger.WarnContext(ctx, "a person's documents are not to be had", "error", err)
		return nil
	}
	var list []string
	for _, d := range found {
		identifies := slices.Contains([]string{esia.DocumentPassport, esia.DocumentForeignPassport, esia.DocumentForeignCitizen, esia.DocumentBirthCertificate}, d.Type)
		if identifies && d.Verified && d.Number != "" {
			list = append(list, strings.TrimSpace(d.Series+" "+d.Number))
		}
	}
	return list
}

// signInFailed shows the sign-in page, which asks why; how the sign-in ended stays in the session. The cause goes to the log.
func (s *Server) signInFailed(w http.ResponseWriter, r *http.Request, how arrival, err error) {
	how.Problem, how.At = string(esia.KindUnavailable), s.Now()
	var (
		e *esia.Error
		p *Problem
	)
	switch {
	case errors.As(err, &e):
		how.Problem, how.Code = string(e.Kind()), e.Code
		how.Message.Ru, how.Message.En = e.Message()
	case errors.As(err, &p):
		how.Problem, how.Message = p.Code, p.Message
	case errors.Is(err, account.ErrNotConfirmed):
		how.Problem = string(esia.KindNotConfirmed)
	case errors.Is(err, account.ErrUnknown), errors.Is(err, account.ErrAmbiguous):
		how.Problem = "person_unknown"
	case errors.Is(err, account.ErrNoRole):
		how.Problem = "no_role"
	default:
		how.Problem = "internal"
	}
	if how.Message.Ru == "" {
		how.Message = problemTexts[how.Problem]
	}
	query := url.Values{"problem": {how.Problem}}
	if how.Return != "" && how.Return != "/" {
		query.Set("return", how.Return)
	}
	s.Logger.WarnContext(r.Context(), "sign-in failed", "problem", how.Problem, "code", how.Code, "error", err)
	if err := s.putSealed(r.Context(), keyArrival, how); err != nil {
		s.Logger.ErrorContext(r.Context(), "how a sign-in ended is not kept", "error", err)
	}
	http.Redirect(w, r, s.at("/sign-in?"+query.Encode()), http.StatusFound)
}

// lastArrival is how this browser's last sign-in ended; zero when that is long ago.
func (s *Server) lastArrival(ctx context.Context) arrival {
	var a arrival
	if err := s.getSealed(ctx, keyArrival, &a); err != nil || s.Now().Sub(a.At) >= arrivalLife {
		return arrival{}
	}
	return a
}

// putSealed keeps a value in the session that the database must not show.
func (s *Server) putSealed(ctx context.Context, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.sessions.Put(ctx, key, s.Ring.Seal("session "+key, text))
	return nil
}

// getSealed reads it; nothing there leaves v as it is.
func (s *Server) getSealed(ctx context.Context, key string, v any) error {
	sealed := s.sessions.GetBytes(ctx, key)
	if sealed == nil {
		return nil
	}
	text, err := s.Ring.Unseal("session "+key, sealed)
	if errors.Is(err, keyring.ErrBroken) { // of a master key that is gone: as if it had ended
		s.sessions.Remove(ctx, key)
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// at is a local path under the place where the service is published.
func (s *Server) at(path string) string { return base(s.PublicURL) + path }

// returnPages are the pages of the application to which a sign-in may come back: the first part of their paths.
var returnPages = []string{"", "e", "exams", "proctor", "log", "rosters", "people", "organisations", "ready", "account", "requests", "request", "choose", "consents", "consent-register", "guardian", "consent-texts", "guardian-claims", "retention", "my-file", "appeals", "signed-in", "phone", "system", "audit"}

// localPath keeps a path to one of our pages and turns everything else into "/": a redirect never leaves the service.
func localPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n") || len(p) > 512 {
		return "/"
	}
	if page, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); !slices.Contains(returnPages, page) {
		return "/"
	}
	return p
}
