package pack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"ochno/proctor/ledger"
)

// provedLeaf is a leaf that the checkpoint proves: what the line of records.jsonl in its place must hash to.
type provedLeaf struct {
	number int64
	hash   tlog.Hash
}

// leafSource gives the proved leaves in order, with one to look ahead.
type leafSource interface {
	peek(i int) *provedLeaf // i is 0 or 1; nil: no more
	advance()
	fault() error
}

// records goes through records.jsonl, personal.jsonl and the leaves together.
func (v *verification) records(ctx context.Context) bool {
	open := func(name string) io.Reader {
		r, err := v.files.reader(name)
		if err != nil {
			v.fault("", err)
		}
		return r
	}
	recordFile, valueFile := open(fileRecords), open(filePersonal)
	if recordFile == nil || valueFile == nil {
		return false
	}
	var leaves leafSource
	if v.Manifest.Whole {
		r := open(fileLeaves)
		if r == nil {
			return false
		}
		leaves = &leafReader{r: r}
	} else {
		r := open(fileProofs)
		if r == nil {
			return false
		}
		proofs := &proofReader{v: v, lines: readLines(ctx, r, readProofs), last: -1}
		defer proofs.lines.close()
		leaves = proofs
	}
	w := &walk{v: v, records: readLines(ctx, recordFile, readRecords), values: readLines(ctx, valueFile, readValues), leaves: leaves}
	defer w.records.close()
	defer w.values.close()
	for ctx.Err() == nil && w.step() {
	}
	if ctx.Err() != nil {
		return false
	}
	for name, err := range map[string]error{fileRecords: w.records.fault(), filePersonal: w.values.fault(), fileProofs: leaves.fault()} {
		if err != nil {
			v.fault(name, err)
		}
	}
	for ; w.values.peek(0) != nil; w.values.advance() {
		w.findValue("no record of this package belongs to these personal values")
	}
	if w.records.number-1 != v.Manifest.Records {
		v.fault(fileRecords, fmt.Errorf("it has %d records, the package was signed with %d", w.records.number-1, v.Manifest.Records))
	}
	if w.erased != v.Manifest.Erased {
		v.fault(filePersonal, fmt.Errorf("the personal values of %d records are said to be erased, the package was signed with %d", w.erased, v.Manifest.Erased))
	}
	return true
}

// walk goes through the lines of the three files side by side.
type walk struct {
	v       *verification
	records *lines[recordLine]
	values  *lines[valueLine]
	leaves  leafSource
	erased  int64
}

// step takes the next line, or says what became of it.
func (w *walk) step() bool {
	r, leaf := w.records.peek(0), w.leaves.peek(0)
	switch {
	case r == nil && leaf == nil:
		return false
	case leaf == nil:
		w.findRecord(r, "the log has no such record here: it was added")
		w.records.advance()
		return true
	case r == nil:
		w.missing(leaf)
		return true
	case r.hash == leaf.hash:
		w.accept(r, leaf)
		w.records.advance()
		w.leaves.advance()
		return true
	}
	r1, leaf1 := w.records.peek(1), w.leaves.peek(1)
	r = w.records.peek(0) // peeking further may have moved it
	leaf = w.leaves.peek(0)
	switch {
	case r1 != nil && leaf1 != nil && r1.hash == leaf.hash && r.hash == leaf1.hash:
		w.findRecord(r, fmt.Sprintf("this record and the next are swapped: they are leaves %d and %d of the log", leaf1.number, leaf.number))
		w.skipValues(leaf1.number)
		w.records.advance()
		w.records.advance()
		w.leaves.advance()
		w.leaves.advance()
	case leaf1 != nil && r.hash == leaf1.hash:
		w.missing(leaf)
	case r1 != nil && r1.hash == leaf.hash:
		w.findRecord(r, "the log has no such record here: it was added")
		w.records.advance()
	default:
		w.findRecord(r, fmt.Sprintf("it was changed: it is not leaf %d as the log sealed it", leaf.number))
		w.skipValues(leaf.number)
		w.records.advance()
		w.leaves.advance()
	}
	return true
}

func (w *walk) missing(leaf *provedLeaf) {
	w.v.find(Finding{File: fileRecords, Line: w.records.number, What: fmt.Sprintf("leaf %d of the log was removed from here", leaf.number)})
	w.skipValues(leaf.number)
	w.leaves.advance()
}

// accept counts a proved record and holds its personal values against it.
func (w *walk) accept(r *recordLine, leaf *provedLeaf) {
	v := w.v
	v.Records++
	v.count(r.kind)
	if string(r.kind) == string(ledger.TypeRecordingHead) && v.files[fileSegments] != nil {
		v.head(r, w.records.number)
	}
	for p := w.values.peek(0); p != nil && p.leaf < leaf.number; p = w.values.peek(0) {
		if p.bad {
			w.findValue("not a line of the format")
		} else {
			w.findValue("no record of this package belongs to these personal values, or they are out of order")
		}
		w.values.advance()
	}
	p := w.values.peek(0)
	if p == nil || p.leaf != leaf.number {
		if r.personal != nil {
			w.findRecord(r, fmt.Sprintf("its personal values (leaf %d) were removed from %s", leaf.number, filePersonal))
		}
		return
	}
	switch {
	case p.bad:
		w.findValue("not a line of the format")
	case r.personal == nil:
		w.findValue("the record sealed no personal values")
	case p.hashes == nil:
		w.erased++
	case !bytes.Equal(p.hashes, r.personal):
		w.findValue(fmt.Sprintf("the personal values of record %s are not those that were sealed: %s", idOf(r.body), difference(r.personal, p.hashes)))
	default:
		v.Values++
	}
	w.values.advance()
}

