package ledger

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"
)

// ErrTooManyRows is returned when a selection does not fit a sheet of XLSX.
var ErrTooManyRows = fmt.Errorf("a sheet of XLSX has at most %d rows: choose a smaller selection, or CSV", excelize.TotalRows)

const (
	sheetLog     = "Журнал"
	sheetSummary = "Сводка"
)

// xlsxBook streams rows into a workbook; what does not fit into memory waits in a temporary file of the service's own until close.
type xlsxBook struct {
	out    io.Writer
	file   *excelize.File
	stream *excelize.StreamWriter
	zone   *time.Location
	row    int // written last, from 1
	date   int // style
	head   int
	counts map[[2]string]int64 // by type and outcome
	first  time.Time
	last   time.Time
}

func newXLSX(out io.Writer, o ExportOptions) (_ *xlsxBook, err error) {
	b := &xlsxBook{out: out, file: excelize.NewFile(), zone: o.Zone, counts: map[[2]string]int64{}}
	defer func() {
		if err != nil {
			b.close()
			err = fmt.Errorf("XLSX: %w", err)
		}
	}()
	if err := b.file.SetSheetName("Sheet1", sheetSummary); err != nil {
		return nil, err
	}
	if _, err := b.file.NewSheet(sheetLog); err != nil {
		return nil, err
	}
	format := "dd.mm.yyyy hh:mm:ss"
	if b.date, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return nil, err
	}
	if b.head, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, err
	}
	if b.stream, err = b.file.NewStreamWriter(sheetLog); err != nil {
		return nil, err
	}
	for _, w := range []struct {
		from, to int
		width    float64
	}{{1, 1, 38}, {2, 2, 8}, {3, 3, 19}, {4, 5, 16}, {6, 7, 34}, {8, 11, 16}, {12, 17, 12}, {18, len(csvHeader), 20}} {
		if err := b.stream.SetColWidth(w.from, w.to, w.width); err != nil {
			return nil, err
		}
	}
	if err := b.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	header := make([]any, len(csvHeader))
	for i, name := range csvHeader {
		header[i] = excelize.Cell{StyleID: b.head, Value: name}
	}
	return b, b.set(header)
}

func (b *xlsxBook) set(cells []any) error {
	b.row++
	if b.row > excelize.TotalRows {
		return ErrTooManyRows
	}
	at, err := excelize.CoordinatesToCellName(1, b.row)
	if err != nil {
		return err
	}
	return b.stream.SetRow(at, cells)
}

func (l *Log) exportXLSX(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	book, err := newXLSX(w, o)
	if err != nil {
		return 0, err
	}
	defer book.close()
	n := 0
	err = eachPart(ctx, l, o.Filter, func(records []storedRecord) ([][]any, error) {
		rows := make([][]any, len(records))
		for i, s := range records {
			var err error
			if rows[i], err = l.columns(s, o.Zone); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}, func(rows [][]any) error {
		for _, cells := range rows {
			if err := book.write(cells); err != nil {
				return err
			}
		}
		n += len(rows)
		o.Progress(n)
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, book.finish()
}

// write adds a row of columns' cells.
func (b *xlsxBook) write(cells []any) error {
	at := cells[columnAt].(time.Time)
	b.counts[[2]string{cells[columnType].(string), cells[columnOutcome].(string)}]++
	if b.first.IsZero() || at.Before(b.first) {
		b.first = at
	}
	if at.After(b.last) {
		b.last = at
	}
	// A sheet knows no zones: it is given the clock on the wall.
	_, offset := at.Zone()
	cells[columnAt] = excelize.Cell{StyleID: b.date, Value: at.UTC().Add(time.Duration(offset) * time.Second)}
	return b.set(cells)
}

func (b *xlsxBook) finish() error {
	if b.row > 1 {
		end, err := excelize.CoordinatesToCellName(len(csvHeader), b.row)
		if err != nil {
			return err
		}
		if err := b.stream.AddTable(&excelize.Table{Range: "A1:" + end, Name: "log", StyleName: "TableStyleLight1"}); err != nil {
			return fmt.Errorf("XLSX: %w", err)
		}
	}
	if err := errors.Join(b.stream.Flush(), b.summary()); err != nil {
		return fmt.Errorf("XLSX: %w", err)
	}
	// The library makes the whole file in memory before it writes a byte: it is given a ZIP that goes straight out.
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(b.out) })
	if _, err := b.file.WriteToBuffer(); err != nil {
		return fmt.Errorf("XLSX: %w", err)
	}
	return nil
}

// summary fills the first sheet: the numbers of records by type and outcome.
func (b *xlsxBook) summary() error {
	rows := [][]any{{"Вид", "Итог", "Записей"}}
	total := int64(0)
	keys := slices.SortedFunc(maps.Keys(b.counts), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	for _, k := range keys {
		rows = append(rows, []any{k[0], k[1], b.counts[k]})
		total += b.counts[k]
	}
	rows = append(rows, []any{"Всего", "", total})
	if total > 0 {
		const layout = "02.01.2006 15:04:05 -07:00"
		rows = append(rows, []any{}, []any{"Первая запись", b.first.In(b.zone).Format(layout)}, []any{"Последняя запись", b.last.In(b.zone).Format(layout)})
	}
	for i, cells := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := b.file.SetSheetRow(sheetSummary, at, &cells); err != nil {
			return err
		}
	}
	return errors.Join(b.file.SetColWidth(sheetSummary, "A", "B", 28), b.file.SetRowStyle(sheetSummary, 1, 1, b.head))
}

// close removes the temporary file.
func (b *xlsxBook) close() { _ = b.file.Close() }
