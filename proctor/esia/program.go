package esia

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// ProgramConfig bounds an external cryptographic program.
type ProgramConfig struct {
	// Timeout of one run, with the wait for a free place. Default: 5 s.
	Timeout time.Duration
	// Concurrency is how many run at once. Default: 4.
	Concurrency int
	// Env is the program's environment beside PATH, HOME and LANG=C. Nothing else of ours is handed down: it may hold secrets.
	Env []string
}

// program runs an external program under a time limit and a limit of runs at once.
type program struct {
	config ProgramConfig
	places chan struct{}
}

func newProgram(config ProgramConfig) *program {
	if config.Timeout <= 0 {
		config.Timeout = 5 * time.Second
	}
	if config.Concurrency <= 0 {
		config.Concurrency = 4
	}
	return &program{config: config, places: make(chan struct{}, config.Concurrency)}
}

const (
	maxInput  = 32 << 10 // fits a pipe's buffer, so that inputs are written before the program starts
	maxOutput = 64 << 10
	maxStderr = 4 << 10
)

// exitError is a program that ran and said no.
type exitError struct {
	program string
	code    int
	stdout  string
	stderr  string
}

func (e *exitError) Error() string {
	said := e.stderr
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + "…"
	}
	return fmt.Sprintf("%s ended with code %d: %s", e.program, e.code, said)
}

// run feeds stdin and returns stdout. Each of files is readable by the program as /dev/fd/3, /dev/fd/4 and so on, so that nothing is
// left on disk. A program that ended with a code is an *exitError.
func (p *program) run(ctx context.Context, argv []string, stdin []byte, files ...[]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: all %d places were taken: %w", argv[0], p.config.Concurrency, ctx.Err())
	}

	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C"}, p.config.Env...)
	command.Stdin = bytes.NewReader(stdin)
	stdout, stderr := &bounded{most: maxOutput}, &bounded{most: maxStderr, cut: true}
	command.Stdout, command.Stderr = stdout, stderr
	// A group of its own, so that a time-out ends a wrapper script together with what it started.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	for _, content := range files {
		file, err := filled(content)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		command.ExtraFiles = append(command.ExtraFiles, file)
	}

	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil && !stdout.over:
		return stdout.buffer.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s did not finish in time: %w", argv[0], ctx.Err())
	case stdout.over:
		return nil, fmt.Errorf("%s wrote over %d bytes", argv[0], maxOutput)
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the program %s is not installed: %w", argv[0], err)
	case errors.As(err, &exit):
		return nil, &exitError{program: argv[0], code: exit.ExitCode(), stdout: stdout.buffer.String(), stderr: programText(stderr.buffer.String())}
	}
	return nil, fmt.Errorf("%s: %w", argv[0], err)
}

// filled is the reading end of a pipe that holds content.
func filled(content []byte) (*os.File, error) {
	if len(content) > maxInput {
		return nil, fmt.Errorf("an input of %d bytes is over %d", len(content), maxInput)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	if _, err := writer.Write(content); err != nil {
		reader.Close()
		return nil, err
	}
	return reader, nil
}

// bounded is a buffer that refuses, or with cut silently drops, what is over its size.
// It does not embed the buffer, whose ReadFrom would go around the bound.
type bounded struct {
	buffer bytes.Buffer
	most   int
	cut    bool
	over   bool
}

func (b *bounded) Write(data []byte) (int, error) {
	if room := b.most - b.buffer.Len(); len(data) > room {
		b.over = true
		if !b.cut {
			return 0, errors.New("too much output")
		}
		b.buffer.Write(data[:room])
		return len(data), nil
	}
	return b.buffer.Write(data)
}

// programText makes a program's complaint one line.
func programText(stderr string) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line != "" && line != `Engine "gost" set.` {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
