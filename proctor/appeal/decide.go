package appeal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/retention"
)

// Decision is what a member of staff makes of an appeal.
type Decision struct {
	Grant  bool
	Remedy Remedy // of a granted one
	Reason string
}

// Decide decides an open appeal of the member of staff's organisation. Whoever moved the attempt, or decided an earlier appeal on it, cannot
// (ErrSamePerson), nor the student herself. The state, the remedy, the record in the log and the letter commit together; of two at once the second
// gets ErrDecided.
func (d *Desk) Decide(ctx context.Context, by account.Person, id uuid.UUID, what Decision) (Appeal, error) {
	reason, err := clean(what.Reason, MaxReason)
	if err != nil {
		return Appeal{}, err
	}
	if what.Grant != (what.Remedy == AnotherTry || what.Remedy == Annul) || !what.Grant && what.Remedy != NoRemedy {
		return Appeal{}, ErrRemedy
	}
	var a Appeal
	err = pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		list, err := d.read(ctx, tx, `id = $1 and organisation_id = $2`, id, by.Organisation)
		if err == nil && len(list) == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		// The attempt's row is locked from here on: whoever decides at the same moment waits, and reads what was decided.
		j, err := d.c.Exams.Judged(ctx, tx, list[0].Attempt)
		if err != nil {
			return err
		}
		all, err := d.read(ctx, tx, `attempt_id = $1`, list[0].Attempt)
		if err != nil {
			return err
		}
		a = all[slices.IndexFunc(all, func(a Appeal) bool { return a.ID == id })]
		if a.State != Open {
			return ErrDecided
		}
		if d.tookPart(by, j, all) {
			return ErrSamePerson
		}
		policy, err := d.policy(ctx, tx, a.Organisation)
		if err != nil {
			return err
		}
		now := d.c.Now().UTC()
		a.State, a.Remedy, a.Reason, a.DecidedAt, a.DecidedBy = Rejected, what.Remedy, reason, &now, by.ID
		if what.Grant {
			a.State = Granted
			if err := d.c.Exams.Redress(ctx, tx, j, by, what.Remedy == AnotherTry); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `update appeal set state = $2, remedy = $3, reason = $4, decided_at = $5, decided_by = $6, release_at = $7 where id = $1`,
			id, a.State, a.Remedy, d.c.Ring.Seal(purposeReason(id), []byte(a.Reason)), now, by.ID, now.AddDate(0, 0, policy.HoldDays)); err != nil {
			return fmt.Errorf("decide the appeal: %w", err)
		}
		letter := rejectedLetter
		switch what.Remedy {
		case AnotherTry:
			letter = tryLetter
		case Annul:
			letter = annulledLetter
		}
		if err := d.send(ctx, tx, a, j, letter); err != nil {
			return err
		}
		return d.record(ctx, tx, a, j, string(a.State), map[string]string{"reason": a.Reason, "actor": by.Name.String()})
	})
	return a, err
}

// tookPart tells whether somebody is the student, decided about the attempt, or about an earlier appeal on it.
func (d *Desk) tookPart(by account.Person, j exam.Judgement, appeals []Appeal) bool {
	return by.ID == j.Attempt.PersonID || slices.Contains(j.Deciders, by.ID) ||
		slices.ContainsFunc(appeals, func(a Appeal) bool { return a.DecidedBy == by.ID })
}

// MayDecide tells whether somebody may decide an appeal, as it stands now.
func (d *Desk) MayDecide(ctx context.Context, by account.Person, a Appeal) (bool, error) {
	if a.State != Open || a.Organisation != by.Organisation {
		return false, nil
	}
	var took bool
	err := pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		j, err := d.c.Exams.Judged(ctx, tx, a.Attempt)
		if err != nil {
			return err
		}
		all, err := d.read(ctx, tx, `attempt_id = $1`, a.Attempt)
		took = d.tookPart(by, j, all)
		return err
	})
	return err == nil && !took, err
}

// Release lifts the holds whose time after the decision is over; how many there were.
func (d *Desk) Release(ctx context.Context) (int, error) {
	for n := 0; ; n++ {
		err := pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
			var hold uuid.UUID
			now := d.c.Now()
			if err := tx.QueryRow(ctx, `update appeal set released_at = $1 where id = (select id from appeal where release_at <= $1 and released_at is null
				order by release_at limit 1 for update skip locked) returning hold`, now).Scan(&hold); err != nil {
				return err
			}
			err := d.c.Holds.Lift(ctx, tx, hold, "Апелляция рассмотрена, срок хранения после решения вышел", retention.Actor{})
			if errors.Is(err, retention.ErrLifted) || errors.Is(err, retention.ErrNotFound) { // staff lifted it by hand
				return nil
			}
			return err
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("lift the holds of decided appeals: %w", err)
		}
	}
}

// Run lifts holds when their time is over, every hour, until ctx ends. A failure is told to failed and tried again.
func (d *Desk) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := d.Release(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
