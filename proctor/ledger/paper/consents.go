package paper

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"ochno/proctor/ledger"
)

// Consents is «Реестр согласий на обработку персональных данных».
type Consents struct {
	Organisation string
	Act          string
	Totals       []Total // by state
	Checkpoint   ledger.Checkpoint
	Key          string
	At           time.Time
	Zone         *time.Location

	list []Consent
}

// Consent is a row of it.
type Consent struct {
	Student     string // empty: erased
	Exams       string
	Version     int // of the text
	GrantedAt   time.Time
	How         string
	By          string
	State       string
	WithdrawnAt *time.Time
	WithdrawnBy string
}

// Total is how many rows are in a state.
type Total struct {
	What  string
	Count int
}

// ErrTooMany is returned when a selection does not fit a paper.
var ErrTooMany = fmt.Errorf("a paper has at most %d rows: choose a smaller selection, or a table", maxStudents)

// Add adds a row; ErrTooMany.
func (s *Consents) Add(c Consent) error {
	if len(s.list) == maxStudents {
		return ErrTooMany
	}
	s.list = append(s.list, c)
	return nil
}

var consentColumns = []column{
	{"№", 10, "R"},
	{"Студент", 52, "L"},
	{"Ред.", 10, "R"},
	{"Дано", 32, "L"},
	{"Как дано", 46, "L"},
	{"Кем дано", 46, "L"},
	{"Состояние", 49, "L"},
	{"Экзамены", 32, "L"},
}

// Write renders the register as PDF.
func (s Consents) Write(w io.Writer) error {
	if s.Zone == nil {
		return errors.New("the register's zone is not set")
	}
	f := newPDF("L", "Реестр согласий", s.At)
	f.SetAutoPageBreak(false, 0)
	f.SetFooterFunc(func() {
		footer(f, fmt.Sprintf("Реестр согласий. Контрольная точка журнала: %d записей.", s.Checkpoint.Size))
	})
	f.AddPage()
	titles(f, s.Organisation, "Реестр согласий на обработку персональных данных", "Область действия согласия: "+s.Organisation, s.Act, "Составлен "+stamp(s.At, s.Zone))
	header(f, consentColumns)
	for i, c := range s.list {
		s.row(f, i+1, c)
	}
	counts := make([]string, len(s.Totals))
	for i, t := range s.Totals {
		counts[i] = fmt.Sprintf("%s: %d", t.What, t.Count)
	}
	totals(f, fmt.Sprintf("Всего согласий: %d", len(s.list)), counts, "Сотрудник учебной части")
	if err := proof(f, s.Checkpoint, s.Key, pageWidth); err != nil {
		return err
	}
	if err := f.Output(w); err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	return nil
}

func (s Consents) row(f *fpdf.Fpdf, number int, c Consent) {
	name, state := printable(c.Student), c.State
	if name == "" {
		name = erasedName
	}
	if c.WithdrawnAt != nil {
		state = strings.TrimSpace(fmt.Sprintf("%s %s %s", state, c.WithdrawnAt.In(s.Zone).Format("02.01.2006 15:04"), printable(c.WithdrawnBy)))
	}
	cells(f, consentColumns, []string{
		strconv.Itoa(number), name, strconv.Itoa(c.Version), c.GrantedAt.In(s.Zone).Format("02.01.2006 15:04:05"), c.How, printable(c.By), state, printable(c.Exams),
	})
}
