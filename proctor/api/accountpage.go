package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// AccountPage is how somebody signs in.
type AccountPage struct {
	DisplayName string       `json:"displayName"`
	Login       *LoginCard   `json:"login,omitempty" doc:"Absent: she has none"`
	Linked      *LinkedCard  `json:"linked,omitempty" doc:"Absent: no ESIA account is linked"`
	Pending     *PendingLink `json:"pending,omitempty" doc:"An ESIA account that waits for her word"`
}

// LoginCard is the login issued by the organisation.
type LoginCard struct {
	Name      string    `json:"name"`
	ChangedAt time.Time `json:"changedAt"`
}

// LinkedCard is the linked ESIA account.
type LinkedCard struct {
	Account string    `json:"account" doc:"Its number, masked"`
	At      time.Time `json:"at"`
}

// PendingLink is whose account was shown to us, masked, for her to confirm.
type PendingLink struct {
	Name      string `json:"name"`
	BirthYear int    `json:"birthYear"`
	SNILS     string `json:"snils" doc:"Masked; may be empty"`
	Account   string `json:"account"`
	Problem   string `json:"problem,omitempty" enum:"account_not_hers,account_taken,account_not_confirmed" doc:"Why it cannot be linked"`
	Message   *Text  `json:"message,omitempty"`
}

// pendingLink waits in the session, sealed, for a quarter of an hour.
type pendingLink struct {
	Person uuid.UUID
	Claims account.Claims
	At     time.Time
}

const (
	keyLink         = "link" // pendingLink
	pendingLinkLife = 15 * time.Minute
)

func (s *Server) accountPage(ctx context.Context, _ *struct{}) (*body[AccountPage], error) {
	person := caller(ctx)
	out := AccountPage{DisplayName: person.Name.String()}
	switch l, err := s.Accounts.LoginOf(ctx, person.ID); {
	case err == nil:
		out.Login = &LoginCard{Name: l.Name, ChangedAt: l.ChangedAt.UTC()}
	case !errors.Is(err, account.ErrNotFound):
		return nil, err
	}
	switch l, err := s.Accounts.LinkedAccount(ctx, person.ID); {
	case err == nil:
		out.Linked = &LinkedCard{Account: maskedOID(l.OID), At: l.At.UTC()}
	case !errors.Is(err, account.ErrNotFound):
		return nil, err
	}
	if p, ok := s.pendingLink(ctx, person.ID); ok {
		c := p.Claims
		out.Pending = &PendingLink{
			Name: maskedName(c.Name), BirthYear: c.BirthDate.Year(), SNILS: esia.Person{SNILS: c.SNILS}.MaskedSNILS(), Account: maskedOID(c.OID),
		}
		if err := s.Accounts.MayLink(ctx, person.ID, c); err != nil {
			problem, ok := linkProblem(err)
			if !ok {
				return nil, err
			}
			out.Pending.Problem, out.Pending.Message = problem.Code, &problem.Message
		}
	}
	return answer(out), nil
}

// pendingLink is the account that waits for this person's word.
func (s *Server) pendingLink(ctx context.Context, person uuid.UUID) (pendingLink, bool) {
	var p pendingLink
	err := s.getSealed(ctx, keyLink, &p)
	return p, err == nil && p.Person == person && s.Now().Sub(p.At) < pendingLinkLife
}

func linkProblem(err error) (*Problem, bool) {
	switch {
	case errors.Is(err, account.ErrNotHers):
		return problem(http.StatusConflict, "account_not_hers"), true
	case errors.Is(err, account.ErrTaken):
		return problem(http.StatusConflict, "account_taken"), true
	case errors.Is(err, account.ErrNotConfirmed):
		return problem(http.StatusForbidden, "account_not_confirmed"), true
	}
	return nil, false
}

