package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ochno/deploy/demo"
	"ochno/proctor/esia/esiamock"
)

// startDemo starts the whole demonstration for a story, with a test person for every case of signing in if the story needs them. It ends with
// the test, and then its log must hold nobody's personal data.
func startDemo(t *testing.T, cases bool) *demo.Demo {
	t.Helper()
	return startDemoWith(t, demo.Options{Cases: cases})
}

// startDemoWith is startDemo with options besides the usual ones.
func startDemoWith(t *testing.T, o demo.Options) *demo.Demo {
	t.Helper()
	root := projectRoot(t)
	dir, err := os.MkdirTemp("", "ochno-demo-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to enter
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var log bytes.Buffer
	writer := &lockedWriter{w: &log}
	o.Dir, o.Programs, o.Minio, o.Ephemeral, o.AnyPort = dir, filepath.Join(root, "bin"), filepath.Join(root, "bin", "minio"), true, true
	o.Logger = slog.New(slog.NewTextHandler(writer, nil))
	d, err := demo.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("start the demonstration (make setup-test build first?): %v", err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Errorf("stop the demonstration: %v", err)
		}
		writer.Close()
		if t.Failed() {
			t.Logf("the service's log:\n%s", log.String())
		}
		for _, p := range esiamock.TestPeople() { // law 6: what identifies a person never reaches the log
			for _, personal := range []string{p.LastName, p.SNILS, p.OID} {
				if personal != "" && strings.Contains(log.String(), personal) {
					t.Errorf("the service's log holds a personal value of %s", p.NoteEN)
				}
			}
		}
	})
	return d
}

// play runs a story's browsers, tells it of more than what every story knows, and reads what they saw into facts.
func play(t *testing.T, d *demo.Demo, script string, more map[string]any, facts any) {
	t.Helper()
	root := projectRoot(t)
	pictures := t.TempDir()
	if kept := os.Getenv("OCHNO_STORY_PICTURES"); kept != "" {
		pictures = filepath.Join(kept, strings.TrimSuffix(script, ".mjs"))
	}
	told := map[string]any{"url": d.URL, "root": root, "pictures": pictures, "chromium": tool(t, "chromium")}
	maps.Copy(told, more)
	settings, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, "node"), filepath.Join(root, "deploy/demo/story", script))
	cmd.Env = append(os.Environ(), "STORY="+string(settings))
	cmd.WaitDelay = 10 * time.Second
	output, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		writer.CloseWithError(io.EOF)
		ended <- err
	}()
	var seen bool
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "FACTS "); ok {
			seen = true
			if err := json.Unmarshal([]byte(text), facts); err != nil {
				t.Fatalf("the story's facts: %v", err)
			}
			continue
		}
		fmt.Println(lines.Text()) // not t.Log: a story is followed as it goes
	}
	if err := <-ended; err != nil || !seen {
		t.Fatalf("the browser story failed: %v (pictures in %s)", err, pictures)
	}
}
