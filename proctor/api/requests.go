package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// Arrival is how this browser's last sign-in through Gosuslugi ended.
type Arrival struct {
	Problem       string             `json:"problem" doc:"Why it did not work; empty when it did, or there was none"`
	Code          string             `json:"code,omitempty" doc:"Of Gosuslugi or ours, for the administrator"`
	Message       *Text              `json:"message,omitempty" doc:"What the person can do"`
	Level         string             `json:"level,omitempty" enum:"simplified,standard,confirmed,child,closed" doc:"How far Gosuslugi checked the account"`
	Return        string             `json:"return" doc:"Where she was going"`
	Name          string             `json:"name,omitempty" doc:"Hers, by Gosuslugi; only when she may file a request"`
	Organisations []OrganisationPick `json:"organisations,omitempty" nullable:"false" doc:"To which she may file one"`
	Requests      []RequestReceipt   `json:"requests,omitempty" nullable:"false" doc:"What she waits for"`
}

// OrganisationPick is an organisation to choose.
type OrganisationPick struct {
	ID     uuid.UUID `json:"id"`
	Name   string    `json:"name"`
	Linked bool      `json:"linked" doc:"She is known there already"`
}

// RequestReceipt is what a claimant sees of her request.
type RequestReceipt struct {
	Number       string    `json:"number"`
	Organisation string    `json:"organisation"`
	FiledAt      time.Time `json:"filedAt"`
	Forms        int       `json:"forms" doc:"How many were joined in it"`
}

func (s *Server) arrival(ctx context.Context, _ *struct{}) (*body[Arrival], error) {
	a := s.lastArrival(ctx)
	out := Arrival{Problem: a.Problem, Code: a.Code, Level: string(a.Level), Return: localPath(a.Return)}
	if a.Problem != "" {
		out.Message = &a.Message
	}
	if a.Claims.OID == "" {
		return answer(out), nil
	}
	out.Name = a.Claims.Name.String()
	organisations, err := s.Accounts.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	linked, err := s.Accounts.PeopleOf(ctx, a.Claims.OID)
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]string{}
	for _, o := range organisations {
		names[o.ID] = o.Name
		pick := OrganisationPick{ID: o.ID, Name: o.Name}
		for _, p := range linked {
			pick.Linked = pick.Linked || p.Organisation == o.ID
		}
		out.Organisations = append(out.Organisations, pick)
	}
	requests, err := s.Desk.OpenRequestsOf(ctx, a.Claims.OID)
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		out.Requests = append(out.Requests, receiptShape(r, names[r.Organisation]))
	}
	return answer(out), nil
}

func receiptShape(r account.Request, organisation string) RequestReceipt {
	return RequestReceipt{Number: r.Number, Organisation: organisation, FiledAt: r.CreatedAt.UTC(), Forms: len(r.Forms)}
}

type fileInput struct {
	Body struct {
		OrganisationID uuid.UUID `json:"organisationId"`
		Kind           string    `json:"kind" enum:"link,organisation"`
		Name           string    `json:"name" minLength:"1" maxLength:"200"`
		Faculty        string    `json:"faculty,omitempty" maxLength:"200"`
		Group          string    `json:"group,omitempty" maxLength:"100"`
		Message        string    `json:"message,omitempty" maxLength:"2000"`
		Email          string    `json:"email" minLength:"3" maxLength:"254"`
		Language       string    `json:"language" enum:"ru,en" doc:"Of the answer"`
	}
}

// fileRequest takes the form of somebody whom ESIA has named in this browser's session; the claims are the session's, never the form's.
func (s *Server) fileRequest(ctx context.Context, in *fileInput) (*body[RequestReceipt], error) {
	if !s.forms.allow(addressOf(ctx)) {
		return nil, problem(http.StatusTooManyRequests, "too_many_attempts")
	}
	organisations, err := s.Accounts.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range organisations {
		if o.ID != in.Body.OrganisationID {
			continue
		}
		r, err := s.Desk.File(ctx, o.ID, account.RequestKind(in.Body.Kind), s.lastArrival(ctx).Claims, account.Form{
			Name: strings.TrimSpace(in.Body.Name), Faculty: strings.TrimSpace(in.Body.Faculty), Group: strings.TrimSpace(in.Body.Group),
			Message: strings.TrimSpace(in.Body.Message), Email: in.Body.Email, English: in.Body.Language == "en",
		})
		if err != nil {
			return nil, explainRequest(err)
		}
		return answer(receiptShape(r, o.Name)), nil
	}
	return nil, badField("body.organisationId")
}

