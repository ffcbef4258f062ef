package paper

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"ochno/proctor/ledger"
)

// Millimetres on a landscape A4.
const (
	margin    = 10.0
	bottom    = 190.0 // where rows end
	rowHeight = 5.0
	pageWidth = 297 - 2*margin
)

// column is one of a table.
type column struct {
	title string
	width float64
	align string
}

// erasedName stands where a name was erased.
const erasedName = "(данные удалены)"

var sheetColumns = []column{
	{"№", 10, "R"},
	{"Студент", 77, "L"},
	{"Группа", 30, "L"},
	{"Проверок", 20, "R"},
	{"Оценка", 25, "R"},
	{"Итог", 57, "L"},
	{"Время", 35, "L"},
	{"Лист журнала", 23, "R"},
}

// Write renders the sheet as PDF.
func (s Sheet) Write(w io.Writer) error {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	f := newPDF("L", "Ведомость идентификации", s.At)
	f.SetAutoPageBreak(false, 0)
	f.SetFooterFunc(func() {
		footer(f, fmt.Sprintf("Экзамен %s. Контрольная точка журнала: %d записей.", s.Exam.Code, s.Checkpoint.Size))
	})
	f.AddPage()
	titles(f, s.Organisation, "Ведомость идентификации", fmt.Sprintf("Экзамен: %s (%s)", s.Exam.Title, s.Exam.Code), s.Act, "Составлена "+stamp(s.At, zone))
	header(f, sheetColumns)
	for i, student := range s.Students {
		row(f, i+1, student, zone)
	}
	s.totals(f)
	if err := proof(f, s.Checkpoint, s.Key, pageWidth); err != nil {
		return err
	}
	if err := f.Output(w); err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	return nil
}

// newPDF begins a paper, the same for the same facts.
func newPDF(orientation, title string, at time.Time) *fpdf.Fpdf {
	f := fpdf.New(orientation, "mm", "A4", "")
	f.SetCreationDate(at)
	f.SetModificationDate(at)
	f.SetCatalogSort(true)
	f.SetTitle(title, true)
	f.AddUTF8FontFromBytes("go", "", goregular.TTF)
	f.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	f.SetMargins(margin, margin, margin)
	f.AliasNbPages("{pages}")
	return f
}

func footer(f *fpdf.Fpdf, text string) {
	f.SetY(-12)
	f.SetFont("go", "", 8)
	f.CellFormat(pageWidth-40, 4, printable(text), "", 0, "L", false, 0, "")
	f.CellFormat(40, 4, fmt.Sprintf("Страница %d из {pages}", f.PageNo()), "", 0, "R", false, 0, "")
}

// titles are the head of the first page: the organisation, the paper's name, and lines about it, empty ones left out.
func titles(f *fpdf.Fpdf, organisation, title string, lines ...string) {
	f.SetFont("go", "", 11)
	f.MultiCell(pageWidth, 5.5, printable(organisation), "", "C", false)
	f.Ln(2)
	f.SetFont("go", "B", 14)
	f.MultiCell(pageWidth, 7, title, "", "C", false)
	f.SetFont("go", "", 10)
	for _, line := range lines {
		if line != "" {
			f.MultiCell(pageWidth, 5, printable(line), "", "C", false)
		}
	}
	f.Ln(3)
}

func stamp(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("02.01.2006 15:04:05 -07:00")
}

func header(f *fpdf.Fpdf, columns []column) {
	f.SetFont("go", "B", 8)
	f.SetFillColor(235, 235, 235)
	for _, c := range columns {
		f.CellFormat(c.width, 7, c.title, "1", 0, "C", true, 0, "")
	}
	f.Ln(-1)
}

func row(f *fpdf.Fpdf, number int, s Student, zone *time.Location) {
	name, score, at, leaf := printable(s.Name), "–", "–", "–"
	if name == "" {
		name = erasedName
	}
	if s.Overall != nil {
		score = decimal(*s.Overall)
	}
	if !s.At.IsZero() {
		at, leaf = s.At.In(zone).Format("02.01.2006 15:04:05"), strconv.FormatInt(s.Leaf, 10)
	}
	cells(f, sheetColumns, []string{strconv.Itoa(number), name, printable(s.Group), strconv.Itoa(s.Tries), score, s.Outcome.String(), at, leaf})
}

