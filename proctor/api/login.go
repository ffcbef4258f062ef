package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ochno/proctor/account"
)

// loginsPerAddress is how many sign-ins with a login an address may try in ten minutes; an account's own limit is its lock.
const loginsPerAddress = 60

type loginInput struct {
	Body struct {
		Login       string `json:"login" minLength:"1" maxLength:"64"`
		Password    string `json:"password" minLength:"1" maxLength:"1000"`
		NewPassword string `json:"newPassword,omitempty" maxLength:"1000" doc:"Instead of a password that was issued"`
	}
}

// signInWithLogin gives the session to whoever knows an issued login. She acts in the role that she chose last, and may change it.
func (s *Server) signInWithLogin(ctx context.Context, in *loginInput) (*body[Session], error) {
	if !s.logins.allow(addressOf(ctx)) {
		return nil, problem(http.StatusTooManyRequests, "too_many_attempts")
	}
	person, err := s.Accounts.SignInWithLogin(ctx, in.Body.Login, in.Body.Password, in.Body.NewPassword)
	if err != nil {
		return nil, loginProblem(err, s.Now())
	}
	choices, last, err := s.Accounts.Choices(ctx, []account.Person{person})
	if err != nil {
		return nil, err
	}
	if len(choices) == 0 {
		return nil, problem(http.StatusForbidden, "no_role")
	}
	if err := s.enter(ctx, person.ID, choices[max(last, 0)].Role, entrance{method: "password"}); err != nil {
		return nil, err
	}
	now, err := s.person(ctx)
	if err != nil {
		return nil, err
	}
	shape, err := s.sessionShape(ctx, now)
	return answer(shape), err
}

// loginProblem says what is wrong with a login or a new password; other errors stay what they are.
func loginProblem(err error, now time.Time) error {
	var (
		locked *account.LockedError
		weak   *account.WeakPassword
	)
	switch {
	case errors.Is(err, account.ErrLogin):
		return problem(http.StatusForbidden, "login_wrong")
	case errors.Is(err, account.ErrChangePassword):
		return problem(http.StatusConflict, "password_change_needed")
	case errors.As(err, &locked):
		p := problem(http.StatusTooManyRequests, "login_locked")
		p.RetryAfter = max(1, int(locked.Until.Sub(now).Seconds())+1)
		return p
	case errors.As(err, &weak):
		return problem(http.StatusUnprocessableEntity, "password_"+weak.Code)
	}
	return err
}

type passwordInput struct {
	Body struct {
		Password    string `json:"password" minLength:"1" maxLength:"1000"`
		NewPassword string `json:"newPassword" minLength:"1" maxLength:"1000"`
	}
}

func (s *Server) changePassword(ctx context.Context, in *passwordInput) (*body[AccountPage], error) {
	if !s.logins.allow(addressOf(ctx)) {
		return nil, problem(http.StatusTooManyRequests, "too_many_attempts")
	}
	if err := s.Accounts.ChangePassword(ctx, caller(ctx).ID, in.Body.Password, in.Body.NewPassword); err != nil {
		return nil, loginProblem(err, s.Now())
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return nil, err
	}
	return s.accountPage(ctx, nil)
}
