package demo_test

import (
	"testing"

	"ochno/proctor/esia/esiamock"
)

// TestVoiceStory has a proctor speak aloud to one student and to two, in real browsers that play it.
func TestVoiceStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	store := openStore(t, d)
	// Her picture alone is compared: what is spoken here is spoken by the proctor.
	if _, err := store.Pool.Exec(t.Context(), `update exam set policy = policy || '{"modalities": ["photo"]}'`); err != nil {
		t.Fatal(err)
	}
	var f struct{ HeardByAnna, HeardByBoris string }
	play(t, d, "voice.mjs", map[string]any{"media": makeMedia(t)}, &f)
	if want := "voice_talk voice_talk voice_announcement"; f.HeardByAnna != want {
		t.Errorf("Anna's timeline has %q, want %q", f.HeardByAnna, want)
	}
	if want := "voice_announcement"; f.HeardByBoris != want {
		t.Errorf("Boris's timeline has %q, want %q", f.HeardByBoris, want)
	}
}