// cells draws a row as high as its longest text, on a new page where it does not fit.
func cells(f *fpdf.Fpdf, columns []column, texts []string) {
	f.SetFont("go", "", 8)
	lines := make([][]string, len(texts))
	high := 1
	for i, text := range texts {
		lines[i] = f.SplitText(text, columns[i].width-2)
		high = max(high, len(lines[i]))
	}
	height := float64(high) * rowHeight
	if f.GetY()+height > bottom {
		f.AddPage()
		header(f, columns)
		f.SetFont("go", "", 8)
	}
	x, y := margin, f.GetY()
	for i, c := range columns {
		f.Rect(x, y, c.width, height, "D")
		for j, line := range lines[i] {
			f.SetXY(x, y+float64(j)*rowHeight)
			f.CellFormat(c.width, rowHeight, line, "", 0, c.align, false, 0, "")
		}
		x += c.width
	}
	f.SetXY(margin, y+height)
}

func (s Sheet) totals(f *fpdf.Fpdf) {
	var by [len(outcomeWords)]int
	for _, student := range s.Students {
		by[student.Outcome]++
	}
	var counts []string
	for outcome := Outcome(len(outcomeWords) - 1); outcome >= None; outcome-- {
		counts = append(counts, fmt.Sprintf("%s: %d", outcome, by[outcome]))
	}
	totals(f, fmt.Sprintf("Всего студентов: %d", len(s.Students)), counts, "Проктор", "Сотрудник учебной части")
}

// totals and the lines for signatures stay together, with what proof prints after them.
func totals(f *fpdf.Fpdf, all string, counts []string, signers ...string) {
	if f.GetY()+85 > bottom {
		f.AddPage()
	}
	f.Ln(4)
	f.SetFont("go", "B", 10)
	f.CellFormat(pageWidth, 5, all, "", 1, "L", false, 0, "")
	f.SetFont("go", "", 10)
	for _, count := range counts {
		f.CellFormat(pageWidth, 5, count, "", 1, "L", false, 0, "")
	}
	f.Ln(6)
	for _, who := range signers {
		f.CellFormat(60, 9, who, "", 0, "L", false, 0, "")
		f.CellFormat(pageWidth-60, 9, "____________________ / ______________________________ /   «____» ______________ 20____ г.", "", 1, "L", false, 0, "")
	}
}

// proof prints the checkpoint and what to do with it.
func proof(f *fpdf.Fpdf, c ledger.Checkpoint, key string, width float64) error {
	code, err := qrcode.Encode(c.Note, qrcode.Medium, 512)
	if err != nil {
		return fmt.Errorf("QR code of the checkpoint: %w", err)
	}
	f.RegisterImageOptionsReader("checkpoint", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(code))
	f.Ln(3)
	y := f.GetY()
	f.ImageOptions("checkpoint", margin, y, 34, 34, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	f.SetXY(margin+38, y)
	f.SetLeftMargin(margin + 38)
	f.SetFont("go", "", 8)
	f.MultiCell(width-38, 4, "Контрольная точка журнала идентификации (та же — в QR-коде). Сохраните её: она доказывает, что записи журнала до неё не изменены, не удалены и не переставлены. "+
		"Проверка: страница /verify сервиса или ochno log verify ПАКЕТ.zip --since ФАЙЛ.", "", "L", false)
	f.MultiCell(width-38, 4, strings.TrimSpace(c.Note), "", "L", false)
	f.MultiCell(width-38, 4, "Открытый ключ журнала: "+key, "", "L", false)
	f.SetLeftMargin(margin)
	return nil
}

// maxText bounds a cell: a page must hold it.
const maxText = 500

// printable leaves out what a PDF font of 16-bit characters cannot hold, and what is no text.
func printable(text string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > maxText {
			return -1
		}
		if r > 0xffff || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
