package demo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

// TestVerifyStory checks a package of the demonstration's log in a browser, from the service and from a saved page, and one with a byte changed.
func TestVerifyStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, true)
	store := openStore(t, d)
	err := pgx.BeginFunc(t.Context(), store.Pool, func(tx pgx.Tx) error {
		for range 3 {
			entry := ledger.Entry{Type: ledger.TypeAccess, At: time.Now(), Outcome: "exported", Data: ledger.Access{What: "log"}, Personal: map[string]string{"actor": "Соколова Мария Сергеевна"}}
			if _, err := store.Log.Append(t.Context(), tx, entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waitSealed(t, store)
	folder := t.TempDir()
	good, broken, saved := filepath.Join(folder, "good.zip"), filepath.Join(folder, "broken.zip"), filepath.Join(folder, "verify.html")
	var file bytes.Buffer
	made, err := pack.Write(t.Context(), &file, store.Log, pack.Options{Filter: ledger.Filter{}, Signer: store.Key.Signer, PublicKey: store.Key.Public, At: time.Now(), Software: "story"})
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(file.Bytes(), []byte(`"schema":1`), []byte(`"schema":2`), 1)
	if bytes.Equal(changed, file.Bytes()) {
		t.Fatal("the package has no record to change")
	}
	for path, content := range map[string][]byte{good: file.Bytes(), broken: changed} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var facts struct{ Good, Broken, Saved, Taken string }
	play(t, d, "verify.mjs", map[string]any{"packages": map[string]string{"good": good, "broken": broken}, "key": store.Key.Public, "saved": saved, "folder": folder}, &facts)
	if !strings.Contains(facts.Good, "Всё сходится") || !strings.Contains(facts.Good, "Подписано ключом, который вы указали") || made.Records == 0 {
		t.Errorf("of the good package the page says:\n%s", facts.Good)
	}
	if !strings.Contains(facts.Broken, "records.jsonl, строка 1, запись ") || !strings.Contains(facts.Broken, "запись изменили") {
		t.Errorf("of the broken package the page says:\n%s", facts.Broken)
	}
	if !strings.Contains(facts.Saved, "Всё сходится") || !strings.Contains(facts.Taken, "Всё сходится") {
		t.Errorf("the saved page says:\n%s\nand of what the registrar took away:\n%s", facts.Saved, facts.Taken)
	}
}
