package retention

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/archive"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// house is a service over a database and a bucket of its own, at a clock of the test's.
type house struct {
	*Service
	t            *testing.T
	clock        *clock
	logged       *buffer
	bucket       archive.Config
	organisation uuid.UUID
	exam         uuid.UUID // ends at examEnd
	sequencer    *ledger.Sequencer
}

var examEnd = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{now: examEnd}, logged: &buffer{}, organisation: uuid.New(), exam: uuid.New()}
	pool := stacktest.Database(t)
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	h.must(err)
	private, public, err := note.GenerateKey(nil, "retention.test/log")
	h.must(err)
	signer, err := note.NewSigner(private)
	h.must(err)
	log := ledger.Open(pool, ring, public)
	m := stacktest.Minio(t)
	h.bucket = archive.Config{Endpoint: m.Endpoint, AccessKey: m.AccessKey, SecretKey: m.SecretKey, Bucket: stacktest.Bucket()}
	objects, err := archive.Open(t.Context(), h.bucket, pool, ring, log, h.clock.Now)
	h.must(err)
	logger := slog.New(slog.NewTextHandler(h.logged, nil))
	h.Service = New(Config{Pool: pool, Ring: ring, Log: log, Archive: objects, Now: h.clock.Now, Logger: logger})
	h.sequencer = ledger.NewSequencer(pool, signer, h.clock.Now, logger)
	h.exec(`insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, h.organisation)
	h.exec(`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, 'algebra', 'Алгебра', $3, $4, '{}')`,
		h.exam, h.organisation, examEnd.Add(-3*time.Hour), examEnd)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.Pool.Exec(h.t.Context(), sql, args...)
	h.must(err)
}

func (h *house) count(sql string, args ...any) int {
	h.t.Helper()
	var n int
	h.must(h.Pool.QueryRow(h.t.Context(), sql, args...).Scan(&n))
	return n
}

// person is a new one of the organisation.
func (h *house) person(last string) uuid.UUID {
	id := uuid.New()
	h.exec(`insert into person (id, organisation_id, last_name, first_name, name_key, birth_date) values ($1, $2, $3, 'Мария', $3, '2005-01-02')`, id, h.organisation, last)
	return id
}

// attempt is a new student's at the exam.
func (h *house) attempt(exam uuid.UUID) (attempt, person uuid.UUID) {
	h.t.Helper()
	attempt, entry := uuid.New(), uuid.New()
	person = h.person(fmt.Sprintf("Ёлкина %.4s", attempt))
	h.exec(`insert into roster_entry (id, exam_id, person_id) values ($1, $2, $3)`, entry, exam, person)
	h.exec(`insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'finished', 3)`, attempt, exam, entry, person)
	return attempt, person
}

func (h *house) tx(do func(pgx.Tx) error) error {
	return pgx.BeginFunc(h.t.Context(), h.Pool, do)
}

// records are the log's of a type, the oldest first.
func (h *house) records(of ledger.Type) []ledger.Row {
	h.t.Helper()
	var list []ledger.Row
	h.must(h.Log.Each(h.t.Context(), ledger.Filter{Type: of}, func(r ledger.Row) error {
		list = append(list, r)
		return nil
	}))
	return list
}

// clock is the test's.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// buffer is what was logged.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
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
