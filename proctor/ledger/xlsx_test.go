package ledger

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func TestXLSX(t *testing.T) {
	l := newTestLog(t)
	e := identification()
	e.At = time.Date(2026, 9, 1, 21, 59, 59, 0, time.UTC)
	e.Personal["student"] = "=1+1"
	l.add(e)
	l.seal()
	l.add(Entry{Type: TypeAccess, At: e.At.Add(time.Second), Data: Access{What: "log"}})
	text := l.export(2, ExportOptions{Format: XLSX, Zone: time.FixedZone("MSK", 3*3600)})
	book, err := excelize.OpenReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	cell := func(sheet, at, want string, kind excelize.CellType) {
		t.Helper()
		got, err := book.GetCellValue(sheet, at)
		have, err2 := book.GetCellType(sheet, at)
		if err != nil || err2 != nil || got != want || have != kind {
			t.Errorf("%s %s is %q of type %v, %v %v; want %q of type %v", sheet, at, got, have, err, err2, want, kind)
		}
	}
	for i, name := range csvHeader {
		at, _ := excelize.CoordinatesToCellName(i+1, 1)
		cell(sheetLog, at, name, excelize.CellTypeInlineString)
	}
	cell(sheetLog, "B2", "0", excelize.CellTypeUnset)
	cell(sheetLog, "C2", "02.09.2026 00:59:59", excelize.CellTypeUnset) // a number, shown as a date
	cell(sheetLog, "G2", "=1+1", excelize.CellTypeInlineString)         // text, not a formula
	cell(sheetLog, "L2", "2", excelize.CellTypeUnset)
	cell(sheetLog, "M2", "0.99995", excelize.CellTypeUnset)
	cell(sheetLog, "I2", oid, excelize.CellTypeInlineString) // a number of 10 digits that is none
	cell(sheetLog, "B3", "", excelize.CellTypeUnset)
	cell("Сводка", "C2", "1", excelize.CellTypeUnset)
	cell("Сводка", "C4", "2", excelize.CellTypeUnset)
	if formula, err := book.GetCellFormula(sheetLog, "G2"); formula != "" || err != nil {
		t.Errorf("a formula: %q, %v", formula, err)
	}
	if panes, err := book.GetPanes(sheetLog); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header is not frozen: %+v, %v", panes, err)
	}
	if tables, err := book.GetTables(sheetLog); err != nil || len(tables) != 1 || tables[0].Range != "A1:Y3" {
		t.Errorf("the filter: %+v, %v", tables, err)
	}

	var empty bytes.Buffer
	if n, err := l.Export(t.Context(), &empty, ExportOptions{Format: XLSX, Filter: Filter{Exam: examB}}); n != 0 || err != nil {
		t.Errorf("an empty selection: %d, %v", n, err)
	}
	if _, err := excelize.OpenReader(&empty); err != nil {
		t.Error(err)
	}
}
