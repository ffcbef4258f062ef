package proctor_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/esia/esiamock"
)

// TestAccommodation: the registrar says what is done differently for one student; she and the proctor see it, her time is longer, the other one's is not, and
// neither she nor a proctor may say it.
func TestAccommodation(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	registrar, proctor := h.signedIn(t, esiamock.Registrar), h.signedIn(t, esiamock.Proctor)
	first, second := anna.join(t, true), boris.join(t, true)
	of := "/api/exams/" + h.exam.ID.String()
	type accommodation struct {
		NoVoice     bool
		MoreMinutes int
	}
	type seen struct {
		Voice  bool
		EndsAt time.Time
		Exam   struct{ Accommodation *accommodation }
	}
	var person uuid.UUID
	must(t, h.store.Pool.QueryRow(t.Context(), `select person_id from attempt where id = $1`, first.ID).Scan(&person))
	say := func(b *browser, body map[string]any, want int) {
		t.Helper()
		if status, text := b.call(t, http.MethodPost, of+"/accommodation", body); status != want {
			t.Errorf("%v: %d %.300s; want %d", body, status, text, want)
		}
	}
	at := func(b *browser, a attempt) seen { return get[seen](t, b, "/api/attempts/"+a.ID.String()) }
	before := at(anna, first)
	if !before.Voice || before.Exam.Accommodation != nil {
		t.Errorf("before anything: %+v", before)
	}
	body := map[string]any{"personId": person, "noVoice": true, "moreMinutes": 30}
	for _, b := range []*browser{anna, proctor} {
		say(b, body, http.StatusForbidden)
	}
	say(registrar, map[string]any{"personId": person, "noVoice": false, "moreMinutes": 1000}, http.StatusUnprocessableEntity)
	say(registrar, map[string]any{"personId": person, "noVoice": true, "moreMinutes": 5, "reason": "глухота"}, http.StatusUnprocessableEntity) // there is no place for it
	say(registrar, map[string]any{"personId": uuid.New(), "noVoice": true, "moreMinutes": 5}, http.StatusNotFound)
	if after := at(anna, first); after != before {
		t.Errorf("what was refused changed something: %+v", after)
	}
	say(registrar, body, http.StatusOK)
	for who, b := range map[string]*browser{"she": anna, "the proctor": proctor} {
		a := at(b, first)
		if a.Voice || a.Exam.Accommodation == nil || *a.Exam.Accommodation != (accommodation{true, 30}) || !a.EndsAt.Equal(before.EndsAt.Add(30*time.Minute)) {
			t.Errorf("%s sees %+v", who, a)
		}
	}
	if a := at(boris, second); !a.Voice || a.Exam.Accommodation != nil || !a.EndsAt.Equal(before.EndsAt) {
		t.Errorf("the other one sees %+v", a)
	}
	// On the card, before and beside the attempt, it is hers alone.
	card := func(b *browser) *accommodation {
		return get[struct{ Accommodation *accommodation }](t, b, "/api/join/exam").Accommodation
	}
	if c := card(anna); c == nil || !c.NoVoice {
		t.Errorf("her card says %+v", c)
	}
	for who, b := range map[string]*browser{"the other one": boris, "the proctor": proctor, "nobody": h.browser(t)} {
		if c := card(b); c != nil {
			t.Errorf("the card of %s says %+v", who, c)
		}
	}
	rows := get[struct {
		Rows []struct {
			PersonID      uuid.UUID
			Accommodation *accommodation
		}
	}](t, registrar, of+"/readiness").Rows
	i := slices.IndexFunc(rows, func(r struct {
		PersonID      uuid.UUID
		Accommodation *accommodation
	},
	) bool {
		return r.Accommodation != nil
	})
	if i < 0 || rows[i].PersonID != person {
		t.Errorf("the roster says %+v", rows)
	}
	status, text := registrar.call(t, http.MethodGet, "/api/log?type=decision&limit=10", nil)
	if status != http.StatusOK || strings.Count(text, `"accommodation"`) == 0 || !json.Valid([]byte(text)) {
		t.Errorf("the log has no record of it: %d %.500s", status, text)
	}
	if log := h.log.String(); strings.Contains(log, "глухота") {
		t.Error("what was refused stands in the service's log")
	}
}
