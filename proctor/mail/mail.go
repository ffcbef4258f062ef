// Package mail sends e-mail: a message enters the queue within the transaction of whatever it tells about, and leaves it when an SMTP server
// took it.
//
// It owns mail_message. It knows nothing of what the letters say. Start reading at Queue.Enqueue, then Worker.Run.
package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/keyring"
)

// Message is a letter to one person, plain text.
type Message struct {
	Organisation uuid.UUID // whose letter it is
	To           string    // one address, without a name
	Subject      string    // at most MaxSubject characters, one line
	Text         string    // at most MaxText bytes; lines end with \n
	Kind         string    // what it is about, for counting: a word of a-z, 0-9 and _
}

// Bounds of a message.
const (
	MaxAddress = 254 // bytes
	MaxSubject = 200 // characters
	MaxText    = 32 << 10
)

// Why a message was not taken. Neither says what the message held.
var (
	ErrAddress = errors.New("not an e-mail address")
	ErrMessage = errors.New("not a message that can be sent")
)

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// CheckAddress returns the one plain address in text, with no spaces around it, or ErrAddress.
func CheckAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxAddress || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", ErrAddress
	}
	parsed, err := netmail.ParseAddress(text)
	if err != nil || parsed.Name != "" || parsed.Address != text {
		return "", ErrAddress
	}
	_, domain, _ := strings.Cut(text, "@")
	if strings.Contains(domain, "@") || !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") {
		return "", ErrAddress
	}
	return text, nil
}

// check refuses what is too large, and whatever could add a header line of its own.
func (m Message) check() error {
	to, err := CheckAddress(m.To)
	if err != nil || to != m.To {
		return ErrAddress
	}
	switch {
	case m.Organisation == uuid.Nil:
		return fmt.Errorf("%w: no organisation", ErrMessage)
	case !kindPattern.MatchString(m.Kind):
		return fmt.Errorf("%w: its kind is no word", ErrMessage)
	case strings.TrimSpace(m.Subject) == "" || !utf8.ValidString(m.Subject) || utf8.RuneCountInString(m.Subject) > MaxSubject || strings.ContainsFunc(m.Subject, unicode.IsControl):
		return fmt.Errorf("%w: the subject", ErrMessage)
	case strings.TrimSpace(m.Text) == "" || !utf8.ValidString(m.Text) || len(m.Text) > MaxText ||
		strings.ContainsFunc(m.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return fmt.Errorf("%w: the text", ErrMessage)
	}
	return nil
}

// Queue is where messages wait. Safe for concurrent use.
type Queue struct {
	pool *pgxpool.Pool
	ring *keyring.Ring
	now  func() time.Time
}

// New makes the queue over a migrated database.
func New(pool *pgxpool.Pool, ring *keyring.Ring, now func() time.Time) *Queue {
	return &Queue{pool: pool, ring: ring, now: now}
}

// content is what of a message is personal, as it is sealed.
type content struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

func purpose(id uuid.UUID) string { return "mail " + id.String() }

// Enqueue puts a message in the queue within the caller's transaction: it is sent once that commits, or never. ErrAddress and ErrMessage say
// that it cannot be; nothing is stored then.
func (q *Queue) Enqueue(ctx context.Context, tx pgx.Tx, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	plain, err := json.Marshal(content{To: m.To, Subject: m.Subject, Text: m.Text})
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	id := uuid.New()
	if _, err := tx.Exec(ctx, `insert into mail_message (id, organisation_id, kind, content, queued_at, next_at) values ($1, $2, $3, $4, $5, $5)`,
		id, m.Organisation, m.Kind, q.ring.Seal(purpose(id), plain), q.now()); err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	return nil
}

// State is how the queue does.
type State struct {
	Waiting int        // not sent yet
	Oldest  *time.Time // when the one that waits longest was queued
	Dead    int        // given up within the last DeadFor
}

// DeadFor is how long a message that was given up is kept, and told of by State.
const DeadFor = 30 * 24 * time.Hour

// State counts.
func (q *Queue) State(ctx context.Context) (State, error) {
	var s State
	if err := q.pool.QueryRow(ctx, `select count(*) filter (where dead_at is null), min(queued_at) filter (where dead_at is null),
		count(*) filter (where dead_at is not null) from mail_message where sent_at is null and (dead_at is null or dead_at > $1)`,
		q.now().Add(-DeadFor)).Scan(&s.Waiting, &s.Oldest, &s.Dead); err != nil {
		return s, fmt.Errorf("count the messages: %w", err)
	}
	return s, nil
}

// Revive puts the messages that were given up back into the queue; how many there were.
func (q *Queue) Revive(ctx context.Context) (int, error) {
	tag, err := q.pool.Exec(ctx, `update mail_message set dead_at = null, tries = 0, queued_at = $1, next_at = $1, failure = ''
		where dead_at is not null and content is not null`, q.now())
	if err != nil {
		return 0, fmt.Errorf("revive messages: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// Sealed are the columns in which this package keeps sealed values.
func Sealed() []keyring.Column {
	return []keyring.Column{{Table: "mail_message", Key: "id", Name: "content", Purpose: func(id string) string { return "mail " + id }}}
}
