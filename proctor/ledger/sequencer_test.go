package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
)

// treeHash is RFC 6962's Merkle Tree Hash as its section 2.1 says it, to compare with.
func treeHash(leaves [][]byte) [32]byte {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := treeHash(leaves[:k]), treeHash(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// checkTree compares every checkpoint with a tree built over the bodies by treeHash, and opens its note with the log's key alone.
func (l *testLog) checkTree(sizes ...int64) {
	l.t.Helper()
	rows, _ := l.pool.Query(l.t.Context(), `select body from ledger_record join ledger_leaf using (seq) where leaf is not null order by leaf`)
	leaves, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		l.t.Fatal(err)
	}
	rows, _ = l.pool.Query(l.t.Context(), `select size, root, note, at from ledger_checkpoint order by size`)
	type checkpoint struct {
		Size int64
		Root []byte
		Note string
		At   time.Time
	}
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[checkpoint])
	if err != nil {
		l.t.Fatal(err)
	}
	if len(stored) != len(sizes) {
		l.t.Fatalf("%d checkpoints; want the sizes %v", len(stored), sizes)
	}
	for i, c := range stored {
		if c.Size != sizes[i] {
			l.t.Fatalf("checkpoint %d has size %d; want %d", i, c.Size, sizes[i])
		}
		root := treeHash(leaves[:c.Size])
		if !bytes.Equal(root[:], c.Root) {
			l.t.Errorf("checkpoint of size %d: root %x; RFC 6962 says %x", c.Size, c.Root, root)
		}
		opened, err := note.Open([]byte(c.Note), note.VerifierList(l.verifier))
		if err != nil {
			l.t.Errorf("checkpoint of size %d: %v", c.Size, err)
			continue
		}
		if want := fmt.Sprintf("%s\n%d\n%s\n", testOrigin, c.Size, base64.StdEncoding.EncodeToString(root[:])); opened.Text != want {
			l.t.Errorf("checkpoint of size %d says\n%swant\n%s", c.Size, opened.Text, want)
		}
	}
}

// accesses are n small entries.
func accesses(n int) []Entry {
	list := make([]Entry, n)
	for i := range list {
		list[i] = Entry{Type: TypeAccess, Data: Access{What: fmt.Sprint(i)}}
	}
	return list
}

func TestSequencerTakesRecordsInOrderInBatches(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(2*batchSize + 7)...)
	if _, err := l.Latest(t.Context()); !errors.Is(err, ErrEmpty) {
		t.Errorf("before the first checkpoint: %v; want ErrEmpty", err)
	}
	for _, want := range []int{batchSize, batchSize, 7, 0, 0} {
		if n, err := l.sequencer.Sequence(t.Context()); err != nil || n != want {
			t.Fatalf("took %d, %v; want %d", n, err, want)
		}
	}
	if wrong := value[int](l, `select count(*) from (select leaf, row_number() over (order by seq) - 1 as want from ledger_record left join ledger_leaf using (seq)) r where leaf is distinct from want`); wrong != 0 {
		t.Errorf("%d records do not stand in the order of their appending", wrong)
	}
	l.checkTree(batchSize, 2*batchSize, 2*batchSize+7)
	latest, err := l.Latest(t.Context())
	if err != nil || latest.Size != 2*batchSize+7 {
		t.Errorf("latest: %d, %v", latest.Size, err)
	}
	if report, err := l.verify(); err != nil || report != (Report{Size: 2*batchSize + 7, Checkpoints: 3}) {
		t.Errorf("verified: %+v, %v", report, err)
	}
}

// Every tree from one leaf to nine has another shape.
func TestEachCheckpointIsATreeOfItsOwn(t *testing.T) {
	l := newTestLog(t)
	var sizes []int64
	for size := range int64(9) {
		l.add(accesses(1)...)
		l.seal()
		sizes = append(sizes, size+1)
	}
	l.checkTree(sizes...)
}

