package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/archive"
	"ochno/proctor/keyring"
	"ochno/proctor/keyring/rotation"
	"ochno/proctor/ledger"
	"ochno/proctor/registrar"
	"ochno/proctor/table"
)

// office is a database and a bucket in which any number of services work, at a clock of the test's.
type office struct {
	t       *testing.T
	pool    *pgxpool.Pool
	ring    *keyring.Ring
	objects *archive.Archive
	bucket  archive.Config
	logged  *buffer
	now     atomic.Int64
	mine    Whose
	others  Whose
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, pool: stacktest.Database(t), logged: &buffer{}, mine: Whose{uuid.New(), uuid.New()}}
	o.now.Store(time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC).UnixNano())
	var err error
	o.ring, err = keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	o.must(err)
	_, public, err := note.GenerateKey(nil, "export.test/log")
	o.must(err)
	m := stacktest.Minio(t)
	o.bucket = archive.Config{Endpoint: m.Endpoint, AccessKey: m.AccessKey, SecretKey: m.SecretKey, Bucket: stacktest.Bucket()}
	o.objects, err = archive.Open(t.Context(), o.bucket, o.pool, o.ring, ledger.Open(o.pool, o.ring, public), o.clock)
	o.must(err)
	o.others = Whose{uuid.New(), o.mine.Organisation}
	o.exec(`insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, o.mine.Organisation)
	for _, w := range []Whose{o.mine, o.others} {
		o.exec(`insert into person (id, organisation_id, last_name, first_name, name_key, birth_date) values ($1, $2, 'Ёлкина', 'Мария', 'x', '1980-01-02')`, w.Person, w.Organisation)
	}
	return o
}

func (o *office) clock() time.Time { return time.Unix(0, o.now.Load()) }

func (o *office) pass(d time.Duration) { o.now.Add(int64(d)) }

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), sql, args...)
	o.must(err)
}

func (o *office) service(m Maker) *Service {
	return New(Config{Pool: o.pool, Ring: o.ring, Objects: o.objects, Maker: m, Now: o.clock, Logger: slog.New(slog.NewTextHandler(o.logged, nil))})
}

func (o *office) order(s *Service) (Job, error) {
	var j Job
	err := pgx.BeginFunc(o.t.Context(), o.pool, func(tx pgx.Tx) (err error) {
		j, err = s.Order(o.t.Context(), tx, o.mine, registrar.Order{Format: "csv", Selection: registrar.Selection{Group: "МА-21"}}, "log.csv")
		return err
	})
	return j, err
}

func (o *office) ordered(s *Service) Job {
	o.t.Helper()
	j, err := o.order(s)
	o.must(err)
	return j
}

func (o *office) job(s *Service, id uuid.UUID) Job {
	o.t.Helper()
	list, err := s.Of(o.t.Context(), o.mine)
	o.must(err)
	for _, j := range list {
		if j.ID == id {
			return j
		}
	}
	o.t.Fatalf("no export %s in %+v", id, list)
	return Job{}
}

// stored are the bucket's objects.
func (o *office) stored() (names []string) {
	o.t.Helper()
	client, err := minio.New(o.bucket.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(o.bucket.AccessKey, o.bucket.SecretKey, "")})
	o.must(err)
	for object := range client.ListObjects(o.t.Context(), o.bucket.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		o.must(object.Err)
		names = append(names, object.Key)
	}
	return names
}

func (o *office) step(s *Service) bool {
	o.t.Helper()
	made, err := s.Step(o.t.Context())
	o.must(err)
	return made
}

func (o *office) read(s *Service, id uuid.UUID) string {
	o.t.Helper()
	_, file, err := s.Open(o.t.Context(), o.mine, id)
	o.must(err)
	text, err := io.ReadAll(file)
	o.must(err)
	return string(text)
}

// until waits for what another goroutine does.
func (o *office) until(what string, is func() bool) {
	o.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// maker makes what the test says.
type maker struct {
	make  func(ctx context.Context, w io.Writer, progress func(float64)) error
	check error
}

func (m maker) Make(ctx context.Context, _ registrar.Order, w io.Writer, progress func(float64)) error {
	return m.make(ctx, w, progress)
}

func (m maker) Check(context.Context, registrar.Order, io.ReaderAt, int64, func(float64)) error {
	return m.check
}

// text is a maker of one text.
func text(s string) maker {
	return maker{make: func(_ context.Context, w io.Writer, _ func(float64)) error {
		_, err := io.WriteString(w, s)
		return err
	}}
}

// endless makes until it is stopped.
func endless(begun chan<- struct{}) maker {
	return maker{make: func(ctx context.Context, w io.Writer, progress func(float64)) error {
		if _, err := w.Write(bytes.Repeat([]byte("secret"), 1_000_000)); err != nil {
			return err
		}
		progress(0.43)
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
}

type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestExportIsMadeForOnePersonAndErased(t *testing.T) {
	o := newOffice(t)
	s := o.service(text("Ёлкина;допущена\n"))
	j := o.ordered(s)
	if _, _, err := s.Open(t.Context(), o.mine, j.ID); !errors.Is(err, ErrNotReady) {
		t.Errorf("before it is made: %v", err)
	}
	if !o.step(s) || o.step(s) {
		t.Fatal("not made once")
	}
	made := o.job(s, j.ID)
	if made.State != Ready || made.Progress != 1 || made.Size != int64(len("Ёлкина;допущена\n")) || made.Order.Selection.Group != "МА-21" || made.ExpiresAt == nil {
		t.Errorf("made %+v", made)
	}
	if text := o.read(s, j.ID); text != "Ёлкина;допущена\n" {
		t.Errorf("it holds %q", text)
	}
	for name, w := range map[string]Whose{"another registrar": o.others, "of another organisation": {o.mine.Person, uuid.New()}} {
		if _, _, err := s.Open(t.Context(), w, j.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Cancel(t.Context(), w, j.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s cancels: %v", name, err)
		}
		if list, err := s.Of(t.Context(), w); err != nil || len(list) != 0 {
			t.Errorf("%s sees %+v, %v", name, list, err)
		}
	}
	for _, name := range o.stored() {
		if !strings.HasPrefix(name, "exports/"+j.ID.String()+"/") {
			t.Errorf("stored %s", name)
		}
	}
	o.pass(keptFor)
	if _, _, err := s.Open(t.Context(), o.mine, j.ID); !errors.Is(err, ErrNotReady) {
		t.Errorf("after its term: %v", err)
	}
	o.step(s)
	if names := o.stored(); len(names) != 0 || o.job(s, j.ID).State != Expired {
		t.Errorf("after its term %q is left, %+v", names, o.job(s, j.ID))
	}
	o.pass(toldFor)
	o.step(s)
	if list, err := s.Of(t.Context(), o.mine); err != nil || len(list) != 0 {
		t.Errorf("told of for ever: %+v, %v", list, err)
	}
}

// A service that stops, or dies, in the middle: another one makes the export, from its beginning and once.
func TestExportSurvivesTheService(t *testing.T) {
	for _, died := range []bool{false, true} {
		t.Run(map[bool]string{false: "stopped", true: "died"}[died], func(t *testing.T) {
			o := newOffice(t)
			begun := make(chan struct{}, 1)
			first := o.service(endless(begun))
			j := o.ordered(first)
			life, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { _, err := first.Step(life); ended <- err }()
			<-begun
			second := o.service(text("whole"))
			if o.step(second) {
				t.Fatal("two make it at once")
			}
			if !died {
				stop()
				o.must(<-ended)
				if now := o.job(second, j.ID); now.State != Waiting {
					t.Errorf("after the stop %+v", now)
				}
			}
			o.until("the other makes it", func() bool {
				if died { // its lease runs out before it comes to renew it
					o.pass(lease)
				}
				return o.step(second)
			})
			if text := o.read(second, j.ID); text != "whole" {
				t.Errorf("it holds %d bytes", len(text))
			}
			if died { // it comes back, and nothing that it does counts
				o.must(<-ended)
				if now := o.job(second, j.ID); now.State != Ready || now.Size != 5 || o.read(second, j.ID) != "whole" {
					t.Errorf("after the other came back %+v", now)
				}
			}
			if n := o.tries(j.ID); n != 1 && !died || n != 2 && died {
				t.Errorf("%d tries", n)
			}
		})
	}
}

func (o *office) tries(id uuid.UUID) (n int) {
	o.t.Helper()
	o.must(o.pool.QueryRow(o.t.Context(), `select tries from export_job where id = $1`, id).Scan(&n))
	return n
}

func TestCancel(t *testing.T) {
	o := newOffice(t)
	begun := make(chan struct{}, 1)
	s := o.service(endless(begun))
	j := o.ordered(s)
	ended := make(chan error, 1)
	go func() { _, err := s.Step(t.Context()); ended <- err }()
	<-begun
	o.until("the progress is told", func() bool { return o.job(s, j.ID).Progress > 0.42 })
	o.must(s.Cancel(t.Context(), o.mine, j.ID))
	o.must(<-ended)
	if now := o.job(s, j.ID); now.State != Cancelled {
		t.Errorf("cancelled %+v", now)
	}
	if _, _, err := s.Open(t.Context(), o.mine, j.ID); !errors.Is(err, ErrNotReady) {
		t.Errorf("a cancelled one: %v", err)
	}
	o.pass(lease)
	o.step(s)
	if names := o.stored(); len(names) != 0 {
		t.Errorf("what was written is there still: %q", names)
	}
	// One that nobody began, and one that is made.
	s = o.service(text("x"))
	waiting, ready := o.ordered(s), o.ordered(s)
	o.must(s.Cancel(t.Context(), o.mine, waiting.ID))
	if !o.step(s) || o.step(s) {
		t.Error("a cancelled one was made")
	}
	o.must(s.Cancel(t.Context(), o.mine, ready.ID))
	if _, _, err := s.Open(t.Context(), o.mine, ready.ID); !errors.Is(err, ErrNotReady) {
		t.Errorf("a cancelled one: %v", err)
	}
	o.must(s.Cancel(t.Context(), o.mine, ready.ID)) // twice is once
	o.step(s)
	if names := o.stored(); len(names) != 0 {
		t.Errorf("a cancelled one's file is there still: %q", names)
	}
}

func TestBounds(t *testing.T) {
	o := newOffice(t)
	s := o.service(text("x"))
	var last Job
	for range maxOpen {
		last = o.ordered(s)
	}
	if _, err := o.order(s); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more at once: %v", err)
	}
	o.must(s.Cancel(t.Context(), o.mine, last.ID))
	o.exec(`insert into export_job (id, organisation_id, person_id, wanted, name, state, size, asked_at, expires_at, swept_at) values (gen_random_uuid(), $1, $2, '{}', 'x', 'ready', $3, now(), '2030-01-01', now())`,
		o.mine.Organisation, o.others.Person, int64(maxStored))
	if _, err := o.order(s); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more than the organisation's files may take: %v", err)
	}
	o.exec(`delete from export_job where person_id = $1`, o.others.Person)
	for range maxReady - maxOpen + 1 {
		o.ordered(s)
		for o.step(s) {
		}
	}
	o.step(s)
	if _, err := o.order(s); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more kept: %v", err)
	}
	var n int
	o.must(o.pool.QueryRow(t.Context(), `select count(*) from export_job`).Scan(&n))
	if n != maxReady+1 {
		t.Errorf("%d rows: a refused order left one", n)
	}
}

func TestFaults(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		name  string
		maker maker
		fault string
		tries int
	}{
		{"too large", maker{make: func(_ context.Context, w io.Writer, _ func(float64)) error {
			_, err := w.Write(make([]byte, 6<<20))
			return err
		}}, "too_large", 1},
		{"too many rows", maker{make: func(context.Context, io.Writer, func(float64)) error { return table.ErrTooManyRows }}, "too_many_rows", 1},
		{"something", maker{make: func(context.Context, io.Writer, func(float64)) error { return errors.New("the disk is on fire") }}, "internal", maxTries},
		{"a file that does not verify", maker{make: text("x").make, check: errors.New("it does not verify")}, "internal", maxTries},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := o.service(c.maker)
			s.maxSize = 5 << 20
			j := o.ordered(s)
			tries := 0
			for o.step(s) {
				tries++
				if o.step(s) {
					t.Error("it was tried again at once")
				}
				o.pass(2 * again)
			}
			if now := o.job(s, j.ID); now.State != Failed || now.Fault != c.fault || tries != c.tries {
				t.Errorf("%d tries, %+v", tries, now)
			}
			o.step(s)
			if names := o.stored(); len(names) != 0 {
				t.Errorf("parts are left: %q", names)
			}
		})
	}
	if text := o.logged.String(); !strings.Contains(text, "on fire") || strings.Contains(text, "МА-21") {
		t.Errorf("the log says %s", text)
	}
}

// A node that dies each time it makes an export is not given it for ever.
func TestExportThatKillsItsNode(t *testing.T) {
	o := newOffice(t)
	s := o.service(text("x"))
	j := o.ordered(s)
	taken := 0
	for range 3 * maxTries {
		r, err := s.take(t.Context())
		o.must(err)
		if r != nil {
			taken++
		}
		o.pass(lease)
		o.must(s.sweep(t.Context()))
	}
	if now := o.job(s, j.ID); now.State != Failed || taken != 2*maxTries {
		t.Errorf("taken %d times, %+v", taken, now)
	}
}

func TestManyNodesMakeEachExportOnce(t *testing.T) {
	o := newOffice(t)
	var made atomic.Int64
	m := maker{make: func(_ context.Context, w io.Writer, _ func(float64)) error {
		made.Add(1)
		_, err := io.WriteString(w, "x")
		return err
	}}
	for range maxOpen {
		o.ordered(o.service(m))
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s := o.service(m)
			for {
				if more, err := s.Step(t.Context()); err != nil || !more {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	all.Wait()
	if made.Load() != maxOpen {
		t.Errorf("%d were made of %d", made.Load(), maxOpen)
	}
}

// A file that was made under one master key is read under the next, once its key was wrapped anew.
func TestExportOutlivesTheMasterKey(t *testing.T) {
	o := newOffice(t)
	s := o.service(text("whole"))
	j := o.ordered(s)
	o.step(s)
	next, err := keyring.New(bytes.Repeat([]byte{8}, keyring.KeySize), bytes.Repeat([]byte{7}, keyring.KeySize))
	o.must(err)
	rotated, err := (&rotation.Rotation{Pool: o.pool, Ring: next, Columns: Sealed()}).Run(t.Context(), func(string, int64) {})
	if err != nil || rotated.Moved != 1 || len(rotated.Broken) > 0 {
		t.Fatalf("rotated %+v, %v", rotated, err)
	}
	o.ring, err = keyring.New(bytes.Repeat([]byte{8}, keyring.KeySize)) // without the old one
	o.must(err)
	if text := o.read(o.service(nil), j.ID); text != "whole" {
		t.Errorf("it holds %q", text)
	}
}
