// Package table writes rows as spreadsheets read them: CSV that opens right in a Russian Excel and runs nothing there, and XLSX with typed cells.
// It streams, and knows nothing of what the rows say. A cell is nil, string, int64, float64 or time.Time. Start reading at CSV and NewBook.
package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// CSV is UTF-8 with a byte order mark, CRLF, times without zones and, beside semicolons, decimal commas.
type CSV struct {
	Separator rune // ';' (also of the zero value: what a Russian Excel expects), ',' or '\t'
}

func (c CSV) separator() (rune, error) {
	if c.Separator == 0 {
		return ';', nil
	}
	if !strings.ContainsRune(";,\t", c.Separator) {
		return 0, fmt.Errorf("CSV separator %q: want ';', ',' or tab", c.Separator)
	}
	return c.Separator, nil
}

// Head writes the byte order mark, without which Excel takes UTF-8 for something else, and the columns' names.
func (c CSV) Head(w io.Writer, names []string) error {
	separator, err := c.separator()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	head := csv.NewWriter(w)
	head.Comma, head.UseCRLF = separator, true
	if err := head.Write(names); err != nil {
		return err
	}
	head.Flush()
	return head.Error()
}

// Lines writes rows. Parts that are written apart may stand one after the other.
func (c CSV) Lines(w io.Writer, rows [][]any) error {
	separator, err := c.separator()
	if err != nil {
		return err
	}
	lines := csv.NewWriter(w)
	lines.Comma, lines.UseCRLF = separator, true
	var cells []string
	for _, row := range rows {
		cells = cells[:0]
		for _, v := range row {
			cells = append(cells, text(v, separator))
		}
		if err := lines.Write(cells); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

func text(v any, separator rune) string {
	switch v := v.(type) {
	case string:
		return harmless(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return number(v, separator)
	case time.Time:
		return v.Format("02.01.2006 15:04:05")
	}
	return ""
}

// number has a decimal comma beside semicolons, as a Russian Excel reads numbers.
func number(v float64, separator rune) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if separator == ';' {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// harmless keeps a spreadsheet from running a cell as a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
