package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// Choices are the roles and organisations in which whoever signed in may act.
type Choices struct {
	Choices []ChoiceCard `json:"choices" nullable:"false"`
	Return  string       `json:"return" doc:"A path of the application to go to afterwards"`
}

// ChoiceCard is one of them.
type ChoiceCard struct {
	PersonID     uuid.UUID        `json:"personId"`
	Role         string           `json:"role" enum:"student,proctor,registrar,administrator,guardian"`
	DisplayName  string           `json:"displayName"`
	Organisation OrganisationCard `json:"organisation"`
	Current      bool             `json:"current" doc:"She acts in it now"`
	Last         bool             `json:"last" doc:"It was chosen last"`
}

// choices are those of the session's holder: by an ESIA account all its people, otherwise the one who signed in.
func (s *Server) choices(ctx context.Context) ([]account.Choice, int, error) {
	var people []account.Person
	var err error
	if oid := s.sessions.GetString(ctx, keyAccount); oid != "" {
		people, err = s.Accounts.PeopleOf(ctx, oid)
	} else if id, bad := uuid.Parse(s.sessions.GetString(ctx, keyPerson)); bad == nil {
		var p account.Person
		if p, err = s.Accounts.Person(ctx, id); err == nil {
			people = []account.Person{p}
		}
	}
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return nil, -1, err
	}
	return s.Accounts.Choices(ctx, people)
}

func (s *Server) listChoices(ctx context.Context, _ *struct{}) (*body[Choices], error) {
	choices, last, err := s.choices(ctx)
	if err != nil {
		return nil, err
	}
	out := Choices{Choices: []ChoiceCard{}, Return: localPath(s.sessions.GetString(ctx, keyReturn))}
	for i, c := range choices {
		out.Choices = append(out.Choices, ChoiceCard{
			PersonID: c.Person.ID, Role: string(c.Role), DisplayName: c.Person.Name.String(), Last: i == last,
			Organisation: OrganisationCard{Name: c.Organisation.Name, ShortName: c.Organisation.ShortName},
			Current:      s.sessions.GetString(ctx, keyPerson) == c.Person.ID.String() && s.sessions.GetString(ctx, keyRole) == string(c.Role),
		})
	}
	return answer(out), nil
}

type chooseInput struct {
	Body struct {
		PersonID uuid.UUID `json:"personId"`
		Role     string    `json:"role" enum:"student,proctor,registrar,administrator,guardian"`
	}
}

// choose goes on in another role or organisation, under a new token.
func (s *Server) choose(ctx context.Context, in *chooseInput) (*body[Session], error) {
	choices, _, err := s.choices(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(choices, func(c account.Choice) bool { return c.Person.ID == in.Body.PersonID && string(c.Role) == in.Body.Role }) {
		return nil, problem(http.StatusForbidden, "forbidden")
	}
	how := entrance{
		method: s.sessions.GetString(ctx, keyMethod), oid: s.sessions.GetString(ctx, keyAccount), change: s.sessions.GetString(ctx, keyPerson) != "",
	}
	if err := s.enter(ctx, in.Body.PersonID, account.Role(in.Body.Role), how); err != nil {
		return nil, err
	}
	s.sessions.Remove(ctx, keyReturn)
	person, err := s.person(ctx)
	if err != nil {
		return nil, err
	}
	shape, err := s.sessionShape(ctx, person)
	return answer(shape), err
}

// pick is the choice that needs no asking: the last one, or the only one, of those that can open the page she is going to. nil: ask.
func (s *Server) pick(ctx context.Context, choices []account.Choice, last int, returnTo string) (*account.Choice, error) {
	fits := make([]int, 0, len(choices))
	fit, err := s.fitting(ctx, returnTo)
	if err != nil {
		return nil, err
	}
	for i, c := range choices {
		if fit(c) {
			fits = append(fits, i)
		}
	}
	if len(fits) == 0 { // nothing opens it: then what she would get without it
		for i := range choices {
			fits = append(fits, i)
		}
	}
	switch {
	case slices.Contains(fits, last):
		return &choices[last], nil
	case len(fits) == 1:
		return &choices[fits[0]], nil
	}
	return nil, nil
}

// fitting tells which choices can open a page: an exam's link is for a student of the exam's organisation, staff pages are for staff.
func (s *Server) fitting(ctx context.Context, path string) (func(account.Choice) bool, error) {
	path, _, _ = strings.Cut(path, "?")
	section, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	roles := map[string][]account.Role{
		"proctor": {account.Proctor, account.Registrar}, "log": {account.Registrar}, "requests": {account.Registrar, account.Administrator}, "rosters": {account.Registrar, account.Administrator},
		"people": {account.Administrator}, "ready": {account.Student},
		"consents": {account.Student}, "guardian": {account.Guardian}, "consent-texts": {account.Registrar, account.Administrator},
		"guardian-claims": {account.Registrar, account.Administrator},
	}
	if section != "e" {
		wanted, known := roles[section]
		return func(c account.Choice) bool { return !known || slices.Contains(wanted, c.Role) }, nil
	}
	e, err := s.Exams.ByCode(ctx, rest)
	if err != nil && !errors.Is(err, exam.ErrNotFound) {
		return nil, err
	}
	return func(c account.Choice) bool {
		return c.Role == account.Student && (e.Organisation == uuid.Nil || c.Organisation.ID == e.Organisation)
	}, nil
}
