package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
)

var errNoGroups = errors.New("the sign-in's provider knows no access groups")

var administrators = access{roles: []account.Role{account.Administrator}}

// Members is a page of an organisation's people.
type Members struct {
	People []Member `json:"people" nullable:"false"`
	Total  int      `json:"total"`
}

// Member is one of them, as the administrator sees her.
type Member struct {
	ID          uuid.UUID   `json:"id"`
	DisplayName string      `json:"displayName"`
	BirthYear   int         `json:"birthYear"`
	Linked      bool        `json:"linked" doc:"An ESIA account is linked"`
	Login       string      `json:"login" doc:"Empty: none was issued"`
	Locked      bool        `json:"locked" doc:"Too many wrong passwords lately"`
	Roles       []GivenRole `json:"roles" nullable:"false"`
}

// GivenRole is a role and where it comes from.
type GivenRole struct {
	Role   string    `json:"role" enum:"student,proctor,registrar,administrator,guardian"`
	Source string    `json:"source" enum:"hand,esia"`
	Group  string    `json:"group" doc:"ESIA's access group that gives it"`
	At     time.Time `json:"at"`
}

type membersInput struct {
	Text   string `query:"text" maxLength:"100" doc:"A part of the name"`
	Role   string `query:"role" enum:"student,proctor,registrar,administrator,guardian,"`
	Offset int    `query:"offset" minimum:"0" maximum:"1000000"`
}

func (s *Server) members(ctx context.Context, in *membersInput) (*body[Members], error) {
	list, total, err := s.Accounts.Members(ctx, caller(ctx).Organisation, in.Text, account.Role(in.Role), in.Offset)
	if err != nil {
		return nil, err
	}
	out := Members{People: []Member{}, Total: total}
	for _, m := range list {
		shape := Member{ID: m.ID, DisplayName: m.Name.String(), BirthYear: m.BirthYear, Linked: m.Linked, Login: m.Login, Locked: m.Locked, Roles: []GivenRole{}}
		for _, g := range m.Roles {
			shape.Roles = append(shape.Roles, GivenRole{Role: string(g.Role), Source: string(g.Source), Group: g.Group, At: g.At.UTC()})
		}
		out.People = append(out.People, shape)
	}
	return answer(out), nil
}

type roleInput struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Role string `json:"role" enum:"student,proctor,registrar,administrator"`
		Have bool   `json:"have" doc:"Give it, or take what was given by hand"`
	}
}

func (s *Server) setRole(ctx context.Context, in *roleInput) (*struct{}, error) {
	change := s.Accounts.TakeRole
	if in.Body.Have {
		change = s.Accounts.GiveRole
	}
	err := change(ctx, in.ID, account.Role(in.Body.Role), *caller(ctx))
	if errors.Is(err, account.ErrLastAdministrator) {
		return nil, problem(http.StatusConflict, "last_administrator")
	}
	return nil, err
}

type personPath struct {
	ID uuid.UUID `path:"id"`
}

// IssuedLogin is shown once.
type IssuedLogin struct {
	Login    string `json:"login"`
	Password string `json:"password" doc:"For one use within a week; it is not shown again"`
}

// issueLogin gives a login or resets its password.
func (s *Server) issueLogin(ctx context.Context, in *personPath) (*body[IssuedLogin], error) {
	who, err := s.Accounts.Person(ctx, in.ID)
	if err == nil && who.Organisation != caller(ctx).Organisation {
		err = account.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	name, password, err := s.Accounts.IssueLogin(ctx, in.ID, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	return answer(IssuedLogin{Login: name, Password: password}), nil
}

// Groups are the access groups that give roles.
type Groups struct {
	Groups []Group `json:"groups" nullable:"false"`
}

// Group is one mapping.
type Group struct {
	ID      uuid.UUID `json:"id"`
	ESIAOrg string    `json:"esiaOrg" doc:"The organisation's OID at ESIA"`
	Group   string    `json:"group" doc:"The access group's mnemonic"`
	Role    string    `json:"role" enum:"proctor,registrar,administrator"`
	People  int       `json:"people" doc:"Who have the role by it now"`
}

func (s *Server) groups(ctx context.Context, _ *struct{}) (*body[Groups], error) {
	list, err := s.Accounts.Mappings(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	out := Groups{Groups: []Group{}}
	for _, m := range list {
		out.Groups = append(out.Groups, Group{ID: m.ID, ESIAOrg: m.ESIAOrg, Group: m.Group, Role: string(m.Role), People: m.People})
	}
	return answer(out), nil
}

type groupInput struct {
	Body struct {
		ESIAOrg string `json:"esiaOrg" pattern:"^[0-9]{1,20}$"`
		Group   string `json:"group" pattern:"^[A-Za-z0-9_.:-]{1,100}$"`
		Role    string `json:"role" enum:"proctor,registrar,administrator"`
	}
}

func (s *Server) mapGroup(ctx context.Context, in *groupInput) (*body[Groups], error) {
	err := s.Accounts.MapGroup(ctx, account.Mapping{ESIAOrg: in.Body.ESIAOrg, Group: in.Body.Group, Role: account.Role(in.Body.Role)}, *caller(ctx))
	if err != nil {
		return nil, err
	}
	return s.groups(ctx, nil)
}

func (s *Server) unmapGroup(ctx context.Context, in *personPath) (*body[Groups], error) {
	if err := s.Accounts.UnmapGroup(ctx, in.ID, *caller(ctx)); err != nil {
		return nil, err
	}
	return s.groups(ctx, nil)
}

// peopleOperations are the routes of logins, linking, roles and groups.
func (s *Server) peopleOperations() {
	get, post := http.MethodGet, http.MethodPost

	route(s, post, "/api/session/login", "signInWithLogin", "Sign in with a login issued by the organisation", public, s.signInWithLogin)
	route(s, get, "/api/account", "account", "How one signs in", signedIn, s.accountPage)
	route(s, post, "/api/account/password", "changePassword", "Choose another password", signedIn, s.changePassword)
	route(s, post, "/api/account/link", "confirmLink", "Link the ESIA account that was shown", signedIn, s.confirmLink)
	route(s, post, "/api/account/link/cancel", "cancelLink", "Forget the ESIA account that was shown", signedIn, s.cancelLink)
	route(s, post, "/api/account/unlink", "unlink", "Unlink the ESIA account", signedIn, s.unlink)

	route(s, get, "/api/people", "members", "The organisation's people and their roles", administrators, s.members)
	route(s, post, "/api/people/{id}/role", "setRole", "Give or take a role by hand", administrators, s.setRole)
	route(s, post, "/api/people/{id}/login", "issueLogin", "Issue a login, or reset its password", administrators, s.issueLogin)
	route(s, get, "/api/groups", "groups", "Access groups at ESIA that give roles", administrators, s.groups)
	route(s, post, "/api/groups", "mapGroup", "Let an access group give a role", administrators, s.mapGroup)
	route(s, post, "/api/groups/{id}/remove", "unmapGroup", "Let it give the role no more", administrators, s.unmapGroup)
}
