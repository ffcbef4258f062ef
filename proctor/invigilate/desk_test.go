package invigilate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// testDesk is a university with one exam that goes on, two proctors, and a clock that moves when told.
type testDesk struct {
	*Desk
	t      *testing.T
	pool   *pgxpool.Pool
	exams  *exam.Exams
	people *account.Accounts
	log    *ledger.Log
	clock  atomic.Int64
	exam   exam.Exam
	anna   account.Person // a proctor
	boris  account.Person // another
	count  int
}

var testTime = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

func newTestDesk(t *testing.T) *testDesk {
	t.Helper()
	d := &testDesk{t: t, pool: stacktest.Database(t)}
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	must(t, err)
	_, public, err := note.GenerateKey(nil, "invigilate.test/log")
	must(t, err)
	d.log = ledger.Open(d.pool, ring, public)
	d.people = account.New(d.pool, ring, d.log, d.now)
	d.exams = exam.New(d.pool, d.people, d.log, d.now)
	d.Desk = New(Config{Pool: d.pool, Ring: ring, Log: d.log, Exams: d.exams, Now: d.now})
	organisation, err := d.people.EnsureOrganisation(t.Context(), account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	d.exam = exam.Exam{
		Organisation: organisation, Code: "algebra", Title: "Алгебра", StartsAt: testTime.Add(-time.Hour), EndsAt: testTime.Add(time.Hour), Policy: exam.DefaultPolicy(),
	}
	d.exam.ID, err = d.exams.Ensure(t.Context(), d.exam)
	must(t, err)
	d.anna, d.boris = d.person("Анна", account.Proctor), d.person("Борис", account.Proctor)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *testDesk) now() time.Time { return testTime.Add(time.Duration(d.clock.Load())) }

func (d *testDesk) person(first string, role account.Role) account.Person {
	d.t.Helper()
	d.count++
	name := account.Name{Last: "Ёлкин", First: first}
	var p account.Person
	must(d.t, pgx.BeginFunc(d.t.Context(), d.pool, func(tx pgx.Tx) error {
		id, err := d.people.Ensure(d.t.Context(), tx, account.NewPerson{
			Organisation: d.exam.Organisation, Name: name, BirthDate: time.Date(2001, 1, 2, 0, 0, 0, 0, time.UTC), SNILS: snils(d.count), Roles: []account.Role{role},
		})
		p = account.Person{ID: id, Organisation: d.exam.Organisation, Name: name, Roles: []account.Role{role}}
		return err
	}))
	return p
}

// student is somebody in the exam, in a state.
func (d *testDesk) student(state exam.State) (account.Person, uuid.UUID) {
	d.t.Helper()
	p := d.person(fmt.Sprint("Студент ", d.count), account.Student)
	d.exec(`insert into roster_entry (id, exam_id, person_id) values ($1, $2, $3)`, uuid.New(), d.exam.ID, p.ID)
	a, err := d.exams.Join(d.t.Context(), d.exam, p.ID)
	must(d.t, err)
	d.exec(`update attempt set state = $2 where id = $1`, a.ID, state)
	return p, a.ID
}

func (d *testDesk) exec(sql string, args ...any) {
	d.t.Helper()
	_, err := d.pool.Exec(d.t.Context(), sql, args...)
	must(d.t, err)
}

// all is what the room's tables hold.
func (d *testDesk) all() string {
	d.t.Helper()
	out := ""
	for _, table := range []string{"message", "message_seen", "help_call", "warning", "note", "duty", "charge", "ledger_record"} {
		var text string
		must(d.t, d.pool.QueryRow(d.t.Context(), `select coalesce(string_agg(r::text, E'\n' order by r::text), '') from `+table+` r`).Scan(&text))
		out += text + "\n"
	}
	return out
}

func (d *testDesk) situation(attempt uuid.UUID) Situation {
	d.t.Helper()
	all, err := d.Situations(d.t.Context(), []uuid.UUID{attempt})
	must(d.t, err)
	return all[attempt]
}

// acts are the decisions about an attempt in the log, “act reason”.
func (d *testDesk) acts(attempt uuid.UUID) (list []string) {
	d.t.Helper()
	must(d.t, d.log.Each(d.t.Context(), ledger.Filter{Type: ledger.TypeDecision, Attempt: attempt}, func(r ledger.Row) error {
		var data ledger.Decision
		err := r.Data(&data)
		list = append(list, data.Act+" "+data.Reason+" by "+r.Personal["actor"])
		return err
	}))
	return list
}

func snils(n int) string {
	digits := fmt.Sprintf("%09d", 100_000_000+n)
	sum := 0
	for i, c := range digits {
		sum += int(c-'0') * (9 - i)
	}
	return fmt.Sprintf("%s%02d", digits, sum%101%100)
}

func TestConversation(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	student, attempt := d.student(exam.InProgress)
	_, other := d.student(exam.InProgress)
	if s := d.situation(attempt); s.Last != 0 || s.ToStaff != 0 || s.ToStudent != 0 {
		t.Errorf("before anybody wrote: %+v", s)
	}
	first, err := d.Say(ctx, attempt, student, "  Не слышно звук\r\nсовсем ")
	must(t, err)
	if s := d.situation(attempt); s.Last != first.Number || s.ToStaff != 1 || s.ToStudent != 0 {
		t.Errorf("after the student wrote: %+v", s)
	}
	answer, err := d.Say(ctx, attempt, d.anna, "Сейчас проверю")
	must(t, err)
	if s := d.situation(attempt); s.ToStaff != 0 || s.ToStudent != 1 {
		t.Errorf("after staff answered: %+v", s)
	}
	toAll, err := d.Announce(ctx, d.exam.ID, d.boris, "Осталось десять минут")
	must(t, err)
	if s, o := d.situation(attempt), d.situation(other); s.ToStudent != 2 || o.ToStudent != 1 || s.Last != toAll.Number {
		t.Errorf("after an announcement: %+v, the other %+v", s, o)
	}
	must(t, d.Seen(ctx, attempt, true, toAll.Number))
	must(t, d.Seen(ctx, attempt, true, first.Number)) // less than before changes nothing
	if s, o := d.situation(attempt), d.situation(other); s.ToStudent != 0 || o.ToStudent != 1 {
		t.Errorf("after one has read: %+v, the other %+v", s, o)
	}
	list, err := d.History(ctx, attempt, 0)
	must(t, err)
	want := []Message{
		{ID: first.ID, Number: first.Number, FromStudent: true, Sender: student.Name.String(), SenderID: student.ID, At: testTime, Text: "Не слышно звук\nсовсем"},
		{ID: answer.ID, Number: answer.Number, Sender: d.anna.Name.String(), SenderID: d.anna.ID, At: testTime, Text: "Сейчас проверю"},
		{ID: toAll.ID, Number: toAll.Number, ToAll: true, Sender: d.boris.Name.String(), SenderID: d.boris.ID, At: testTime, Text: "Осталось десять минут"},
	}
	if !slices.Equal(list, want) {
		t.Errorf("history\n%+v, want\n%+v", list, want)
	}
	if older, err := d.History(ctx, attempt, answer.Number); err != nil || len(older) != 1 || older[0].ID != first.ID {
		t.Errorf("before the answer: %+v, %v", older, err)
	}
	if others, err := d.History(ctx, other, 0); err != nil || len(others) != 1 || !others[0].ToAll {
		t.Errorf("the other student reads %+v, %v", others, err)
	}
	var stored string
	must(t, d.pool.QueryRow(ctx, `select string_agg(encode(body, 'escape'), '') from message`).Scan(&stored))
	if strings.Contains(stored, "Сейчас") || strings.Contains(stored, "звук") {
		t.Error("messages are stored as they were written")
	}

	before := d.all()
	for name, refused := range map[string]struct {
		do   func() error
		want error
	}{
		"nothing":       {func() error { _, err := d.Say(ctx, attempt, student, " \n"); return err }, ErrText},
		"too long":      {func() error { _, err := d.Say(ctx, attempt, student, strings.Repeat("я", MaxText+1)); return err }, ErrText},
		"control":       {func() error { _, err := d.Say(ctx, attempt, d.anna, "a\x00b"); return err }, ErrText},
		"no attempt":    {func() error { _, err := d.Say(ctx, uuid.New(), d.anna, "a"); return err }, exam.ErrNotFound},
		"no exam":       {func() error { _, err := d.Announce(ctx, uuid.New(), d.anna, "a"); return err }, exam.ErrNotFound},
		"no note":       {func() error { return d.AddNote(ctx, attempt, d.anna, "") }, ErrText},
		"no reason":     {func() error { return d.CallFor(ctx, attempt, "bored", "") }, ErrReason},
		"long call":     {func() error { return d.CallFor(ctx, attempt, "other", strings.Repeat("я", MaxCall+1)) }, ErrText},
		"no call":       {func() error { return d.Acknowledge(ctx, attempt, d.anna) }, ErrNotFound},
		"bad warning":   {func() error { return d.Warn(ctx, attempt, d.anna, "ugly", "") }, ErrReason},
		"other, bare":   {func() error { return d.Warn(ctx, attempt, d.anna, "other", " ") }, ErrText},
		"no warning":    {func() error { return d.WithdrawWarning(ctx, attempt, uuid.New(), d.anna) }, ErrNotFound},
		"no proctor":    {func() error { return d.Begin(ctx, d.exam.ID, student.ID, d.anna) }, ErrNotStaff},
		"to no proctor": {func() error { return d.HandOver(ctx, d.exam.ID, []uuid.UUID{attempt}, student.ID, d.anna) }, ErrNotStaff},
		"a stranger":    {func() error { return d.HandOver(ctx, d.exam.ID, []uuid.UUID{attempt, uuid.New()}, d.boris.ID, d.anna) }, ErrNotFound},
	} {
		if err := refused.do(); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v, want %v", name, err, refused.want)
		}
		if after := d.all(); after != before {
			t.Errorf("%s changed something:\n%s", name, after)
			before = after
		}
	}
	must(t, d.exams.Finish(ctx, d.exam.ID, d.anna))
	if _, err := d.Say(ctx, attempt, student, "?"); !errors.Is(err, ErrOver) {
		t.Errorf("after the end the student writes: %v", err)
	}
}

