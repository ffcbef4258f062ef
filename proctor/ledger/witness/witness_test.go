package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

const origin = "ochno.test/log"

// house is a log whose checkpoints leave it.
type house struct {
	t         *testing.T
	pool      *pgxpool.Pool
	log       *ledger.Log
	ring      *keyring.Ring
	sequencer *ledger.Sequencer
	public    string
	verifier  note.Verifier
	clock     time.Time
	shouts    bytes.Buffer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, pool: stacktest.Database(t), clock: time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)}
	var err error
	if h.ring, err = keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize)); err != nil {
		t.Fatal(err)
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if h.verifier, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	h.public = public
	h.log = ledger.Open(h.pool, h.ring, h.public)
	h.sequencer = ledger.NewSequencer(h.pool, signer, h.now, slog.New(slog.DiscardHandler))
	return h
}

func (h *house) now() time.Time { return h.clock }

func (h *house) service(signer Signer, places ...Place) *Service {
	return New(Config{Pool: h.pool, Log: h.log, Places: places, Signer: signer, Now: h.now, Logger: slog.New(slog.NewTextHandler(&h.shouts, nil))})
}

func (h *house) append(n int) {
	h.t.Helper()
	for i := range n {
		h.transaction(func(tx pgx.Tx) error {
			_, err := h.log.Append(h.t.Context(), tx, ledger.Entry{Type: ledger.TypeAccess, At: h.clock, Data: ledger.Access{What: fmt.Sprint(i)}})
			return err
		})
	}
}

