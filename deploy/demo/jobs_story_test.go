package demo_test

import (
	"testing"

	"ochno/proctor/esia/esiamock"
)

// TestJobsStory has each of the four do a whole job on a phone held upright, and looks at every page of it on a large screen as well.
func TestJobsStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes two minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	store := openStore(t, d)
	// How a voice follows the digits is the main job's subject.
	if _, err := store.Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"], "admission": "proctor"}'`); err != nil {
		t.Fatal(err)
	}
	var f struct{ Steps int }
	play(t, d, "jobs.mjs", map[string]any{"media": makeMedia(t), "exam": d.Exam}, &f)
	waitSealed(t, store)
	if report, err := store.Log.Verify(t.Context()); err != nil || report.Pending != 0 {
		t.Errorf("the log afterwards: %+v, %v", report, err)
	}
}
