package demo_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestSourcesStory plays a student whose screen and phone are recorded too, and then has every recorded segment examined by ffprobe.
func TestSourcesStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	e, err := store.Exams.ByCode(t.Context(), d.Exam)
	if err != nil {
		t.Fatal(err)
	}
	e.Policy.Modalities = []exam.Modality{exam.Photo}
	if _, err := store.Exams.Ensure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	enrol(t, d, face(t), esiamock.StudentAnna)
	var f struct {
		Attempt uuid.UUID
		// How far the three players were apart, seconds: while they play, on a machine however busy, and where they are paused.
		Playing []float64
		Paused  float64
	}
	play(t, d, "sources.mjs", map[string]any{"media": makeMedia(t)}, &f)

	slices.Sort(f.Playing)
	t.Logf("the players are %.0f ms apart while they play (at most %.0f), %.0f ms where they are paused", f.Playing[len(f.Playing)/2]*1000, f.Playing[len(f.Playing)-1]*1000, f.Paused*1000)
	// The median: what one sample was delayed by says nothing of the players.
	if f.Playing[len(f.Playing)/2] > 0.15 {
		t.Errorf("the players are not in step while they play: %.3f s apart", f.Playing)
	}
	records := openArchive(t, d, store)
	list, err := records.Recordings(t.Context(), f.Attempt)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]archive.Recording{}
	for _, r := range list {
		kinds[r.Kind] = r
	}
	if len(kinds) != 3 || len(list) != 3 {
		t.Fatalf("%d recordings: %v", len(list), kinds)
	}
	playable(t, records, kinds[exam.SourceCamera], "camera")
	pictures(t, records, kinds[exam.SourceScreen], "screen")
	pictures(t, records, kinds[exam.SourcePhone], "phone")
}

// pictures says that every segment of a recording is a WebM of pictures alone, as its row says, chained to the one before.
func pictures(t *testing.T, records *archive.Archive, recording archive.Recording, what string) {
	t.Helper()
	if len(recording.Segments) < 2 {
		t.Errorf("%s: %d segments", what, len(recording.Segments))
	}
	for _, s := range chained(t, records, recording, what) {
		if s.probed.packets["video"] == 0 || s.probed.packets["audio"] != 0 {
			t.Errorf("%s: segment %d: %+v", what, s.Number, s.probed)
		}
	}
}
