package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ochno/proctor/account"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/invigilate"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
	"ochno/proctor/media"
)

// Text is a sentence for people in both languages.
type Text struct {
	Ru string `json:"ru"`
	En string `json:"en"`
}

// Problem is an RFC 9457 problem: what went wrong, as a code for programs and a sentence for people. It never holds what was sent.
type Problem struct {
	Type    string   `json:"type"`
	Title   string   `json:"title"`
	Status  int      `json:"status"`
	Detail  string   `json:"detail"`
	Code    string   `json:"code"`
	Message Text     `json:"message"`
	Fields  []string `json:"fields,omitempty" doc:"Which parts of the request are wrong"`

	RetryAfter int `json:"retryAfter,omitempty" doc:"Seconds after which to try again"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problem makes a problem by its code; the sentences are in messages.go.
func problem(status int, code string) *Problem {
	text, ok := problemTexts[code]
	if !ok {
		text = problemTexts["internal"]
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: text.En, Code: code, Message: text}
}

// badField is a part of a request that cannot be read, by its place ("query.from").
func badField(location string) *Problem {
	p := problem(http.StatusUnprocessableEntity, "bad_request")
	p.Fields = []string{location}
	return p
}

// explain turns an error of the rooms below into a problem. What it does not know is a 500, told to the log and to nobody else.
func explain(ctx context.Context, logger *slog.Logger, err error) *Problem {
	var (
		known   *Problem
		illegal *exam.IllegalMove
		sdp     *media.SDPError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &illegal):
		p := problem(http.StatusConflict, "illegal_move")
		p.Detail = illegal.Error()
		return p
	case errors.As(err, &sdp):
		p := problem(http.StatusUnprocessableEntity, "sdp_refused")
		p.Detail = sdp.Error()
		return p
	case errors.Is(err, exam.ErrNotFound), errors.Is(err, account.ErrNotFound), errors.Is(err, archive.ErrNotFound), errors.Is(err, identify.ErrNotFound):
		return problem(http.StatusNotFound, "not_found")
	case errors.Is(err, archive.ErrDestroyed):
		return problem(http.StatusGone, "destroyed")
	case errors.Is(err, exam.ErrToken):
		return problem(http.StatusUnauthorized, "token_invalid")
	case errors.Is(err, exam.ErrTooManyTokens):
		return problem(http.StatusConflict, "too_many_tokens")
	case errors.Is(err, exam.ErrNotInRoster):
		return problem(http.StatusForbidden, "not_in_roster")
	case errors.Is(err, exam.ErrOver):
		return problem(http.StatusConflict, "exam_over")
	case errors.Is(err, account.ErrNotConfirmed):
		return problem(http.StatusForbidden, "account_not_confirmed")
	case errors.Is(err, account.ErrTextChanged):
		return problem(http.StatusConflict, "consent_outdated")
	case errors.Is(err, account.ErrStands):
		return problem(http.StatusConflict, "consent_stands")
	case errors.Is(err, account.ErrCode):
		return problem(http.StatusNotFound, "guardian_code_unknown")
	case errors.Is(err, account.ErrCodeUsed):
		return problem(http.StatusGone, "guardian_code_used")
	case errors.Is(err, account.ErrCodeExpired):
		return problem(http.StatusGone, "guardian_code_expired")
	case errors.Is(err, account.ErrTooMany):
		return problem(http.StatusTooManyRequests, "too_many_invitations")
	case errors.Is(err, account.ErrNotParent):
		return problem(http.StatusForbidden, "not_parent")
	case errors.Is(err, account.ErrNote):
		return problem(http.StatusUnprocessableEntity, "note_needed")
	case errors.Is(err, mail.ErrAddress):
		return problem(http.StatusUnprocessableEntity, "email_invalid")
	case errors.Is(err, account.ErrGuardianNeeded):
		return problem(http.StatusForbidden, "guardian_needed")
	case errors.Is(err, account.ErrOfAge):
		return problem(http.StatusConflict, "of_age")
	case errors.Is(err, account.ErrNoConsent):
		return problem(http.StatusConflict, "no_consent")
	case errors.Is(err, account.ErrConsentText):
		return problem(http.StatusUnprocessableEntity, "consent_text_invalid")
	case errors.Is(err, account.ErrNoConsentText):
		return problem(http.StatusConflict, "no_consent_text")
	case errors.Is(err, invigilate.ErrText), errors.Is(err, invigilate.ErrReason):
		return problem(http.StatusUnprocessableEntity, "talk_text")
	case errors.Is(err, invigilate.ErrFull):
		return problem(http.StatusConflict, "talk_full")
	case errors.Is(err, invigilate.ErrNotFound):
		return problem(http.StatusNotFound, "talk_gone")
	case errors.Is(err, invigilate.ErrOver):
		return problem(http.StatusConflict, "exam_over")
	case errors.Is(err, invigilate.ErrNotStaff):
		return problem(http.StatusUnprocessableEntity, "not_proctor")
	case errors.Is(err, exam.ErrAccommodation):
		return problem(http.StatusUnprocessableEntity, "bad_request")
	case errors.As(err, new(*invigilate.SpokenError)):
		return problem(http.StatusConflict, "voice_taken")
	case errors.Is(err, exam.ErrExtra):
		return problem(http.StatusUnprocessableEntity, "extra_time")
	case errors.Is(err, exam.ErrNoBreak):
		return problem(http.StatusConflict, "no_break")
	case errors.Is(err, identify.ErrTooLate):
		return problem(http.StatusConflict, "undo_late")
	case errors.Is(err, identify.ErrNoTries):
		return problem(http.StatusConflict, "no_tries_left")
	case errors.Is(err, identify.ErrBusy):
		return problem(http.StatusConflict, "identification_running")
	case errors.Is(err, identify.ErrBearer):
		return problem(http.StatusForbidden, "sign_in_again")
	case errors.Is(err, identify.ErrNoSessions):
		return problem(http.StatusServiceUnavailable, "no_verifier_page")
	case errors.Is(err, ledger.ErrEmpty):
		return problem(http.StatusNotFound, "log_empty")
	case errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "stopping")
	}
	logger.ErrorContext(ctx, "request failed", "error", err)
	return problem(http.StatusInternalServerError, "internal")
}

// wireErrors gives huma's own errors (validation, unknown media types, bodies too large) our shape, without the values that were sent.
func wireErrors(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := "bad_request"
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		code = "too_large"
	case http.StatusNotFound:
		code = "not_found"
	}
	p := problem(model.Status, code)
	for _, e := range model.Errors {
		p.Fields = append(p.Fields, e.Location)
	}
	if len(p.Fields) > 0 {
		p.Detail = fmt.Sprintf("%s Wrong: %v.", p.Detail, p.Fields)
	}
	return p, nil
}
