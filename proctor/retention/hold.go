package retention

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Kind is why a hold was placed.
type Kind string

// The kinds of hold.
const (
	Appeal Kind = "appeal" // somebody contests the result
	Order  Kind = "order"  // a court or an authority wants it kept
)

// Errors of holds.
var (
	ErrNotFound = errors.New("there is no such hold, exam or attempt")
	ErrLifted   = errors.New("the hold was lifted already")
	ErrReason   = errors.New("a hold wants a kind and a reason of at most 2000 characters")
)

// Actor is who does it; the zero one is the command line.
type Actor struct {
	ID   uuid.UUID
	Name string
}

func (a Actor) id() uuid.NullUUID { return uuid.NullUUID{UUID: a.ID, Valid: a.ID != uuid.Nil} }

// personal adds who did it to the personal fields of a record.
func (a Actor) personal(fields map[string]string) map[string]string {
	if a.ID != uuid.Nil {
		fields["actor"] = a.Name
	}
	return fields
}

// maxReason bounds a reason, in characters.
const maxReason = 2000

// erasing is the advisory lock between erasing and placing a hold: whoever erases has it alone, whoever places a hold shares it. So what is held
// when Hold's transaction commits is not being erased, and what was erased before was erased before.
const erasing = 0x6f63686e6f65 // "ochnoe"

// Hold stops the erasure of an attempt's recordings and personal values until it is lifted, within the caller's transaction. What was erased
// before stays erased.
func (s *Service) Hold(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, kind Kind, reason string, by Actor) (uuid.UUID, error) {
	var exam, organisation uuid.UUID
	err := tx.QueryRow(ctx, `select e.id, e.organisation_id from attempt a join exam e on e.id = a.exam_id where a.id = $1`, attempt).Scan(&exam, &organisation)
	return s.hold(ctx, tx, organisation, exam, attempt, kind, reason, by, err)
}

// HoldExam is Hold for everybody of an exam.
func (s *Service) HoldExam(ctx context.Context, tx pgx.Tx, exam uuid.UUID, kind Kind, reason string, by Actor) (uuid.UUID, error) {
	var organisation uuid.UUID
	err := tx.QueryRow(ctx, `select organisation_id from exam where id = $1`, exam).Scan(&organisation)
	return s.hold(ctx, tx, organisation, exam, uuid.Nil, kind, reason, by, err)
}

func (s *Service) hold(ctx context.Context, tx pgx.Tx, organisation, exam, attempt uuid.UUID, kind Kind, reason string, by Actor, found error) (uuid.UUID, error) {
	if errors.Is(found, pgx.ErrNoRows) {
		return uuid.Nil, ErrNotFound
	}
	if found != nil {
		return uuid.Nil, fmt.Errorf("read what to hold: %w", found)
	}
	reason = strings.TrimSpace(reason)
	if kind != Appeal && kind != Order || reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return uuid.Nil, ErrReason
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock_shared($1)`, int64(erasing)); err != nil {
		return uuid.Nil, fmt.Errorf("place a hold: %w", err)
	}
	id, now := uuid.New(), s.Now()
	if _, err := tx.Exec(ctx, `insert into retention_hold (id, organisation_id, exam_id, attempt_id, kind, reason, placed_at, placed_by) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, organisation, exam, uuid.NullUUID{UUID: attempt, Valid: attempt != uuid.Nil}, kind, s.Ring.Seal(purposeReason(id), []byte(reason)), now, by.id()); err != nil {
		return uuid.Nil, fmt.Errorf("place a hold: %w", err)
	}
	return id, s.holdRecord(ctx, tx, id, exam, attempt, kind, "placed", reason, now, by)
}

// Lift ends a hold within the caller's transaction: what is due is erased by the next run. ErrNotFound, ErrLifted.
func (s *Service) Lift(ctx context.Context, tx pgx.Tx, id uuid.UUID, reason string, by Actor) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return ErrReason
	}
	var exam uuid.UUID
	var attempt uuid.NullUUID
	var kind Kind
	var lifted *time.Time
	err := tx.QueryRow(ctx, `select exam_id, attempt_id, kind, lifted_at from retention_hold where id = $1 for update`, id).Scan(&exam, &attempt, &kind, &lifted)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("lift a hold: %w", err)
	case lifted != nil:
		return ErrLifted
	}
	now := s.Now()
	if _, err := tx.Exec(ctx, `update retention_hold set lifted_at = $2, lifted_by = $3, lift_reason = $4 where id = $1`,
		id, now, by.id(), s.Ring.Seal(purposeLift(id), []byte(reason))); err != nil {
		return fmt.Errorf("lift a hold: %w", err)
	}
	return s.holdRecord(ctx, tx, id, exam, attempt.UUID, kind, "lifted", reason, now, by)
}

