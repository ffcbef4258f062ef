// Package invigilate is what passes between proctors and students while an exam goes on, beside the moves of the attempt itself: messages and
// announcements, who speaks aloud to whom, calls for help, warnings, notes that staff keep for themselves, and who is on duty; and what staff make of
// it afterwards.
//
// It owns message, message_seen, help_call, voice, voice_heard, warning, note, duty, charge, flag_review and conclusion. It knows nothing of sockets:
// a change notifies the attempt, as a move does. What a person wrote is encrypted. Start reading at Desk.Say, Floor and Desk.Situations.
package invigilate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Why something was refused; nothing changed then.
var (
	ErrText     = errors.New("a text of bounded length is needed")
	ErrReason   = errors.New("there is no such reason")
	ErrNotFound = errors.New("there is no such thing in this exam")
	ErrOver     = errors.New("the exam is over for this student")
	ErrFull     = errors.New("there are too many already")
	ErrNotStaff = errors.New("not a proctor of the exam's organisation")
)

// Bounds in characters, and of how much there may be for one attempt.
const (
	MaxText     = 1000
	MaxCall     = 300
	maxMessages = 2000
	maxWarnings = 50
	maxNotes    = 200
)

// Config wires a Desk.
type Config struct {
	Pool  *pgxpool.Pool
	Ring  *keyring.Ring
	Log   *ledger.Log
	Exams *exam.Exams
	Now   func() time.Time
}

// Desk keeps what passes between proctors and students. Safe for concurrent use.
type Desk struct{ c Config }

// New makes the desk over a migrated database.
func New(c Config) *Desk { return &Desk{c} }

// Sealed names the columns that the master key seals.
func Sealed() []keyring.Column {
	var list []keyring.Column
	for _, table := range []string{"message", "help_call", "warning", "note", "conclusion"} {
		list = append(list, keyring.Column{Table: table, Key: "id", Name: "body", Purpose: func(id string) string { return purpose(table, id) }})
	}
	return list
}

func purpose(table, id string) string { return table + " " + id }

// seal encrypts a text of a row; an empty one is none.
func (d *Desk) seal(table string, id uuid.UUID, text string) []byte {
	if text == "" {
		return nil
	}
	return d.c.Ring.Seal(purpose(table, id.String()), []byte(text))
}

func (d *Desk) unseal(table string, id uuid.UUID, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := d.c.Ring.Unseal(purpose(table, id.String()), sealed)
	return string(plain), err
}

// clean is a text as it is kept: of at most that many characters, without control characters.
func clean(text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if utf8.RuneCountInString(text) > most || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "", ErrText
	}
	return text, nil
}

// needed is clean for a text that may not be empty.
func needed(text string, most int) (string, error) {
	text, err := clean(text, most)
	if err == nil && text == "" {
		err = ErrText
	}
	return text, err
}

// within runs do in a transaction that holds the attempt's row, and tells the listeners of the attempt when it commits.
func (d *Desk) within(ctx context.Context, attempt uuid.UUID, do func(tx pgx.Tx, a exam.Attempt) error) error {
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		a, err := d.c.Exams.Lock(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if err := do(tx, a); err != nil {
			return err
		}
		return d.c.Exams.Notify(ctx, tx, attempt)
	})
}

// fewer refuses when a table has so many rows of the attempt already.
func fewer(ctx context.Context, tx pgx.Tx, table string, attempt uuid.UUID, most int) error {
	var n int
	if err := tx.QueryRow(ctx, `select count(*) from `+table+` where attempt_id = $1`, attempt).Scan(&n); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	if n >= most {
		return ErrFull
	}
	return nil
}

// decided writes a decision about the attempt that moves it nowhere into the log.
func (d *Desk) decided(ctx context.Context, tx pgx.Tx, a exam.Attempt, actor account.Person, act, reason string) error {
	return d.c.Exams.LogAct(ctx, tx, a, actor, ledger.Decision{Act: act, Reason: reason})
}

const nameOf = `trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name)`
