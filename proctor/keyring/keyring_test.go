package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// master is a fixed key, so that what was sealed under it once must open for ever.
var master = bytes.Repeat([]byte{0x42}, KeySize)

func newRing(t *testing.T) *Ring {
	t.Helper()
	r, err := New(master)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// broken gives every way in which sealed data may have been harmed.
func broken(sealed []byte) map[string][]byte {
	all := map[string][]byte{
		"nothing":         nil,
		"one byte":        sealed[:1],
		"the nonce alone": sealed[:12],
		"cut at the end":  sealed[:len(sealed)-1],
		"cut in front":    sealed[1:],
		"longer by one":   append(slices.Clone(sealed), 0),
		"twice":           append(slices.Clone(sealed), sealed...),
	}
	for _, at := range []int{0, 11, 12, len(sealed) / 2, len(sealed) - 1} {
		changed := slices.Clone(sealed)
		changed[at] ^= 1
		all["bit changed in byte "+hex.EncodeToString([]byte{byte(at)})] = changed
	}
	return all
}

// box is one of the three ways to seal, bound to a name.
type box struct {
	seal func(name string, plain []byte) []byte
	open func(name string, sealed []byte) ([]byte, error)
}

func boxes(t *testing.T, r *Ring) map[string]box {
	t.Helper()
	key, _ := r.NewObjectKey("a1")
	return map[string]box{
		"personal": {r.Seal, r.Unseal},
		"object": {
			func(name string, plain []byte) []byte {
				sealed, err := SealObject(key, name, plain)
				if err != nil {
					t.Fatal(err)
				}
				return sealed
			},
			func(name string, sealed []byte) ([]byte, error) { return OpenObject(key, name, sealed) },
		},
	}
}

func TestSealedOpensForItsNameOnly(t *testing.T) {
	for what, b := range boxes(t, newRing(t)) {
		t.Run(what, func(t *testing.T) {
			for _, plain := range [][]byte{[]byte("Иванова Мария"), {}, bytes.Repeat([]byte("0123456789"), 100_000)} {
				sealed := b.seal("person snils", plain)
				got, err := b.open("person snils", sealed)
				if err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("%d bytes come back as %d bytes, %v", len(plain), len(got), err)
				}
				if len(plain) > 0 && bytes.Contains(sealed, plain[:10]) {
					t.Error("the plain text stands in the sealed data")
				}
				if bytes.Equal(sealed, b.seal("person snils", plain)) {
					t.Error("sealing twice gives the same bytes, so equal values are seen to be equal")
				}
				for _, other := range []string{"", "person snil", "person snils ", "consent"} {
					if got, err := b.open(other, sealed); !errors.Is(err, ErrBroken) || got != nil {
						t.Errorf("opened for %q: %q, %v; want ErrBroken", other, got, err)
					}
				}
			}
		})
	}
}

func TestHarmedDataIsRefused(t *testing.T) {
	for what, b := range boxes(t, newRing(t)) {
		sealed := b.seal("name", []byte("nine one one"))
		for how, harmed := range broken(sealed) {
			if got, err := b.open("name", harmed); !errors.Is(err, ErrBroken) || got != nil {
				t.Errorf("%s, %s: %q, %v; want ErrBroken", what, how, got, err)
			}
		}
	}
}

