// Package stack runs Ochno's private local stack: PostgreSQL, MinIO and the stands, as child processes in one folder.
//
// It serves the demonstration (`ochno demo`) and the tests (`ochno stack -- go test …`), never production. Everything listens on the loopback
// only; PostgreSQL listens on a socket in a folder that others cannot enter. Children die with their parent. Start reading at Start.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Config says where and how a stack runs.
type Config struct {
	// Dir holds everything the stack keeps: data, logs, secrets. It is made when absent.
	Dir string
	// Minio is the path of MinIO's server program; empty: PostgreSQL alone.
	Minio string
	// Ephemeral trades durability for speed (PostgreSQL without fsync): for tests.
	Ephemeral bool
	// Progress receives a line for each thing done and how long it took. Nil: silence.
	Progress io.Writer
}

// Stack is a running PostgreSQL and MinIO. Stop ends them; the folder stays.
type Stack struct {
	cfg       Config
	lock      *os.File
	processes *processes
	Postgres  Postgres
	Minio     Minio
}

// Names of the variables by which a command run beside the stack is told where it is; see Environment.
const (
	EnvPostgres      = "OCHNO_TEST_POSTGRES" // a URL of the server's database “postgres”
	EnvMinioEndpoint = "OCHNO_TEST_MINIO"
	EnvMinioSecret   = "OCHNO_TEST_MINIO_SECRET"
)

// Environment tells a child process where the stack is; package stacktest reads it.
func (s *Stack) Environment() []string {
	return []string{
		EnvPostgres + "=" + s.Postgres.URL("postgres"), EnvMinioEndpoint + "=" + s.Minio.Endpoint, EnvMinioSecret + "=" + s.Minio.SecretKey,
	}
}

// ErrRunning is returned by Start when another stack runs in the same folder.
var ErrRunning = errors.New("a stack is already running in this folder")

// Start starts both servers and waits until they answer. On an error everything started is stopped again.
func Start(ctx context.Context, cfg Config) (_ *Stack, err error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("stack folder: %w", err)
	}
	cfg.Dir = dir
	for _, sub := range []string{"log", "secrets"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("stack folder: %w", err)
		}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := &Stack{cfg: cfg, lock: lock, processes: newProcesses(filepath.Join(dir, "log"))}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if err = s.step("PostgreSQL", func() error { return s.startPostgres(ctx) }); err != nil {
		return nil, err
	}
	if cfg.Minio == "" {
		return s, nil
	}
	if err = s.step("MinIO", func() error { return s.startMinio(ctx) }); err != nil {
		return nil, err
	}
	return s, nil
}

// Dir is the stack's folder, absolute.
func (s *Stack) Dir() string { return s.cfg.Dir }

// Stop ends all processes in the reverse order of their start and waits for them.
func (s *Stack) Stop() {
	s.processes.stop()
	s.Postgres.removeSocketFolder()
	s.lock.Close()
}

// MinioPID is the process of MinIO, for tests that halt it for a while.
func (s *Stack) MinioPID() int { return s.processes.pid("minio") }

// Failed is closed when a child ended that nobody asked to end; Err then says which.
func (s *Stack) Failed() <-chan struct{} { return s.processes.failed }

// Err names the child whose end closed Failed.
func (s *Stack) Err() error { return s.processes.err() }

func (s *Stack) step(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("start %s: %w", what, err)
	}
	s.say("%-22s ready in %.1f s", what, time.Since(began).Seconds())
	return nil
}

func (s *Stack) say(format string, args ...any) {
	if s.cfg.Progress != nil {
		fmt.Fprintf(s.cfg.Progress, "  "+format+"\n", args...)
	}
}

func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("stack folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := make([]byte, 16)
		n, _ := f.Read(holder)
		f.Close()
		return nil, fmt.Errorf("%w: %s (process %s)", ErrRunning, dir, strings.TrimSpace(string(holder[:n])))
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, fmt.Errorf("stack folder: %w", err)
	}
	fmt.Fprintln(f, os.Getpid())
	return f, nil
}

// poll calls ready until it says nil, the process ends, or the time is over.
func poll(ctx context.Context, p *process, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	watched := make(chan struct{})
	go func() { // a question to a socket that we gave to a dead process would wait for its own time to be over
		defer close(watched)
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-watched }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		if last = ready(ctx); last == nil {
			return nil
		}
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once: %w%s", p.name, p.exit, p.tail())
		default:
			return fmt.Errorf("%s did not answer within %s: %w%s", p.name, limit, last, p.tail())
		}
	}
}
