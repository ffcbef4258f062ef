package exam

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/account"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// testExams is a university with one exam that goes on, a proctor, and a clock that moves when told.
type testExams struct {
	*Exams
	t        *testing.T
	pool     *pgxpool.Pool
	accounts *account.Accounts
	log      *ledger.Log
	clock    *atomic.Int64 // milliseconds after testTime
	exam     Exam
	proctor  account.Person
	students int
}

var testTime = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

func newTestExams(t *testing.T) *testExams {
	t.Helper()
	pool := stacktest.Database(t)
	x := &testExams{t: t, clock: &atomic.Int64{}, pool: pool}
	x.open(pool)
	organisation, err := x.accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Университет", ShortName: "У"})
	if err != nil {
		t.Fatal(err)
	}
	x.exam = Exam{
		Organisation: organisation, Code: "algebra", Title: "Алгебра", StartsAt: testTime.Add(-time.Hour), EndsAt: testTime.Add(time.Hour), Policy: DefaultPolicy(),
	}
	if x.exam.ID, err = x.Ensure(t.Context(), x.exam); err != nil {
		t.Fatal(err)
	}
	x.proctor = x.person(account.Name{Last: "Смирнов", First: "Олег", Middle: "Игоревич"}, account.Proctor)
	return x
}

// open makes the stores over a pool.
func (x *testExams) open(pool *pgxpool.Pool) {
	x.t.Helper()
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	if err != nil {
		x.t.Fatal(err)
	}
	_, public, err := note.GenerateKey(nil, "exam.test/log")
	if err != nil {
		x.t.Fatal(err)
	}
	x.log = ledger.Open(pool, ring, public)
	x.accounts = account.New(pool, ring, x.log, x.now)
	x.Exams = New(pool, x.accounts, x.log, x.now)
}

// oneConnection makes the stores work over a pool of a single connection: whoever asks for a second one within a transaction waits for ever.
func (x *testExams) oneConnection() {
	x.t.Helper()
	config := x.pool.Config()
	config.MaxConns, config.MinConns = 1, 0
	pool, err := pgxpool.NewWithConfig(x.t.Context(), config)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(pool.Close)
	x.open(pool)
}

func (x *testExams) now() time.Time {
	return testTime.Add(time.Duration(x.clock.Load()) * time.Millisecond)
}

func (x *testExams) pass(d time.Duration) { x.clock.Add(d.Milliseconds()) }

func (x *testExams) person(name account.Name, role account.Role) account.Person {
	x.t.Helper()
	x.students++
	var p account.Person
	err := pgx.BeginFunc(x.t.Context(), x.pool, func(tx pgx.Tx) error {
		id, err := x.accounts.Ensure(x.t.Context(), tx, account.NewPerson{
			Organisation: x.exam.Organisation, Name: name, BirthDate: time.Date(2005, 1, 2, 0, 0, 0, 0, time.UTC), SNILS: snils(1_000_000 + x.students), Roles: []account.Role{role},
		})
		p = account.Person{ID: id, Organisation: x.exam.Organisation, Name: name, Roles: []account.Role{role}}
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

// student is somebody in the exam's roster.
func (x *testExams) student() account.Person {
	x.t.Helper()
	p := x.person(account.Name{Last: "Ёлкина", First: fmt.Sprint("Мария ", x.students+1)}, account.Student)
	x.exec(`insert into roster_entry (id, exam_id, person_id, group_name) values ($1, $2, $3, 'МА-21')`, uuid.New(), x.exam.ID, p.ID)
	return p
}

// attempt is a student's attempt in a state.
func (x *testExams) attempt(state State) Attempt {
	x.t.Helper()
	a, err := x.Join(x.t.Context(), x.exam, x.student().ID)
	if err != nil {
		x.t.Fatal(err)
	}
	x.force(a.ID, state)
	a.State = state
	return a
}

// force puts an attempt into a state past the rules.
func (x *testExams) force(id uuid.UUID, state State) {
	x.t.Helper()
	x.exec(`update attempt set state = $2 where id = $1`, id, state)
}

// move makes a move in a transaction of its own.
func (x *testExams) move(ctx context.Context, id uuid.UUID, m Move) (before Attempt, err error) {
	err = pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		before, err = x.Move(ctx, tx, id, m)
		return err
	})
	return before, err
}

func (x *testExams) read(id uuid.UUID) Attempt {
	x.t.Helper()
	a, err := x.Attempt(x.t.Context(), id)
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

// moveRow is a row of attempt_move.
type moveRow struct {
	From, To State
	At       time.Time
	Actor    uuid.NullUUID
	Reason   string
}

func (x *testExams) moves(id uuid.UUID) []moveRow {
	x.t.Helper()
	rows, _ := x.pool.Query(x.t.Context(), `select from_state, to_state, at, actor, reason from attempt_move where attempt_id = $1 order by id`, id)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[moveRow])
	if err != nil {
		x.t.Fatal(err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list
}

// decisions reads the log's decisions about an attempt.
func (x *testExams) decisions(attempt uuid.UUID) []ledger.Row {
	x.t.Helper()
	var list []ledger.Row
	err := x.log.Each(x.t.Context(), ledger.Filter{Type: ledger.TypeDecision, Attempt: attempt}, func(r ledger.Row) error { list = append(list, r); return nil })
	if err != nil {
		x.t.Fatal(err)
	}
	return list
}

func (x *testExams) exec(sql string, args ...any) {
	x.t.Helper()
	if _, err := x.pool.Exec(x.t.Context(), sql, args...); err != nil {
		x.t.Fatalf("%s: %v", sql, err)
	}
}

func (x *testExams) count(sql string, args ...any) int {
	x.t.Helper()
	var n int
	if err := x.pool.QueryRow(x.t.Context(), sql, args...).Scan(&n); err != nil {
		x.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// waitBlocked returns once somebody waits for what the transaction holds.
func (x *testExams) waitBlocked(holder pgx.Tx) {
	x.t.Helper()
	ctx := bounded(x.t)
	for blocked := false; !blocked; {
		err := x.pool.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database() and $1::int = any(pg_blocking_pids(pid)))`,
			holder.Conn().PgConn().PID()).Scan(&blocked)
		if err != nil {
			x.t.Fatalf("nobody came to wait: %v", err)
		}
	}
}

// bounded is a context that ends long after a test that works.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// snils is a number with a right check sum, another one for each n.
func snils(n int) string {
	digits := fmt.Sprintf("%09d", 100_000_000+n)
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (9 - i)
	}
	return fmt.Sprintf("%s%02d", digits, sum%101%100)
}
