package ledger

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// BenchmarkAppend is what the log adds to a transaction of its caller: one identification, appended and committed.
func BenchmarkAppend(b *testing.B) {
	l := newTestLog(b)
	e := identification()
	e.At = testTime
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		err := pgx.BeginFunc(b.Context(), l.pool, func(tx pgx.Tx) error {
			_, err := l.Append(b.Context(), tx, e)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkAppendAndSequence takes 2,000 identifications from nothing to a signed checkpoint, in transactions of 100.
func BenchmarkAppendAndSequence(b *testing.B) {
	const records, together = 2000, 100
	l := newTestLog(b)
	batch := make([]Entry, together)
	for i := range batch {
		batch[i] = identification()
		batch[i].At = testTime
	}
	for b.Loop() {
		for range records / together {
			l.add(batch...)
		}
		l.seal()
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkAppendBesideInsert appends 5,000 identifications in transactions of 100 and seals them, then puts the same rows into a table of the
// same indexes by bare INSERTs of 100: "of-insert" is the ratio of the speeds.
func BenchmarkAppendBesideInsert(b *testing.B) {
	const records, together = 5000, 100
	l := newTestLog(b)
	batch := make([]Entry, together)
	for i := range batch {
		batch[i] = identification()
		batch[i].At = testTime
	}
	l.exec(`create table bare (like ledger_record including all)`)
	var appending, inserting time.Duration
	for b.Loop() {
		began := time.Now()
		for range records / together {
			err := pgx.BeginFunc(b.Context(), l.pool, func(tx pgx.Tx) error {
				list := make([]Prepared, len(batch))
				for i, e := range batch {
					var err error
					if list[i], err = l.Prepare(e); err != nil {
						return err
					}
				}
				return l.AppendPrepared(b.Context(), tx, list...)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		l.seal()
		appending += time.Since(began)
		rows, _ := l.pool.Query(b.Context(), selectRecord+` order by seq desc limit $1`, records)
		stored, err := pgx.CollectRows(rows, pgx.RowToStructByName[storedRecord])
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		for part := range slices.Chunk(stored, together) {
			inserts := &pgx.Batch{}
			for _, s := range part {
				inserts.Queue(`insert into bare (id, type, at, body, personal, exam_id, attempt_id, person_id, outcome) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
					s.ID, s.Type, s.At, s.Body, s.Personal, s.ExamID, s.AttemptID, s.PersonID, s.Outcome)
			}
			if err := l.pool.SendBatch(b.Context(), inserts).Close(); err != nil {
				b.Fatal(err)
			}
		}
		inserting += time.Since(began)
	}
	b.ReportMetric(float64(records*b.N)/appending.Seconds(), "records/s")
	b.ReportMetric(float64(inserting)/float64(appending), "of-insert")
}

// BenchmarkVerify rebuilds and checks a log of 2,000 identifications.
func BenchmarkVerify(b *testing.B) {
	const records = 2000
	l := newTestLog(b)
	batch := make([]Entry, records)
	for i := range batch {
		batch[i] = identification()
		batch[i].At = testTime
	}
	l.add(batch...)
	l.seal()
	for b.Loop() {
		if _, err := l.verify(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkCSVBesideCopy exports 20,000 records as CSV, then lets PostgreSQL COPY the columns that an export reads: "of-copy" is the ratio of the
// speeds. COPY decrypts and checks nothing.
func BenchmarkCSVBesideCopy(b *testing.B) {
	const records, together = 20_000, 2000
	l := newTestLog(b)
	batch := make([]Entry, together)
	for i := range batch {
		batch[i] = identification()
		batch[i].At = testTime
	}
	for range records / together {
		l.add(batch...)
	}
	l.seal()
	conn, err := l.pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	exporting, copying := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		began := time.Now()
		if n, err := l.Export(b.Context(), io.Discard, ExportOptions{Format: CSV}); err != nil || n != records {
			b.Fatal(n, err)
		}
		exporting = min(exporting, time.Since(began))
		began = time.Now()
		if _, err := conn.Conn().PgConn().CopyTo(b.Context(), io.Discard, `copy (`+selectRecord+` order by seq) to stdout`); err != nil {
			b.Fatal(err)
		}
		copying = min(copying, time.Since(began))
	}
	b.ReportMetric(records/exporting.Seconds(), "records/s")
	b.ReportMetric(float64(copying)/float64(exporting), "of-copy")
}
