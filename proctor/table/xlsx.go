package table

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"
)

// ErrTooManyRows is returned when rows do not fit a sheet of XLSX.
var ErrTooManyRows = fmt.Errorf("a sheet of XLSX has at most %d rows: choose a smaller selection, or CSV", excelize.TotalRows)

const sheetSummary = "Сводка"

// Column is one of a sheet.
type Column struct {
	Title string
	Width float64 // in characters
}

// Sheet is how a book's rows are called.
type Sheet struct {
	Name    string // as people read it
	Table   string // as formulas read it, a Latin word
	Columns []Column
}

// Book streams rows into a workbook of two sheets, a summary and the rows, with a frozen head and filters; what does not fit into memory waits in a
// temporary file of the service's own until Close.
type Book struct {
	out    io.Writer
	sheet  Sheet
	file   *excelize.File
	stream *excelize.StreamWriter
	row    int // written last, from 1
	date   int // style
	head   int
}

// NewBook begins one. It must be closed.
func NewBook(out io.Writer, sheet Sheet) (_ *Book, err error) {
	b := &Book{out: out, sheet: sheet, file: excelize.NewFile()}
	defer func() {
		if err != nil {
			b.Close()
			err = fmt.Errorf("XLSX: %w", err)
		}
	}()
	if err := b.file.SetSheetName("Sheet1", sheetSummary); err != nil {
		return nil, err
	}
	if _, err := b.file.NewSheet(sheet.Name); err != nil {
		return nil, err
	}
	format := "dd.mm.yyyy hh:mm:ss"
	if b.date, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return nil, err
	}
	if b.head, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, err
	}
	if b.stream, err = b.file.NewStreamWriter(sheet.Name); err != nil {
		return nil, err
	}
	header := make([]any, len(sheet.Columns))
	for i, c := range sheet.Columns {
		if err := b.stream.SetColWidth(i+1, i+1, c.Width); err != nil {
			return nil, err
		}
		header[i] = excelize.Cell{StyleID: b.head, Value: c.Title}
	}
	if err := b.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	return b, b.set(header)
}

func (b *Book) set(cells []any) error {
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

// Write adds a row; its cells are the book's afterwards.
func (b *Book) Write(cells []any) error {
	for i, v := range cells {
		if at, ok := v.(time.Time); ok {
			// A sheet knows no zones: it is given the clock on the wall.
			_, offset := at.Zone()
			cells[i] = excelize.Cell{StyleID: b.date, Value: at.UTC().Add(time.Duration(offset) * time.Second)}
		}
	}
	return b.set(cells)
}

// Finish writes the file out. The first row of the summary is its head.
func (b *Book) Finish(summary [][]any) error {
	if b.row > 1 {
		end, err := excelize.CoordinatesToCellName(len(b.sheet.Columns), b.row)
		if err != nil {
			return err
		}
		if err := b.stream.AddTable(&excelize.Table{Range: "A1:" + end, Name: b.sheet.Table, StyleName: "TableStyleLight1"}); err != nil {
			return fmt.Errorf("XLSX: %w", err)
		}
	}
	if err := errors.Join(b.stream.Flush(), b.summary(summary)); err != nil {
		return fmt.Errorf("XLSX: %w", err)
	}
	// The library makes the whole file in memory before it writes a byte: it is given a ZIP that goes straight out.
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(b.out) })
	if _, err := b.file.WriteToBuffer(); err != nil {
		return fmt.Errorf("XLSX: %w", err)
	}
	return nil
}

func (b *Book) summary(rows [][]any) error {
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

// Close removes the temporary file.
func (b *Book) Close() { _ = b.file.Close() }
