package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

// testArchive is an archive with a database and a bucket of its own, and a gate through which all its requests to MinIO go.
type testArchive struct {
	*Archive
	t    *testing.T
	pool *pgxpool.Pool
	ring *keyring.Ring
	log  *ledger.Log
	gate *gate
	raw  *minio.Client // past the gate
	exam uuid.UUID
}

var testTime = time.Date(2026, 9, 1, 8, 30, 0, 123_000_000, time.UTC)

func newTestArchive(t *testing.T) *testArchive {
	t.Helper()
	pool := stacktest.Database(t)
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := note.GenerateKey(nil, "archive.test/log")
	if err != nil {
		t.Fatal(err)
	}
	a := &testArchive{t: t, pool: pool, ring: ring, log: ledger.Open(pool, ring, public), exam: uuid.New()}
	cfg := config(t)
	direct, _, err := connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	a.raw = direct
	a.gate = newGate(t, cfg.Endpoint)
	cfg.Endpoint = a.gate.address
	if a.Archive, err = Open(t.Context(), cfg, pool, ring, a.log, func() time.Time { return testTime }); err != nil {
		t.Fatal(err)
	}
	return a
}

// config names a bucket that is not there yet.
func config(t *testing.T) Config {
	t.Helper()
	m := stacktest.Minio(t)
	return Config{Endpoint: m.Endpoint, AccessKey: m.AccessKey, SecretKey: m.SecretKey, Bucket: stacktest.Bucket()}
}

// attempt is a new student's attempt at the one exam.
func (a *testArchive) attempt() uuid.UUID {
	a.t.Helper()
	id, organisation, person, entry := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	for _, row := range []struct {
		sql  string
		args []any
	}{
		{`insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, []any{organisation}},
		{`insert into person (id, organisation_id, last_name, first_name, name_key, birth_date) values ($1, $2, 'Ёлкина', 'Мария', 'елкина мария', '2005-01-02')`, []any{person, organisation}},
		{`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, 'exam', 'Экзамен', now(), now() + interval '1 hour', '{}')
			on conflict do nothing`, []any{a.exam, organisation}},
		{`insert into roster_entry (id, exam_id, person_id) values ($1, $2, $3)`, []any{entry, a.exam, person}},
		{`insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'ready', 3)`, []any{id, a.exam, entry, person}},
	} {
		a.exec(row.sql, row.args...)
	}
	return id
}

// waitBlocked returns once somebody waits for what the transaction holds.
func (a *testArchive) waitBlocked(holder pgx.Tx) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer cancel()
	for blocked := false; !blocked; {
		err := a.pool.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database() and $1::int = any(pg_blocking_pids(pid)))`,
			holder.Conn().PgConn().PID()).Scan(&blocked)
		if err != nil {
			a.t.Fatalf("nobody came to wait: %v", err)
		}
	}
}

// destroy destroys the key of an attempt's objects.
func (a *testArchive) destroy(attempt uuid.UUID, reason Reason) {
	a.t.Helper()
	if err := pgx.BeginFunc(a.t.Context(), a.pool, func(tx pgx.Tx) error { return a.Destroy(a.t.Context(), tx, attempt, reason) }); err != nil {
		a.t.Fatal(err)
	}
}

func (a *testArchive) exec(sql string, args ...any) {
	a.t.Helper()
	if _, err := a.pool.Exec(a.t.Context(), sql, args...); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
}

func (a *testArchive) count(sql string, args ...any) int {
	a.t.Helper()
	var n int
	if err := a.pool.QueryRow(a.t.Context(), sql, args...).Scan(&n); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// stored is an object as it lies in MinIO.
func (a *testArchive) stored(name string) []byte {
	a.t.Helper()
	object, err := a.raw.GetObject(a.t.Context(), a.bucket, name, minio.GetObjectOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	defer object.Close()
	sealed, err := io.ReadAll(object)
	if err != nil {
		a.t.Fatalf("%s: %v", name, err)
	}
	return sealed
}

// overwrite changes an object behind the archive's back.
func (a *testArchive) overwrite(name string, with []byte) {
	a.t.Helper()
	if _, err := a.raw.PutObject(a.t.Context(), a.bucket, name, bytes.NewReader(with), int64(len(with)), minio.PutObjectOptions{}); err != nil {
		a.t.Fatal(err)
	}
}

// objects lists the bucket.
func (a *testArchive) objects() []string {
	a.t.Helper()
	var names []string
	for o := range a.raw.ListObjects(a.t.Context(), a.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			a.t.Fatal(o.Err)
		}
		names = append(names, o.Key)
	}
	return names
}

func (a *testArchive) begin(attempt uuid.UUID, kind string) media.RecordingStart {
	a.t.Helper()
	start, err := a.Begin(a.t.Context(), attempt, kind)
	if err != nil {
		a.t.Fatal(err)
	}
	return start
}

// spooled is a finished segment of ten seconds in the spool; it follows prev, or nothing when that is nil.
func (a *testArchive) spooled(recording uuid.UUID, number int, content string, prev *media.Segment) media.Segment {
	a.t.Helper()
	s := media.Segment{
		Recording: recording, Number: number, Path: filepath.Join(a.t.TempDir(), "segment.webm"), SHA256: sha256.Sum256([]byte(content)), Size: int64(len(content)),
		Offset: time.Duration(number) * 10 * time.Second, Duration: 10 * time.Second, Started: testTime.Add(time.Duration(number) * 10 * time.Second),
		Video: true, Audio: true, Width: 640, Height: 480,
	}
	if prev != nil {
		s.PrevSHA256 = prev.SHA256
	}
	a.spool(s, content)
	return s
}

func (a *testArchive) spool(s media.Segment, content string) {
	a.t.Helper()
	if err := os.WriteFile(s.Path, []byte(content), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func inSpool(s media.Segment) bool {
	_, err := os.Stat(s.Path)
	return err == nil
}

func (a *testArchive) store(s media.Segment) {
	a.t.Helper()
	if err := a.StoreSegment(a.t.Context(), s); err != nil {
		a.t.Fatal(err)
	}
}

// gate passes requests on to MinIO. While onPut is set, it is asked before an object is written, and false refuses it.
type gate struct {
	address string
	onPut   atomic.Pointer[func() bool]
}

func newGate(t *testing.T, endpoint string) *gate {
	g := &gate{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", endpoint
		r.Out.Host = r.In.Host // it is part of what was signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ask := g.onPut.Load(); ask != nil && r.Method == http.MethodPut && !(*ask)() {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g.address = u.Host
	return g
}

// ask sets what is asked before an object is written; nil: nothing.
func (g *gate) ask(onPut func() bool) {
	if onPut == nil {
		g.onPut.Store(nil)
		return
	}
	g.onPut.Store(&onPut)
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
