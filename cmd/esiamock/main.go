// Command esiamock runs the stand of ESIA (proctor/esia/esiamock) as a program of its own, for development and demonstrations.
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
	"strings"
	"syscall"
	"time"

	"ochno/deploy/stack/socket"
	"ochno/proctor/esia/esiamock"
)

const usage = `esiamock is a stand of ESIA (Госуслуги sign-in) for development and demonstrations.
Anybody may sign in as any of its fictional people. It prints one line of JSON, {"url": "…"}, when it is ready, and ends on SIGINT or SIGTERM.

  esiamock --data .run/esia --client OCHNO=.run/esia-client.crt,http://127.0.0.1:8080/

Faults, by --fault or, while it runs, by PUT and DELETE of /admin/faults; POST /admin/rotate changes the key:
  --fault error:ESIA-007008,place=token,times=1     one exchange of a code (place: authorize, token or rest)
  --fault slow:20s,person=1000000001                everything about one person
  --fault html                                      a maintenance page instead of answers
  --fault rotated_key                               tokens signed by a key that nobody knows
  --fault skewed_clock:-10m                         a clock that is ten minutes slow

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)), errors.Is(err, socket.ErrAddress):
		fmt.Fprintln(os.Stderr, "esiamock:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "esiamock:", err)
		os.Exit(1)
	}
}

type usageError struct{ error }

// clients are the --client flags.
type clients []esiamock.Client

func (c *clients) String() string { return "" }

func (c *clients) Set(text string) error {
	id, rest, ok := strings.Cut(text, "=")
	file, prefix, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 {
		return errors.New("want id=certificate.pem,redirect-prefix")
	}
	certificate, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	*c = append(*c, esiamock.Client{ID: id, CertificatePEM: certificate, RedirectPrefix: prefix})
	return nil
}

// faults are the --fault flags.
type faults []esiamock.Fault

func (f *faults) String() string { return "" }

func (f *faults) Set(text string) error {
	fault, err := esiamock.ParseFault(text)
	*f = append(*f, fault)
	return err
}

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var config esiamock.Config
	var registered clients
	var broken faults
	flags := flag.NewFlagSet("esiamock", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	listen := flags.String("listen", "127.0.0.1:0", "`address` to listen on, or fd:3 for an inherited listening socket")
	public := flags.String("public-url", "", "`URL` under which browsers and systems reach the stand (default http://ADDRESS)")
	people := flags.String("people", "", "JSON `file` of test people to add")
	cases := flags.Bool("cases", false, "add a test person for every case of signing in: second parents, a child's account, namesakes, staff of organisations")
	flags.Var(&broken, "fault", "a `fault` that is switched on, see above; may be repeated")
	flags.StringVar(&config.DataDir, "data", "", "`folder` for the stand's keys; esia.crt in it verifies its tokens (default: new keys in memory)")
	flags.Var(&registered, "client", "a registered system: `id=certificate.pem,redirect-prefix`; may be repeated")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}

	listener, err := socket.Listen(ctx, *listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	config.PublicURL = *public
	if config.PublicURL == "" {
		config.PublicURL = "http://" + listener.Addr().String()
	}
	config.Clients, config.Faults = registered, broken
	config.People = esiamock.DemoPeople()
	if *cases {
		config.People = esiamock.TestPeople()
	}
	config.Logger = slog.New(slog.NewTextHandler(stderr, nil))
	if *people != "" {
		file, err := os.Open(*people)
		if err != nil {
			return err
		}
		more, err := esiamock.ReadPeople(file)
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", *people, err)
		}
		config.People = append(config.People, more...)
	}
	stand, err := esiamock.New(config)
	if err != nil {
		return err
	}
	return serve(ctx, listener, stand, config.PublicURL, stdout)
}

func serve(ctx context.Context, listener net.Listener, stand http.Handler, url string, stdout io.Writer) error {
	server := &http.Server{
		Handler:           stand,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := json.NewEncoder(stdout).Encode(map[string]string{"url": url}); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	<-served
	return err
}
