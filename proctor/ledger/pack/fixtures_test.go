package pack

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ochno/proctor/ledger"
)

// The packages in testdata/packages are what the verifier in the browser is tested with (web/src/verify): made here, by a log of its own.
const (
	packages       = "testdata/packages"
	earlierFixture = packages + "/earlier.checkpoint"
	reportsFixture = packages + "/reports.json" // what both verifiers must say of them
)

var fixtures = []string{"exam.zip", "whole.zip", "recordings.zip", "changed-key.zip"}

// summary is what two verifiers must say alike of a package that fits.
type summary struct {
	Records       int64            `json:"records"`
	Values        int64            `json:"values"`
	Erased        int64            `json:"erased"`
	Segments      int64            `json:"segments"`
	Unsealed      int64            `json:"unsealed"`
	Recorded      int64            `json:"recorded"`
	RecordedBytes int64            `json:"recordedBytes"`
	Key           string           `json:"key"`
	ByType        map[string]int64 `json:"byType"`
}

func summarised(r *Report) summary {
	return summary{
		Records: r.Records, Values: r.Values, Erased: r.Manifest.Erased, Segments: r.Segments, Unsealed: r.Unsealed, Recorded: r.Recorded,
		RecordedBytes: r.RecordedBytes, Key: r.Key, ByType: r.ByType,
	}
}

// TestPackagesCheckedIn holds this verifier against the packages that are checked in: versions to come must read them still.
// OCHNO_UPDATE=1 writes those that are not there, and what must be said of all.
func TestPackagesCheckedIn(t *testing.T) {
	if os.Getenv("OCHNO_UPDATE") != "" {
		writePackages(t)
	}
	earlier, err := os.ReadFile(earlierFixture)
	if err != nil {
		t.Fatal(err)
	}
	expected, err := os.ReadFile(reportsFixture)
	if err != nil {
		t.Fatal(err)
	}
	var reports map[string]summary
	if err := json.Unmarshal(expected, &reports); err != nil {
		t.Fatal(err)
	}
	for _, name := range fixtures {
		file, err := os.ReadFile(filepath.Join(packages, name))
		if err != nil {
			t.Fatal(err)
		}
		trust := Trust{}
		if name == "changed-key.zip" {
			trust.Earlier = earlier
		}
		r := check(t, file, trust)
		if have, want := summarised(r), reports[name]; !r.OK() || !reflect.DeepEqual(have, want) || r.Earlier != (trust.Earlier != nil) {
			t.Errorf("%s: %+v; want %+v", name, have, want)
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
		if _, err := os.Stat(filepath.Join(packages, name)); err == nil && name != filepath.Base(reportsFixture) {
			return
		}
		if err := os.WriteFile(filepath.Join(packages, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := newFilled(t)
	exam := l.options(ledger.Filter{Exam: examA})
	exam.Selection = map[string]string{"exam": "algebra"}
	write("exam.zip", l.write(exam))
	exam.Content = contentOf
	write("recordings.zip", l.write(exam))
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

	reports := map[string]summary{}
	for _, name := range fixtures {
		file, err := os.ReadFile(filepath.Join(packages, name))
		if err != nil {
			t.Fatal(err)
		}
		r := check(t, file, Trust{})
		if !r.OK() {
			t.Fatalf("%s: %v", name, r.Findings)
		}
		reports[name] = summarised(r)
	}
	text, err := json.MarshalIndent(reports, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write("reports.json", append(text, '\n'))
}
