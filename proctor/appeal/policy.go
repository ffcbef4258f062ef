package appeal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// Policy is what an organisation decided about appeals.
type Policy struct {
	Days     int // for filing, after the exam's end or the last decision, whichever is later
	HoldDays int // how long the evidence is kept after the decision
}

// DefaultPolicy stands where the organisation decided nothing.
func DefaultPolicy() Policy { return Policy{Days: 3, HoldDays: 30} }

// ErrPolicy: the days are out of bounds.
var ErrPolicy = errors.New("an appeal's days are 1 to 365, those of keeping the evidence 0 to 3650")

// deadline is the last moment for filing.
func (p Policy) deadline(j exam.Judgement) time.Time {
	from := j.EndedAt()
	if j.Last.After(from) {
		from = j.Last
	}
	return from.UTC().AddDate(0, 0, p.Days)
}

// Policy of an organisation.
func (d *Desk) Policy(ctx context.Context, organisation uuid.UUID) (Policy, error) {
	return d.policy(ctx, d.c.Pool, organisation)
}

func (d *Desk) policy(ctx context.Context, q queryer, organisation uuid.UUID) (Policy, error) {
	rows, _ := q.Query(ctx, `select days, hold_days from appeal_policy where organisation_id = $1`, organisation)
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Policy])
	if errors.Is(err, pgx.ErrNoRows) {
		return DefaultPolicy(), nil
	}
	if err != nil {
		return p, fmt.Errorf("read the policy of appeals: %w", err)
	}
	return p, nil
}

// SetPolicy changes it for the member of staff's organisation; the log tells of each number that changed. What is open keeps no older deadline:
// the policy counts at the moment of filing, and of deciding.
func (d *Desk) SetPolicy(ctx context.Context, by account.Person, p Policy) error {
	if p.Days < 1 || p.Days > 365 || p.HoldDays < 0 || p.HoldDays > 3650 {
		return ErrPolicy
	}
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select 1 from organisation where id = $1 for update`, by.Organisation); err != nil {
			return fmt.Errorf("change the policy of appeals: %w", err)
		}
		before, err := d.policy(ctx, tx, by.Organisation)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into appeal_policy (organisation_id, days, hold_days) values ($1, $2, $3)
			on conflict (organisation_id) do update set days = excluded.days, hold_days = excluded.hold_days`, by.Organisation, p.Days, p.HoldDays); err != nil {
			return fmt.Errorf("change the policy of appeals: %w", err)
		}
		for _, c := range []struct {
			class    string
			from, to int
		}{{"days", before.Days, p.Days}, {"hold_days", before.HoldDays, p.HoldDays}} {
			if c.from == c.to {
				continue
			}
			if _, err := d.c.Log.Append(ctx, tx, ledger.Entry{
				Type: ledger.TypePolicyChange, At: d.c.Now(), Outcome: "changed", Organisation: by.Organisation,
				Data: ledger.PolicyChange{What: "appeals", Class: c.class, From: c.from, To: c.to}, Personal: map[string]string{"actor": by.Name.String()},
			}); err != nil {
				return err
			}
		}
		return nil
	})
}
