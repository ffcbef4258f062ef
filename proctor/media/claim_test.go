package media

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestClaimSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	first, err := ClaimSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimSpool(dir); !errors.Is(err, ErrSpoolTaken) {
		t.Errorf("claimed twice: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := ClaimSpool(dir)
	if err != nil || again.ID != first.ID {
		t.Fatalf("after a restart: %v, %v; want %s", again, err, first.ID)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, claimName), []byte("half a na"), 0o600); err != nil {
		t.Fatal(err)
	}
	mended, err := ClaimSpool(dir)
	if err != nil || mended.ID == first.ID {
		t.Fatalf("after a crash in the middle: %v, %v", mended, err)
	}
	if err := mended.Release(); err != nil {
		t.Fatal(err)
	}
	if last, err := ClaimSpool(dir); err != nil || last.ID != mended.ID {
		t.Errorf("%v, %v; want %s", last, err, mended.ID)
	}
}
