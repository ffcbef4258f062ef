package ledger

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack"
	"ochno/migrations"
	"ochno/proctor/keyring"
)

// Variables by which a test's own program is told to be the service that is killed.
const (
	envBurst  = "OCHNO_TEST_BURST"     // the database
	envSigner = "OCHNO_TEST_BURST_KEY" // the log's private key
)

func TestMain(m *testing.M) {
	if url := os.Getenv(envBurst); url != "" {
		if err := burst(url, os.Getenv(envSigner)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// burst appends records as fast as it can, each with a row of business in the same transaction, while a sequencer runs. It prints a line for
// each one that was acknowledged, and ends when it is killed or the database is.
func burst(url, private string) error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return err
	}
	l := Open(pool, ring, "")
	running, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() {
		s := NewSequencer(pool, signer, time.Now, slog.New(slog.DiscardHandler))
		for running.Err() == nil { // without the pauses of Run, so that it is killed within a batch
			if _, err := s.Sequence(running); err != nil {
				return
			}
		}
	})
	var writing sync.Mutex // of lines
	for range 3 {
		all.Go(func() {
			defer stop()
			for {
				var id uuid.UUID
				err := pgx.BeginFunc(running, pool, func(tx pgx.Tx) error {
					var err error
					if id, err = l.Append(running, tx, Entry{Type: TypeAccess, At: time.Now(), Data: Access{What: "burst"}}); err != nil {
						return err
					}
					_, err = tx.Exec(running, `insert into business (record) values ($1)`, id)
					return err
				})
				if err != nil {
					return
				}
				writing.Lock()
				fmt.Println(id)
				writing.Unlock()
			}
		})
	}
	all.Wait()
	return nil
}

// The service, or PostgreSQL, is killed twenty times in the middle of a burst: what was acknowledged is there, once, and the tree is whole.
func TestKilledInTheMiddleOfABurst(t *testing.T) {
	const rounds = 20
	dir, err := os.MkdirTemp("", "ochno-crash-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to enter
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	server := startPostgres(ctx, t, dir)
	defer func() { server.Stop() }()
	url := server.Postgres.URL("ochno")
	private, public, err := note.GenerateKey(nil, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	connect := func() *pgxpool.Pool {
		t.Helper()
		pool, err := pgxpool.New(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		return pool
	}
	pool := connect()
	if _, err := migrations.Up(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `create table business (record uuid primary key)`); err != nil {
		t.Fatal(err)
	}
	var data string
	if err := pool.QueryRow(ctx, `show data_directory`).Scan(&data); err != nil {
		t.Fatal(err)
	}
	pool.Close()

	random := rand.New(rand.NewPCG(1, 2))
	acknowledged := map[uuid.UUID]bool{}
	for round := range rounds {
		kill := "the service"
		if round%2 == 1 {
			kill = "PostgreSQL"
		}
		program := exec.CommandContext(ctx, os.Args[0])
		program.Env = append(os.Environ(), envBurst+"="+url, envSigner+"="+private)
		program.Stderr = os.Stderr
		out, err := program.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for until := 20 + random.IntN(200); lines.Scan(); until-- {
			id, err := uuid.Parse(lines.Text())
			if err != nil {
				continue // cut by the kill
			}
			acknowledged[id] = true
			if until != 0 {
				continue
			}
			if kill == "PostgreSQL" {
				killPostmaster(t, data)
			} else if err := program.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		_ = program.Wait() // killed, or without a database
		if kill == "PostgreSQL" {
			<-server.Failed()
			server.Stop()
			server = startPostgres(ctx, t, dir)
		}

		pool := connect()
		// What the killed one had sent goes on for a moment in the connections that it left: it may commit still.
		for left := 1; left > 0; {
			if err := pool.QueryRow(ctx, `select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`).
				Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
		l := Open(pool, nil, public)
		signer, err := note.NewSigner(private)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSequencer(pool, signer, time.Now, slog.New(slog.DiscardHandler))
		for taken := 1; taken > 0; {
			// The killed one's connection may hold the sequencers' lock for a moment.
			if taken, err = s.Sequence(ctx); err != nil {
				t.Fatalf("round %d: the next sequencer: %v", round, err)
			}
			if taken == 0 {
				var waiting int
				if err := pool.QueryRow(ctx, `select count(*) from ledger_leaf where leaf is null`).Scan(&waiting); err != nil {
					t.Fatal(err)
				}
				taken = waiting
			}
		}
		report, err := l.Verify(ctx)
		if err != nil {
			t.Fatalf("round %d, %s killed: %v", round, kill, err)
		}
		rows, _ := pool.Query(ctx, `select r.id from ledger_record r join business b on b.record = r.id`)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			t.Fatal(err)
		}
		var business int
		if err := pool.QueryRow(ctx, `select count(*) from business`).Scan(&business); err != nil {
			t.Fatal(err)
		}
		if report.Size != int64(len(ids)) || business != len(ids) || report.Pending != 0 {
			t.Fatalf("round %d, %s killed: %d sealed, %d waiting, %d rows of business, %d of both", round, kill, report.Size, report.Pending, business, len(ids))
		}
		there := map[uuid.UUID]bool{}
		for _, id := range ids {
			there[id] = true
		}
		for id := range acknowledged {
			if !there[id] {
				t.Fatalf("round %d, %s killed: the acknowledged record %s is lost", round, kill, id)
			}
		}
		pool.Close()
	}
	if len(acknowledged) < 20*rounds {
		t.Errorf("only %d records were acknowledged: this was no burst", len(acknowledged))
	}
	t.Logf("%d kills, %d records acknowledged, none lost", rounds, len(acknowledged))
}

// startPostgres starts the folder's PostgreSQL, again where it was killed: its children may need a moment to notice.
func startPostgres(ctx context.Context, t *testing.T, dir string) *stack.Stack {
	t.Helper()
	for {
		s, err := stack.Start(ctx, stack.Config{Dir: dir})
		if err == nil {
			return s
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func killPostmaster(t *testing.T, data string) {
	t.Helper()
	text, err := os.ReadFile(data + "/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid <= 1 {
		t.Fatalf("postmaster.pid says %q", first)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