// explainRequest gives the desk's refusals their words.
func explainRequest(err error) error {
	switch {
	case errors.Is(err, account.ErrFlood):
		return problem(http.StatusTooManyRequests, "too_many_requests")
	case errors.Is(err, account.ErrBadForm):
		return problem(http.StatusUnprocessableEntity, "bad_form")
	case errors.Is(err, account.ErrLinked):
		return problem(http.StatusConflict, "already_linked")
	case errors.Is(err, account.ErrDecided):
		return problem(http.StatusConflict, "request_decided")
	case errors.Is(err, account.ErrTaken):
		return problem(http.StatusConflict, "link_taken")
	}
	return err
}

// RequestList is the organisation's queue of requests, the newest first.
type RequestList struct {
	Requests []RequestSummary `json:"requests" nullable:"false"`
	Open     int              `json:"open" doc:"How many wait"`
}

// RequestSummary is a request in the queue.
type RequestSummary struct {
	ID        uuid.UUID  `json:"id"`
	Number    string     `json:"number"`
	Kind      string     `json:"kind" enum:"link,organisation"`
	State     string     `json:"state" enum:"open,linked,refused"`
	Name      string     `json:"name" doc:"By Gosuslugi"`
	Faculty   string     `json:"faculty"`
	Group     string     `json:"group"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
	DecidedAt *time.Time `json:"decidedAt,omitempty"`
}

// RequestDetail is a request as staff decide it: what ESIA says beside what the organisation knows.
type RequestDetail struct {
	RequestSummary
	Claims     RequestClaims      `json:"claims"`
	Forms      []RequestForm      `json:"forms" nullable:"false" doc:"The first to the last"`
	Candidates []RequestCandidate `json:"candidates" nullable:"false" doc:"The best first; of a decided request none"`
	Reason     string             `json:"reason,omitempty" doc:"Why it was refused"`
	LinkedTo   string             `json:"linkedTo,omitempty" doc:"Whom the account was linked to"`
}

// RequestClaims are what Gosuslugi says, its numbers masked.
type RequestClaims struct {
	Name      string   `json:"name"`
	BirthDate string   `json:"birthDate" doc:"A date"`
	SNILS     string   `json:"snils"`
	Documents []string `json:"documents" nullable:"false"`
}

// RequestForm is what the claimant wrote.
type RequestForm struct {
	Name    string    `json:"name"`
	Faculty string    `json:"faculty"`
	Group   string    `json:"group"`
	Message string    `json:"message"`
	Email   string    `json:"email" doc:"Masked"`
	At      time.Time `json:"at"`
}

// RequestCandidate is somebody of the organisation, with what of her agrees.
type RequestCandidate struct {
	PersonID  uuid.UUID `json:"personId"`
	Name      string    `json:"name"`
	BirthDate string    `json:"birthDate" doc:"A date"`
	SNILS     string    `json:"snils" doc:"Masked"`
	Document  string    `json:"document" doc:"Masked"`
	Groups    []string  `json:"groups" nullable:"false" doc:"Faculty and group, of the rosters"`
	Taken     bool      `json:"taken" doc:"Linked to another account"`
	Same      Agreement `json:"same"`
}

// Agreement says what of a candidate is as Gosuslugi says.
type Agreement struct {
	Name      string `json:"name" enum:"same,differs,unknown"`
	BirthDate string `json:"birthDate" enum:"same,differs,unknown"`
	SNILS     string `json:"snils" enum:"same,differs,unknown"`
	Document  string `json:"document" enum:"same,differs,unknown"`
}

type requestsInput struct {
	State string `query:"state" default:"open" enum:"open,decided"`
}

func (s *Server) listRequests(ctx context.Context, in *requestsInput) (*body[RequestList], error) {
	organisation := caller(ctx).Organisation
	list, err := s.Desk.Requests(ctx, organisation, in.State == "open")
	if err != nil {
		return nil, err
	}
	out := RequestList{Requests: []RequestSummary{}}
	for _, r := range list {
		out.Requests = append(out.Requests, requestShape(r))
	}
	out.Open, err = s.Desk.OpenRequests(ctx, organisation)
	return answer(out), err
}

func requestShape(r account.Request) RequestSummary {
	return RequestSummary{
		ID: r.ID, Number: r.Number, Kind: string(r.Kind), State: string(r.State), Name: r.Claims.Name.String(), Faculty: r.Last().Faculty, Group: r.Last().Group,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), DecidedAt: r.DecidedAt,
	}
}

// RequestPath is the input of routes about one request. It is exported because huma reads embedded structs only then.
type RequestPath struct {
	ID uuid.UUID `path:"id"`
}

type requestInput struct {
	RequestPath
	Search string `query:"search" maxLength:"100" doc:"The beginning of a name; without it, whoever agrees in something"`
}

func (s *Server) getRequest(ctx context.Context, in *requestInput) (*body[RequestDetail], error) {
	r, err := s.Desk.Request(ctx, caller(ctx).Organisation, in.ID)
	if err != nil {
		return nil, err
	}
	return s.requestDetail(ctx, r, in.Search)
}

func (s *Server) requestDetail(ctx context.Context, r account.Request, search string) (*body[RequestDetail], error) {
	out := RequestDetail{
		RequestSummary: requestShape(r), Forms: []RequestForm{}, Candidates: []RequestCandidate{}, Reason: r.Reason,
		Claims: RequestClaims{
			Name: r.Claims.Name.String(), BirthDate: dateShape(r.Claims.BirthDate), SNILS: account.MaskedSNILS(r.Claims.SNILS), Documents: []string{},
		},
	}
	for _, d := range r.Claims.Documents {
		out.Claims.Documents = append(out.Claims.Documents, account.MaskedDocument(d))
	}
	for _, f := range r.Forms {
		out.Forms = append(out.Forms, RequestForm{
			Name: f.Name, Faculty: f.Faculty, Group: f.Group, Message: f.Message, Email: esia.Contact{Type: esia.ContactEmail, Value: f.Email}.Masked(), At: f.At,
		})
	}
	if r.Person != uuid.Nil {
		p, err := s.Accounts.Person(ctx, r.Person)
		if err != nil {
			return nil, err
		}
		out.LinkedTo = p.Name.String()
	}
	if r.State != account.RequestOpen {
		return answer(out), nil
	}
	candidates, err := s.Desk.Candidates(ctx, r, search)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(candidates))
	for i, c := range candidates {
		ids[i] = c.ID
	}
	groups, err := s.Exams.GroupsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, c := range candidates {
		shape := RequestCandidate{
			PersonID: c.ID, Name: c.Name.String(), BirthDate: dateShape(c.BirthDate), SNILS: c.SNILS, Document: c.Document, Groups: []string{}, Taken: c.Taken,
			Same: Agreement{Name: string(c.Same.Name), BirthDate: string(c.Same.BirthDate), SNILS: string(c.Same.SNILS), Document: string(c.Same.Document)},
		}
		shape.Groups = append(shape.Groups, groups[c.ID]...)
		out.Candidates = append(out.Candidates, shape)
	}
	return answer(out), nil
}

func dateShape(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

type linkRequestInput struct {
	RequestPath
	Body struct {
		PersonID uuid.UUID `json:"personId"`
	}
}

func (s *Server) linkRequest(ctx context.Context, in *linkRequestInput) (*body[RequestDetail], error) {
	r, err := s.Desk.Link(ctx, *caller(ctx), in.ID, in.Body.PersonID)
	if err != nil {
		return nil, explainRequest(err)
	}
	return s.decided(ctx, r.ID)
}

type refuseRequestInput struct {
	RequestPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

func (s *Server) refuseRequest(ctx context.Context, in *refuseRequestInput) (*body[RequestDetail], error) {
	r, err := s.Desk.Refuse(ctx, *caller(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, explainRequest(err)
	}
	return s.decided(ctx, r.ID)
}

func (s *Server) decided(ctx context.Context, id uuid.UUID) (*body[RequestDetail], error) {
	r, err := s.Desk.Request(ctx, caller(ctx).Organisation, id)
	if err != nil {
		return nil, err
	}
	return s.requestDetail(ctx, r, "")
}
