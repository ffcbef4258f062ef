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

// Warning is one that a student got. She sees it, and who gave it.
type Warning struct {
	ID          uuid.UUID
	Reason      string
	Text        string // in the proctor's words, may be empty
	At          time.Time
	By          string // full name
	WithdrawnAt *time.Time
}

// WarningReasons are what a student may be warned of.
func WarningReasons() []string {
	return []string{"looks_away", "talks", "another_person", "device", "leaves_frame", "noise", "other"}
}

// mayWarn are the states in which a warning can still change something.
var mayWarn = []exam.State{exam.Ready, exam.Identifying, exam.ManualIdentification, exam.Identified, exam.Admitted, exam.InProgress, exam.Paused}

// Warn gives a warning: it and its record in the log, or neither. ErrReason; ErrText, also for the reason “other” without words; ErrOver; ErrFull.
func (d *Desk) Warn(ctx context.Context, attempt uuid.UUID, by account.Person, reason, text string) error {
	if !slices.Contains(WarningReasons(), reason) {
		return ErrReason
	}
	text, err := clean(text, MaxText)
	if err != nil {
		return err
	}
	if reason == "other" && text == "" {
		return ErrText
	}
	return d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		if !slices.Contains(mayWarn, a.State) {
			return ErrOver
		}
		if err := fewer(ctx, tx, "warning", attempt, maxWarnings); err != nil {
			return err
		}
		id := uuid.New()
		if _, err := tx.Exec(ctx, `insert into warning (id, attempt_id, reason, body, at, given_by) values ($1, $2, $3, $4, $5, $6)`,
			id, attempt, reason, d.seal("warning", id, text), d.c.Now(), by.ID); err != nil {
			return fmt.Errorf("store the warning: %w", err)
		}
		return d.decided(ctx, tx, a, by, "warning", reason)
	})
}

// WithdrawWarning takes a warning back; the student sees that, too. ErrNotFound when there is none, or it was taken back already.
func (d *Desk) WithdrawWarning(ctx context.Context, attempt, warning uuid.UUID, by account.Person) error {
	return d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		var reason string
		err := tx.QueryRow(ctx, `update warning set withdrawn_at = $3, withdrawn_by = $4 where id = $2 and attempt_id = $1 and withdrawn_at is null returning reason`,
			attempt, warning, d.c.Now(), by.ID).Scan(&reason)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("withdraw the warning: %w", err)
		}
		return d.decided(ctx, tx, a, by, "warning_withdrawn", reason)
	})
}

// warnings reads those of attempts, in order.
func (d *Desk) warnings(ctx context.Context, attempts []uuid.UUID, into map[uuid.UUID]Situation) error {
	rows, _ := d.c.Pool.Query(ctx, `select w.attempt_id, w.id, w.reason, w.body, w.at, `+nameOf+`, w.withdrawn_at
		from warning w join person p on p.id = w.given_by where w.attempt_id = any($1) order by w.at, w.id`, attempts)
	var (
		attempt uuid.UUID
		w       Warning
		sealed  []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&attempt, &w.ID, &w.Reason, &sealed, &w.At, &w.By, &w.WithdrawnAt}, func() error {
		one := w
		var err error
		if one.Text, err = d.unseal("warning", one.ID, sealed); err != nil {
			return err
		}
		s := into[attempt]
		s.Warnings = append(s.Warnings, one)
		into[attempt] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the warnings: %w", err)
	}
	return nil
}