func TestCallsAndWarnings(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	student, attempt := d.student(exam.InProgress)
	must(t, d.CallFor(ctx, attempt, "technical", "Пропал звук"))
	must(t, d.CallFor(ctx, attempt, "health", "")) // raised already: stays as it is
	if c := d.situation(attempt).Call; c == nil || c.Reason != "technical" || c.Text != "Пропал звук" || c.AcknowledgedAt != nil {
		t.Errorf("raised: %+v", c)
	}
	must(t, d.Acknowledge(ctx, attempt, d.anna))
	must(t, d.Acknowledge(ctx, attempt, d.boris)) // the first one's word stands
	if c := d.situation(attempt).Call; c == nil || c.AcknowledgedAt == nil || c.AcknowledgedBy != d.anna.Name.String() {
		t.Errorf("acknowledged: %+v", c)
	}
	must(t, d.CloseCall(ctx, attempt, student))
	must(t, d.CloseCall(ctx, attempt, student))
	if c := d.situation(attempt).Call; c != nil {
		t.Errorf("lowered: %+v", c)
	}
	must(t, d.CallFor(ctx, attempt, "health", ""))

	must(t, d.Warn(ctx, attempt, d.anna, "looks_away", ""))
	must(t, d.Warn(ctx, attempt, d.boris, "other", "Уберите телефон"))
	got := d.situation(attempt).Warnings
	if len(got) != 2 {
		t.Fatalf("warnings %+v", got)
	}
	one := got[slices.IndexFunc(got, func(w Warning) bool { return w.Reason == "other" })]
	if one.Text != "Уберите телефон" || one.By != d.boris.Name.String() {
		t.Errorf("warning %+v", one)
	}
	must(t, d.WithdrawWarning(ctx, attempt, one.ID, d.anna))
	if err := d.WithdrawWarning(ctx, attempt, one.ID, d.anna); !errors.Is(err, ErrNotFound) {
		t.Errorf("taken back twice: %v", err)
	}
	want := []string{"warning looks_away by Ёлкин Анна", "warning other by Ёлкин Борис", "warning_withdrawn other by Ёлкин Анна"}
	if acts := d.acts(attempt); !slices.Equal(slices.Sorted(slices.Values(acts)), want) {
		t.Errorf("the log says %q", acts)
	}
	_, over := d.student(exam.Finished)
	before := d.all()
	for name, err := range map[string]error{
		"call": d.CallFor(ctx, over, "health", ""), "warning": d.Warn(ctx, over, d.anna, "noise", ""),
	} {
		if !errors.Is(err, ErrOver) {
			t.Errorf("%s after the exam: %v", name, err)
		}
	}
	if d.all() != before {
		t.Error("what was refused changed something")
	}
}

