package demo_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
)

// backWithin is how soon everybody's page is back by itself when the node of her exam died; not before the dead node's lease ends, of which most was
// left. A page on a busy machine says later that it is back than the recording goes on.
const (
	backWithin = 10 * time.Second
	leastAway  = 3 * time.Second
)

// TestNodesStory plays an exam of three on two nodes. The one that has the exam is killed in the middle: everybody is back by herself, the recording
// goes on at the other one, and what the dead one had in its spool is stored when it is back.
func TestNodesStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna, esiamock.StudentBoris, esiamock.StudentVera)
	c := startCluster(t, d)
	// Pictures alone are compared: three browsers that share a machine speak late.
	if _, err := c.store.Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"]}'`); err != nil {
		t.Fatal(err)
	}
	var f struct {
		Students map[string]uuid.UUID
		Back     map[string]int64 // Unix milliseconds
		Killed   int64
		Jumped   struct{ From, To float64 } // seconds of the recording that the player skipped
	}
	play(t, d, "nodes.mjs", map[string]any{"media": makeMedia(t), "control": c.control}, &f)

	if len(f.Students) != 3 || len(f.Back) != 4 {
		t.Fatalf("the story saw %+v", f)
	}
	for who, at := range f.Back {
		t.Logf("%s is back after %v", who, between(f.Killed, at))
		if between(f.Killed, at) > backWithin {
			t.Errorf("%s was back after %v; want %v at most", who, between(f.Killed, at), backWithin)
		}
	}
	records := openArchive(t, d, c.store)
	recovered := 0
	for who, attempt := range f.Students {
		t.Run(who, func(t *testing.T) { recovered += checkTwoParts(t, records, attempt, f.Killed, f.Back[who]) })
	}
	if recovered == 0 { // of one student it may be, who had just begun a segment
		t.Error("no segment was found in the dead node's spool unfinished")
	}
	waitSealed(t, c.store)
	if audited, err := records.Audit(t.Context(), true); err != nil || len(audited.Findings) > 0 || audited.Recordings != 6 {
		t.Errorf("the recordings against the log: %+v, %v", audited, err)
	}
	if gap := f.Jumped.To - f.Jumped.From; gap < leastAway.Seconds() || gap > between(f.Killed, f.Back["anna"]).Seconds()+5 {
		t.Errorf("the player jumped over %.1f s; she was away for %v", gap, between(f.Killed, f.Back["anna"]))
	}
}

// checkTwoParts says that a recording is one of two nodes, whole but for the time in which neither had her. It counts the segments that the dead node
// had not finished.
func checkTwoParts(t *testing.T, records *archive.Archive, attempt uuid.UUID, killed, back int64) (recovered int) {
	list, err := records.Recordings(t.Context(), attempt)
	if err != nil || len(list) != 1 || len(list[0].Parts) != 2 {
		t.Fatalf("recordings: %+v, %v", list, err)
	}
	r := list[0]
	for _, id := range r.Parts {
		part := archive.Recording{ID: id}
		for _, s := range r.Segments {
			if s.Recording == id {
				part.Segments = append(part.Segments, s)
			}
			if s.Recovered && s.Recording == id {
				recovered++
			}
		}
		playable(t, records, part, "part "+id.String()[:8])
	}
	if recovered > 1 {
		t.Errorf("%d segments were unfinished when the node died; at most one can be", recovered)
	}
	// kill -9 loses two seconds of a stream at most; afterwards a connection, and a key frame, are needed on a busy machine.
	if lost := missing(r, killed-14_000, killed-2_000); lost > time.Second {
		t.Errorf("%v are missing of the 12 s before the last two of the dead node", lost)
	}
	away := between(killed, back)
	if lost := missing(r, killed, back+5_000); lost < leastAway || lost > away+5*time.Second {
		t.Errorf("she was away for %v; %v of the recording are missing then", away, lost)
	}
	if lost := missing(r, back+5_000, back+10_000); lost > time.Second {
		t.Errorf("%v are missing after she was back", lost)
	}

	whole, err := records.Whole(t.Context(), r.Parts[1])
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	if p := probe(t, file); !p.video || !p.audio || p.packets["video"] == 0 {
		t.Errorf("the whole file: %+v", p)
	}
	if said, want := duration(t, file), float64(r.EndMS())/1000; math.Abs(said-want) > 0.5 {
		t.Errorf("the whole file lasts %.1f s; want %.1f", said, want)
	}
	return recovered
}

// duration is what ffprobe says of a file, in seconds; it decodes all of it on the way.
func duration(t *testing.T, file []byte) float64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.webm")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var wrong bytes.Buffer
	decode := exec.Command(tool(t, "ffmpeg"), "-v", "error", "-i", path, "-fps_mode", "passthrough", "-enc_time_base:v", "1/1000", "-f", "null", "-")
	decode.Stderr = &wrong
	if err := decode.Run(); err != nil || wrong.Len() > 0 {
		t.Errorf("ffmpeg: %v\n%s", err, wrong.String())
	}
	out, err := exec.Command(tool(t, "ffprobe"), "-v", "error", "-show_entries", "format=duration", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Format struct{ Duration string } }
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(said.Format.Duration, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}
