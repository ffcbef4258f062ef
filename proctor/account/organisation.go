package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Errors of changing organisations.
var (
	// ErrNotHost: only administrators of the organisation that runs the installation may.
	ErrNotHost = errors.New("not of the organisation that runs the installation")
	// ErrOrganisationTaken: another organisation is called so.
	ErrOrganisationTaken = errors.New("another organisation has this short name")
)

// Organisation is a university (организация).
type Organisation struct {
	ID        uuid.UUID
	Name      string
	ShortName string
	ActNumber string     // the local act that allows identified remote exams
	ActDate   *time.Time // its date
	Contact   string     // whom a student turns to
}

// OrganisationSummary is an organisation as administrators see it.
type OrganisationSummary struct {
	Organisation
	People, Administrators int
}

// EnsureOrganisation makes the organisation or updates its texts; the short name tells them apart. It returns the id.
func (a *Accounts) EnsureOrganisation(ctx context.Context, o Organisation) (uuid.UUID, error) {
	var id uuid.UUID
	err := a.pool.QueryRow(ctx, `select id from organisation where short_name = $1`, o.ShortName).Scan(&id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		id = uuid.New()
		_, err = a.pool.Exec(ctx, `insert into organisation (id, name, short_name, act_number, act_date, contact) values ($1, $2, $3, $4, $5, $6)`,
			id, o.Name, o.ShortName, o.ActNumber, o.ActDate, o.Contact)
	case err == nil:
		_, err = a.pool.Exec(ctx, `update organisation set name = $2, act_number = $3, act_date = $4, contact = $5 where id = $1`,
			id, o.Name, o.ActNumber, o.ActDate, o.Contact)
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("organisation: %w", err)
	}
	return id, nil
}

// Organisations are all of the installation, the first one first.
func (a *Accounts) Organisations(ctx context.Context) ([]Organisation, error) {
	return organisations(ctx, a.pool)
}

func organisations(ctx context.Context, q queryer) ([]Organisation, error) {
	rows, _ := q.Query(ctx, `select id, name, short_name, act_number, act_date, contact from organisation order by created_at, id`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Organisation])
	if err != nil {
		return nil, fmt.Errorf("organisations: %w", err)
	}
	return list, nil
}

// Organisation reads the installation's organisation; ErrNotFound before there is one.
func (a *Accounts) Organisation(ctx context.Context) (Organisation, error) {
	rows, _ := a.pool.Query(ctx, `select id, name, short_name, act_number, act_date, contact from organisation order by created_at limit 1`)
	o, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Organisation])
	if errors.Is(err, pgx.ErrNoRows) {
		return o, ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("organisation: %w", err)
	}
	return o, nil
}

// OrganisationByID reads one of them; ErrNotFound when there is none.
func (a *Accounts) OrganisationByID(ctx context.Context, id uuid.UUID) (Organisation, error) {
	list, err := a.Organisations(ctx)
	if err != nil {
		return Organisation{}, err
	}
	i := slices.IndexFunc(list, func(o Organisation) bool { return o.ID == id })
	if i < 0 {
		return Organisation{}, ErrNotFound
	}
	return list[i], nil
}

// OrganisationsFor are the organisations that an administrator may change: her own, and all of them when hers runs the installation (host), which
// is the first that was made.
func (a *Accounts) OrganisationsFor(ctx context.Context, by Person) (list []OrganisationSummary, host bool, err error) {
	rows, _ := a.pool.Query(ctx, `select o.id, o.name, o.short_name, o.act_number, o.act_date, o.contact,
			(select count(*) from person p where p.organisation_id = o.id),
			(select count(distinct p.id) from person p join person_role r on r.person_id = p.id where p.organisation_id = o.id and r.role = 'administrator')
		from organisation o order by o.created_at, o.id`)
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s OrganisationSummary, err error) {
		err = row.Scan(&s.ID, &s.Name, &s.ShortName, &s.ActNumber, &s.ActDate, &s.Contact, &s.People, &s.Administrators)
		return s, err
	})
	if err != nil {
		return nil, false, fmt.Errorf("organisations: %w", err)
	}
	if host = len(list) > 0 && list[0].ID == by.Organisation; !host {
		list = slices.DeleteFunc(list, func(s OrganisationSummary) bool { return s.ID != by.Organisation })
	}
	return list, host, nil
}

