package mail

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/mail/mailmock"
)

// office is a queue over a database of its own, a clock that is set by hand, and what a worker logs.
type office struct {
	*Queue
	t            *testing.T
	pool         *pgxpool.Pool
	organisation uuid.UUID
	log          *buffer

	mu   sync.Mutex
	time time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, pool: stacktest.Database(t), organisation: uuid.New(), log: &buffer{}, time: time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)}
	o.Queue = New(o.pool, ring, func() time.Time {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.time
	})
	if _, err := o.pool.Exec(t.Context(), `insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, o.organisation); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.time = o.time.Add(d)
}

// letter is a message that nothing is wrong with.
func (o *office) letter(change ...func(*Message)) Message {
	m := Message{Organisation: o.organisation, To: to, Subject: subject, Text: words, Kind: "test"}
	for _, c := range change {
		c(&m)
	}
	return m
}

const (
	to      = "roditel@example.org"
	subject = "Нужно ваше согласие"
	words   = "Здравствуйте!\n\n.Откройте https://ochno.example/g/ABC?x=1&y=2.\n" + "Очень длинная строка, которой тесно в восьмидесяти знаках письма, и потому она делится на несколько строк, но у читателя остаётся одной."
)

func (o *office) enqueue(m Message) error {
	return pgx.BeginFunc(o.t.Context(), o.pool, func(tx pgx.Tx) error { return o.Enqueue(o.t.Context(), tx, m) })
}

func (o *office) worker(s Sender) *Worker {
	return NewWorker(o.Queue, s, slog.New(slog.NewTextHandler(o.log, nil)))
}

func (o *office) value(sql string, args ...any) (n int) {
	o.t.Helper()
	if err := o.pool.QueryRow(o.t.Context(), sql, args...).Scan(&n); err != nil {
		o.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// secret tells whether the table shows the text anywhere, plain or as bytes.
func (o *office) shows(text string) bool {
	return o.value(`select count(*) from mail_message m where strpos(m::text, $1) > 0 or strpos(m::text, $2) > 0`, text, hex.EncodeToString([]byte(text))) > 0
}

// sender answers what the test says, and keeps what it was given.
type sender struct {
	mu     sync.Mutex
	answer func(Letter) error
	took   []Letter
}

func (s *sender) Send(_ context.Context, l Letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(l); err != nil {
			return err
		}
	}
	s.took = append(s.took, l)
	return nil
}

var errDown = errors.New("connection refused")

// stand is a mail server on a port of its own.
func stand(t *testing.T, answer func(string) int) (*mailmock.Stand, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := mailmock.New(mailmock.Config{Answer: answer, Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeSMTP(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the stand ended with %v", err)
		}
	})
	return s, l.Addr().String()
}

type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
