package proctor_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ochno/proctor"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// anotherNode is a second node of the same service; stop ends it as an operator would.
func (h *house) anotherNode(t *testing.T, spool string, change ...func(*proctor.Config)) (node *house, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	copied := *h
	node = &copied
	node.url = "http://" + listener.Addr().String()
	node.config.Listen, node.config.NodeURL, node.config.Spool = listener.Addr().String(), node.url, spool
	for _, f := range change {
		f(&node.config)
	}
	service, err := proctor.Open(t.Context(), node.config, slog.New(slog.NewTextHandler(h.log, nil)))
	must(t, err)
	life, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- service.Serve(life, listener) }()
	stop = sync.OnceFunc(func() {
		end()
		if err := <-served; err != nil {
			t.Errorf("the second node ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return node, stop
}

// at is somebody's browser before another node.
func (b *browser) at(node *house) *browser { return &browser{Client: b.Client, house: node} }

// owner is where the database says that the exam is, and its process.
func (h *house) owner(t *testing.T) (url string, run uuid.UUID) {
	t.Helper()
	must(t, h.store.Pool.QueryRow(t.Context(), `select n.url, n.run from media_room r join media_node n on n.id = r.node_id where r.exam_id = $1 and r.lease_until > now()`, h.exam.ID).Scan(&url, &run))
	return url, run
}

// TestTwoNodes: a room is on one node, whichever of them browsers come to; when that one stops, the other one has it, and the recording goes on.
func TestTwoNodes(t *testing.T) {
	a := newHouseWith(t, func(h *house) { h.env["OCHNO_NODE_URL"] = h.url })
	spool := filepath.Join(t.TempDir(), "spool")
	b, stop := a.anotherNode(t, spool)
	anna, proctors := a.signedIn(t, esiamock.StudentAnna), a.signedIn(t, esiamock.Proctor)
	attempt := anna.join(t, false)
	if code := status(t, anna.at(b), fmt.Sprintf("/api/attempts/%s", attempt.ID)); code != http.StatusOK {
		t.Fatalf("her attempt at the second node: %d", code)
	}
	if url, _ := a.owner(t); url != b.url {
		t.Fatalf("the room is at %s; want %s, which was asked", url, b.url)
	}
	if status, text := anna.call(t, http.MethodPost, fmt.Sprintf("/api/attempts/%s/consent", attempt.ID), map[string]any{
		"textId": attempt.Consent.Text.ID, "sha256": attempt.Consent.Text.SHA256,
	}); status != http.StatusOK { // handed over with its body
		t.Fatalf("consent by the other node: %d %s", status, text)
	}

	watch, _ := proctors.dial(t, fmt.Sprintf("/api/exams/%s/watch", a.exam.ID), nil)
	if hello, code := until(t, watch, "hello"); hello == nil {
		t.Fatalf("a proctor's page by the other node: closed with %d", code)
	}
	c := newCamera(t, a, a.token(t, attempt.ID, exam.TokenPublish))
	c.begin(t)
	a.eventually(t, attempt.ID, "connected", 1)
	type room struct {
		Attempts []struct {
			Connected bool
			Attempt   struct{ ID uuid.UUID }
		}
		Exam struct{ Counts struct{ Connected int } }
	}
	connected := func(by *browser) bool {
		for _, one := range get[room](t, by, fmt.Sprintf("/api/exams/%s", a.exam.ID)).Attempts {
			if one.Attempt.ID == attempt.ID {
				return one.Connected
			}
		}
		return false
	}
	for name, by := range map[string]*browser{"the room's node": proctors.at(b), "the other one": proctors} {
		if !connected(by) {
			t.Errorf("%s says that she is not connected", name)
		}
	}
	if resp, text := a.request(t, http.MethodPatch, c.location, c.token, "application/trickle-ice-sdpfrag",
		"a=ice-ufrag:"+lineOf(c.LocalDescription().SDP, "a=ice-ufrag:")+"\r\na=ice-pwd:"+lineOf(c.LocalDescription().SDP, "a=ice-pwd:")+
			"\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host\r\n", "If-Match", c.etag); resp.StatusCode != http.StatusNoContent {
		t.Errorf("PATCH by the other node: %d %s", resp.StatusCode, text)
	}
	type exams struct {
		Exams []struct {
			ID     uuid.UUID
			Counts struct{ Connected int }
		}
	}
	wait(t, "the other node's list counts her", func() bool {
		return slices.ContainsFunc(get[exams](t, proctors, "/api/exams").Exams, func(e struct {
			ID     uuid.UUID
			Counts struct{ Connected int }
		},
		) bool {
			return e.ID == a.exam.ID && e.Counts.Connected == 1
		})
	})

	t.Run("outsiders and loops", func(t *testing.T) { a.refusesOutsiders(t, b) })

	stop()
	must(t, watch.SetReadDeadline(time.Now().Add(20*time.Second)))
	if m, code := until(t, watch, "never"); m != nil || code == 0 {
		t.Errorf("the page's socket went on: %v", m)
	}
	if code := status(t, proctors, fmt.Sprintf("/api/exams/%s", a.exam.ID)); code != http.StatusOK {
		t.Errorf("the room answers %d on the node that is left", code)
	}
	if url, _ := a.owner(t); url != a.url {
		t.Errorf("the room is at %s; want %s", url, a.url)
	}
	if connected(proctors) {
		t.Error("she is connected to a node that is gone")
	}
	a.eventually(t, attempt.ID, "disconnected", 1)
	again := newCamera(t, a, a.token(t, attempt.ID, exam.TokenPublish))
	again.begin(t)
	a.eventually(t, attempt.ID, "connected", 2)

	b, _ = a.anotherNode(t, spool)
	if url, _ := a.owner(t); url != a.url || !connected(proctors.at(b)) {
		t.Errorf("after the first node came back the room is at %s", url)
	}
	if resp, text := b.request(t, http.MethodDelete, again.location, again.token, "", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("DELETE by the other node: %d %s", resp.StatusCode, text)
	}
	type recordings struct {
		Recordings []struct {
			Parts    []uuid.UUID
			Segments []struct {
				StartMs, DurationMs int64
				URL                 string
			}
		}
	}
	var got recordings
	wait(t, "both nodes' segments are stored", func() bool {
		got = get[recordings](t, proctors.at(b), fmt.Sprintf("/api/attempts/%s/recordings", attempt.ID))
		if len(got.Recordings) != 1 || len(got.Recordings[0].Parts) != 2 {
			return false
		}
		of := map[string]bool{}
		for _, s := range got.Recordings[0].Segments {
			of[strings.Split(s.URL, "/")[2]] = true
		}
		return len(of) == 2
	})
	end := int64(0)
	for _, s := range got.Recordings[0].Segments {
		if s.StartMs < end {
			t.Errorf("a segment begins at %d ms, before %d: the parts have not one clock", s.StartMs, end)
		}
		end = s.StartMs + s.DurationMs
		if code := status(t, proctors, "/"+s.URL); code != http.StatusOK {
			t.Errorf("%s: %d", s.URL, code)
		}
	}
	for _, part := range got.Recordings[0].Parts {
		resp, err := proctors.Get(a.url + fmt.Sprintf("/api/recordings/%s/file", part))
		must(t, err)
		size, err := io.Copy(io.Discard, resp.Body)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || size == 0 || size != resp.ContentLength {
			t.Errorf("the whole file of a part: %d, %d bytes of %d", resp.StatusCode, size, resp.ContentLength)
		}
	}
}

// TestANodeThatIsCutOff: a machine that is gone closes no connection and says nothing. Pages that come by way of another node are told to connect again
// all the same, and the room moves; the machine itself, if it lives, has left the room by then.
func TestANodeThatIsCutOff(t *testing.T) {
	a := newHouseWith(t, func(h *house) { h.env["OCHNO_NODE_URL"] = h.url })
	var toNode, toDatabase *gate
	b, _ := a.anotherNode(t, t.TempDir(), func(c *proctor.Config) {
		database, err := url.Parse(c.Database)
		must(t, err)
		where := database.Query()
		toNode, toDatabase = newGate(t, "tcp", c.Listen), newGate(t, "unix", filepath.Join(where.Get("host"), ".s.PGSQL.5432"))
		host, port, err := net.SplitHostPort(toDatabase.address)
		must(t, err)
		where.Set("host", host)
		where.Set("port", port)
		database.RawQuery = where.Encode()
		c.NodeURL, c.Database = "http://"+toNode.address, database.String()
	})
	defer toDatabase.thaw()
	defer toNode.thaw()
	anna, proctors := a.signedIn(t, esiamock.StudentAnna), a.signedIn(t, esiamock.Proctor)
	attempt := anna.join(t, false)
	if code := status(t, anna.at(b), fmt.Sprintf("/api/attempts/%s", attempt.ID)); code != http.StatusOK {
		t.Fatalf("her attempt at the second node: %d", code)
	}
	path := fmt.Sprintf("/api/exams/%s", a.exam.ID)
	watch, _ := proctors.dial(t, path+"/watch", nil)
	if hello, code := until(t, watch, "hello"); hello == nil {
		t.Fatalf("a proctor's page: closed with %d", code)
	}
	direct, _ := proctors.at(b).dial(t, path+"/watch", nil)
	if hello, code := until(t, direct, "hello"); hello == nil {
		t.Fatalf("a proctor's page at the node itself: closed with %d", code)
	}

	toNode.freeze()
	toDatabase.freeze()
	cut := time.Now()
	for what, conn := range map[string]*websocket.Conn{"by the other node": watch, "at the node itself": direct} {
		must(t, conn.SetReadDeadline(time.Now().Add(40*time.Second)))
		if m, code := until(t, conn, "never"); m != nil || code == 0 {
			t.Errorf("a page %s went on: %v", what, m)
		}
	}
	wait(t, "the room answers on the other node", func() bool { return status(t, proctors, path) == http.StatusOK })
	t.Logf("the room moved within %v", time.Since(cut))
	if url, _ := a.owner(t); url != a.url {
		t.Errorf("the room is at %s; want %s", url, a.url)
	}
	if !strings.Contains(a.log.String(), "A ROOM WAS LEFT") {
		t.Error("the node that was cut off did not leave its room")
	}
}

// gate is a way for connections that can be frozen: what is open stays open, and nothing passes.
type gate struct {
	address string
	mu      sync.Mutex
	open    chan struct{} // closed while it is
}

func newGate(t *testing.T, network, target string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	g := &gate{address: l.Addr().String(), open: make(chan struct{})}
	close(g.open)
	var work sync.WaitGroup
	var conns sync.Map
	work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, target)
			if err != nil {
				in.Close()
				continue
			}
			conns.Store(in, true)
			conns.Store(out, true)
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				work.Go(func() {
					defer way[1].Close()
					buffer := make([]byte, 32<<10)
					for {
						n, err := way[0].Read(buffer)
						<-g.way()
						if _, wrong := way[1].Write(buffer[:n]); err != nil || wrong != nil {
							return
						}
					}
				})
			}
		}
	})
	t.Cleanup(func() {
		g.thaw()
		l.Close()
		conns.Range(func(conn, _ any) bool {
			conn.(net.Conn).Close()
			return true
		})
		work.Wait()
	})
	return g
}

