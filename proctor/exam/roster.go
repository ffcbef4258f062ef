package exam

import (
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ochno/proctor/account"
)

// RosterRow is one student of a roster file.
type RosterRow struct {
	Line      int // in the file, from 1
	Name      account.Name
	BirthDate time.Time
	SNILS     string // 11 digits; may be empty where there is a document
	Group     string
	Faculty   string
	Document  string // series and number of the identity document; may be empty where there is a SNILS
	Email     string // empty: the file has none

	// What the file says of an accommodation; nil: nothing, what holds stays.
	NoVoice     *bool
	MoreMinutes *int
}

// RosterProblem is one broken row, without the row's personal values.
type RosterProblem struct {
	Line   int    // 0: the whole file
	Column string // empty: the whole row
	Ru, En string
}

func (p RosterProblem) String() string {
	if p.Line == 0 {
		return p.En
	}
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.En)
	}
	return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.En)
}

// RosterError lists the problems of a roster file, at most MaxRosterProblems of Total; nothing of the file was taken.
type RosterError struct {
	Problems []RosterProblem
	Total    int
}

func (e *RosterError) Error() string {
	return fmt.Sprintf("the roster has %d problems, the first: %s", e.Total, e.Problems[0])
}

func (e *RosterError) add(p ...RosterProblem) {
	e.Total += len(p)
	e.Problems = append(e.Problems, p[:min(len(p), MaxRosterProblems-len(e.Problems))]...)
}

// wholeFile is the one problem of a file that cannot be read row by row.
func wholeFile(ru, en string) error {
	return &RosterError{Problems: []RosterProblem{{Ru: ru, En: en}}, Total: 1}
}

// Limits of a roster file.
const (
	MaxRosterBytes    = 16 << 20
	MaxRosterRows     = 50_000
	MaxRosterProblems = 10_000 // kept; the rest are counted

	maxRosterColumns = 200
	headerWithin     = 10 // rows: a title may stand above the header
)

// rosterColumns are the names under which a column is recognised, folded.
var rosterColumns = map[string]string{
	"фио": "full", "ф.и.о.": "full", "фамилия имя отчество": "full", "full name": "full",
	"фамилия": "last", "last name": "last",
	"имя": "first", "first name": "first",
	"отчество": "middle", "отчество (при наличии)": "middle", "middle name": "middle",
	"дата рождения": "birth", "birth date": "birth",
	"снилс": "snils", "snils": "snils",
	"группа": "group", "учебная группа": "group", "group": "group",
	"факультет": "faculty", "институт": "faculty", "faculty": "faculty",
	"документ": "document", "паспорт": "document", "серия и номер паспорта": "document", "серия и номер документа": "document", "identity document": "document",
	"без голоса": "voiceless", "without voice": "voiceless",
	"дополнительное время": "more", "дополнительное время, мин": "more", "доп. время, мин": "more", "extra time": "more", "extra time, min": "more",
	"почта": "email", "электронная почта": "email", "e-mail": "email", "email": "email",
}

// columnNames are the same as problems call them.
var columnNames = map[string]string{
	"full": "ФИО", "last": "Фамилия", "first": "Имя", "middle": "Отчество", "birth": "Дата рождения", "snils": "СНИЛС", "group": "Группа",
	"faculty": "Факультет", "document": "Документ", "email": "Электронная почта", "voiceless": "Без голоса", "more": "Дополнительное время, мин",
}

// table is a roster file row by row. next returns io.EOF after the last row; a *RosterError ends the reading.
type table interface {
	next() (line int, cells []string, err error)
}

// ParseRoster reads a roster as CSV or XLSX: a header and a row a student, columns in any order. A CSV is separated by semicolon, comma or
// tab, in UTF-8 or Windows-1251. Every problem of the file is in the *RosterError.
func ParseRoster(r io.Reader) ([]RosterRow, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxRosterBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the roster: %w", err)
	}
	if len(data) > MaxRosterBytes {
		return nil, wholeFile("файл больше 16 МиБ: разделите его на части", "the file is larger than 16 MiB: divide it")
	}
	t, days, err := openTable(data)
	if err != nil {
		return nil, err
	}
	p := &rosterParser{table: t, days: days, seen: map[string]int{}}
	if err := p.header(); err != nil {
		return nil, err
	}
	return p.rows()
}

// rosterParser turns a table into rows of a roster.
type rosterParser struct {
	table   table
	days    epoch
	columns map[string]int
	seen    map[string]int // SNILS by the line where it stood first
	broken  RosterError
}