func TestAnotherMasterOpensNothing(t *testing.T) {
	ours := newRing(t)
	theirs, err := New(bytes.Repeat([]byte{0x43}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Unseal("p", ours.Seal("p", []byte("x"))); !errors.Is(err, ErrBroken) {
		t.Errorf("personal: %v; want ErrBroken", err)
	}
	_, wrapped := ours.NewObjectKey("a1")
	if _, err := theirs.Unwrap("a1", wrapped); !errors.Is(err, ErrBroken) {
		t.Errorf("object key: %v; want ErrBroken", err)
	}
	if bytes.Equal(theirs.Lookup("p", "x"), ours.Lookup("p", "x")) {
		t.Error("the look-up's hash does not depend on the key")
	}
}

func TestObjectKeyBelongsToItsAttempt(t *testing.T) {
	r := newRing(t)
	key, wrapped := r.NewObjectKey("a1")
	if len(key) != KeySize || bytes.Contains(wrapped, key) {
		t.Fatalf("a key of %d bytes, wrapped in plain: %v", len(key), bytes.Contains(wrapped, key))
	}
	if got, err := r.Unwrap("a1", wrapped); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("unwrapped: %x, %v; want %x", got, err, key)
	}
	if got, err := r.Unwrap("a2", wrapped); !errors.Is(err, ErrBroken) || got != nil {
		t.Errorf("unwrapped for another attempt: %x, %v; want ErrBroken", got, err)
	}
	for how, harmed := range broken(wrapped) {
		if got, err := r.Unwrap("a1", harmed); !errors.Is(err, ErrBroken) || got != nil {
			t.Errorf("%s: %x, %v; want ErrBroken", how, got, err)
		}
	}
	second, _ := r.NewObjectKey("a1")
	if bytes.Equal(second, key) {
		t.Error("two object keys are the same")
	}
	sealed, err := SealObject(key, "name", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenObject(second, "name", sealed); !errors.Is(err, ErrBroken) {
		t.Errorf("opened with another object key: %v; want ErrBroken", err)
	}
}

// What is derived for one use must be of no use for another, even under the same name.
func TestDerivationsAreDistinct(t *testing.T) {
	r := newRing(t)
	key, wrapped := r.NewObjectKey("same")
	if _, err := r.Unseal("same", wrapped); !errors.Is(err, ErrBroken) {
		t.Errorf("a wrapped key opens as a personal value: %v", err)
	}
	if _, err := r.Unwrap("same", r.Seal("same", key)); !errors.Is(err, ErrBroken) {
		t.Errorf("a personal value opens as a wrapped key: %v", err)
	}
	for what, k := range map[string][]byte{"the master key": master, "the look-up key": r.lookup} {
		if _, err := OpenObject(k, "same", wrapped); !errors.Is(err, ErrBroken) {
			t.Errorf("%s opens a wrapped key: %v", what, err)
		}
		if _, err := OpenObject(k, "same", r.Seal("same", key)); !errors.Is(err, ErrBroken) {
			t.Errorf("%s opens a personal value: %v", what, err)
		}
	}
	if bytes.Equal(r.lookup, master) {
		t.Error("look-ups use the master key itself")
	}
}

func TestLookup(t *testing.T) {
	r := newRing(t)
	one := r.Lookup("person snils", "11223344595")
	if !bytes.Equal(one, r.Lookup("person snils", "11223344595")) {
		t.Error("the same value has two hashes")
	}
	for _, other := range [][2]string{{"person snils", "11223344596"}, {"person passport", "11223344595"}, {"person snils1", "1223344595"}, {"person snils\x001", "1223344595"}} {
		if bytes.Equal(one, r.Lookup(other[0], other[1])) {
			t.Errorf("%q has the same hash", other)
		}
	}
}

// What databases hold already must go on opening: these values were made by the first version.
func TestSealedByTheFirstVersionOpens(t *testing.T) {
	r := newRing(t)
	if got, err := r.Unseal("person snils", unhex(t, "86dbe72d7d718abf70493c3e7c1894ea69844630839eb6ed27c80235bcbac5507c4c6327e03ef4")); err != nil || string(got) != "11223344595" {
		t.Errorf("personal value: %q, %v", got, err)
	}
	key, err := r.Unwrap("a1", unhex(t, "0deec14d99c6b0e677a5d54d6765affffda4c51f2ee4444340eb90b2ddfc8182642b3264107bdfdb1778c8290f1eb3828843d60cc9ab6f21d798cff9"))
	if err != nil || hex.EncodeToString(key) != "5a331a45ba39134022b90aa27e063e311575170e059684e70f735de3c8aef4b5" {
		t.Errorf("object key: %x, %v", key, err)
	}
	if got := hex.EncodeToString(r.Lookup("person snils", "11223344595")); got != "e020c5f5573fe057c95c97c3ab1181ca573f241a948a86e6c1d7613f7042ecf4" {
		t.Errorf("look-up: %s", got)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysOfAnotherLengthAreRefused(t *testing.T) {
	for _, n := range []int{0, 16, 24, 31, 33, 64} {
		if _, err := New(make([]byte, n)); err == nil {
			t.Errorf("a master key of %d bytes is taken", n)
		}
		if _, err := SealObject(make([]byte, n), "name", nil); err == nil {
			t.Errorf("an object is sealed with a key of %d bytes", n)
		}
		if _, err := OpenObject(make([]byte, n), "name", make([]byte, 64)); err == nil || errors.Is(err, ErrBroken) {
			t.Errorf("opening with a key of %d bytes: %v; want an error that names the length", n, err)
		}
	}
}

func TestOpen(t *testing.T) {
	text := hex.EncodeToString(master)
	for _, c := range []struct {
		name, content string
		mode          fs.FileMode
		want          string // part of the error; empty: opens
	}{
		{"as Generate writes it", text + "\n", 0o600, ""},
		{"without a line end", text, 0o600, ""},
		{"read-only", text, 0o400, ""},
		{"Windows line end", text + "\r\n", 0o600, ""},
		{"the group may read", text, 0o640, "chmod 600"},
		{"everybody may read", text, 0o604, "chmod 600"},
		{"the group may write", text, 0o620, "chmod 600"},
		{"empty", "", 0o600, "want 32 bytes"},
		{"too short", text[:62], 0o600, "want 32 bytes"},
		{"too long", text + "00", 0o600, "want 32 bytes"},
		{"half a digit", text[:63], 0o600, "not hexadecimal"},
		{"no key at all", strings.Repeat("secret!!", 8), 0o600, "not hexadecimal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			ring, err := Open(path)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := newRing(t).Unseal("p", ring.Seal("p", nil)); err != nil {
					t.Errorf("the key read is not the one in the file: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v; want one with %q", err, c.want)
			}
			if len(c.content) > 8 && strings.Contains(err.Error(), c.content[:8]) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v; want fs.ErrNotExist", err)
	}
}

func TestGenerate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master")
	if err := Generate(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v; want 0600", info.Mode().Perm())
	}
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if err := Generate(path); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(first, again) {
		t.Errorf("a key that was there was overwritten (%v)", err)
	}

	other := filepath.Join(t.TempDir(), "master")
	if err := Generate(other); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(other); err != nil || bytes.Equal(first, second) {
		t.Errorf("two installations have the same key (%v)", err)
	}
	// Even what is no key at all is somebody's file.
	rubbish := filepath.Join(t.TempDir(), "master")
	if err := os.WriteFile(rubbish, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(rubbish); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(rubbish); err != nil || len(text) != 0 {
		t.Errorf("an empty file was overwritten with %d bytes (%v)", len(text), err)
	}
}

func TestGenerateInAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(filepath.Join(file, "master")); err == nil {
		t.Error("a key was written below a file")
	}
}
