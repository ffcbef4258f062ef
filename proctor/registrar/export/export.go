// Package export makes large exports apart from the request that asks for them: a job that survives a restart, with progress, then a file for whom
// it was made and nobody else, until its term is over.
//
// It owns export_job. A file stands in the archive in parts, under a key of its own: destroying the key ends it, and deleting the parts follows. It
// does not decide who may order; its callers record that somebody did. Start reading at Service.Order, then Step (work.go).
package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/archive"
	"ochno/proctor/keyring"
	"ochno/proctor/registrar"
)

// Maker makes what was ordered, and holds it against what it says. Progress is 0…1 over both.
type Maker interface {
	Make(ctx context.Context, o registrar.Order, w io.Writer, progress func(float64)) error
	Check(ctx context.Context, o registrar.Order, r io.ReaderAt, size int64, progress func(float64)) error
}

// Config wires a Service.
type Config struct {
	Pool    *pgxpool.Pool
	Ring    *keyring.Ring
	Objects *archive.Archive
	Maker   Maker
	Now     func() time.Time
	Logger  *slog.Logger
}

// Service is one node's. Any number may run: each job is made by one of them, and by another when that one is gone.
type Service struct {
	Config
	maxSize int64
	ordered chan struct{} // wakes Run
}

// New makes a service; its Run makes the exports.
func New(c Config) *Service {
	return &Service{Config: c, maxSize: maxSize, ordered: make(chan struct{}, 1)}
}

// The bounds.
const (
	keptFor   = 48 * time.Hour // a file, after it was made
	toldFor   = 30 * 24 * time.Hour
	maxOpen   = 3         // that somebody has waiting or under way
	maxReady  = 10        // files that somebody has
	maxSize   = 32 << 30  // of one file, bytes
	maxStored = 256 << 30 // of all files of an organisation together: nothing more is ordered above it
	maxTries  = 3
	maxListed = 50
)

var (
	// ErrNotFound: no such export, or somebody else's.
	ErrNotFound = errors.New("no such export")
	// ErrTooMany: she has as many as one person may have, or her organisation's files take as much as they may.
	ErrTooMany = errors.New("too many exports at once")
	// ErrNotReady: there is no file yet, or not any more.
	ErrNotReady = errors.New("the export has no file")
)

// State is how far an export is.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Ready     State = "ready"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Expired   State = "expired" // its file is erased
)

// Whose says for whom an export is, acting in which organisation.
type Whose struct {
	Person       uuid.UUID
	Organisation uuid.UUID
}

// Job is an export.
type Job struct {
	ID        uuid.UUID
	Order     registrar.Order
	Name      string // the file's
	State     State
	Fault     string // of a failed one: "too_large", "too_many_rows", "too_many_files", "nothing_sealed", "internal"
	Progress  float64
	Size      int64
	SHA256    []byte
	AskedAt   time.Time
	EndedAt   *time.Time
	ExpiresAt *time.Time
}

// Order asks for an export within the caller's transaction, which also records it. ErrTooMany.
func (s *Service) Order(ctx context.Context, tx pgx.Tx, w Whose, o registrar.Order, name string) (Job, error) {
	if _, err := o.Filter(); err != nil {
		return Job{}, err
	}
	// Two orders at once: the second counts the first.
	if _, err := tx.Exec(ctx, `select from person where id = $1 for update`, w.Person); err != nil {
		return Job{}, fmt.Errorf("order an export: %w", err)
	}
	var open, ready int
	if err := tx.QueryRow(ctx, `select count(*) filter (where state in ('waiting', 'running')), count(*) filter (where state = 'ready') from export_job where person_id = $1`, w.Person).
		Scan(&open, &ready); err != nil {
		return Job{}, fmt.Errorf("order an export: %w", err)
	}
	var stored int64
	if err := tx.QueryRow(ctx, `select coalesce(sum(size), 0)::bigint from export_job where organisation_id = $1 and state = 'ready'`, w.Organisation).Scan(&stored); err != nil {
		return Job{}, fmt.Errorf("order an export: %w", err)
	}
	if open >= maxOpen || open+ready >= maxReady || stored >= maxStored {
		return Job{}, ErrTooMany
	}
	wanted, err := json.Marshal(o)
	if err != nil {
		return Job{}, fmt.Errorf("order an export: %w", err)
	}
	j := Job{ID: uuid.New(), Order: o, Name: name, State: Waiting, AskedAt: s.Now().UTC()}
	if _, err := tx.Exec(ctx, `insert into export_job (id, organisation_id, person_id, wanted, name, asked_at) values ($1, $2, $3, $4, $5, $6)`,
		j.ID, w.Organisation, w.Person, wanted, name, j.AskedAt); err != nil {
		return Job{}, fmt.Errorf("order an export: %w", err)
	}
	return j, nil
}

