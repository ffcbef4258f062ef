package exam

import (
	"strings"
	"testing"
	"time"

	"ochno/proctor/account"
)

func TestPreviewRoster(t *testing.T) {
	x := newTestExams(t)
	preview := func(rows ...RosterRow) RosterPreview {
		t.Helper()
		p, err := x.PreviewRoster(t.Context(), x.exam, rows)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if got, want := preview(row(1), row(2)), (RosterPreview{Rows: 2, New: 2, NewPeople: 2}); got != want {
		t.Errorf("an empty roster: %+v; want %+v", got, want)
	}
	if n := x.count(`select count(*) from roster_entry`); n != 0 {
		t.Errorf("a preview wrote %d entries", n)
	}
	if _, err := x.Import(t.Context(), x.exam, []RosterRow{row(1), row(2), row(3), row(4)}, account.Person{}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Import(t.Context(), x.exam, []RosterRow{row(1)}, account.Person{}); err != nil {
		t.Fatal(err)
	}
	moved, bare, reached := row(2), row(3), row(4)
	moved.Group = "МА-22"
	bare.Group, bare.Faculty = "", ""
	reached.Email = "maria@example.org"
	rows := []RosterRow{moved, bare, reached, row(5)}
	want := RosterPreview{Rows: 4, New: 1, NewPeople: 1, Changed: 2, Known: 1, Absent: 1}
	if got := preview(rows...); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
	if got, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || got != want {
		t.Errorf("the import did %+v, %v; want what the preview said, %+v", got, err, want)
	}
	if got, want := preview(rows...), (RosterPreview{Rows: 4, Known: 4, Absent: 1}); got != want {
		t.Errorf("again: %+v; want %+v", got, want)
	}
	if n := x.count(`select count(*) from roster_entry where group_name = 'МА-21' and faculty = 'Мехмат'`); n != 4 {
		t.Errorf("%d keep their group and faculty; want 4: an empty cell erases nothing", n)
	}
	if n := x.count(`select count(*) from person p where strpos(p::text, 'example.org') > 0`); n != 0 {
		t.Error("an e-mail stands in plain")
	}

	renamed := row(1)
	renamed.Name.Last = "Палкина"
	_, err := x.PreviewRoster(t.Context(), x.exam, []RosterRow{row(6), renamed})
	if p := problemsOf(t, "a conflict", err); len(p) != 1 || p[0].Line != 2 || p[0].Column != "СНИЛС" {
		t.Errorf("a conflict: %+v", p)
	}
}

// TestImportOfFiftyThousand: the largest roster goes in at once, again as nothing, and a row of rubbish keeps all of it out.
func TestImportOfFiftyThousand(t *testing.T) {
	x := newTestExams(t)
	var text strings.Builder
	text.WriteString(header + "\n")
	for n := range MaxRosterRows {
		text.WriteString(line(n+1) + "\n")
	}
	whole := text.String()
	if _, err := ParseRoster(strings.NewReader(strings.Replace(whole, line(40_000), "мусор;;;;;;", 1))); len(problemsOf(t, "rubbish", err)) != 3 {
		t.Errorf("a row of rubbish: %v", err)
	}
	rows, err := ParseRoster(strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	stranger := rows[MaxRosterRows/2]
	stranger.Name.Last = "Палкина"
	if _, err := x.Import(t.Context(), x.exam, []RosterRow{stranger}, account.Person{}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := x.Import(t.Context(), x.exam, rows, account.Person{}); len(problemsOf(t, "one that collides", err)) != 1 {
		t.Errorf("one that collides: %v", err)
	}
	if n := x.count(`select count(*) from roster_entry`); n != 1 {
		t.Fatalf("a refused roster left %d entries; want 1", n)
	}
	rows[MaxRosterRows/2].SNILS = snils(MaxRosterRows + 1)
	if got, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || got.New != MaxRosterRows || got.NewPeople != MaxRosterRows {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || got.Known != MaxRosterRows || got.New+got.Changed != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
	t.Logf("three imports of 50,000 took %v", time.Since(began).Round(time.Millisecond))
}
