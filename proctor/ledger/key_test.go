package ledger

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestKeySignsWhatItsPublicHalfOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "log")
	if err := GenerateKey(path, testOrigin); err != nil {
		t.Fatal(err)
	}
	key, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if key.Signer.Name() != testOrigin || !strings.HasPrefix(key.Public, testOrigin+"+") {
		t.Errorf("the key of %q, public %q; want %q", key.Signer.Name(), key.Public, testOrigin)
	}
	signed, err := note.Sign(&note.Note{Text: "text\n"}, key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key.Public)
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]note.Verifier{"the public text": verifier, "the key's verifier": key.Verifier} {
		if opened, err := note.Open(signed, note.VerifierList(v)); err != nil || opened.Text != "text\n" {
			t.Errorf("%s opens %v, %v", what, opened, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode().Perm(), err)
	}

	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := GenerateKey(path, "another.test/log"); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a key that was there was overwritten (%v)", err)
	}
	if again, err := OpenKey(path); err != nil || again.Public != key.Public {
		t.Errorf("the public half was overwritten: %q, %v", again.Public, err)
	}
}

func TestGenerateKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, origin := range []string{"", "with space", "with+plus", "with\nline"} {
		path := filepath.Join(dir, "log")
		if err := GenerateKey(path, origin); err == nil {
			t.Errorf("the origin %q is taken", origin)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the origin %q left a file: %v", origin, err)
		}
	}

	// The private half was lost: a new key would overwrite the only thing that still checks the old checkpoints.
	path := filepath.Join(dir, "lost")
	if err := GenerateKey(path, testOrigin); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := GenerateKey(path, testOrigin); err == nil || !strings.Contains(err.Error(), "lost.pub") {
		t.Errorf("a lost private half: %v; want an error that names the file", err)
	}
	if after, err := os.ReadFile(path + ".pub"); err != nil || !bytes.Equal(public, after) {
		t.Errorf("the public half was changed (%v)", err)
	}
}

func TestOpenKeyRefuses(t *testing.T) {
	// generate makes a pair and returns its private path.
	generate := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "log")
		if err := GenerateKey(path, testOrigin); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put := func(t *testing.T, path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		harm func(t *testing.T, path string)
		want string
	}{
		{"no private half", func(t *testing.T, path string) { os.Remove(path) }, "no such file"},
		{"no public half", func(t *testing.T, path string) { os.Remove(path + ".pub") }, "no such file"},
		{"others may read it", func(t *testing.T, path string) { os.Chmod(path, 0o644) }, "chmod 600"},
		{"the private half is empty", func(t *testing.T, path string) { put(t, path, "") }, "not a signed-note key"},
		{"the private half is rubbish", func(t *testing.T, path string) { put(t, path, "PRIVATE+KEY+a+b+c\n") }, "not a signed-note key"},
		{"the public half is rubbish", func(t *testing.T, path string) { put(t, path+".pub", "a+b+c\n") }, "log.pub"},
		{"the public half is another key's", func(t *testing.T, path string) {
			other, err := os.ReadFile(generate(t) + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			put(t, path+".pub", string(other))
		}, "another key's"},
		{"the halves are exchanged", func(t *testing.T, path string) {
			public, err := os.ReadFile(path + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			put(t, path, string(public))
		}, "not a signed-note key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := generate(t)
			private, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c.harm(t, path)
			_, err = OpenKey(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v; want one with %q", err, c.want)
			}
			if secret := string(private)[len(private)-20 : len(private)-1]; strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}
