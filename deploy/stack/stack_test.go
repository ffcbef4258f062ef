package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func (s *Stack) query(t *testing.T, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(limit(t), s.Postgres.URL("ochno"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(limit(t), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (s *Stack) minioAnswers(t *testing.T) bool {
	t.Helper()
	return get(limit(t), "http://"+s.Minio.Endpoint+"/minio/health/ready") == nil
}

func TestStackFromStartToStart(t *testing.T) {
	dir := folder(t)
	var progress bytes.Buffer
	s, err := Start(limit(t), Config{Dir: dir, Minio: minioProgram(t), Ephemeral: true, Progress: &progress})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if said := progress.String(); !strings.Contains(said, "PostgreSQL") || !strings.Contains(said, "MinIO") || !strings.Contains(said, "ready in") {
		t.Errorf("it said:\n%s", said)
	}
	if s.Dir() != dir || !s.minioAnswers(t) {
		t.Errorf("in %s; MinIO answers: %v", s.Dir(), s.minioAnswers(t))
	}
	for range 2 { // making it again is no error
		if err := s.Postgres.EnsureDatabase(limit(t), `kept "one"`); err != nil {
			t.Fatal(err)
		}
	}
	const kept = `select count(*) from pg_database where datname = 'kept "one"'`
	environment := fmt.Sprint(s.Environment())
	for _, want := range []string{EnvPostgres + "=postgres:///postgres?", EnvMinioEndpoint + "=" + s.Minio.Endpoint, EnvMinioSecret + "=" + s.Minio.SecretKey} {
		if !strings.Contains(environment, want) {
			t.Errorf("the environment %s does not say %s", environment, want)
		}
	}

	// Another one in the same folder is refused, and the first goes on.
	second, err := Start(limit(t), Config{Dir: dir, Minio: minioProgram(t)})
	if !errors.Is(err, ErrRunning) || second != nil || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second one: %v; want ErrRunning with folder and process", err)
	}
	if s.query(t, kept) != 1 || !s.minioAnswers(t) || s.hasFailed() {
		t.Error("the second one disturbed the first")
	}

	// Stop ends the children, and says so only when they have ended.
	pids := s.pids()
	if len(pids) != 2 || !alive(pids["postgres"]) || !alive(pids["minio"]) {
		t.Fatalf("children %v", pids)
	}
	s.Stop()
	for name, pid := range pids {
		if alive(pid) {
			t.Errorf("%s runs on", name)
		}
	}
	if s.minioAnswers(t) {
		t.Error("MinIO answers after its end")
	}
	if _, err := pgx.Connect(limit(t), s.Postgres.URL("ochno")); err == nil {
		t.Error("PostgreSQL answers after its end")
	}
	if s.hasFailed() || s.Err() != nil {
		t.Errorf("stopping is called a failure: %v", s.Err())
	}
	s.Stop() // once more does no harm

	// The same data again, soon.
	began := time.Now()
	again := start(t, dir)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("starting again took %s", took)
	}
	if again.query(t, kept) != 1 || again.Minio.SecretKey != s.Minio.SecretKey {
		t.Error("what was there is gone")
	}

	// A child that dies on its own is a failure with a name.
	if again.hasFailed() || again.Err() != nil {
		t.Fatalf("failed before anything died: %v", again.Err())
	}
	if err := syscall.Kill(again.pids()["postgres"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-again.Failed():
	case <-limit(t).Done():
		t.Fatal("nobody noticed that PostgreSQL died")
	}
	if err := again.Err(); err == nil || !strings.Contains(err.Error(), "postgres ended") || !strings.Contains(err.Error(), "postgres.log") || !isExit(err) {
		t.Errorf("the failure is called %v", err)
	}
	minio := again.pids()["minio"]
	again.Stop()
	if alive(minio) {
		t.Error("MinIO runs on")
	}
}

func TestFolderPathTooLongForASocket(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("long-", 12), strings.Repeat("path-", 12))
	s := start(t, dir)
	if s.query(t, `select 1`) != 1 {
		t.Error("PostgreSQL does not answer")
	}
	sockets := s.Postgres.socketDir
	if strings.HasPrefix(sockets, dir) || len(sockets) > socketPathLimit {
		t.Errorf("its socket is in %s", sockets)
	}
	info, err := os.Stat(sockets)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may enter its folder: %v, %v", info.Mode(), err)
	}
	s.Stop()
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the socket stays: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "PG_VERSION")); err != nil {
		t.Errorf("the data are gone with it: %v", err)
	}
}