func (g *gate) way() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

// refusesOutsiders says what of the nodes' own header is refused.
func (h *house) refusesOutsiders(t *testing.T, owner *house) {
	t.Helper()
	path := fmt.Sprintf("/api/exams/%s", h.exam.ID)
	var self uuid.UUID
	must(t, h.store.Pool.QueryRow(t.Context(), `select run from media_node where url = $1`, h.url).Scan(&self))
	_, run := owner.owner(t)
	proof := func(run uuid.UUID, method, uri string) string {
		sum := h.store.Ring.Lookup("handed over", strings.Join([]string{run.String(), method, uri, "192.0.2.7"}, "\n"))
		return base64.RawURLEncoding.EncodeToString(sum) + " 192.0.2.7"
	}
	for what, header := range map[string]string{
		"anything": "yes", "no proof": " 192.0.2.7", "a guess": strings.Repeat("A", 43) + " 192.0.2.7",
		"of another request": proof(run, http.MethodGet, path+"/policy"), "of another method": proof(run, http.MethodPost, path),
		"for another node": proof(self, http.MethodGet, path), "another address": strings.Replace(proof(run, http.MethodGet, path), "192.0.2.7", "192.0.2.8", 1),
	} {
		resp, text := owner.request(t, http.MethodGet, path, "", "", "", "Ochno-Handed-Over", header)
		if resp.StatusCode != http.StatusForbidden || problemCode(t, text) != "forbidden" {
			t.Errorf("%s: %d %s", what, resp.StatusCode, text)
		}
	}
	// A node says who it is: it is let in, and still nobody is signed in.
	if resp, text := owner.request(t, http.MethodGet, path, "", "", "", "Ochno-Handed-Over", proof(run, http.MethodGet, path)); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a node's request: %d %s", resp.StatusCode, text)
	}
	// What is handed over to a node that has not got the room goes no further.
	resp, text := h.request(t, http.MethodGet, path, "", "", "", "Ochno-Handed-Over", proof(self, http.MethodGet, path))
	if resp.StatusCode != http.StatusServiceUnavailable || problemCode(t, text) != "room_moving" || resp.Header.Get("Ochno-Room-Moved") == "" {
		t.Errorf("a loop: %d %s", resp.StatusCode, text)
	}
}

// TestOnlyNode: a service that knows no others refuses their header, and no second one starts beside it.
func TestOnlyNode(t *testing.T) {
	h := newHouse(t)
	if resp, text := h.request(t, http.MethodGet, "/api/session", "", "", "", "Ochno-Handed-Over", "A 192.0.2.7"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("another node's header: %d %s", resp.StatusCode, text)
	}
	second := h.config
	if _, err := proctor.Open(t.Context(), second, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "spool") {
		t.Errorf("a second process on one spool: %v", err)
	}
	second.Spool = t.TempDir()
	if _, err := proctor.Open(t.Context(), second, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "OCHNO_NODE_URL") {
		t.Errorf("a second node: %v", err)
	}
	if code := status(t, h.browser(t), "/api/session"); code != http.StatusOK {
		t.Errorf("the first one answers %d", code)
	}
}

func status(t *testing.T, b *browser, path string) int {
	t.Helper()
	code, _ := b.call(t, http.MethodGet, path, nil)
	return code
}

// wait polls until it is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
