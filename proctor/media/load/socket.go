package load

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	socketBuffer = 16 << 20
	batch        = 256
	datagram     = 1600
	lookAtOneIn  = 64
	restBetween  = 2 * time.Millisecond // the kernel notes the time of arrival, so waiting costs no truth
)

// viewerSocket is the socket of one viewer. It accounts for every RTP packet
// by itself; only one in lookAtOneIn, and all that is not RTP, is read from it.
type viewerSocket struct {
	*net.UDPConn
	batch *ipv4.PacketConn
	count *counter
	found []arrival

	mu     sync.Mutex
	tracks map[uint32]*track // by the SSRC the viewer sees

	messages []ipv4.Message
	next     int
	filled   int
	seen     int
}

func newViewerSocket(count *counter) (*viewerSocket, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	_ = conn.SetReadBuffer(socketBuffer)
	var serr error
	err = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, socketBuffer)
		serr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err = errors.Join(err, serr); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s := &viewerSocket{UDPConn: conn, batch: ipv4.NewPacketConn(conn), count: count, tracks: map[uint32]*track{}, messages: make([]ipv4.Message, batch)}
	for i := range s.messages {
		s.messages[i].Buffers = [][]byte{make([]byte, datagram)}
		s.messages[i].OOB = make([]byte, 64)
	}
	return s, nil
}

func (s *viewerSocket) learn(ssrc uint32, t *track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracks[ssrc] = t
}

// ReadFrom returns what is not swallowed. One goroutine calls it.
func (s *viewerSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		for s.next < s.filled {
			m := &s.messages[s.next]
			s.next++
			data := m.Buffers[0][:m.N]
			if s.account(data, m.OOB[:m.NN]) {
				return copy(b, data), m.Addr, nil
			}
		}
		s.count.arrived(s.found)
		s.found = s.found[:0]
		time.Sleep(restBetween)
		for i := range s.messages {
			s.messages[i].N, s.messages[i].NN = 0, 0
		}
		n, err := s.batch.ReadBatch(s.messages, 0)
		if err != nil {
			return 0, nil, err
		}
		s.next, s.filled = 0, n
	}
}

// account notes an RTP packet and reports whether somebody should look at it.
func (s *viewerSocket) account(b, oob []byte) bool {
	if len(b) < 12 || b[0]>>6 != 2 || b[1] >= 192 && b[1] <= 223 { // not RTP, or RTCP
		return true
	}
	s.mu.Lock()
	t := s.tracks[binary.BigEndian.Uint32(b[8:])]
	s.mu.Unlock()
	if t == nil {
		return true
	}
	if at := t.sentAt(binary.BigEndian.Uint16(b[2:])); at != 0 {
		s.found = append(s.found, arrival{sent: at, came: cameAt(oob)})
	}
	s.seen++
	return s.seen%lookAtOneIn == 0
}

// cameAt reads the kernel's time of arrival.
func cameAt(oob []byte) int64 {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err == nil {
		for _, m := range messages {
			if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SO_TIMESTAMPNS && len(m.Data) >= 16 {
				return int64(binary.NativeEndian.Uint64(m.Data))*int64(time.Second) + int64(binary.NativeEndian.Uint64(m.Data[8:]))
			}
		}
	}
	return time.Now().UnixNano()
}
