package proctor_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/keyring"
	"ochno/proctor/keyring/rotation"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// notSealed are binary columns that hold no values sealed by the ring: hashes, and what others encrypt or sign.
var notSealed = map[string]bool{
	"person.snils_hash": true, "person.document_hash": true, "guardian_invitation.code_hash": true, "consent_text.sha256": true,
	"segment.sha256": true, "segment.prev_sha256": true, "segment.chain": true, "export_job.sha256": true, "attempt_token.hash": true,
	"ledger_record.body": true, "ledger_leaf.hash": true, "ledger_tile.hashes": true, "ledger_checkpoint.root": true, "ledger_occasion.cms": true,
	"identification.frame_sha256": true, "identification.photo_sha256": true, "identification.voice_sha256": true,
	"sessions.data":          true, // ends by itself; what it seals is forgotten with the key
	"keyring_lookup.wrapped": true, // the rotation's own, moved first
}

// TestEverySealedColumnIsRotated: a column that a rotation does not know would be lost with the old key.
func TestEverySealedColumnIsRotated(t *testing.T) {
	h := newHouse(t)
	known := map[string]bool{}
	for _, c := range proctor.OpenRotation(h.store).Columns {
		known[c.Table+"."+c.Name] = true
	}
	rows, _ := h.store.Pool.Query(t.Context(), `select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' and data_type = 'bytea' order by 1`)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(columns) < 20 {
		t.Fatalf("columns %q", columns)
	}
	for _, c := range columns {
		if known[c] == notSealed[c] {
			t.Errorf("column %s: name it in its package's Sealed, or here among those that are not sealed by the ring", c)
		}
		delete(known, c)
	}
	for c := range known {
		t.Errorf("a rotation goes through a column %s that is not there", c)
	}
}

// TestRotation: the master key is changed while the service runs; interrupted, resumed, and done without the old key.
func TestRotation(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true) // seals her consent, its record, her numbers
	objects, err := proctor.OpenArchive(ctx, h.config, h.store)
	must(t, err)
	name, err := objects.Put(ctx, a.ID, "recording", "webm", []byte("what was recorded"))
	must(t, err)
	for range 3 {
		must(t, pgx.BeginFunc(ctx, h.store.Pool, func(tx pgx.Tx) error {
			return h.store.Mail.Enqueue(ctx, tx, mail.Message{Organisation: h.exam.Organisation, Kind: "test", To: "anna@university.example", Subject: "s", Text: "t"})
		}))
	}

	// A new key, and the old one to open with.
	newFile := filepath.Join(t.TempDir(), "next.key")
	must(t, keyring.Generate(newFile))
	during, after := h.config, h.config
	during.MasterKeyFile, during.MasterKeyOldFiles = newFile, []string{h.config.MasterKeyFile}
	after.MasterKeyFile = newFile
	if store, err := proctor.OpenStore(ctx, after); !errors.Is(err, rotation.ErrWrongKey) || !strings.Contains(err.Error(), h.store.Ring.ID()) {
		if err == nil {
			store.Pool.Close()
		}
		t.Fatalf("without the old key: %v; want one that names key %s", err, h.store.Ring.ID())
	}
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	must(t, keyring.Generate(wrong))
	mistaken := during
	mistaken.MasterKeyOldFiles = []string{wrong}
	if _, err := proctor.OpenStore(ctx, mistaken); !errors.Is(err, rotation.ErrWrongKey) {
		t.Fatalf("with a wrong old key: %v", err)
	}
	store, err := proctor.OpenStore(ctx, during)
	must(t, err)
	defer store.Pool.Close()

	// Killed after the first column, then run again.
	interrupted, stop := context.WithCancel(ctx)
	first, err := proctor.OpenRotation(store).Run(interrupted, func(string, int64) { stop() })
	if !errors.Is(err, context.Canceled) || first.Moved == 0 {
		t.Fatalf("interrupted: %+v, %v", first, err)
	}
	if got, err := personal(ctx, store); err != nil || got == 0 {
		t.Fatalf("between: %d values, %v", got, err)
	}
	second, err := proctor.OpenRotation(store).Run(ctx, func(string, int64) {})
	must(t, err)
	if second.Moved == 0 || len(second.Broken) > 0 {
		t.Fatalf("resumed: %+v", second)
	}
	if third, err := proctor.OpenRotation(store).Run(ctx, func(string, int64) {}); err != nil || third.Moved != 0 || third.Values != second.Values {
		t.Errorf("once more: %+v, %v", third, err)
	}

	// The old key is not needed.
	alone, err := proctor.OpenStore(ctx, after)
	must(t, err)
	defer alone.Pool.Close()
	if got, err := personal(ctx, alone); err != nil || got == 0 {
		t.Errorf("with the new key alone: %d values, %v", got, err)
	}
	if _, err := personal(ctx, h.store); !errors.Is(err, keyring.ErrBroken) {
		t.Errorf("with the old key alone: %v", err)
	}
	objects, err = proctor.OpenArchive(ctx, after, alone)
	must(t, err)
	if got, err := objects.Get(ctx, a.ID, name); err != nil || string(got) != "what was recorded" {
		t.Errorf("a recording: %q, %v", got, err)
	}
	// She is found by her number: look-ups outlive the key.
	all := esiamock.DemoPeople()
	for _, p := range all {
		if p.OID != esiamock.StudentAnna {
			continue
		}
		before, now := h.store.Ring.Lookup("person snils", p.SNILS), alone.Ring.Lookup("person snils", p.SNILS)
		if !bytes.Equal(before, now) {
			t.Error("look-ups have changed with the key")
		}
	}
}

// A value under a key that nobody named is told of, and stays as it is.
func TestRotationTellsOfWhatDoesNotOpen(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t, esiamock.StudentAnna).join(t, true)
	stray, err := keyring.New(bytes.Repeat([]byte{9}, keyring.KeySize))
	must(t, err)
	var id uuid.UUID
	must(t, h.store.Pool.QueryRow(t.Context(), `select id from consent`).Scan(&id))
	lost := stray.Seal("consent "+id.String(), []byte("x"))
	_, err = h.store.Pool.Exec(t.Context(), `update consent set identity = $1`, lost)
	must(t, err)
	report, err := proctor.OpenRotation(h.store).Run(t.Context(), func(string, int64) {})
	must(t, err)
	if len(report.Broken) != 1 || !strings.Contains(report.Broken[0], "consent.identity of "+id.String()) || !strings.Contains(report.Broken[0], h.store.Ring.ID()) {
		t.Errorf("report %+v", report)
	}
	var kept []byte
	must(t, h.store.Pool.QueryRow(t.Context(), `select identity from consent`).Scan(&kept))
	if !bytes.Equal(kept, lost) {
		t.Error("what does not open was changed")
	}
}

// personal reads every personal value of the log, and somebody's card; how many.
func personal(ctx context.Context, store proctor.Store) (int, error) {
	n := 0
	err := store.Log.Each(ctx, ledger.Filter{}, func(r ledger.Row) error {
		n += len(r.Personal)
		return nil
	})
	return n, err
}
