package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack/stacktest"
	"ochno/migrations"
)

// ochno runs a command line in the test's own process.
func ochno(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &errs)
	return code, out.String(), errs.String()
}

func TestHelp(t *testing.T) {
	code, list, _ := ochno(t, nil, "--help")
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, cmd := range commands() {
		if !strings.Contains(list, "  "+cmd.name+" ") || !strings.Contains(list, cmd.short) {
			t.Errorf("the list leaves out %q", cmd.name)
		}
		code, text, stderr := ochno(t, nil, append(strings.Fields(cmd.name), "--help")...)
		if code != 0 || stderr != "" || !strings.HasPrefix(text, cmd.short+"\n") || !strings.Contains(text, "ochno "+cmd.name) || !strings.Contains(text, strings.TrimSpace(cmd.long)) {
			t.Errorf("ochno %s --help: %d\n%s%s", cmd.name, code, text, stderr)
		}
	}
	if code, text, _ := ochno(t, nil); code != 0 || text != list {
		t.Errorf("without a command: %d", code)
	}
	if code, text, stderr := ochno(t, nil, "log", "--help"); code != 0 || stderr != "" || !strings.Contains(text, "log verify ") || strings.Contains(text, "serve") {
		t.Errorf("ochno log --help: %d\n%s%s", code, text, stderr)
	}
	if code, text, stderr := ochno(t, nil, "log", "dance"); code != 2 || text != "" || !strings.Contains(stderr, "log verify ") {
		t.Errorf("ochno log dance: %d\n%s%s", code, text, stderr)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"dance"},
		{"serve", "--loud"},
		{"serve", "now"},
		{"exam"},
		{"exam", "x1"},
		{"roster", "import", "f.csv"},
		{"log", "export", "--format", "exe"},
		{"log", "export", "--format", "pdf"},
		{"log", "package"},
		{"log", "package", "--output", "-"},
		{"log", "package", "--recordings", "--output", "x.zip"},
		{"log", "verify", "a.zip", "b.zip"},
		{"log", "verify", "--key", "rubbish", "a.zip"},
		{"person", "Only"},
		{"stack"},
		{"person", "--birth", "1990-01-01", "--snils", "123", "--roles", "proctor", "Family", "First"},
	} {
		code, _, stderr := ochno(t, nil, args...)
		if code != 2 || stderr == "" {
			t.Errorf("ochno %s: exit code %d, %q", strings.Join(args, " "), code, stderr)
		}
	}
	if code, _, stderr := ochno(t, nil, "serve"); code != 1 || !strings.Contains(stderr, "OCHNO_DATABASE is not set") || !strings.Contains(stderr, "OCHNO_EBS_URL is not set") {
		t.Errorf("serve without settings: %d %s", code, stderr)
	}
	if code, stdout, _ := ochno(t, nil, "doctor"); code != 1 || !strings.Contains(stdout, "✗ configuration") || !strings.Contains(stdout, "mend:") {
		t.Errorf("doctor without settings: %d %s", code, stdout)
	}
}

func TestSettingsAndOpenAPI(t *testing.T) {
	_, table, _ := ochno(t, nil, "settings", "--markdown")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), table) {
		t.Error("README's table of settings is not what `ochno settings --markdown` prints")
	}
	code, text, _ := ochno(t, nil, "openapi")
	var description struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal([]byte(text), &description); code != 0 || err != nil || !strings.HasPrefix(description.OpenAPI, "3.1") || len(description.Paths) < 10 {
		t.Errorf("openapi: %d, %v, %s with %d paths", code, err, description.OpenAPI, len(description.Paths))
	}
}

