package demo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeopleStory plays logins, linking by hand, a roster's upload, readiness and roles by groups in real browsers, and then looks at the log.
func TestPeopleStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, true)
	cameras := makeMedia(t)
	files := t.TempDir()
	var facts struct {
		Login    string
		Problems int
	}
	play(t, d, "people.mjs", map[string]any{"media": cameras, "files": files}, &facts)
	if facts.Login != "smirnova.as" || facts.Problems != 4 {
		t.Errorf("the story saw %+v; want the login smirnova.as and 4 problems", facts)
	}
	table, err := os.ReadFile(filepath.Join(files, "problems.csv"))
	if err != nil || !strings.HasPrefix(string(table), "\ufeffСтрока;Столбец;") || strings.Count(string(table), "\n3;") != 4 || strings.Contains(string(table), "Сидоров") {
		t.Errorf("the problems as CSV: %v\n%s", err, table)
	}
	store := openStore(t, d)
	for what, want := range map[string]int{"link": 1, "unlink": 1, "decline": 1, "staff": 5} {
		var n int
		if err := store.Pool.QueryRow(t.Context(), `select count(*) from ledger_record where type = $1`, what).Scan(&n); err != nil || n < want {
			t.Errorf("%d records of the type %s, %v; want %d at least", n, what, err, want)
		}
	}
}
