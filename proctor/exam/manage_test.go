package exam

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

func (x *testExams) settingsLogged(id uuid.UUID) map[string]ledger.PolicyChange {
	x.t.Helper()
	rows, _, err := x.log.Page(x.t.Context(), ledger.Filter{Exam: id, Type: ledger.TypePolicyChange}, 0, 100)
	if err != nil {
		x.t.Fatal(err)
	}
	got := map[string]ledger.PolicyChange{}
	for i := len(rows) - 1; i >= 0; i-- { // the newest counts
		var d ledger.PolicyChange
		if err := rows[i].Data(&d); err != nil {
			x.t.Fatal(err)
		}
		if rows[i].Personal["actor"] != x.proctor.Name.String() {
			x.t.Errorf("%s changed by %v", d.Class, rows[i].Personal)
		}
		got[d.Class] = d
	}
	return got
}

func TestCreateAndChange(t *testing.T) {
	x := newTestExams(t)
	at := testTime.Add(24 * time.Hour)
	p := DefaultPolicy()
	p.Tries = 5
	e, err := x.Create(t.Context(), x.proctor, Draft{Title: "  Физика,  часть 1 ", StartsAt: at, EndsAt: at.Add(3 * time.Hour)}, p)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := x.ByCode(t.Context(), e.Code)
	if err != nil || stored.ID != e.ID || stored.Title != "Физика, часть 1" || stored.Policy.Tries != 5 || stored.Organisation != x.proctor.Organisation || !strings.HasPrefix(e.Code, "exam-") {
		t.Fatalf("%+v, %v", stored, err)
	}
	if got := x.settingsLogged(e.ID); len(got) != 3 || got["title"].After != `"Физика, часть 1"` || got["startsAt"].Before != "" {
		t.Errorf("the log says %+v", got)
	}

	changed, err := x.Change(t.Context(), e.ID, x.proctor, Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(4 * time.Hour)})
	if err != nil || changed.Title != "Физика" || !changed.EndsAt.Equal(at.Add(4*time.Hour)) || changed.Policy.Tries != 5 || changed.Code != e.Code {
		t.Fatalf("%+v, %v", changed, err)
	}
	if got := x.settingsLogged(e.ID); got["title"].Before != `"Физика, часть 1"` || got["endsAt"].Before == "" || got["startsAt"].Before != "" {
		t.Errorf("the log says %+v", got)
	}
	before := len(x.settingsLogged(e.ID))
	if _, err := x.Change(t.Context(), e.ID, x.proctor, Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(4 * time.Hour)}); err != nil || len(x.settingsLogged(e.ID)) != before {
		t.Errorf("nothing changed, and the log says so: %v", err)
	}

	stranger := x.proctor
	stranger.Organisation, err = x.accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Другой", ShortName: "Д"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Change(t.Context(), e.ID, stranger, Draft{Title: "Чужой", StartsAt: at, EndsAt: at.Add(time.Hour)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation changed it: %v", err)
	}
	if _, err := x.pool.Exec(t.Context(), `update exam set finished_at = now() where id = $1`, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Change(t.Context(), e.ID, x.proctor, Draft{Title: "Снова", StartsAt: at, EndsAt: at.Add(time.Hour)}); !errors.Is(err, ErrOver) {
		t.Errorf("an exam that was ended changed: %v", err)
	}
	if now, err := x.Exam(t.Context(), e.ID); err != nil || now.Title != "Физика" {
		t.Errorf("a refusal changed it: %+v, %v", now, err)
	}
}

func TestDraftRefusals(t *testing.T) {
	x := newTestExams(t)
	at := testTime.Add(24 * time.Hour)
	bad := DefaultPolicy()
	bad.Tries = 0
	for name, c := range map[string]struct {
		draft  Draft
		policy Policy
		field  string
	}{
		"without a title":     {Draft{Title: " \t ", StartsAt: at, EndsAt: at.Add(time.Hour)}, DefaultPolicy(), "title"},
		"a title too long":    {Draft{Title: strings.Repeat("я", 201), StartsAt: at, EndsAt: at.Add(time.Hour)}, DefaultPolicy(), "title"},
		"ends as it starts":   {Draft{Title: "Физика", StartsAt: at, EndsAt: at}, DefaultPolicy(), "time"},
		"longer than a week":  {Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(8 * 24 * time.Hour)}, DefaultPolicy(), "time"},
		"in the year 1":       {Draft{Title: "Физика", EndsAt: time.Time{}.Add(time.Hour)}, DefaultPolicy(), "time"},
		"a code with a slash": {Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(time.Hour), Code: "../x"}, DefaultPolicy(), "code"},
		"a code that is":      {Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(time.Hour), Code: "algebra"}, DefaultPolicy(), "code"},
		"no tries":            {Draft{Title: "Физика", StartsAt: at, EndsAt: at.Add(time.Hour)}, bad, ""},
	} {
		_, err := x.Create(t.Context(), x.proctor, c.draft, c.policy)
		var refused *DraftError
		switch {
		case c.field == "" && !errors.Is(err, ErrPolicy):
			t.Errorf("%s: %v", name, err)
		case c.field != "" && (!errors.As(err, &refused) || refused.Field != c.field):
			t.Errorf("%s: %v, want its %s", name, err, c.field)
		}
	}
	if list, err := x.List(t.Context(), x.proctor.Organisation); err != nil || len(list) != 1 {
		t.Errorf("%d exams, %v", len(list), err)
	}
}
