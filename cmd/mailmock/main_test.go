package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"ochno/deploy/stack/socket"
)

func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, nil, in, io.Discard)
		in.CloseWithError(errors.Join(io.EOF, err))
		ended <- err
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var ready struct{ URL, SMTP string }
	if err != nil || json.Unmarshal(line, &ready) != nil {
		stop()
		t.Fatalf("the ready line: %q, %v", line, errors.Join(err, <-ended))
	}
	if err := smtp.SendMail(ready.SMTP, nil, "a@example.org", []string{"b@example.org"}, []byte("Subject: hello\r\nContent-Type: text/plain\r\n\r\nworld\r\n")); err != nil {
		t.Errorf("a letter: %v", err)
	}
	resp, err := http.Get(ready.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(text), "hello") {
		t.Errorf("the page: %s, %v", text, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: %v", err)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"now"}, {"--loud"}, {"--listen", "fd:1"}, {"--smtp", "fd:x"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); !errors.As(err, new(usageError)) && !errors.Is(err, socket.ErrAddress) {
			t.Errorf("%v: %v; want an error of use", args, err)
		}
	}
	var help bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "--smtp") {
		t.Errorf("help: %v\n%s", err, help.String())
	}
}
