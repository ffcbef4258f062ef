package identify_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/ebsclient"
	"ochno/ebsclient/ebsmock"
	"ochno/proctor/account"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
	"ochno/proctor/media/studenttest"
	"ochno/proctor/vision"
)

// house is every room that an identification needs, real but for the verifier, which is the stand.
type house struct {
	pool     *pgxpool.Pool
	accounts *account.Accounts
	exams    *exam.Exams
	archive  *archive.Archive
	log      *ledger.Log
	node     *media.Node
	stand    string // its URL
	bucket   string
	pushed   atomic.Int64 // questions that reached the stand
	service  *identify.Service
	config   identify.Config
	exam     exam.Exam
	asked    *counter

	mu       sync.Mutex
	students map[uuid.UUID]*studenttest.Connection // by attempt
	streams  map[uuid.UUID]*media.Publisher
	told     chan identify.Progress
}

// counter counts the questions to the verifier.
type counter struct {
	ebsclient.Verifier
	calls chan struct{}
}

func (c *counter) Verify(ctx context.Context, r ebsclient.Request) (string, error) {
	c.calls <- struct{}{}
	return c.Verifier.Verify(ctx, r)
}

func quickTiming() identify.Timing {
	return identify.Timing{
		Look: 6 * time.Second, Glance: 6 * time.Second, KeyFrame: 300 * time.Millisecond,
		GetReady: 300 * time.Millisecond, Digit: 800 * time.Millisecond, Waver: 200 * time.Millisecond, LastDigit: 1200 * time.Millisecond, Challenge: time.Minute, Verify: 8 * time.Second,
	}
}

func newHouse(t testing.TB) *house {
	return newHouseIn(t, stacktest.Database(t), stacktest.Bucket(), "")
}

// newHouseIn is a house over what another process of the same test made: the database, the bucket and the stand.
func newHouseIn(t testing.TB, pool *pgxpool.Pool, bucket, stand string) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{pool: pool, bucket: bucket, stand: stand, students: map[uuid.UUID]*studenttest.Connection{}, streams: map[uuid.UUID]*media.Publisher{}, told: make(chan identify.Progress, 1000)}
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	must(t, err)
	_, public, err := note.GenerateKey(nil, "test.example/log")
	must(t, err)
	h.log = ledger.Open(h.pool, ring, public)
	h.accounts = account.New(h.pool, ring, h.log, time.Now)
	h.exams = exam.New(h.pool, h.accounts, h.log, time.Now)
	store := stacktest.Minio(t)
	h.archive, err = archive.Open(ctx, archive.Config{
		Endpoint: store.Endpoint, AccessKey: store.AccessKey, SecretKey: store.SecretKey, Bucket: bucket,
	}, h.pool, ring, h.log, time.Now)
	must(t, err)
	logger := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	finder, err := vision.NewFinder(vision.Config{})
	must(t, err)
	t.Cleanup(func() { finder.Close() })
	h.node, err = media.New(media.Config{Logger: logger, UDPAddr: "127.0.0.1:0", SpoolDir: t.TempDir(), Sink: h.archive})
	must(t, err)
	t.Cleanup(func() {
		limit, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err := h.node.Close(limit); err != nil {
			t.Errorf("close the media node: %v", err)
		}
	})
	push, checker := h.startStand(t, logger)
	h.asked = &counter{Verifier: push, calls: make(chan struct{}, 1000)}
	h.config = identify.Config{
		Pool: h.pool, Exams: h.exams, Archive: h.archive, Log: h.log, Finder: finder, Verifier: h.asked, Verdicts: checker,
		Timing: quickTiming(), Software: "test", Now: time.Now, Logger: logger,
	}
	h.service = identify.New(h.config)
	t.Cleanup(func() { h.service.Close() })
	organisation, err := h.accounts.EnsureOrganisation(ctx, account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	h.exam = exam.Exam{
		Organisation: organisation, Code: "exam", Title: "Экзамен", StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour), Policy: exam.DefaultPolicy(),
	}
	h.exam.ID, err = h.exams.Ensure(ctx, h.exam)
	must(t, err)
	return h
}

