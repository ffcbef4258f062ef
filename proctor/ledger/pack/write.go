package pack

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ochno/proctor/ledger"
)

// Options say what goes into a package.
type Options struct {
	Filter    ledger.Filter
	Selection map[string]string // the filter in words, for the manifest; no personal values
	Signer    note.Signer       // the log's
	PublicKey string            // the log's verifier key, in the form of signed notes
	At        time.Time
	Software  string
	// Share tells whether a record's personal values may be in the package; where not, they stand in it as erased ones do. Nil: all may.
	Share func(values map[string]ledger.PersonalValue) bool
	// Segments gives the stored segments of a recording in order; nil leaves segments.jsonl out.
	Segments func(ctx context.Context, recording string, fn func(Segment) error) error
	// Content gives a segment's recorded file, to be in the package as it is; nil leaves all out. ErrGone says that it cannot be read any more.
	Content func(ctx context.Context, s Segment) ([]byte, error)
	// Sheet writes the sheet of identification as PDF; nil leaves it out.
	Sheet func(ctx context.Context, w io.Writer, c ledger.Checkpoint) error
}

// ErrNothing is returned when the selection has no sealed record.
var ErrNothing = errors.New("nothing that was sealed fits the selection")

// ErrGone is Content's: the file was destroyed, and the package goes without it.
var ErrGone = errors.New("the recorded file was destroyed")

// ErrTooManyFiles is returned when the recordings of a selection have more files than a package may.
var ErrTooManyFiles = fmt.Errorf("a package has at most %d recorded files: choose a smaller selection", maxFiles)

// maxFiles bounds a package's recorded files: about eleven days of segments, and what reading its directory takes.
const maxFiles = 100_000

// maxRecordings bounds what writing and checking remember of recordings: about 20 MB.
const maxRecordings = 100_000

//go:embed README.ru.md README.en.md
var readmes embed.FS

// Write streams a package of the sealed records that the filter selects, under the newest checkpoint. On an error w holds a part of a file.
func Write(ctx context.Context, w io.Writer, log *ledger.Log, o Options) (Manifest, error) {
	keys, err := log.Keys(ctx)
	if err != nil {
		return Manifest{}, err
	}
	checkpoint, err := log.Latest(ctx)
	if errors.Is(err, ledger.ErrEmpty) {
		return Manifest{}, ErrNothing
	}
	if err != nil {
		return Manifest{}, err
	}
	p := &writer{
		zip: zip.NewWriter(w), log: log, o: o, keys: keys, checkpoint: checkpoint, recordings: map[string]bool{}, files: map[string]bool{},
		manifest: Manifest{
			Format: Format, Origin: o.Signer.Name(), Size: checkpoint.Size, Selection: o.Selection, MadeAt: o.At.UTC().Format(time.RFC3339),
			Software: o.Software, Files: map[string]string{},
		},
	}
	for _, step := range []func(context.Context) error{p.words, p.records, p.proofs, p.personal, p.recorded, p.segments, p.sheet, p.seal} {
		if err := step(ctx); err != nil {
			return p.manifest, err
		}
	}
	if err := p.zip.Close(); err != nil {
		return p.manifest, fmt.Errorf("end the package: %w", err)
	}
	return p.manifest, nil
}

type writer struct {
	zip        *zip.Writer
	log        *ledger.Log
	o          Options
	keys       ledger.Keys
	checkpoint ledger.Checkpoint
	manifest   Manifest
	recordings map[string]bool // of which a head was sealed in this package
	order      []string        // the same, as they come
	files      map[string]bool // recorded files that are in the package
}

// file streams one file of the package; its hash goes into the manifest when the manifest has to vouch for it.
func (p *writer) file(name string, vouch bool, fill func(io.Writer) error) error {
	out, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: p.o.At.UTC()})
	if err != nil {
		return fmt.Errorf("package: %w", err)
	}
	var sum hash.Hash
	if vouch {
		sum = sha256.New()
		out = io.MultiWriter(out, sum)
	}
	buffered := bufio.NewWriterSize(out, 256<<10)
	if err := fill(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("package: %w", err)
	}
	if vouch {
		p.manifest.Files[name] = hex.EncodeToString(sum.Sum(nil))
	}
	return nil
}

func (p *writer) text(name string, vouch bool, text []byte) error {
	return p.file(name, vouch, func(w io.Writer) error { _, err := w.Write(text); return err })
}