func (h *house) transaction(do func(tx pgx.Tx) error) {
	h.t.Helper()
	if err := pgx.BeginFunc(h.t.Context(), h.pool, do); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) seal() {
	h.t.Helper()
	if _, err := h.sequencer.Sequence(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) step(s *Service) {
	h.t.Helper()
	if err := s.Step(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// shelf is a place that takes everything, unless it is told to fail.
type shelf struct {
	name  string
	fail  error
	taken []Publication
}

func (s *shelf) Name() string { return s.name }

func (s *shelf) Deliver(_ context.Context, p Publication) (string, error) {
	if s.fail != nil {
		return "", s.fail
	}
	s.taken = append(s.taken, p)
	return fmt.Sprintf("took %d", p.Checkpoint.Size), nil
}

func (s *shelf) sizes() string {
	var list []string
	for _, p := range s.taken {
		list = append(list, fmt.Sprintf("%d/%d", p.Previous, p.Checkpoint.Size))
	}
	return strings.Join(list, " ")
}

func TestEachHourAndAfterEachExam(t *testing.T) {
	h := newHouse(t)
	place := &shelf{name: "shelf"}
	s := h.service(nil, place)
	h.step(s) // an empty log has no checkpoint to give
	if len(place.taken) != 0 {
		t.Fatalf("of an empty log it took %s", place.sizes())
	}
	h.append(3)
	h.seal()
	h.step(s) // the hour that began with an empty log
	h.step(s)
	if got := place.sizes(); got != "0/3" {
		t.Errorf("in the first hour: %s; want 0/3 once", got)
	}
	exam := uuid.NewString()
	h.transaction(func(tx pgx.Tx) error {
		if _, err := h.log.Append(t.Context(), tx, ledger.Entry{Type: ledger.TypeAccess, At: h.clock, Data: ledger.Access{}}); err != nil {
			return err
		}
		return errors.Join(h.log.AskCheckpoint(t.Context(), tx, ledger.AfterExam, exam, h.clock), h.log.AskCheckpoint(t.Context(), tx, ledger.AfterExam, exam, h.clock))
	})
	h.step(s) // its last record is not sealed yet
	if got := place.sizes(); got != "0/3" {
		t.Errorf("before the exam's last record is sealed: %s", got)
	}
	h.seal()
	h.step(s)
	if got := place.sizes(); got != "0/3 3/4" || place.taken[1].Reason != ledger.AfterExam || place.taken[1].Subject != exam {
		t.Errorf("after the exam: %s, %+v", got, place.taken)
	}
	h.clock = h.clock.Add(time.Hour)
	h.step(s) // nothing new: the place has it
	h.append(1)
	h.seal()
	h.clock = h.clock.Add(time.Hour)
	h.step(s)
	if got := place.sizes(); got != "0/3 3/4 4/5" {
		t.Errorf("two hours later: %s", got)
	}
	if err := s.Health(t.Context()); err != nil {
		t.Errorf("health: %v", err)
	}
	for i, p := range place.taken {
		if _, err := ledger.OpenCheckpoint([]byte(p.Checkpoint.Note), h.verifier); err != nil {
			t.Errorf("publication %d: %v", i, err)
		}
	}
}

// An occasion whose transaction is undone is none.
func TestAskingVanishesWithItsTransaction(t *testing.T) {
	h := newHouse(t)
	undone := errors.New("undone")
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		return errors.Join(h.log.AskCheckpoint(t.Context(), tx, ledger.AfterExam, "x", h.clock), undone)
	})
	var n int
	if scan := h.pool.QueryRow(t.Context(), `select count(*) from ledger_occasion`).Scan(&n); !errors.Is(err, undone) || scan != nil || n != 0 {
		t.Errorf("%v, %v: %d occasions", err, scan, n)
	}
}

func TestAPlaceThatFailsHoldsNobodyUp(t *testing.T) {
	h := newHouse(t)
	bad, good := &shelf{name: "bad", fail: errors.New("away")}, &shelf{name: "good"}
	s := h.service(nil, bad, good)
	h.append(1)
	h.seal()
	h.step(s)
	if good.sizes() != "0/1" || !strings.Contains(h.shouts.String(), "bad") {
		t.Errorf("the good one took %s; log: %s", good.sizes(), h.shouts.String())
	}
	h.shouts.Reset()
	h.step(s)
	if h.shouts.Len() > 0 {
		t.Errorf("it was tried again at once: %s", h.shouts.String())
	}
	if err := s.Health(t.Context()); err != nil {
		t.Errorf("a first failure is no alarm yet: %v", err)
	}
	for range 3 {
		h.clock = h.clock.Add(30 * time.Minute)
		h.append(1)
		h.seal()
		h.step(s)
	}
	if err := s.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "bad takes no checkpoints since 2026-09-01T08:30:00Z") || strings.Contains(err.Error(), "good") {
		t.Errorf("health: %v", err)
	}
	bad.fail = nil
	h.clock = h.clock.Add(3 * time.Hour)
	h.step(s)
	if got := bad.sizes(); got != "0/4" { // the newest stands for the older ones
		t.Errorf("when it is back: %s", got)
	}
	if err := s.Health(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	state, err := s.State(t.Context())
	if err != nil || len(state.Places) != 2 || state.Places[0].Size != 4 || state.Places[0].Waiting != nil || state.Places[0].Error != "" || state.Places[1].Size != 4 {
		t.Errorf("state: %+v, %v", state, err)
	}
}

func TestDailyVerification(t *testing.T) {
	h := newHouse(t)
	place := &shelf{name: "shelf"}
	s := h.service(nil, place)
	checks := func() (n int) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), `select count(*) from ledger_check`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.append(5)
	h.seal()
	h.step(s)
	h.step(s)
	if n := checks(); n != 1 {
		t.Fatalf("%d verifications on the first day", n)
	}
	h.clock = h.clock.Add(23 * time.Hour)
	h.step(s)
	if n := checks(); n != 1 {
		t.Fatalf("%d verifications within a day", n)
	}
	h.clock = h.clock.Add(2 * time.Hour)
	h.step(s)
	state, err := s.State(t.Context())
	if err != nil || checks() != 2 || state.Last.Size != 5 || state.Last.Earlier != 1 || state.Last.Error != "" {
		t.Fatalf("the next day: %+v, %v, %d", state.Last, err, checks())
	}

	// Somebody with the database's password removes the last records, and all that tells of them.
	h.append(2)
	h.seal()
	h.clock = h.clock.Add(time.Hour)
	h.step(s)
	h.exec(`with gone as (delete from ledger_leaf where leaf >= 5 returning seq) delete from ledger_record where seq in (select seq from gone)`)
	h.exec(`delete from ledger_checkpoint where size > 5`)
	h.exec(`update ledger_tile set hashes = substr(hashes, 1, 5 * 32)`)
	if _, err := h.log.Verify(t.Context()); err != nil {
		t.Fatalf("by itself the cut log does not verify, so this test shows nothing: %v", err)
	}
	h.clock = h.clock.Add(25 * time.Hour)
	h.step(s)
	const want = "the checkpoint of size 7, which left the house, is no longer there"
	if !strings.Contains(h.shouts.String(), "DOES NOT VERIFY") || !strings.Contains(h.shouts.String(), want) {
		t.Errorf("shouted: %s", h.shouts.String())
	}
	if err := s.Health(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("health: %v", err)
	}
	h.clock = h.clock.Add(27 * time.Hour)
	h.exec(`update ledger_check set error = ''`)
	if err := s.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "last verified") {
		t.Errorf("without a verification for more than a day: %v", err)
	}
}

