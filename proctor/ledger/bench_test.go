package ledger

import (
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