func TestLatestTrustsNoRow(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(2)...)
	l.seal()
	l.exec(`update ledger_checkpoint set root = sha256('other')`)
	if c, err := l.Latest(t.Context()); err == nil || !strings.Contains(err.Error(), "checkpoint of size 2") {
		t.Errorf("a changed root: %v, %v", c, err)
	}
}

// A transaction that commits late leaves no hole: its record comes after those that were committed before.
func TestLateCommitComesLater(t *testing.T) {
	l := newTestLog(t)
	late, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback(context.Background())
	first, err := l.Append(t.Context(), late, accesses(1)[0])
	if err != nil {
		t.Fatal(err)
	}
	second := l.add(accesses(1)...)[0]
	l.seal()
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.seal()
	for want, id := range []uuid.UUID{second, first} {
		if leaf := l.one(id).Leaf; leaf == nil || *leaf != int64(want) {
			t.Errorf("record %d stands at %v", want, leaf)
		}
	}
	l.checkTree(1, 2)
}

func TestTwoSequencersAtOnce(t *testing.T) {
	const nodes, writers, each = 3, 4, 50
	l := newTestLog(t)
	ctx := bounded(t)
	var taken atomic.Int64
	var writing, sequencing sync.WaitGroup
	written := make(chan struct{})
	for range writers {
		writing.Go(func() {
			for range each {
				err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
					_, err := l.Append(ctx, tx, Entry{Type: TypeAccess, At: testTime, Data: Access{What: "burst"}})
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range nodes {
		s := l.newSequencer()
		sequencing.Go(func() {
			for over := false; ; {
				n, err := s.Sequence(ctx)
				if err != nil {
					t.Errorf("sequence: %v", err)
					return
				}
				taken.Add(int64(n))
				if over && n == 0 {
					return
				}
				select {
				case <-written:
					over = true
				default:
				}
			}
		})
	}
	writing.Wait()
	close(written)
	sequencing.Wait()
	l.seal() // what a node left because another held the lock
	const all = writers * each
	report, err := l.verify()
	if err != nil || report.Size != all || report.Pending != 0 {
		t.Errorf("verified: %+v, %v; want %d records", report, err, all)
	}
	if n := taken.Load(); n > all {
		t.Errorf("the nodes say they took %d of %d", n, all)
	}
	if leaves := value[int](l, `select count(distinct leaf) from ledger_leaf`); leaves != all {
		t.Errorf("%d records have %d places", all, leaves)
	}
}

func TestOneSequencerWaitsForNobody(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(1)...)
	other, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback(context.Background())
	if _, err := other.Exec(t.Context(), `select pg_advisory_xact_lock($1)`, int64(sequenceLock)); err != nil {
		t.Fatal(err)
	}
	if n, err := l.sequencer.Sequence(bounded(t)); err != nil || n != 0 {
		t.Errorf("while another works: %d, %v; want 0 and no error", n, err)
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := l.sequencer.Sequence(t.Context()); err != nil || n != 1 {
		t.Errorf("when the other has gone: %d, %v; want 1", n, err)
	}
}

func TestSequencerThatDiesBetweenBatches(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(batchSize + 5)...)
	if n, err := l.newSequencer().Sequence(t.Context()); err != nil || n != batchSize {
		t.Fatalf("took %d, %v", n, err)
	}
	if report, err := l.verify(); err != nil || report != (Report{Size: batchSize, Pending: 5, Checkpoints: 1}) {
		t.Errorf("left behind: %+v, %v", report, err)
	}
	l.add(accesses(2)...)
	if n, err := l.newSequencer().Sequence(t.Context()); err != nil || n != 7 {
		t.Fatalf("the next one took %d, %v; want 7", n, err)
	}
	l.checkTree(batchSize, batchSize+7)
}

// The sequencer's connection is cut while it stores a batch: nothing of the batch stays, and the next one takes all of it.
func TestSequencerThatDiesWithinABatch(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(3)...)
	l.seal()
	id := l.add(accesses(4)...)[2]
	blocker, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer blocker.Rollback(context.Background())
	if _, err := blocker.Exec(t.Context(), `select 1 from ledger_leaf where seq = (select seq from ledger_record where id = $1) for update`, id); err != nil {
		t.Fatal(err)
	}

	done := make(chan error, 1)
	go func() {
		_, err := l.sequencer.Sequence(t.Context())
		done <- err
	}()
	ctx := bounded(t)
	for killed := false; !killed; {
		if ctx.Err() != nil {
			t.Fatal("the sequencer never came to the locked record")
		}
		// It has taken the first two and waits for the third.
		err := l.pool.QueryRow(ctx, `select coalesce(bool_or(pg_terminate_backend(pid, 20000)), false) from pg_stat_activity
			where datname = current_database() and $1::int = any(pg_blocking_pids(pid))`, blocker.Conn().PgConn().PID()).Scan(&killed)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err == nil {
		t.Error("a sequencer whose connection was cut says nothing")
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if report, err := l.verify(); err != nil || report != (Report{Size: 3, Pending: 4, Checkpoints: 1}) {
		t.Errorf("left behind: %+v, %v", report, err)
	}
	l.seal()
	l.checkTree(3, 7)
}

// A changed stored hash would go into every later root: nothing more is sealed on it.
func TestSequencerBuildsOnNoChangedHash(t *testing.T) {
	for name, harm := range map[string]string{
		"changed":   `update ledger_tile set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)`,
		"shortened": `update ledger_tile set hashes = substr(hashes, 1, 63)`,
		"removed":   `delete from ledger_tile`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newTestLog(t)
			l.add(accesses(2)...)
			l.seal()
			l.exec(harm)
			l.add(accesses(1)...)
			if n, err := l.sequencer.Sequence(t.Context()); err == nil || n != 0 {
				t.Errorf("took %d, %v; want an error", n, err)
			}
			if sealed := value[int64](l, `select max(size) from ledger_checkpoint`); sealed != 2 {
				t.Errorf("sealed %d records", sealed)
			}
		})
	}
}

func TestRunSealsSoonAndGoesOnAfterAFault(t *testing.T) {
	l := newTestLog(t)
	ctx := bounded(t)
	watch, err := pgx.ConnectConfig(ctx, l.pool.Config().ConnConfig.Copy())
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close(context.Background())
	if _, err := watch.Exec(ctx, `listen ledger`); err != nil {
		t.Fatal(err)
	}
	told := func() string {
		t.Helper()
		n, err := watch.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n.Payload
	}

	faults := &lines{told: make(chan string, 1)}
	s := NewSequencer(l.pool, l.signer, l.now, slog.New(slog.NewTextHandler(faults, nil)))
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { s.Run(running); close(ended) }()

	l.add(identification())
	if size := told(); size != "1" {
		t.Errorf("told of size %s; want 1", size)
	}

	l.exec(`alter table ledger_checkpoint rename to hidden`)
	l.add(identification())
	line := <-faults.told
	if !strings.Contains(line, "cannot take records") {
		t.Errorf("logged %q", line)
	}
	if strings.Contains(line, oid) || strings.Contains(line, student) {
		t.Errorf("the service's log shows a personal value: %q", line)
	}
	l.exec(`alter table hidden rename to ledger_checkpoint`)
	if size := told(); size != "2" {
		t.Errorf("told of size %s; want 2", size)
	}

	stop()
	<-ended
	if report, err := l.verify(); err != nil || report != (Report{Size: 2, Checkpoints: 2}) {
		t.Errorf("verified: %+v, %v", report, err)
	}
}

// lines passes on the lines of a log as long as somebody takes them.
type lines struct{ told chan string }

func (l *lines) Write(line []byte) (int, error) {
	select {
	case l.told <- string(line):
	default:
	}
	return len(line), nil
}