// header finds the row that names the columns.
func (p *rosterParser) header() error {
	for range headerWithin {
		_, cells, err := p.table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		columns := map[string]int{}
		for i, name := range cells {
			name = strings.ToLower(strings.Trim(strings.Join(strings.Fields(name), " "), "*: "))
			key, ok := rosterColumns[name]
			if !ok {
				continue
			}
			if _, twice := columns[key]; twice {
				return wholeFile("столбец «"+columnNames[key]+"» встречается дважды: оставьте один", "the column «"+columnNames[key]+"» is there twice: leave one")
			}
			columns[key] = i
		}
		if p.columns == nil || len(columns) > len(p.columns) {
			p.columns = columns
		}
		if len(columns) >= 2 {
			break
		}
	}
	if p.columns == nil {
		return wholeFile("нет строки заголовков: первой строкой назовите столбцы", "there is no header row: name the columns in the first row")
	}
	need := []string{"last", "first", "birth", "snils"}
	if _, ok := p.columns["document"]; ok {
		need = need[:3]
	}
	if _, ok := p.columns["full"]; ok {
		need = need[2:]
		for _, part := range []string{"last", "first", "middle"} {
			if _, both := p.columns[part]; both {
				return wholeFile("есть и столбец «ФИО», и «"+columnNames[part]+"»: оставьте что-то одно", "there is both «ФИО» and «"+columnNames[part]+"»: leave one of them")
			}
		}
	}
	for _, key := range need {
		if _, ok := p.columns[key]; !ok {
			return wholeFile("нет столбца «"+columnNames[key]+"»: добавьте его или проверьте название", "the column «"+columnNames[key]+"» is missing: add it or check its name")
		}
	}
	return nil
}

func (p *rosterParser) rows() ([]RosterRow, error) {
	var rows []RosterRow
	for {
		line, cells, err := p.table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *RosterError
		if errors.As(err, &broken) {
			p.broken.add(broken.Problems...)
			break
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue // a row of bare separators or of formatting
		}
		if len(rows) >= MaxRosterRows {
			p.broken.add(RosterProblem{Line: line, Ru: "больше 50 000 строк: разделите файл на части", En: "more than 50,000 rows: divide the file"})
			break
		}
		rows = append(rows, p.row(line, cells))
	}
	if len(rows) == 0 && p.broken.Total == 0 {
		return nil, wholeFile("в файле нет ни одного студента", "the file has no student")
	}
	if p.broken.Total > 0 {
		return nil, &p.broken
	}
	return rows, nil
}

func (p *rosterParser) row(line int, cells []string) RosterRow {
	cell := func(key string) string {
		i, ok := p.columns[key]
		if !ok || i >= len(cells) {
			return ""
		}
		return strings.Join(strings.Fields(cells[i]), " ")
	}
	bad := func(key, ru, en string) {
		p.broken.add(RosterProblem{Line: line, Column: columnNames[key], Ru: ru, En: en})
	}
	text := func(key string, needed bool) string {
		value := cell(key)
		switch {
		case needed && value == "":
			bad(key, "пусто: заполните ячейку", "empty: fill the cell")
		case utf8.RuneCountInString(value) > 200:
			bad(key, "длиннее 200 знаков: сократите", "longer than 200 characters: shorten it")
		case strings.ContainsFunc(value, unicode.IsControl):
			bad(key, "управляющие знаки: наберите значение заново", "control characters: type the value anew")
		case strings.HasPrefix(value, "#"):
			bad(key, "ошибка формулы: впишите само значение", "a formula's error: write the value itself")
		}
		return value
	}
	row := RosterRow{Line: line, Group: text("group", false), Faculty: text("faculty", false)}
	if _, whole := p.columns["full"]; whole {
		full := text("full", true)
		parts := strings.SplitN(full, " ", 3)
		parts = append(parts, "", "")
		row.Name = account.Name{Last: parts[0], First: parts[1], Middle: parts[2]}
		if full != "" && row.Name.First == "" {
			bad("full", "одно слово: нужны фамилия и имя", "one word: want last and first name")
		}
	} else {
		row.Name = account.Name{Last: text("last", true), First: text("first", true), Middle: text("middle", false)}
	}
	var ok bool
	if row.BirthDate, ok = p.days.date(cell("birth")); !ok {
		bad("birth", "нужна дата вида 31.12.2005", "want a date like 31.12.2005")
	}
	row.Document = text("document", false)
	if row.Document != "" && strings.IndexFunc(row.Document, unicode.IsDigit) < 0 {
		bad("document", "нет номера: нужны серия и номер", "no number: want series and number")
	}
	if row.Email = cell("email"); row.Email != "" {
		if a, err := mail.ParseAddress(row.Email); err != nil || a.Address != row.Email || len(row.Email) > 254 {
			bad("email", "не адрес почты: нужен вид имя@пример.рф", "not an e-mail address: want name@example.org")
		}
	}
	p.accommodation(&row, cell, bad)
	if row.Document != "" && cell("snils") == "" {
		return row // somebody without a SNILS is known by the document
	}
	if row.SNILS, ok = spreadsheetSNILS(cell("snils")); !ok {
		row.SNILS = ""
		bad("snils", "не СНИЛС: нужны 11 цифр с верной контрольной суммой", "not a SNILS: want 11 digits with a right check sum")
	} else if first, twice := p.seen[row.SNILS]; twice {
		bad("snils", fmt.Sprintf("тот же СНИЛС в строке %d: исправьте или уберите одну", first), fmt.Sprintf("the same SNILS as in line %d: mend or remove one", first))
	} else {
		p.seen[row.SNILS] = line
	}
	return row
}

