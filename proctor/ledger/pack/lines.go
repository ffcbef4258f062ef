package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

const (
	// batchBytes is how much of a file one worker takes at a time.
	batchBytes = 256 << 10
	// maxLine bounds a line; the log bounds a record to 256 KiB.
	maxLine = 512 << 10
)

var errCut = errors.New("the file ends within a line: it was cut")

// lines reads a file of lines on all processors and gives back, in order, what the work makes of each. Its memory does not grow with the file.
type lines[T any] struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	order  chan *batch[T]
	err    error // of reading; set before order is closed

	ahead  []T
	number int64 // of the line that peek(0) shows, from 1
}

type batch[T any] struct {
	lines [][]byte
	out   []T
	done  chan struct{}
}

// readLines starts reading. The caller calls close when it needs no more.
func readLines[T any](ctx context.Context, r io.Reader, work func([][]byte) []T) *lines[T] {
	ctx, cancel := context.WithCancel(ctx)
	workers := runtime.GOMAXPROCS(0)
	l := &lines[T]{cancel: cancel, order: make(chan *batch[T], 2*workers), number: 1}
	jobs := make(chan *batch[T], 2*workers)
	l.all.Go(func() {
		defer close(l.order)
		defer close(jobs)
		l.err = cut(r, func(text [][]byte) error {
			b := &batch[T]{lines: text, done: make(chan struct{})}
			for _, to := range []chan *batch[T]{jobs, l.order} {
				select {
				case to <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		l.all.Go(func() {
			for b := range jobs {
				b.out = work(b.lines)
				close(b.done)
			}
		})
	}
	return l
}

// cut reads blocks and gives them out as whole lines, without their ends.
func cut(r io.Reader, give func([][]byte) error) error {
	var rest []byte
	for {
		block := make([]byte, len(rest)+batchBytes)
		n := copy(block, rest)
		read, err := io.ReadFull(r, block[n:])
		block = block[:n+read]
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		end := bytes.LastIndexByte(block, '\n') + 1
		rest = block[end:]
		if len(rest) > maxLine {
			return fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		text := make([][]byte, 0, 256)
		for part := block[:end]; len(part) > 0; {
			i := bytes.IndexByte(part, '\n')
			if i > maxLine {
				return fmt.Errorf("a line is longer than %d bytes", maxLine)
			}
			text = append(text, part[:i:i])
			part = part[i+1:]
		}
		if len(text) > 0 {
			if err := give(text); err != nil {
				return err
			}
		}
		if err != nil {
			if len(rest) > 0 {
				return errCut
			}
			return nil
		}
	}
}

// peek shows the line that is i after the current one; nil at the end of the file, or where reading failed (see fault).
func (l *lines[T]) peek(i int) *T {
	for len(l.ahead) <= i {
		b, ok := <-l.order
		if !ok {
			return nil
		}
		<-b.done
		if len(l.ahead) == 0 {
			l.ahead = b.out
		} else {
			l.ahead = append(l.ahead[:len(l.ahead):len(l.ahead)], b.out...)
		}
	}
	return &l.ahead[i]
}

func (l *lines[T]) advance() {
	l.ahead = l.ahead[1:]
	l.number++
}

// fault is why the file could not be read to its end; nil while there is more.
func (l *lines[T]) fault() error {
	if l.peek(0) != nil {
		return nil
	}
	return l.err
}

// close ends the reading and waits for it.
func (l *lines[T]) close() {
	l.cancel()
	for b := range l.order {
		<-b.done
	}
	l.all.Wait()
}
