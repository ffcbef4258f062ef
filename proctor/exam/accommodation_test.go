package exam

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// TestAccommodate: what is done differently for one student holds from then on, for her alone, and the log says who said so, not why.
func TestAccommodate(t *testing.T) {
	x := newTestExams(t)
	ctx := t.Context()
	a, other := x.attempt(InProgress), x.attempt(InProgress)
	registrar := x.person(account.Name{Last: "Ёжикова", First: "Ольга"}, account.Registrar)
	want := Accommodation{NoVoice: true, MoreMinutes: 30}
	if err := x.Accommodate(ctx, x.exam, a.PersonID, registrar, want); err != nil {
		t.Fatal(err)
	}
	if err := x.Accommodate(ctx, x.exam, a.PersonID, registrar, want); err != nil { // again
		t.Fatal(err)
	}
	after, err := x.Attempt(ctx, a.ID)
	if err != nil || after.Accommodation() != want || !after.EndsAt.Equal(x.exam.EndsAt.Add(30*time.Minute)) || after.ExtraMinutes != 0 {
		t.Errorf("her attempt is %+v, %v", after, err)
	}
	if beside, err := x.Attempt(ctx, other.ID); err != nil || beside.Accommodation() != (Accommodation{}) || !beside.EndsAt.Equal(x.exam.EndsAt) {
		t.Errorf("the other one's is %+v, %v", beside, err)
	}
	if got := after.Accommodation().Modalities(x.exam.Policy); !slices.Equal(got, []Modality{Photo}) {
		t.Errorf("compared is %v", got)
	}
	if got := other.Accommodation().Modalities(x.exam.Policy); !slices.Equal(got, []Modality{Photo, Sound}) {
		t.Errorf("compared of the other one is %v", got)
	}
	// Time that a proctor gives comes on top.
	if after, err = x.GiveTime(ctx, a.ID, x.proctor, 10, "technical"); err != nil || !after.EndsAt.Equal(x.exam.EndsAt.Add(40*time.Minute)) {
		t.Errorf("with a proctor's time: %+v, %v", after, err)
	}

	// Before she has joined: the same, and the attempt has it when she does.
	waiting := x.student()
	if err := x.Accommodate(ctx, x.exam, waiting.ID, registrar, Accommodation{MoreMinutes: 60}); err != nil {
		t.Fatal(err)
	}
	if entry, err := x.Entry(ctx, x.exam.ID, waiting.ID); err != nil || entry.Accommodation.MoreMinutes != 60 {
		t.Errorf("her entry is %+v, %v", entry, err)
	}
	if joined, err := x.Join(ctx, x.exam, waiting.ID); err != nil || !joined.EndsAt.Equal(x.exam.EndsAt.Add(time.Hour)) {
		t.Errorf("she joins with %+v, %v", joined, err)
	}

	var said []string
	if err := x.log.Each(ctx, ledger.Filter{Type: ledger.TypeDecision}, func(r ledger.Row) error {
		var d ledger.Decision
		err := r.Data(&d)
		if d.Act == "accommodation" {
			if r.Personal["actor"] != registrar.Name.String() || r.Personal["student"] == "" || d.Reason != "" {
				t.Errorf("the record %+v names %v", d, r.Personal)
			}
			said = append(said, r.Personal["student"]+map[bool]string{true: " silent", false: ""}[d.NoVoice])
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(said)
	expected := []string{a.Student + " silent", waiting.Name.String()}
	slices.Sort(expected)
	if !slices.Equal(said, expected) {
		t.Errorf("the log says %v, want %v", said, expected)
	}

	rows, records := x.count(`select count(*) from accommodation`), x.count(`select count(*) from ledger_record`)
	for what, refused := range map[string]struct {
		person uuid.UUID
		want   Accommodation
		err    error
	}{
		"less time": {a.PersonID, Accommodation{MoreMinutes: -1}, ErrAccommodation}, "a day": {a.PersonID, Accommodation{MoreMinutes: 1440}, ErrAccommodation},
		"somebody else": {registrar.ID, want, ErrNotInRoster},
	} {
		if err := x.Accommodate(ctx, x.exam, refused.person, registrar, refused.want); !errors.Is(err, refused.err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after, err := x.Attempt(ctx, a.ID); err != nil || after.Accommodation() != want || x.count(`select count(*) from accommodation`) != rows || x.count(`select count(*) from ledger_record`) != records {
		t.Errorf("what was refused changed something: %+v, %v", after, err)
	}
	x.exec(`update exam set finished_at = $2 where id = $1`, x.exam.ID, x.now())
	if err := x.Accommodate(ctx, x.exam, a.PersonID, registrar, Accommodation{}); !errors.Is(err, ErrOver) {
		t.Errorf("after the end: %v", err)
	}
}

// TestAccommodationsOfAFile: a roster may say it, with a preview; what it does not say stays.
func TestAccommodationsOfAFile(t *testing.T) {
	x := newTestExams(t)
	ctx := t.Context()
	head := "Фамилия;Имя;Дата рождения;СНИЛС;Без голоса;Доп. время, мин\n"
	line := func(n int, rest string) string {
		return "Ёлкина;Анна;02.01.2005;" + snils(5_000_000+n) + ";" + rest + "\n"
	}
	take := func(text string, want RosterPreview) {
		t.Helper()
		rows, err := ParseRoster(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		preview, err := x.PreviewRoster(ctx, x.exam, rows)
		if err != nil || preview != want {
			t.Errorf("the preview is %+v, %v; want %+v", preview, err, want)
		}
		if done, err := x.Import(ctx, x.exam, rows, x.proctor); err != nil || done != want {
			t.Errorf("the import did %+v, %v; want %+v", done, err, want)
		}
	}
	held := func() (list []Accommodation) {
		t.Helper()
		entries, err := x.Entries(ctx, x.exam.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Accommodation != (Accommodation{}) {
				list = append(list, e.Accommodation)
			}
		}
		slices.SortFunc(list, func(a, b Accommodation) int { return a.MoreMinutes - b.MoreMinutes })
		return list
	}
	take(head+line(1, "да;30")+line(2, "нет;")+line(3, ";45"), RosterPreview{Rows: 3, New: 3, NewPeople: 3, Accommodated: 2})
	if got, want := held(), []Accommodation{{true, 30}, {false, 45}}; !slices.Equal(got, want) {
		t.Errorf("it is %v, want %v", got, want)
	}
	take(head+line(1, ";")+line(2, ";0")+line(3, ";45"), RosterPreview{Rows: 3, Known: 3})
	take(head+line(1, "нет;")+line(3, ";0"), RosterPreview{Rows: 2, Changed: 2, Absent: 1, Accommodated: 2})
	if got, want := held(), []Accommodation{{false, 30}}; !slices.Equal(got, want) {
		t.Errorf("it is %v, want %v", got, want)
	}
	if n := x.count(`select count(*) from accommodation where actor is not null`); n != 4 {
		t.Errorf("%d rows say who said so, want 4", n)
	}

	before := held()
	for what, rest := range map[string]string{"a reason": "глухота;", "more than is given": ";721", "less than nothing": ";-5", "a part of a minute": ";1,5", "words": ";полчаса"} {
		if _, err := ParseRoster(strings.NewReader(head + line(1, rest))); len(problemsOf(t, what, err)) != 1 || strings.Contains(err.Error(), "глухота") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after := held(); !slices.Equal(after, before) {
		t.Errorf("what was refused changed something: %v", after)
	}
}
