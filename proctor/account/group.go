package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Mapping gives a role to whoever belongs to an access group of an organisation at ESIA.
type Mapping struct {
	ID        uuid.UUID
	ESIAOrg   string // the organisation's OID at ESIA
	Group     string // the group's mnemonic
	Role      Role
	CreatedAt time.Time
	People    int // who have the role by it now
}

// Membership is an access group to which somebody belongs, as ESIA said.
type Membership struct{ ESIAOrg, Group string }

// Mappings are an organisation's.
func (a *Accounts) Mappings(ctx context.Context, organisation uuid.UUID) ([]Mapping, error) {
	rows, _ := a.pool.Query(ctx, `select g.id, g.esia_org, g.group_id, g.role, g.created_at, (select count(*) from person_role r join person p on p.id = r.person_id
			where p.organisation_id = g.organisation_id and r.source = 'esia' and r.role = g.role and r.group_id = g.group_id)
		from esia_group g where g.organisation_id = $1 order by g.esia_org, g.group_id, g.role`, organisation)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Mapping])
	if err != nil {
		return nil, fmt.Errorf("read the mapped groups: %w", err)
	}
	return list, nil
}

// MapGroup adds a mapping to the actor's organisation; it works from each member's next sign-in. To add it twice changes nothing.
func (a *Accounts) MapGroup(ctx context.Context, m Mapping, actor Person) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into esia_group (id, organisation_id, esia_org, group_id, role, created_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
			uuid.New(), actor.Organisation, m.ESIAOrg, m.Group, m.Role, a.now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return a.staffRecord(ctx, tx, Person{Organisation: actor.Organisation}, actor.ID, ledger.Staff{What: ledger.GroupMapped, Role: string(m.Role), Group: m.Group})
	})
	if err != nil {
		return fmt.Errorf("map a group: %w", err)
	}
	return nil
}

