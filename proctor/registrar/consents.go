package registrar

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"ochno/proctor/account"
	"ochno/proctor/ledger/paper"
	"ochno/proctor/table"
)

// ConsentsFormat is how the register of consents is given out: csv, xlsx, jsonl, pdf.
type ConsentsFormat string

var consentColumns = []table.Column{
	{Title: "Согласие", Width: 38},
	{Title: "Студент", Width: 34},
	{Title: "Область", Width: 34},
	{Title: "Экзамены", Width: 24},
	{Title: "Редакция текста", Width: 10},
	{Title: "Текст", Width: 40},
	{Title: "Дано", Width: 19},
	{Title: "Как дано", Width: 24},
	{Title: "Кем дано", Width: 34},
	{Title: "Полномочия представителя", Width: 24},
	{Title: "Состояние", Width: 22},
	{Title: "Отозвано", Width: 19},
	{Title: "Кем отозвано", Width: 34},
	{Title: "SHA-256 текста", Width: 20},
}

var consentWords = map[string]string{
	string(account.ConsentStands): "действует", string(account.ConsentSuperseded): "заменяется новым", string(account.ConsentWithdrawn): "отозвано", string(account.ConsentErased): "данные удалены",
	"esia": "вход через Госуслуги и подтверждение под текстом", "authority esia": "по данным Госуслуг", "authority papers": "по документам",
}

// Consents writes the register of consents that the filter selects.
func (p Papers) Consents(ctx context.Context, w io.Writer, format ConsentsFormat, separator rune, f account.RegisterFilter) error {
	name, act, err := p.head(ctx, f.Organisation)
	if err != nil {
		return err
	}
	switch format {
	case "csv":
		return p.consentsCSV(ctx, w, table.CSV{Separator: separator}, f, name)
	case "xlsx":
		return p.consentsXLSX(ctx, w, f, name)
	case "jsonl":
		return p.consentsJSON(ctx, w, f)
	case "pdf":
		return p.consentsPDF(ctx, w, f, name, act)
	}
	return fmt.Errorf("the register's format %q: want csv, xlsx, jsonl or pdf", format)
}

// consentRows is how many lines of CSV are written at once.
const consentRows = 256

func (p Papers) consentsCSV(ctx context.Context, w io.Writer, lines table.CSV, f account.RegisterFilter, organisation string) error {
	names := make([]string, len(consentColumns))
	for i, c := range consentColumns {
		names[i] = c.Title
	}
	if err := lines.Head(w, names); err != nil {
		return err
	}
	var rows [][]any
	err := p.Accounts.EachConsent(ctx, f, func(e account.RegisterEntry) error {
		if rows = append(rows, p.consentCells(e, organisation)); len(rows) < consentRows {
			return nil
		}
		err := lines.Lines(w, rows)
		rows = rows[:0]
		return err
	})
	if err != nil {
		return err
	}
	return lines.Lines(w, rows)
}

func (p Papers) consentsXLSX(ctx context.Context, w io.Writer, f account.RegisterFilter, organisation string) error {
	book, err := table.NewBook(w, table.Sheet{Name: "Согласия", Table: "consents", Columns: consentColumns})
	if err != nil {
		return err
	}
	defer book.Close()
	counts := map[account.ConsentState]int64{}
	if err := p.Accounts.EachConsent(ctx, f, func(e account.RegisterEntry) error {
		counts[e.State]++
		return book.Write(p.consentCells(e, organisation))
	}); err != nil {
		return err
	}
	summary := [][]any{{"Состояние", "Согласий"}}
	var all int64
	for _, state := range consentStates {
		summary = append(summary, []any{consentWords[string(state)], counts[state]})
		all += counts[state]
	}
	return book.Finish(append(summary, []any{"Всего", all}))
}

var consentStates = []account.ConsentState{account.ConsentStands, account.ConsentSuperseded, account.ConsentWithdrawn, account.ConsentErased}

