package demo_test

import (
	"testing"

	"ochno/deploy/demo"
)

// TestShellStory plays, under a path and not at the root, what goes on around every page: a session that ends while somebody types, a clock that
// is wrong, a second tab, the menu on a phone. The student's camera reaches the server there, too.
func TestShellStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemoWith(t, demo.Options{Path: "/exams/ochno"})
	var facts struct{ Way string }
	play(t, d, "shell.mjs", map[string]any{"media": makeMedia(t), "exam": d.Exam}, &facts)
	if facts.Way != "direct" {
		t.Errorf("the student's connection went %q", facts.Way)
	}
}
