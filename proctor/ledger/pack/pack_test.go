package pack

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

func TestGoodPackages(t *testing.T) {
	l := newFilled(t)
	for _, c := range []struct {
		name                                string
		filter                              ledger.Filter
		whole                               bool
		records, values, segments, unsealed int64
	}{
		{"the whole log", ledger.Filter{}, true, 10, 7, 3, 1},
		{"an exam", ledger.Filter{Exam: examA}, false, 6, 3, 3, 1},
		{"one type", ledger.Filter{Type: ledger.TypeConsent}, false, 1, 1, 0, 0},
		{"without personal values", ledger.Filter{Type: ledger.TypeRecordingHead}, false, 2, 0, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := l.options(c.filter)
			o.Selection = map[string]string{"test": c.name}
			file := l.write(o)
			r := check(t, file, Trust{Key: l.public})
			if !r.OK() {
				t.Fatalf("it does not verify: %v", r.Findings)
			}
			if r.Manifest.Whole != c.whole || r.Records != c.records || r.Values != c.values || r.Segments != c.segments || r.Unsealed != c.unsealed || !r.Pinned {
				t.Errorf("proved %+v", r)
			}
			var text strings.Builder
			if err := r.Text(&text); err != nil || !strings.HasPrefix(text.String(), "Everything fits.") || strings.Contains(text.String(), oid) {
				t.Errorf("in words: %v\n%s", err, text.String())
			}
			t.Log(text.String())
			if again := l.write(o); !bytes.Equal(again, file) {
				t.Error("the same selection is not the same file")
			}
		})
	}
	if _, err := Write(t.Context(), &bytes.Buffer{}, l.Log, l.options(ledger.Filter{Exam: uuid.Max})); !errors.Is(err, ErrNothing) {
		t.Errorf("an empty selection: %v", err)
	}
	if _, err := Write(t.Context(), &bytes.Buffer{}, newTestLog(t).Log, l.options(ledger.Filter{})); !errors.Is(err, ErrNothing) {
		t.Errorf("an empty log: %v", err)
	}
}

// Trees of every shape: each size has its own edge.
func TestWholeLogsOfEachSize(t *testing.T) {
	l := newTestLog(t)
	var earlier [][]byte
	for size := range 9 {
		l.add(ledger.Entry{Type: ledger.TypeAccess, Data: ledger.Access{What: "log"}})
		l.seal()
		file := l.write(l.options(ledger.Filter{}))
		for _, c := range earlier {
			if r := check(t, file, Trust{Earlier: c}); !r.OK() || !r.Earlier {
				t.Errorf("of %d, with an earlier checkpoint: %v", size+1, r.Findings)
			}
		}
		c, err := l.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		earlier = append(earlier, []byte(c.Note))
	}
}

// A log that was built anew, with the right key, does not fit a checkpoint that was kept.
func TestEarlierCheckpoint(t *testing.T) {
	l := newFilled(t)
	kept, err := l.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	trust := Trust{Key: l.public, Earlier: []byte(kept.Note)}
	finds := func(name string, f ledger.Filter, want string) {
		t.Helper()
		r := check(t, l.write(l.options(f)), trust)
		if r.OK() || !strings.Contains(r.Findings[0].String(), want) {
			t.Errorf("%s: %v; want «%s»", name, r.Findings, want)
		}
	}
	if r := check(t, l.write(l.options(ledger.Filter{Exam: examA})), trust); !r.OK() || !r.Earlier {
		t.Errorf("a selection under the same checkpoint: %v", r.Findings)
	}
	rebuild := func() {
		l.exec(`update ledger_leaf l set leaf = null, hash = sha256('\x00'::bytea || body) from ledger_record r where r.seq = l.seq`)
		l.exec(`truncate ledger_tile, ledger_checkpoint`)
		l.seal()
	}
	l.exec(`with gone as (delete from ledger_leaf where leaf = 1 returning seq) delete from ledger_record where seq in (select seq from gone)`)
	rebuild()
	finds("cut", ledger.Filter{}, "cut off")
	finds("cut, a selection", ledger.Filter{Exam: examA}, "whole log")
	l.add(identification(examA, algebra, "new"))
	rebuild()
	finds("built anew", ledger.Filter{}, "built anew")
	finds("built anew, a selection", ledger.Filter{Exam: examA}, "built anew")
	l.add(identification(examA, algebra, "newer"))
	l.seal()
	finds("built anew and grown", ledger.Filter{}, "built anew")
	trust.Earlier = []byte("rubbish")
	finds("no checkpoint", ledger.Filter{}, "your earlier checkpoint")
}