// startLink sends somebody who is signed in to ESIA, to show which account is hers.
func (s *Server) startLink(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	person, err := s.person(ctx)
	if err == nil && person == nil {
		http.Redirect(w, r, s.at("/sign-in?return=/account"), http.StatusFound)
		return
	}
	if err == nil && !s.starts.allow(s.clientAddress(r)) {
		err = problem(http.StatusTooManyRequests, "too_many_attempts")
	}
	var redirect esia.Redirect
	if err == nil {
		redirect, err = s.ESIA.Start(ctx)
	}
	if err == nil {
		err = s.putSealed(ctx, keySignIn, signInState{Pending: redirect.Pending(), Return: "/account", Link: person.ID})
	}
	if err != nil {
		s.linkFailed(w, r, err)
		return
	}
	http.Redirect(w, r, redirect.URL, http.StatusFound)
}

// finishLink keeps what ESIA said until she confirms it. Nothing is linked yet.
func (s *Server) finishLink(w http.ResponseWriter, r *http.Request, by uuid.UUID, claims account.Claims) {
	person, err := s.person(r.Context())
	if err == nil && (person == nil || person.ID != by) {
		err = problem(http.StatusForbidden, string(esia.KindStateInvalid))
	}
	if err == nil {
		err = s.putSealed(r.Context(), keyLink, pendingLink{Person: by, Claims: claims, At: s.Now()})
	}
	if err != nil {
		s.linkFailed(w, r, err)
		return
	}
	http.Redirect(w, r, s.at("/account"), http.StatusFound)
}

// linkFailed shows the account page with a code that it explains.
func (s *Server) linkFailed(w http.ResponseWriter, r *http.Request, err error) {
	var (
		e    *esia.Error
		p    *Problem
		code = "internal"
	)
	switch {
	case errors.As(err, &e):
		code = string(e.Kind())
	case errors.As(err, &p):
		code = p.Code
	}
	s.Logger.WarnContext(r.Context(), "linking failed", "problem", code, "error", err)
	http.Redirect(w, r, s.at("/account?"+url.Values{"problem": {code}}.Encode()), http.StatusFound)
}

func (s *Server) confirmLink(ctx context.Context, _ *struct{}) (*body[AccountPage], error) {
	person := caller(ctx)
	p, ok := s.pendingLink(ctx, person.ID)
	if !ok {
		return nil, problem(http.StatusConflict, "no_pending_link")
	}
	if err := s.Accounts.LinkAccount(ctx, person.ID, p.Claims); err != nil {
		if known, ok := linkProblem(err); ok {
			return nil, known
		}
		return nil, err
	}
	s.sessions.Remove(ctx, keyLink)
	return s.accountPage(ctx, nil)
}

func (s *Server) cancelLink(ctx context.Context, _ *struct{}) (*body[AccountPage], error) {
	s.sessions.Remove(ctx, keyLink)
	return s.accountPage(ctx, nil)
}

// unlink unties the account. Who had come in by it is out, and comes in with her login.
func (s *Server) unlink(ctx context.Context, _ *struct{}) (*body[AccountPage], error) {
	err := s.Accounts.UnlinkAccount(ctx, caller(ctx).ID)
	if errors.Is(err, account.ErrOnlyWayIn) {
		return nil, problem(http.StatusConflict, "only_way_in")
	}
	if err != nil {
		return nil, err
	}
	return s.accountPage(ctx, nil)
}

// maskedOID is an account's number for screens: «••••••9654».
func maskedOID(oid string) string {
	const shown = 4
	return strings.Repeat("•", max(0, len(oid)-shown)) + oid[max(0, len(oid)-shown):]
}

// maskedName is «Смирнова А. С.»: enough to see whose account it is.
func maskedName(n account.Name) string {
	out := n.Last
	for _, part := range []string{n.First, n.Middle} {
		if r, size := utf8.DecodeRuneInString(part); size > 0 && r != utf8.RuneError {
			out += " " + string(r) + "."
		}
	}
	return out
}
