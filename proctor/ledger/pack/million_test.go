package pack

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
)

// BenchmarkMillion fills a log with 1,000,000 identifications of 1,000 exams and measures what an installation of that size does with them: the
// registrar's list, exports beside what PostgreSQL alone needs, and the package of all of it beside hashing its bytes. Run it with -benchtime 1x.
func BenchmarkMillion(b *testing.B) {
	const records, exams, each, people = 1_000_000, 1000, 20, 5000 // each: identifications of an attempt
	l := newTestLog(b)
	pool := l.pool
	verdict := strings.Repeat("a-verdict-as-long-as-a-real-one.", 24)
	examAt := func(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "exam %d", i)) }
	attemptAt := func(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "attempt %d", i)) }
	personAt := func(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "person %d", i)) }
	const all = records + records/each/100 // with the appeals
	l.house(records/each, exams, people, examAt, attemptAt, personAt)

	b.Run("append", func(b *testing.B) {
		running, stop := context.WithCancel(b.Context())
		ended := make(chan struct{})
		go func() { l.sequencer.Run(running); close(ended) }()
		const writers, together = 2, 500
		writing, ctx := errgroup.WithContext(b.Context())
		for w := range writers {
			writing.Go(func() error {
				for from := w * together; from < records; from += writers * together {
					list := make([]ledger.Prepared, together)
					for i := range list {
						n := from + i
						e := identification(examAt(n%exams), ledger.ExamRef{Code: fmt.Sprintf("exam-%d", n%exams), Title: "Алгебра и анализ", Group: fmt.Sprintf("МА-%d", n%40)}, verdict)
						e.At, e.Attempt, e.Person = at.Add(time.Duration(n)*time.Second), attemptAt(n/each), personAt(n/each%people)
						if n%10 == 9 {
							e.Outcome = "no_match"
						}
						var err error
						if list[i], err = l.Prepare(e); err != nil {
							return err
						}
					}
					if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return l.AppendPrepared(ctx, tx, list...) }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := writing.Wait(); err != nil {
			b.Fatal(err)
		}
		stop()
		<-ended
		l.seal()
		b.ReportMetric(records/b.Elapsed().Seconds(), "records/s")
	})
	l.exec(`analyze`)

	b.Run("list", func(b *testing.B) {
		random := rand.New(rand.NewPCG(1, 2))
		for name, filter := range map[string]func() ledger.Filter{
			"all":          func() ledger.Filter { return ledger.Filter{} },
			"exam":         func() ledger.Filter { return ledger.Filter{Exam: examAt(random.IntN(exams))} },
			"attempt":      func() ledger.Filter { return ledger.Filter{Attempt: attemptAt(random.IntN(records / each))} },
			"outcome":      func() ledger.Filter { return ledger.Filter{Outcome: "no_match"} },
			"type":         func() ledger.Filter { return ledger.Filter{Type: ledger.TypeIdentification} },
			"nothing":      func() ledger.Filter { return ledger.Filter{Type: ledger.TypeConsent} },
			"exam outcome": func() ledger.Filter { return ledger.Filter{Exam: examAt(random.IntN(exams)), Outcome: "no_match"} },
			"faculty": func() ledger.Filter {
				return attempts(exam.Selection{Faculty: fmt.Sprintf("Факультет %d", random.IntN(faculties))})
			},
			"group": func() ledger.Filter {
				return attempts(exam.Selection{Group: fmt.Sprintf("МА-%d", random.IntN(groups))})
			},
			"no group": func() ledger.Filter { return attempts(exam.Selection{Group: "нет такой"}) },
			"manual":   func() ledger.Filter { return attempts(exam.Selection{Manual: true}) },
			"manual group": func() ledger.Filter {
				return attempts(exam.Selection{Manual: true, Group: fmt.Sprintf("МА-%d", random.IntN(groups))})
			},
			"faculty outcome": func() ledger.Filter {
				f := attempts(exam.Selection{Faculty: fmt.Sprintf("Факультет %d", random.IntN(faculties))})
				f.Outcome = "no_match"
				return f
			},
			"student": func() ledger.Filter { return ledger.Filter{Subject: personAt(random.IntN(people))} },
			"appeals": func() ledger.Filter { return ledger.Filter{Appeals: true} },
			"period": func() ledger.Filter {
				from := at.Add(time.Duration(random.IntN(records)) * time.Second)
				return ledger.Filter{From: from, To: from.Add(24 * time.Hour)}
			},
		} {
			var took []time.Duration
			for range 200 {
				f, cursor := filter(), int64(0)
				if random.IntN(2) == 0 {
					cursor = 1 + random.Int64N(records)
				}
				began := time.Now()
				if _, _, err := l.Page(b.Context(), f, cursor, 50); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, strings.ReplaceAll(name, " ", "+")+"-p95-ms")
		}
	})

	b.Run("csv", func(b *testing.B) {
		exported, copied := time.Duration(1<<62), time.Duration(1<<62)
		peak := watchHeap()
		for range 2 {
			began := time.Now()
			if n, err := l.Export(b.Context(), io.Discard, ledger.ExportOptions{Format: ledger.CSV}); err != nil || n != all {
				b.Fatal(n, err)
			}
			exported = min(exported, time.Since(began))
			copied = min(copied, copyOut(b, pool))
		}
		b.ReportMetric(peak(), "heap-MiB")
		b.ReportMetric(float64(copied)/float64(exported), "of-copy")
		b.ReportMetric(records/exported.Seconds(), "records/s")
	})

	b.Run("xlsx", func(b *testing.B) {
		peak := watchHeap()
		if n, err := l.Export(b.Context(), io.Discard, ledger.ExportOptions{Format: ledger.XLSX}); err != nil || n != all {
			b.Fatal(n, err)
		}
		b.ReportMetric(peak(), "heap-MiB")
		b.ReportMetric(records/b.Elapsed().Seconds(), "records/s")
	})

	b.Run("package", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "package.zip"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		if _, err := Write(b.Context(), file, l.Log, l.options(ledger.Filter{})); err != nil {
			b.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil {
			b.Fatal(err)
		}
		verified, hashed := time.Duration(1<<62), time.Duration(1<<62)
		peak := watchHeap()
		for range 2 {
			began := time.Now()
			r, err := Verify(b.Context(), file, info.Size(), Trust{})
			if err != nil || !r.OK() || r.Records != all {
				b.Fatalf("%v %+v", err, r)
			}
			verified = min(verified, time.Since(began))
			began = time.Now()
			h := sha256.New()
			if _, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(file, 0, info.Size())}, make([]byte, 256<<10)); err != nil {
				b.Fatal(err)
			}
			hashed = min(hashed, time.Since(began))
		}
		b.ReportMetric(peak(), "heap-MiB")
		b.ReportMetric(float64(info.Size())/(1<<20), "file-MiB")
		b.ReportMetric(float64(hashed)/float64(verified), "of-sha256")
	})
}