// TestAdministration makes an installation's data from nothing by the command line, and exports the log.
func TestAdministration(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := map[string]string{
		"OCHNO_DATABASE": stacktest.DatabaseURL(t), "OCHNO_MASTER_KEY_FILE": filepath.Join(dir, "master.key"), "OCHNO_LOG_KEY_FILE": filepath.Join(dir, "log.key"),
	}
	do := func(want int, args ...string) (string, string) {
		t.Helper()
		code, stdout, stderr := ochno(t, env, args...)
		if code != want {
			t.Fatalf("ochno %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, stdout, stderr)
		}
		return stdout, stderr
	}
	do(2, "keys") // a log's key needs a name
	do(0, "keys", "--origin", "test.example/log")
	do(0, "keys") // never overwrites
	do(1, "log", "verify")
	do(0, "migrate")
	consent := file("consent.txt", "Согласие\n\nЯ согласен.\n")
	do(0, "organisation", "--name", "Университет", "--short", "У", "--act", "1", "--act-date", "2026-09-01", "--contact", "тел.", "--consent", consent)
	do(0, "person", "--birth", "1986-09-08", "--snils", "112-233-445 95", "--roles", "proctor,registrar", "Соколова", "Елена", "Викторовна")
	// Issued again, the login is the same and the password another.
	passwords := map[string]bool{}
	for range 2 {
		out, _ := do(0, "person", "--birth", "1986-09-08", "--snils", "112-233-445 95", "--roles", "administrator", "--login", "Соколова", "Елена", "Викторовна")
		fields := strings.Fields(out)
		if len(fields) < 5 || fields[1] != "sokolova.ev" || len(fields[4]) != 19 || passwords[fields[4]] {
			t.Fatalf("a login for the first administrator: %q", out)
		}
		passwords[fields[4]] = true
	}
	do(0, "exam", "--title", "Экзамен", "--starts", "2026-12-20T09:00:00+03:00", "--ends", "2026-12-20T12:00:00+03:00", "ma-2026")

	header := "СНИЛС;Фамилия;Имя;Отчество;Дата рождения;Группа\n"
	good := file("good.csv", header+"999-999-001 49;Тестова;Анна;Сергеевна;12.03.2004;МА-21\n")
	stdout, _ := do(0, "roster", "import", "--exam", "ma-2026", good)
	if !strings.Contains(stdout, "1 rows read, 1 new") {
		t.Errorf("import: %s", stdout)
	}
	if stdout, _ = do(0, "roster", "import", "--exam", "ma-2026", good); !strings.Contains(stdout, "0 new") {
		t.Errorf("import again: %s", stdout)
	}
	bad := file("bad.csv", header+"999-999-001 49;Тестова;Анна;Сергеевна;12.03.2004;МА-21\n111;Секретова;;Ивановна;32.13.2004;МА-21\n")
	_, stderr := do(1, "roster", "import", "--exam", "ma-2026", bad)
	for _, want := range []string{"line 3, СНИЛС", "line 3, Имя", "line 3, Дата рождения", "3 problems; nothing was imported"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("a broken roster: %q is not told:\n%s", want, stderr)
		}
	}
	if strings.Contains(stderr, "Секретова") {
		t.Error("a problem repeats personal data")
	}
	do(1, "roster", "import", "--exam", "no-such", good)

	output := filepath.Join(dir, "log.csv")
	do(0, "log", "export", "--output", output, "--exam", "ma-2026")
	do(0, "log", "export", "--format", "jsonl")
	do(0, "log", "export", "--separator", ",", "--type", "access", "--output", output)
	table, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil || len(rows) != 4 { // the header, and the three exports themselves
		t.Errorf("exported %d rows, %v", len(rows), err)
	}
	do(0, "log", "verify")

	checkpoint, _ := do(0, "log", "checkpoint")
	kept := file("kept.txt", checkpoint)
	do(0, "log", "verify", "--since", kept)
	do(1, "log", "verify", "--since", good)
	do(1, "log", "verify", "--since", filepath.Join(dir, "none"))
	do(2, "log", "verify", "--key", "x")
	zip := filepath.Join(dir, "log.zip")
	do(1, "log", "package", "--exam", "no-such", "--output", zip)
	do(0, "log", "package", "--output", zip)
	settings := env
	env = nil // a package is checked without any
	for _, args := range [][]string{{zip}, {zip, "--since", kept}, {"--key", settings["OCHNO_LOG_KEY_FILE"] + ".pub", zip}} {
		if stdout, _ = do(0, append([]string{"log", "verify"}, args...)...); !strings.Contains(stdout, "Everything fits.") {
			t.Errorf("log verify %q: %s", args, stdout)
		}
	}
	whole, err := os.ReadFile(zip)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(whole, []byte(`"what":"log.`))
	whole[i+len(`"what":"`)] = 'L'
	if stdout, _ = do(1, "log", "verify", file("broken.zip", string(whole))); !strings.Contains(stdout, "records.jsonl, line ") {
		t.Errorf("a broken package: %s", stdout)
	}
	do(1, "log", "verify", good)
	env = settings
	for format, magic := range map[string]string{"xlsx": "PK", "pdf": "%PDF-"} {
		output := filepath.Join(dir, "log."+format)
		do(0, "log", "export", "--format", format, "--exam", "ma-2026", "--output", output)
		if text, err := os.ReadFile(output); err != nil || !strings.HasPrefix(string(text), magic) {
			t.Errorf("%s: %v", format, err)
		}
	}
	do(0, "log", "package", "--exam", "ma-2026", "--output", zip)
	if stdout, _ = do(0, "log", "verify", zip); !strings.Contains(stdout, "Everything fits.") {
		t.Errorf("an exam's package: %s", stdout)
	}

	// The key is changed: who knows the old one goes on checking.
	published, err := os.ReadFile(settings["OCHNO_LOG_KEY_FILE"] + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	oldKey := file("old.pub", string(published))
	if stdout, _ = do(0, "log", "rotate-key"); strings.Contains(stdout, strings.TrimSpace(string(published))) {
		t.Errorf("log rotate-key: %s", stdout)
	}
	do(0, "log", "verify", "--since", kept)
	do(0, "log", "package", "--output", zip)
	if stdout, _ = do(0, "log", "verify", "--key", oldKey, "--since", kept, zip); !strings.Contains(stdout, "took over from the one that you gave") {
		t.Errorf("a package by the new key: %s", stdout)
	}
}

func TestDoctorOnAMigratedDatabaseOnly(t *testing.T) {
	url := stacktest.DatabaseURL(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrations.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	objects := stacktest.Minio(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(objects.SecretKey), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"OCHNO_PUBLIC_URL": "http://127.0.0.1:1", "OCHNO_LISTEN": "127.0.0.1:0", "OCHNO_MEDIA_UDP": "127.0.0.1:0", "OCHNO_DATABASE": url,
		"OCHNO_MINIO_ENDPOINT": objects.Endpoint, "OCHNO_MINIO_ACCESS_KEY": objects.AccessKey, "OCHNO_MINIO_SECRET_KEY_FILE": secret, "OCHNO_MINIO_TLS": "false",
		"OCHNO_MASTER_KEY_FILE": filepath.Join(dir, "none"), "OCHNO_LOG_KEY_FILE": filepath.Join(dir, "none"), "OCHNO_SPOOL": filepath.Join(dir, "none"),
		"OCHNO_ESIA_URL": "http://127.0.0.1:1", "OCHNO_ESIA_CLIENT_ID": "X", "OCHNO_ESIA_KEY_FILE": "none", "OCHNO_ESIA_CERTIFICATE_FILE": "none",
		"OCHNO_ESIA_TOKEN_CERTIFICATES": "none", "OCHNO_EBS_URL": "http://127.0.0.1:1", "OCHNO_EBS_SYSTEM": "X", "OCHNO_EBS_TOKEN_FILE": secret,
		"OCHNO_EBS_ISSUER": "x", "OCHNO_EBS_KEYS_URL": "http://127.0.0.1:1/keys", "OCHNO_EBS_STAND": "true",
	}
	code, stdout, _ := ochno(t, env, "doctor")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, line := range []string{
		"✓ PostgreSQL", "✓ migrations", "✓ MinIO", "✓ GOST", "✓ face cascade", "✓ HTTP port", "✓ media port",
		"✗ master key", "✗ log key", "✗ spool", "✗ ESIA configuration", "✗ ESIA network", "✗ verifier",
	} {
		if !strings.Contains(stdout, line) {
			t.Errorf("doctor does not say %q:\n%s", line, stdout)
		}
	}
	if strings.Count(stdout, "✗") != strings.Count(stdout, "  mend: ") {
		t.Errorf("not everything that fails says how to mend it:\n%s", stdout)
	}
}

// TestDemo starts the demonstration as make run does, twice on the same data, asks its health, and stops it as Ctrl-C does.
func TestDemo(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(root, "bin", "ochno")
	dir, err := os.MkdirTemp("", "ochno-demo-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to enter
		t.Fatal(err)
	}
	for _, round := range []string{"first", "second"} {
		began := time.Now()
		demo := startDemo(t, program, dir)
		took := time.Since(began)
		t.Logf("%s start: ready in %.1f s", round, took.Seconds())
		if round == "second" && took > 15*time.Second {
			t.Errorf("starting again took %s", took)
		}
		if text := demo.get(t, "/healthz"); !strings.Contains(text, `"status":"ok"`) || strings.Contains(text, "failed") {
			t.Errorf("health: %s", text)
		}
		if round == "first" {
			other := exec.Command(program, "demo", "--dir", dir)
			if out, err := other.CombinedOutput(); err == nil || !strings.Contains(string(out), "already running") {
				t.Errorf("a second one in the same folder: %v %s", err, out)
			}
		}
		demo.stop(t, dir)
	}
}

// demonstration is a running `ochno demo`.
type demonstration struct {
	cmd    *exec.Cmd
	url    string
	output *bytes.Buffer
	ended  chan error
}

var studentLine = regexp.MustCompile(`Student\s+(http://[0-9.:]+)/e/demo`)

func startDemo(t *testing.T, program, dir string) *demonstration {
	t.Helper()
	d := &demonstration{cmd: exec.Command(program, "demo", "--dir", dir), output: &bytes.Buffer{}, ended: make(chan error, 1)}
	reader, writer := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = writer, writer
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("%v (make build?)", err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill() })
	found := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buffer := make([]byte, 4096)
		for sent := false; ; {
			n, err := reader.Read(buffer)
			d.output.Write(buffer[:n])
			if m := studentLine.FindStringSubmatch(d.output.String()); m != nil && !sent {
				sent = true
				found <- m[1]
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		err := d.cmd.Wait()
		writer.Close()
		<-drained
		d.ended <- err
	}()
	select {
	case d.url = <-found:
	case err := <-d.ended:
		t.Fatalf("the demonstration ended: %v\n%s", err, d.output)
	case <-time.After(90 * time.Second):
		t.Fatal("the demonstration did not start in 90 s")
	}
	return d
}

func (d *demonstration) get(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stop presses Ctrl-C and looks for what is left.
func (d *demonstration) stop(t *testing.T, dir string) {
	t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-d.ended:
		if err != nil || !strings.Contains(d.output.String(), "nothing is left running") {
			t.Errorf("Ctrl-C: %v\n%s", err, d.output)
		}
	case <-time.After(60 * time.Second):
		_ = d.cmd.Process.Signal(syscall.SIGQUIT)
		t.Fatal("Ctrl-C did not end it in 60 s")
	}
	// Every child had the folder on its command line or as its working folder.
	left, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(dir)) {
			t.Errorf("still running: %s", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

// TestNoCoreDumps: a limit that was lowered stays so in this process, which is none that anybody needs a dump of.
func TestNoCoreDumps(t *testing.T) {
	if err := noCoreDumps(); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("core dumps up to %d bytes, %v", limit.Cur, err)
	}
}
