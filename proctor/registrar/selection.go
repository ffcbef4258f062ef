package registrar

import (
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// Selection selects records of the log in words, as a request, an order and a package's manifest keep it. It holds no personal values; what is
// empty does not narrow.
type Selection struct {
	Exam    string `json:"exam,omitempty"` // an id
	Type    string `json:"type,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Attempt string `json:"attempt,omitempty"` // an id
	Person  string `json:"person,omitempty"`  // a student's id
	Faculty string `json:"faculty,omitempty"` // as the rosters have it
	Group   string `json:"group,omitempty"`   // as the rosters have it
	Appeals bool   `json:"appeals,omitempty"` // only attempts on which an appeal was filed
	Manual  bool   `json:"manual,omitempty"`  // only attempts that staff took over from the verifier
	From    string `json:"from,omitempty"`    // a time or a date, inclusive
	To      string `json:"to,omitempty"`      // a time (exclusive) or a date (inclusive)
}

// FieldError names the part of a selection that cannot be read.
type FieldError struct{ Field string }

// Error implements error.
func (e *FieldError) Error() string { return "the selection's " + e.Field + " cannot be read" }

// Filter is what the log understands; *FieldError.
func (s Selection) Filter() (ledger.Filter, error) {
	out := ledger.Filter{
		Type: ledger.Type(s.Type), Outcome: s.Outcome, Appeals: s.Appeals,
		Attempts: exam.Selection{Faculty: s.Faculty, Group: s.Group, Manual: s.Manual}.Sets(),
	}
	var err error
	for _, id := range []struct {
		name, text string
		to         *uuid.UUID
	}{{"exam", s.Exam, &out.Exam}, {"attempt", s.Attempt, &out.Attempt}, {"person", s.Person, &out.Subject}} {
		if id.text != "" {
			if *id.to, err = uuid.Parse(id.text); err != nil {
				return out, &FieldError{id.name}
			}
		}
	}
	if s.From != "" {
		if out.From, _, err = ParseMoment(s.From); err != nil {
			return out, &FieldError{"from"}
		}
	}
	if s.To != "" {
		var day bool
		if out.To, day, err = ParseMoment(s.To); err != nil {
			return out, &FieldError{"to"}
		}
		if day {
			out.To = out.To.AddDate(0, 0, 1)
		}
	}
	return out, nil
}

// ParseMoment reads a time, or a day in UTC.
func ParseMoment(text string) (at time.Time, day bool, err error) {
	if at, err = time.Parse(time.DateOnly, text); err == nil {
		return at, true, nil
	}
	at, err = time.Parse(time.RFC3339, text)
	return at, false, err
}

// Words are the selection by name, empty ones left out.
func (s Selection) Words() map[string]string {
	out := map[string]string{}
	for name, value := range map[string]string{
		"exam": s.Exam, "attempt": s.Attempt, "person": s.Person, "faculty": s.Faculty, "group": s.Group, "type": s.Type, "outcome": s.Outcome, "from": s.From, "to": s.To,
	} {
		if value != "" {
			out[name] = value
		}
	}
	if s.Manual {
		out["manual"] = "true"
	}
	if s.Appeals {
		out["appeals"] = "true"
	}
	return out
}