// accommodation reads the two columns that say what is done differently for a student.
func (p *rosterParser) accommodation(row *RosterRow, cell func(string) string, bad func(key, ru, en string)) {
	switch strings.ToLower(cell("voiceless")) {
	case "":
	case "да", "yes", "1", "+":
		yes := true
		row.NoVoice = &yes
	case "нет", "no", "0", "-":
		no := false
		row.NoVoice = &no
	default:
		bad("voiceless", "нужно «да» или «нет», без причины", "want yes or no, without a reason")
	}
	text := cell("more")
	if text == "" {
		return
	}
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes < 0 || minutes > MaxMoreMinutes {
		bad("more", "нужно целое число минут, от 0 до 720", "want a whole number of minutes, 0 to 720")
		return
	}
	row.MoreMinutes = &minutes
}

// epoch is the day from which a spreadsheet counts its days.
type epoch time.Time

var (
	epoch1900 = epoch(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)) // what the calendar of 1900 with its 29 February comes to
	epoch1904 = epoch(time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC))   // workbooks from old Macs
)

// date reads a date as people and spreadsheets write it, a day's number too; a time of the day must be midnight.
func (e epoch) date(s string) (time.Time, bool) {
	for _, midnight := range []string{"T00:00:00Z", "T00:00:00", " 00:00:00", " 0:00:00", " 00:00", " 0:00"} {
		if day, ok := strings.CutSuffix(s, midnight); ok {
			s = day
			break
		}
	}
	for _, layout := range []string{"2.1.2006", "2006-01-02", "02/01/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t.Year() > 1900 && t.Year() < 2100
		}
	}
	if n, err := strconv.Atoi(s); err == nil && len(s) >= 3 && len(s) <= 5 {
		t := time.Time(e).AddDate(0, 0, n)
		return t, t.Year() > 1900 && t.Year() < 2100
	}
	return time.Time{}, false
}

// spreadsheetSNILS is ParseSNILS for a cell that may have been taken for a number and lost its leading zeros. The check sum tells whether it was.
func spreadsheetSNILS(s string) (string, bool) {
	if (len(s) == 9 || len(s) == 10) && strings.Trim(s, "0123456789") == "" {
		if padded := strings.Repeat("0", 11-len(s)) + s; padded[:9] > lastWithoutCheckSum {
			return ParseSNILS(padded)
		}
	}
	return ParseSNILS(s)
}

// lastWithoutCheckSum is the last number that was given out without one.
const lastWithoutCheckSum = "001001998"

// ParseSNILS reads a СНИЛС in any usual spelling and checks its check sum (numbers up to 001-001-998 have none). It returns the 11 digits.
func ParseSNILS(s string) (string, bool) {
	var digits []byte
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r == ' ' || r == '-':
		default:
			return "", false
		}
	}
	if len(digits) != 11 {
		return "", false
	}
	if string(digits[:9]) <= lastWithoutCheckSum {
		return string(digits), true
	}
	sum := 0
	for i, d := range digits[:9] {
		sum += int(d-'0') * (9 - i)
	}
	want := sum % 101 % 100
	return string(digits), int(digits[9]-'0')*10+int(digits[10]-'0') == want
}
