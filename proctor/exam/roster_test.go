package exam

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"ochno/proctor/account"
)

// row is the n-th student of a roster, line is the same as text, in the columns of header.
func row(n int) RosterRow {
	return RosterRow{
		Line: n + 1, Name: account.Name{Last: "Ёлкина", First: fmt.Sprint("Мария-", n), Middle: "Петровна"}, BirthDate: time.Date(2005, 12, 31, 0, 0, 0, 0, time.UTC),
		SNILS: snils(n), Group: "МА-21", Faculty: "Мехмат",
	}
}

const header = "Фамилия;Имя;Отчество;Дата рождения;СНИЛС;Группа;Факультет"

func line(n int) string {
	s := snils(n)
	return fmt.Sprintf("Ёлкина;Мария-%d;Петровна;31.12.2005;%s-%s-%s %s;МА-21;Мехмат", n, s[:3], s[3:6], s[6:9], s[9:])
}

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func windows1251(t *testing.T, s string) string {
	t.Helper()
	b, err := charmap.Windows1251.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}

func TestParseRoster(t *testing.T) {
	two := lines(header, line(1), line(2))
	both := []RosterRow{row(1), row(2)}
	bare := row(1) // without what may be empty
	bare.Name.Middle, bare.Group, bare.Faculty = "", "", ""
	for _, c := range []struct {
		name, text string
		want       []RosterRow
	}{
		{"UTF-8", two, both},
		{"with a byte order mark", "\ufeff" + two, both},
		{"Windows-1251", windows1251(t, two), both},
		{"Windows line ends", strings.ReplaceAll(two, "\n", "\r\n"), both},
		{"without the last line end", strings.TrimSpace(two), both},
		{"commas", strings.ReplaceAll(two, ";", ","), both},
		{"tabs", strings.ReplaceAll(two, ";", "\t"), both},
		{"quotes", `"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(two), ";", `";"`), "\n", "\"\n\"") + `"`, both},
		{"spaces around", strings.ReplaceAll(two, ";", "  ; "), both},
		{"quotes after spaces", lines(header, strings.Replace(line(1), ";Мария-1;", `; "Мария-1";`, 1)), both[:1]},
		{"another order of columns", lines("СНИЛС;Факультет;Группа;Дата рождения;Отчество;Имя;Фамилия", snils(1)+";Мехмат;МА-21;31.12.2005;Петровна;Мария-1;Ёлкина"), both[:1]},
		{"names of columns in capitals", lines(strings.ToUpper(header), line(1)), both[:1]},
		{"English names of columns", lines("Last name;First name;Middle name;Birth date;SNILS;Group;Faculty", line(1)), both[:1]},
		{"an institute is a faculty", lines(strings.Replace(header, "Факультет", "Институт", 1), line(1)), both[:1]},
		{"columns that mean nothing to us", lines("№;"+header+";Телефон", "1;"+line(1)+";+7 000 000-00-00"), both[:1]},
		{"only what is needed", lines("Фамилия;Имя;Дата рождения;СНИЛС", "Ёлкина;Мария-1;31.12.2005;"+snils(1)), []RosterRow{bare}},
		{"empty cells between tabs", lines(strings.ReplaceAll(header, ";", "\t"), "Ёлкина\tМария-1\t\t31.12.2005\t"+snils(1)+"\t\t"), []RosterRow{bare}},
		{"empty cells between semicolons", lines(header, "Ёлкина;Мария-1;;31.12.2005;"+snils(1)+";;"), []RosterRow{bare}},
		{"shorter rows", lines(header, "Ёлкина;Мария-1;;31.12.2005;"+snils(1)), []RosterRow{bare}},
		{"a date as ISO has it", lines(header, strings.Replace(line(1), "31.12.2005", "2005-12-31", 1)), both[:1]},
		{"a date with slashes", lines(header, strings.Replace(line(1), "31.12.2005", "31/12/2005", 1)), both[:1]},
		{"a date with midnight", lines(header, strings.Replace(line(1), "31.12.2005", "31.12.2005 0:00:00", 1)), both[:1]},
		{"a day's number", lines(header, strings.Replace(line(1), "31.12.2005", "38717", 1)), both[:1]},
		{"a day of one digit", lines(header, strings.Replace(line(1), "31.12.2005", "1.2.2005", 1)), []RosterRow{func() RosterRow { r := row(1); r.BirthDate = time.Date(2005, 2, 1, 0, 0, 0, 0, time.UTC); return r }()}},
		{"a title above the header", lines("Список студентов;;;;;;", header, line(1)), []RosterRow{func() RosterRow { r := row(1); r.Line = 3; return r }()}},
		{"rows of bare separators", lines(header, ";;;;;;", line(1), ";;;;;;"), []RosterRow{func() RosterRow { r := row(1); r.Line = 3; return r }()}},
		{"the whole name in one column", lines("ФИО;Дата рождения;СНИЛС;Группа;Факультет", "Ёлкина Мария-1 Петровна;31.12.2005;"+snils(1)+";МА-21;Мехмат"), both[:1]},
		{"SNILS without its leading zeros", lines(header, "Ёлкина;Мария;;31.12.2005;8765430300"), []RosterRow{{Line: 2, Name: account.Name{Last: "Ёлкина", First: "Мария"}, BirthDate: row(1).BirthDate, SNILS: "08765430300"}}},
		{"somebody without a SNILS is known by a document", lines("Фамилия;Имя;Дата рождения;Документ", "Ёлкина;Мария;31.12.2005;45 06 123456"), []RosterRow{{Line: 2, Name: account.Name{Last: "Ёлкина", First: "Мария"}, BirthDate: row(1).BirthDate, Document: "45 06 123456"}}},
		{"e-mail", lines(header+";Электронная почта", line(1)+";maria@example.org"), []RosterRow{func() RosterRow { r := row(1); r.Email = "maria@example.org"; return r }()}},
		{"UTF-16 as «Текст Юникод»", "\xff\xfe" + utf16le(strings.ReplaceAll(two, ";", "\t")), both},
		{"SNILS as digits", lines(header, strings.NewReplacer("-", "", " ", "").Replace(strings.Replace(line(1), "Мария-1", "Мария~1", 1))), []RosterRow{func() RosterRow { r := row(1); r.Name.First, r.Group = "Мария~1", "МА21"; return r }()}},
		{"several spaces in a name", lines(header, strings.Replace(line(1), "Мария-1", "Мария-1   \u00a0 Анна", 1)), []RosterRow{func() RosterRow { r := row(1); r.Name.First = "Мария-1 Анна"; return r }()}},
		{"empty lines count", lines(header, "", line(1), "", "", line(2)), []RosterRow{func() RosterRow { r := row(1); r.Line = 3; return r }(), func() RosterRow { r := row(2); r.Line = 6; return r }()}},
		{"a line end within quotes counts", lines(header, strings.Replace(line(1), "Мехмат", "\"Мех\nмат\"", 1), line(2)), []RosterRow{func() RosterRow { r := row(1); r.Faculty = "Мех мат"; return r }(), func() RosterRow { r := row(2); r.Line = 4; return r }()}},
		{"a separator within quotes", lines(header, strings.Replace(line(1), "Мехмат", `"Мех;мат ""1"""`, 1)), []RosterRow{func() RosterRow { r := row(1); r.Faculty = `Мех;мат "1"`; return r }()}},
	} {
		got, err := ParseRoster(strings.NewReader(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v, %v\nwant\n%+v", c.name, got, err, c.want)
		}
	}
}

func TestParseRosterRefuses(t *testing.T) {
	// with is the first line with something else instead of one of its cells.
	with := func(old, now string) string { return strings.Replace(line(1), old, now, 1) }
	s := snils(1)
	wrong := s[:10] + string('0'+(s[10]-'0'+1)%10)
	const date = "31.12.2005"
	for _, c := range []struct {
		name, text string
		want       []string // the problems, in English
	}{
		{"empty", "", []string{"there is no header row: name the columns in the first row"}},
		{"a byte order mark alone", "\ufeff", []string{"there is no header row: name the columns in the first row"}},
		{"spaces", "  \n \n", []string{"the column «Фамилия» is missing: add it or check its name"}},
		{"a header alone", lines(header), []string{"the file has no student"}},
		{"without a header", lines(line(1)), []string{"the column «Фамилия» is missing: add it or check its name"}},
		{"without last names", lines("Имя;Дата рождения;СНИЛС"), []string{"the column «Фамилия» is missing: add it or check its name"}},
		{"without first names", lines("Фамилия;Дата рождения;СНИЛС"), []string{"the column «Имя» is missing: add it or check its name"}},
		{"without birth dates", lines("Фамилия;Имя;СНИЛС"), []string{"the column «Дата рождения» is missing: add it or check its name"}},
		{"without SNILS", lines("Фамилия;Имя;Дата рождения"), []string{"the column «СНИЛС» is missing: add it or check its name"}},
		{"UTF-16 of something else", "\xff\xfe" + string([]byte{0x24, 0x04, 0x30, 0x04}), []string{"the column «Фамилия» is missing: add it or check its name"}},
		{"a spreadsheet's own format", "PK\x03\x04\x14\x00\x06\x00\x08\x00", []string{"the XLSX file is damaged: open it in Excel and save it anew"}},

		{"a broken quote in the first cell", lines(header, line(2), `Ёл"кина;Мария;;31.12.2005;`+s), []string{"line 3: the row is not CSV: check the quotes"}},
		{"a broken quote later", lines(header, with("Петровна", `Пет"ровна`), line(2)), []string{"line 2: the row is not CSV: check the quotes"}},
		{"a quote that never closes", lines(header, line(2), with("Петровна", `"Петровна`), line(3)), []string{"line 3: the row is not CSV: check the quotes"}},
		{"text after a quote", lines(header, with("Петровна", `"Петров"на`)), []string{"line 2: the row is not CSV: check the quotes"}},
		{"a broken quote in the header", lines(`Фами"лия;Имя`), []string{"line 1: the row is not CSV: check the quotes"}},

		{"no last name", lines(header, with("Ёлкина", "")), []string{"line 2, Фамилия: empty: fill the cell"}},
		{"a last name of spaces", lines(header, with("Ёлкина", " \u00a0 ")), []string{"line 2, Фамилия: empty: fill the cell"}},
		{"no first name", lines(header, with("Мария-1", "")), []string{"line 2, Имя: empty: fill the cell"}},
		{"a first name of 201 letters", lines(header, with("Мария-1", strings.Repeat("Я", 201))), []string{"line 2, Имя: longer than 200 characters: shorten it"}},
		{"a middle name of 201 letters", lines(header, with("Петровна", strings.Repeat("Я", 201))), []string{"line 2, Отчество: longer than 200 characters: shorten it"}},
		{"a group of 201 letters", lines(header, with("МА-21", strings.Repeat("Я", 201))), []string{"line 2, Группа: longer than 200 characters: shorten it"}},
		{"a zero byte", lines(header, with("Мария-1", "Мария\x00-1")), []string{"line 2, Имя: control characters: type the value anew"}},
		{"an escape", lines(header, with("Мехмат", "\x1b[31mМехмат")), []string{"line 2, Факультет: control characters: type the value anew"}},

		{"no date", lines(header, with(date, "")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"a day that is not", lines(header, with(date, "31.02.2005")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"month first", lines(header, with(date, "12.31.2005")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"two digits of a year", lines(header, with(date, "31.12.05")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"a year before all", lines(header, with(date, "31.12.1900")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"a year after all", lines(header, with(date, "31.12.2100")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"a date with a time", lines(header, with(date, date+" 10:00")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},
		{"a day's number before all", lines(header, with(date, "366")), []string{"line 2, Дата рождения: want a date like 31.12.2005"}},

		{"a column twice", lines(header+";фамилия", line(1)+";Палкина"), []string{"the column «Фамилия» is there twice: leave one"}},
		{"the whole name beside its parts", lines(header+";ФИО", line(1)), []string{"there is both «ФИО» and «Фамилия»: leave one of them"}},
		{"a whole name of one word", lines("ФИО;Дата рождения;СНИЛС", "Ёлкина;31.12.2005;"+s), []string{"line 2, ФИО: one word: want last and first name"}},
		{"neither SNILS nor document", lines("Фамилия;Имя;Дата рождения;СНИЛС;Паспорт", "Ёлкина;Мария;31.12.2005;;"), []string{"line 2, СНИЛС: not a SNILS: want 11 digits with a right check sum"}},
		{"a document of no number", lines(header+";Паспорт", line(1)+";есть"), []string{"line 2, Документ: no number: want series and number"}},
		{"a formula's error", lines(header, with("МА-21", "#ССЫЛКА!")), []string{"line 2, Группа: a formula's error: write the value itself"}},
		{"no e-mail address", lines(header+";E-mail", line(1)+";maria example.org"), []string{"line 2, Электронная почта: not an e-mail address: want name@example.org"}},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), []string{"this is an old XLS or a workbook with a password: save it as an Excel workbook (*.xlsx) without one"}},
		{"a PDF", "%PDF-1.7\n", []string{"this is no table: want a CSV or an XLSX file"}},

		{"no SNILS", lines(header, "Ёлкина;Мария;;31.12.2005;"), []string{"line 2, СНИЛС: not a SNILS: want 11 digits with a right check sum"}},
		{"a SNILS with a wrong check sum", lines(header, "Ёлкина;Мария;;31.12.2005;"+wrong), []string{"line 2, СНИЛС: not a SNILS: want 11 digits with a right check sum"}},
		{"a SNILS as a number of a spreadsheet", lines(header, "Ёлкина;Мария;;31.12.2005;1,1223E+10"), []string{"line 2, СНИЛС: not a SNILS: want 11 digits with a right check sum"}},
		{"a SNILS twice", lines(header, line(1), line(2), line(1)), []string{"line 4, СНИЛС: the same SNILS as in line 2: mend or remove one"}},
		{"a SNILS three times", lines(header, line(1), line(1), line(1)), []string{"line 3, СНИЛС: the same SNILS as in line 2: mend or remove one", "line 4, СНИЛС: the same SNILS as in line 2: mend or remove one"}},
		{"two rows without a SNILS are no pair", lines(header, "А;Б;;31.12.2005;", "В;Г;;31.12.2005;"), []string{
			"line 2, СНИЛС: not a SNILS: want 11 digits with a right check sum", "line 3, СНИЛС: not a SNILS: want 11 digits with a right check sum",
		}},

		{"every problem of every row", lines(header, line(2), "Ёлкина;;;завтра;"+wrong, line(3), ";Мария;;31.12.2005;"+s), []string{
			"line 3, Имя: empty: fill the cell", "line 3, Дата рождения: want a date like 31.12.2005", "line 3, СНИЛС: not a SNILS: want 11 digits with a right check sum", "line 5, Фамилия: empty: fill the cell",
		}},
	} {
		rows, err := ParseRoster(strings.NewReader(c.text))
		problems := problemsOf(t, c.name, err)
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
			if p.Ru == "" || p.En == "" {
				t.Errorf("%s: a problem without its words: %+v", c.name, p)
			}
		}
		if rows != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %d rows,\n%q\nwant\n%q", c.name, len(rows), got, c.want)
		}
		text := fmt.Sprintf("%v %+v", err, problems)
		for _, personal := range []string{"Ёл", "Мария", "Петр", "завтра", "31.02", "12.31", s, wrong, s[:3] + "-"} {
			if strings.Contains(text, personal) {
				t.Errorf("%s: the problems show %q: %s", c.name, personal, text)
			}
		}
	}
}

func problemsOf(t *testing.T, name string, err error) []RosterProblem {
	t.Helper()
	var broken *RosterError
	if !errors.As(err, &broken) || len(broken.Problems) == 0 {
		t.Errorf("%s: %v; want a *RosterError", name, err)
		return nil
	}
	return broken.Problems
}

func TestParseRosterLimits(t *testing.T) {
	var text strings.Builder
	text.WriteString(header + "\n")
	for n := range MaxRosterRows {
		text.WriteString(line(n+1) + "\n")
	}
	rows, err := ParseRoster(strings.NewReader(text.String()))
	if err != nil || len(rows) != MaxRosterRows {
		t.Fatalf("%d rows, %v; want %d", len(rows), err, MaxRosterRows)
	}
	text.WriteString(line(MaxRosterRows+1) + "\n")
	rows, err = ParseRoster(strings.NewReader(text.String()))
	if p := problemsOf(t, "50,001 rows", err); rows != nil || len(p) != 1 || p[0].String() != "line 50002: more than 50,000 rows: divide the file" {
		t.Errorf("50,001 rows: %v", p)
	}

	filled := strings.Replace(lines(header, line(1)), "Мехмат", strings.Repeat(" ", MaxRosterBytes-len(lines(header, line(1)))+len("Мехмат")), 1)
	if rows, err := ParseRoster(strings.NewReader(filled)); err != nil || len(rows) != 1 || len(filled) != MaxRosterBytes {
		t.Errorf("16 MiB: %d rows, %v", len(rows), err)
	}
	if _, err := ParseRoster(strings.NewReader(filled + " ")); fmt.Sprint(problemsOf(t, "16 MiB and a byte", err)) != "[the file is larger than 16 MiB: divide it]" {
		t.Errorf("16 MiB and a byte: %v", err)
	}
	endless := &counter{r: zeros{}}
	_, err = ParseRoster(endless)
	if p := problemsOf(t, "an endless file", err); len(p) != 1 || p[0].En != "the file is larger than 16 MiB: divide it" {
		t.Errorf("an endless file: %v", p)
	}
	if endless.n > 17<<20 {
		t.Errorf("%d bytes of an endless file were read", endless.n)
	}

	fault := errors.New("the disk")
	if _, err := ParseRoster(io.MultiReader(strings.NewReader(header), broken{fault})); !errors.Is(err, fault) {
		t.Errorf("a broken disk: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

func TestParseSNILS(t *testing.T) {
	for given, want := range map[string]string{
		"112-233-445 95": "11223344595", "11223344595": "11223344595", "112 233 445 95": "11223344595", "112-233-445-95": "11223344595", " 112-233-445 95 ": "11223344595",
		"087-654-303 00": "08765430300",                                                                   // its sum is 101 twice over: check digits 00
		"001-001-998 00": "00100199800", "001-001-998 77": "00100199877", "000-000-001 55": "00000000155", // without a check sum
		"001-001-999 65": "00100199965", "001-001-999 00": "", // the first that has one
		"112-233-199 00": "11223319900", // its sum leaves 100, of which two digits stay
		"112-233-445 96": "", "112-233-445 9": "", "112-233-445 955": "", "": "", "-": "", "112-233-445 9a": "", "112_233_445 95": "", "１１２２３３４４５９５": "", "-11223344595-": "11223344595",
		"112\t233\t445 95": "", "1,1223E+10": "",
	} {
		if got, ok := ParseSNILS(given); got != want && ok || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", given, got, ok, want)
		}
	}
}

func TestImport(t *testing.T) {
	x := newTestExams(t)
	people := x.count(`select count(*) from person`)
	rows := []RosterRow{row(1), row(2), row(3)}
	if n, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || n.New != 3 {
		t.Fatalf("%+v, %v; want 3 new", n, err)
	}
	if n, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || n.New != 0 {
		t.Errorf("again: %+v, %v; want none new", n, err)
	}
	rows[0].Group, rows[0].Name.Last = "МА-22", "ЕЛКИНА"
	rows = append(rows, row(4))
	if n, err := x.Import(t.Context(), x.exam, rows, account.Person{}); err != nil || n.New != 1 {
		t.Errorf("with one more: %+v, %v; want 1 new", n, err)
	}
	if n := x.count(`select count(*) from person`) - people; n != 4 {
		t.Errorf("%d people were added; want 4", n)
	}
	if n := x.count(`select count(*) from roster_entry where exam_id = $1`, x.exam.ID); n != 4 {
		t.Errorf("%d in the roster; want 4", n)
	}
	if n := x.count(`select count(*) from roster_entry where group_name = 'МА-22' and faculty = 'Мехмат'`); n != 1 {
		t.Error("the new group was not taken over")
	}
	if n := x.count(`select count(*) from person_role where role = 'student'`); n != 4 {
		t.Errorf("%d students; want 4", n)
	}

	// Another exam has a roster of its own, of the same people.
	other := x.exam
	other.Code = "biology"
	var err error
	if other.ID, err = x.Ensure(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if n, err := x.Import(t.Context(), other, rows[:2], account.Person{}); err != nil || n.New != 2 || x.count(`select count(*) from person`)-people != 4 {
		t.Errorf("another exam: %+v, %v", n, err)
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	x := newTestExams(t)
	known := row(1)
	if _, err := x.Import(t.Context(), x.exam, []RosterRow{known}, account.Person{}); err != nil {
		t.Fatal(err)
	}
	tables := func() string {
		var text string
		err := x.pool.QueryRow(t.Context(), `select (select string_agg(p::text, ' ' order by id) from person p) || (select string_agg(r::text, ' ' order by id) from roster_entry r)`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := tables()
	renamed, younger, changed := known, known, known
	renamed.Line, renamed.Name.Last = 3, "Палкина"
	younger.Line, younger.BirthDate = 5, known.BirthDate.AddDate(1, 0, 0)
	changed.Group = "МА-99"
	fresh := row(2)
	n, err := x.Import(t.Context(), x.exam, []RosterRow{changed, fresh, renamed, younger}, account.Person{})
	problems := problemsOf(t, "a conflict", err)
	if n != (RosterPreview{}) || len(problems) != 2 || problems[0].Line != 3 || problems[1].Line != 5 || problems[0].Column != "СНИЛС" || problems[0].Ru == "" {
		t.Errorf("%+v, %+v; want a problem in the lines 3 and 5", n, problems)
	}
	for _, personal := range []string{"Ёлкина", "Палкина", snils(1)} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, problems), personal) {
			t.Errorf("the problems show %q: %v", personal, err)
		}
	}
	if after := tables(); after != before {
		t.Errorf("a refused roster changed something:\n%s\n%s", before, after)
	}
	// A row that PostgreSQL refuses undoes the others too.
	impossible := row(3)
	impossible.Group = "\x00"
	if _, err := x.Import(t.Context(), x.exam, []RosterRow{fresh, impossible}, account.Person{}); err == nil || strings.Contains(err.Error(), "Ёлкина") {
		t.Errorf("a fault: %v; want an error without personal values", err)
	}
	if after := tables(); after != before {
		t.Errorf("a fault changed something:\n%s\n%s", before, after)
	}
}

func FuzzParseRoster(f *testing.F) {
	f.Add([]byte(lines(header, line(1), line(2))))
	f.Add([]byte("\ufeff" + strings.ReplaceAll(lines(header, line(1)), ";", "\t")))
	f.Add([]byte("\xd4\xe0\xec\xe8\xeb\xe8\xff,\xc8\xec\xff\n\"")) // Windows-1251
	f.Add([]byte(lines(header, `"Ёл""кина";`, `a"b`)))
	f.Add([]byte("last name,first name,birth date,snils\n\"\n,,,"))
	f.Fuzz(func(t *testing.T, text []byte) { checkParsed(t, text) })
}

// checkParsed parses any bytes: either rows that hold what a roster promises, or problems with their words.
func checkParsed(t *testing.T, text []byte) {
	t.Helper()
	rows, err := ParseRoster(bytes.NewReader(text))
	if err != nil {
		var broken *RosterError
		if !errors.As(err, &broken) || len(broken.Problems) == 0 || rows != nil {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, p := range broken.Problems {
			if p.Ru == "" || p.En == "" || p.Line < 0 || (p.Line == 0 && p.Column != "") {
				t.Errorf("problem %+v", p)
			}
		}
		return
	}
	seen := map[string]bool{}
	last := 1
	for _, r := range rows {
		again, ok := ParseSNILS(r.SNILS)
		if !ok && r.Document == "" || ok && (again != r.SNILS || seen[r.SNILS]) || r.Name.Last == "" || r.Name.First == "" || r.Line <= last || r.BirthDate.Year() <= 1900 || r.BirthDate.Year() >= 2100 {
			t.Errorf("row %+v", r)
		}
		seen[r.SNILS], last = true, r.Line
	}
	if len(rows) == 0 {
		t.Error("no rows and no problem")
	}
}

func FuzzParseSNILS(f *testing.F) {
	for _, s := range []string{"112-233-445 95", "08765430300", "001-001-998 00", "", "1122334459５"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		digits, ok := ParseSNILS(s)
		if !ok {
			if digits != "" && len(digits) != 11 {
				t.Errorf("%q: %q", s, digits)
			}
			return
		}
		if len(digits) != 11 || strings.Trim(digits, "0123456789") != "" {
			t.Fatalf("%q: %q", s, digits)
		}
		if again, ok := ParseSNILS(digits[:3] + "-" + digits[3:6] + "-" + digits[6:9] + " " + digits[9:]); !ok || again != digits {
			t.Errorf("%q: written as usual it is %q, %v", s, again, ok)
		}
		if digits[:9] > "001001998" {
			other := digits[:10] + string('0'+(digits[10]-'0'+1)%10)
			if _, ok := ParseSNILS(other); ok {
				t.Errorf("%s and %s are both right", digits, other)
			}
		}
	})
}
