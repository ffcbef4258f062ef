package media

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	batchEvery = 4 * time.Millisecond // between two system calls of a kind, while there is traffic
	readBatch  = 64                   // datagrams
	writeBatch = 2048                 // datagrams that may wait to be sent; some 60 ms of a full node
	writeSoon  = 256                  // then whoever writes sends them himself
	datagram   = 1600                 // bytes; longer ones are cut on the way in and refused on the way out
)

// errSendQueue means that the kernel does not take what is to be sent.
var errSendQueue = errors.New("media: send queue full")

// batchSocket reads and writes many datagrams by one system call, at most every
// batchEvery: waking up costs more than a packet.
//
// The reader (one goroutine, the mux's) sends what a batch gave rise to and then
// rests; what is written meanwhile it sends when it wakes up, before it reads on.
// Only while it waits for datagrams a flusher of its own does that. When much comes
// at once, after the process was kept from running, the writers send: a viewer's
// writer that waits for the kernel is the one that should, and drops by frames
// (downQueue).
type batchSocket struct {
	*net.UDPConn
	io  batchIO
	log *slog.Logger

	in     []ipv4.Message // the reader's
	filled int            // of in, by the last read
	readAt time.Time

	mu      sync.Mutex
	out     []ipv4.Message // to be sent; buffers are made when first used
	waiting int            // of out
	busy    bool           // the reader does not wait for datagrams: it will send
	dropped int
	closed  bool
	wake    chan struct{} // of the flusher
	done    chan struct{}

	sending sync.Mutex // orders batches
	spare   []ipv4.Message
}

// batchIO is what ipv4.PacketConn and ipv6.PacketConn share.
type batchIO interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

func newBatchSocket(conn *net.UDPConn, log *slog.Logger) *batchSocket {
	s := &batchSocket{
		UDPConn: conn, io: ipv4.NewPacketConn(conn), log: log,
		in: make([]ipv4.Message, readBatch), out: make([]ipv4.Message, writeBatch), spare: make([]ipv4.Message, writeBatch),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
		s.io = ipv6.NewPacketConn(conn)
	}
	for i := range s.in {
		s.in[i].Buffers = [][]byte{make([]byte, datagram)}
	}
	go s.flusher()
	return s
}

// read returns the next datagrams, valid until it is called again. One goroutine
// calls it.
func (s *batchSocket) read() ([]ipv4.Message, error) {
	if s.filled < len(s.in) { // else there is more
		time.Sleep(batchEvery - time.Since(s.readAt))
	}
	s.setBusy(false)
	s.flush()
	n, err := s.io.ReadBatch(s.in, 0)
	s.readAt = time.Now()
	s.setBusy(true)
	if err != nil {
		return nil, err
	}
	s.filled = n
	return s.in[:n], nil
}

func (s *batchSocket) setBusy(busy bool) {
	s.mu.Lock()
	s.busy = busy
	s.mu.Unlock()
}

// WriteTo queues a datagram; it refuses when the queue is full.
func (s *batchSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if len(b) > datagram {
		return 0, errSendQueue
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return 0, net.ErrClosed
	}
	if s.waiting == len(s.out) {
		s.dropped++
		s.mu.Unlock()
		return 0, errSendQueue
	}
	m := &s.out[s.waiting]
	if m.Buffers == nil {
		m.Buffers = [][]byte{make([]byte, 0, datagram)}
	}
	m.Buffers[0] = append(m.Buffers[0][:0], b...)
	m.Addr = to
	s.waiting++
	wake, soon := s.waiting == 1 && !s.busy, s.waiting == writeSoon
	s.mu.Unlock()
	if soon {
		s.flush()
	}
	if wake {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return len(b), nil
}

// flusher sends what is written while the reader waits for datagrams.
func (s *batchSocket) flusher() {
	defer close(s.done)
	for range s.wake {
		time.Sleep(batchEvery / 2)
		s.flush()
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if closed {
			return
		}
	}
}

// flush sends everything that waits.
func (s *batchSocket) flush() {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	batch, dropped := s.out[:s.waiting], s.dropped
	s.out, s.spare = s.spare, s.out
	s.waiting, s.dropped = 0, 0
	s.mu.Unlock()
	if dropped > 0 {
		s.log.Warn("datagrams not sent: the send queue was full", "datagrams", dropped)
	}
	for len(batch) > 0 {
		n, err := s.io.WriteBatch(batch, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil && n <= 0 {
			n = 1 // the first one cannot be sent: no route, a peer that is gone
		}
		batch = batch[n:]
	}
}

// Close sends what waits and closes the socket.
func (s *batchSocket) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return net.ErrClosed
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	<-s.done
	return s.UDPConn.Close()
}