// count counts by type; what cannot be a type's name is not kept.
func (v *verification) count(kind []byte) {
	if n, ok := v.ByType[string(kind)]; ok {
		v.ByType[string(kind)] = n + 1
	} else if len(v.ByType) < 64 && fieldName.Match(kind) {
		v.ByType[string(kind)] = 1
	} else {
		v.ByType["?"]++
	}
}

// skipValues passes over the values of records that are not there as they should be.
func (w *walk) skipValues(leaf int64) {
	for p := w.values.peek(0); p != nil && p.leaf <= leaf; p = w.values.peek(0) {
		if p.hashes == nil && !p.bad {
			w.erased++
		}
		w.values.advance()
	}
}

func (w *walk) findRecord(r *recordLine, what string) {
	w.v.find(Finding{File: fileRecords, Line: w.records.number, Record: idOf(r.body), What: what})
}

func (w *walk) findValue(what string) {
	w.v.find(Finding{File: filePersonal, Line: w.values.number, What: what})
}

var uuidText = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// idOf is the id that a line says it is of, if it says one.
func idOf(body []byte) string {
	var record struct{ ID string }
	if json.Unmarshal(body, &record) != nil || !uuidText.MatchString(record.ID) {
		return ""
	}
	return record.ID
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)

// difference names the fields of two objects of hashes that are not the same.
func difference(sealed, have []byte) string {
	var a, b map[string]string
	if json.Unmarshal(sealed, &a) != nil || json.Unmarshal(have, &b) != nil {
		return "they cannot be compared"
	}
	for _, field := range slices.Sorted(maps.Keys(a)) { // one and the same finding each time
		hash := a[field]
		switch other, ok := b[field]; {
		case !ok && fieldName.MatchString(field):
			return fmt.Sprintf("%q is missing", field)
		case other != hash && fieldName.MatchString(field):
			return fmt.Sprintf("%q was changed", field)
		}
	}
	return "fields were added or moved"
}

// leafReader reads leaves.bin: 32 bytes for each leaf.
type leafReader struct {
	r     io.Reader
	buf   *bufio.Reader
	ahead [2]provedLeaf
	have  int
	next  int64
	err   error
}

func (l *leafReader) peek(i int) *provedLeaf {
	if l.buf == nil {
		l.buf = bufio.NewReaderSize(l.r, 256<<10)
	}
	for l.have <= i {
		leaf := &l.ahead[l.have]
		if _, err := io.ReadFull(l.buf, leaf.hash[:]); err != nil {
			if !errors.Is(err, io.EOF) {
				l.err = err
			}
			return nil
		}
		leaf.number = l.next
		l.next++
		l.have++
	}
	return &l.ahead[i]
}

func (l *leafReader) advance() {
	l.ahead[0] = l.ahead[1]
	l.have--
}

func (l *leafReader) fault() error { return l.err }

// proofReader reads proofs.jsonl and checks each proof against the checkpoint.
type proofReader struct {
	v     *verification
	lines *lines[readProof]
	ahead []provedLeaf
	last  int64
}

type readProof struct {
	proofLine
	err error
}

func readProofs(lines [][]byte) []readProof {
	out := make([]readProof, len(lines))
	for i, line := range lines {
		out[i].err = strict(line, &out[i].proofLine)
	}
	return out
}

func (p *proofReader) peek(i int) *provedLeaf {
	for len(p.ahead) <= i {
		line := p.lines.peek(0)
		if line == nil {
			return nil
		}
		number := p.lines.number
		if line.err != nil {
			p.v.find(Finding{File: fileProofs, Line: number, What: "not a line of the format"})
		} else if line.Leaf <= p.last {
			p.v.find(Finding{File: fileProofs, Line: number, What: fmt.Sprintf("leaf %d comes after leaf %d: the proofs are out of order", line.Leaf, p.last)})
		} else if line.Leaf >= p.v.Checkpoint.Size || tlog.CheckRecord(line.Proof, p.v.Checkpoint.Size, p.v.Checkpoint.Root, line.Leaf, line.Hash) != nil {
			p.v.find(Finding{File: fileProofs, Line: number, What: fmt.Sprintf("leaf %d is not proved by the checkpoint of size %d", line.Leaf, p.v.Checkpoint.Size)})
		}
		if line.err == nil {
			p.last = max(p.last, line.Leaf)
		}
		p.ahead = append(p.ahead, provedLeaf{number: line.Leaf, hash: line.Hash})
		p.lines.advance()
	}
	return &p.ahead[i]
}

func (p *proofReader) advance() { p.ahead = p.ahead[1:] }

func (p *proofReader) fault() error { return p.lines.fault() }
