package demo_test

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/retention"
)

// consentFacts are what the browsers saw; see story/consents.mjs.
type consentFacts struct {
	Kira, Anna uuid.UUID // their attempts
}

// TestConsentsStory plays, in real browsers, a minor whose father comes by the link of a letter, consents, and lets her in; and a student who
// withdraws her consent in the middle of an exam.
func TestConsentsStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, true)
	cameras := makeMedia(t)
	enrol(t, d, face(t), esiamock.StudentAnna)
	var f consentFacts
	play(t, d, "consents.mjs", map[string]any{"media": cameras, "mail": d.Mail}, &f)

	store := openStore(t, d)
	records := map[uuid.UUID][]string{}
	if err := store.Log.Each(t.Context(), ledger.Filter{}, func(r ledger.Row) error {
		records[r.Attempt] = append(records[r.Attempt], string(r.Type)+" "+r.Outcome)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := records[f.Kira]; !slices.Contains(got, "consent stands") || !slices.Contains(got, "decline declined") {
		t.Errorf("the minor's attempt in the log: %v", got)
	}
	for _, want := range []string{"consent granted", "identification match", "decline declined"} {
		if !slices.Contains(records[f.Anna], want) {
			t.Errorf("the log of the withdrawn attempt lacks %q: %v", want, records[f.Anna])
		}
	}
	for _, want := range []string{"guardian confirmed", "consent granted", "withdrawal withdrawn"} {
		if !slices.Contains(records[uuid.Nil], want) {
			t.Errorf("the log lacks %q: %v", want, records[uuid.Nil])
		}
	}

	// The recording ended with the withdrawal, is still whole, and is gone once its time has come.
	kept := openArchive(t, d, store)
	recordings, err := kept.Recordings(t.Context(), f.Anna)
	if err != nil || len(recordings) != 1 || len(recordings[0].Segments) == 0 {
		t.Fatalf("recordings: %+v, %v", recordings, err)
	}
	if _, err := kept.Segment(t.Context(), recordings[0].ID, recordings[0].Segments[0].Number); err != nil {
		t.Errorf("before its time: %v", err)
	}
	terms := retention.New(retention.Config{Pool: store.Pool, Ring: store.Ring, Log: store.Log, Archive: kept, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if done, err := terms.Erase(t.Context()); done.Erased[retention.Recordings] != 0 || err != nil {
		t.Errorf("erased before their time: %+v, %v", done, err)
	}
	var due time.Time
	if err := store.Pool.QueryRow(t.Context(), `select destroy_at from object_key where attempt_id = $1`, f.Anna).Scan(&due); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(due); left < 29*24*time.Hour || left > 30*24*time.Hour {
		t.Errorf("erased in %v; promised 30 days", left)
	}
	if _, err := store.Pool.Exec(t.Context(), `update object_key set destroy_at = now() - interval '1 second' where attempt_id = $1`, f.Anna); err != nil {
		t.Fatal(err)
	}
	if done, err := terms.Erase(t.Context()); done.Erased[retention.Recordings] != 1 || err != nil {
		t.Errorf("erased: %+v, %v; want one", done, err)
	}
	if _, err := kept.Segment(t.Context(), recordings[0].ID, recordings[0].Segments[0].Number); !errors.Is(err, archive.ErrDestroyed) {
		t.Errorf("after its time: %v; want ErrDestroyed", err)
	}
}
