package archive

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"ochno/proctor/keyring"
)

// Any range of a file is what was written there, and without its key or with a part of it swapped nothing is.
func TestFile(t *testing.T) {
	a := newTestArchive(t)
	key, _ := a.ring.NewObjectKey("export")
	for _, size := range []int{0, 1, partSize - 1, partSize, partSize + 1, 2*partSize + 17} {
		content := make([]byte, size)
		random := rand.New(rand.NewPCG(1, uint64(size)))
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		f := a.File("exports/one", key)
		w := f.Create(t.Context())
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 700_001)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil || w.Size() != int64(size) {
			t.Fatalf("%d bytes: size %d, %v", size, w.Size(), err)
		}
		r := f.Open(t.Context(), w.Size())
		if have, err := io.ReadAll(io.NewSectionReader(r, 0, w.Size())); err != nil || !bytes.Equal(have, content) {
			t.Fatalf("%d bytes: read %d, %v", size, len(have), err)
		}
		for range 20 {
			if size == 0 {
				break
			}
			from := random.IntN(size)
			have := make([]byte, random.IntN(size-from)+1)
			if n, err := r.ReadAt(have, int64(from)); n != len(have) || err != nil || !bytes.Equal(have, content[from:from+n]) {
				t.Fatalf("%d bytes from %d of %d: %d, %v", len(have), from, size, n, err)
			}
		}
		if n, err := r.ReadAt(make([]byte, 1), int64(size)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %d, %v", n, err)
		}
	}
	other, _ := a.ring.NewObjectKey("export")
	if _, err := a.File("exports/one", other).Open(t.Context(), partSize).ReadAt(make([]byte, 1), 0); !errors.Is(err, keyring.ErrBroken) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := a.File("exports/two", key).Open(t.Context(), partSize).ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("of another folder: %v", err)
	}
	if _, err := a.File("exports/one", key).Open(t.Context(), partSize-1).ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a file was taken for a shorter one")
	}
	if err := a.DeleteFolder(t.Context(), "exports/one"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.File("exports/one", key).Open(t.Context(), partSize).ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("after it was deleted: %v", err)
	}
}
