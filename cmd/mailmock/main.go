// Command mailmock runs the stand of a mail server (proctor/mail/mailmock) as a program of its own, for development and demonstrations.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ochno/deploy/stack/socket"
	"ochno/proctor/mail/mailmock"
)

const usage = `mailmock is a stand of a mail server for development and demonstrations: it takes every letter, delivers none and shows them on a page.
It prints one line of JSON, {"url": "…", "smtp": "…"}, when it is ready, and ends on SIGINT or SIGTERM.

  mailmock --listen 127.0.0.1:8083 --smtp 127.0.0.1:2525

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)), errors.Is(err, socket.ErrAddress):
		fmt.Fprintln(os.Stderr, "mailmock:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "mailmock:", err)
		os.Exit(1)
	}
}

type usageError struct{ error }

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("mailmock", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	listen := flags.String("listen", "127.0.0.1:0", "`address` of the page, or fd:3 for an inherited listening socket")
	smtp := flags.String("smtp", "127.0.0.1:0", "`address` that takes letters, or fd:4 for an inherited listening socket")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	pages, err := socket.Listen(ctx, *listen)
	if err != nil {
		return err
	}
	defer pages.Close()
	letters, err := socket.Listen(ctx, *smtp)
	if err != nil {
		return err
	}
	stand := mailmock.New(mailmock.Config{Logger: slog.New(slog.NewTextHandler(stderr, nil))})
	if err := json.NewEncoder(stdout).Encode(map[string]string{"url": "http://" + pages.Addr().String(), "smtp": letters.Addr().String()}); err != nil {
		return errors.Join(err, letters.Close())
	}
	return serve(ctx, stand, pages, letters)
}

func serve(ctx context.Context, stand *mailmock.Stand, pages, letters net.Listener) error {
	server := &http.Server{
		Handler: stand.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served, took := make(chan error, 1), make(chan error, 1)
	go func() {
		defer cancel()
		served <- server.Serve(pages)
	}()
	go func() {
		defer cancel()
		took <- stand.ServeSMTP(ctx, letters)
	}()
	<-ctx.Done()
	grace, end := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer end()
	err := server.Shutdown(grace)
	if failed := <-served; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return errors.Join(err, <-took)
}
