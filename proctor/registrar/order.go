package registrar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"ochno/proctor/archive"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

// FormatPackage is an order's format beside the log's own.
const FormatPackage = "package"

// Order is an export of the log that is made later.
type Order struct {
	Format       string    `json:"format"`              // csv, xlsx, jsonl, package
	Separator    string    `json:"separator,omitempty"` // of CSV: semicolon (default), comma, tab
	Selection    Selection `json:"selection,omitzero"`
	Organisation uuid.UUID `json:"organisation,omitzero"` // whose records; zero: the installation has one organisation
	Recordings   bool      `json:"recordings,omitempty"`  // of a package: with the recorded files, which are not encrypted there
}

// ErrRecordingsOfOne: recordings go into packages alone, of one exam, attempt or student.
var ErrRecordingsOfOne = errors.New("recordings are given in a package of one exam, attempt or student")

// Filter is what the order selects. *FieldError, ErrRecordingsOfOne.
func (o Order) Filter() (ledger.Filter, error) {
	filter, err := o.Selection.Filter()
	if err != nil {
		return filter, err
	}
	filter.Organisation = o.Organisation
	if o.Recordings && (o.Format != FormatPackage || !ofOne(filter)) {
		return filter, ErrRecordingsOfOne
	}
	return filter, nil
}

func ofOne(f ledger.Filter) bool {
	return f.Exam != uuid.Nil || f.Attempt != uuid.Nil || f.Subject != uuid.Nil
}

// Words are the selection for the log and a package's manifest.
func (o Order) Words() map[string]string {
	words := o.Selection.Words()
	if o.Organisation != uuid.Nil {
		words["organisation"] = o.Organisation.String()
	}
	return words
}

// Separators are the names of CSV's separators.
var Separators = map[string]rune{"": ';', "semicolon": ';', "comma": ',', "tab": '\t'}

// Make writes what was ordered and tells now and then which part of it is done, 0…1.
func (p Papers) Make(ctx context.Context, o Order, w io.Writer, progress func(float64)) error {
	filter, err := o.Filter()
	if err != nil {
		return err
	}
	records, err := p.Log.Count(ctx, filter, math.MaxInt64)
	if err != nil {
		return err
	}
	if o.Format != FormatPackage {
		_, err := p.Log.Export(ctx, w, ledger.ExportOptions{
			Filter: filter, Format: ledger.Format(o.Format), Separator: Separators[o.Separator], Zone: p.Zone,
			Progress: func(n int) { progress(float64(n) / float64(max(records, 1))) },
		})
		return err
	}
	expected := records * recordBytes
	if o.Recordings {
		m, err := p.Measure(ctx, filter, 0)
		if err != nil {
			return err
		}
		expected += m.Bytes
	}
	options := p.packageOptions(filter, o.Words())
	if o.Recordings {
		options.Content = p.content
	}
	written := &counter{of: expected, to: 0.6, tell: progress}
	_, err = pack.Write(ctx, io.MultiWriter(w, written), p.Log, options)
	return err
}

// recordBytes is about what a record takes in a package, proofs and personal values included. It serves to tell how far a package is.
const recordBytes = 3000

// Check holds a finished file against what it says; tables say nothing of themselves.
func (p Papers) Check(ctx context.Context, o Order, r io.ReaderAt, size int64, progress func(float64)) error {
	if o.Format != FormatPackage {
		return nil
	}
	_, err := p.verified(ctx, &countedReaderAt{r: r, counter: counter{of: size, from: 0.6, to: 1, tell: progress}}, size)
	return err
}

// verified checks a package that was just written: what does not verify is an error.
func (p Papers) verified(ctx context.Context, r io.ReaderAt, size int64) (*pack.Report, error) {
	report, err := pack.Verify(ctx, r, size, pack.Trust{Key: p.Key.Public})
	if err != nil {
		return nil, err
	}
	if !report.OK() {
		var text strings.Builder
		if err := report.Text(&text); err != nil {
			return report, err
		}
		return report, fmt.Errorf("the package does not verify, so it is not given out; see ochno log verify: %s", text.String())
	}
	return report, nil
}

// Measure is how much there is to export.
type Measure struct {
	Records    int64 // at most as many as were counted
	Recordings int64
	Files      int64 // of recordings
	Bytes      int64 // of those
}

// Measure counts the selected records, at most so many, and where a selection of one exam, attempt or student allows to have them, the recordings.
func (p Papers) Measure(ctx context.Context, f ledger.Filter, most int64) (Measure, error) {
	var m Measure
	var err error
	if most > 0 {
		if m.Records, err = p.Log.Count(ctx, f, most); err != nil {
			return m, err
		}
	}
	if !ofOne(f) || f.Type != "" && f.Type != ledger.TypeRecordingHead {
		return m, nil
	}
	f.Type = ledger.TypeRecordingHead
	c, err := p.Log.Latest(ctx)
	if errors.Is(err, ledger.ErrEmpty) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	seen := map[string]bool{}
	var ids []uuid.UUID
	err = p.Log.EachBody(ctx, f, c.Size, func(_ int64, body []byte) error {
		var record struct {
			Data ledger.RecordingHead `json:"data"`
		}
		if err := json.Unmarshal(body, &record); err != nil {
			return fmt.Errorf("a recording's head: %w", err)
		}
		if seen[record.Data.Recording] {
			return nil
		}
		seen[record.Data.Recording] = true
		id, err := uuid.Parse(record.Data.Recording)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return m, err
	}
	m.Recordings = int64(len(ids))
	m.Files, m.Bytes, err = p.Index.Measure(ctx, ids)
	return m, err
}

// content gives a recorded file as it was recorded.
func (p Papers) content(ctx context.Context, s pack.Segment) ([]byte, error) {
	id, err := uuid.Parse(s.Recording)
	if err != nil {
		return nil, fmt.Errorf("a recording's id: %w", err)
	}
	if p.Recorded == nil {
		return nil, errors.New("the store of recordings is not open")
	}
	file, err := p.Recorded.Segment(ctx, id, s.Number)
	if errors.Is(err, archive.ErrDestroyed) {
		return nil, pack.ErrGone
	}
	return file, err
}

// counter tells the share of bytes that went through, as a part of a larger work.
type counter struct {
	n, of    int64
	from, to float64
	tell     func(float64)
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	c.tell(c.from + (c.to-c.from)*min(1, float64(c.n)/float64(max(c.of, 1))))
	return len(p), nil
}

// countedReaderAt tells how much was read. Safe for concurrent use.
type countedReaderAt struct {
	r  io.ReaderAt
	mu sync.Mutex
	counter
}

// ReadAt implements io.ReaderAt.
func (c *countedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(p[:n])
	return n, err
}
