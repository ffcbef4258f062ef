package media

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/pion/logging"
)

// What the kernel keeps while the reader is kept from running. A full room of 150
// fills the buffer in a second, the least of it in a fifth of one; the default
// holds some 92 packets.
const (
	socketBuffer = 16 << 20
	leastBuffer  = 4 << 20
)

// listenUDP opens the one socket of a node.
func listenUDP(addr string, log *slog.Logger) (*net.UDPConn, error) {
	a, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("UDP address: %w", err)
	}
	network := "udp4"
	if a.IP != nil && a.IP.To4() == nil {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, a)
	if err != nil {
		return nil, fmt.Errorf("UDP address: %w", err)
	}
	enlarge(conn, log)
	return conn, nil
}

// enlarge asks for big buffers: past the system's limit where we may, else up
// to it.
func enlarge(conn *net.UDPConn, log *slog.Logger) {
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	var got int
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, socketBuffer)
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUFFORCE, socketBuffer)
		got, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	if got/2 < leastBuffer { // the kernel reports twice what it grants
		log.Warn("small UDP receive buffer: raise net.core.rmem_max", "bytes", got/2, "wanted", leastBuffer)
	}
}

// checkPublicIPs refuses what pion would only refuse with the first student.
func checkPublicIPs(entries []string) error {
	for _, e := range entries {
		public, local, pair := strings.Cut(e, "/")
		p, err := netip.ParseAddr(public)
		if err != nil {
			return fmt.Errorf("public IP %q: %w", e, err)
		}
		if !pair {
			continue
		}
		l, err := netip.ParseAddr(local)
		if err != nil {
			return fmt.Errorf("public IP %q: %w", e, err)
		}
		if l.Is4() != p.Is4() {
			return fmt.Errorf("public IP %q: addresses of two families", e)
		}
	}
	return nil
}

// listenAddresses returns the addresses a socket can be reached at: its own, or
// those of this machine's interfaces when it is open to all.
func listenAddresses(local *net.UDPAddr) ([]net.Addr, error) {
	if !local.IP.IsUnspecified() {
		return []net.Addr{local}, nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("addresses of this machine: %w", err)
	}
	var found []net.Addr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away just now
		}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok || n.IP.To4() == nil && (local.IP.To4() != nil || n.IP.IsLinkLocalUnicast()) {
				continue
			}
			found = append(found, &net.UDPAddr{IP: n.IP, Port: local.Port})
		}
	}
	if len(found) == 0 {
		return nil, errors.New("this machine has no address")
	}
	return found, nil
}

// PionLogs sends what pion says to a log, for the rooms beside this one that run pion too.
func PionLogs(log *slog.Logger) logging.LoggerFactory { return pionLogs{log} }

// pionLogs sends pion's messages to our debug level: they name addresses of
// people, and what matters is reported by this package itself.
type pionLogs struct{ log *slog.Logger }

func (f pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{f.log.With("scope", scope)}
}

type pionLog struct{ log *slog.Logger }

func (pionLog) Trace(string)                    {}
func (pionLog) Tracef(string, ...any)           {}
func (pionLog) Debug(string)                    {}
func (pionLog) Debugf(string, ...any)           {}
func (pionLog) Info(string)                     {}
func (pionLog) Infof(string, ...any)            {}
func (l pionLog) Warn(msg string)               { l.log.Debug(msg) }
func (l pionLog) Warnf(format string, a ...any) { l.log.Debug(fmt.Sprintf(format, a...)) }
func (l pionLog) Error(msg string)              { l.log.Debug(msg) }
func (l pionLog) Errorf(format string, a ...any) {
	l.log.Debug(fmt.Sprintf(format, a...))
}
