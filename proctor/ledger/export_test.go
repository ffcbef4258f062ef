package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const bom = "\ufeff"

func (l *testLog) export(want int, o ExportOptions) string {
	l.t.Helper()
	var out bytes.Buffer
	n, err := l.Export(l.t.Context(), &out, o)
	if err != nil || n != want {
		l.t.Fatalf("exported %d, %v; want %d", n, err, want)
	}
	return out.String()
}

// cells reads an export back.
func cells(t *testing.T, text string, separator rune) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, bom)))
	r.Comma = separator
	table, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// The whole file, byte by byte, as a Russian Excel wants it.
func TestCSV(t *testing.T) {
	l := newTestLog(t)
	e := identification()
	e.At = time.Date(2026, 9, 1, 21, 59, 59, 0, time.UTC)
	id := l.add(e)[0]
	l.seal()
	waits := l.add(Entry{Type: TypeAccess, At: e.At.Add(time.Second), Data: Access{What: "log"}, Personal: map[string]string{"actor": actor}})[0]
	header := "Запись журнала;Номер листа;Время;Вид;Код экзамена;Экзамен;Студент;Группа;ЕСИА OID;Итог;Причина;Попытка;" +
		"Общая оценка;Оценка лица;Оценка голоса;Порог;Живость;Запись (видео);Смещение, мс;SHA-256 кадра;SHA-256 фото;SHA-256 голоса;" +
		"Идентификатор вердикта;Запрос;SHA-256 записи журнала\r\n"
	row := "%s;0;%s;identification;algebra;Алгебра <и> анализ & «прочее»;Ёлкина Мария Петровна;МА-21;1000299654;match;identified;2;" +
		"0,99995;0,98;1;0,9999;0,25;rec-1;12345;f00d;beef;cafe;jti-1;req-1;%s\r\n"
	empty := "%s;;%s;access;;;;;;;;;;;;;;;;;;;;;%s\r\n"
	first, second := l.one(id).SHA256(), l.one(waits).SHA256()

	moscow := time.FixedZone("MSK", 3*3600)
	want := bom + header + fmt.Sprintf(row, id, "02.09.2026 00:59:59", first) + fmt.Sprintf(empty, waits, "02.09.2026 01:00:00", second)
	if got := l.export(2, ExportOptions{Format: CSV, Zone: moscow}); got != want {
		t.Errorf("with the default separator:\n%s\nwant\n%s", got, want)
	}

	row = strings.ReplaceAll(strings.NewReplacer("0,99995", "0.99995", "0,98", "0.98", "0,9999", "0.9999", "0,25", "0.25").Replace(row), ";", ",")
	header = strings.ReplaceAll(strings.Replace(header, "Смещение, мс", `"Смещение, мс"`, 1), ";", ",")
	want = bom + header + fmt.Sprintf(row, id, "01.09.2026 21:59:59", first) + fmt.Sprintf(strings.ReplaceAll(empty, ";", ","), waits, "01.09.2026 22:00:00", second)
	if got := l.export(2, ExportOptions{Format: CSV, Separator: ','}); got != want {
		t.Errorf("with a comma:\n%s\nwant\n%s", got, want)
	}

	if got := cells(t, l.export(2, ExportOptions{Format: CSV, Separator: '\t'}), '\t'); len(got) != 3 || got[1][12] != "0.99995" {
		t.Errorf("with a tab: %v", got)
	}
}

