package invigilate

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
)

// Verdict is what a person says of a machine's flag.
type Verdict string

// The verdicts; Undecided takes one back.
const (
	Confirmed Verdict = "confirmed"
	Dismissed Verdict = "dismissed"
	Undecided Verdict = ""
)

// isFlag tells in SQL which events are flags: hints of a machine that a person decides on.
const isFlag = `(e.lane = 'behaviour' or e.kind in ('liveness', 'identity_alarm'))`

// JudgeFlag says whether what a machine saw is so, also after the exam. ErrNotFound when it is no flag of the attempt; ErrReason. The same word
// again changes nothing.
func (d *Desk) JudgeFlag(ctx context.Context, attempt, event uuid.UUID, by account.Person, verdict Verdict) error {
	act, ok := map[Verdict]string{Confirmed: "flag_confirmed", Dismissed: "flag_dismissed", Undecided: "flag_reopened"}[verdict]
	if !ok {
		return ErrReason
	}
	return d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		var kind string
		var before Verdict
		err := tx.QueryRow(ctx, `select e.kind, coalesce(f.verdict, '') from event e left join flag_review f on f.event_id = e.id
			where e.id = $1 and e.attempt_id = $2 and `+isFlag, event, attempt).Scan(&kind, &before)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read the flag: %w", err)
		}
		if before == verdict {
			return nil
		}
		if verdict == Undecided {
			_, err = tx.Exec(ctx, `delete from flag_review where event_id = $1`, event)
		} else {
			_, err = tx.Exec(ctx, `insert into flag_review (event_id, verdict, at, actor) values ($1, $2, $3, $4)
				on conflict (event_id) do update set verdict = excluded.verdict, at = excluded.at, actor = excluded.actor`, event, verdict, d.c.Now(), by.ID)
		}
		if err != nil {
			return fmt.Errorf("judge the flag: %w", err)
		}
		return d.decided(ctx, tx, a, by, act, kind)
	})
}

// Judged is a verdict on a flag.
type Judged struct {
	Verdict Verdict
	By      string
	At      time.Time
}

// Verdicts reads those on an attempt's flags, by event.
func (d *Desk) Verdicts(ctx context.Context, attempt uuid.UUID) (map[uuid.UUID]Judged, error) {
	rows, _ := d.c.Pool.Query(ctx, `select f.event_id, f.verdict, `+nameOf+`, f.at from flag_review f join event e on e.id = f.event_id join person p on p.id = f.actor
		where e.attempt_id = $1`, attempt)
	out := map[uuid.UUID]Judged{}
	var (
		id uuid.UUID
		j  Judged
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &j.Verdict, &j.By, &j.At}, func() error {
		out[id] = j
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts: %w", err)
	}
	return out, nil
}

// IsFlag tells whether an event is a hint of a machine that a person decides on.
func IsFlag(e exam.Event) bool {
	return e.ID != uuid.Nil && (e.Lane == exam.LaneBehaviour || e.Kind == "liveness" || e.Kind == "identity_alarm")
}

// flags counts those that nobody has judged.
func (d *Desk) flags(ctx context.Context, attempts []uuid.UUID, into map[uuid.UUID]Situation) error {
	rows, _ := d.c.Pool.Query(ctx, `select e.attempt_id, count(*) from event e left join flag_review f on f.event_id = e.id
		where e.attempt_id = any($1) and `+isFlag+` and f.event_id is null group by e.attempt_id`, attempts)
	var (
		id uuid.UUID
		n  int
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		s := into[id]
		s.Flags = n
		into[id] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the flags: %w", err)
	}
	return nil
}

// Conclusion is what somebody made of an attempt after she had reviewed it.
type Conclusion struct {
	Result string
	Text   string // empty: none, or erased
	At     time.Time
	By     string // full name
}

// Results are what a review may come to.
func Results() []string { return []string{"no_violation", "violation", "technical"} }

// Conclude ends the review of an attempt that is over: the conclusion, the move and the decision in the log commit together. Reviewed already, a
// newer conclusion takes the place of the one before. ErrReason, ErrText; an *exam.IllegalMove while the exam goes on for her.
func (d *Desk) Conclude(ctx context.Context, attempt uuid.UUID, by account.Person, result, text string) error {
	if !slices.Contains(Results(), result) {
		return ErrReason
	}
	text, err := clean(text, MaxText)
	if err != nil {
		return err
	}
	if result == "violation" && text == "" {
		return ErrText
	}
	return d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		m := exam.Move{To: exam.Reviewed, Actor: by.ID, Reason: result}
		if a.State == exam.Reviewed {
			if _, err := d.c.Exams.Move(ctx, tx, attempt, exam.Move{From: exam.Reviewed, To: exam.Finished, Actor: by.ID, Reason: "review_reopened"}); err != nil {
				return err
			}
		}
		if _, err := d.c.Exams.Move(ctx, tx, attempt, m); err != nil {
			return err
		}
		id := uuid.New()
		if _, err := tx.Exec(ctx, `insert into conclusion (id, attempt_id, result, body, at, actor) values ($1, $2, $3, $4, $5, $6)`,
			id, attempt, result, d.seal("conclusion", id, text), d.c.Now(), by.ID); err != nil {
			return fmt.Errorf("store the conclusion: %w", err)
		}
		return d.c.Exams.LogDecision(ctx, tx, a, by, m)
	})
}

// Conclusion reads the newest of an attempt; nil: there is none.
func (d *Desk) Conclusion(ctx context.Context, attempt uuid.UUID) (*Conclusion, error) {
	rows, _ := d.c.Pool.Query(ctx, `select c.id, c.result, c.body, c.at, `+nameOf+` from conclusion c join person p on p.id = c.actor
		where c.attempt_id = $1 order by c.at desc, c.id limit 1`, attempt)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Conclusion, err error) {
		var id uuid.UUID
		var sealed []byte
		if err := row.Scan(&id, &c.Result, &sealed, &c.At, &c.By); err != nil {
			return c, err
		}
		c.At = c.At.UTC()
		c.Text, err = d.unseal("conclusion", id, sealed)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the conclusion: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}
