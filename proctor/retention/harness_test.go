package retention

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/archive"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// house is a service over a database and a bucket of its own, at a clock of the test's.
type house struct {
	*Service
	t            testing.TB
	clock        *clock
	logged       *buffer
	bucket       archive.Config
	keepObjects  atomic.Bool // MinIO refuses to delete
	organisation uuid.UUID
	exam         uuid.UUID // ends at examEnd
	sequencer    *ledger.Sequencer
}

var examEnd = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func newHouse(t testing.TB) *house {
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
	h.bucket = archive.Config{Endpoint: h.gate(m.Endpoint), AccessKey: m.AccessKey, SecretKey: m.SecretKey, Bucket: stacktest.Bucket()}
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

// gate passes requests on to MinIO, but for deletions while it is to keep its objects.
func (h *house) gate(endpoint string) string {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", endpoint
		r.Out.Host = r.In.Host // it is part of what was signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && h.keepObjects.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	h.t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
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

// hold places one on an attempt.
func (h *house) hold(attempt uuid.UUID, kind Kind) uuid.UUID {
	h.t.Helper()
	var id uuid.UUID
	h.must(h.tx(func(tx pgx.Tx) (err error) {
		id, err = h.Hold(h.t.Context(), tx, attempt, kind, "апелляция № 5", Actor{})
		return err
	}))
	return id
}

func (h *house) lift(hold uuid.UUID) {
	h.t.Helper()
	h.must(h.tx(func(tx pgx.Tx) error { return h.Lift(h.t.Context(), tx, hold, "рассмотрена", Actor{}) }))
}

// recorded puts objects of an attempt and returns their names.
func (h *house) recorded(attempt uuid.UUID, contents ...string) []string {
	h.t.Helper()
	names := make([]string, len(contents))
	for i, content := range contents {
		var err error
		names[i], err = h.Archive.Put(h.t.Context(), attempt, "recording", "webm", []byte(content))
		h.must(err)
	}
	return names
}

// objects lists the bucket.
func (h *house) objects() []string {
	h.t.Helper()
	client, err := minio.New(h.bucket.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(h.bucket.AccessKey, h.bucket.SecretKey, "")})
	h.must(err)
	names := []string{}
	for o := range client.ListObjects(h.t.Context(), h.bucket.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		h.must(o.Err)
		names = append(names, o.Key)
	}
	return names
}

// readable tells whether an object can be read.
func (h *house) readable(attempt uuid.UUID, name string) bool {
	h.t.Helper()
	_, err := h.Archive.Get(h.t.Context(), attempt, name)
	if err != nil && !errors.Is(err, archive.ErrDestroyed) {
		h.t.Fatalf("read %s: %v", name, err)
	}
	return err == nil
}

// erase makes a run that must not fail.
func (h *house) erase() Done {
	h.t.Helper()
	done, err := h.Erase(h.t.Context())
	h.must(err)
	return done
}

// append writes a record of the log with a personal value.
func (h *house) append(at time.Time, exam, attempt, person uuid.UUID) uuid.UUID {
	h.t.Helper()
	var id uuid.UUID
	h.must(h.tx(func(tx pgx.Tx) (err error) {
		id, err = h.Log.Append(h.t.Context(), tx, ledger.Entry{
			Type: ledger.TypeDecision, At: at, Exam: exam, Attempt: attempt, Person: person, Data: ledger.Decision{From: "ready", To: "terminated", Reason: "rules"},
			Personal: map[string]string{"student": "Ёлкина Мария"},
		})
		return err
	}))
	return id
}

// personal are the records that have personal values still.
func (h *house) personal() []uuid.UUID {
	h.t.Helper()
	rows, _ := h.Pool.Query(h.t.Context(), `select id from ledger_record where personal is not null and type = 'decision' order by at, seq`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	h.must(err)
	return list
}

// verify seals the log and verifies it whole, recordings beside it.
func (h *house) verify() {
	h.t.Helper()
	_, err := h.sequencer.Sequence(h.t.Context())
	h.must(err)
	_, err = h.Log.Verify(h.t.Context())
	h.must(err)
	report, err := h.Archive.Audit(h.t.Context(), true)
	h.must(err)
	if len(report.Findings) > 0 {
		h.t.Fatalf("audit: %q", report.Findings)
	}
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

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
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
