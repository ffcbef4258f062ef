package ledger

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Format of an export.
type Format string

// CSV opens right in a Russian Excel; XLSX has typed cells and a summary; JSON Lines is for machines and holds each record's sealed bytes.
const (
	CSV   Format = "csv"
	XLSX  Format = "xlsx"
	JSONL Format = "jsonl"
)

// ExportOptions say what to write and how.
type ExportOptions struct {
	Filter    Filter
	Format    Format
	Separator rune           // CSV only: ';' (default, what a Russian Excel expects), ',' or '\t'
	Zone      *time.Location // CSV and XLSX: the zone of their times; default UTC
}

// Export streams the selected records, oldest first, and returns how many it wrote.
func (l *Log) Export(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var write func(Row) error
	finish := func() error { return nil }
	switch o.Format {
	case JSONL:
		write = func(r Row) error { return writeJSONLine(out, r) }
	case CSV:
		table, err := newCSV(out, o)
		if err != nil {
			return 0, err
		}
		write, finish = table.write, table.flush
	case XLSX:
		book, err := newXLSX(out, o)
		if err != nil {
			return 0, err
		}
		defer book.close()
		write, finish = book.write, book.finish
	default:
		return 0, fmt.Errorf("export format %q: want csv, xlsx or jsonl", o.Format)
	}
	n := 0
	err := l.Each(ctx, o.Filter, func(r Row) error {
		n++
		return write(r)
	})
	if err != nil {
		return n, err
	}
	if err := finish(); err != nil {
		return n, fmt.Errorf("export: %w", err)
	}
	return n, out.Flush()
}

// jsonLine is a line of the JSON Lines export: the record's sealed bytes stand in it unchanged, so that their hash can be taken from the line.
type jsonLine struct {
	Leaf     *int64            `json:"leaf"`
	SHA256   string            `json:"sha256"`
	Record   json.RawMessage   `json:"record"`
	Personal map[string]string `json:"personal,omitempty"`
}

func writeJSONLine(w io.Writer, r Row) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it would change the record's bytes
	return enc.Encode(jsonLine{Leaf: r.Leaf, SHA256: r.SHA256(), Record: r.Body, Personal: r.Personal})
}

type csvTable struct {
	w     *csv.Writer
	zone  *time.Location
	comma bool // decimal comma, as a Russian Excel reads numbers
}

var csvHeader = []string{
	"Запись журнала", "Номер листа", "Время", "Вид", "Код экзамена", "Экзамен", "Студент", "Группа", "ЕСИА OID", "Итог", "Причина", "Попытка",
	"Общая оценка", "Оценка лица", "Оценка голоса", "Порог", "Живость", "Запись (видео)", "Смещение, мс", "SHA-256 кадра", "SHA-256 фото", "SHA-256 голоса",
	"Идентификатор вердикта", "Запрос", "SHA-256 записи журнала",
}

func newCSV(w io.Writer, o ExportOptions) (*csvTable, error) {
	separator := o.Separator
	if separator == 0 {
		separator = ';'
	}
	if !strings.ContainsRune(";,\t", separator) {
		return nil, fmt.Errorf("CSV separator %q: want ';', ',' or tab", separator)
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // Excel takes UTF-8 for what it is only with a byte order mark
		return nil, err
	}
	t := &csvTable{w: csv.NewWriter(w), zone: o.Zone, comma: separator == ';'}
	if t.zone == nil {
		t.zone = time.UTC
	}
	t.w.Comma = separator
	t.w.UseCRLF = true
	return t, t.w.Write(csvHeader)
}

func (t *csvTable) write(r Row) error {
	values, err := columns(r, t.zone)
	if err != nil {
		return err
	}
	cells := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			cells[i] = harmless(v)
		case int64:
			cells[i] = strconv.FormatInt(v, 10)
		case float64:
			cells[i] = t.number(v)
		case time.Time:
			cells[i] = v.Format("02.01.2006 15:04:05")
		}
	}
	return t.w.Write(cells)
}

// columns are a record's cells in the order of csvHeader: string, int64, float64, time.Time, or nil where it has no such thing.
func columns(r Row, zone *time.Location) ([]any, error) {
	// Every type of record has the exam; an identification has the rest.
	var d Identification
	if err := r.Data(&d); err != nil {
		return nil, err
	}
	out := []any{
		r.ID.String(), nil, r.At.In(zone), string(r.Type), d.Exam.Code, d.Exam.Title,
		r.Personal["student"], d.Exam.Group, r.Personal["oid"], r.Outcome, d.Reason, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, d.Request, r.SHA256(),
	}
	if r.Leaf != nil {
		out[1] = *r.Leaf
	}
	if r.Type != TypeIdentification {
		return out, nil
	}
	out[11], out[15] = int64(d.Number), d.Policy.Threshold
	if d.Scores != nil {
		out[12], out[13], out[14] = d.Scores.Overall, d.Scores.Photo, d.Scores.Sound
	}
	if d.Liveness != nil {
		out[16] = *d.Liveness
	}
	if d.Photo != nil {
		out[17], out[18], out[19], out[20] = d.Photo.Recording, d.Photo.OffsetMS, d.Photo.FrameSHA256, d.Photo.SHA256
	}
	if d.Voice != nil {
		out[21] = d.Voice.SHA256
	}
	if d.Verdict != nil {
		out[22] = d.Verdict.ID
	}
	return out, nil
}

func (t *csvTable) flush() error {
	t.w.Flush()
	return t.w.Error()
}

func (t *csvTable) number(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if t.comma {
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