// Wake tells Run that something was ordered.
func (s *Service) Wake() {
	select {
	case s.ordered <- struct{}{}:
	default:
	}
}

const selectJob = `select id, wanted, name, state, fault, progress, size, sha256, asked_at, ended_at, expires_at from export_job`

func scanJob(row pgx.CollectableRow) (Job, error) {
	var j Job
	var wanted []byte
	err := row.Scan(&j.ID, &wanted, &j.Name, &j.State, &j.Fault, &j.Progress, &j.Size, &j.SHA256, &j.AskedAt, &j.EndedAt, &j.ExpiresAt)
	if err == nil {
		err = json.Unmarshal(wanted, &j.Order)
	}
	return j, err
}

// Of lists somebody's exports, the newest first.
func (s *Service) Of(ctx context.Context, w Whose) ([]Job, error) {
	rows, _ := s.Pool.Query(ctx, selectJob+` where person_id = $1 and organisation_id = $2 order by asked_at desc, id limit $3`, w.Person, w.Organisation, maxListed)
	list, err := pgx.CollectRows(rows, scanJob)
	if err != nil {
		return nil, fmt.Errorf("read the exports: %w", err)
	}
	return list, nil
}

// Cancel ends an export that is not made yet, or erases the file of one that is. ErrNotFound.
func (s *Service) Cancel(ctx context.Context, w Whose, id uuid.UUID) error {
	tag, err := s.Pool.Exec(ctx, `update export_job set state = 'cancelled', key = null, ended_at = $4
		where id = $1 and person_id = $2 and organisation_id = $3 and state in ('waiting', 'running', 'ready')`, id, w.Person, w.Organisation, s.Now())
	if err != nil {
		return fmt.Errorf("cancel an export: %w", err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	var there bool
	if err := s.Pool.QueryRow(ctx, `select exists (select from export_job where id = $1 and person_id = $2 and organisation_id = $3)`, id, w.Person, w.Organisation).Scan(&there); err != nil {
		return fmt.Errorf("cancel an export: %w", err)
	}
	if !there {
		return ErrNotFound
	}
	return nil // it has ended already
}

// Open gives the file of an export that is ready, to whom it was made for. ErrNotFound, ErrNotReady.
func (s *Service) Open(ctx context.Context, w Whose, id uuid.UUID) (Job, *io.SectionReader, error) {
	rows, _ := s.Pool.Query(ctx, selectJob+` where id = $1 and person_id = $2 and organisation_id = $3`, id, w.Person, w.Organisation)
	j, err := pgx.CollectExactlyOneRow(rows, scanJob)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, nil, ErrNotFound
	}
	if err != nil {
		return j, nil, fmt.Errorf("read the export: %w", err)
	}
	if j.State != Ready || j.ExpiresAt == nil || !s.Now().Before(*j.ExpiresAt) {
		return j, nil, ErrNotReady
	}
	var run uuid.UUID
	var wrapped []byte
	err = s.Pool.QueryRow(ctx, `select run, key from export_job where id = $1 and key is not null`, id).Scan(&run, &wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, nil, ErrNotReady
	}
	if err != nil {
		return j, nil, fmt.Errorf("read the export: %w", err)
	}
	key, err := s.Ring.Unwrap(id.String(), wrapped)
	if err != nil {
		return j, nil, fmt.Errorf("the key of export %s: %w", id, err)
	}
	file := s.Objects.File(folder(id, run), key)
	return j, io.NewSectionReader(file.Open(ctx, j.Size), 0, j.Size), nil
}

// Numbers are how many exports are in a state.
type Numbers map[State]int64

// Numbers counts all.
func (s *Service) Numbers(ctx context.Context) (Numbers, error) {
	out := Numbers{Waiting: 0, Running: 0, Ready: 0, Failed: 0, Cancelled: 0, Expired: 0}
	rows, _ := s.Pool.Query(ctx, `select state, count(*) from export_job group by state`)
	var state State
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { out[state] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count the exports: %w", err)
	}
	return out, nil
}

// Sealed are the columns in which this package keeps wrapped keys.
func Sealed() []keyring.Column {
	return []keyring.Column{{Table: "export_job", Key: "id", Name: "key", Wrapped: true, Purpose: func(id string) string { return id }}}
}

func folder(job, run uuid.UUID) string { return "exports/" + job.String() + "/" + run.String() }
