package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var nextMaster = bytes.Repeat([]byte{0x43}, KeySize)

func rings(t *testing.T) (old, both, next *Ring) {
	t.Helper()
	var err error
	old = newRing(t)
	if both, err = New(nextMaster, master); err != nil {
		t.Fatal(err)
	}
	if next, err = New(nextMaster); err != nil {
		t.Fatal(err)
	}
	return old, both, next
}

func TestOldKeysOpenAndDoNotSeal(t *testing.T) {
	old, both, next := rings(t)
	// A value of the first version, sealed before there was more than one key.
	first := unhex(t, "86dbe72d7d718abf70493c3e7c1894ea69844630839eb6ed27c80235bcbac5507c4c6327e03ef4")
	if got, err := both.Unseal("person snils", first); err != nil || string(got) != "11223344595" {
		t.Errorf("the first version's value: %q, %v", got, err)
	}
	sealed := both.Seal("p", []byte("x"))
	if _, err := next.Unseal("p", sealed); err != nil {
		t.Errorf("sealed by both, opened by the new key: %v", err)
	}
	if _, err := old.Unseal("p", sealed); !errors.Is(err, ErrBroken) {
		t.Errorf("sealed by both, opened by the old key: %v", err)
	}
	key, wrapped := old.NewObjectKey("a1")
	if got, err := both.Unwrap("a1", wrapped); err != nil || !bytes.Equal(got, key) {
		t.Errorf("an object key of the old key: %v", err)
	}
	if ids := both.IDs(); len(ids) != 2 || ids[0] != next.ID() || ids[1] != old.ID() || ids[0] == ids[1] || strings.Contains(hex.EncodeToString(master), ids[1]) {
		t.Errorf("names %q", ids)
	}
	for how, harmed := range broken(sealed) {
		if got, err := both.Unseal("p", harmed); !errors.Is(err, ErrBroken) || got != nil {
			t.Errorf("%s: %q, %v; want ErrBroken", how, got, err)
		}
	}
}

func TestReseal(t *testing.T) {
	old, both, next := rings(t)
	name := func(id string) string { return "t " + id }
	value, key := Column{Purpose: name}, Column{Purpose: func(id string) string { return id }, Wrapped: true}
	moved, err := both.Reseal(value, "1", old.Seal("t 1", []byte("x")))
	if err != nil || moved == nil {
		t.Fatalf("moved %v, %v", moved, err)
	}
	if got, err := next.Unseal("t 1", moved); err != nil || string(got) != "x" {
		t.Errorf("after moving: %q, %v", got, err)
	}
	if again, err := both.Reseal(value, "1", moved); err != nil || again != nil {
		t.Errorf("moved twice: %v, %v", again, err)
	}
	secret, wrapped := old.NewObjectKey("a1")
	if moved, err = both.Reseal(key, "a1", wrapped); err != nil {
		t.Fatal(err)
	}
	if got, err := next.Unwrap("a1", moved); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("an object key after moving: %v", err)
	}
	for what, bad := range map[string][]byte{"for another row": old.Seal("t 2", []byte("x")), "an object key": wrapped, "nothing": nil} {
		if got, err := both.Reseal(value, "1", bad); !errors.Is(err, ErrBroken) || got != nil {
			t.Errorf("%s: %v, %v; want ErrBroken", what, got, err)
		}
	}
}

func TestLookupsOutliveTheKey(t *testing.T) {
	old, both, next := rings(t)
	want := old.Lookup("person snils", "11223344595")
	if current, err := both.UseLookup(old.WrapLookup()); err != nil || current {
		t.Fatalf("use: %v, %v", current, err)
	}
	if current, err := next.UseLookup(both.WrapLookup()); err != nil || !current {
		t.Fatalf("use after moving: %v, %v", current, err)
	}
	for _, r := range []*Ring{both, next} {
		if !bytes.Equal(r.Lookup("person snils", "11223344595"), want) {
			t.Error("what was hashed before is not found any more")
		}
	}
	if _, err := next.UseLookup(old.WrapLookup()); !errors.Is(err, ErrBroken) {
		t.Errorf("another installation's: %v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := hex.EncodeToString(master)
	now, next := file("now", text+"\n"), file("next", hex.EncodeToString(nextMaster))
	script := file("agent", "#!/bin/sh\ncat '"+now+"'\n")
	wordy := file("wordy", "#!/bin/sh\nyes "+text+" | head -c 100000\n")
	for _, path := range []string{script, wordy} {
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		source Source
		want   string // part of the error; empty: the first key of our ring
		others int
	}{
		{"a file", Source{File: now}, "", 0},
		{"a file and an old one", Source{File: now, OldFiles: []string{next}}, "", 1},
		{"a command", Source{Command: []string{script}}, "", 0},
		{"a command with words", Source{Command: []string{"cat", now}, OldFiles: []string{next}}, "", 1},
		{"a value", Source{Value: text + "\n"}, "", 0},
		{"nothing", Source{}, "no file, command or value", 0},
		{"a file and a value", Source{File: now, Value: text}, "not several", 0},
		{"a command and a value", Source{Command: []string{script}, Value: text}, "not several", 0},
		{"a command that fails", Source{Command: []string{"false"}}, "the command false", 0},
		{"a command that is not there", Source{Command: []string{filepath.Join(dir, "none")}}, "no such file", 0},
		{"a command that prints no key", Source{Command: []string{"echo", "secret!!"}}, "not hexadecimal", 0},
		{"a command that prints too much", Source{Command: []string{wordy}}, "the command " + wordy, 0},
		{"a wrong value", Source{Value: text[:62]}, "from the environment: want 32 bytes", 0},
		{"an old file that is not there", Source{File: now, OldFiles: []string{filepath.Join(dir, "none")}}, "none", 0},
	} {
		ring, err := Load(t.Context(), c.source)
		if c.want == "" {
			if err != nil || ring.ID() != newRing(t).ID() || len(ring.IDs()) != 1+c.others {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), text[:8]) || strings.Contains(err.Error(), "secret!!") {
			t.Errorf("%s: %v; want one with %q, without the key", c.name, err, c.want)
		}
	}
}
