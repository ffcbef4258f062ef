package demo_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
)

// identificationFacts are what the browsers saw; see story/identification.mjs.
type identificationFacts struct {
	Anna, Boris, Vera uuid.UUID
	AlarmSeconds      float64
	SamePerson        int // what the first member of staff was told when she wanted to be the second, too
}

// TestIdentificationStory plays, in real browsers, what may go wrong around an identification, and looks at what the log says of it.
func TestIdentificationStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes some minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna, esiamock.StudentBoris, esiamock.StudentVera)
	store := openStore(t, d)
	e, err := store.Exams.ByCode(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	e.Policy.Again.Reconnected, e.Policy.Tries = true, 6
	if _, err := store.Exams.Ensure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var f identificationFacts
	play(t, d, "identification.mjs", map[string]any{
		"media": makeMedia(t), "ebs": d.EBS, "people": map[string]string{"anna": esiamock.StudentAnna, "boris": esiamock.StudentBoris, "vera": esiamock.StudentVera},
	}, &f)

	if f.AlarmSeconds > 15 {
		t.Errorf("the proctor was alarmed after %.1f s", f.AlarmSeconds)
	}
	if f.SamePerson != http.StatusConflict {
		t.Errorf("the same person was told %d", f.SamePerson)
	}
	records := func(attempt uuid.UUID, kind ledger.Type) []ledger.Row {
		t.Helper()
		rows, _, err := store.Log.Page(t.Context(), ledger.Filter{Attempt: attempt, Type: kind}, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	outcomes := map[string]int{}
	for _, r := range records(f.Anna, ledger.TypeIdentification) {
		var i ledger.Identification
		if err := r.Data(&i); err != nil {
			t.Fatal(err)
		}
		outcomes[i.Kind+" "+i.Outcome]++
	}
	if outcomes[" verifier_unavailable"] == 0 || outcomes[" match"] != 1 || outcomes["again match"] < 2 || outcomes["again no_match"] < 2 {
		t.Errorf("Anna's identifications: %v", outcomes)
	}
	for _, attempt := range []uuid.UUID{f.Anna, f.Boris, f.Vera} {
		if n := len(records(attempt, ledger.TypeAdmission)); n != 1 {
			t.Errorf("%s was admitted %d times", attempt, n)
		}
	}
	rows := records(f.Vera, ledger.TypeManual)
	if len(rows) != 1 {
		t.Fatalf("%d records of an identification by staff", len(rows))
	}
	var m ledger.ManualIdentification
	if err := rows[0].Data(&m); err != nil {
		t.Fatal(err)
	}
	if rows[0].Personal["first"] != "Соколова Елена Викторовна" || rows[0].Personal["second"] != "Морозов Иван Петрович" || m.Why != "not_enrolled" ||
		m.Document != "passport" || m.Recording == "" || m.ToMS == nil || m.FromMS == nil || *m.ToMS <= *m.FromMS || m.SegmentSHA256 == "" {
		t.Errorf("the record of %v: %+v", rows[0].Personal, m)
	}
	var a ledger.Admission
	if err := records(f.Vera, ledger.TypeAdmission)[0].Data(&a); err != nil || a.Identification != rows[0].ID.String() {
		t.Errorf("she was admitted on %s, %v", a.Identification, err)
	}
}
