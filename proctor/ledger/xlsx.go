package ledger

import (
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"ochno/proctor/table"
)

const sheetLog = "Журнал"

// logSheet has the columns of csvHeader with their widths.
func logSheet() table.Sheet {
	sheet := table.Sheet{Name: sheetLog, Table: "log"}
	for i, title := range csvHeader {
		c := table.Column{Title: title, Width: 20}
		for _, w := range []struct {
			to    int
			width float64
		}{{17, 12}, {11, 16}, {7, 34}, {5, 16}, {3, 19}, {2, 8}, {1, 38}} {
			if i < w.to {
				c.Width = w.width
			}
		}
		sheet.Columns = append(sheet.Columns, c)
	}
	return sheet
}

func (l *Log) exportXLSX(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	book, err := table.NewBook(w, logSheet())
	if err != nil {
		return 0, err
	}
	defer book.Close()
	n := 0
	sum := logSummary{zone: o.Zone, counts: map[[2]string]int64{}}
	err = eachPart(ctx, l, o.Filter, func(records []storedRecord) ([][]any, error) { return l.rows(records, o.Zone) }, func(rows [][]any) error {
		for _, cells := range rows {
			sum.add(cells)
			if err := book.Write(cells); err != nil {
				return err
			}
		}
		n += len(rows)
		o.Progress(n)
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, book.Finish(sum.rows())
}

// logSummary is the first sheet: the numbers of records by type and outcome.
type logSummary struct {
	zone        *time.Location
	counts      map[[2]string]int64
	first, last time.Time
}

func (s *logSummary) add(cells []any) {
	at := cells[columnAt].(time.Time)
	s.counts[[2]string{cells[columnType].(string), cells[columnOutcome].(string)}]++
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
}

func (s *logSummary) rows() [][]any {
	rows := [][]any{{"Вид", "Итог", "Записей"}}
	total := int64(0)
	keys := slices.SortedFunc(maps.Keys(s.counts), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	for _, k := range keys {
		rows = append(rows, []any{k[0], k[1], s.counts[k]})
		total += s.counts[k]
	}
	rows = append(rows, []any{"Всего", "", total})
	if total > 0 {
		const layout = "02.01.2006 15:04:05 -07:00"
		rows = append(rows, []any{}, []any{"Первая запись", s.first.In(s.zone).Format(layout)}, []any{"Последняя запись", s.last.In(s.zone).Format(layout)})
	}
	return rows
}
