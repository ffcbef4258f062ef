package demo_test

import (
	"os"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/ledger/pack"
)

// appealFacts are what the browsers saw; see story/appeal.mjs.
type appealFacts struct {
	Attempt uuid.UUID
	Package string // the file that the student took away
}

// TestAppealStory plays, in real browsers, a refused student's appeal up to its decision, and checks the package that she takes away.
func TestAppealStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	var f appealFacts
	play(t, d, "appeal.mjs", map[string]any{"media": makeMedia(t)}, &f)

	store := openStore(t, d)
	file, err := os.Open(f.Package)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	report, err := pack.Verify(t.Context(), file, info.Size(), pack.Trust{Key: store.Key.Public})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || report.ByType["appeal"] != 2 || report.ByType["identification"] != 1 || report.ByType["access"] == 0 || report.Segments == 0 {
		t.Errorf("her package: %+v", report)
	}
	var letters int
	if err := store.Pool.QueryRow(t.Context(), `select count(*) from mail_message where kind in ('appeal_filed', 'appeal_try')`).Scan(&letters); err != nil || letters != 2 {
		t.Errorf("%d letters, %v; want 2", letters, err)
	}
}
