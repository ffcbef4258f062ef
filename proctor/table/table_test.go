package table

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

var zone = time.FixedZone("MSK", 3*3600)

func rows() [][]any {
	return [][]any{
		{"=1+1", int64(-5), 0.25, time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC).In(zone), nil},
		{"Ёлкина; \"Мария\"", int64(7), 1.0, nil, "@x"},
	}
}

func TestCSV(t *testing.T) {
	for separator, want := range map[rune]string{
		0:    "\ufeffА;Б\r\n'=1+1;-5;0,25;01.09.2026 11:30:00;\r\n\"Ёлкина; \"\"Мария\"\"\";7;1;;'@x\r\n",
		'\t': "\ufeffА\tБ\r\n'=1+1\t-5\t0.25\t01.09.2026 11:30:00\t\r\n\"Ёлкина; \"\"Мария\"\"\"\t7\t1\t\t'@x\r\n",
	} {
		var out bytes.Buffer
		c := CSV{Separator: separator}
		if err := c.Head(&out, []string{"А", "Б"}); err != nil {
			t.Fatal(err)
		}
		if err := c.Lines(&out, rows()); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%q; want %q", out.String(), want)
		}
	}
	if err := (CSV{Separator: '|'}).Head(&strings.Builder{}, nil); err == nil {
		t.Error("a separator that no spreadsheet knows was taken")
	}
}

func TestBook(t *testing.T) {
	var out bytes.Buffer
	sheet := Sheet{Name: "Лист", Table: "list"}
	for _, title := range []string{"А", "Б", "В", "Г", "Д"} {
		sheet.Columns = append(sheet.Columns, Column{title, 12})
	}
	b, err := NewBook(&out, sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, row := range rows() {
		if err := b.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish([][]any{{"Что", "Сколько"}, {"Всего", int64(2)}}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct{ sheet, cell, want string }{
		{"Сводка", "B2", "2"},
		{"Лист", "A1", "А"},
		{"Лист", "A2", "=1+1"},
		{"Лист", "B2", "-5"},
		{"Лист", "C2", "0.25"},
		{"Лист", "D2", "01.09.2026 11:30:00"},
		{"Лист", "D3", ""},
	} {
		have, err := f.GetCellValue(c.sheet, c.cell)
		if err != nil || have != c.want {
			t.Errorf("%s!%s is %q, %v; want %q", c.sheet, c.cell, have, err, c.want)
		}
	}
	if formula, err := f.GetCellFormula("Лист", "A2"); err != nil || formula != "" {
		t.Errorf("a text runs as the formula %q, %v", formula, err)
	}
	if tables, err := f.GetTables("Лист"); err != nil || len(tables) != 1 || tables[0].Range != "A1:E3" {
		t.Errorf("tables %+v, %v", tables, err)
	}
}
