package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// start runs the program until the test ends and returns its ready line.
func start(t *testing.T, args ...string) (ready map[string]string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, func(string) string { return "" }, in, io.Discard)
		in.CloseWithError(errors.Join(io.EOF, err))
		done <- err
	}()
	stop = func() error {
		cancel()
		return <-done
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no ready line: %v", errors.Join(err, stop()))
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("the ready line %q: %v", line, errors.Join(err, stop()))
	}
	return ready, stop
}

func healthy(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(body), `"ok"`) {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
}

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready")
	ready, stop := start(t, "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--ready-file", file, "--issuer", "ebs", "--system", "UNI", "--person", "7=Анна")
	healthy(t, ready["url"])
	if ready["issuer"] != "ebs" || ready["system"] != "UNI" {
		t.Errorf("%v", ready)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), ready["url"]) {
		t.Errorf("the ready file: %s %v", data, err)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	if resp, err := http.Get(ready["url"] + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("it still answers")
	}
}

// inherited is a listening socket as a parent hands it over, and its address.
func inherited(t *testing.T) (fd, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	// The program takes a descriptor over and closes it: one that no os.File here owns.
	n, err := syscall.Dup(int(file.Fd()))
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("fd:", n), listener.Addr().String()
}

func TestInheritedSocket(t *testing.T) {
	fd, address := inherited(t)
	ready, stop := start(t, "--listen", fd, "--public-url", "http://stand.example/")
	if ready["url"] != "http://stand.example" {
		t.Errorf("%v", ready)
	}
	healthy(t, "http://"+address)
	if err := stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
}

// TestSession: a session begun at the program leads to its page, under the address others reach it by.
func TestSession(t *testing.T) {
	for public, want := range map[string]string{"": "/session?session_id=", "https://stand.example/": "https://stand.example/session?session_id="} {
		fd, address := inherited(t)
		_, stop := start(t, "--listen", fd, "--public-url", public, "--algorithm", "ES256", "--system", "UNI")
		body := `{"metadata":{"date":"1","user_id":"7","info_system":"UNI","idp":"ESIA"}}`
		req, err := http.NewRequest("POST", "http://"+address+"/api/v2/verifications?redirect=https%3A%2F%2Fochno.example%2Fback", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer stand-token")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if at := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || !strings.HasPrefix(at, want) {
			t.Errorf("public URL %q: %d, to %s", public, resp.StatusCode, at)
		}
		if resp, err = http.Get("http://" + address + "/keys"); err != nil {
			t.Fatal(err)
		}
		keys, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(keys), `"alg":"ES256"`) {
			t.Errorf("keys: %s %v", keys, err)
		}
		if err := stop(); err != nil {
			t.Errorf("stopped: %v", err)
		}
	}
}

func TestRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, args := range map[string][]string{
		"an argument":          {"serve"},
		"a person without oid": {"--person", "Анна"},
		"no such flag":         {"--port", "80"},
		"no descriptor":        {"--listen", "fd:x"},
		"a file as socket":     {"--listen", "fd:9999"},
		"an address taken":     {"--listen", taken.Addr().String()},
		"an algorithm":         {"--algorithm", "none"},
		"no cascade":           {"--cascade", "/nowhere.xml"},
		"no folder":            {"--data", "/dev/null/x"},
	} {
		if err := run(t.Context(), args, os.Getenv, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	var help strings.Builder
	if err := run(t.Context(), []string{"--help"}, os.Getenv, io.Discard, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-listen") {
		t.Errorf("help: %v\n%s", err, help.String())
	}
}
