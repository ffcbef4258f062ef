package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"ochno/proctor/table"
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
	Progress  func(n int)    // is told now and then how many records are written; may be nil
}

// Export streams the selected records, oldest first, and returns how many it wrote.
func (l *Log) Export(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Progress == nil {
		o.Progress = func(int) {}
	}
	switch o.Format {
	case JSONL:
		return l.exportText(ctx, w, o, l.writeJSONLines)
	case CSV:
		return l.exportCSV(ctx, w, o)
	case XLSX:
		return l.exportXLSX(ctx, w, o)
	}
	return 0, fmt.Errorf("export format %q: want csv, xlsx or jsonl", o.Format)
}

// exportText writes what write makes of some records, and of the next.
func (l *Log) exportText(ctx context.Context, w io.Writer, o ExportOptions, write func(io.Writer, []storedRecord) error) (int, error) {
	type text struct {
		records int
		bytes   []byte
	}
	n := 0
	err := eachPart(ctx, l, o.Filter, func(records []storedRecord) (text, error) {
		out := bytes.NewBuffer(make([]byte, 0, len(records)*1024))
		if err := write(out, records); err != nil {
			return text{}, err
		}
		return text{len(records), out.Bytes()}, nil
	}, func(t text) error {
		n += t.records
		o.Progress(n)
		_, err := w.Write(t.bytes)
		return err
	})
	return n, err
}

// jsonLine is a line of the JSON Lines export: the record's sealed bytes stand in it unchanged, so that their hash can be taken from the line.
type jsonLine struct {
	Leaf     *int64            `json:"leaf"`
	SHA256   string            `json:"sha256"`
	Record   json.RawMessage   `json:"record"`
	Personal map[string]string `json:"personal,omitempty"`
}

func (l *Log) writeJSONLines(w io.Writer, records []storedRecord) error {
	rows, err := l.decode(records)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it would change the record's bytes
	for _, r := range rows {
		if err := enc.Encode(jsonLine{Leaf: r.Leaf, SHA256: r.SHA256(), Record: r.Body, Personal: r.Personal}); err != nil {
			return err
		}
	}
	return nil
}

// Where some of the columns stand.
const (
	columnAt      = 2
	columnType    = 3
	columnOutcome = 9
)

var csvHeader = []string{
	"Запись журнала", "Номер листа", "Время", "Вид", "Код экзамена", "Экзамен", "Студент", "Группа", "ЕСИА OID", "Итог", "Причина", "Попытка",
	"Общая оценка", "Оценка лица", "Оценка голоса", "Порог", "Живость", "Запись (видео)", "Смещение, мс", "SHA-256 кадра", "SHA-256 фото", "SHA-256 голоса",
	"Идентификатор вердикта", "Запрос", "SHA-256 записи журнала",
}

func (l *Log) exportCSV(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	lines := table.CSV{Separator: o.Separator}
	if err := lines.Head(w, csvHeader); err != nil {
		return 0, err
	}
	return l.exportText(ctx, w, o, func(out io.Writer, records []storedRecord) error {
		rows, err := l.rows(records, o.Zone)
		if err != nil {
			return err
		}
		return lines.Lines(out, rows)
	})
}

// rows are records' cells.
func (l *Log) rows(records []storedRecord, zone *time.Location) ([][]any, error) {
	rows := make([][]any, len(records))
	for i, s := range records {
		var err error
		if rows[i], err = l.columns(s, zone); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// exported is what a table shows of an identification's data; skipping the rest is what makes an export fast.
type exported struct {
	Exam    ExamRef `json:"exam"`
	Number  int64   `json:"number"`
	Reason  string  `json:"reason"`
	Request string  `json:"request"`
	Policy  struct {
		Threshold float64 `json:"threshold"`
	} `json:"policy"`
	Scores   *Scores  `json:"scores"`
	Liveness *float64 `json:"liveness"`
	Photo    *Photo   `json:"photo"`
	Voice    *struct {
		SHA256 string `json:"sha256"`
	} `json:"voice"`
	Verdict *struct {
		ID string `json:"id"`
	} `json:"verdict"`
}

// opened is a record's body as far as a table needs it.
type opened[Data any] struct {
	Data     Data              `json:"data"`
	Personal map[string]string `json:"personal"`
}

// columns are a record's cells in the order of csvHeader: string, int64, float64, time.Time, or nil where it has no such thing.
func (l *Log) columns(s storedRecord, zone *time.Location) ([]any, error) {
	if s.Type != TypeIdentification { // others may have the exam and a reason, and call something else by the other names
		var o opened[struct {
			Exam   ExamRef `json:"exam"`
			Reason string  `json:"reason"`
		}]
		if err := jsonv2.Unmarshal(s.Body, &o); err != nil {
			return nil, fmt.Errorf("record %s: %w", s.ID, err)
		}
		return l.commonColumns(s, zone, o.Personal, exported{Exam: o.Data.Exam, Reason: o.Data.Reason})
	}
	var o opened[exported]
	if err := jsonv2.Unmarshal(s.Body, &o); err != nil {
		return nil, fmt.Errorf("record %s: %w", s.ID, err)
	}
	d := o.Data
	out, err := l.commonColumns(s, zone, o.Personal, d)
	if err != nil {
		return nil, err
	}
	out[11], out[15] = d.Number, d.Policy.Threshold
	if d.Scores != nil {
		out[12], out[13] = d.Scores.Overall, d.Scores.Photo
		if d.Scores.Sound != nil {
			out[14] = *d.Scores.Sound
		}
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

func (l *Log) commonColumns(s storedRecord, zone *time.Location, hashes map[string]string, d exported) ([]any, error) {
	personal, err := l.personal(s.ID, s.Personal, hashes)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(s.Body)
	out := []any{
		s.ID.String(), nil, s.At.In(zone), string(s.Type), d.Exam.Code, d.Exam.Title, personal["student"], d.Exam.Group, personal["oid"], s.Outcome, d.Reason,
		nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, d.Request, hex.EncodeToString(sum[:]),
	}
	if s.Leaf != nil {
		out[1] = *s.Leaf
	}
	return out, nil
}
