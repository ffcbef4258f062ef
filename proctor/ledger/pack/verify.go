package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"ochno/proctor/ledger"
)

// Trust is what the one who checks knows from elsewhere. Both may be empty.
type Trust struct {
	Key     string // the log's verifier key, as the university publishes it
	Earlier []byte // a signed checkpoint that was kept
}

// Verify checks a package. An error says that it could not be read (the disk, ctx); whatever is wrong with the package itself is in the report.
func Verify(ctx context.Context, r io.ReaderAt, size int64, t Trust) (*Report, error) {
	v := &verification{Report: Report{ByType: map[string]int64{}}, trust: t, heads: map[string][]sealedHead{}}
	files, err := open(r, size)
	if err != nil {
		v.find(Finding{What: err.Error()})
		return &v.Report, nil
	}
	v.files = files
	for _, step := range []func(context.Context) bool{v.signatures, v.vouched, v.tree, v.records, v.segments} {
		if !step(ctx) {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return &v.Report, nil
}

// maxKeyChanges bounds a log's keys: a change each day for years is not meant.
const maxKeyChanges = 1000

// keys reads the key that signed the package, and those before it.
func (v *verification) keys() (ledger.Keys, error) {
	if v.files[fileKeyChanges] == nil {
		return ledger.OneKey(v.Key)
	}
	text, err := v.files.small(fileKeyChanges)
	if err != nil {
		return ledger.Keys{}, err
	}
	var changes []string
	for line := range strings.Lines(string(text)) {
		var change keyChangeLine
		if err := strict([]byte(line), &change); err != nil {
			return ledger.Keys{}, fmt.Errorf("line %d: %w", len(changes)+1, err)
		}
		if changes = append(changes, change.Note); len(changes) > maxKeyChanges {
			return ledger.Keys{}, fmt.Errorf("more than %d changes", maxKeyChanges)
		}
	}
	return ledger.ParseKeys(v.Key, changes)
}

// verification is one run of Verify. Its steps say whether the next one makes sense.
type verification struct {
	Report
	trust   Trust
	files   contents
	earlier *ledger.Checkpoint
	heads   map[string][]sealedHead // by recording
	nHeads  int
}

// fault is a finding about a whole file; it ends the run.
func (v *verification) fault(file string, err error) bool {
	v.find(Finding{File: file, What: err.Error()})
	return false
}

// signatures opens the manifest and the checkpoint with the key.
func (v *verification) signatures(context.Context) bool {
	text := map[string][]byte{}
	for _, name := range []string{fileKey, fileManifest, fileSignature, fileCheckpoint} {
		var err error
		if text[name], err = v.files.small(name); err != nil {
			return v.fault("", err)
		}
	}
	v.Key = strings.TrimSpace(string(text[fileKey]))
	keys, err := v.keys()
	if err != nil && v.files[fileKeyChanges] != nil {
		return v.fault(fileKeyChanges, err)
	}
	if err != nil {
		return v.fault(fileKey, err)
	}
	key := keys.Current()
	if given := strings.TrimSpace(v.trust.Key); given != "" {
		if !keys.Known(given) {
			return v.fault(fileKey, fmt.Errorf("the package says it is signed by the key %q, you trust %q", shorten(v.Key), shorten(given)))
		}
		v.Pinned, v.Succeeded = true, given != v.Key
	}
	if err := strict(text[fileManifest], &v.Manifest); err != nil {
		return v.fault(fileManifest, fmt.Errorf("cannot be read: %w", err))
	}
	m := v.Manifest
	if m.Format != Format {
		return v.fault(fileManifest, fmt.Errorf("the format is %q; this program checks %q", shorten(m.Format), Format))
	}
	if m.Origin != key.Name() {
		return v.fault(fileManifest, fmt.Errorf("it is of the log %q, the key is of %q", shorten(m.Origin), key.Name()))
	}
	signed, err := note.Open(text[fileSignature], note.VerifierList(key))
	if err != nil {
		return v.fault(fileSignature, fmt.Errorf("not signed by the key in %s: %w", fileKey, err))
	}
	ok := true
	if signed.Text != signedText(m.Origin, sha256.Sum256(text[fileManifest])) {
		ok = v.fault(fileManifest, fmt.Errorf("it was changed after it was signed"))
	}
	if v.Checkpoint, err = ledger.OpenCheckpoint(text[fileCheckpoint], key); err != nil {
		return v.fault(fileCheckpoint, err)
	}
	if v.Checkpoint.Size != m.Size {
		ok = v.fault(fileCheckpoint, fmt.Errorf("it signs a tree of %d records, the package was made for one of %d: the checkpoint is another one", v.Checkpoint.Size, m.Size))
	}
	if v.trust.Earlier != nil {
		c, err := keys.Open(v.trust.Earlier)
		if err != nil {
			return v.fault("", fmt.Errorf("your earlier checkpoint: %w", err))
		}
		v.earlier = &c
	}
	return ok
}

// vouched compares the files with the hashes that the manifest has of them.
func (v *verification) vouched(context.Context) bool {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		f, sum := v.files[name], v.Manifest.Files[name]
		switch name {
		case fileManifest, fileSignature, fileRecords, filePersonal, fileLeaves:
			continue
		}
		if f == nil {
			if sum != "" {
				v.find(Finding{File: name, What: "it was removed from the package"})
			}
			continue
		}
		if sum == "" {
			v.find(Finding{File: name, What: "it was added to the package"})
			continue
		}
		r, err := v.files.reader(name)
		if err != nil {
			return v.fault("", err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, r); err != nil {
			return v.fault(name, err)
		}
		if hex.EncodeToString(h.Sum(nil)) != sum {
			v.find(Finding{File: name, What: "it was changed after the package was signed"})
		}
	}
	for _, f := range []struct {
		name string
		want bool
	}{{fileLeaves, v.Manifest.Whole}, {fileProofs, !v.Manifest.Whole}} {
		if there := v.files[f.name] != nil; there != f.want {
			return v.fault("", fmt.Errorf("%s: in the package: %v, by its manifest: %v", f.name, there, f.want))
		}
	}
	return true
}

// tree computes the root of leaves.bin, where all records are in, and holds the earlier checkpoint against it.
func (v *verification) tree(ctx context.Context) bool {
	if !v.Manifest.Whole {
		return v.earlierOfSelection()
	}
	if have, want := v.files[fileLeaves].UncompressedSize64, uint64(v.Checkpoint.Size)*32; have != want {
		v.find(Finding{File: fileLeaves, What: fmt.Sprintf("it has %d bytes; a tree of %d records needs %d", have, v.Checkpoint.Size, want)})
	}
	r, err := v.files.reader(fileLeaves)
	if err != nil {
		return v.fault("", err)
	}
	leaves := &leafReader{r: r}
	var f frontier
	for ctx.Err() == nil {
		leaf := leaves.peek(0)
		if leaf == nil {
			break
		}
		f.add(leaf.hash)
		leaves.advance()
		if v.earlier != nil && f.size == v.earlier.Size && f.root() != v.earlier.Root {
			v.find(Finding{File: fileLeaves, What: fmt.Sprintf("the log's first %d records are not those that your earlier checkpoint signed: the log was built anew", f.size)})
		}
	}
	if f.size == 0 || f.size != v.Checkpoint.Size || f.root() != v.Checkpoint.Root {
		v.find(Finding{File: fileLeaves, What: fmt.Sprintf("these leaves do not have the root that the checkpoint of size %d signed: one was changed, added, removed or moved", v.Checkpoint.Size)})
	}
	if v.earlier != nil {
		if v.earlier.Size > v.Checkpoint.Size {
			return v.fault(fileCheckpoint, fmt.Errorf("your earlier checkpoint signed %d records, this one signs %d: records were cut off, or the package is older", v.earlier.Size, v.Checkpoint.Size))
		}
		v.Earlier = true
	}
	return true
}

// earlierOfSelection: a selection proves nothing of another tree, unless it is the same one.
func (v *verification) earlierOfSelection() bool {
	switch c := v.earlier; {
	case c == nil:
	case c.Size != v.Checkpoint.Size:
		return v.fault(fileCheckpoint, fmt.Errorf("a selection of records cannot be held against an earlier checkpoint of another size (%d): ask for a package of the whole log", c.Size))
	case c.Root != v.Checkpoint.Root:
		return v.fault(fileCheckpoint, fmt.Errorf("your earlier checkpoint of size %d has another root: the log was built anew", c.Size))
	default:
		v.Earlier = true
	}
	return true
}

// strict decodes one JSON value with known fields only and nothing after it.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more after its end")
	}
	return nil
}
