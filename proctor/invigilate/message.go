package invigilate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// Message is one of a conversation between a student and the staff, or an announcement to everybody.
type Message struct {
	ID          uuid.UUID
	Number      int64 // grows; the order of the conversation
	ToAll       bool
	FromStudent bool
	Sender      string // full name
	SenderID    uuid.UUID
	At          time.Time
	Text        string // empty once erased
}

// Say adds a message to a student's conversation, by herself or by staff. ErrText, ErrFull; ErrOver: nobody is there to answer her any more.
func (d *Desk) Say(ctx context.Context, attempt uuid.UUID, by account.Person, text string) (Message, error) {
	text, err := needed(text, MaxText)
	if err != nil {
		return Message{}, err
	}
	m := Message{ID: uuid.New(), Sender: by.Name.String(), SenderID: by.ID, At: d.c.Now().UTC(), Text: text}
	err = d.within(ctx, attempt, func(tx pgx.Tx, a exam.Attempt) error {
		if err := fewer(ctx, tx, "message", attempt, maxMessages); err != nil {
			return err
		}
		m.FromStudent = a.PersonID == by.ID
		if m.FromStudent && a.Closed {
			return ErrOver
		}
		if err := d.insert(ctx, tx, a.ExamID, uuid.NullUUID{UUID: attempt, Valid: true}, &m); err != nil {
			return err
		}
		return d.seen(ctx, tx, attempt, m.FromStudent, m.Number) // whoever answers has read what was before
	})
	return m, err
}

// Announce tells everybody of an exam. ErrText, ErrFull; exam.ErrNotFound.
func (d *Desk) Announce(ctx context.Context, of uuid.UUID, by account.Person, text string) (Message, error) {
	text, err := needed(text, MaxText)
	if err != nil {
		return Message{}, err
	}
	m := Message{ID: uuid.New(), ToAll: true, Sender: by.Name.String(), SenderID: by.ID, At: d.c.Now().UTC(), Text: text}
	err = pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		if _, err := d.c.Exams.ExamIn(ctx, tx, of); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from message where exam_id = $1 and attempt_id is null`, of).Scan(&n); err != nil {
			return fmt.Errorf("count the announcements: %w", err)
		}
		if n >= maxMessages {
			return ErrFull
		}
		if err := d.insert(ctx, tx, of, uuid.NullUUID{}, &m); err != nil {
			return err
		}
		return d.c.Exams.NotifyAll(ctx, tx, of)
	})
	return m, err
}

func (d *Desk) insert(ctx context.Context, tx pgx.Tx, of uuid.UUID, attempt uuid.NullUUID, m *Message) error {
	err := tx.QueryRow(ctx, `insert into message (id, exam_id, attempt_id, sender_id, from_student, at, body) values ($1, $2, $3, $4, $5, $6, $7) returning number`,
		m.ID, of, attempt, m.SenderID, m.FromStudent, m.At, d.seal("message", m.ID, m.Text)).Scan(&m.Number)
	if err != nil {
		return fmt.Errorf("store the message: %w", err)
	}
	return nil
}

// historyAtOnce is how many messages a reading has.
const historyAtOnce = 200

// History reads the last messages of a student's conversation, the announcements among them, in order; before 0: the newest.
func (d *Desk) History(ctx context.Context, attempt uuid.UUID, before int64) ([]Message, error) {
	a, err := d.c.Exams.Attempt(ctx, attempt)
	if err != nil {
		return nil, err
	}
	rows, _ := d.c.Pool.Query(ctx, `select m.id, m.number, m.attempt_id is null, m.from_student, `+nameOf+`, m.sender_id, m.at, m.body
		from message m join person p on p.id = m.sender_id
		where (m.attempt_id = $1 or m.attempt_id is null and m.exam_id = $2) and ($3 = 0 or m.number < $3) order by m.number desc limit $4`,
		attempt, a.ExamID, before, historyAtOnce)
	list, err := pgx.CollectRows(rows, d.message)
	if err != nil {
		return nil, fmt.Errorf("read the messages: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

// Announcements reads the last ones of an exam, in order.
func (d *Desk) Announcements(ctx context.Context, of uuid.UUID) ([]Message, error) {
	rows, _ := d.c.Pool.Query(ctx, `select m.id, m.number, true, m.from_student, `+nameOf+`, m.sender_id, m.at, m.body
		from message m join person p on p.id = m.sender_id where m.attempt_id is null and m.exam_id = $1 order by m.number desc limit $2`, of, historyAtOnce)
	list, err := pgx.CollectRows(rows, d.message)
	if err != nil {
		return nil, fmt.Errorf("read the announcements: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

func (d *Desk) message(row pgx.CollectableRow) (m Message, err error) {
	var sealed []byte
	if err := row.Scan(&m.ID, &m.Number, &m.ToAll, &m.FromStudent, &m.Sender, &m.SenderID, &m.At, &sealed); err != nil {
		return m, err
	}
	m.At = m.At.UTC()
	m.Text, err = d.unseal("message", m.ID, sealed)
	return m, err
}

// Seen notes up to which message the student, or the staff, has read; to read less again changes nothing.
func (d *Desk) Seen(ctx context.Context, attempt uuid.UUID, byStudent bool, number int64) error {
	return d.within(ctx, attempt, func(tx pgx.Tx, _ exam.Attempt) error { return d.seen(ctx, tx, attempt, byStudent, number) })
}

func (d *Desk) seen(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, byStudent bool, number int64) error {
	_, err := tx.Exec(ctx, `insert into message_seen (attempt_id, by_student, number) values ($1, $2, $3)
		on conflict (attempt_id, by_student) do update set number = greatest(message_seen.number, excluded.number)`, attempt, byStudent, number)
	if err != nil {
		return fmt.Errorf("note what was read: %w", err)
	}
	return nil
}