// UnmapGroup removes a mapping of the actor's organisation, and at once the roles that it gave.
func (a *Accounts) UnmapGroup(ctx context.Context, id uuid.UUID, actor Person) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var m Mapping
		err := tx.QueryRow(ctx, `delete from esia_group where id = $1 and organisation_id = $2 returning esia_org, group_id, role`, id, actor.Organisation).Scan(&m.ESIAOrg, &m.Group, &m.Role)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := a.staffRecord(ctx, tx, Person{Organisation: actor.Organisation}, actor.ID, ledger.Staff{What: ledger.GroupUnmapped, Role: string(m.Role), Group: m.Group}); err != nil {
			return err
		}
		// A group of the same name in another organisation at ESIA may still give it.
		rows, _ := tx.Query(ctx, `delete from person_role r using person p where p.id = r.person_id and p.organisation_id = $1 and r.source = 'esia' and r.role = $2 and r.group_id = $3
			and not exists (select from esia_group g where g.organisation_id = $1 and g.role = $2 and g.group_id = $3) returning r.person_id`, actor.Organisation, m.Role, m.Group)
		people, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return err
		}
		slices.SortFunc(people, func(x, y uuid.UUID) int { return slices.Compare(x[:], y[:]) })
		for _, id := range people {
			p, err := a.person(ctx, tx, "p.id = $1", id)
			if err != nil {
				return err
			}
			if err := a.staffRecord(ctx, tx, p, actor.ID, ledger.Staff{What: ledger.RoleTaken, Role: string(m.Role), Group: m.Group, Reason: "group_unmapped"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unmap a group: %w", err)
	}
	return nil
}

// MappedOrganisations are the OIDs at ESIA of whose groups we must ask; none: nobody has mapped one.
func (a *Accounts) MappedOrganisations(ctx context.Context) ([]string, error) {
	rows, _ := a.pool.Query(ctx, `select distinct esia_org from esia_group order by esia_org`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the mapped organisations: %w", err)
	}
	return list, nil
}

// groupGrant is a role that a group gives.
type groupGrant struct {
	Organisation uuid.UUID
	Role         Role
	Group        string
}

// ApplyGroups makes the roles that groups give be those of the memberships, for everybody to whom the ESIA account belongs. It is called at
// each sign-in. Whoever an organisation does not know yet and has a mapped group of it becomes one of its people: the organisation named her at
// ESIA. When ESIA could not tell the groups (unknown), no role is kept on its old word: those given by groups are taken until it can.
// It tells whether anything was taken.
func (a *Accounts) ApplyGroups(ctx context.Context, c Claims, memberships []Membership, unknown bool) (taken bool, err error) {
	if !c.Admitted(a.now()) || c.OID == "" {
		return false, ErrNotConfirmed
	}
	if unknown {
		memberships = nil
	}
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('groups ' || $1, 0))`, c.OID); err != nil {
			return err
		}
		wanted, err := grants(ctx, tx, memberships)
		if err != nil {
			return err
		}
		if err := a.admitByGroup(ctx, tx, c, wanted); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `select r.person_id, r.role, r.group_id from person_role r join person p on p.id = r.person_id where p.esia_oid = $1 and r.source = 'esia'`, c.OID)
		type has struct {
			Person uuid.UUID
			Role   Role
			Group  string
		}
		present, err := pgx.CollectRows(rows, pgx.RowToStructByPos[has])
		if err != nil {
			return err
		}
		people, err := a.people(ctx, tx, "p.esia_oid = $1", c.OID)
		if err != nil {
			return err
		}
		for _, p := range people {
			for _, g := range wanted {
				if g.Organisation != p.Organisation || slices.Contains(present, has{p.ID, g.Role, g.Group}) {
					continue
				}
				if _, err := tx.Exec(ctx, `insert into person_role (person_id, role, source, group_id, granted_at) values ($1, $2, 'esia', $3, $4)`, p.ID, g.Role, g.Group, a.now()); err != nil {
					return err
				}
				if err := a.staffRecord(ctx, tx, p, uuid.Nil, ledger.Staff{What: ledger.RoleGiven, Role: string(g.Role), Group: g.Group}); err != nil {
					return err
				}
			}
			for _, h := range present {
				if h.Person != p.ID || slices.Contains(wanted, groupGrant{p.Organisation, h.Role, h.Group}) {
					continue
				}
				if _, err := tx.Exec(ctx, `delete from person_role where person_id = $1 and role = $2 and source = 'esia' and group_id = $3`, p.ID, h.Role, h.Group); err != nil {
					return err
				}
				reason := "left_group"
				if unknown {
					reason = "esia_unavailable"
				}
				taken = true
				if err := a.staffRecord(ctx, tx, p, uuid.Nil, ledger.Staff{What: ledger.RoleTaken, Role: string(h.Role), Group: h.Group, Reason: reason}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("apply the groups: %w", err)
	}
	return taken, nil
}

// grants are the roles that the memberships give, each once.
func grants(ctx context.Context, tx pgx.Tx, memberships []Membership) ([]groupGrant, error) {
	orgs, groups := make([]string, len(memberships)), make([]string, len(memberships))
	for i, m := range memberships {
		orgs[i], groups[i] = m.ESIAOrg, m.Group
	}
	rows, _ := tx.Query(ctx, `select distinct g.organisation_id, g.role, g.group_id from esia_group g
		join unnest($1::text[], $2::text[]) as m(esia_org, group_id) on m.esia_org = g.esia_org and m.group_id = g.group_id order by 1, 2, 3`, orgs, groups)
	return pgx.CollectRows(rows, pgx.RowToStructByPos[groupGrant])
}

// admitByGroup makes a person of whoever has a mapped group in an organisation where her account is not linked yet. Somebody who is there under
// that name is not guessed at: then nothing is made, and the sign-in goes the usual way.
func (a *Accounts) admitByGroup(ctx context.Context, tx pgx.Tx, c Claims, wanted []groupGrant) error {
	done := map[uuid.UUID]bool{}
	for _, g := range wanted {
		if done[g.Organisation] {
			continue
		}
		done[g.Organisation] = true
		var known bool
		if err := tx.QueryRow(ctx, `select exists (select from person where organisation_id = $1 and (esia_oid = $2 or snils_hash = $3 or (name_key = $4 and birth_date = $5)))`,
			g.Organisation, c.OID, a.keyed(c.SNILS, purposeSNILS).hash, c.Name.key(), c.BirthDate).Scan(&known); err != nil {
			return err
		}
		if known {
			continue
		}
		id, err := a.Ensure(ctx, tx, NewPerson{Organisation: g.Organisation, Name: c.Name, BirthDate: c.BirthDate, SNILS: c.SNILS})
		if err != nil {
			return err
		}
		if err := a.link(ctx, tx, id, c.OID, ledger.Link{By: "group"}, ""); err != nil {
			return err
		}
	}
	return nil
}
