package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test's own program plays the children: what it does is in this variable.
const playEnv = "OCHNO_STACK_TEST_PLAY"

func TestMain(m *testing.M) {
	switch play := os.Getenv(playEnv); play {
	case "":
		os.Exit(m.Run())
	case "stand": // a stand that says with what it was started
		l, err := net.FileListener(os.NewFile(3, "socket"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Join(os.Args[1:], " ")) })
		fmt.Fprintln(os.Stderr, http.Serve(l, nil))
		os.Exit(1)
	case "broken stand":
		fmt.Fprintln(os.Stderr, "I have no configuration")
		os.Exit(3)
	case "silent stand":
		pause()
	case "notes its end":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Fprintln(os.Stderr, "ready")
		<-signals
		f, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			os.Exit(1)
		}
		fmt.Fprintln(f, os.Args[2])
		os.Exit(0)
	case "parent": // of a child that outlives nobody
		p := newProcesses(os.Args[1])
		child, err := p.start("child", exec.Command("sleep", "600"), syscall.SIGTERM)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(child.cmd.Process.Pid)
		pause()
	default:
		fmt.Fprintln(os.Stderr, "cannot play", play)
		os.Exit(2)
	}
}

func pause() {
	for {
		_ = syscall.Pause() // Go's own signals end it
	}
}

// folder is an empty one that PostgreSQL's user can enter: t.TempDir alone lets nobody else in.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// minioProgram is where make setup puts MinIO's server.
func minioProgram(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/minio")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("MinIO's server is missing: run make setup (%v)", err)
	}
	return path
}

// start starts a whole stack and stops it at the test's end.
func start(t *testing.T, dir string) *Stack {
	t.Helper()
	s, err := Start(limit(t), Config{Dir: dir, Minio: minioProgram(t), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// bare is a stack in which nothing runs yet.
func bare(t *testing.T, minio string) *Stack {
	t.Helper()
	dir := folder(t)
	for _, sub := range []string{"log", "secrets"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{cfg: Config{Dir: dir, Minio: minio}, lock: lock, processes: newProcesses(filepath.Join(dir, "log"))}
	t.Cleanup(s.Stop)
	return s
}

// script is an executable program.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// pids are the children that run.
func (s *Stack) pids() map[string]int {
	s.processes.mu.Lock()
	defer s.processes.mu.Unlock()
	all := map[string]int{}
	for _, c := range s.processes.list {
		all[c.name] = c.cmd.Process.Pid
	}
	return all
}

// alive tells whether a process runs; one that nobody has waited for yet does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z")
}

// failed tells whether a child's end was reported.
func (s *Stack) hasFailed() bool {
	select {
	case <-s.Failed():
		return true
	default:
		return false
	}
}

// limit is a context that ends long after a test that works.
func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx := limit(t)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// parentAndChild starts a process of ours with a child, and returns both pids.
func parentAndChild(t *testing.T) (parent *exec.Cmd, child int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent = exec.Command(program, t.TempDir())
	parent.Env = append(os.Environ(), playEnv+"=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &child); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return parent, child
}

func isExit(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}
