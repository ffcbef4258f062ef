package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" // on the loopback
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ochno/deploy/stack"
	"ochno/proctor/media"
	"ochno/proctor/media/load"
)

const maxBody = 1 << 20

// serve is a media node behind a little HTTP, until ctx ends. It prints its URL.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder for the spool and the recordings")
	record := flags.String("record", "folder", "where recordings go: folder, minio, or off")
	picture := flags.String("watch", "", "IVF file with a face: everybody is watched, by this picture")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg := media.Config{
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		UDPAddr: "127.0.0.1:0", SpoolDir: filepath.Join(*dir, "spool"), DoNotRecord: *record == "off",
		Sink: folderSink(filepath.Join(*dir, "recordings")),
	}
	if *record == "minio" {
		sink, err := newMinioSink(ctx)
		if err != nil {
			return err
		}
		cfg.Sink = sink
	}
	if err := os.MkdirAll(filepath.Join(*dir, "recordings"), 0o700); err != nil {
		return err
	}
	node, err := media.New(cfg)
	if err != nil {
		return err
	}
	var watching *watcher
	if *picture != "" {
		if watching, err = newWatcher(*picture); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		defer watching.finder.Close()
		defer watching.running.Wait()
	}
	s := &server{ctx: ctx, watcher: watching, node: node, room: uuid.New(), views: map[string]*media.Viewer{}}
	http.HandleFunc("POST /whip", s.whip)
	http.HandleFunc("POST /view", s.view)
	http.HandleFunc("POST /view/{id}", s.answer)
	http.HandleFunc("GET /memory", memory)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { web.Close() })
	defer stop()
	fmt.Printf("http://%s\n", l.Addr())
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	ending, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return node.Close(ending)
}

type server struct {
	ctx     context.Context // ends with the server: what watches outlives the request that began it
	watcher *watcher        // nil: nobody is watched
	node    *media.Node
	room    uuid.UUID

	mu    sync.Mutex
	views map[string]*media.Viewer
}

func (s *server) whip(w http.ResponseWriter, r *http.Request) {
	attempt, err := uuid.Parse(r.URL.Query().Get("attempt"))
	if err != nil {
		http.Error(w, "no attempt", http.StatusBadRequest)
		return
	}
	offer, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p, err := s.node.Publish(r.Context(), media.PublishOptions{Room: s.room, Attempt: attempt, Recording: media.RecordingStart{ID: uuid.New()}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	answer, err := p.Offer(r.Context(), string(offer))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.watcher != nil {
		s.watcher.watch(s.ctx, p)
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer)
}

type viewRequest struct {
	Attempts []uuid.UUID `json:"attempts"`
}

type viewReply struct {
	ID     string      `json:"id"`
	SDP    string      `json:"sdp"`
	Tracks []viewTrack `json:"tracks"`
}

type viewTrack struct {
	MID     string      `json:"mid"`
	Attempt uuid.UUID   `json:"attempt"`
	Media   media.Media `json:"media"`
}

func (s *server) view(w http.ResponseWriter, r *http.Request) {
	var want viewRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&want); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	offers := make(chan media.Offer, 1)
	v, err := s.node.View(r.Context(), media.ViewOptions{Room: s.room, OnOffer: func(o media.Offer) {
		select {
		case offers <- o:
		default: // the generator takes the first only
		}
	}})
	if err == nil {
		err = v.Watch(want.Attempts)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	select {
	case o := <-offers:
		reply := viewReply{ID: uuid.NewString(), SDP: o.SDP}
		for _, t := range o.Tracks {
			reply.Tracks = append(reply.Tracks, viewTrack{t.MID, t.Attempt, t.Media})
		}
		s.mu.Lock()
		s.views[reply.ID] = v
		s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(reply)
	case <-r.Context().Done():
		v.Close()
	}
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	v := s.views[r.PathValue("id")]
	s.mu.Unlock()
	if v == nil {
		http.NotFound(w, r)
		return
	}
	sdp, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = v.Answer(string(sdp))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// memory tells where the bytes are.
func memory(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"heap_in_use": m.HeapInuse, "heap_live": m.HeapAlloc, "stacks": m.StackInuse, "sys": m.Sys, "collections": m.NumGC, "goroutines": runtime.NumGoroutine(),
	})
}

// folderSink keeps segments as files.
type folderSink string

func (f folderSink) StoreSegment(_ context.Context, s media.Segment) error {
	return os.Rename(s.Path, filepath.Join(string(f), filepath.Base(s.Path)))
}

// minioSink keeps segments as objects.
type minioSink struct {
	client *minio.Client
	bucket string
}

func newMinioSink(ctx context.Context) (*minioSink, error) {
	endpoint := os.Getenv(stack.EnvMinioEndpoint)
	if endpoint == "" {
		return nil, errors.New("no MinIO: run it by ochno stack")
	}
	client, err := minio.New(endpoint, &minio.Options{Creds: credentials.NewStaticV4("ochno", os.Getenv(stack.EnvMinioSecret), "")})
	if err != nil {
		return nil, err
	}
	bucket := "bench-" + uuid.NewString()[:8]
	return &minioSink{client, bucket}, client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{})
}

func (m *minioSink) StoreSegment(ctx context.Context, s media.Segment) error {
	_, err := m.client.FPutObject(ctx, m.bucket, filepath.Base(s.Path), s.Path, minio.PutObjectOptions{ContentType: "video/webm"})
	return err
}

// serveFloor is the floor as a process. It prints its address.
func serveFloor(ctx context.Context) error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Println(conn.LocalAddr())
	return load.Floor(ctx, conn)
}
