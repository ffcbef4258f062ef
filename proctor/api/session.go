package api

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
)

// SessionRules bound sessions and say whom to believe about addresses.
type SessionRules struct {
	Idle     time.Duration  // a session that is not used so long ends
	Lifetime time.Duration  // every session ends after so long
	Proxies  []netip.Prefix // reverse proxies whose X-Forwarded-For is believed
}

// What a session holds.
const (
	keyPerson  = "person"  // the id of who signed in; absent until a role is chosen
	keyRole    = "role"    // the role in which she acts
	keyMethod  = "method"  // how she signed in: esia, password
	keyAccount = "account" // the OID of the ESIA account by which she signed in
	keyBegan   = "began"   // when she signed in, Unix seconds
	keySeen    = "seen"    // when the session was last used, to a minute
	keySignIn  = "signin"  // a sign-in that was started: signInState, sealed
	keyArrival = "arrival" // how the last sign-in ended: arrival, sealed
	keyBearer  = "bearer"  // the access token of ESIA: bearer, sealed
	keyReturn  = "return"  // where to go after a role was chosen
)

// live tells whether somebody's session is neither idle nor over, and notes that it is used. One that is ended is forgotten.
func (s *Server) live(ctx context.Context) (bool, error) {
	began, seen := s.sessions.GetInt64(ctx, keyBegan), s.sessions.GetInt64(ctx, keySeen)
	if began == 0 {
		return false, nil
	}
	now := s.Now()
	if now.Sub(time.Unix(began, 0)) >= s.Sessions.Lifetime || now.Sub(time.Unix(seen, 0)) >= s.Sessions.Idle {
		return false, s.sessions.Destroy(ctx)
	}
	if now.Sub(time.Unix(seen, 0)) >= time.Minute {
		s.sessions.Put(ctx, keySeen, now.Unix())
	}
	return true, nil
}

// person is who the session belongs to, with the one role in which she acts; nil when nobody is signed in. She is read afresh: a role or an
// account that was taken away is gone at once.
func (s *Server) person(ctx context.Context) (*account.Person, error) {
	id, err := uuid.Parse(s.sessions.GetString(ctx, keyPerson))
	if err != nil {
		return nil, nil
	}
	if live, err := s.live(ctx); err != nil || !live {
		return nil, err
	}
	p, err := s.Accounts.Person(ctx, id)
	if errors.Is(err, account.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if oid := s.sessions.GetString(ctx, keyAccount); oid != "" && p.OID != oid { // unlinked meanwhile
		return nil, s.sessions.Destroy(ctx)
	}
	role := account.Role(s.sessions.GetString(ctx, keyRole))
	p.Roles = slices.DeleteFunc(p.Roles, func(r account.Role) bool { return r != role })
	return &p, nil
}

// holder tells whether somebody signed in, whether or not she has chosen her role yet.
func (s *Server) holder(ctx context.Context) (bool, error) {
	if s.sessions.GetString(ctx, keyPerson) == "" && s.sessions.GetString(ctx, keyAccount) == "" {
		return false, nil
	}
	return s.live(ctx)
}

// entrance is how somebody came in.
type entrance struct {
	method string // esia, password
	oid    string // of the ESIA account; empty otherwise
	change bool   // she was in already, in another role
}

// enter gives the session, under a new token, to a person in a role; the log tells of it first.
func (s *Server) enter(ctx context.Context, person uuid.UUID, role account.Role, how entrance) error {
	if _, err := s.Accounts.Enter(ctx, account.Entrance{Person: person, Role: role, Method: how.method, Change: how.change}); err != nil {
		return err
	}
	if err := s.hold(ctx, how); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyPerson, person.String())
	s.sessions.Put(ctx, keyRole, string(role))
	return nil
}

// hold starts a session under a new token for whoever came in and has no role yet. A change of role does not lengthen it.
func (s *Server) hold(ctx context.Context, how entrance) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Remove(ctx, keyPerson)
	s.sessions.Remove(ctx, keyRole)
	s.sessions.Put(ctx, keyMethod, how.method)
	s.sessions.Put(ctx, keyAccount, how.oid)
	s.sessions.Put(ctx, keySeen, s.Now().Unix())
	if !how.change {
		s.sessions.Put(ctx, keyBegan, s.Now().Unix())
	}
	return nil
}

// session says who is signed in.
func (s *Server) session(ctx context.Context, _ *struct{}) (*body[Session], error) {
	shape, err := s.sessionShape(ctx, caller(ctx))
	return answer(shape), err
}

func (s *Server) sessionShape(ctx context.Context, p *account.Person) (Session, error) {
	out := Session{Version: s.Version}
	if p != nil {
		out.SignedIn = true
		out.Person = &SessionPerson{ID: p.ID, DisplayName: p.Name.String(), Roles: []string{}}
		for _, role := range p.Roles {
			out.Person.Roles = append(out.Person.Roles, string(role))
		}
		if p.Has(account.Student) && s.Accounts.Minor(*p) {
			standing, err := s.Accounts.Standing(ctx, nil, *p)
			if err != nil {
				return out, err
			}
			out.Person.NeedsParent = standing == nil
		}
	}
	holder, err := s.holder(ctx)
	if err != nil {
		return out, err
	}
	if holder {
		choices, _, err := s.choices(ctx)
		if err != nil {
			return out, err
		}
		out.Choices = len(choices)
		for _, c := range choices {
			if p != nil && c.Person.ID == p.ID {
				out.Organisation = OrganisationCard{Name: c.Organisation.Name, ShortName: c.Organisation.ShortName}
			}
		}
	}
	if out.Organisation.Name == "" {
		organisation, err := s.Accounts.Organisation(ctx)
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return out, err
		}
		out.Organisation = OrganisationCard{Name: organisation.Name, ShortName: organisation.ShortName}
	}
	return out, nil
}

// SignedOut says where the browser goes on after signing out.
type SignedOut struct {
	Next string `json:"next" doc:"The address that ends the session at Gosuslugi and comes back; empty when there is none"`
}

type endInput struct {
	Return string `query:"return" maxLength:"512" doc:"A path of the application to come back to"`
}

// endSession ends ours, and tells where ESIA's is ended.
func (s *Server) endSession(ctx context.Context, in *endInput) (*body[SignedOut], error) {
	var out SignedOut
	if s.sessions.GetString(ctx, keyAccount) != "" {
		out.Next = s.ESIA.LogoutURL(strings.TrimSuffix(s.PublicURL.String(), "/") + localPath(in.Return))
	}
	return answer(out), s.sessions.Destroy(ctx)
}
