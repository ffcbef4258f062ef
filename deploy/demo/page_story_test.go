package demo_test

import (
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// TestPageStory plays, in real browsers, identifications on the verifier's own page, which really compares, and then looks at the records.
func TestPageStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	e, err := store.Exams.ByCode(t.Context(), d.Exam)
	if err != nil {
		t.Fatal(err)
	}
	e.Policy.Verifier = exam.Session
	if _, err := store.Exams.Ensure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	enrol(t, d, face(t), esiamock.StudentAnna, esiamock.StudentBoris)
	var f struct{ Anna, Boris uuid.UUID }
	play(t, d, "page.mjs", map[string]any{"media": makeMedia(t), "exam": d.Exam}, &f)

	waitSealed(t, store)
	for attempt, outcomes := range map[uuid.UUID][]string{f.Anna: {"match", "interrupted"}, f.Boris: {"no_match"}} {
		rows, _, err := store.Log.Page(t.Context(), ledger.Filter{Attempt: attempt, Type: ledger.TypeIdentification}, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for len(rows) > len(outcomes) && rows[1].Outcome == "no_match" { // a digit said too late, on a busy machine
			rows = append(rows[:1], rows[2:]...)
		}
		if len(rows) != len(outcomes) {
			t.Fatalf("%d records, want %v", len(rows), outcomes)
		}
		for i, row := range rows {
			var r ledger.Identification
			if err := row.Data(&r); err != nil {
				t.Fatal(err)
			}
			if r.Outcome != outcomes[i] || r.Session == "" || r.Voice != nil || r.Photo == nil || r.Photo.SHA256 != "" || (r.Verdict != nil) != (r.Outcome != "interrupted") {
				t.Errorf("record %d: %+v", i, r)
			}
		}
	}
}
