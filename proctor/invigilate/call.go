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

// Call is a student's call for a proctor, a raised hand, until somebody closes it.
type Call struct {
	ID             uuid.UUID
	Reason         string
	Text           string // in her words, may be empty
	At             time.Time
	AcknowledgedAt *time.Time
	AcknowledgedBy string // full name, empty before
}

// CallReasons are what a student may call for.
func CallReasons() []string { return []string{"question", "technical", "health", "other"} }

// mayCall are the states in which a proctor can do something for her.
var mayCall = []exam.State{
	exam.Registered, exam.Ready, exam.Identifying, exam.ManualIdentification, exam.Identified, exam.Admitted, exam.InProgress, exam.Paused,
}

// CallFor raises the student's hand; raised already, it stays as it is. ErrReason, ErrText, ErrOver.
func (d *Desk) CallFor(ctx context.Context, attempt uuid.UUID, reason, text string) error {
	if !slices.Contains(CallReasons(), reason) {
		return ErrReason
	}
	text, err := clean(text, MaxCall)
	if err != nil {
		return err
	}
	return d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		if !slices.Contains(mayCall, a.State) {
			return ErrOver
		}
		if err := fewer(ctx, tx, "help_call", attempt, maxMessages); err != nil {
			return err
		}
		id := uuid.New()
		_, err := tx.Exec(ctx, `insert into help_call (id, attempt_id, reason, body, at) values ($1, $2, $3, $4, $5) on conflict do nothing`,
			id, attempt, reason, d.seal("help_call", id, text), d.c.Now())
		if err != nil {
			return fmt.Errorf("store the call: %w", err)
		}
		return nil
	})
}

// Acknowledge tells the student who comes to her. Somebody else's word stands: ErrNotFound without an open call.
func (d *Desk) Acknowledge(ctx context.Context, attempt uuid.UUID, by account.Person) error {
	return d.within(ctx, attempt, func(tx pgx.Tx, _ exam.Attempt) error {
		tag, err := tx.Exec(ctx, `update help_call set acknowledged_at = coalesce(acknowledged_at, $2), acknowledged_by = coalesce(acknowledged_by, $3)
			where attempt_id = $1 and closed_at is null`, attempt, d.c.Now(), by.ID)
		if err != nil {
			return fmt.Errorf("acknowledge the call: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return nil
	})
}

// CloseCall lowers the hand: the student does not need anybody any more, or was helped. Without an open call nothing changes.
func (d *Desk) CloseCall(ctx context.Context, attempt uuid.UUID, by account.Person) error {
	return d.within(ctx, attempt, func(tx pgx.Tx, _ exam.Attempt) error {
		if _, err := tx.Exec(ctx, `update help_call set closed_at = $2, closed_by = $3 where attempt_id = $1 and closed_at is null`, attempt, d.c.Now(), by.ID); err != nil {
			return fmt.Errorf("close the call: %w", err)
		}
		return nil
	})
}

// calls reads the open ones of attempts.
func (d *Desk) calls(ctx context.Context, attempts []uuid.UUID, into map[uuid.UUID]Situation) error {
	rows, _ := d.c.Pool.Query(ctx, `select c.attempt_id, c.id, c.reason, c.body, c.at, c.acknowledged_at, coalesce(`+nameOf+`, '')
		from help_call c left join person p on p.id = c.acknowledged_by where c.attempt_id = any($1) and c.closed_at is null`, attempts)
	var (
		attempt uuid.UUID
		call    Call
		sealed  []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&attempt, &call.ID, &call.Reason, &sealed, &call.At, &call.AcknowledgedAt, &call.AcknowledgedBy}, func() error {
		one := call
		var err error
		if one.Text, err = d.unseal("help_call", one.ID, sealed); err != nil {
			return err
		}
		s := into[attempt]
		s.Call = &one
		into[attempt] = s
		return nil
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the calls: %w", err)
	}
	return nil
}
