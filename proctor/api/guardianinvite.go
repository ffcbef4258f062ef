package api

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// GuardianConsent is what a minor sees of her parents' consent.
type GuardianConsent struct {
	Needed      bool                 `json:"needed" doc:"She is a minor and nobody has consented"`
	Minor       bool                 `json:"minor"`
	RefusedAt   *time.Time           `json:"refusedAt,omitempty" doc:"A parent refused the current text"`
	Invitations []InvitationShape    `json:"invitations" nullable:"false"`
	Made        *GuardianCodeHandout `json:"made,omitempty" doc:"The code that was made just now, to be handed over"`
}

// InvitationShape is an invitation as the student sees it.
type InvitationShape struct {
	ID        uuid.UUID `json:"id"`
	Email     string    `json:"email" doc:"Masked; empty: the student hands the code over"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	State     string    `json:"state" enum:"open,used,expired"`
}

// GuardianCodeHandout is shown once.
type GuardianCodeHandout struct {
	Code string `json:"code"`
	URL  string `json:"url" doc:"Where the code is entered"`
}

func (s *Server) guardianConsent(ctx context.Context, _ *struct{}) (*body[GuardianConsent], error) {
	out, err := s.guardianConsentShape(ctx)
	return answer(out), err
}

func (s *Server) guardianConsentShape(ctx context.Context) (GuardianConsent, error) {
	person := *caller(ctx)
	out := GuardianConsent{Minor: s.Accounts.Minor(person)}
	standing, err := s.Accounts.Standing(ctx, nil, person)
	if err != nil {
		return out, err
	}
	out.Needed = out.Minor && standing == nil
	if out.Needed {
		if out.RefusedAt, err = s.Guardians.RefusedAt(ctx, person); err != nil {
			return out, err
		}
	}
	list, err := s.Guardians.Invitations(ctx, person.ID)
	if err != nil {
		return out, err
	}
	out.Invitations = make([]InvitationShape, 0, len(list))
	for _, in := range list {
		shape := InvitationShape{ID: in.ID, Email: in.Email, CreatedAt: in.CreatedAt.UTC(), ExpiresAt: in.ExpiresAt.UTC(), State: "open"}
		switch {
		case in.UsedAt != nil:
			shape.State = "used"
		case !s.Now().Before(in.ExpiresAt):
			shape.State = "expired"
		}
		out.Invitations = append(out.Invitations, shape)
	}
	return out, nil
}

type inviteInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254" doc:"Of the parent; empty: make a code to hand over"`
	}
}

func (s *Server) inviteGuardian(ctx context.Context, in *inviteInput) (*body[GuardianConsent], error) {
	made, err := s.Guardians.Invite(ctx, *caller(ctx), in.Body.Email)
	if err != nil {
		return nil, err
	}
	out, err := s.guardianConsentShape(ctx)
	if made.Code != "" {
		out.Made = &GuardianCodeHandout{Code: made.Code, URL: s.PublicURL.JoinPath(guardianPage).String()}
	}
	return answer(out), err
}