// CreateOrganisation makes an organisation with its first administrator, who signs in by ESIA. ErrNotHost, ErrOrganisationTaken.
func (a *Accounts) CreateOrganisation(ctx context.Context, o Organisation, administrator NewPerson, by Person) (uuid.UUID, error) {
	o.ID = uuid.New()
	administrator.Organisation, administrator.Roles = o.ID, []Role{Administrator}
	err := a.changeOrganisations(ctx, func(tx pgx.Tx, all []Organisation) error {
		if len(all) == 0 || all[0].ID != by.Organisation {
			return ErrNotHost
		}
		if err := mustBeFree(all, o); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into organisation (id, name, short_name, act_number, act_date, contact) values ($1, $2, $3, $4, $5, $6)`,
			o.ID, o.Name, o.ShortName, o.ActNumber, o.ActDate, o.Contact); err != nil {
			return err
		}
		id, err := a.Ensure(ctx, tx, administrator)
		if err != nil {
			return err
		}
		for _, act := range []ledger.Staff{{What: ledger.OrganisationCreated}, {What: ledger.RoleGiven, Role: string(Administrator)}} {
			if err := a.staffRecord(ctx, tx, Person{ID: id, Organisation: o.ID, Name: administrator.Name}, by.ID, act); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return uuid.Nil, err
	}
	return o.ID, nil
}

// ChangeOrganisation changes the texts of the administrator's own organisation, or of any when hers runs the installation; ErrNotFound for
// another's, ErrOrganisationTaken.
func (a *Accounts) ChangeOrganisation(ctx context.Context, o Organisation, by Person) error {
	return a.changeOrganisations(ctx, func(tx pgx.Tx, all []Organisation) error {
		i := slices.IndexFunc(all, func(one Organisation) bool { return one.ID == o.ID })
		if i < 0 || o.ID != by.Organisation && all[0].ID != by.Organisation {
			return ErrNotFound
		}
		if err := mustBeFree(all, o); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update organisation set name = $2, short_name = $3, act_number = $4, act_date = $5, contact = $6 where id = $1`,
			o.ID, o.Name, o.ShortName, o.ActNumber, o.ActDate, o.Contact); err != nil {
			return err
		}
		was, becomes := all[i].logged(), o.logged()
		for _, field := range slices.Sorted(maps.Keys(becomes)) {
			if was[field] == becomes[field] {
				continue
			}
			change := ledger.PolicyChange{What: "organisation", Class: field}
			if field != "contact" { // which may name a person
				change.Before, change.After = was[field], becomes[field]
			}
			if _, err := a.log.Append(ctx, tx, ledger.Entry{
				Type: ledger.TypePolicyChange, At: a.now(), Outcome: "changed", Organisation: o.ID, Data: change, Personal: map[string]string{"actor": by.Name.String()},
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// logged are the texts that the log tells changes of.
func (o Organisation) logged() map[string]string {
	date := ""
	if o.ActDate != nil {
		date = o.ActDate.Format(time.DateOnly)
	}
	return map[string]string{"name": o.Name, "shortName": o.ShortName, "actNumber": o.ActNumber, "actDate": date, "contact": o.Contact}
}

func mustBeFree(all []Organisation, o Organisation) error {
	if slices.ContainsFunc(all, func(one Organisation) bool { return one.ShortName == o.ShortName && one.ID != o.ID }) {
		return ErrOrganisationTaken
	}
	return nil
}

// changeOrganisations does it with all of them read, one change after the other.
func (a *Accounts) changeOrganisations(ctx context.Context, do func(tx pgx.Tx, all []Organisation) error) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('organisations', 0))`); err != nil {
			return err
		}
		all, err := organisations(ctx, tx)
		if err != nil {
			return err
		}
		return do(tx, all)
	})
	if err != nil {
		return fmt.Errorf("change the organisations: %w", err)
	}
	return nil
}
