package exam

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook makes an XLSX of one sheet.
func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	return saved(t, sheets(t, "Лист1", rows))
}

func sheets(t testing.TB, name string, rows [][]any) *excelize.File {
	t.Helper()
	book := excelize.NewFile()
	if err := book.SetSheetName("Sheet1", name); err != nil {
		t.Fatal(err)
	}
	w, err := book.NewStreamWriter(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := w.SetRow(fmt.Sprint("A", i+1), row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return book
}

func saved(t testing.TB, book *excelize.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var workbookHeader = []any{"Фамилия", "Имя", "Отчество", "Дата рождения", "СНИЛС", "Группа", "Факультет"}

// workbookRow is row(n) as somebody types it into Excel: the date is a number of days, the SNILS a number.
func workbookRow(n int) []any {
	var number int64
	fmt.Sscan(snils(n), &number)
	return []any{"Ёлкина", fmt.Sprint("Мария-", n), "Петровна", 38717, number, "МА-21", "Мехмат"}
}

func TestParseRosterXLSX(t *testing.T) {
	want := []RosterRow{row(1), row(2)}
	dated := workbookRow(1)
	dated[3] = time.Date(2005, 12, 31, 0, 0, 0, 0, time.UTC)
	spelled := workbookRow(1)
	spelled[3], spelled[4] = "31.12.2005", snils(1)[:3]+"-"+snils(1)[3:6]+"-"+snils(1)[6:9]+" "+snils(1)[9:]
	mac := sheets(t, "Лист1", [][]any{workbookHeader, workbookRow(1)})
	yes := true
	if err := mac.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}); err != nil {
		t.Fatal(err)
	}
	old := row(1)
	old.BirthDate = old.BirthDate.AddDate(4, 0, 1)
	second := sheets(t, "Студенты", [][]any{workbookHeader, workbookRow(1)})
	if _, err := second.NewSheet("Пустой"); err != nil {
		t.Fatal(err)
	}
	if err := second.MoveSheet("Пустой", "Студенты"); err != nil {
		t.Fatal(err)
	}
	title := row(1)
	title.Line = 4
	for _, c := range []struct {
		name string
		file []byte
		want []RosterRow
	}{
		{"numbers of days", workbook(t, workbookHeader, workbookRow(1), workbookRow(2)), want},
		{"cells with a format of a date", workbook(t, workbookHeader, dated), want[:1]},
		{"text", workbook(t, workbookHeader, spelled), want[:1]},
		{"a workbook that counts from 1904", saved(t, mac), []RosterRow{old}},
		{"an empty first sheet", saved(t, second), want[:1]},
		{"a title and an empty row above", workbook(t, []any{"Список студентов"}, nil, workbookHeader, workbookRow(1)), []RosterRow{title}},
	} {
		got, err := ParseRoster(bytes.NewReader(c.file))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v, %v\nwant\n%+v", c.name, got, err, c.want)
		}
	}
}