func (h *house) startStand(t testing.TB, logger *slog.Logger) (*ebsclient.Push, *ebsclient.Checker) {
	t.Helper()
	if h.stand == "" {
		stand, err := ebsmock.New(ebsmock.Config{
			Issuer: "stand", Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: "token"}}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		must(t, err)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				h.pushed.Add(1)
			}
			stand.ServeHTTP(w, r)
		}))
		t.Cleanup(func() {
			stand.Close()
			server.Close()
		})
		h.stand = server.URL
	}
	push, err := ebsclient.NewPush(ebsclient.PushConfig{
		BaseURL: h.stand, System: "OCHNO", Token: "token", Timeout: 3 * time.Second, Total: 3 * time.Second, Attempts: 1, Logger: logger,
	})
	must(t, err)
	keys, err := ebsclient.NewRemoteKeys(ebsclient.RemoteKeysConfig{URL: h.stand + "/keys", MinInterval: time.Millisecond})
	must(t, err)
	checker, err := ebsclient.NewChecker(ebsclient.CheckerConfig{Issuer: "stand", Audience: "OCHNO", Keys: keys, Stand: true})
	must(t, err)
	return push, checker
}

// pass lets time go by for what is planned.
func (h *house) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for _, sql := range []string{
		`update outage_wait set since = since - $1::interval, until = until - $1::interval, next_at = next_at - $1::interval`,
		`update reidentification set due_at = due_at - $1::interval`,
	} {
		_, err := h.pool.Exec(context.Background(), sql, d)
		must(t, err)
	}
}

// policy changes the exam's.
func (h *house) policy(t *testing.T, change func(p *exam.Policy)) {
	t.Helper()
	h.exam.Policy = exam.DefaultPolicy()
	change(&h.exam.Policy)
	_, err := h.exams.Ensure(context.Background(), h.exam)
	must(t, err)
}

// Stream and Tell make the house the room of its students.
func (h *house) Stream(attempt uuid.UUID) (identify.Stream, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.streams[attempt]
	return p, p != nil
}

func (h *house) Tell(a exam.Attempt, p identify.Progress) {
	if p.Shown > 0 {
		h.mu.Lock()
		h.students[a.ID].Say(p.Challenge.Digits[p.Shown-1 : p.Shown])
		h.mu.Unlock()
	}
	select {
	case h.told <- p:
	default:
	}
}

// round does what is due.
func (h *house) round(t *testing.T) {
	t.Helper()
	must(t, h.service.Round(context.Background(), h))
}

// until waits for a condition, doing what is due meanwhile.
func (h *house) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(40 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s", what)
		}
		h.round(t)
	}
}

// sits is a student in the middle of the exam, connected.
func (h *house) sits(t *testing.T, oid string, clip studenttest.Clip) exam.Attempt {
	t.Helper()
	a := h.student(t, oid)
	h.publish(t, a, clip)
	for _, to := range []exam.State{exam.Identifying, exam.Identified, exam.Admitted, exam.InProgress} {
		h.move(t, a.ID, exam.Move{To: to})
	}
	return h.attempt(t, a.ID)
}

// situation is what is asked of an attempt now.
func (h *house) situation(t *testing.T, attempt uuid.UUID) identify.Situation {
	t.Helper()
	all, err := h.service.Situations(context.Background(), []uuid.UUID{attempt})
	must(t, err)
	return all[attempt]
}

// of are the attempt's identifications.
func (h *house) of(t *testing.T, attempt uuid.UUID) []identify.Identification {
	t.Helper()
	list, err := h.service.Of(context.Background(), attempt)
	must(t, err)
	return list
}

// staff is a member of staff of the exam's organisation.
func (h *house) staff(t *testing.T, n int, role account.Role) account.Person {
	t.Helper()
	p := account.Person{Organisation: h.exam.Organisation, Name: account.Name{Last: fmt.Sprint("Сотрудник", n), First: "Имя"}, Roles: []account.Role{role}}
	must(t, pgx.BeginFunc(context.Background(), h.pool, func(tx pgx.Tx) (err error) {
		p.ID, err = h.accounts.Ensure(context.Background(), tx, account.NewPerson{
			Organisation: p.Organisation, Name: p.Name, BirthDate: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), SNILS: fmt.Sprintf("%011d", 100+n), Roles: p.Roles,
		})
		return err
	}))
	return p
}

// put tells the stand something about a subject.
func (h *house) put(t testing.TB, path, contentType string, body []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, h.stand+path, bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("PUT %s: %s %s", path, resp.Status, text)
	}
}

func (h *house) scenario(t testing.TB, oid, name string) {
	t.Helper()
	h.put(t, "/scenarios/"+oid, "application/json", []byte(`{"scenario":"`+name+`"}`))
}