func (p *writer) words(context.Context) error {
	for _, name := range []string{fileReadmeRU, fileReadmeEN} {
		text, err := readmes.ReadFile(name)
		if err != nil {
			return err
		}
		if err := p.text(name, true, text); err != nil {
			return err
		}
	}
	if err := p.text(fileKey, true, []byte(p.o.PublicKey+"\n")); err != nil {
		return err
	}
	if len(p.keys.Changes()) > 0 {
		if err := p.file(fileKeyChanges, true, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			for _, signed := range p.keys.Changes() {
				if err := enc.Encode(keyChangeLine{signed}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return p.text(fileCheckpoint, true, []byte(p.checkpoint.Note))
}

// records writes the sealed bytes, a record a line: canonical JSON has no line breaks, so a line is what its leaf's hash covers.
func (p *writer) records(ctx context.Context) error {
	err := p.file(fileRecords, false, func(w io.Writer) error {
		return p.log.EachBody(ctx, p.o.Filter, p.checkpoint.Size, func(_ int64, body []byte) error {
			p.manifest.Records++
			if err := p.remember(body); err != nil {
				return err
			}
			if _, err := w.Write(body); err != nil {
				return err
			}
			_, err := w.Write([]byte{'\n'})
			return err
		})
	})
	if err == nil && p.manifest.Records == 0 {
		return ErrNothing
	}
	p.manifest.Whole = p.manifest.Records == p.checkpoint.Size
	return err
}

// remember keeps the recordings whose heads are among the records.
func (p *writer) remember(body []byte) error {
	if p.o.Segments == nil {
		return nil
	}
	if _, kind := tail(body); string(kind) != string(ledger.TypeRecordingHead) {
		return nil
	}
	var record struct{ Data ledger.RecordingHead }
	if err := json.Unmarshal(body, &record); err != nil {
		return fmt.Errorf("a recording's head: %w", err)
	}
	if id := record.Data.Recording; !p.recordings[id] {
		if len(p.order) == maxRecordings {
			return fmt.Errorf("more than %d recordings: make a package per exam, or one without recordings", maxRecordings)
		}
		p.recordings[id] = true
		p.order = append(p.order, id)
	}
	return nil
}

func (p *writer) proofs(ctx context.Context) error {
	if p.manifest.Whole {
		return p.file(fileLeaves, false, func(w io.Writer) error {
			return p.log.LeafHashes(ctx, p.checkpoint.Size, func(h tlog.Hash) error { _, err := w.Write(h[:]); return err })
		})
	}
	return p.file(fileProofs, true, func(w io.Writer) error {
		prover := p.log.Prover(p.checkpoint.Size)
		enc := json.NewEncoder(w)
		return p.log.EachBody(ctx, p.o.Filter, p.checkpoint.Size, func(leaf int64, body []byte) error {
			proof, err := prover.Prove(ctx, leaf)
			if err != nil {
				return err
			}
			if proof == nil {
				proof = tlog.RecordProof{}
			}
			return enc.Encode(proofLine{Leaf: leaf, Hash: tlog.RecordHash(body), Proof: proof})
		})
	})
}

func (p *writer) personal(ctx context.Context) error {
	return p.file(filePersonal, false, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return p.log.EachPersonal(ctx, p.o.Filter, p.checkpoint.Size, func(leaf int64, values map[string]ledger.PersonalValue) error {
			if values == nil || p.o.Share != nil && !p.o.Share(values) {
				p.manifest.Erased++
				return enc.Encode(erasedLine{Leaf: leaf, Erased: true})
			}
			p.manifest.Personal++
			return enc.Encode(personalLine{Leaf: leaf, Fields: values})
		})
	})
}

// recorded writes the recorded files themselves; segments.jsonl after them names those that are there.
func (p *writer) recorded(ctx context.Context) error {
	if p.o.Segments == nil || p.o.Content == nil {
		return nil
	}
	for _, id := range p.order {
		if err := p.o.Segments(ctx, id, func(s Segment) error {
			content, err := p.o.Content(ctx, s)
			if errors.Is(err, ErrGone) {
				return nil
			}
			if err != nil {
				return err
			}
			if len(p.files) == maxFiles {
				return ErrTooManyFiles
			}
			name := fileOf(id, s.Number)
			p.files[name] = true
			return p.text(name, false, content)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (p *writer) segments(ctx context.Context) error {
	if p.o.Segments == nil {
		return nil
	}
	return p.file(fileSegments, true, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, id := range p.order {
			if err := p.o.Segments(ctx, id, func(s Segment) error {
				p.manifest.Segments++
				if name := fileOf(id, s.Number); p.files[name] {
					s.File = name
				}
				return enc.Encode(s)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *writer) sheet(ctx context.Context) error {
	if p.o.Sheet == nil {
		return nil
	}
	return p.file(fileSheet, true, func(w io.Writer) error { return p.o.Sheet(ctx, w, p.checkpoint) })
}

// seal writes the manifest and signs it.
func (p *writer) seal(context.Context) error {
	text, err := json.MarshalIndent(p.manifest, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	signed, err := note.Sign(&note.Note{Text: signedText(p.manifest.Origin, sha256.Sum256(text))}, p.o.Signer)
	if err != nil {
		return fmt.Errorf("sign the package: %w", err)
	}
	if err := p.text(fileManifest, false, text); err != nil {
		return err
	}
	return p.text(fileSignature, false, signed)
}
