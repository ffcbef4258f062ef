package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

func (s *Server) organisationOperations() {
	route(s, http.MethodGet, "/api/organisations", "organisations", "The organisations that the caller looks after", administrators, s.organisations)
	route(s, http.MethodPost, "/api/organisations", "createOrganisation", "Make an organisation with its first administrator", administrators, s.createOrganisation)
	route(s, http.MethodPost, "/api/organisations/{id}", "changeOrganisation", "Change what an organisation is called and whom its students turn to", administrators, s.changeOrganisation)
}

// OrganisationList is the caller's own organisation, or all of them when hers runs the installation.
type OrganisationList struct {
	Organisations []ManagedOrganisation `json:"organisations" nullable:"false"`
	Host          bool                  `json:"host" doc:"The caller's organisation runs the installation: she may make others"`
}

// ManagedOrganisation is an organisation as administrators see it.
type ManagedOrganisation struct {
	ID uuid.UUID `json:"id"`
	OrganisationTexts
	Own            bool `json:"own"`
	People         int  `json:"people"`
	Administrators int  `json:"administrators"`
}

// OrganisationTexts are what an organisation is called and whom its students turn to.
type OrganisationTexts struct {
	Name      string `json:"name" maxLength:"300" doc:"In full, as papers carry it"`
	ShortName string `json:"shortName" maxLength:"60"`
	ActNumber string `json:"actNumber" maxLength:"100" doc:"Of the local act that allows identified remote exams"`
	ActDate   string `json:"actDate" maxLength:"10" doc:"Its date, 2026-09-01; empty: none is named"`
	Contact   string `json:"contact" maxLength:"500" doc:"Whom a student turns to: a telephone number or an address"`
}

// read checks the texts; field is where they stand in the request.
func (o OrganisationTexts) read(field string) (account.Organisation, error) {
	out := account.Organisation{
		Name: strings.TrimSpace(o.Name), ShortName: strings.TrimSpace(o.ShortName), ActNumber: strings.TrimSpace(o.ActNumber), Contact: strings.TrimSpace(o.Contact),
	}
	if utf8.RuneCountInString(out.Name) < 3 {
		return out, badField(field + ".name")
	}
	if out.ShortName == "" {
		return out, badField(field + ".shortName")
	}
	if o.ActDate != "" {
		day, err := time.Parse(time.DateOnly, o.ActDate)
		if err != nil {
			return out, badField(field + ".actDate")
		}
		out.ActDate = &day
	}
	return out, nil
}

func (s *Server) organisations(ctx context.Context, _ *struct{}) (*body[OrganisationList], error) {
	list, host, err := s.Accounts.OrganisationsFor(ctx, *caller(ctx))
	if err != nil {
		return nil, err
	}
	out := OrganisationList{Organisations: []ManagedOrganisation{}, Host: host}
	for _, o := range list {
		card := ManagedOrganisation{
			ID: o.ID, Own: o.ID == caller(ctx).Organisation, People: o.People, Administrators: o.Administrators,
			OrganisationTexts: OrganisationTexts{Name: o.Name, ShortName: o.ShortName, ActNumber: o.ActNumber, Contact: o.Contact},
		}
		if o.ActDate != nil {
			card.ActDate = o.ActDate.Format(time.DateOnly)
		}
		out.Organisations = append(out.Organisations, card)
	}
	return answer(out), nil
}

type createOrganisationInput struct {
	Body struct {
		OrganisationTexts
		Administrator struct {
			LastName   string `json:"lastName" minLength:"1" maxLength:"100"`
			FirstName  string `json:"firstName" minLength:"1" maxLength:"100"`
			MiddleName string `json:"middleName,omitempty" maxLength:"100"`
			BirthDate  string `json:"birthDate" maxLength:"10" doc:"1980-01-31"`
			SNILS      string `json:"snils" maxLength:"20" doc:"By it her ESIA account is known at her first sign-in"`
		} `json:"administrator"`
	}
}

func (s *Server) createOrganisation(ctx context.Context, in *createOrganisationInput) (*body[OrganisationList], error) {
	o, err := in.Body.read("body")
	if err != nil {
		return nil, err
	}
	a := in.Body.Administrator
	first := account.NewPerson{Name: account.Name{Last: strings.TrimSpace(a.LastName), First: strings.TrimSpace(a.FirstName), Middle: strings.TrimSpace(a.MiddleName)}}
	if first.Name.Last == "" || first.Name.First == "" {
		return nil, badField("body.administrator.lastName")
	}
	if first.BirthDate, err = time.Parse(time.DateOnly, a.BirthDate); err != nil || first.BirthDate.After(s.Now()) || first.BirthDate.Year() < 1900 {
		return nil, badField("body.administrator.birthDate")
	}
	var ok bool
	if first.SNILS, ok = exam.ParseSNILS(a.SNILS); !ok || first.SNILS == "" {
		return nil, badField("body.administrator.snils")
	}
	if _, err := s.Accounts.CreateOrganisation(ctx, o, first, *caller(ctx)); err != nil {
		return nil, organisationProblem(err)
	}
	return s.organisations(ctx, nil)
}

type changeOrganisationInput struct {
	ID   uuid.UUID `path:"id"`
	Body OrganisationTexts
}

func (s *Server) changeOrganisation(ctx context.Context, in *changeOrganisationInput) (*body[OrganisationList], error) {
	o, err := in.Body.read("body")
	if err != nil {
		return nil, err
	}
	o.ID = in.ID
	if err := s.Accounts.ChangeOrganisation(ctx, o, *caller(ctx)); err != nil {
		return nil, organisationProblem(err)
	}
	return s.organisations(ctx, nil)
}

func organisationProblem(err error) error {
	switch {
	case errors.Is(err, account.ErrNotHost):
		return problem(http.StatusConflict, "not_host")
	case errors.Is(err, account.ErrOrganisationTaken):
		return problem(http.StatusConflict, "organisation_taken")
	}
	return err
}
