package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// ErrLastAdministrator: an organisation keeps one administrator whose role was given by hand: groups at ESIA may fall away at any time.
var ErrLastAdministrator = errors.New("the last administrator stays")

// Source is where a role comes from.
type Source string

// The sources.
const (
	ByHand  Source = "hand"
	ByGroup Source = "esia" // an access group at ESIA
)

// GivenRole is a role of a person with where it comes from.
type GivenRole struct {
	Role   Role
	Source Source
	Group  string // of ByGroup
	At     time.Time
}

// Member is a person as the administrator sees her.
type Member struct {
	ID        uuid.UUID
	Name      Name
	BirthYear int
	Linked    bool // to an ESIA account
	Login     string
	Locked    bool
	Roles     []GivenRole
}

// membersAtOnce is how many people one page of a search has.
const membersAtOnce = 50

// Members searches an organisation's people by a part of the name and by a role ("": any), in the order of their names; all is how many there are.
func (a *Accounts) Members(ctx context.Context, organisation uuid.UUID, text string, role Role, offset int) (list []Member, all int, err error) {
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(foldName(text)) + "%"
	rows, _ := a.pool.Query(ctx, `select p.id, p.last_name, p.first_name, p.middle_name, extract(year from p.birth_date)::int, p.esia_oid is not null,
			coalesce(l.name, ''), coalesce(l.locked_until > $6, false), count(*) over ()
		from person p left join login l on l.person_id = p.id
		where p.organisation_id = $1 and p.name_key like $2 and ($3 = '' or exists (select from person_role r where r.person_id = p.id and r.role = $3))
		order by p.name_key, p.id offset $4 limit $5`, organisation, pattern, string(role), offset, membersAtOnce, a.now())
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Member, err error) {
		err = row.Scan(&m.ID, &m.Name.Last, &m.Name.First, &m.Name.Middle, &m.BirthYear, &m.Linked, &m.Login, &m.Locked, &all)
		return m, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search the people: %w", err)
	}
	ids, at := make([]uuid.UUID, len(list)), map[uuid.UUID]int{}
	for i, m := range list {
		ids[i], at[m.ID] = m.ID, i
	}
	rows, _ = a.pool.Query(ctx, `select person_id, role, source, group_id, granted_at from person_role where person_id = any($1) order by role, source desc, group_id`, ids)
	var person uuid.UUID
	var g GivenRole
	_, err = pgx.ForEachRow(rows, []any{&person, &g.Role, &g.Source, &g.Group, &g.At}, func() error {
		m := &list[at[person]]
		m.Roles = append(m.Roles, g)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the people's roles: %w", err)
	}
	return list, all, nil
}

// GiveRole gives a role by hand to a person of the actor's organisation. To give it twice changes nothing.
func (a *Accounts) GiveRole(ctx context.Context, person uuid.UUID, role Role, actor Person) error {
	return a.changeRole(ctx, person, actor, func(tx pgx.Tx, p Person) error {
		tag, err := tx.Exec(ctx, `insert into person_role (person_id, role, granted_at) values ($1, $2, $3) on conflict do nothing`, person, role, a.now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return a.staffRecord(ctx, tx, p, actor.ID, ledger.Staff{What: ledger.RoleGiven, Role: string(role)})
	})
}

// TakeRole takes a role that was given by hand. What a group at ESIA gives stays: it is taken there. The last administrator is not taken.
func (a *Accounts) TakeRole(ctx context.Context, person uuid.UUID, role Role, actor Person) error {
	return a.changeRole(ctx, person, actor, func(tx pgx.Tx, p Person) error {
		tag, err := tx.Exec(ctx, `delete from person_role where person_id = $1 and role = $2 and source = 'hand'`, person, role)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		var left bool
		if err := tx.QueryRow(ctx, `select exists (select from person_role r join person p on p.id = r.person_id
			where p.organisation_id = $1 and r.role = 'administrator' and r.source = 'hand')`, p.Organisation).Scan(&left); err != nil {
			return err
		}
		if !left {
			return ErrLastAdministrator
		}
		return a.staffRecord(ctx, tx, p, actor.ID, ledger.Staff{What: ledger.RoleTaken, Role: string(role)})
	})
}

// changeRole does it for a person of the actor's organisation, one change of its roles after the other.
func (a *Accounts) changeRole(ctx context.Context, person uuid.UUID, actor Person, do func(tx pgx.Tx, p Person) error) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('roles ' || $1::text, 0))`, actor.Organisation); err != nil {
			return err
		}
		p, err := a.person(ctx, tx, "p.id = $1", person)
		if err == nil && p.Organisation != actor.Organisation {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return do(tx, p)
	})
	if err != nil {
		return fmt.Errorf("change a role: %w", err)
	}
	return nil
}

// staffRecord appends the record of an act on a person, or on the organisation itself when p has no id; actor is nobody when it came from the command line or from ESIA.
func (a *Accounts) staffRecord(ctx context.Context, tx pgx.Tx, p Person, actor uuid.UUID, data ledger.Staff) error {
	personal := map[string]string{}
	if p.ID != uuid.Nil {
		personal["person"] = p.Name.String()
	}
	if actor != uuid.Nil {
		by, err := a.person(ctx, tx, "p.id = $1", actor)
		if err != nil {
			return err
		}
		personal["actor"] = by.Name.String()
	}
	_, err := a.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeStaff, At: a.now(), Person: p.ID, Organisation: p.Organisation, Outcome: data.What, Data: data, Personal: personal,
	})
	return err
}
