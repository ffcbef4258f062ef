package stack

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestChildrenDieWithTheirParent(t *testing.T) {
	parent, child := parentAndChild(t)
	if !alive(child) {
		t.Fatal("the child does not run")
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "the child of a killed parent ends", func() bool { return !alive(child) })
}

// Ctrl-C in a terminal reaches the whole group in front; the children must be stopped by us, in our order.
func TestChildrenAreInGroupsOfTheirOwn(t *testing.T) {
	p := newProcesses(t.TempDir())
	defer p.stop()
	child, err := p.start("child", exec.Command("sleep", "600"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(child.cmd.Process.Pid)
	if err != nil || group != child.cmd.Process.Pid || group == syscall.Getpgrp() {
		t.Errorf("the child is in group %d, %v", group, err)
	}
}

func TestStopEndsTheYoungestFirst(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := newProcesses(t.TempDir())
	defer p.stop()
	ends := filepath.Join(t.TempDir(), "ends")
	for _, name := range []string{"oldest", "middle", "youngest"} {
		cmd := exec.Command(program, ends, name)
		cmd.Env = append(os.Environ(), playEnv+"=notes its end")
		child, err := p.start(name, cmd, syscall.SIGTERM)
		if err != nil {
			t.Fatal(err)
		}
		p.watch(child)
		eventually(t, name+" is ready", func() bool { return strings.Contains(child.tail(), "ready") })
	}
	p.stop()
	if order, err := os.ReadFile(ends); err != nil || string(order) != "youngest\nmiddle\noldest\n" || p.err() != nil {
		t.Errorf("ended in the order %q, %v; failure %v", order, err, p.err())
	}
}

func TestStartOfNoProgram(t *testing.T) {
	p := newProcesses(t.TempDir())
	defer p.stop()
	if _, err := p.start("child", exec.Command("/does/not/exist"), syscall.SIGTERM); err == nil {
		t.Error("started")
	}
	if len(p.list) != 0 || p.err() != nil {
		t.Errorf("%d children, %v", len(p.list), p.err())
	}
}

// A child that ends before it answered is its starter's business; afterwards it is everybody's.
func TestOnlyWatchedChildrenFail(t *testing.T) {
	p := newProcesses(t.TempDir())
	defer p.stop()
	child, err := p.start("child", exec.Command("true"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	<-child.done
	if err := poll(t.Context(), child, time.Minute, func(context.Context) error { return io.EOF }); err == nil || !strings.Contains(err.Error(), "child ended at once") {
		t.Errorf("polling it says %v", err)
	}
	select {
	case <-p.failed:
		t.Error("a child that nobody watched failed")
	default:
	}
	p.watch(child) // it ended in between
	<-p.failed
	if err := p.err(); err == nil || !strings.Contains(err.Error(), "child ended: exit status 0") {
		t.Errorf("the failure is called %v", err)
	}
}

func TestTailIsTheEndOfTheLog(t *testing.T) {
	p := newProcesses(t.TempDir())
	defer p.stop()
	child, err := p.start("child", exec.Command("sh", "-c", "yes begin | head -n 1000; echo; echo end of it >&2"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	<-child.done
	if tail := child.tail(); len(tail) > 1700 || !strings.HasSuffix(tail, "end of it\n") || !strings.Contains(tail, "child.log") {
		t.Errorf("%d bytes: %q", len(tail), tail)
	}
	if err := os.Truncate(child.log, 0); err != nil {
		t.Fatal(err)
	}
	if tail := child.tail(); tail != "" {
		t.Errorf("of an empty log: %q", tail)
	}
}

// stand starts the test's own program as a stand.
func (s *Stack) stand(t *testing.T, ctx context.Context, play string) (net.Listener, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, s.Stand(ctx, "stand", program, l, []string{playEnv + "=" + play}, "--people", "demo")
}

func TestStand(t *testing.T) {
	s := bare(t, "")
	l, err := s.stand(t, limit(t), "stand")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // the stand has it now
	resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || string(said) != "--listen fd:3 --people demo" {
		t.Errorf("it was started with %q, %v", said, err)
	}
	pid := s.pids()["stand"]
	s.Stop()
	if alive(pid) || s.hasFailed() {
		t.Errorf("after Stop it is alive: %v, failed: %v", alive(pid), s.Err())
	}
}

func TestStandThatDoesNotStart(t *testing.T) {
	s := bare(t, "")
	if _, err := s.stand(t, limit(t), "broken stand"); err == nil || !strings.Contains(err.Error(), "I have no configuration") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("one that ends: %v; want its own words", err)
	}
	over, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.stand(t, over, "silent stand"); err == nil || !strings.Contains(err.Error(), "did not answer") {
		t.Errorf("one that says nothing: %v", err)
	}
	l, err := Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := s.Stand(t.Context(), "stand", "/does/not/exist", l, nil); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("one that was not built: %v", err)
	}
	if s.hasFailed() {
		t.Errorf("failed: %v", s.Err())
	}
}

func TestListen(t *testing.T) {
	first, err := Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := first.Addr().(*net.TCPAddr).Port
	second, err := Listen(port)
	if err != nil {
		t.Fatalf("a busy port: %v", err)
	}
	defer second.Close()
	for _, l := range []net.Listener{first, second} {
		if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("listens on %s", l.Addr())
		}
	}
	// Somebody else may take a free port before us, but not time after time.
	for range 5 {
		free, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		l, err := Listen(free)
		if err != nil {
			t.Fatal(err)
		}
		got := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if got == free {
			return
		}
	}
	t.Error("the preferred port is never taken")
}
