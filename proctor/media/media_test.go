package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media/webm"
)

// TestEndToEnd is the whole way: a student sends, a proctor sees the same
// frames, the recording holds the same frames, and the frame of a tap is found
// in the stored segment where it says it is.
func TestEndToEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, attempt, recording := uuid.New(), uuid.New(), uuid.New()

	watcher := joinProctor(t, node, room)
	stranger := joinProctor(t, node, uuid.New()) // of another room
	for _, p := range []*proctor{watcher, stranger} {
		if err := p.viewer.Watch([]uuid.UUID{attempt}); err != nil {
			t.Fatal(err)
		}
	}

	s := joinStudent(t, node, studentOptions{room: room, attempt: attempt, recording: RecordingStart{ID: recording}})
	s.waitState(t, Live)
	tap, err := s.pub.Tap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sounds []AudioPacket
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for a := range tap.Audio() {
			sounds = append(sounds, a)
		}
	}()
	s.pub.RequestKeyFrame()
	frame := <-tap.Frames()

	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	head, err := s.pub.Cut(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if head.Recording != recording || head.Segment < frame.Segment {
		t.Fatalf("head %+v does not cover the frame of segment %d", head, frame.Segment)
	}
	watcher.wait("pictures and sound", func() bool {
		return len(watcher.frames[attempt.String()]) >= 45 && watcher.sounds[attempt.String()] >= 100
	})
	sink.waitFor(t, recording, 3)
	if err := s.pub.Close(); err != nil {
		t.Fatal(err)
	}
	if reason := s.waitState(t, Closed); reason != ReasonEnded {
		t.Errorf("closed because %s", reason)
	}
	<-heard // the tap ends with the publisher

	segments := sink.of(recording)
	checkChain(t, sink, segments)
	if got := segments[head.Segment]; got.SHA256 != head.SHA256 || got.Offset+got.Duration != head.Offset {
		t.Errorf("head %+v is not segment %+v", head, got)
	}

	// Law 2: the sample's frame is in the recording, byte for byte.
	checkFrame(t, sink, segments, frame)
	if !s.sentFrame(frame.SHA256) {
		t.Error("the tap's frame was never sent")
	}
	checkSounds(t, sink, segments, sounds)

	for _, s2 := range segments {
		checkSegment(t, s, sink.file(s2), s2)
	}

	for i, f := range watcher.framesOf(attempt) {
		if !s.sentFrame(sha256.Sum256(f.Data)) {
			t.Errorf("the proctor's frame %d was never sent", i)
		}
	}
	watcher.mu.Lock()
	last := watcher.offers[0]
	watcher.mu.Unlock()
	stranger.mu.Lock()
	if len(stranger.frames) > 0 || len(stranger.sounds) > 0 || len(stranger.offers) > 0 {
		t.Error("a viewer of another room was served")
	}
	stranger.mu.Unlock()
	if len(last.Tracks) == 0 || last.Tracks[0].Attempt != attempt || last.Tracks[0].MID == "" {
		t.Errorf("tracks of the offer: %+v", last.Tracks)
	}

	s.leave()
	watcher.leave()
	stranger.leave()
	closeNode(t, node)
	if entries, err := os.ReadDir(node.cfg.SpoolDir); err != nil || len(entries) > 0 {
		t.Errorf("left in the spool: %v, %v", entries, err)
	}
	checkGoroutines(t, before)
}

// checkChain checks numbers, hashes and times from one segment to the next.
func checkChain(t *testing.T, sink *memorySink, segments []Segment) {
	t.Helper()
	var prev [32]byte
	var end time.Duration
	for i, s := range segments {
		if s.Number != i {
			t.Errorf("segment %d has number %d", i, s.Number)
		}
		if s.PrevSHA256 != prev {
			t.Errorf("segment %d does not refer to the one before", i)
		}
		if sha256.Sum256(sink.file(s)) != s.SHA256 {
			t.Errorf("segment %d: wrong hash", i)
		}
		if s.Offset < end {
			t.Errorf("segment %d begins at %v, before %v", i, s.Offset, end)
		}
		prev, end = s.SHA256, s.Offset+s.Duration
	}
}

// checkSegment checks one file: by our reader, block for block, and by ffprobe.
func checkSegment(t *testing.T, st *student, file []byte, s Segment) {
	t.Helper()
	checkBlocks(t, st, file, s)
	streams, seconds := ffprobe(t, file)
	if streams["vp8"] == 0 == s.Video || streams["opus"] == 0 == s.Audio {
		t.Errorf("segment %d: packets %v, row says video %v audio %v", s.Number, streams, s.Video, s.Audio)
	}
	if d := seconds - s.Duration.Seconds(); d > 0.002 || d < -0.002 {
		t.Errorf("segment %d: ffprobe says %v s, the row %v", s.Number, seconds, s.Duration)
	}
}

