package migrations_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack/stacktest"
	"ochno/migrations"
)

// empty is a pool over a database in which nothing was done yet, and its URL.
func empty(t *testing.T) (*pgxpool.Pool, string) {
	t.Helper()
	url := stacktest.DatabaseURL(t)
	return open(t, url), url
}

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// tables lists what is in the database, with goose's own table.
func tables(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, _ := pool.Query(t.Context(), `select table_name::text from information_schema.tables where table_schema = 'public' order by 1`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func check(t *testing.T, pool *pgxpool.Pool) migrations.Status {
	t.Helper()
	s, err := migrations.Check(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// count tells how many migrations there are: their numbers may leave gaps.
func count(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("migrations: %v, %v", files, err)
	}
	return len(files)
}

func TestUpTwice(t *testing.T) {
	pool, _ := empty(t)
	before := check(t, pool)
	if before.Current != 0 || before.Latest < 1 {
		t.Fatalf("an empty database is at %+v", before)
	}
	n, err := migrations.Up(t.Context(), pool)
	if err != nil || n != count(t) {
		t.Fatalf("the first time applied %d, %v; want all %d", n, err, count(t))
	}
	if s := check(t, pool); s.Current != s.Latest || s.Latest != before.Latest {
		t.Errorf("afterwards it is at %+v", s)
	}
	made := tables(t, pool)
	for _, want := range []string{"person", "attempt", "segment", "ledger_record", "identification", "sessions"} {
		if !slices.Contains(made, want) {
			t.Errorf("the table %q is missing", want)
		}
	}
	if _, err := pool.Exec(t.Context(), `insert into organisation (id, name, short_name) values (gen_random_uuid(), 'Университет', 'У')`); err != nil {
		t.Fatal(err)
	}

	if n, err := migrations.Up(t.Context(), pool); err != nil || n != 0 {
		t.Errorf("the second time applied %d, %v; want nothing", n, err)
	}
	var kept int
	if err := pool.QueryRow(t.Context(), `select count(*) from organisation`).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d rows were kept, %v; want 1", kept, err)
	}
	if again := tables(t, pool); !slices.Equal(made, again) {
		t.Errorf("the second time changed the tables:\n%v\n%v", made, again)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	pool, _ := empty(t)
	check(t, pool)
	if got := tables(t, pool); len(got) != 0 {
		t.Errorf("Check made %v in an empty database", got)
	}
}

// Two nodes of a new version start at the same moment.
func TestTwoAtOnce(t *testing.T) {
	pool, url := empty(t)
	pools := []*pgxpool.Pool{pool, open(t, url)}
	applied := make([]int, len(pools))
	errs := make([]error, len(pools))
	var wait sync.WaitGroup
	for i, p := range pools {
		wait.Go(func() { applied[i], errs[i] = migrations.Up(t.Context(), p) })
	}
	wait.Wait()
	s := check(t, pool)
	if err := errors.Join(errs...); err != nil || applied[0]+applied[1] != count(t) || s.Current != s.Latest {
		t.Errorf("applied %v, now at %+v, %v; want each migration once", applied, s, err)
	}
}

func TestNoDatabase(t *testing.T) {
	pool, _ := empty(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := migrations.Up(over, pool); !errors.Is(err, context.Canceled) {
		t.Errorf("Up: %v; want context.Canceled", err)
	}
	if _, err := migrations.Check(over, pool); !errors.Is(err, context.Canceled) {
		t.Errorf("Check: %v; want context.Canceled", err)
	}
	if got := tables(t, pool); len(got) != 0 {
		t.Errorf("a cancelled run made %v", got)
	}
}
