package pack

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ochno/proctor/ledger"
)

// The packages in testdata/packages are what the verifier in the browser is tested with (web/src/verify): made here, by a log of its own.
const (
	packages       = "testdata/packages"
	earlierFixture = packages + "/earlier.checkpoint"
)

// TestPackagesCheckedIn holds this verifier against the packages that are checked in: versions to come must read them still.
// OCHNO_UPDATE=1 writes them anew.
func TestPackagesCheckedIn(t *testing.T) {
	if os.Getenv("OCHNO_UPDATE") != "" {
		writePackages(t)
	}
	earlier, err := os.ReadFile(earlierFixture)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Report{
		"exam.zip":        {Records: 6, Values: 3, Segments: 3, Unsealed: 1},
		"whole.zip":       {Records: 10, Values: 7, Segments: 3, Unsealed: 1},
		"changed-key.zip": {Records: 3, Values: 2, Earlier: true},
	} {
		file, err := os.ReadFile(filepath.Join(packages, name))
		if err != nil {
			t.Fatal(err)
		}
		trust := Trust{}
		if want.Earlier {
			trust.Earlier = earlier
		}
		r := check(t, file, trust)
		if !r.OK() || r.Records != want.Records || r.Values != want.Values || r.Segments != want.Segments || r.Unsealed != want.Unsealed || r.Earlier != want.Earlier {
			t.Errorf("%s: %+v", name, r)
		}
		broken := bytes.Replace(file, []byte(`"outcome":"match"`), []byte(`"outcome":"mbtch"`), 1)
		if r := check(t, broken, trust); r.OK() || !strings.Contains(r.Findings[0].String(), "changed") {
			t.Errorf("%s, one byte changed: %v", name, r.Findings)
		}
	}
}

func writePackages(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(packages, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(packages, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := newFilled(t)
	exam := l.options(ledger.Filter{Exam: examA})
	exam.Selection = map[string]string{"exam": "algebra"}
	write("exam.zip", l.write(exam))
	write("whole.zip", l.write(l.options(ledger.Filter{})))

	changed := newTestLog(t)
	path := filepath.Join(t.TempDir(), "log.key")
	if err := ledger.GenerateKey(path, origin); err != nil {
		t.Fatal(err)
	}
	key, err := ledger.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	use := func(key ledger.Key) {
		changed.Log, changed.signer, changed.public = ledger.Open(changed.pool, changed.ring, key.Public), key.Signer, key.Public
		changed.sequencer = ledger.NewSequencer(changed.pool, key.Signer, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	}
	use(key)
	changed.add(identification(examA, algebra, "j1"))
	changed.seal()
	kept, err := changed.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write("earlier.checkpoint", []byte(kept.Note))
	fresh, err := changed.RotateKey(t.Context(), path, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	use(fresh)
	changed.add(identification(examA, algebra, "j2"))
	changed.seal()
	write("changed-key.zip", changed.write(changed.options(ledger.Filter{})))
}