// What is verified beside the log is told of as loudly.
func TestVerifiesWhatStandsBesideTheLog(t *testing.T) {
	h := newHouse(t)
	h.append(1)
	h.seal()
	s := h.service(nil)
	s.Also = func(context.Context) error { return errors.New("a recording was changed") }
	h.step(s)
	if err := s.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "a recording was changed") || !strings.Contains(h.shouts.String(), "DOES NOT VERIFY") {
		t.Errorf("health: %v; %s", err, h.shouts.String())
	}
}

// A service that is told to stop in the middle says nothing of the log.
func TestStoppedVerificationIsNone(t *testing.T) {
	h := newHouse(t)
	h.append(1)
	h.seal()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.service(nil).Verify(ctx); !errors.Is(err, context.Canceled) || h.shouts.Len() > 0 {
		t.Errorf("%v, %s", err, h.shouts.String())
	}
}

func TestOneNodeAtATime(t *testing.T) {
	h := newHouse(t)
	place := &shelf{name: "shelf"}
	h.append(1)
	h.seal()
	other, err := h.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if _, err := other.Exec(t.Context(), `select pg_advisory_lock($1)`, int64(witnessLock)); err != nil {
		t.Fatal(err)
	}
	s := h.service(nil, place)
	h.step(s)
	if len(place.taken) != 0 {
		t.Error("two nodes deliver at once")
	}
	if _, err := other.Exec(t.Context(), `select pg_advisory_unlock($1)`, int64(witnessLock)); err != nil {
		t.Fatal(err)
	}
	h.step(s)
	h.step(s)
	if place.sizes() != "0/1" {
		t.Errorf("afterwards: %s", place.sizes())
	}
}

type signs struct{}

func (signs) Sign(_ context.Context, text []byte) ([]byte, error) {
	return append([]byte("cms of "), text...), nil
}

func TestMailAndBucketHoldTheNoteAndTheCMS(t *testing.T) {
	h := newHouse(t)
	organisation := uuid.New()
	h.exec(`insert into organisation (id, name, short_name) values ($1, 'Университет', 'У')`, organisation)
	objects := map[string]string{}
	s := h.service(signs{},
		&Mail{
			Address: "rector@university.test", Pool: h.pool, Queue: mail.New(h.pool, h.ring, h.now), Key: h.public,
			Organisation: func(context.Context) (uuid.UUID, string, error) { return organisation, "Университет", nil },
		},
		&Bucket{BucketName: "kept", Put: func(_ context.Context, bucket, key, _ string, content []byte) error {
			objects[bucket+"/"+key] = string(content)
			return nil
		}})
	h.append(2)
	h.seal()
	h.step(s)
	latest, err := h.log.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := "kept/checkpoints/00000000000000000002.txt"
	if objects[name] != latest.Note || objects[name+".p7s"] != "cms of "+latest.Note || len(objects) != 2 {
		t.Errorf("the bucket holds %q", objects)
	}
	letters := &postbox{}
	if n, err := mail.NewWorker(mail.New(h.pool, h.ring, h.now), letters, slog.New(slog.DiscardHandler)).Deliver(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d letters, %v", n, err)
	}
	l := letters.letters[0]
	parts := strings.Split(l.Text, "----\n")
	if l.To != "rector@university.test" || len(parts) != 3 || !strings.Contains(l.Text, h.public) ||
		!strings.Contains(l.Text, base64.StdEncoding.EncodeToString([]byte("cms of "+latest.Note))) {
		t.Fatalf("the letter: %+v", l)
	}
	if c, err := ledger.OpenCheckpoint([]byte(parts[1]), h.verifier); err != nil || c.Root != latest.Root {
		t.Errorf("what a reader cuts out of the letter: %v", err)
	}
}