// PostgreSQL refuses to be root, and another user cannot enter a folder that is root's alone.
func TestFolderThatOthersCannotEnter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed")
	s := start(t, dir)
	if s.query(t, `select 1`) != 1 {
		t.Error("PostgreSQL does not answer")
	}
	want := filepath.Join(dir, "postgres")
	if os.Geteuid() == 0 {
		want = "/var/tmp/ochno-postgres-" + strings.Trim(strings.ReplaceAll(dir, "/", "-"), "-")
		t.Cleanup(func() { os.RemoveAll(want) })
	}
	if _, err := os.Stat(filepath.Join(want, "data", "PG_VERSION")); err != nil {
		t.Errorf("the data are not where they should be: %v", err)
	}
	info, err := os.Stat(want)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may enter %s: %v, %v", want, info.Mode(), err)
	}
	s.Stop()
}

// Whatever was started before a fault is stopped again, and the folder is free.
func TestStartThatFails(t *testing.T) {
	dir := folder(t)
	for name, program := range map[string]string{"make setup": filepath.Join(dir, "none"), "cannot open the disk": script(t, "echo cannot open the disk; exit 1")} {
		s, err := Start(limit(t), Config{Dir: dir, Minio: program, Ephemeral: true})
		if s != nil || err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "MinIO") {
			t.Fatalf("%v, %v; want an error about MinIO with %q", s, err, name)
		}
		if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "postmaster.pid")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("PostgreSQL runs on: %v", err)
		}
		lock, err := lockFolder(dir)
		if err != nil {
			t.Fatalf("the folder stays locked: %v", err)
		}
		lock.Close()
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(limit(t), Config{Dir: file}); err == nil {
		t.Error("a stack was started in a file")
	}
}

// Somebody else takes the port between our looking and MinIO's listening.
func TestBusyPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	once := script(t, fmt.Sprintf(`if [ ! -e "$0.tried" ]; then : > "$0.tried"; exec %s server --quiet --address %s "$5"; fi; exec %[1]s "$@"`, minioProgram(t), taken.Addr()))
	s := bare(t, once)
	if err := s.startMinio(limit(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(once + ".tried"); err != nil || !s.minioAnswers(t) || s.Minio.Endpoint == taken.Addr().String() {
		t.Errorf("MinIO at %s answers: %v (%v)", s.Minio.Endpoint, s.minioAnswers(t), err)
	}
	if s.hasFailed() {
		t.Errorf("the first try counts as a failure of the stack: %v", s.Err())
	}
	// The one that runs now is watched all the same.
	if err := syscall.Kill(s.pids()["minio"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Failed():
	case <-limit(t).Done():
		t.Fatal("nobody noticed that MinIO died")
	}

	always := bare(t, script(t, "echo Specified port is already in use; exit 1"))
	if err := always.startMinio(limit(t)); err == nil || !strings.Contains(err.Error(), "no free port") {
		t.Errorf("when every port is busy: %v", err)
	}
}

func TestSecrets(t *testing.T) {
	s := bare(t, "")
	one, err := s.Secret("one")
	if err != nil || len(one) < 20 {
		t.Fatalf("%q, %v", one, err)
	}
	if again, err := s.Secret("one"); err != nil || again != one {
		t.Errorf("again: %q, %v; want the same", again, err)
	}
	if other, err := s.Secret("other"); err != nil || other == one {
		t.Errorf("another one: %q, %v", other, err)
	}
	info, err := os.Stat(filepath.Join(s.Dir(), "secrets", "one"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode().Perm(), err)
	}
}

func TestPostgresMajor(t *testing.T) {
	for path, want := range map[string]int{"/usr/lib/postgresql/15/bin/postgres": 15, "/usr/lib/postgresql/9/bin/postgres": 9, "/usr/lib/postgresql/x/bin/postgres": 0} {
		if got := postgresMajor(path); got != want {
			t.Errorf("%s: %d; want %d", path, got, want)
		}
	}
}
