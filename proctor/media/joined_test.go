package media

import (
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/media/webm"
)

// TestJoinedRecording: the segments of a recording, joined, are one file that ffmpeg finds valid, as long as they are, and can be entered anywhere.
func TestJoinedRecording(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	recording := uuid.New()
	s := joinStudent(t, node, studentOptions{room: uuid.New(), attempt: uuid.New(), recording: RecordingStart{ID: recording}})
	s.waitState(t, Live)
	sink.waitFor(t, recording, 3)
	if err := s.pub.Close(); err != nil {
		t.Fatal(err)
	}
	s.leave()
	segments := sink.of(recording)
	var parts []webm.Part
	want := map[string]int{}
	for _, seg := range segments {
		parts = append(parts, webm.Part{Size: int64(len(sink.file(seg))), Start: seg.Offset})
		packets, _ := ffprobe(t, sink.file(seg))
		for codec, n := range packets {
			want[codec] += n
		}
	}
	last := segments[len(segments)-1]
	joined := webm.Join(webm.Header{Epoch: segments[0].Started, Width: 640, Height: 480}, last.Offset+last.Duration, parts)
	file, err := io.ReadAll(joined.Open(func(i int) ([]byte, error) { return sink.file(segments[i]), nil }))
	if err != nil {
		t.Fatal(err)
	}
	got, seconds := ffprobe(t, file)
	if got["vp8"] != want["vp8"] || got["opus"] != want["opus"] || want["vp8"] == 0 || want["opus"] == 0 {
		t.Errorf("packets %v, want %v", got, want)
	}
	if length := (last.Offset + last.Duration).Seconds(); math.Abs(seconds-length) > 0.05 {
		t.Errorf("%.3f s long, want %.3f", seconds, length)
	}

	// Entered in the middle, the first picture is the key frame of the segment that holds the moment.
	path := filepath.Join(t.TempDir(), "recording.webm")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, seg := range segments[1:] {
		moment := (seg.Offset + seg.Duration/2).Seconds()
		out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0",
			"-read_intervals", strconv.FormatFloat(moment, 'f', 3, 64)+"%+#1", path).Output()
		if err != nil {
			t.Fatalf("ffprobe: %v", err)
		}
		at, flags, _ := strings.Cut(strings.TrimSpace(string(out)), ",")
		began, err := strconv.ParseFloat(at, 64)
		if err != nil || !strings.HasPrefix(flags, "K") || began < seg.Offset.Seconds()-0.05 || began > moment {
			t.Errorf("entered at %.3f s: %q, want a key frame of the segment from %.3f s", moment, out, seg.Offset.Seconds())
		}
	}
}
