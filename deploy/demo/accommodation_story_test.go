package demo_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
)

// TestAccommodationStory has a student who does not speak sit an exam that compares voices, and then reads what the log says of it.
func TestAccommodationStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	store := openStore(t, d)
	var f struct{ Anna uuid.UUID }
	play(t, d, "accommodation.mjs", map[string]any{"media": makeMedia(t)}, &f)
	found := 0
	err := store.Log.Each(t.Context(), ledger.Filter{Type: ledger.TypeIdentification, Attempt: f.Anna}, func(r ledger.Row) error {
		var got ledger.Identification
		if err := r.Data(&got); err != nil {
			return err
		}
		found++
		if !got.Policy.Accommodated || !slices.Equal(got.Policy.Modalities, []string{"photo"}) || got.Voice != nil {
			t.Errorf("a record says %+v and of the voice %+v", got.Policy, got.Voice)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d identifications in the log, %v", found, err)
	}
}