func (s *Service) holdRecord(ctx context.Context, tx pgx.Tx, id, exam, attempt uuid.UUID, kind Kind, outcome, reason string, at time.Time, by Actor) error {
	var person uuid.NullUUID
	if err := tx.QueryRow(ctx, `select (select person_id from attempt where id = $1)`, attempt).Scan(&person); err != nil {
		return fmt.Errorf("whose attempt is held: %w", err)
	}
	_, err := s.Log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeHold, At: at, Exam: exam, Attempt: attempt, Person: person.UUID, Outcome: outcome,
		Data: ledger.Hold{Hold: id.String(), Kind: string(kind)}, Personal: by.personal(map[string]string{"reason": reason}),
	})
	return err
}

// Held is a hold as staff sees it.
type Held struct {
	ID         uuid.UUID
	Exam       uuid.UUID
	ExamCode   string
	ExamTitle  string
	Attempt    uuid.NullUUID
	Student    string // of the attempt; empty: the whole exam
	Kind       Kind
	Reason     string
	PlacedAt   time.Time
	PlacedBy   string // empty: the command line
	LiftedAt   *time.Time
	LiftedBy   string
	LiftReason string
}

// Holds are the organisation's, those that stand first, then by time, the newest first; at most 500. With attempt only those that keep it.
func (s *Service) Holds(ctx context.Context, organisation, attempt uuid.UUID) ([]Held, error) {
	rows, _ := s.Pool.Query(ctx, `select h.id, h.exam_id, e.code, e.title, h.attempt_id, `+name("p")+`, h.kind, h.reason, h.placed_at, `+name("b")+`, h.lifted_at, `+name("l")+`, h.lift_reason
		from retention_hold h join exam e on e.id = h.exam_id left join attempt a on a.id = h.attempt_id left join person p on p.id = a.person_id
		left join person b on b.id = h.placed_by left join person l on l.id = h.lifted_by
		where h.organisation_id = $1 and ($2::uuid is null or h.attempt_id = $2 or h.attempt_id is null and h.exam_id = (select exam_id from attempt where id = $2))
		order by h.lifted_at is not null, h.placed_at desc, h.id limit 500`, organisation, uuid.NullUUID{UUID: attempt, Valid: attempt != uuid.Nil})
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Held, err error) {
		var reason, lift []byte
		if err := row.Scan(&h.ID, &h.Exam, &h.ExamCode, &h.ExamTitle, &h.Attempt, &h.Student, &h.Kind, &reason, &h.PlacedAt, &h.PlacedBy, &h.LiftedAt, &h.LiftedBy, &lift); err != nil {
			return h, fmt.Errorf("read the holds: %w", err)
		}
		if h.Reason, err = s.unseal(purposeReason(h.ID), reason); err == nil && lift != nil {
			h.LiftReason, err = s.unseal(purposeLift(h.ID), lift)
		}
		return h, err
	})
}

// OrganisationOf tells whose hold it is: ErrNotFound.
func (s *Service) OrganisationOf(ctx context.Context, hold uuid.UUID) (uuid.UUID, error) {
	var organisation uuid.UUID
	err := s.Pool.QueryRow(ctx, `select organisation_id from retention_hold where id = $1`, hold).Scan(&organisation)
	if errors.Is(err, pgx.ErrNoRows) {
		return organisation, ErrNotFound
	}
	return organisation, err
}

// name is the SQL of somebody's name, empty where there is nobody.
func name(person string) string {
	return `coalesce(trim(` + person + `.last_name || ' ' || ` + person + `.first_name || ' ' || ` + person + `.middle_name), '')`
}

func (s *Service) unseal(purpose string, sealed []byte) (string, error) {
	plain, err := s.Ring.Unseal(purpose, sealed)
	if errors.Is(err, keyring.ErrBroken) {
		return "", fmt.Errorf("%s: %w", purpose, err)
	}
	return string(plain), err
}

func purposeReason(hold uuid.UUID) string { return "hold reason " + hold.String() }
func purposeLift(hold uuid.UUID) string   { return "hold lift " + hold.String() }

// Sealed are the columns in which this package keeps sealed values.
func Sealed() []keyring.Column {
	return []keyring.Column{
		{Table: "retention_hold", Key: "id", Name: "reason", Purpose: func(id string) string { return "hold reason " + id }},
		{Table: "retention_hold", Key: "id", Name: "lift_reason", Purpose: func(id string) string { return "hold lift " + id }},
	}
}
