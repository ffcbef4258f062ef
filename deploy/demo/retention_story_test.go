package demo_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/retention"
)

// TestRetentionStory plays what a registrar does about terms, holds and receipts in a real browser, and then looks at the log.
func TestRetentionStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	objects := openArchive(t, d, store)
	ctx := t.Context()
	demo, err := store.Exams.ByCode(ctx, "demo")
	if err != nil {
		t.Fatal(err)
	}
	// Two exams of the past with recordings: of one the term is over, of the other it soon will be.
	for code, ended := range map[string]int{"history": 200, "algebra": 170} {
		title := map[string]string{"history": "История", "algebra": "Алгебра"}[code]
		end := time.Now().AddDate(0, 0, -ended)
		id, err := store.Exams.Ensure(ctx, exam.Exam{Organisation: demo.Organisation, Code: code, Title: title, StartsAt: end.Add(-time.Hour), EndsAt: end, Policy: exam.DefaultPolicy()})
		if err != nil {
			t.Fatal(err)
		}
		attempt, entry := uuid.New(), uuid.New()
		if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `insert into roster_entry (id, exam_id, person_id) select $1, $2, id from person where last_name = 'Смирнова'`, entry, id); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) select $1, exam_id, id, person_id, 'finished', 0 from roster_entry where id = $2`, attempt, entry)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := objects.Put(ctx, attempt, "recording", "webm", []byte(code)); err != nil {
			t.Fatal(err)
		}
	}
	// The service makes a run of its own at its start; one after another.
	eraser := proctor.OpenRetention(store, objects, slog.New(slog.DiscardHandler))
	_, err = eraser.Erase(ctx)
	for deadline := time.Now().Add(20 * time.Second); errors.Is(err, retention.ErrRunning) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // between two tries
		_, err = eraser.Erase(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	var facts struct{ Receipts int }
	play(t, d, "retention.mjs", nil, &facts)
	if facts.Receipts != 1 {
		t.Errorf("the story saw %d receipts; want 1", facts.Receipts)
	}
	waitSealed(t, store)
	for of, want := range map[ledger.Type]int{ledger.TypeHold: 2, ledger.TypePolicyChange: 2, ledger.TypeErasure: 1, ledger.TypeReceipt: 1} {
		n := 0
		if err := store.Log.Each(ctx, ledger.Filter{Type: of}, func(ledger.Row) error { n++; return nil }); err != nil || n != want {
			t.Errorf("%d records of the type %s, %v; want %d", n, of, err, want)
		}
	}
	if _, err := store.Log.Verify(ctx); err != nil {
		t.Error(err)
	}
}