// The rosters' faculties and groups, each of an equal part of the attempts.
const faculties, groups = 20, 200

func attempts(s exam.Selection) ledger.Filter { return ledger.Filter{Attempts: s.Sets()} }

// house fills the rooms beside the log: exams, rosters, attempts; of a hundredth of those staff took over, on another one there is an appeal.
func (l *testLog) house(n, exams, people int, examAt, attemptAt, personAt func(int) uuid.UUID) {
	l.t.Helper()
	organisation := uuid.New()
	l.exec(`insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, organisation)
	copied := func(table string, columns []string, n int, row func(i int) []any) {
		l.t.Helper()
		if _, err := l.pool.CopyFrom(l.t.Context(), pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil })); err != nil {
			l.t.Fatal(err)
		}
	}
	copied("exam", []string{"id", "organisation_id", "code", "title", "starts_at", "ends_at", "policy"}, exams, func(i int) []any {
		return []any{examAt(i), organisation, fmt.Sprintf("exam-%d", i), "Алгебра", at, at.Add(time.Hour), []byte("{}")}
	})
	copied("person", []string{"id", "organisation_id", "last_name", "first_name", "name_key", "birth_date"}, people, func(i int) []any {
		return []any{personAt(i), organisation, "Ёлкина", "Мария", fmt.Sprintf("елкина мария %d", i), at}
	})
	entry := func(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "entry %d", i)) }
	copied("roster_entry", []string{"id", "exam_id", "person_id", "faculty", "group_name"}, n, func(i int) []any {
		return []any{entry(i), examAt(i / people), personAt(i % people), fmt.Sprintf("Факультет %d", i%faculties), fmt.Sprintf("МА-%d", i%groups)}
	})
	copied("attempt", []string{"id", "exam_id", "roster_entry_id", "person_id", "state", "tries_left"}, n, func(i int) []any {
		return []any{attemptAt(i), examAt(i / people), entry(i), personAt(i % people), "finished", 0}
	})
	copied("attempt_move", []string{"attempt_id", "from_state", "to_state", "at"}, n/100, func(i int) []any {
		return []any{attemptAt(i * 100), "identifying", "manual_identification", at}
	})
	for i := range n / 100 {
		l.add(ledger.Entry{Type: ledger.TypeAppeal, Attempt: attemptAt(i*100 + 1), Outcome: "filed", Data: ledger.Appeal{Number: "1"}})
	}
}

// copyOut lets PostgreSQL write the columns that an export reads.
func copyOut(b *testing.B, pool *pgxpool.Pool) time.Duration {
	b.Helper()
	conn, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	began := time.Now()
	if _, err := conn.Conn().PgConn().CopyTo(b.Context(), io.Discard, `copy (select id, seq, leaf, type, at, exam_id, attempt_id, person_id, outcome, body, personal
		from ledger_record left join ledger_leaf using (seq) order by seq) to stdout`); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
