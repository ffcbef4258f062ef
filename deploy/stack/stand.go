package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Stand starts a stand's program on a socket that is already listening (no port can be lost in between) and waits for its /healthz.
// The program gets --listen fd:3 and args, and takes the socket as its third file; env is added to its environment.
func (s *Stack) Stand(ctx context.Context, name, program string, l net.Listener, env []string, args ...string) error {
	return s.StandWith(ctx, name, program, l, nil, env, args...)
}

// StandWith is Stand for a program that listens on more than its pages: it takes the further sockets as fd:4 and on, as args must say.
func (s *Stack) StandWith(ctx context.Context, name, program string, l net.Listener, more []net.Listener, env []string, args ...string) error {
	return s.step(name, func() error {
		if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("%s is not built: run make build", program)
		}
		cmd := exec.Command(program, append([]string{"--listen", "fd:3"}, args...)...)
		for _, socket := range append([]net.Listener{l}, more...) {
			file, err := socket.(*net.TCPListener).File()
			if err != nil {
				return err
			}
			defer file.Close()
			cmd.ExtraFiles = append(cmd.ExtraFiles, file)
		}
		cmd.Env = append(os.Environ(), env...)
		child, err := s.processes.start(name, cmd, syscall.SIGTERM)
		if err != nil {
			return err
		}
		url := fmt.Sprintf("http://%s/healthz", l.Addr())
		if err := poll(ctx, child, 30*time.Second, func(ctx context.Context) error { return get(ctx, url) }); err != nil {
			return err
		}
		s.processes.watch(child)
		return nil
	})
}

// Listen takes the preferred loopback port, or any free one when it is taken.
func Listen(preferred int) (net.Listener, error) {
	if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", preferred)); err == nil {
		return l, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
