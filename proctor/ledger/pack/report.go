package pack

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"ochno/proctor/ledger"
)

// Report is what Verify proved, and everything that does not fit.
type Report struct {
	Manifest   Manifest
	Checkpoint ledger.Checkpoint
	Key        string // that signed the package and the checkpoint
	Pinned     bool   // the key is the one that the caller knew, or took over from it
	Succeeded  bool   // it took over from the one that the caller knew
	ByType     map[string]int64
	Records    int64 // unchanged and in the tree
	Values     int64 // records whose personal values have the sealed hashes
	Segments   int64 // of recordings, in whole chains up to a sealed head
	Unsealed   int64 // segments after the last sealed head: nothing is proved of them
	Recorded   int64 // recorded files in the package, each the one whose hash the log's chain covers
	Earlier    bool  // an earlier checkpoint was given, and the tree begins with the records that it signed
	// RecordedBytes is what the recorded files have together.
	RecordedBytes int64
	Findings      []Finding
	More          int // findings that are not listed
}

// Finding is one thing that does not fit. It holds no personal values.
type Finding struct {
	File   string // in the package; empty: the package itself
	Line   int64  // from 1; 0: none
	Record string // its id as the line says it; empty: none
	What   string
}

func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where += fmt.Sprintf(", line %d", f.Line)
	}
	if f.Record != "" {
		where += ", record " + f.Record
	}
	if where == "" {
		return printable(f.What)
	}
	return printable(where + ": " + f.What)
}

// printable keeps what a file says from speaking to the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// OK tells that everything fits.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// maxFindings bounds the list: who sees fifty knows enough.
const maxFindings = 50

func (r *Report) find(f Finding) {
	if len(r.Findings) == maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Text says in plain words what was proved.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	if !r.OK() {
		b.WriteString("This package does NOT prove what it says. What does not fit:\n")
		for _, f := range r.Findings {
			fmt.Fprintf(&b, "  ✗ %s\n", f)
		}
		if r.More > 0 {
			fmt.Fprintf(&b, "  … and %d more\n", r.More)
		}
		_, err := io.WriteString(w, printable(b.String()))
		return err
	}
	m := r.Manifest
	b.WriteString("Everything fits. Proved:\n")
	if m.Whole {
		fmt.Fprintf(&b, "  ✓ All %d records of the log %q are here, in order; none was changed, added, removed or moved since the checkpoint was signed.\n", r.Records, m.Origin)
	} else {
		fmt.Fprintf(&b, "  ✓ Each of the %d records stands unchanged in the log %q, which had %d records when the checkpoint was signed.\n", r.Records, m.Origin, m.Size)
	}
	types := make([]string, 0, len(r.ByType))
	for t, n := range r.ByType {
		types = append(types, fmt.Sprintf("%s %d", t, n))
	}
	slices.Sort(types)
	fmt.Fprintf(&b, "    By type: %s.\n", strings.Join(types, ", "))
	if r.Values > 0 {
		fmt.Fprintf(&b, "  ✓ The personal values of %d records are those that were sealed with them.\n", r.Values)
	}
	if m.Erased > 0 {
		fmt.Fprintf(&b, "  – The personal values of %d records were erased or left out of this package; the rest of these records is proved.\n", m.Erased)
	}
	if r.Segments > 0 {
		fmt.Fprintf(&b, "  ✓ The hashes of %d recorded segments are those that the log sealed", r.Segments)
		if r.Recorded == 0 {
			b.WriteString(": compare a recording's file with its SHA-256 in segments.jsonl")
		}
		b.WriteString(".\n")
	}
	if r.Recorded > 0 {
		fmt.Fprintf(&b, "  ✓ %d recorded files (%d MB) are in this package, unchanged: any browser plays them from the folder recordings.\n", r.Recorded, (r.RecordedBytes+500_000)/1_000_000)
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(&b, "  – %d segments were recorded after the last seal: nothing is proved of them.\n", r.Unsealed)
	}
	if r.Earlier {
		b.WriteString("  ✓ The log begins with the very records that your earlier checkpoint signed.\n")
	}
	if !m.Whole && len(m.Selection) > 0 {
		keys := make([]string, 0, len(m.Selection))
		for k, v := range m.Selection {
			keys = append(keys, fmt.Sprintf("%q = %q", k, v))
		}
		slices.Sort(keys)
		fmt.Fprintf(&b, "  – A selection (%s). That it leaves out no record which fits is the word of who made it, signed on %s; a package of the whole log proves it.\n",
			strings.Join(keys, ", "), m.MadeAt)
	}
	if r.Succeeded {
		fmt.Fprintf(&b, "  ✓ Signed by a key that took over from the one that you gave; each change is signed by both keys: %s\n", r.Key)
	} else if r.Pinned {
		fmt.Fprintf(&b, "  ✓ Signed by the key that you gave: %s\n", r.Key)
	} else {
		fmt.Fprintf(&b, "Signed by the key\n  %s\nwhich came with the package. Compare it with the one that the university publishes, or give that with --key.\n", r.Key)
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}
