package ledger

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// partSize is how many records one worker decodes at once; with two parts for each worker on the way an export's memory stays a few MiB.
const partSize = 256

// part is some records in a row and the place for what comes of them.
type part[T any] struct {
	records []storedRecord
	result  chan T
}

// eachPart reads the selected records, oldest first. Workers turn parts of them into something, several at once; take gets what came of them,
// one after the other and in order. Decrypting and decoding a record costs more than reading it, so they are what is spread.
func eachPart[T any](ctx context.Context, l *Log, f Filter, work func([]storedRecord) (T, error), take func(T) error) error {
	workers := runtime.GOMAXPROCS(0)
	todo, order := make(chan part[T], workers), make(chan part[T], 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(todo)
		defer close(order)
		return l.readParts(ctx, f, func(records []storedRecord) error {
			p := part[T]{records, make(chan T, 1)}
			for _, next := range []chan<- part[T]{order, todo} {
				select {
				case next <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		group.Go(func() error {
			for p := range todo {
				result, err := work(p.records)
				if err != nil {
					return err
				}
				p.result <- result
			}
			return nil
		})
	}
	group.Go(func() error {
		for p := range order {
			select {
			case result := <-p.result:
				if err := take(result); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

func (l *Log) readParts(ctx context.Context, f Filter, fn func([]storedRecord) error) error {
	where, args := f.where()
	rows, err := l.pool.Query(ctx, fmt.Sprintf(`%s where %s order by seq`, selectRecord, where), args...)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer rows.Close()
	records := make([]storedRecord, 0, partSize)
	for rows.Next() {
		var s storedRecord
		if err := rows.Scan(&s.ID, &s.Seq, &s.Leaf, &s.Type, &s.At, &s.ExamID, &s.AttemptID, &s.PersonID, &s.Outcome, &s.Body, &s.Personal); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if records = append(records, s); len(records) == partSize {
			if err := fn(records); err != nil {
				return err
			}
			records = make([]storedRecord, 0, partSize)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if len(records) == 0 {
		return nil
	}
	return fn(records)
}
