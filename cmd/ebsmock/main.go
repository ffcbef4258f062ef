// Command ebsmock runs the EBS stand: a verifier to develop and test against, never to identify anybody by. Package
// ebsclient/ebsmock documents what it speaks and how it compares; this program is its flags.
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
	"ochno/ebsclient/ebsmock"
)

const usage = `ebsmock — a stand of the Unified Biometric System (ЕБС) for development and tests.

It compares faces and listens for speech by simple means. Never identify anybody by it.

Usage:
  ebsmock [flags]

Prints one line of JSON, {"url", "issuer", "system"}, when it is ready; logs go to standard error.
Open the URL in a browser to enrol a face. It takes pushed samples, and identifies people on a page of its own: by EBS's web
interface (/api/v2/verifications) and by launch links (<URL>/app?…, then /bio/remote-identification/result). Stops on SIGINT or SIGTERM with exit code 0.

Environment:
  EBSMOCK_TOKEN   the bearer token the system asks by; default "stand-token"

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "ebsmock:", err)
		os.Exit(1)
	}
}

// people collects repeated flags oid=name.
type people []ebsmock.Person

func (p *people) String() string { return "" }

func (p *people) Set(value string) error {
	oid, name, ok := strings.Cut(value, "=")
	if !ok || oid == "" || name == "" {
		return errors.New("want oid=name")
	}
	*p = append(*p, ebsmock.Person{OID: oid, Name: name})
	return nil
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("ebsmock", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	var persons people
	listen := flags.String("listen", "127.0.0.1:0", "`address` to listen on, or fd:N for a listening socket that was inherited")
	data := flags.String("data", "", "`folder` for keys and enrolments; without one they are forgotten at the end")
	publicURL := flags.String("public-url", "", "`URL` under which others reach the stand; default http://<listen address>")
	issuer := flags.String("issuer", "ebs-stand", "iss of the verdicts")
	system := flags.String("system", "OCHNO", "`mnemonic` of the system that may ask: aud of the verdicts")
	algorithm := flags.String("algorithm", ebsmock.RS256, "`name` of what the verdicts are signed by: RS256 or ES256")
	cascade := flags.String("cascade", "", "`path` of OpenCV's frontal face cascade; default: the package opencv-data's")
	readyFile := flags.String("ready-file", "", "`path` to write the ready line to as well")
	flags.Var(&persons, "person", "`oid=name` to offer on the enrolment page; may be repeated")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see --help", flags.Arg(0))
	}
	token := getenv("EBSMOCK_TOKEN")
	if token == "" {
		token = "stand-token"
	}
	*publicURL = strings.TrimRight(*publicURL, "/")
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	stand, err := ebsmock.New(ebsmock.Config{
		Issuer:    *issuer,
		Systems:   []ebsmock.System{{Mnemonic: *system, Token: token}},
		People:    persons,
		DataDir:   *data,
		Algorithm: *algorithm,
		PublicURL: *publicURL,
		Cascade:   *cascade,
		Logger:    logger,
	})
	if err != nil {
		return err
	}
	listener, err := socket.Listen(ctx, *listen)
	if err != nil {
		return errors.Join(err, stand.Close())
	}
	if *publicURL == "" {
		*publicURL = "http://" + listener.Addr().String()
	}
	ready, err := json.Marshal(map[string]string{"url": *publicURL, "issuer": *issuer, "system": *system})
	if err != nil {
		return err
	}
	ready = append(ready, '\n')
	if *readyFile != "" {
		if err := os.WriteFile(*readyFile, ready, 0o644); err != nil {
			return errors.Join(err, listener.Close(), stand.Close())
		}
	}
	if _, err := stdout.Write(ready); err != nil {
		return errors.Join(err, listener.Close(), stand.Close())
	}
	return serve(ctx, listener, stand, logger)
}

// serve runs until ctx ends, then lets requests finish for a while.
func serve(ctx context.Context, listener net.Listener, stand *ebsmock.Stand, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           stand,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return errors.Join(err, stand.Close())
	case <-ctx.Done():
	}
	stand.Stop()
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		logger.Warn("requests were cut off", "error", err.Error())
		server.Close()
	}
	<-served
	return stand.Close()
}
