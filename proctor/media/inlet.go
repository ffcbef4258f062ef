package media

import (
	"bytes"
	"io"
	"sync"
)

const (
	maxInlets = 32 // SSRCs of one connection; more are not listened to
	maxEarly  = 64 // packets kept until it is known whose they are
)

// inlet takes what one SSRC sends, decrypted, on the goroutine that decrypts:
// pion's buffer of that stream, without the buffering. Until it is bound, it
// keeps the first packets and lets pion read them to find out what they are.
type inlet struct {
	mu     sync.Mutex
	take   func([]byte) // nil until bound; its argument is valid during the call
	early  [][]byte
	read   int // of early, by pion
	closed bool
	wake   chan struct{}
}

func newInlet() *inlet { return &inlet{wake: make(chan struct{}, 1)} }

// bind gives take what came so far and all that will come.
func (i *inlet) bind(take func([]byte)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, b := range i.early {
		take(b)
	}
	i.early, i.take = nil, take
}

// Write is called by pion for each packet.
func (i *inlet) Write(b []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.closed:
		return 0, io.ErrClosedPipe
	case i.take != nil:
		i.take(b)
	case len(i.early) < maxEarly:
		i.early = append(i.early, bytes.Clone(b))
		i.nudge()
	}
	return len(b), nil
}

// Read is called by pion until it knows what the stream is.
func (i *inlet) Read(b []byte) (int, error) {
	for {
		i.mu.Lock()
		if i.read < len(i.early) {
			n := copy(b, i.early[i.read])
			i.read++
			i.mu.Unlock()
			return n, nil
		}
		closed := i.closed
		i.mu.Unlock()
		if closed {
			i.nudge() // for any other reader
			return 0, io.EOF
		}
		<-i.wake
	}
}

// Close ends both.
func (i *inlet) Close() error {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.nudge()
	return nil
}

func (i *inlet) nudge() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}