// A log whose key was changed: who trusts the old key, or keeps a checkpoint by it, checks packages by the new one; a forged change is found.
func TestChangedKey(t *testing.T) {
	l := newTestLog(t)
	path := filepath.Join(t.TempDir(), "log.key")
	if err := ledger.GenerateKey(path, origin); err != nil {
		t.Fatal(err)
	}
	old, err := ledger.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	use := func(key ledger.Key) {
		l.Log, l.signer, l.public = ledger.Open(l.pool, l.ring, key.Public), key.Signer, key.Public
		l.sequencer = ledger.NewSequencer(l.pool, key.Signer, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	}
	use(old)
	l.add(identification(examA, algebra, "j1"))
	l.seal()
	kept, err := l.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := l.RotateKey(t.Context(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	use(fresh)
	l.add(identification(examA, algebra, "j2"))
	l.seal()
	file := l.write(l.options(ledger.Filter{}))
	for name, trust := range map[string]Trust{"nothing": {}, "the new key": {Key: fresh.Public}, "the old key": {Key: old.Public}, "the old key's checkpoint": {Earlier: []byte(kept.Note)}} {
		r := check(t, file, trust)
		if !r.OK() || r.Succeeded != (name == "the old key") || r.Pinned != (trust.Key != "") || r.Earlier != (trust.Earlier != nil) {
			t.Errorf("trusting %s: %+v", name, r)
		}
		var text strings.Builder
		if err := r.Text(&text); err != nil || strings.Contains(text.String(), "took over") != r.Succeeded {
			t.Errorf("in words: %v %s", err, text.String())
		}
	}
	_, _, stranger := newKey(t)
	if r := check(t, file, Trust{Key: stranger}); r.OK() {
		t.Error("a stranger's key is trusted")
	}
	for _, h := range []struct {
		name string
		do   func(u *unpacked)
	}{
		{"the change removed", func(u *unpacked) { u.drop(fileKeyChanges) }},
		{"the change emptied", func(u *unpacked) { u.text[fileKeyChanges] = "" }},
		{"its size changed", func(u *unpacked) { u.replace(fileKeyChanges, `key-change/1\n2\n`, `key-change/1\n9\n`) }},
		{"its old key is a stranger's", func(u *unpacked) { u.replace(fileKeyChanges, old.Public, stranger) }},
		{"its new key is a stranger's", func(u *unpacked) { u.replace(fileKeyChanges, fresh.Public, stranger) }},
		{"doubled", func(u *unpacked) { u.text[fileKeyChanges] += u.text[fileKeyChanges] }},
		{"no line of the format", func(u *unpacked) { u.text[fileKeyChanges] += "{}x\n" }},
	} {
		for _, signed := range []bool{false, true} {
			u := unpack(t, file)
			h.do(u)
			if signed { // whoever has the new key alone cannot make the old one's word
				u.sign(fresh.Signer, nil)
			}
			if r := check(t, u.pack(), Trust{Key: old.Public}); r.OK() {
				t.Errorf("%s, signed anew %v: not found", h.name, signed)
			}
		}
	}
}

// TestShare: personal values that are not to be shared are not in the package, which verifies all the same.
func TestShare(t *testing.T) {
	l := newFilled(t)
	o := l.options(ledger.Filter{})
	o.Share = func(values map[string]ledger.PersonalValue) bool { return values["actor"].Value == "" }
	file := l.write(o)
	if bytes.Contains(file, []byte("Смирнов")) || !bytes.Contains(file, []byte(oid)) {
		t.Error("the package holds a value that is not shared, or lacks one that is")
	}
	r := check(t, file, Trust{})
	if !r.OK() || r.Manifest.Erased != 3 || r.Manifest.Personal != 5 { // of the erased are two looks, and who was erased before
		t.Errorf("report %+v", r)
	}
}
