package exam

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/encoding/charmap"

	"ochno/proctor/account"
)

// RosterRow is one student of a roster file.
type RosterRow struct {
	Line      int // in the file, from 1
	Name      account.Name
	BirthDate time.Time
	SNILS     string // 11 digits
	Group     string
	Faculty   string
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

// RosterError lists every problem of a roster file; nothing of the file was taken.
type RosterError struct{ Problems []RosterProblem }

func (e *RosterError) Error() string {
	return fmt.Sprintf("the roster has %d problems, the first: %s", len(e.Problems), e.Problems[0])
}

// Limits of a roster file.
const (
	MaxRosterBytes = 16 << 20
	MaxRosterRows  = 50_000
)

// rosterColumns are the names under which a column is recognised, folded.
var rosterColumns = map[string]string{
	"фамилия": "last", "last name": "last",
	"имя": "first", "first name": "first",
	"отчество": "middle", "middle name": "middle",
	"дата рождения": "birth", "birth date": "birth",
	"снилс": "snils", "snils": "snils",
	"группа": "group", "group": "group",
	"факультет": "faculty", "институт": "faculty", "faculty": "faculty",
}

// ParseRoster reads a roster as CSV: a header and a row a student, columns in any order, separated by semicolon, comma or tab, in UTF-8 or
// Windows-1251. Every problem of the file is in the *RosterError.
func ParseRoster(r io.Reader) ([]RosterRow, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxRosterBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the roster: %w", err)
	}
	whole := func(ru, en string) error { return &RosterError{Problems: []RosterProblem{{Ru: ru, En: en}}} }
	if len(text) > MaxRosterBytes {
		return nil, whole("файл больше 16 МиБ", "the file is larger than 16 MiB")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		if text, err = charmap.Windows1251.NewDecoder().Bytes(text); err != nil {
			return nil, whole("кодировка файла не UTF-8 и не Windows-1251", "the file is neither UTF-8 nor Windows-1251")
		}
	}
	table := csv.NewReader(bytes.NewReader(text))
	table.Comma = separator(text)
	table.FieldsPerRecord = -1
	table.TrimLeadingSpace = table.Comma != '\t' // a tab is a space to it: an empty cell would be skipped
	header, err := table.Read()
	if err != nil {
		return nil, whole("нет строки заголовков", "there is no header row")
	}
	columns := map[string]int{}
	for i, name := range header {
		if key, ok := rosterColumns[strings.ToLower(strings.TrimSpace(name))]; ok {
			columns[key] = i
		}
	}
	for _, need := range []struct{ key, name string }{{"last", "Фамилия"}, {"first", "Имя"}, {"birth", "Дата рождения"}, {"snils", "СНИЛС"}} {
		if _, ok := columns[need.key]; !ok {
			return nil, whole("нет столбца «"+need.name+"»", "the column «"+need.name+"» is missing")
		}
	}
	return rosterRows(table, columns)
}

func rosterRows(table *csv.Reader, columns map[string]int) ([]RosterRow, error) {
	var (
		rows     []RosterRow
		problems []RosterProblem
		seen     = map[string]int{}
	)
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var line int
			var broken *csv.ParseError
			if errors.As(err, &broken) {
				line = broken.StartLine
			}
			// A broken quote shifts everything after it, so what follows would be noise.
			problems = append(problems, RosterProblem{Line: line, Ru: "строка не читается как CSV", En: "the row is not CSV"})
			break
		}
		line, _ := table.FieldPos(0)
		if len(rows) >= MaxRosterRows {
			problems = append(problems, RosterProblem{Line: line, Ru: "больше 50 000 строк", En: "more than 50,000 rows"})
			break
		}
		row, found := rosterRow(line, record, columns)
		if first, twice := seen[row.SNILS]; !twice {
			seen[row.SNILS] = line
		} else if row.SNILS != "" {
			found = append(found, RosterProblem{Line: line, Column: "СНИЛС", Ru: fmt.Sprintf("тот же СНИЛС в строке %d", first), En: fmt.Sprintf("the same SNILS as in line %d", first)})
		}
		problems = append(problems, found...)
		rows = append(rows, row)
	}
	if len(rows) == 0 && len(problems) == 0 {
		problems = append(problems, RosterProblem{Ru: "в файле нет ни одного студента", En: "the file has no student"})
	}
	if len(problems) > 0 {
		return nil, &RosterError{Problems: problems}
	}
	return rows, nil
}

