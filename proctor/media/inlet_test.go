package media

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// TestInlet keeps what comes before the track is known, lets pion read it, and
// gives all of it, in order, to whom it is bound to.
func TestInlet(t *testing.T) {
	i := newInlet()
	buf := []byte("first")
	if _, err := i.Write(buf); err != nil {
		t.Fatal(err)
	}
	copy(buf, "xxxxx") // the writer's buffer is its own
	b := make([]byte, 10)
	if n, err := i.Read(b); err != nil || string(b[:n]) != "first" {
		t.Fatalf("read %q: %v", b[:n], err)
	}
	var got []string
	if _, err := i.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	i.bind(func(b []byte) { got = append(got, string(b)) })
	if _, err := i.Write([]byte("third")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Write([]byte("late")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("written after the end: %v", err)
	}
}

// TestInletBounds keeps no more than a few packets of a stream nobody wants.
func TestInletBounds(t *testing.T) {
	i := newInlet()
	for n := range 10 * maxEarly {
		if _, err := fmt.Fprintf(i, "%d", n); err != nil {
			t.Fatal(err)
		}
	}
	count := 0
	i.bind(func([]byte) { count++ })
	if count != maxEarly {
		t.Errorf("%d packets kept, want %d", count, maxEarly)
	}
}

// TestInletEnds lets every reader go.
func TestInletEnds(t *testing.T) {
	i := newInlet()
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := i.Read(make([]byte, 10))
			ended <- err
		}()
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, io.EOF) {
				t.Errorf("read: %v", err)
			}
		case <-time.After(testTimeout):
			t.Fatal("a reader waits for ever")
		}
	}
}
