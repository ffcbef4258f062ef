package invigilate

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// Note is what a member of staff wrote down about an attempt, for staff alone.
type Note struct {
	ID     uuid.UUID
	Author string // full name
	At     time.Time
	Text   string // empty once erased
}

// AddNote keeps one, also after the exam. ErrText, ErrFull.
func (d *Desk) AddNote(ctx context.Context, attempt uuid.UUID, by account.Person, text string) error {
	text, err := needed(text, MaxText)
	if err != nil {
		return err
	}
	return d.within(ctx, attempt, func(tx pgx.Tx, _ exam.Attempt) error {
		if err := fewer(ctx, tx, "note", attempt, maxNotes); err != nil {
			return err
		}
		id := uuid.New()
		if _, err := tx.Exec(ctx, `insert into note (id, attempt_id, author_id, at, body) values ($1, $2, $3, $4, $5)`,
			id, attempt, by.ID, d.c.Now(), d.seal("note", id, text)); err != nil {
			return fmt.Errorf("store the note: %w", err)
		}
		return nil
	})
}

// Notes reads an attempt's, in order.
func (d *Desk) Notes(ctx context.Context, attempt uuid.UUID) ([]Note, error) {
	rows, _ := d.c.Pool.Query(ctx, `select n.id, `+nameOf+`, n.at, n.body from note n join person p on p.id = n.author_id
		where n.attempt_id = $1 order by n.at, n.id`, attempt)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Note, err error) {
		var sealed []byte
		if err := row.Scan(&n.ID, &n.Author, &n.At, &sealed); err != nil {
			return n, err
		}
		n.At = n.At.UTC()
		n.Text, err = d.unseal("note", n.ID, sealed)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the notes: %w", err)
	}
	return list, nil
}
