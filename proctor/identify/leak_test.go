package identify_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ochno/deploy/stack/stacktest"
	"ochno/ebsclient"
	"ochno/proctor/identify"
	"ochno/proctor/media/studenttest"
)

// taker is a verifier that remembers what it was sent: a copy to look for, and the very memory, to see that it was overwritten.
type taker struct {
	ebsclient.Verifier

	mu     sync.Mutex
	copies [][]byte
	memory [][]byte
}

func (k *taker) Verify(ctx context.Context, r ebsclient.Request) (string, error) {
	k.mu.Lock()
	for _, sample := range [][]byte{r.Photo.Data, r.Voice.Data} {
		k.copies = append(k.copies, bytes.Clone(sample))
		k.memory = append(k.memory, sample)
	}
	k.mu.Unlock()
	return k.Verifier.Verify(ctx, r)
}

// traces are what a sample would leave behind: pieces of it as they are, in hexadecimal and in base64.
func traces(sample []byte) [][]byte {
	const piece = 48
	var list [][]byte
	for i := 1; i <= 7; i++ {
		at := len(sample) * i / 8 / 3 * 3
		if at+piece+2 > len(sample) {
			continue
		}
		p := sample[at : at+piece]
		if bytes.Count(p, p[:1]) > piece/2 { // silence, or a border of one colour, is anywhere
			continue
		}
		list = append(list, p, []byte(hex.EncodeToString(p)), []byte(strings.ToUpper(hex.EncodeToString(p))))
		for shift := range 3 { // base64 of a text that it stands in, wherever it begins
			list = append(list, []byte(base64.StdEncoding.EncodeToString(sample[at+shift:at+shift+piece-3])), []byte(base64.RawURLEncoding.EncodeToString(sample[at+shift:at+shift+piece-3])))
		}
	}
	return list
}

// watch knows every place where something could be left.
type watch struct {
	h      *house
	folder string // everything that is written to disk in this test
	log    *bytes.Buffer
	store  *minio.Client
	bucket string
}

// find tells where any trace of the samples is.
func (w watch) find(t *testing.T, samples [][]byte) (places []string) {
	t.Helper()
	var wanted [][]byte
	for _, s := range samples {
		wanted = append(wanted, traces(s)...)
	}
	if len(wanted) < 8*len(samples) {
		t.Fatalf("only %d traces of %d samples to look for", len(wanted), len(samples))
	}
	look := func(place string, content []byte) {
		for _, trace := range wanted {
			if bytes.Contains(content, trace) {
				places = append(places, place)
				return
			}
		}
	}
	look("log", w.log.Bytes())
	must(t, filepath.WalkDir(w.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		look("disk", content)
		return err
	}))
	ctx := context.Background()
	rows, _ := w.h.pool.Query(ctx, `select tablename from pg_tables where schemaname = 'public'`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, table := range tables {
		rows, _ := w.h.pool.Query(ctx, `select t::text from `+pgx.Identifier{table}.Sanitize()+` t`)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		look("table "+table, []byte(strings.Join(lines, "\n")))
	}
	objects := 0
	for o := range w.store.ListObjects(ctx, w.bucket, minio.ListObjectsOptions{Recursive: true}) {
		must(t, o.Err)
		objects++
		stored, err := w.store.GetObject(ctx, w.bucket, o.Key, minio.GetObjectOptions{})
		must(t, err)
		sealed, err := io.ReadAll(stored)
		must(t, err)
		look("object", sealed)
		parts := strings.Split(o.Key, "/")
		if len(parts) < 2 {
			continue
		}
		if attempt, err := uuid.Parse(parts[1]); err == nil { // what stands in it is sealed
			if plain, err := w.h.archive.Get(ctx, attempt, o.Key); err == nil {
				look("object", plain)
			}
		}
	}
	if objects == 0 {
		t.Fatal("no objects to look at")
	}
	return places
}

// TestSamplesStayInMemory looks for the samples of identifications that ended in every way, on the disk, in the database, in MinIO and in the log,
// and at the memory they were in.
func TestSamplesStayInMemory(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	h := newHouse(t)
	kept := &taker{Verifier: h.config.Verifier}
	var log bytes.Buffer
	h.config.Verifier, h.config.Logger = kept, slog.New(slog.NewTextHandler(&locked{w: &log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	service := identify.New(h.config)
	t.Cleanup(service.Close)
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	w := watch{h: h, folder: folder, log: &log, bucket: h.bucket}
	server := stacktest.Minio(t)
	var err error
	w.store, err = minio.New(server.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
	must(t, err)

	var group sync.WaitGroup
	for i, scenario := range []string{"match", "no_match", "low_quality", "500", "half", "never", "bad_signature"} {
		a := h.student(t, fmt.Sprint(9001+i))
		h.scenario(t, a.OID, scenario)
		group.Go(func() {
			t.Run(scenario, func(t *testing.T) {
				stream := h.publish(t, a, clip)
				h.run(t, service, a.ID, stream, nil)
				must(t, stream.Close()) // all of the recording is stored
			})
		})
	}
	group.Wait()
	service.Close()
	if len(kept.copies) != 14 {
		t.Fatalf("%d samples were sent, want 14", len(kept.copies))
	}
	for i, memory := range kept.memory {
		if bytes.Count(memory, []byte{0}) != len(memory) {
			t.Errorf("sample %d of %d bytes was not overwritten", i, len(memory))
		}
	}
	if places := w.find(t, kept.copies); len(places) > 0 {
		t.Errorf("samples are left in %v", places)
	}

	// The search itself: what is left in any of the places is found.
	photo, voice := kept.copies[0], kept.copies[1]
	ctx := context.Background()
	a := h.student(t, "9100")
	must(t, os.WriteFile(filepath.Join(folder, "left"), append([]byte("xx"), photo...), 0o600))
	_, err = h.pool.Exec(ctx, `create table left_as_bytes as select $1::bytea as b`, voice)
	must(t, err)
	_, err = h.pool.Exec(ctx, `create table left_as_text as select $1::text as b`, `{"photo":"`+base64.StdEncoding.EncodeToString(photo)+`"}`)
	must(t, err)
	_, err = h.archive.Put(ctx, a.ID, "records", "json", photo)
	must(t, err)
	log.WriteString("photo=" + hex.EncodeToString(photo))
	if found := w.find(t, kept.copies); len(found) != 5 {
		t.Errorf("samples were left in five places on purpose, and found in %v", found)
	}
}

// locked is a writer that several goroutines may use.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
