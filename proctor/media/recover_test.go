package media

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		inside, _ := os.ReadDir(filepath.Join(dir, e.Name()))
		t.Errorf("left in the spool: %s %v", e.Name(), inside)
	}
}

// TestMain lets the test binary be the process that is killed, and fails when a node of any test goes on after it.
func TestMain(m *testing.M) {
	if spool := os.Getenv("MEDIA_TEST_VICTIM"); spool != "" {
		if err := victim(spool, uuid.MustParse(os.Getenv("MEDIA_TEST_RECORDING"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		if strings.Contains(stack, "media.(*Node).") {
			fmt.Fprintf(os.Stderr, "a node was not closed:\n%s\n\n", stack)
			code = 1
		}
	}
	os.Exit(code)
}

// victim records with a store that is away and tells how far it came, until it
// is killed.
func victim(spool string, recording uuid.UUID) error {
	sink := newMemorySink()
	sink.setFail(errAway)
	node, err := New(Config{UDPAddr: "127.0.0.1:0", SpoolDir: spool, SegmentDuration: 4 * time.Second, Sink: sink})
	if err != nil {
		return err
	}
	s, err := startStudent(node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}})
	if err != nil {
		return err
	}
	tap, err := s.pub.Tap(s.context())
	if err != nil {
		return err
	}
	for a := range tap.Audio() {
		fmt.Println(a.Offset.Milliseconds())
	}
	return nil
}

// TestKilled kills a recording process for good and mends what it left.
func TestKilled(t *testing.T) {
	spool, recording := t.TempDir(), uuid.New()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MEDIA_TEST_VICTIM="+spool, "MEDIA_TEST_RECORDING="+recording.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(testTimeout, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()

	const enough = 6500 * time.Millisecond // well into the second segment
	var recorded time.Duration
	tried := false
	lines := bufio.NewScanner(out)
	for lines.Scan() && recorded < enough {
		var ms int64
		if _, err := fmt.Sscan(lines.Text(), &ms); err != nil {
			t.Fatalf("victim says %q", lines.Text())
		}
		recorded = time.Duration(ms) * time.Millisecond
		if recorded > enough/2 && !tried {
			tried = true // a live node's folder must be left alone
			sink := newMemorySink()
			if err := Recover(t.Context(), spool, sink, nil); err != nil || len(sink.of(recording)) > 0 {
				t.Errorf("recovered from a live node: %v, %d segments", err, len(sink.of(recording)))
			}
		}
	}
	if recorded < enough {
		t.Fatalf("the victim recorded %v only", recorded)
	}
	if err := cmd.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = cmd.Wait()

	sink := newMemorySink()
	if err := Recover(t.Context(), spool, sink, testLogger(t)); err != nil {
		t.Fatal(err)
	}
	segments := sink.of(recording)
	checkChain(t, sink, segments)
	if len(segments) < 2 {
		t.Fatalf("%d segments", len(segments))
	}
	for i, s := range segments {
		checkSegment(t, nil, sink.file(s), s)
		if s.Recovered != (i == len(segments)-1) {
			t.Errorf("segment %d: recovered %v", i, s.Recovered)
		}
		if s.Attempt == uuid.Nil || s.Room == uuid.Nil {
			t.Errorf("segment %d forgot whose it is", i)
		}
	}
	last := segments[len(segments)-1]
	if lost := recorded - (last.Offset + last.Duration); lost > 2500*time.Millisecond {
		t.Errorf("%v lost", lost)
	}
	if n := len(last.Gaps); n == 0 || last.Gaps[n-1].Reason != GapRecovered {
		t.Errorf("gaps of the mended segment: %+v", last.Gaps)
	}
	mustBeEmpty(t, spool)
}

// TestRecoverRubbish meets files that nothing can be made of, and files whose
// sidecar is gone or lies.
func TestRecoverRubbish(t *testing.T) {
	root := t.TempDir()
	sp, err := openSpool(root)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(sp.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	recording := uuid.New()
	segment := func(number int, finish bool) string {
		sg := newTestSegmenter(t, sp, &chain{id: recording, changed: make(chan struct{}), next: number})
		for i := range 100 {
			sg.sound(i * 20)
			if i%2 == 0 {
				sg.picture(i*20, i == 0, 160)
			}
		}
		sg.flush()
		if finish {
			sg.finish()
		} else {
			_ = sg.file.f.Close()
		}
		return filepath.Join(sp.dir, segmentName(recording, number))
	}

	noSidecar := segment(1, false)
	if err := os.Remove(noSidecar + sideExt); err != nil {
		t.Fatal(err)
	}
	liar := segment(2, true) // finished, then changed behind our back
	b, err := os.ReadFile(liar + fileExt)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(liar+fileExt, b[:len(b)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	badSidecar := segment(3, true)
	if err := os.WriteFile(badSidecar+sideExt, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(segmentName(recording, 4)+partExt, "rubbish")
	write("whatever"+partExt, string(b))
	write(segmentName(recording, 5)+sideExt, "{}")
	write(segmentName(recording, 6)+sideExt+".tmp", "{")
	if err := sp.close(); err != nil {
		t.Fatal(err)
	}

	sink := newMemorySink()
	if err := Recover(t.Context(), root, sink, testLogger(t)); err != nil {
		t.Fatal(err)
	}
	segments := sink.of(recording)
	if len(segments) != 3 {
		t.Fatalf("%d segments", len(segments))
	}
	for i, s := range segments {
		if s.Number != i+1 || !s.Recovered || s.Duration < time.Second || !s.Video || !s.Audio || s.Width != 160 {
			t.Errorf("segment %+v", s)
		}
		checkSegmentBlocks(t, sink.file(s), s)
	}
	var left []string
	entries, err := os.ReadDir(sp.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got := strings.Join(left, " "); len(left) != 3 || !strings.Contains(got, "whatever.webm.part.") || !strings.Contains(got, segmentName(recording, 4)+".webm.part.") || strings.Count(got, badExt) != 2 {
		t.Errorf("left in the spool: %s", got)
	}
}

func TestRecoverNothing(t *testing.T) {
	if err := Recover(t.Context(), filepath.Join(t.TempDir(), "none"), newMemorySink(), nil); err != nil {
		t.Error(err)
	}
}