func rosterRow(line int, record []string, columns map[string]int) (RosterRow, []RosterProblem) {
	cell := func(key string) string {
		i, ok := columns[key]
		if !ok || i >= len(record) {
			return ""
		}
		return strings.Join(strings.Fields(record[i]), " ")
	}
	var problems []RosterProblem
	bad := func(column, ru, en string) {
		problems = append(problems, RosterProblem{Line: line, Column: column, Ru: ru, En: en})
	}
	row := RosterRow{Line: line, Name: account.Name{Last: cell("last"), First: cell("first"), Middle: cell("middle")}, Group: cell("group"), Faculty: cell("faculty")}
	for _, part := range []struct {
		column, value string
		needed        bool
	}{{"Фамилия", row.Name.Last, true}, {"Имя", row.Name.First, true}, {"Отчество", row.Name.Middle, false}, {"Группа", row.Group, false}, {"Факультет", row.Faculty, false}} {
		if part.needed && part.value == "" {
			bad(part.column, "пусто", "empty")
		}
		if utf8.RuneCountInString(part.value) > 200 {
			bad(part.column, "длиннее 200 знаков", "longer than 200 characters")
		}
		if strings.ContainsFunc(part.value, unicode.IsControl) {
			bad(part.column, "управляющие знаки", "control characters")
		}
	}
	var ok bool
	if row.BirthDate, ok = parseDate(cell("birth")); !ok {
		bad("Дата рождения", "нужна дата вида 31.12.2005", "want a date like 31.12.2005")
	}
	if row.SNILS, ok = ParseSNILS(cell("snils")); !ok {
		bad("СНИЛС", "не СНИЛС: нужны 11 цифр с верной контрольной суммой", "not a SNILS: want 11 digits with a right check sum")
	}
	return row, problems
}

func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{"02.01.2006", "2006-01-02", "02/01/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t.Year() > 1900 && t.Year() < 2100
		}
	}
	return time.Time{}, false
}

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
	if string(digits[:9]) <= "001001998" {
		return string(digits), true
	}
	sum := 0
	for i, d := range digits[:9] {
		sum += int(d-'0') * (9 - i)
	}
	want := sum % 101 % 100
	return string(digits), int(digits[9]-'0')*10+int(digits[10]-'0') == want
}

// separator is the one of ; , tab that the first line has most of.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best := ';'
	for _, c := range ";,\t" {
		if bytes.ContainsRune(line, c) && bytes.Count(line, []byte(string(c))) > bytes.Count(line, []byte(string(best))) {
			best = c
		}
	}
	return best
}

// Import puts the rows into the exam's roster, all or nothing, and may be repeated: whoever is there stays, group and faculty are renewed.
// It returns how many were new. People whose SNILS stands beside another name in our database are problems of a *RosterError.
func (x *Exams) Import(ctx context.Context, e Exam, rows []RosterRow) (added int, err error) {
	var problems []RosterProblem
	err = pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		for _, row := range rows {
			person, err := x.accounts.Ensure(ctx, tx, account.NewPerson{
				Organisation: e.Organisation, Name: row.Name, BirthDate: row.BirthDate, SNILS: row.SNILS, Roles: []account.Role{account.Student},
			})
			if errors.Is(err, account.ErrAmbiguous) {
				problems = append(problems, RosterProblem{
					Line: row.Line, Column: "СНИЛС", Ru: "этот СНИЛС записан у человека с другим именем или датой рождения",
					En: "a person with another name or birth date has this SNILS",
				})
				continue
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", row.Line, err)
			}
			var isNew bool
			if err := tx.QueryRow(ctx, `insert into roster_entry (id, exam_id, person_id, faculty, group_name) values ($1, $2, $3, $4, $5)
				on conflict (exam_id, person_id) do update set faculty = excluded.faculty, group_name = excluded.group_name returning xmax = 0`,
				uuid.New(), e.ID, person, row.Faculty, row.Group).Scan(&isNew); err != nil {
				return fmt.Errorf("line %d: %w", row.Line, err)
			}
			if isNew {
				added++
			}
		}
		if len(problems) > 0 {
			return &RosterError{Problems: problems}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("import the roster: %w", err)
	}
	return added, nil
}