// repacked copies an archive with each part changed.
func repacked(t testing.TB, file []byte, change func(name string, text []byte) []byte, more map[string][]byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name string, text []byte) {
		part, err := w.Create(name)
		if err == nil {
			_, err = part.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		put(f.Name, change(f.Name, text))
	}
	for name, text := range more {
		put(name, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func same(_ string, text []byte) []byte { return text }

func TestParseRosterRefusesWorkbooks(t *testing.T) {
	good := workbook(t, workbookHeader, workbookRow(1), workbookRow(2))
	cut := repacked(t, good, func(name string, text []byte) []byte {
		if strings.HasPrefix(name, "xl/worksheets/") {
			return text[:len(text)*3/4]
		}
		return text
	}, nil)
	wide := make([]any, 300)
	for i := range wide {
		wide[i] = "x"
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	if _, err := w.Create("readme.txt"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	broken := workbookRow(2)
	broken[3], broken[1] = "завтра", ""
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"half a file", good[:len(good)/2], "the XLSX file is damaged"},
		{"a cut sheet", cut, "the XLSX file is damaged"},
		{"macros", repacked(t, good, same, map[string][]byte{"xl/vbaProject.bin": []byte("x")}), "the workbook has macros"},
		{"a text document", repacked(t, good, same, map[string][]byte{"word/document.xml": []byte("<a/>")}), "this is no Excel workbook"},
		{"an OpenDocument", repacked(t, archive.Bytes(), same, map[string][]byte{"mimetype": []byte("application/vnd.oasis")}), "this is no Excel workbook"},
		{"a binary workbook", repacked(t, archive.Bytes(), same, map[string][]byte{"xl/workbook.bin": []byte("x")}), "this is a binary XLSB"},
		{"an archive", archive.Bytes(), "this is an archive"},
		{"a bomb", repacked(t, good, same, map[string][]byte{"xl/media/zeros": make([]byte, maxWorkbookBytes)}), "the workbook unpacks to too much"},
		{"an empty workbook", workbook(t), "the workbook has no sheet"},
		{"a row too wide", workbook(t, workbookHeader, wide), "line 2: the row has more than 200 columns"},
		{"a row of rubbish", workbook(t, workbookHeader, workbookRow(1), broken), "line 3, Имя: empty"},
	} {
		rows, err := ParseRoster(bytes.NewReader(c.file))
		problems := problemsOf(t, c.name, err)
		if rows != nil || len(problems) == 0 || !strings.HasPrefix(problems[0].String(), c.want) || problems[0].Ru == "" {
			t.Errorf("%s: %d rows, %v; want %q", c.name, len(rows), problems, c.want)
		}
	}
	many := map[string][]byte{}
	for n := range maxWorkbookFiles {
		many[fmt.Sprint("xl/media/", n)] = nil
	}
	if _, err := ParseRoster(bytes.NewReader(repacked(t, good, same, many))); !strings.Contains(fmt.Sprint(err), "unpacks to too much") {
		t.Errorf("too many parts: %v", err)
	}
}

// TestParseRosterXLSXOfFiftyThousand: a row of rubbish is found in the largest workbook, and it alone; the same in order is TestImportOfFiftyThousand's.
func TestParseRosterXLSXOfFiftyThousand(t *testing.T) {
	rows := [][]any{workbookHeader}
	for n := range MaxRosterRows {
		rows = append(rows, workbookRow(n+1))
	}
	rows[MaxRosterRows] = []any{"мусор", "", nil, true, -5, "=", "#N/A"}
	_, err := ParseRoster(bytes.NewReader(workbook(t, rows...)))
	var said []string
	for _, p := range problemsOf(t, "one row of rubbish", err) {
		if p.Line != MaxRosterRows+1 {
			t.Errorf("a problem of another row: %v", p)
		}
		said = append(said, p.Column)
	}
	if want := []string{"Факультет", "Имя", "Дата рождения", "СНИЛС"}; !slices.Equal(said, want) {
		t.Errorf("problems of %q; want %q", said, want)
	}
}

// TestRosterProblemsAreCounted: a file of nothing but rubbish is told in full measure and shown in part.
func TestRosterProblemsAreCounted(t *testing.T) {
	var text strings.Builder
	text.WriteString(header + "\n")
	for range MaxRosterRows {
		text.WriteString("а;б;в;г;д;е;ж\n")
	}
	_, err := ParseRoster(strings.NewReader(text.String()))
	broken, ok := err.(*RosterError)
	if !ok || len(broken.Problems) != MaxRosterProblems || broken.Total != 2*MaxRosterRows {
		t.Errorf("%v", err)
	}
}

// FuzzParseRosterXLSX changes a workbook's sheet and its shared strings: changed archives hardly ever open.
func FuzzParseRosterXLSX(f *testing.F) {
	good := workbook(f, workbookHeader, workbookRow(1))
	part := func(name string) []byte {
		var text []byte
		repacked(f, good, func(n string, t []byte) []byte {
			if n == name {
				text = t
			}
			return t
		}, nil)
		return text
	}
	sheet := part("xl/worksheets/sheet1.xml")
	f.Add(sheet, []byte(`<sst><si><t>x</t></si></sst>`))
	f.Add(bytes.Replace(sheet, []byte(`t="inlineStr"><is><t>Ёлкина</t></is>`), []byte(`t="s"><v>0</v>`), 1), []byte(`<sst><si><r><t>Ёл</t></r><r><t>кина</t></r></si></sst>`))
	f.Add(sheet[:len(sheet)/2], []byte(nil))
	f.Fuzz(func(t *testing.T, sheet, shared []byte) {
		checkParsed(t, repacked(t, good, func(name string, text []byte) []byte {
			if name == "xl/worksheets/sheet1.xml" {
				return sheet
			}
			return text
		}, map[string][]byte{"xl/sharedStrings.xml": shared}))
	})
}
