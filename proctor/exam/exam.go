// Package exam keeps exams, rosters, policies and attempts: what a student's sitting is, which moves it may make, and the decisions of people
// about it.
//
// It owns exam, roster_entry, attempt, attempt_move and event. It knows nothing of HTTP, media or verifiers. Start reading at State (state.go),
// then Exams.Move.
package exam

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// ErrNotFound: no such exam or attempt.
var ErrNotFound = errors.New("not found")

// Exam is one exam of an organisation.
type Exam struct {
	ID           uuid.UUID
	Organisation uuid.UUID
	Code         string // short, part of the exam's link
	Title        string
	StartsAt     time.Time
	EndsAt       time.Time
	Policy       Policy
	FinishedAt   *time.Time
}

// Over tells whether nobody may begin the exam any more.
func (e Exam) Over(now time.Time) bool { return e.FinishedAt != nil || now.After(e.EndsAt) }

// Exams reads and writes exams and attempts. Safe for concurrent use.
type Exams struct {
	pool     *pgxpool.Pool
	accounts *account.Accounts
	log      *ledger.Log
	now      func() time.Time
}

// New makes the store over a migrated database.
func New(pool *pgxpool.Pool, accounts *account.Accounts, log *ledger.Log, now func() time.Time) *Exams {
	return &Exams{pool: pool, accounts: accounts, log: log, now: now}
}

var codePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,63}$`)

// Ensure makes the exam, or updates the organisation's one with that code. A finished exam that is set to a later time is open again.
func (x *Exams) Ensure(ctx context.Context, e Exam) (uuid.UUID, error) {
	if !codePattern.MatchString(e.Code) {
		return uuid.Nil, fmt.Errorf("exam code %q: want 3 to 64 of a-z, 0-9 and -, not beginning with -", e.Code)
	}
	if !e.EndsAt.After(e.StartsAt) {
		return uuid.Nil, errors.New("an exam ends after it starts")
	}
	if err := e.Policy.Check(); err != nil {
		return uuid.Nil, err
	}
	var id uuid.UUID
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, selectExam+` where code = $1 and organisation_id = $2 for update`, e.Code, e.Organisation)
		before, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Exam])
		known := err == nil
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read the exam: %w", err)
		}
		err = tx.QueryRow(ctx, `insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (code) do update set title = excluded.title, starts_at = excluded.starts_at, ends_at = excluded.ends_at, policy = excluded.policy,
				finished_at = case when excluded.ends_at > $8 and excluded.starts_at > exam.finished_at then null else exam.finished_at end
			where exam.organisation_id = excluded.organisation_id
			returning id`,
			uuid.New(), e.Organisation, e.Code, e.Title, e.StartsAt, e.EndsAt, e.Policy, x.now()).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("exam code %q: another organisation's exam has it", e.Code)
		}
		if err != nil {
			return fmt.Errorf("store the exam: %w", err)
		}
		if !known {
			return nil
		}
		return x.logPolicy(ctx, tx, before, e.Policy, nil)
	})
	return id, err
}

const selectExam = `select id, organisation_id as organisation, code, title, starts_at, ends_at, policy, finished_at from exam`

// Exam reads an exam by id.
func (x *Exams) Exam(ctx context.Context, id uuid.UUID) (Exam, error) {
	return x.exam(ctx, selectExam+` where id = $1`, id)
}

// ByCode reads an exam by the code of its link.
func (x *Exams) ByCode(ctx context.Context, code string) (Exam, error) {
	return x.exam(ctx, selectExam+` where code = $1`, code)
}

// ExamIn reads an exam within the caller's transaction.
func (x *Exams) ExamIn(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Exam, error) {
	rows, _ := tx.Query(ctx, selectExam+` where id = $1`, id)
	return oneExam(rows)
}

func (x *Exams) exam(ctx context.Context, sql string, arg any) (Exam, error) {
	rows, _ := x.pool.Query(ctx, sql, arg)
	return oneExam(rows)
}

func oneExam(rows pgx.Rows) (Exam, error) {
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Exam])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNotFound
	}
	if err != nil {
		return e, fmt.Errorf("read the exam: %w", err)
	}
	return e, nil
}

// List returns the organisation's exams, the latest first, at most 200.
func (x *Exams) List(ctx context.Context, organisation uuid.UUID) ([]Exam, error) {
	rows, _ := x.pool.Query(ctx, selectExam+` where organisation_id = $1 order by starts_at desc limit 200`, organisation)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Exam])
	if err != nil {
		return nil, fmt.Errorf("list the exams: %w", err)
	}
	return list, nil
}

// Counts are the numbers of an exam's students by where they are.
type Counts struct {
	Roster, Waiting, Admitted, InProgress, Finished int
}

// Counts reads an exam's numbers: waiting are those who joined and are not identified yet.
func (x *Exams) Counts(ctx context.Context, id uuid.UUID) (Counts, error) {
	var c Counts
	err := x.pool.QueryRow(ctx, `select (select count(*) from roster_entry where exam_id = $1),
		count(*) filter (where state in ('registered', 'ready', 'identifying', 'manual_identification')),
		count(*) filter (where state in ('identified', 'admitted')),
		count(*) filter (where state in ('in_progress', 'paused')),
		count(*) filter (where state in ('finished', 'reviewed'))
		from attempt where exam_id = $1`, id).Scan(&c.Roster, &c.Waiting, &c.Admitted, &c.InProgress, &c.Finished)
	if err != nil {
		return c, fmt.Errorf("count the attempts: %w", err)
	}
	return c, nil
}
