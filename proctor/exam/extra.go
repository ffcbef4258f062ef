package exam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// Extra is time that staff gave to one student beyond the exam's end, or took back.
type Extra struct {
	Minutes int // less than 0: taken back
	At      time.Time
	Reason  string // a code
	By      string // full name
}

// ExtraReasons are what time is given for; “mistake” takes it back.
func ExtraReasons() []string {
	return []string{"technical", "accommodation", "interruption", "other", "mistake"}
}

// maxExtraMinutes bounds what one student is given in all.
const maxExtraMinutes = 24 * 60

// ErrExtra: so much time cannot be given, or more was taken back than there is, or without a reason that is known.
var ErrExtra = errors.New("so much time cannot be given")

// GiveTime moves the end of one student's exam; less than 0 minutes take back what was given. The row, the new end and the decision in the log
// commit together. ErrExtra, ErrOver when the exam was ended for everybody, an *IllegalMove when it is over for her.
func (x *Exams) GiveTime(ctx context.Context, id uuid.UUID, actor account.Person, minutes int, reason string) (Attempt, error) {
	if !slices.Contains(ExtraReasons(), reason) || minutes == 0 || minutes > maxExtraMinutes || (minutes < 0) != (reason == "mistake") {
		return Attempt{}, ErrExtra
	}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		a, err := x.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.Closed {
			return ErrOver
		}
		if !slices.Contains(moves[a.State], Terminated) { // over for her
			return &IllegalMove{From: a.State, To: a.State}
		}
		if total := a.ExtraMinutes + minutes; total < 0 || total > maxExtraMinutes {
			return ErrExtra
		}
		if _, err := tx.Exec(ctx, `update attempt set extra_minutes = extra_minutes + $2 where id = $1`, id, minutes); err != nil {
			return fmt.Errorf("give time: %w", err)
		}
		if _, err := tx.Exec(ctx, `insert into extra_time (attempt_id, minutes, at, actor, reason) values ($1, $2, $3, $4, $5)`, id, minutes, x.now(), actor.ID, reason); err != nil {
			return fmt.Errorf("give time: %w", err)
		}
		if err := x.LogAct(ctx, tx, a, actor, ledger.Decision{Act: "extra_time", Reason: reason, Minutes: minutes}); err != nil {
			return err
		}
		return x.Notify(ctx, tx, id)
	})
	if err != nil {
		return Attempt{}, err
	}
	return x.Attempt(ctx, id)
}

// Extras reads what attempts were given, in order.
func (x *Exams) Extras(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID][]Extra, error) {
	rows, _ := x.pool.Query(ctx, `select t.attempt_id, t.minutes, t.at, t.reason, trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name)
		from extra_time t join person p on p.id = t.actor where t.attempt_id = any($1) order by t.id`, attempts)
	out := map[uuid.UUID][]Extra{}
	var (
		id uuid.UUID
		e  Extra
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &e.Minutes, &e.At, &e.Reason, &e.By}, func() error {
		out[id] = append(out[id], e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the extra time: %w", err)
	}
	return out, nil
}