type postbox struct{ letters []mail.Letter }

func (p *postbox) Send(_ context.Context, l mail.Letter) error {
	p.letters = append(p.letters, l)
	return nil
}

// standWitness is a witness as C2SP describes it.
type standWitness struct {
	t    *testing.T
	log  note.Verifier
	name string
	key  ed25519.PrivateKey

	mu    sync.Mutex
	size  int64
	root  tlog.Hash
	calls int
}

// public is the witness's key as it is given out.
func (w *standWitness) public() string {
	raw := append([]byte{algorithmCosignature}, w.key.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte(w.name+"\n"), raw...))
	return fmt.Sprintf("%s+%x+%s", w.name, sum[:4], base64.StdEncoding.EncodeToString(raw))
}

func (w *standWitness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	head, signed, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	old, oldErr := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil || !found || oldErr != nil || r.Method != http.MethodPost || r.URL.Path != "/w/add-checkpoint" {
		http.Error(out, "bad request", http.StatusBadRequest)
		return
	}
	c, err := ledger.OpenCheckpoint([]byte(signed), w.log)
	if err != nil {
		http.Error(out, "unknown key", http.StatusForbidden)
		return
	}
	if old != w.size {
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintln(out, w.size)
		return
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			http.Error(out, "bad proof", http.StatusBadRequest)
			return
		}
		proof = append(proof, tlog.Hash(raw))
	}
	if old > 0 && tlog.CheckTree(proof, c.Size, c.Root, old, w.root) != nil {
		http.Error(out, "not the log that was", http.StatusUnprocessableEntity)
		return
	}
	w.size, w.root = c.Size, c.Root
	n, err := note.Open([]byte(signed), note.VerifierList(w.log))
	if err != nil {
		w.t.Error(err)
		return
	}
	now := uint64(1_800_000_000)
	signature := ed25519.Sign(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", now, n.Text))
	raw := append(binary.BigEndian.AppendUint64(nil, now), signature...)
	sum := sha256.Sum256(append([]byte(w.name+"\n"), append([]byte{algorithmCosignature}, w.key.Public().(ed25519.PublicKey)...)...))
	fmt.Fprintf(out, "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(append(sum[:4:4], raw...)))
}

func (h *house) witness() (*standWitness, string) {
	h.t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	w := &standWitness{t: h.t, log: h.verifier, name: "witness.test/w", key: key}
	server := httptest.NewServer(w)
	h.t.Cleanup(server.Close)
	return w, server.URL + "/w/"
}

func (h *house) httpPlace(address string, keys ...string) *HTTP {
	h.t.Helper()
	var verifiers []note.Verifier
	for _, key := range keys {
		v, err := NewVerifier(key)
		if err != nil {
			h.t.Fatal(err)
		}
		verifiers = append(verifiers, v)
	}
	place, err := NewHTTP(address, verifiers, h.log)
	if err != nil {
		h.t.Fatal(err)
	}
	return place
}

func TestWitnessSeesThatTheLogOnlyGrows(t *testing.T) {
	h := newHouse(t)
	w, address := h.witness()
	s := h.service(nil, h.httpPlace(address, w.public()))
	for _, n := range []int{3, 300, 1} {
		h.append(n)
		h.seal()
		h.step(s)
		h.clock = h.clock.Add(time.Hour)
	}
	if h.shouts.Len() > 0 || w.size != 304 || w.calls != 3 {
		t.Fatalf("the witness saw %d records in %d calls; %s", w.size, w.calls, h.shouts.String())
	}
	var answer string
	if err := h.pool.QueryRow(t.Context(), `select answer from ledger_delivery order by occasion_id desc limit 1`).Scan(&answer); err != nil || !strings.HasPrefix(answer, "— witness.test/w ") {
		t.Errorf("kept of its answer: %q, %v", answer, err)
	}

	// The service forgot what it had delivered: the witness tells, and takes the proof from there.
	h.exec(`update ledger_delivery set delivered_at = null`)
	h.append(1)
	h.seal()
	h.step(s)
	if h.shouts.Len() > 0 || w.size != 305 {
		t.Errorf("after forgetting: %d; %s", w.size, h.shouts.String())
	}

	// The log is built anew with the right key, one record changed: by itself it is whole, but the witness has seen another.
	h.exec(`update ledger_record set body = convert_to(replace(convert_from(body, 'UTF8'), '"what":"1"', '"what":"9"'), 'UTF8')`)
	h.exec(`update ledger_leaf l set leaf = null, hash = sha256('\x00'::bytea || body) from ledger_record r where r.seq = l.seq`)
	h.exec(`truncate ledger_tile, ledger_checkpoint`)
	h.append(1)
	h.seal()
	if _, err := h.log.Verify(t.Context()); err != nil {
		t.Fatalf("by itself the forged log does not verify, so this test shows nothing: %v", err)
	}
	h.clock = h.clock.Add(2 * time.Hour)
	h.step(s)
	if !strings.Contains(h.shouts.String(), "not the one that it saw before") || w.size != 305 {
		t.Errorf("shouted: %s; the witness has %d", h.shouts.String(), w.size)
	}
	h.shouts.Reset()

	// And cut.
	h.exec(`truncate ledger_record, ledger_leaf, ledger_tile, ledger_checkpoint, ledger_delivery, ledger_occasion cascade`)
	h.append(2)
	h.seal()
	h.clock = h.clock.Add(2 * time.Hour)
	h.step(s)
	if !strings.Contains(h.shouts.String(), "has seen 305 records, the log has 2") {
		t.Errorf("shouted: %s", h.shouts.String())
	}
}

func TestWitnessesThatMustNotBeBelieved(t *testing.T) {
	h := newHouse(t)
	h.append(2)
	h.seal()
	latest, err := h.log.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, address := h.witness()
	other, _ := h.witness()
	if _, err := h.httpPlace(address, other.public()).Deliver(t.Context(), Publication{Checkpoint: latest}); err == nil {
		t.Error("another witness's cosignature was taken")
	}
	if w.size != 2 {
		t.Fatal("the witness was not asked")
	}
	for name, handler := range map[string]http.HandlerFunc{
		"nothing":        func(http.ResponseWriter, *http.Request) {},
		"rubbish":        func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "thank you") },
		"too much":       func(out http.ResponseWriter, _ *http.Request) { out.Write(bytes.Repeat([]byte("x"), maxAnswer+1)) },
		"a redirect":     func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, "/elsewhere", http.StatusFound) },
		"a conflict":     func(out http.ResponseWriter, _ *http.Request) { http.Error(out, "no", http.StatusConflict) },
		"a wild number":  func(out http.ResponseWriter, _ *http.Request) { http.Error(out, "-5", http.StatusConflict) },
		"always another": func(out http.ResponseWriter, _ *http.Request) { http.Error(out, "1", http.StatusConflict) },
		"an error":       func(out http.ResponseWriter, _ *http.Request) { http.Error(out, "no", http.StatusInternalServerError) },
	} {
		server := httptest.NewServer(handler)
		if answer, err := h.httpPlace(server.URL, w.public()).Deliver(t.Context(), Publication{Checkpoint: latest}); err == nil {
			t.Errorf("%s: taken as %q", name, answer)
		}
		server.Close()
	}
	for _, address := range []string{"", "witness", "ftp://x/", "https://user:password@x/", "https://x/?a=b", "https://x/#f"} {
		if _, err := NewHTTP(address, nil, h.log); err == nil {
			t.Errorf("%q is no witness's address", address)
		}
	}
	for _, key := range []string{"", "x", "witness.test/w+00000000+" + strings.SplitN(w.public(), "+", 3)[2], w.public()[:len(w.public())-4], "a b" + w.public()} {
		if _, err := NewVerifier(key); err == nil {
			t.Errorf("%q is no witness's key", key)
		}
	}
	if _, err := NewVerifier(h.public); err != nil {
		t.Errorf("a plain key of signed notes: %v", err)
	}
}
