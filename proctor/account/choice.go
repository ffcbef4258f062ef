package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Choice is a role in an organisation in which somebody may act.
type Choice struct {
	Person       Person
	Organisation Organisation
	Role         Role
}

// Choices are all in which the people may act, and which of them was chosen last (-1: none, or it is gone).
func (a *Accounts) Choices(ctx context.Context, people []Person) (choices []Choice, last int, err error) {
	last = -1
	ids := make([]uuid.UUID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	rows, _ := a.pool.Query(ctx, `select p.id, p.chosen_role, p.chosen_at, o.id, o.name, o.short_name, o.act_number, o.act_date, o.contact
		from person p join organisation o on o.id = p.organisation_id where p.id = any($1) order by o.created_at, p.id`, ids)
	var (
		id   uuid.UUID
		role *Role
		at   *time.Time
		o    Organisation
		best time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &role, &at, &o.ID, &o.Name, &o.ShortName, &o.ActNumber, &o.ActDate, &o.Contact}, func() error {
		person := people[slices.IndexFunc(people, func(p Person) bool { return p.ID == id })]
		for _, r := range person.Roles {
			if role != nil && *role == r && at != nil && (last < 0 || at.After(best)) {
				last, best = len(choices), *at
			}
			choices = append(choices, Choice{Person: person, Organisation: o, Role: r})
		}
		return nil
	})
	if err != nil {
		return nil, -1, fmt.Errorf("read the choices: %w", err)
	}
	return choices, last, nil
}

// PeopleOf are the people of all organisations whom an ESIA account is linked to.
func (a *Accounts) PeopleOf(ctx context.Context, oid string) ([]Person, error) {
	return a.people(ctx, a.pool, "p.esia_oid = $1", oid)
}

// Entrance is somebody's beginning to act in a role.
type Entrance struct {
	Person uuid.UUID
	Role   Role
	Method string // "esia", "oidc", "password"
	Change bool   // she was signed in already and goes on in another role
}

// Enter records that somebody acts in a role from now on, and remembers the choice. A role that she does not have is ErrNoRole.
func (a *Accounts) Enter(ctx context.Context, e Entrance) (Person, error) {
	var person Person
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var err error
		if person, err = a.person(ctx, tx, "p.id = $1", e.Person); err != nil {
			return err
		}
		if !person.Has(e.Role) {
			return ErrNoRole
		}
		if _, err := tx.Exec(ctx, `update person set chosen_role = $2, chosen_at = $3 where id = $1`, e.Person, e.Role, a.now()); err != nil {
			return fmt.Errorf("remember the role: %w", err)
		}
		outcome := "signed_in"
		if e.Change {
			outcome = "role_changed"
		}
		personal := map[string]string{"person": person.Name.String()}
		if person.OID != "" {
			personal["oid"] = person.OID
		}
		_, err = a.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeSignIn, At: a.now(), Person: person.ID, Outcome: outcome, Data: ledger.SignIn{Method: e.Method, Role: string(e.Role)}, Personal: personal,
		})
		return err
	})
	return person, err
}