func TestCSVCellsAreNoFormulas(t *testing.T) {
	values := [][2]string{ // given, shown
		{"=1+1", "'=1+1"},
		{"+7 999", "'+7 999"},
		{"-1", "'-1"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", "'\t=1"},
		{"\n=1", "'\n=1"},
		{"=cmd|'/c'!A1;x", "'=cmd|'/c'!A1;x"},
		{"", ""},
		{"Иванов", "Иванов"},
		{"МА-21", "МА-21"},
		{"1=1", "1=1"},
		{"'=1", "'=1"},
		{"a;\"b\"\nc", "a;\"b\"\nc"},
		{"–", "–"},
	}
	l := newTestLog(t)
	for _, v := range values {
		given := v[0]
		l.add(Entry{
			Type: TypeIdentification, At: testTime, Outcome: given,
			Data: Identification{
				Exam: ExamRef{Code: given, Title: given, Group: given}, Reason: given, Request: given,
				Photo: &Photo{Recording: given, FrameSHA256: given, SHA256: given}, Voice: &Voice{SHA256: given}, Verdict: &Verdict{ID: given},
			},
			Personal: map[string]string{"student": given, "oid": given},
		})
	}
	for _, separator := range []rune{';', ',', '\t'} {
		text := l.export(len(values), ExportOptions{Format: CSV, Separator: separator})
		for i, row := range cells(t, text, separator)[1:] {
			for _, c := range []int{4, 5, 6, 7, 8, 9, 10, 17, 19, 20, 21, 22, 23} {
				if row[c] != values[i][1] {
					t.Errorf("%q with %q: the cell %q is %q; want %q", values[i][0], separator, csvHeader[c], row[c], values[i][1])
				}
			}
		}
		if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
			t.Errorf("with %q a line does not end with CRLF", separator)
		}
	}
}

func TestCSVHasEveryType(t *testing.T) {
	l := newTestLog(t)
	entries := oneOfEach()
	l.add(entries...)
	table := cells(t, l.export(len(entries), ExportOptions{Format: CSV}), ';')
	for i, e := range entries {
		row := table[i+1]
		if row[3] != string(e.Type) || row[6] != e.Personal["student"] || row[8] != e.Personal["oid"] || row[9] != e.Outcome {
			t.Errorf("%s: %v", e.Type, row)
		}
		if hasScores := row[12] != "" || row[15] != ""; hasScores != (e.Type == TypeIdentification) {
			t.Errorf("%s: its scores are %q, its threshold %q", e.Type, row[12], row[15])
		}
	}
	if row := table[6]; row[4] != "algebra" || row[7] != "МА-21" || row[10] != "left" {
		t.Errorf("the decision: %v", row)
	}
}

// An identification may end before anything was measured.
func TestCSVOfAnIdentificationWithoutSamples(t *testing.T) {
	l := newTestLog(t)
	l.add(Entry{
		Type: TypeIdentification, At: testTime, Exam: examA, Outcome: "quality",
		Data: Identification{Exam: algebra, Number: 1, Reason: "no_face", Policy: Policy{Threshold: 1, Tries: 3}},
	})
	row := cells(t, l.export(1, ExportOptions{Format: CSV}), ';')[1]
	if want := []string{"quality", "no_face", "1", "", "", "", "1", "", "", "", "", "", "", "", ""}; !slices.Equal(row[9:24], want) {
		t.Errorf("cells %q; want %q", row[9:24], want)
	}
}

func TestJSONLines(t *testing.T) {
	l := newTestLog(t)
	entries := oneOfEach()
	entries[1].Data = Consent{Exam: ExamRef{Code: "x", Title: "<script>&amp;\u2028\u2029\"\\\t\x01é/𝄞"}}
	ids := l.add(entries...)
	l.seal()
	ids = append(ids, l.add(accesses(1)...)...)
	text := l.export(len(ids), ExportOptions{Format: JSONL})
	if strings.HasPrefix(text, bom) {
		t.Error("JSON Lines begin with a byte order mark")
	}
	lines := strings.SplitAfter(text, "\n")
	if len(lines) != len(ids)+1 || lines[len(ids)] != "" {
		t.Fatalf("%d lines for %d records", len(lines), len(ids))
	}
	for i, id := range ids {
		var line struct {
			Leaf     *int64
			SHA256   string
			Record   json.RawMessage
			Personal map[string]string
		}
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		body := value[[]byte](l, `select body from ledger_record where id = $1`, id)
		if !bytes.Equal(line.Record, body) || !strings.Contains(lines[i], string(body)) {
			t.Errorf("line %d does not hold the sealed bytes:\n%s\n%s", i, lines[i], body)
		}
		if sum := sha256.Sum256(line.Record); hex.EncodeToString(sum[:]) != line.SHA256 {
			t.Errorf("line %d: its hash is not that of its record", i)
		}
		if i < len(entries) {
			if line.Leaf == nil || *line.Leaf != int64(i) || fmt.Sprint(line.Personal) != fmt.Sprint(entries[i].Personal) {
				t.Errorf("line %d: leaf %v, personal %v", i, line.Leaf, line.Personal)
			}
		} else if line.Leaf != nil || !strings.Contains(lines[i], `{"leaf":null,`) {
			t.Errorf("a record that waits has the leaf %v", line.Leaf)
		}
	}
}

