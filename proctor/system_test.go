package proctor_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestSystem: an administrator sees what goes on, checks what it depends on, and reads who did what; nothing there tells of the installation's inside.
func TestSystem(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t, esiamock.StudentAnna).join(t, true)
	admin := h.signedIn(t, esiamock.Administrator)
	type system struct {
		Checks []string
		Rooms  []struct {
			Title          string
			Roster, Joined int
		}
		Keys struct {
			Master []string
			Log    string
		}
		Queues struct{ SpoolFree int64 }
	}
	got := get[system](t, admin, "/api/system")
	if len(got.Rooms) != 1 || got.Rooms[0].Title != h.exam.Title || got.Rooms[0].Joined != 1 || got.Rooms[0].Roster < 2 {
		t.Errorf("rooms: %+v", got.Rooms)
	}
	if !slices.Contains(got.Checks, "postgres") || len(got.Keys.Master) != 1 || !strings.HasPrefix(got.Keys.Log, "test.example/log+") || got.Queues.SpoolFree <= 0 {
		t.Errorf("the system: %+v", got)
	}
	check := func(name string) (int, string) {
		return admin.call(t, http.MethodPost, "/api/system/checks", map[string]string{"name": name})
	}
	if status, text := check("postgres"); status != http.StatusOK || !strings.Contains(text, `"ok":true`) {
		t.Errorf("postgres: %d %s", status, text)
	}
	h.ebs.Close()
	if status, text := check("verifier"); status != http.StatusOK || !strings.Contains(text, `"ok":false`) || strings.Contains(text, "127.0.0.1") {
		t.Errorf("a verifier that is away: %d %s", status, text)
	}
	if status, _ := check("passwords"); status != http.StatusNotFound {
		t.Errorf("an unknown check: %d", status)
	}

	// What the administrator does is found in what she reads.
	policy := exam.DefaultPolicy()
	policy.Tries = 5
	status, text := admin.call(t, http.MethodPost, "/api/exams", map[string]any{
		"title": "Физика", "startsAt": "2030-01-10T09:00:00Z", "endsAt": "2030-01-10T12:00:00Z", "policy": policy,
	})
	if status >= 300 {
		t.Fatalf("an exam: %d %s", status, text)
	}
	type page struct {
		Entries []struct{ Kind, Actor, What, Class, After string }
		Next    string
	}
	changes := get[page](t, admin, "/api/audit?kind=policy_change")
	if len(changes.Entries) == 0 || changes.Entries[0].Kind != "policy_change" || !strings.HasPrefix(changes.Entries[0].Actor, "Новиков") || changes.Entries[0].What != "exam" || changes.Entries[0].Class == "" || changes.Entries[0].After == "" {
		t.Errorf("policy changes: %+v", changes.Entries)
	}
	if later := get[page](t, admin, "/api/audit?kind=policy_change&from=2100-01-01"); len(later.Entries) != 0 {
		t.Errorf("the future: %+v", later.Entries)
	}
	for _, wrong := range []string{"kind=identification", "kind=staff&cursor=x", "kind=staff&from=yesterday"} {
		if status, _ := admin.call(t, http.MethodGet, "/api/audit?"+wrong, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", wrong, status)
		}
	}
}
