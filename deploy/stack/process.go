package stack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// processes starts children from one locked thread: Linux sends a child its death signal when the thread that made it ends.
type processes struct {
	logs   string
	starts chan func()
	failed chan struct{}
	once   sync.Once

	mu       sync.Mutex
	list     []*process
	stopping bool
	failure  error
}

// process is one child. done is closed when it ended; exit may be read after that.
type process struct {
	name     string
	cmd      *exec.Cmd
	log      string
	stopWith syscall.Signal
	done     chan struct{}
	exit     error
	watched  bool // its end is a failure; guarded by the processes' mutex
}

func newProcesses(logs string) *processes {
	p := &processes{logs: logs, starts: make(chan func()), failed: make(chan struct{})}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for start := range p.starts {
			start()
		}
	}()
	return p
}

// pid is that of the newest process of a name; 0 when there is none.
func (p *processes) pid(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, child := range slices.Backward(p.list) {
		if child.name == name {
			return child.cmd.Process.Pid
		}
	}
	return 0
}

// start runs cmd with its output in a log file, in a process group of its own so that Ctrl-C reaches only us.
// A nil cmd.Stdout goes to the log as well.
func (p *processes) start(name string, cmd *exec.Cmd, stopWith syscall.Signal) (*process, error) {
	path := filepath.Join(p.logs, name+".log")
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	defer log.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	cmd.Stderr = log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = stopWith

	child := &process{name: name, cmd: cmd, log: path, stopWith: stopWith, done: make(chan struct{})}
	started := make(chan error)
	p.starts <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.list = append(p.list, child)
	p.mu.Unlock()
	go p.wait(child)
	return child, nil
}

func (p *processes) wait(child *process) {
	err := child.cmd.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	child.exit = err
	close(child.done)
	p.mu.Lock()
	defer p.mu.Unlock()
	if child.watched {
		p.fail(child)
	}
}

// watch makes the child's end a failure from now on. Until it answered for the first time, its end is the business of whoever started it.
func (p *processes) watch(child *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	child.watched = true
	select {
	case <-child.done:
		p.fail(child)
	default:
	}
}

func (p *processes) fail(child *process) {
	if !p.stopping && p.failure == nil {
		p.failure = fmt.Errorf("%s ended: %w (see %s)", child.name, child.exit, child.log)
		close(p.failed)
	}
}

func (p *processes) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// drop forgets a child that ended.
func (p *processes) drop(child *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.list {
		if c == child {
			p.list = append(p.list[:i], p.list[i+1:]...)
			break
		}
	}
}

// stop ends the children, youngest first: the polite signal, then after 15 seconds SIGKILL.
func (p *processes) stop() {
	p.mu.Lock()
	p.stopping = true
	list := p.list
	p.list = nil
	p.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		child := list[i]
		_ = child.cmd.Process.Signal(child.stopWith)
		select {
		case <-child.done:
		case <-time.After(15 * time.Second):
			_ = syscall.Kill(-child.cmd.Process.Pid, syscall.SIGKILL)
			<-child.done
		}
	}
	p.once.Do(func() { close(p.starts) })
}

// tail is the end of the child's log, for an error a person reads.
func (c *process) tail() string {
	text, err := os.ReadFile(c.log)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ""
	}
	if len(text) > 1500 {
		text = text[len(text)-1500:]
	}
	return "\n--- end of " + c.log + " ---\n" + string(text)
}
