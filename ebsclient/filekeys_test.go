package ebsclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ochno/ebsclient"
)

func TestFileKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.pem")
	if _, err := ebsclient.NewFileKeys(path, nil); err == nil {
		t.Error("a file that is not there was taken")
	}
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	write := func(data []byte) {
		t.Helper()
		at = at.Add(time.Second) // a new file has another time, however fast it was written
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	key := func(kid string) []byte {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: map[string]string{"Kid": kid}, Bytes: der})
	}
	write(key("one"))
	keys, err := ebsclient.NewFileKeys(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	has := func(kid string) bool {
		t.Helper()
		found, err := keys.Keys(context.Background(), kid)
		if err != nil {
			t.Fatal(err)
		}
		return len(found) == 1
	}
	if !has("one") || has("two") {
		t.Error("the first file's keys are others")
	}
	write(append(key("one"), key("two")...))
	if !has("one") || !has("two") {
		t.Error("a key that was added is not known")
	}
	write([]byte("rubbish"))
	if !has("two") {
		t.Error("a broken file took the keys away")
	}
	write(key("two"))
	if has("one") || !has("two") {
		t.Error("a key that was taken out still serves")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !has("two") {
		t.Error("a file that is gone took the keys away")
	}
}
