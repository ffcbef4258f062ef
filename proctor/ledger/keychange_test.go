package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// keyed is a log whose key is in a file, as an installation has it.
type keyed struct {
	*testLog
	path string
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	l := newTestLog(t)
	k := &keyed{testLog: l, path: filepath.Join(t.TempDir(), "log.key")}
	if err := GenerateKey(k.path, testOrigin); err != nil {
		t.Fatal(err)
	}
	k.reopen()
	return k
}

// reopen is the service started anew.
func (k *keyed) reopen() Key {
	k.t.Helper()
	key, err := OpenKey(k.path)
	if err != nil {
		k.t.Fatal(err)
	}
	k.Log, k.signer, k.verifier = Open(k.pool, k.ring, key.Public), key.Signer, key.Verifier
	k.sequencer = k.newSequencer()
	return key
}

func (k *keyed) rotate() Key {
	k.t.Helper()
	key, err := k.RotateKey(k.t.Context(), k.path, k.now)
	if err != nil {
		k.t.Fatal(err)
	}
	return key
}

func TestRotateKey(t *testing.T) {
	k := newKeyed(t)
	k.add(accesses(3)...)
	k.seal()
	before, err := k.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.add(accesses(2)...) // these wait while the key changes
	old, running := k.reopen(), k.sequencer
	fresh := k.rotate()
	if fresh.Public == old.Public || fresh.Signer.Name() != testOrigin {
		t.Fatalf("the new key is %s", fresh.Public)
	}
	if kept, err := OpenKey(k.path + ".until-6"); err != nil || kept.Public != old.Public {
		t.Errorf("the old key's files: %v", err)
	}
	if left, _ := filepath.Glob(k.path + ".next*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}

	// The service that runs seals nothing more, and says why.
	k.add(accesses(1)...)
	if n, err := running.Sequence(t.Context()); !errors.Is(err, ErrKeyChanged) || n != 0 {
		t.Errorf("with the old key: %d, %v", n, err)
	}
	if _, err := k.Latest(t.Context()); err == nil || !strings.Contains(err.Error(), "key was changed") {
		t.Errorf("a log that was opened with the old key: %v", err)
	}
	k.reopen()
	k.seal()
	if report, err := k.verify(); err != nil || report.Size != 7 || report.Pending != 0 {
		t.Fatalf("after the change: %+v, %v", report, err)
	}
	if rows := k.rows(Filter{Type: TypeKeyChange}); len(rows) != 1 || *rows[0].Leaf != 5 || !strings.Contains(string(rows[0].Body), fresh.Public) {
		t.Errorf("the record of the change: %+v", rows)
	}
	keys, err := k.Keys(t.Context())
	if err != nil || !keys.Known(old.Public) || !keys.Known(fresh.Public) || keys.Known("x") || keys.Current().KeyHash() != fresh.Verifier.KeyHash() {
		t.Fatalf("keys: %+v, %v", keys, err)
	}
	if c, err := keys.Open([]byte(before.Note)); err != nil || c.Root != before.Root {
		t.Errorf("a checkpoint from before: %v", err)
	}

	// And once more.
	k.rotate()
	k.reopen()
	k.add(accesses(1)...)
	k.seal()
	kept := before
	if report, err := k.Verify(t.Context(), kept); err != nil || report.Size != 9 || report.Earlier != 1 {
		t.Errorf("after two changes: %+v, %v", report, err)
	}
	latest, err := k.Latest(t.Context())
	if err != nil || latest.Size != 9 {
		t.Errorf("latest: %+v, %v", latest, err)
	}
}

// Who has an old key can sign nothing after its end.
func TestAnOldKeySignsNothingMore(t *testing.T) {
	k := newKeyed(t)
	k.add(accesses(2)...)
	k.seal()
	old := k.signer
	k.rotate()
	k.reopen()
	k.add(accesses(1)...)
	k.seal()
	if _, err := k.verify(); err != nil {
		t.Fatal(err)
	}
	latest, err := k.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := harmable{testLog: k.testLog}
	forged := h.sign(old, latest.Size, latest.Root)
	keys, err := k.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open([]byte(forged)); err == nil {
		t.Error("a checkpoint by the old key, after its end, opens")
	}
	k.exec(`update ledger_checkpoint set note = $1 where size = $2`, forged, latest.Size)
	if _, err := k.verify(); err == nil || !strings.Contains(err.Error(), "checkpoint of size 4") {
		t.Errorf("found as %v", err)
	}
}

// Cut off anywhere, it goes on where it was.
func TestRotateKeyAfterACut(t *testing.T) {
	names := func(k *keyed) (list []string) {
		found, _ := filepath.Glob(k.path + "*")
		for _, f := range found {
			list = append(list, filepath.Base(f))
		}
		return list
	}
	for name, cut := range map[string]func(k *keyed, old, fresh string){
		"before the database was asked": func(k *keyed, _, _ string) {
			if err := GenerateKey(k.path+".next", testOrigin); err != nil {
				k.t.Fatal(err)
			}
		},
		"before the files were moved": func(k *keyed, old, fresh string) {
			k.rotate()
			for _, half := range []string{"", ".pub"} {
				k.move(k.path+half, k.path+".next"+half)
				k.move(k.path+".until-3"+half, k.path+half)
			}
		},
		"between the last two moves": func(k *keyed, old, fresh string) {
			k.rotate()
			k.move(k.path+".pub", k.path+".next.pub")
			text, err := os.ReadFile(k.path + ".until-3.pub")
			if err == nil {
				err = os.WriteFile(k.path+".pub", text, 0o644)
			}
			if err != nil {
				k.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeyed(t)
			k.t = t
			k.add(accesses(2)...)
			k.seal()
			cut(k, "", "")
			k.rotate()
			k.reopen()
			k.add(accesses(1)...)
			k.seal()
			if report, err := k.verify(); err != nil || report.Size != 4 {
				t.Errorf("%+v, %v", report, err)
			}
			if n := value[int](k.testLog, `select count(*) from ledger_key_change`); n != 1 {
				t.Errorf("%d changes", n)
			}
			if got := strings.Join(names(k), " "); got != "log.key log.key.pub log.key.until-3 log.key.until-3.pub" {
				t.Errorf("files: %s", got)
			}
		})
	}
}

func (k *keyed) move(from, to string) {
	k.t.Helper()
	if err := os.Rename(from, to); err != nil {
		k.t.Fatal(err)
	}
}

func TestParseKeysRefuses(t *testing.T) {
	type pair struct {
		signer note.Signer
		public string
	}
	key := func(origin string) pair {
		signer, _, public := newNoteKey(t, origin)
		return pair{signer, public}
	}
	a, b, c, foreign := key(testOrigin), key(testOrigin), key(testOrigin), key("other.test/log")
	change := func(size int64, from, to pair, by ...note.Signer) string {
		signed, err := note.Sign(&note.Note{Text: keyChangeText(size, from.public, to.public)}, by...)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	ab, bc := change(5, a, b, a.signer, b.signer), change(9, b, c, b.signer, c.signer)
	if _, err := ParseKeys(c.public, []string{ab, bc}); err != nil {
		t.Fatalf("a right chain: %v", err)
	}
	if _, err := ParseKeys(a.public, nil); err != nil {
		t.Fatalf("one key: %v", err)
	}
	for name, test := range map[string]struct {
		public  string
		changes []string
	}{
		"no key":                  {"rubbish", nil},
		"a change to another key": {a.public, []string{ab}},
		"the first left out is fine, but a gap is not": {c.public, []string{ab, change(9, a, c, a.signer, c.signer)}},
		"not signed by the old key":                    {b.public, []string{change(5, a, b, b.signer)}},
		"not signed by the new key":                    {b.public, []string{change(5, a, b, a.signer)}},
		"signed by a stranger":                         {b.public, []string{change(5, a, b, c.signer)}},
		"going back":                                   {c.public, []string{ab, change(4, b, c, b.signer, c.signer)}},
		"the order turned":                             {c.public, []string{bc, ab}},
		"to a key of another log":                      {foreign.public, []string{change(5, a, foreign, a.signer, foreign.signer)}},
		"a size changed after signing":                 {b.public, []string{strings.Replace(ab, "\n5\n", "\n6\n", 1)}},
		"a negative size":                              {b.public, []string{change(-1, a, b, a.signer, b.signer)}},
		"a checkpoint in its place":                    {b.public, []string{(&harmable{testLog: &testLog{t: t}}).sign(a.signer, 5, [32]byte{})}},
		"empty":                                        {b.public, []string{""}},
	} {
		if _, err := ParseKeys(test.public, test.changes); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