func (p Papers) consentCells(e account.RegisterEntry, organisation string) []any {
	var withdrawn any
	if e.WithdrawnAt != nil {
		withdrawn = e.WithdrawnAt.In(p.Zone)
	}
	return []any{
		e.ID.String(), e.Student, organisation, strings.Join(e.Exams, ", "), int64(e.Version), e.Title, e.GrantedAt.In(p.Zone), consentWords[e.Signature],
		givenBy(e), consentWords["authority "+string(e.Authority)], consentWords[string(e.State)], withdrawn, e.WithdrawnBy, hex.EncodeToString(e.TextSHA256),
	}
}

func givenBy(e account.RegisterEntry) string {
	switch {
	case e.ByGuardian && e.Guardian != "":
		return e.Guardian
	case e.ByGuardian:
		return "законный представитель"
	case e.Student == "":
		return "студент"
	}
	return e.Student
}

// consentLine is a line of the register's JSON Lines.
type consentLine struct {
	ID          string     `json:"id"`
	Person      string     `json:"person"`
	Student     string     `json:"student,omitempty"` // absent where erased
	By          string     `json:"by"`                // student, guardian
	Guardian    string     `json:"guardian,omitempty"`
	Authority   string     `json:"authority,omitempty"` // esia, papers
	Signature   string     `json:"signature,omitempty"` // esia
	Version     int        `json:"version"`
	Title       string     `json:"title"`
	TextSHA256  string     `json:"textSha256"`
	GrantedAt   time.Time  `json:"grantedAt"`
	State       string     `json:"state"` // stands, superseded, withdrawn, erased
	WithdrawnAt *time.Time `json:"withdrawnAt,omitempty"`
	WithdrawnBy string     `json:"withdrawnBy,omitempty"`
	Exams       []string   `json:"exams"`
}

func (p Papers) consentsJSON(ctx context.Context, w io.Writer, f account.RegisterFilter) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return p.Accounts.EachConsent(ctx, f, func(e account.RegisterEntry) error {
		by := "student"
		if e.ByGuardian {
			by = "guardian"
		}
		return lines.Encode(consentLine{
			ID: e.ID.String(), Person: e.Person.String(), Student: e.Student, By: by, Guardian: e.Guardian, Authority: string(e.Authority), Signature: e.Signature,
			Version: e.Version, Title: e.Title, TextSHA256: hex.EncodeToString(e.TextSHA256), GrantedAt: e.GrantedAt, State: string(e.State), WithdrawnAt: e.WithdrawnAt,
			WithdrawnBy: e.WithdrawnBy, Exams: append([]string{}, e.Exams...),
		})
	})
}

func (p Papers) consentsPDF(ctx context.Context, w io.Writer, f account.RegisterFilter, organisation, act string) error {
	checkpoint, err := p.Log.Latest(ctx)
	if err != nil {
		return err
	}
	sheet := paper.Consents{Organisation: organisation, Act: act, Checkpoint: checkpoint, Key: p.Key.Public, At: p.Now(), Zone: p.Zone}
	for _, state := range consentStates {
		sheet.Totals = append(sheet.Totals, paper.Total{What: consentWords[string(state)]})
	}
	if err := p.Accounts.EachConsent(ctx, f, func(e account.RegisterEntry) error {
		for i, state := range consentStates {
			if state == e.State {
				sheet.Totals[i].Count++
			}
		}
		how := consentWords[e.Signature]
		if e.ByGuardian {
			how = strings.TrimSpace(how + "; представитель " + consentWords["authority "+string(e.Authority)])
		}
		return sheet.Add(paper.Consent{
			Student: e.Student, Exams: strings.Join(e.Exams, ", "), Version: e.Version, GrantedAt: e.GrantedAt, How: how, By: givenBy(e),
			State: consentWords[string(e.State)], WithdrawnAt: e.WithdrawnAt, WithdrawnBy: e.WithdrawnBy,
		})
	}); err != nil {
		return err
	}
	return sheet.Write(w)
}

// ErrTooManyForPaper: the register has more lines than a paper.
var ErrTooManyForPaper = paper.ErrTooMany