// checkBlocks checks one file by our reader; what its frames hold is not looked at.
func checkBlocks(t *testing.T, st *student, file []byte, s Segment) {
	t.Helper()
	var last [3]time.Duration
	first := true
	info, err := webm.Scan(bytes.NewReader(file), func(b webm.Block) error {
		if b.Timecode < last[b.Track] {
			t.Errorf("segment %d: track %d goes back to %v", s.Number, b.Track, b.Timecode)
		}
		last[b.Track] = b.Timecode
		if b.Track == webm.VideoTrack {
			if first && !b.Key {
				t.Errorf("segment %d does not begin with a key frame", s.Number)
			}
			first = false
			if st != nil && !st.sentFrame(sha256.Sum256(b.Data)) {
				t.Errorf("segment %d: the frame at %v was never sent", s.Number, b.Timecode)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("segment %d: %v", s.Number, err)
	}
	if info.First != s.Offset || info.Last > s.Offset+s.Duration || info.Duration != s.Duration {
		t.Errorf("segment %d: blocks %v..%v, declared %v, row %v + %v", s.Number, info.First, info.Last, info.Duration, s.Offset, s.Duration)
	}
	if !info.Epoch.Add(s.Offset).Equal(s.Started) {
		t.Errorf("segment %d: the epoch %v and the start %v differ", s.Number, info.Epoch, s.Started)
	}
}

// ffprobe counts the packets of each codec and returns the duration; ffmpeg
// then decodes everything without a complaint.
func ffprobe(t *testing.T, file []byte) (packets map[string]int, seconds float64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "segment.webm")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-count_packets", "-of", "json",
		"-show_entries", "format=duration:stream=codec_name,width,height,nb_read_packets", path).Output()
	if err != nil {
		t.Fatalf("ffprobe (apt-get install ffmpeg): %v", err)
	}
	var probe struct {
		Format  struct{ Duration string }
		Streams []struct {
			Codec   string `json:"codec_name"`
			Packets string `json:"nb_read_packets"`
		}
	}
	if err := json.Unmarshal(out, &probe); err != nil {
		t.Fatal(err)
	}
	packets = map[string]int{}
	for _, s := range probe.Streams {
		packets[s.Codec], _ = strconv.Atoi(s.Packets)
	}
	if len(packets) != 2 {
		t.Errorf("ffprobe: streams %v", probe.Streams)
	}
	seconds, _ = strconv.ParseFloat(probe.Format.Duration, 64)
	// In milliseconds, lest ffmpeg rounds to a frame rate that it guessed and complains about that.
	decode := exec.Command("ffmpeg", "-v", "warning", "-xerror", "-i", path, "-fps_mode", "passthrough", "-enc_time_base:v", "1/1000", "-f", "null", "-")
	if out, err := decode.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("ffmpeg does not like the file: %v: %s", err, out)
	}
	return packets, seconds
}

// checkFrame finds a tap's frame by its offset in the segment it names.
func checkFrame(t *testing.T, sink *memorySink, segments []Segment, f Frame) {
	t.Helper()
	if sha256.Sum256(f.Data) != f.SHA256 {
		t.Error("the frame's hash is wrong")
	}
	for _, s := range segments {
		if s.Number != f.Segment {
			continue
		}
		blocks, err := webm.Blocks(sink.file(s))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			if b.Track == webm.VideoTrack && b.Timecode == f.Offset {
				if sha256.Sum256(b.Data) != f.SHA256 || !b.Key {
					t.Error("another frame stands at the offset")
				}
				return
			}
		}
	}
	t.Errorf("no frame at %v in segment %d", f.Offset, f.Segment)
}

// checkSounds finds all audio packets of a tap.
func checkSounds(t *testing.T, sink *memorySink, segments []Segment, sounds []AudioPacket) {
	t.Helper()
	stored := map[time.Duration][]byte{}
	for _, s := range segments {
		blocks, err := webm.Blocks(sink.file(s))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			if b.Track == webm.AudioTrack {
				stored[b.Timecode] = b.Data
			}
		}
	}
	if len(sounds) < 50 {
		t.Errorf("only %d audio packets", len(sounds))
	}
	for _, a := range sounds {
		if !bytes.Equal(stored[a.Offset], a.Data) {
			t.Fatalf("the audio packet at %v is not in the recording", a.Offset)
		}
	}
}

// checkGoroutines waits until no more run than before.
func checkGoroutines(t *testing.T, before int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-deadline:
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

var errAway = errors.New("the store is away")
