package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"ochno/deploy/demo"
	"ochno/deploy/stack"
)

// runDemo starts everything and waits for Ctrl-C.
func runDemo(ctx context.Context, c *call) error {
	dir := c.flags.String("dir", ".run", "`folder` that keeps everything")
	minio := c.flags.String("minio", "", "MinIO's server `program`; default: minio beside this program")
	verbose := c.flags.Bool("verbose", false, "show the service's log here instead of in DIR/log/ochno.log")
	if err := c.parse(0); err != nil {
		return err
	}
	programs, err := demo.Programs()
	if err != nil {
		return err
	}
	if *minio == "" {
		*minio = filepath.Join(programs, "minio")
	}
	if err := os.MkdirAll(filepath.Join(*dir, "log"), 0o755); err != nil {
		return err
	}
	log := c.stderr
	if !*verbose {
		file, err := os.Create(filepath.Join(*dir, "log", "ochno.log"))
		if err != nil {
			return err
		}
		defer file.Close()
		log = file
	}
	began := time.Now()
	fmt.Fprintf(c.stdout, "Starting Ochno in %s\n", *dir)
	d, err := demo.Start(ctx, demo.Options{
		Dir: *dir, Programs: programs, Minio: *minio, Progress: c.stdout, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // Ctrl-C while starting
		}
		return err
	}
	if err := os.WriteFile(filepath.Join(*dir, "env"), []byte(d.Environment()), 0o600); err != nil {
		return errors.Join(err, d.Stop())
	}
	fmt.Fprintf(c.stdout, `Ready in %.1f s.

  Student      %s/e/%s       sign in as «Смирнова Анна Сергеевна»
  Proctor      %s/proctor      sign in as «Соколова Елена Викторовна»
  Registrar    %s/log          sign in as «Лебедева Жанна Олеговна»
  Your face    %s              enrol it for the student first, so that you are recognised
  Mail         %s              what Ochno writes to people
  State        %s/healthz

  One browser holds one sign-in: use a private window for the second person.
  Command line: set -a; . %s/env; set +a; bin/ochno doctor
  The data stay in %s for the next start (make clean removes them). Ctrl-C stops everything.
`, time.Since(began).Seconds(), d.URL, d.Exam, d.URL, d.URL, d.EBS, d.Mail, d.URL, *dir, *dir)
	failed := d.Wait(ctx)
	fmt.Fprintf(c.stdout, "\nStopping …\n")
	err = errors.Join(failed, d.Stop(), os.Remove(filepath.Join(*dir, "env")))
	if err == nil {
		fmt.Fprintln(c.stdout, "Stopped; nothing is left running.")
	}
	return err
}

// runStack runs a command beside the private stack.
func runStack(ctx context.Context, c *call) error {
	dir := c.flags.String("dir", "", "`folder` of the stack; default: a new one that is removed at the end")
	minio := c.flags.String("minio", "", "MinIO's server `program`; default: minio beside this program")
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.flags.NArg() == 0 {
		return usageError{errors.New("want a command to run")}
	}
	if *minio == "" {
		programs, err := demo.Programs()
		if err != nil {
			return err
		}
		*minio = filepath.Join(programs, "minio")
	}
	if *dir == "" {
		temporary, err := os.MkdirTemp("", "ochno-stack-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		if err := os.Chmod(temporary, 0o755); err != nil { // PostgreSQL's user must be able to enter
			return err
		}
		*dir = temporary
	}
	s, err := stack.Start(ctx, stack.Config{Dir: *dir, Minio: *minio, Ephemeral: true, Progress: c.stderr})
	if err != nil {
		return err
	}
	defer s.Stop()
	cmd := exec.CommandContext(ctx, c.flags.Arg(0), c.flags.Args()[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.stdout, c.stderr
	cmd.Env = append(os.Environ(), s.Environment()...)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return failure(max(exit.ExitCode(), 1))
	}
	return err
}
