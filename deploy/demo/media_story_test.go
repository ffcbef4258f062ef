package demo_test

import (
	"bytes"
	"crypto/sha256"
	"os/exec"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
)

// route is what a browser says of the pair of candidates that it uses.
type route struct{ Local, Remote, Protocol, RelayProtocol string }

// TestMediaStory plays students and proctors by UDP, by TCP alone and by TURN alone, and a student in Firefox, and then has every recorded segment
// examined by ffprobe.
func TestMediaStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	// Firefox's own microphone hums: the picture alone is compared.
	if _, err := openStore(t, d).Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"]}'`); err != nil {
		t.Fatal(err)
	}
	var f struct {
		Attempts map[string]uuid.UUID
		Ways     map[string]struct{ Student, Proctor route }
	}
	play(t, d, "media.mjs", map[string]any{"media": makeMedia(t), "firefox": firefox(t), "portrait": facePath(t)}, &f)
	store := openStore(t, d)
	records := openArchive(t, d, store)
	if len(f.Attempts) != 4 || len(f.Ways) != 5 {
		t.Fatalf("the story saw %+v", f)
	}
	for way, attempt := range f.Attempts {
		list, err := records.Recordings(t.Context(), attempt)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: recordings %v, %v", way, list, err)
		}
		playable(t, records, list[0], way)
	}
}

// firefox is Debian's, or another one.
func firefox(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("firefox-esr"); err == nil {
		return path
	}
	return tool(t, "firefox")
}

// playable says that every segment of a recording is a WebM of what its row says, chained to the one before.
func playable(t *testing.T, records *archive.Archive, recording archive.Recording, what string) {
	t.Helper()
	var both int
	for _, s := range chained(t, records, recording, what) {
		if s.Video && s.Audio {
			both++
		}
	}
	if both < 2 {
		t.Errorf("%s: %d of %d segments have picture and sound", what, both, len(recording.Segments))
	}
}

// examined is a segment and what ffprobe says of it.
type examined struct {
	archive.Segment
	probed probed
}

// chained has every segment of a recording examined: each follows the one before and holds what its row says.
func chained(t *testing.T, records *archive.Archive, recording archive.Recording, what string) (list []examined) {
	t.Helper()
	previous := make([]byte, sha256.Size)
	for _, s := range recording.Segments {
		data, err := records.Segment(t.Context(), recording.ID, s.Number)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.PrevSHA256, previous) {
			t.Errorf("%s: segment %d does not follow the one before", what, s.Number)
		}
		previous = s.SHA256
		p := probe(t, data)
		if !p.video || !p.audio || (p.packets["video"] > 0) != s.Video || (p.packets["audio"] > 0) != s.Audio {
			t.Errorf("%s: segment %d: %+v, its row says video %v, audio %v", what, s.Number, p, s.Video, s.Audio)
		}
		list = append(list, examined{s, p})
	}
	return list
}