func TestHandOver(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	_, one := d.student(exam.InProgress)
	_, two := d.student(exam.Ready)
	who := func(attempt uuid.UUID) string {
		if c := d.situation(attempt).Charge; c != nil {
			return c.Name
		}
		return ""
	}
	duties := func() (list []string) {
		all, err := d.Proctors(ctx, d.exam.ID)
		must(t, err)
		for _, p := range all {
			list = append(list, fmt.Sprint(p.Name, " ", p.OnDuty, " ", p.Students))
		}
		return list
	}
	must(t, d.Begin(ctx, d.exam.ID, d.anna.ID, d.anna))
	must(t, d.Begin(ctx, d.exam.ID, d.anna.ID, d.anna))
	must(t, d.HandOver(ctx, d.exam.ID, []uuid.UUID{two, one, one}, d.anna.ID, d.anna))
	if got := duties(); !slices.Equal(got, []string{"Ёлкин Анна true 2", "Ёлкин Борис false 0"}) {
		t.Errorf("duties %q", got)
	}
	must(t, d.HandOver(ctx, d.exam.ID, []uuid.UUID{two}, d.boris.ID, d.anna))
	if who(one) != "Ёлкин Анна" || who(two) != "Ёлкин Борис" {
		t.Errorf("after one was handed over: %s, %s", who(one), who(two))
	}
	if mine, err := d.OnDuty(ctx, d.boris.ID); err != nil || !mine[d.exam.ID] {
		t.Errorf("whoever takes students over is not on duty: %v, %v", mine, err)
	}
	must(t, d.HandOver(ctx, d.exam.ID, nil, d.boris.ID, d.anna)) // the whole duty
	if got := duties(); !slices.Equal(got, []string{"Ёлкин Борис true 2", "Ёлкин Анна false 0"}) {
		t.Errorf("after the whole duty: %q", got)
	}
	must(t, d.End(ctx, d.exam.ID, d.boris.ID, d.boris))
	if who(one)+who(two) != "" {
		t.Errorf("nobody is on duty, and %s, %s look after them", who(one), who(two))
	}
	a, err := d.exams.Attempt(ctx, one)
	if err != nil || a.State != exam.InProgress {
		t.Errorf("a hand-over moved the student: %s, %v", a.State, err)
	}
}

func TestNotes(t *testing.T) {
	d := newTestDesk(t)
	_, attempt := d.student(exam.Finished)
	must(t, d.AddNote(t.Context(), attempt, d.anna, "Смотрел вниз дважды"))
	list, err := d.Notes(t.Context(), attempt)
	if err != nil || len(list) != 1 || list[0].Text != "Смотрел вниз дважды" || list[0].Author != d.anna.Name.String() {
		t.Errorf("notes %+v, %v", list, err)
	}
}

// TestMany refuses the message after the last one that is kept, before it is stored.
func TestMany(t *testing.T) {
	d := newTestDesk(t)
	student, attempt := d.student(exam.InProgress)
	d.exec(`insert into message (id, exam_id, attempt_id, sender_id, from_student, at)
		select gen_random_uuid(), $1, $2, $3, true, now() from generate_series(1, $4)`, d.exam.ID, attempt, student.ID, maxMessages)
	if _, err := d.Say(context.Background(), attempt, student, "ещё"); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
}
