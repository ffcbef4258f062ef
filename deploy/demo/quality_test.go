package demo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// TestQuality walks every page of every role in a browser and prints a table: what axe finds, how much JavaScript the page takes, and how soon
// the student's first page answers on a processor four times slower. Every regression fails.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Fatal("the walk takes some minutes: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	var facts struct{ Pages, Problems int }
	play(t, d, "quality.mjs", map[string]any{"exam": d.Exam, "states": seedStates(t, store, d.Exam), "mail": d.Mail}, &facts)
	if facts.Pages < 50 {
		t.Errorf("%d pages were looked at: some are missing", facts.Pages)
	}
	if facts.Problems > 0 {
		t.Errorf("%d problems, told above", facts.Problems)
	}
}

// TestKeyboardStory plays the main job of each of the four with the keyboard alone.
func TestKeyboardStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	enrol(t, d, face(t), esiamock.StudentAnna)
	var facts struct{ Table string }
	play(t, d, "keyboard.mjs", map[string]any{"media": makeMedia(t), "exam": d.Exam, "states": seedStates(t, openStore(t, d), d.Exam)}, &facts)
	if !strings.HasSuffix(facts.Table, ".csv") {
		t.Errorf("the registrar took %q away; want a table", facts.Table)
	}
}

// seedStates makes an exam for each state of an attempt, in which Smirnova stands in that state: the walk sees every step of hers without playing
// her whole way. It returns the exams' ids, codes and attempts by the step's name.
func seedStates(t *testing.T, store proctor.Store, like string) map[string]any {
	t.Helper()
	ctx := t.Context()
	demo, err := store.Exams.ByCode(ctx, like)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]any{}
	for step, s := range map[string]struct {
		state  exam.State
		reason string
		tries  int
		policy func(*exam.Policy)
	}{
		"waiting": {state: exam.Ready, tries: -3},
		"screen":  {state: exam.Ready, policy: func(p *exam.Policy) { p.Screen = exam.Required }},
		"phone":   {state: exam.Ready, policy: func(p *exam.Policy) { p.Phone = exam.Required }},
		"consent": {state: exam.Registered}, "devices": {state: exam.Ready}, "identification": {state: exam.Ready}, "manual": {state: exam.ManualIdentification},
		"admitted": {state: exam.Admitted, policy: func(p *exam.Policy) { p.Page = exam.PageRules{Tabs: true, Focus: true, FullScreen: true} }},
		"exam": {state: exam.InProgress, policy: func(p *exam.Policy) {
			p.Page, p.Work = exam.PageRules{Tabs: true}, exam.Work{URL: "https://lms.example/quiz?id=7"}
		}},
		"paused": {state: exam.Paused}, "receipt": {state: exam.Finished},
		"stopped": {state: exam.Terminated, reason: "rules"}, "expired": {state: exam.Expired}, "declined": {state: exam.Declined},
	} {
		now := time.Now()
		code := "state-" + step
		policy := exam.DefaultPolicy()
		if s.policy != nil {
			s.policy(&policy)
		}
		id, err := store.Exams.Ensure(ctx, exam.Exam{
			Organisation: demo.Organisation, Code: code, Title: "Теория вероятностей: " + step, StartsAt: now.Add(-time.Hour).Truncate(time.Minute),
			EndsAt: now.Add(3 * time.Hour).Truncate(time.Minute), Policy: policy,
		})
		if err != nil {
			t.Fatal(err)
		}
		attempt, entry := uuid.New(), uuid.New()
		if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `insert into roster_entry (id, exam_id, person_id, group_name) select $1, $2, id, 'МА-21' from person where last_name = 'Смирнова'`, entry, id); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `insert into attempt (id, exam_id, roster_entry_id, person_id, state, state_reason, tries_left)
				select $1, exam_id, id, person_id, $3, $4, $5 from roster_entry where id = $2`, attempt, entry, s.state, s.reason, 3+s.tries); err != nil {
				return err
			}
			if s.state == exam.ManualIdentification {
				if _, err := tx.Exec(ctx, `insert into manual_identification (id, attempt_id, why, started_at) values ($1, $2, 'failed', now())`, uuid.New(), attempt); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `insert into attempt_move (attempt_id, from_state, to_state, at, reason) values ($1, '', 'registered', now() - interval '10 minutes', ''),
				($1, 'registered', $2, now() - interval '5 minutes', $3)`, attempt, s.state, s.reason)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		told[step] = map[string]any{"exam": id, "code": code, "attempt": attempt}
	}
	// The second proctor is a registrar as well: whoever has two roles is asked which.
	if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		for _, p := range esiamock.DemoPeople() {
			if p.OID != esiamock.Proctor2 {
				continue
			}
			_, err := store.Accounts.Ensure(ctx, tx, account.NewPerson{
				Organisation: demo.Organisation, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate,
				SNILS: strings.TrimSpace(p.SNILS), Roles: []account.Role{account.Proctor, account.Registrar},
			})
			return err
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return told
}
