package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Minio tells how to reach the stack's MinIO.
type Minio struct {
	Endpoint  string // host:port, plain HTTP
	AccessKey string
	SecretKey string
}

func (s *Stack) startMinio(ctx context.Context) error {
	if _, err := os.Stat(s.cfg.Minio); err != nil {
		return fmt.Errorf("MinIO's server is not built (%s): run make setup", s.cfg.Minio)
	}
	secret, err := s.Secret("minio")
	if err != nil {
		return err
	}
	data := filepath.Join(s.cfg.Dir, "minio")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	s.Minio = Minio{AccessKey: "ochno", SecretKey: secret}
	// MinIO cannot take a socket from us, so the port is free only until somebody else takes it: try a few.
	for range 5 {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.Minio.Endpoint = fmt.Sprintf("127.0.0.1:%d", port)
		cmd := exec.Command(s.cfg.Minio, "server", "--quiet", "--address", s.Minio.Endpoint, data)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER=ochno", "MINIO_ROOT_PASSWORD="+secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off")
		child, err := s.processes.start("minio", cmd, syscall.SIGTERM)
		if err != nil {
			return err
		}
		err = poll(ctx, child, time.Minute, func(ctx context.Context) error { return get(ctx, "http://"+s.Minio.Endpoint+"/minio/health/ready") })
		if err == nil {
			s.processes.watch(child)
			return nil
		}
		if !strings.Contains(child.tail(), "already in use") {
			return err
		}
		s.processes.drop(child)
	}
	return errors.New("no free port stayed free")
}

// Secret reads a generated secret of this stack, making it at first use.
func (s *Stack) Secret(name string) (string, error) {
	path := filepath.Join(s.cfg.Dir, "secrets", name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	secret := rand.Text()
	return secret, os.WriteFile(path, []byte(secret+"\n"), 0o600)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func get(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
