package ledger

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// BenchmarkAppendAtARate appends 100 identifications a second, each in a transaction of its own, while the sequencer runs as in the service:
// how long an append takes, and how long until the record stands under a signed checkpoint that others can read.
func BenchmarkAppendAtARate(b *testing.B) {
	l := newTestLog(b)
	running, stop := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { l.sequencer.Run(running); close(ended) }()
	defer func() { stop(); <-ended }()

	watch, err := pgx.ConnectConfig(b.Context(), l.pool.Config().ConnConfig.Copy())
	if err != nil {
		b.Fatal(err)
	}
	defer watch.Close(context.Background())
	if _, err := watch.Exec(b.Context(), `listen ledger`); err != nil {
		b.Fatal(err)
	}
	var appends, inclusions []time.Duration
	appended := make(chan time.Time, 1000) // the places in the tree are given in the order of the appends: one writer
	var reading sync.WaitGroup
	reading.Go(func() {
		var size int64
		for {
			told, err := watch.WaitForNotification(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			now, next := time.Now(), int64(0)
			if next, err = strconv.ParseInt(told.Payload, 10, 64); err != nil {
				b.Error(err)
				return
			}
			for ; size < next; size++ {
				inclusions = append(inclusions, now.Sub(<-appended))
			}
			if size == int64(b.N) {
				return
			}
		}
	})
	e := identification()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	b.ResetTimer()
	for range b.N {
		<-tick.C
		e.At = time.Now()
		began := time.Now()
		if err := pgx.BeginFunc(b.Context(), l.pool, func(tx pgx.Tx) error {
			_, err := l.Append(b.Context(), tx, e)
			return err
		}); err != nil {
			b.Fatal(err)
		}
		appends = append(appends, time.Since(began))
		appended <- began
	}
	reading.Wait()
	for name, took := range map[string][]time.Duration{"append": appends, "inclusion": inclusions} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, name+"-p50-ms")
	}
}

// BenchmarkAppendBesideInsert lets two writers append 10,000 identifications in transactions of 100 while the sequencer seals them, until the last
// is under a checkpoint; then two writers put the same rows into a table of the same indexes by bare INSERTs in batches of 100. "of-insert" is the
// ratio of the speeds over all rounds.
func BenchmarkAppendBesideInsert(b *testing.B) {
	const records, together, writers = 10_000, 100, 2
	l := newTestLog(b)
	batch := make([]Entry, together)
	for i := range batch {
		batch[i] = identification()
		batch[i].At = testTime
	}
	l.exec(`create table bare (like ledger_record including all)`)
	write := func(transaction func(ctx context.Context, tx pgx.Tx) error) {
		b.Helper()
		all, ctx := errgroup.WithContext(b.Context())
		for range writers {
			all.Go(func() error {
				for range records / together / writers {
					if err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error { return transaction(ctx, tx) }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	var appending, inserting time.Duration
	for b.Loop() {
		running, stop := context.WithCancel(b.Context())
		ended := make(chan struct{})
		began := time.Now()
		go func() { l.sequencer.Run(running); close(ended) }()
		write(func(ctx context.Context, tx pgx.Tx) error {
			list := make([]Prepared, len(batch))
			for i, e := range batch {
				var err error
				if list[i], err = l.Prepare(e); err != nil {
					return err
				}
			}
			return l.AppendPrepared(ctx, tx, list...)
		})
		stop()
		<-ended
		l.seal()
		appending += time.Since(began)
		rows, _ := l.pool.Query(b.Context(), selectRecord+` order by seq desc limit $1`, together)
		stored, err := pgx.CollectRows(rows, pgx.RowToStructByName[storedRecord])
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		write(func(ctx context.Context, tx pgx.Tx) error {
			inserts := &pgx.Batch{}
			for _, s := range stored {
				id, err := uuid.NewV7()
				if err != nil {
					return err
				}
				inserts.Queue(`insert into bare (id, type, at, body, personal, exam_id, attempt_id, person_id, outcome) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
					id, s.Type, s.At, s.Body, s.Personal, s.ExamID, s.AttemptID, s.PersonID, s.Outcome)
			}
			return tx.SendBatch(ctx, inserts).Close()
		})
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
