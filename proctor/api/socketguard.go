package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ochno/proctor/account"
)

// guardEvery is how long a socket may outlive the right to it: a sign-out, another role, a session's end.
const guardEvery = 20 * time.Second

// guard asks now and then whether whoever opened the socket still may, and closes it when not. It returns when the socket ends.
func (c *socket) guard(every time.Duration, may func() error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.closed:
			return
		case <-tick.C:
		}
		var refused *Problem
		switch err := may(); {
		case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
			c.close(closeNotSigned, "signed out")
		case errors.As(err, &refused):
			c.close(closeForbidden, "no longer permitted")
		}
	}
}

// stillMay asks a route's rule again, of the session as it is now. A database that does not answer ends nobody's exam.
func (s *Server) stillMay(r *http.Request, who access, attempt string) func() error {
	token := ""
	if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	person, _ := s.person(r.Context())
	return func() error {
		limit, cancel := context.WithTimeout(s.life, guardEvery)
		defer cancel()
		ctx, err := s.sessions.Load(limit, token)
		if err != nil {
			return err
		}
		var now *account.Person
		if now, err = s.allow(ctx, who, attempt); err == nil && (person == nil || now.ID != person.ID) {
			err = problem(http.StatusForbidden, "forbidden")
		}
		return err
	}
}
