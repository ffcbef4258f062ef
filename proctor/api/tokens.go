package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// AttemptToken lets a camera or a player without a page publish or watch one attempt, by WHIP or WHEP.
type AttemptToken struct {
	Token     string    `json:"token" doc:"Shown once; only its hash is kept"`
	Use       string    `json:"use" enum:"publish,watch"`
	URL       string    `json:"url" doc:"Where to use it"`
	ExpiresAt time.Time `json:"expiresAt"`
}

type issueTokenInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Use     string `json:"use" enum:"publish,watch"`
		Minutes int    `json:"minutes,omitempty" minimum:"1" maximum:"1440" default:"240"`
	}
}

// issueToken makes one. That it was made is an event of the attempt.
func (s *Server) issueToken(ctx context.Context, in *issueTokenInput) (*body[AttemptToken], error) {
	use := exam.TokenUse(in.Body.Use)
	text, token, err := s.Exams.IssueToken(ctx, in.ID, use, caller(ctx).ID, time.Duration(in.Body.Minutes)*time.Minute)
	if err != nil {
		return nil, err
	}
	return answer(AttemptToken{Token: text, Use: in.Body.Use, URL: strings.TrimSuffix(s.PublicURL.String(), "/") + TokenDoor(use), ExpiresAt: token.ExpiresAt}), nil
}

// TokenDoor is the path at which a token of that use is taken.
func TokenDoor(use exam.TokenUse) string {
	if use == exam.TokenWatch {
		return "/whep"
	}
	return "/whip"
}
