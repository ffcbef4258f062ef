package main

import (
	"bufio"
	"context"
	"encoding/json"
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

	"ochno/proctor/esia"
)

// TestMain lets the tests start this program itself, as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("ESIAMOCK_AS_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, os.Args[0], args...)
	command.Env = append(os.Environ(), "ESIAMOCK_AS_PROGRAM=1")
	return command
}

// ready starts the program and returns the URL of its first line.
func ready(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var line struct {
		URL string `json:"url"`
	}
	text, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &line)
	}
	if err != nil || line.URL == "" {
		t.Fatalf("the first line is %q: %v", text, err)
	}
	return line.URL
}

func get(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, response.Status, err)
	}
	return string(body)
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	keys, err := esia.NewOpenSSL(esia.OpenSSLConfig{ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}}).GenerateStandKeys(t.Context(), dir, "OCHNO")
	if err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(dir, "people.json")
	if err := os.WriteFile(people, []byte(`[{"oid":"77","lastName":"Ёлкина","firstName":"Юна","birthDate":"2005-02-03"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		command := program(t, "--data", filepath.Join(dir, "data"), "--client", "OCHNO="+keys.CertificateFile+",http://127.0.0.1:1/", "--people", people)
		url := ready(t, command)
		if health := get(t, url+"/healthz"); !strings.Contains(health, "ok") {
			t.Error(health)
		}
		if !strings.Contains(get(t, url+"/"), "14") { // thirteen people of the demonstration and one more
			t.Error("the person of the file is not there")
		}
		if onDisk, err := os.ReadFile(filepath.Join(dir, "data", "esia.crt")); err != nil || string(onDisk) != get(t, url+"/certs") {
			t.Errorf("the certificate on disk differs from the one served: %v", err)
		}
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v, want exit code 0", signal, err)
		}
	}
}

func TestFaultsAndCases(t *testing.T) {
	command := program(t, "--cases", "--fault", "skewed_clock:-1h", "--fault", "error:ESIA-007008,place=token,times=2")
	url := ready(t, command)
	if about := get(t, url+"/"); !strings.Contains(about, "<dd>30</dd>") {
		t.Errorf("not everybody is there:\n%s", about)
	}
	if faults := get(t, url+"/admin/faults"); !strings.Contains(faults, `"skew":"-1h0m0s"`) || !strings.Contains(faults, `"times":2`) {
		t.Errorf("faults: %s", faults)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

func TestInheritedSocket(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	command := program(t, "--listen", "fd:3", "--public-url", "http://"+listener.Addr().String())
	command.ExtraFiles = []*os.File{file}
	url := ready(t, command)
	if url != "http://"+listener.Addr().String() {
		t.Errorf("url %s", url)
	}
	get(t, url+"/healthz")
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWrongUse(t *testing.T) {
	for _, test := range []struct {
		args []string
		says string
		code int
	}{
		{[]string{"--client", "OCHNO"}, "want id=certificate.pem,redirect-prefix", 2},
		{[]string{"--client", "OCHNO=/no/such.crt,http://a/"}, "no such file", 2},
		{[]string{"--nonsense"}, "nonsense", 2},
		{[]string{"--fault", "weather"}, "none of error, slow, html", 2},
		{[]string{"extra"}, "unexpected argument", 2},
		{[]string{"--listen", "fd:1"}, "fd:3 or above", 2},
		{[]string{"--listen", "fd:99"}, "no listening socket", 1},
		{[]string{"--people", "/no/such.json"}, "no such file", 1},
		{[]string{"--listen", "127.0.0.1:99999"}, "invalid port", 1},
	} {
		out, err := program(t, test.args...).CombinedOutput()
		exit, ok := err.(*exec.ExitError)
		if !ok || exit.ExitCode() != test.code || !strings.Contains(string(out), test.says) {
			t.Errorf("%v: %v\n%s", test.args, err, out)
		}
	}
	out, err := program(t, "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-client") || !strings.Contains(string(out), "stand of ESIA") {
		t.Errorf("--help: %v\n%s", err, out)
	}
}
