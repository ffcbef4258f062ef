package ledger

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An office suite opens both tables as they are meant: numbers as numbers, dates as dates, a formula's text as text. It reads the cells back, so
// that nothing of ours tells what it saw.
func TestOfficeOpensTheTables(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("NOT CHECKED: an office suite opening CSV and XLSX. LibreOffice is absent; install the package libreoffice-calc (apt-get install libreoffice-calc) to run this test")
	}
	l := newTestLog(t)
	e := identification()
	e.At = time.Date(2026, 9, 1, 21, 59, 59, 0, time.UTC)
	e.Personal["student"] = "=1+1"
	l.add(e)
	l.seal()
	// Token 9 of the import filter is the separator, 76 UTF-8; the last ones read numbers and dates in Russian and take no text for a formula.
	for _, c := range []struct {
		name, sheet, student string // the number of the sheet with the records
		options              ExportOptions
		filter               []string
	}{
		{"log.csv", "1", "'=1+1", ExportOptions{Format: CSV}, []string{"--infilter=CSV:59,34,76,1,,1049,false,true"}},
		{"log.xlsx", "2", "=1+1", ExportOptions{Format: XLSX}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Zone = time.FixedZone("MSK", 3*3600)
			folder := t.TempDir()
			source := filepath.Join(folder, c.name)
			if err := os.WriteFile(source, []byte(l.export(1, c.options)), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			// Out: tab-separated, UTF-8, values rather than what a cell shows of them, one sheet.
			args := append([]string{"-env:UserInstallation=file://" + folder + "/profile", "--headless", "--norestore"}, c.filter...)
			args = append(args, "--convert-to", "tsv:Text - txt - csv (StarCalc):9,34,76,1,,1033,false,true,false,false,false,"+c.sheet, "--outdir", filepath.Join(folder, "read"), source)
			if out, err := exec.CommandContext(ctx, soffice, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			found, err := filepath.Glob(filepath.Join(folder, "read", "*"))
			if err != nil || len(found) != 1 {
				t.Fatalf("it wrote %v, %v", found, err)
			}
			text, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), bom)))
			r.Comma = '\t'
			table, err := r.ReadAll()
			if err != nil || len(table) != 2 || len(table[0]) != len(csvHeader) {
				t.Fatalf("%v: %q", err, text)
			}
			row := map[string]string{}
			for i, name := range table[0] {
				row[name] = table[1][i]
			}
			for name, want := range map[string]string{"Номер листа": "0", "Студент": c.student, "ЕСИА OID": oid, "Попытка": "2", "Смещение, мс": "12345", "Экзамен": algebra.Title} {
				if row[name] != want {
					t.Errorf("«%s» is read as %q; want %q", name, row[name], want)
				}
			}
			if score := strings.Replace(row["Общая оценка"], ",", ".", 1); score != "0.99995" {
				t.Errorf("the score is read as %q", score)
			}
			if at := row["Время"]; !strings.Contains(at, "00:59:59") || !strings.Contains(at, "02") {
				t.Errorf("the time is read as %q", at)
			}
		})
	}
}
