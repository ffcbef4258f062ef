package exam

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// What a workbook may unpack to. Fifty thousand students with all columns are about 40 MiB.
const (
	maxWorkbookBytes = 128 << 20
	maxWorkbookFiles = 2_000
	maxSheetRows     = 200_000 // formatted and empty ones counted
)

// openTable tells by its beginning what a file is, and opens it. The epoch is the one of its dates.
func openTable(data []byte) (table, epoch, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openXLSX(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return nil, epoch{}, wholeFile("это старый формат XLS или книга с паролем: сохраните её как «Книга Excel (*.xlsx)» без пароля",
			"this is an old XLS or a workbook with a password: save it as an Excel workbook (*.xlsx) without one")
	case bytes.HasPrefix(data, []byte("%PDF")), bytes.HasPrefix(data, []byte("{\\rtf")), bytes.HasPrefix(data, []byte("Rar!")), bytes.HasPrefix(data, []byte("7z\xbc\xaf")):
		return nil, epoch{}, wholeFile("это не таблица: нужен файл CSV или XLSX", "this is no table: want a CSV or an XLSX file")
	}
	t, err := openCSV(data)
	return t, epoch1900, err
}

type csvTable struct{ reader *csv.Reader }

func openCSV(text []byte) (*csvTable, error) {
	var err error
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) { // what Excel calls «Текст Юникод»
		if text, err = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(text); err != nil {
			return nil, wholeFile("кодировка файла не UTF-8 и не Windows-1251", "the file is neither UTF-8 nor Windows-1251")
		}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		if text, err = charmap.Windows1251.NewDecoder().Bytes(text); err != nil {
			return nil, wholeFile("кодировка файла не UTF-8 и не Windows-1251", "the file is neither UTF-8 nor Windows-1251")
		}
	}
	t := &csvTable{csv.NewReader(bytes.NewReader(text))}
	t.reader.Comma = separator(text)
	t.reader.FieldsPerRecord = -1
	t.reader.TrimLeadingSpace = t.reader.Comma != '\t' // a tab is a space to it: an empty cell would be skipped
	return t, nil
}

func (t *csvTable) next() (int, []string, error) {
	record, err := t.reader.Read()
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		// A broken quote shifts everything after it, so what follows would be noise.
		return 0, nil, &RosterError{Total: 1, Problems: []RosterProblem{{
			Line: broken.StartLine, Ru: "строка не читается как CSV: проверьте кавычки", En: "the row is not CSV: check the quotes",
		}}}
	case err != nil:
		return 0, nil, err
	}
	line, _ := t.reader.FieldPos(0)
	return line, record, nil
}

// separator is the one of ; , tab that a line of the first ones has most of.
func separator(text []byte) rune {
	best, most := ';', 0
	for range headerWithin {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		for _, c := range ";,\t" {
			if n := bytes.Count(line, []byte(string(c))); n > most {
				best, most = c, n
			}
		}
		text = rest
	}
	return best
}

// xlsxTable is the first sheet of a workbook that has anything in it.
type xlsxTable struct {
	rows *excelize.Rows
	line int
}

var errWorkbook = wholeFile("файл XLSX повреждён: откройте его в Excel и сохраните заново", "the XLSX file is damaged: open it in Excel and save it anew")

func openXLSX(data []byte) (table, epoch, error) {
	if err := checkWorkbook(data); err != nil {
		return nil, epoch{}, err
	}
	// Nothing goes to a temporary file: these are personal data.
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxWorkbookBytes, UnzipXMLSizeLimit: maxWorkbookBytes, RawCellValue: true})
	if err != nil {
		return nil, epoch{}, errWorkbook
	}
	days := epoch1900
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil && *props.Date1904 {
		days = epoch1904
	}
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		rows, err := book.Rows(name)
		if err != nil {
			return nil, epoch{}, errWorkbook
		}
		probe := &xlsxTable{rows: rows}
		if _, _, err := probe.next(); errors.Is(err, io.EOF) {
			continue
		}
		if rows, err = book.Rows(name); err != nil {
			return nil, epoch{}, errWorkbook
		}
		return &xlsxTable{rows: rows}, days, nil
	}
	return nil, epoch{}, wholeFile("в книге нет ни одного заполненного листа", "the workbook has no sheet with anything in it")
}

// checkWorkbook bounds what the archive unpacks to, by unpacking it, and looks whether its sheets are whole: the reader of sheets takes a cut
// one for a short one.
func checkWorkbook(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errWorkbook
	}
	tooLarge := wholeFile("книга слишком велика в развёрнутом виде: оставьте один лист со студентами", "the workbook unpacks to too much: leave one sheet with the students")
	if len(archive.File) > maxWorkbookFiles {
		return tooLarge
	}
	left, isBook := int64(maxWorkbookBytes), false
	for _, f := range archive.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		switch {
		case strings.HasSuffix(name, "vbaproject.bin"):
			return wholeFile("в книге есть макросы: сохраните её как «Книга Excel (*.xlsx)» без них", "the workbook has macros: save it as an Excel workbook (*.xlsx) without them")
		case name == "mimetype", name == "word/document.xml", name == "ppt/presentation.xml":
			return wholeFile("это не книга Excel: нужен файл CSV или XLSX", "this is no Excel workbook: want a CSV or an XLSX file")
		case name == "xl/workbook.bin":
			return wholeFile("это двоичная книга XLSB: сохраните её как «Книга Excel (*.xlsx)»", "this is a binary XLSB: save it as an Excel workbook (*.xlsx)")
		case name == "xl/workbook.xml":
			isBook = true
		}
		part, err := f.Open()
		if err != nil {
			return errWorkbook
		}
		limited := &io.LimitedReader{R: part, N: left + 1}
		if strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") || name == "xl/sharedstrings.xml" {
			err = wellFormed(limited)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, limited)
		}
		part.Close()
		if left = limited.N - 1; left < 0 {
			return tooLarge
		}
		if err != nil {
			return errWorkbook
		}
	}
	if !isBook {
		return wholeFile("это архив, а не книга Excel: нужен файл CSV или XLSX", "this is an archive and no Excel workbook: want a CSV or an XLSX file")
	}
	return nil
}

func wellFormed(r io.Reader) error {
	d := xml.NewDecoder(r)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (t *xlsxTable) next() (int, []string, error) {
	for t.rows.Next() {
		t.line++
		cells, err := t.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return 0, nil, errWorkbook
		}
		if t.line > maxSheetRows {
			return 0, nil, wholeFile("на листе больше 200 000 строк: удалите пустые", "the sheet has more than 200,000 rows: delete the empty ones")
		}
		if len(cells) > maxRosterColumns {
			return 0, nil, &RosterError{Total: 1, Problems: []RosterProblem{{
				Line: t.line, Ru: "в строке больше 200 столбцов: удалите лишние", En: "the row has more than 200 columns: delete those not needed",
			}}}
		}
		if len(cells) > 0 {
			return t.line, cells, nil
		}
	}
	if t.rows.Error() != nil {
		return 0, nil, errWorkbook
	}
	return 0, nil, io.EOF
}
