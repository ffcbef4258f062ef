package demo_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
	"ochno/proctor/media"
)

// TestExportsStory plays what a registrar takes away, in a real browser: a package with recordings that the server prepares, and the register of consents.
func TestExportsStory(t *testing.T) {
	if testing.Short() {
		t.Fatal("the browser story takes a minute: leave -short away, or name another test with -run")
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	objects := openArchive(t, d, store)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	demo, err := store.Exams.ByCode(ctx, "demo")
	must(err)
	text, err := store.Accounts.ConsentText(ctx, demo.Organisation)
	must(err)
	rows, _ := store.Pool.Query(ctx, `select r.id, r.person_id from roster_entry r join person p on p.id = r.person_id where r.exam_id = $1 and p.birth_date < now() - interval '18 years' order by p.name_key limit 2`, demo.ID)
	type entry struct{ Entry, Person uuid.UUID }
	students, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	must(err)
	if len(students) != 2 {
		t.Fatalf("the demonstration has %d grown-up students", len(students))
	}
	for i, s := range students {
		person, err := store.Accounts.Person(ctx, s.Person)
		must(err)
		attempt := uuid.New()
		must(pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'ready', 3)`, attempt, demo.ID, s.Entry, s.Person); err != nil {
				return err
			}
			use := &account.Use{Exam: demo.ID, Attempt: attempt, Ref: ledger.ExamRef{Code: demo.Code, Title: demo.Title}}
			if err := store.Accounts.GrantConsent(ctx, tx, account.Grant{Person: person, Text: text, Use: use}); err != nil || i == 0 {
				return err
			}
			return store.Accounts.WithdrawConsent(ctx, tx, account.Withdrawal{Person: person})
		}))
		start, err := objects.Begin(ctx, attempt, "camera")
		must(err)
		var before [32]byte
		for number := range 3 {
			content := bytes.Repeat([]byte{byte(number), byte(i)}, 400_000)
			path := filepath.Join(t.TempDir(), "segment.webm")
			must(os.WriteFile(path, content, 0o600))
			sum := sha256.Sum256(content)
			must(objects.StoreSegment(ctx, media.Segment{
				Recording: start.ID, Attempt: attempt, Number: number, Path: path, Offset: time.Duration(number) * 10 * time.Second, Duration: 10 * time.Second,
				Started: start.Started, Size: int64(len(content)), SHA256: sum, PrevSHA256: before, Video: true, Width: 640, Height: 480,
			}))
			before = sum
		}
		must(objects.Seal(ctx, demo.ID, attempt, true))
	}
	waitSealed(t, store)
	var facts struct{ Taken, Verdict, CSV, XLSX, PDF, JSONL string }
	play(t, d, "exports.mjs", map[string]any{"folder": t.TempDir()}, &facts)
	if !strings.Contains(facts.Verdict, "Всё сходится") || !strings.Contains(facts.Verdict, "Файлы видеозаписей лежат в пакете без изменений: 6") {
		t.Errorf("of the package the page says:\n%s", facts.Verdict)
	}
	file, err := os.Open(facts.Taken)
	must(err)
	defer file.Close()
	info, err := file.Stat()
	must(err)
	report, err := pack.Verify(ctx, file, info.Size(), pack.Trust{Key: store.Key.Public})
	must(err)
	if !report.OK() || report.Recorded != 6 {
		t.Errorf("the package: %+v", report)
	}
	for name, begins := range map[string]string{facts.CSV: "\ufeffСогласие;", facts.XLSX: "PK", facts.PDF: "%PDF-", facts.JSONL: `{"id":"`} {
		content, err := os.ReadFile(name)
		must(err)
		if !strings.HasPrefix(string(content), begins) {
			t.Errorf("%s begins with %.60q", filepath.Base(name), content)
		}
		if strings.HasSuffix(name, ".jsonl") && (strings.Count(string(content), "\n") != 1 || !strings.Contains(string(content), `"state":"withdrawn"`)) {
			t.Errorf("the lines are\n%s", content)
		}
	}
}
