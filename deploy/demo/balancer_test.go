package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/deploy/demo"
	"ochno/proctor"
)

// cluster is the demonstration's service as two processes behind a balancer, which stands at the demonstration's address.
type cluster struct {
	t       *testing.T
	store   proctor.Store
	control string // POST /kill ends the node that has the exam; POST /restart starts it again
	nodes   []*nodeProcess
	turn    atomic.Uint64
}

// nodeProcess is `ochno serve` with a spool of its own.
type nodeProcess struct {
	url string
	env []string
	log *lockedBuffer

	mu  sync.Mutex
	cmd *exec.Cmd
}

// startCluster ends the demonstration's own service and puts two nodes in its place.
func startCluster(t *testing.T, d *demo.Demo) *cluster {
	t.Helper()
	if err := d.StopService(); err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, store: openStore(t, d)}
	for range 2 {
		address := freeAddress(t)
		n := &nodeProcess{url: "http://" + address, log: &lockedBuffer{}}
		env := map[string]string{}
		for line := range strings.Lines(d.Environment()) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			env[name] = strings.Trim(value, "'")
		}
		env["OCHNO_LISTEN"], env["OCHNO_NODE_URL"], env["OCHNO_SPOOL"] = address, n.url, filepath.Join(t.TempDir(), "spool")
		env["OCHNO_MEDIA_UDP"] = "127.0.0.1:0"
		delete(env, "OCHNO_TURN_LISTEN")
		n.env = os.Environ()
		for name, value := range env {
			n.env = append(n.env, name+"="+value)
		}
		c.nodes = append(c.nodes, n)
		c.start(n)
		t.Cleanup(func() {
			n.end(os.Interrupt)
			if t.Failed() {
				t.Logf("the log of the node at %s:\n%s", n.url, n.log)
			}
		})
	}
	c.serve(strings.TrimPrefix(d.URL, "http://"), c.balance())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kill", c.kill)
	mux.HandleFunc("POST /restart", c.restart)
	c.control = c.serve("127.0.0.1:0", mux)
	return c
}

func (c *cluster) serve(address string, handler http.Handler) string {
	c.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		c.t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = server.Serve(listener) }()
	c.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// balance gives each request to the next node, and to the other one when that cannot be reached, as load balancers do.
func (c *cluster) balance() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.Host = "http", r.In.Host
			r.SetXForwarded()
		},
		Transport: c, FlushInterval: -1, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
}

// RoundTrip implements http.RoundTripper.
func (c *cluster) RoundTrip(r *http.Request) (*http.Response, error) {
	first := c.turn.Add(1)
	var failed error
	for i := range uint64(len(c.nodes)) {
		again := r.Clone(r.Context())
		again.URL.Host = strings.TrimPrefix(c.nodes[(first+i)%uint64(len(c.nodes))].url, "http://")
		if r.Body != nil {
			again.Body = io.NopCloser(r.Body)
		}
		resp, err := http.DefaultTransport.RoundTrip(again)
		if dial := (*net.OpError)(nil); err == nil || !errors.As(err, &dial) || dial.Op != "dial" {
			return resp, err
		}
		failed = err
	}
	return nil, failed
}

// start starts a node and waits until it answers.
func (c *cluster) start(n *nodeProcess) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(projectRoot(c.t), "bin", "ochno"), "serve")
	cmd.Env, cmd.Stdout, cmd.Stderr = n.env, n.log, n.log
	n.mu.Lock()
	n.cmd = cmd
	err := cmd.Start()
	n.mu.Unlock()
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/api/session", nil)
		if err != nil {
			c.t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			tick.Stop()
			return
		}
		if ctx.Err() != nil {
			c.t.Errorf("the node at %s does not answer:\n%s", n.url, n.log)
			return
		}
	}
}

// end ends a node by a signal and waits for it.
func (n *nodeProcess) end(signal os.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	_ = n.cmd.Process.Signal(signal)
	_ = n.cmd.Wait()
	n.cmd = nil
}

// owner is the node that has the one exam.
func (c *cluster) owner(ctx context.Context) (*nodeProcess, error) {
	var url string
	var exam uuid.UUID
	err := c.store.Pool.QueryRow(ctx, `select n.url, r.exam_id from media_room r join media_node n on n.id = r.node_id where r.lease_until > clock_timestamp()`).Scan(&url, &exam)
	if err != nil {
		return nil, fmt.Errorf("who has the room: %w", err)
	}
	for _, n := range c.nodes {
		if n.url == url {
			return n, nil
		}
	}
	return nil, fmt.Errorf("the room is at %s", url)
}

// kill ends the exam's node with SIGKILL and says when.
func (c *cluster) kill(w http.ResponseWriter, r *http.Request) {
	n, err := c.owner(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	at := time.Now()
	n.end(os.Kill)
	_ = json.NewEncoder(w).Encode(map[string]int64{"at": at.UnixMilli()})
}

// restart starts the node again that was killed, and answers when it answers.
func (c *cluster) restart(w http.ResponseWriter, _ *http.Request) {
	for _, n := range c.nodes {
		n.mu.Lock()
		dead := n.cmd == nil
		n.mu.Unlock()
		if dead {
			c.start(n)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// lockedBuffer collects a process's log.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
