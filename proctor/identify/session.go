package identify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"ochno/ebsclient"
	"ochno/proctor/exam"
	"ochno/proctor/vision"
)

// Sessions is the way to a verifier that identifies people on its own page: none when it is zero.
type Sessions struct {
	Verifier ebsclient.SessionVerifier
	// Return is the address of ours that the verifier's page sends browsers back to; it ends in Returned.
	Return string
	// Life is how long a person has on the verifier's page.
	Life time.Duration
	// Ask is how often a verdict is asked for that is not there yet when the browser is back already, and Patience for how long.
	Ask, Patience time.Duration
}

// DefaultSessions are the times that suit EBS's page.
func DefaultSessions(verifier ebsclient.SessionVerifier, returnTo string) Sessions {
	return Sessions{Verifier: verifier, Return: returnTo, Life: 10 * time.Minute, Ask: 2 * time.Second, Patience: time.Minute}
}

// ErrNoSessions says that an exam wants the verifier's own page and the service was given no way to it.
var ErrNoSessions = errors.New("no verifier with a page of its own is configured")

// Returned says that a person's browser is back from the verifier's page, with the query it brought. What it says is never believed; it only
// goes to the person's own identification that waits for it. It returns the attempt, and false when none waits.
func (s *Service) Returned(person uuid.UUID, query url.Values) (attempt uuid.UUID, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest *attemptRun
	for id, run := range s.active {
		if run.person == person && run.away && (newest == nil || run.began.After(newest.began)) {
			newest, attempt = run, id
		}
	}
	if newest == nil {
		return uuid.Nil, false
	}
	select {
	case newest.back <- query:
	default: // it has not looked at an earlier return yet
	}
	return attempt, true
}

// away sends the student to the verifier's page, waits until her browser is back, and collects the verdict. She may come back more than once,
// and her stream may end meanwhile: a small screen shows one page at a time.
func (s *Service) away(ctx context.Context, run *attemptRun, f *finding, report func(Progress)) error {
	vision.Wipe(f.photo.picture) // its frame stays in the recording and in the record; nothing of ours is compared
	f.photo.picture = nil
	session, err := s.Sessions.Verifier.Begin(ctx, ebsclient.SessionRequest{
		ID: f.id.String(), Subject: f.attempt.OID, Bearer: run.bearer, Return: s.Sessions.Return,
	})
	if err != nil {
		return refusal(err)
	}
	f.session = session.ID
	s.leave(run, true)
	defer s.leave(run, false)
	end := time.NewTimer(s.Sessions.Life)
	defer end.Stop()
	report(Progress{Phase: PhaseAway, URL: session.URL})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return &stopped{Interrupted, "session_expired", nil}
		case query := <-run.back:
			report(Progress{Phase: PhaseVerifying})
			token, err := s.collect(ctx, session, ebsclient.Return{ID: uuid.NewString(), Bearer: run.bearer, Query: query})
			if errors.Is(err, ebsclient.Pending) { // she came back too early
				report(Progress{Phase: PhaseAway, URL: session.URL})
				continue
			}
			if err != nil {
				return refusal(err)
			}
			return s.receive(ctx, f, token)
		}
	}
}

// collect asks for the verdict until it is there, or patience is over. The same return is asked with the same id: it is one exchange.
func (s *Service) collect(ctx context.Context, session ebsclient.Session, r ebsclient.Return) (token string, err error) {
	limit, cancel := context.WithTimeout(ctx, s.Sessions.Patience)
	defer cancel()
	again := time.NewTicker(s.Sessions.Ask)
	defer again.Stop()
	pending := error(&ebsclient.Error{Code: ebsclient.Pending})
	for {
		token, err = s.Sessions.Verifier.Collect(limit, session, r)
		if err != nil && limit.Err() != nil && ctx.Err() == nil { // patience ended while it was asked
			return "", pending
		}
		if !errors.Is(err, ebsclient.Pending) {
			if err == nil {
				s.answered.Store(true)
			}
			return token, err
		}
		pending = err
		select {
		case <-limit.Done():
			return "", err
		case <-again.C:
		}
	}
}

// leave notes that a run waits for a browser, or not any more.
func (s *Service) leave(run *attemptRun, away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run.away = away
}

// checkWay refuses an identification for which there is no way to the verifier that the policy names.
func (s *Service) checkWay(e exam.Exam, bearer string) error {
	if e.Policy.Verifier != exam.Session {
		return nil
	}
	if s.Sessions.Verifier == nil {
		return ErrNoSessions
	}
	if _, web := s.Sessions.Verifier.(*ebsclient.Web); web && bearer == "" {
		return fmt.Errorf("%w: the person's access token has expired", ErrBearer)
	}
	return nil
}

// ErrBearer says that the verifier wants the person's access token of ESIA, and there is none that is valid: she signs in again.
var ErrBearer = errors.New("an access token of ESIA is needed")
