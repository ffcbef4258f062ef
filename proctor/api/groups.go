package api

import (
	"context"
	"slices"
	"time"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// groupReader is a provider that knows to which access groups somebody belongs.
type groupReader interface {
	Roles(ctx context.Context, of *esia.Identity) ([]esia.Role, error)
	Groups(ctx context.Context, of *esia.Identity, organisationOID string) ([]esia.Group, error)
}

const groupsWithin = 15 * time.Second

// applyGroups brings the roles that ESIA's access groups give up to date, at every sign-in. When ESIA cannot tell, roles given by groups are
// taken until it can; that they were is told, never kept silent.
func (s *Server) applyGroups(ctx context.Context, identity *esia.Identity, claims account.Claims) (lost bool, err error) {
	mapped, err := s.Accounts.MappedOrganisations(ctx)
	if err != nil || len(mapped) == 0 || !claims.Admitted(s.Now()) {
		return false, err
	}
	memberships, unavailable := s.memberships(ctx, identity, mapped)
	if unavailable != nil {
		s.Logger.WarnContext(ctx, "ESIA does not tell the access groups; roles given by them are suspended", "error", unavailable)
	}
	taken, err := s.Accounts.ApplyGroups(ctx, claims, memberships, unavailable != nil)
	return taken && unavailable != nil, err
}

// memberships are the person's access groups in the organisations of which somebody has mapped one.
func (s *Server) memberships(ctx context.Context, identity *esia.Identity, mapped []string) ([]account.Membership, error) {
	reader, ok := s.ESIA.(groupReader)
	if !ok {
		return nil, errNoGroups
	}
	ctx, cancel := context.WithTimeout(ctx, groupsWithin)
	defer cancel()
	roles, err := reader.Roles(ctx, identity)
	if err != nil {
		return nil, err
	}
	var list []account.Membership
	for _, role := range roles {
		oid := role.Organisation.OID
		if !slices.Contains(mapped, oid) {
			continue
		}
		groups, err := reader.Groups(ctx, identity, oid)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			list = append(list, account.Membership{ESIAOrg: oid, Group: g.ID})
		}
	}
	return list, nil
}