func (h *house) enrol(t *testing.T, oid string) {
	t.Helper()
	picture, err := os.ReadFile(studenttest.FacePath(t))
	must(t, err)
	h.put(t, "/enrolments/"+oid, "image/jpeg", picture)
}

// student adds a student who has joined and consented; number makes her ESIA account and SNILS.
func (h *house) student(t testing.TB, oid string) exam.Attempt {
	t.Helper()
	ctx := context.Background()
	snils := "000" + strings.Repeat("0", 8-len(oid)) + oid // small numbers have no check sum
	birth := time.Date(2004, 1, 2, 0, 0, 0, 0, time.UTC)
	name := account.Name{Last: "Студент" + oid, First: "Имя"}
	_, err := h.exams.Import(ctx, h.exam, []exam.RosterRow{{Line: 2, Name: name, BirthDate: birth, SNILS: snils}}, account.Person{})
	must(t, err)
	people, err := h.accounts.SignIn(ctx, account.Claims{OID: oid, Name: name, BirthDate: birth, SNILS: snils, Level: account.Confirmed}, nil)
	must(t, err)
	a, err := h.exams.Join(ctx, h.exam, people[0].ID)
	must(t, err)
	h.move(t, a.ID, exam.Move{To: exam.Ready, Reason: "consent_granted"})
	return h.attempt(t, a.ID)
}

func (h *house) move(t testing.TB, attempt uuid.UUID, m exam.Move) {
	t.Helper()
	must(t, pgx.BeginFunc(context.Background(), h.pool, func(tx pgx.Tx) error {
		_, err := h.exams.Move(context.Background(), tx, attempt, m)
		return err
	}))
}

func (h *house) attempt(t testing.TB, id uuid.UUID) exam.Attempt {
	t.Helper()
	a, err := h.exams.Attempt(context.Background(), id)
	must(t, err)
	return a
}

// publish connects the student's camera and microphone.
func (h *house) publish(t *testing.T, a exam.Attempt, clip studenttest.Clip) *media.Publisher {
	t.Helper()
	ctx := context.Background()
	start, err := h.archive.Begin(ctx, a.ID, "camera")
	must(t, err)
	live := make(chan struct{}, 1)
	p, err := h.node.Publish(ctx, media.PublishOptions{Room: a.ExamID, Attempt: a.ID, Recording: start, OnState: func(s media.State) {
		if s.Phase == media.Live {
			select {
			case live <- struct{}{}:
			default:
			}
		}
	}})
	must(t, err)
	connection := studenttest.Connect(t, clip, func(offer string) (string, error) { return p.Offer(ctx, offer) })
	h.mu.Lock()
	h.students[a.ID] = connection
	h.streams[a.ID] = p
	h.mu.Unlock()
	select {
	case <-live:
	case <-time.After(15 * time.Second):
		t.Fatal("the student's media never came alive")
	}
	return p
}

// run plays one identification to its end, the student saying each digit when it is shown, and returns its phases and result.
func (h *house) run(t *testing.T, service *identify.Service, attempt uuid.UUID, stream identify.Stream, on func(identify.Progress)) ([]identify.Progress, identify.Identification) {
	t.Helper()
	progress := make(chan identify.Progress, 100)
	_, err := service.Start(context.Background(), attempt, stream, "", func(p identify.Progress) { progress <- p })
	must(t, err)
	var seen []identify.Progress
	limit := time.After(90 * time.Second)
	for {
		select {
		case p := <-progress:
			seen = append(seen, p)
			if p.Shown > 0 {
				h.mu.Lock()
				h.students[attempt].Say(p.Challenge.Digits[p.Shown-1 : p.Shown])
				h.mu.Unlock()
			}
			if on != nil {
				on(p)
			}
			if p.Phase == identify.PhaseDone {
				return seen, *p.Result
			}
		case <-limit:
			t.Fatalf("the identification did not end; it went through %v", seen)
		}
	}
}

// records are the attempt's records of a type in the log.
func (h *house) records(t *testing.T, attempt uuid.UUID, kind ledger.Type) []ledger.Row {
	t.Helper()
	rows, _, err := h.log.Page(context.Background(), ledger.Filter{Attempt: attempt, Type: kind}, 0, 100)
	must(t, err)
	return rows
}

func (h *house) count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	must(t, h.pool.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testWriter sends a log to the test that it belongs to.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(p))
	return len(p), nil
}