func TestExportOfErasedPersonalValues(t *testing.T) {
	l := newTestLog(t)
	l.add(identification())
	l.exec(`update ledger_record set personal = null`)
	row := cells(t, l.export(1, ExportOptions{Format: CSV}), ';')[1]
	if row[6] != "" || row[8] != "" || row[12] != "0,99995" {
		t.Errorf("CSV: %v", row)
	}
	if text := l.export(1, ExportOptions{Format: JSONL}); strings.Contains(text, `"personal":{}`) || strings.Contains(text, student) || !strings.Contains(text, `"overall":0.99995`) {
		t.Errorf("JSON Lines: %s", text)
	}
}

func TestExportFilters(t *testing.T) {
	l := newTestLog(t)
	entries := oneOfEach()
	l.add(entries...)
	for _, format := range []Format{CSV, JSONL} {
		got := l.export(1, ExportOptions{Format: format, Filter: Filter{Exam: examA, Type: TypeDecision}})
		if !strings.Contains(got, "terminated") || strings.Contains(got, "identified") {
			t.Errorf("%s: %s", format, got)
		}
		none := l.export(0, ExportOptions{Format: format, Filter: Filter{Exam: uuid.Max}})
		if want := map[Format]int{CSV: 1, JSONL: 0}[format]; strings.Count(none, "\n") != want {
			t.Errorf("%s of nothing: %q", format, none)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	l := newTestLog(t)
	l.add(identification())
	for _, o := range []ExportOptions{{}, {Format: "xml"}, {Format: CSV, Separator: '|'}, {Format: CSV, Separator: '"'}, {Format: CSV, Separator: '\n'}} {
		var out bytes.Buffer
		if n, err := l.Export(t.Context(), &out, o); err == nil || n != 0 || out.Len() != 0 {
			t.Errorf("%+v: %d records, %d bytes, %v; want an error and nothing written", o, n, out.Len(), err)
		}
	}
	for _, format := range []Format{CSV, JSONL} {
		if _, err := l.Export(t.Context(), full{}, ExportOptions{Format: format}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s to a full disk: %v; want its error", format, err)
		}
	}
	// A table that was broken behind our back is no export.
	l.exec(`update ledger_record set personal = sha256('other')`)
	for _, format := range []Format{CSV, JSONL} {
		if _, err := l.Export(t.Context(), io.Discard, ExportOptions{Format: format}); err == nil {
			t.Errorf("%s: a forged value was exported", format)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// An export is one moment of the log, in the order of appending, whatever is appended meanwhile.
func TestExportStreams(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(500)...)
	out := &interrupted{do: func() {
		err := pgx.BeginFunc(t.Context(), l.pool, func(tx pgx.Tx) error {
			_, err := l.Append(t.Context(), tx, Entry{Type: TypeAccess, At: testTime, Data: Access{What: "meanwhile"}})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}}
	n, err := l.Export(t.Context(), out, ExportOptions{Format: JSONL})
	if err != nil || n != 500 || out.writes < 2 || strings.Contains(out.String(), "meanwhile") {
		t.Errorf("exported %d in %d writes, %v; want 500 in several", n, out.writes, err)
	}
	var last int64 = -1
	for line := range strings.Lines(out.String()) {
		var r struct {
			Record struct{ Data struct{ What string } }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Record.Data.What != fmt.Sprint(last+1) {
			t.Fatalf("after %d comes %q, %v", last, r.Record.Data.What, err)
		}
		last++
	}
}

// interrupted does something at its first write.
type interrupted struct {
	bytes.Buffer
	do     func()
	writes int
}

func (i *interrupted) Write(b []byte) (int, error) {
	if i.writes++; i.writes == 1 {
		i.do()
	}
	return i.Buffer.Write(b)
}
