package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// ErrNote: a decision about papers says which they were, or why not, in 3 to 500 characters.
var ErrNote = errors.New("a decision needs its note")

// Claim asks the organisation to look at papers, for somebody who came with a code and whom ESIA does not know as the student's parent. The code is used
// up. Refusals are those of Arrive; asking twice is asking once.
func (g *Guardians) Claim(ctx context.Context, code string, c Claims) (Person, error) {
	var guardian Person
	err := pgx.BeginFunc(ctx, g.pool, func(tx pgx.Tx) error {
		in, student, err := g.arriving(ctx, tx, code, c)
		if err != nil {
			return err
		}
		if guardian, err = g.ensureGuardian(ctx, tx, student.Organisation, c, in); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into guardian_claim (id, organisation_id, student_id, guardian_id, filed_at) values ($1, $2, $3, $4, $5) on conflict do nothing`,
			uuid.New(), student.Organisation, student.ID, guardian.ID, g.now()); err != nil {
			return fmt.Errorf("file a parent's claim: %w", err)
		}
		return nil
	})
	return guardian, err
}

// GuardianClaim is somebody who says to be a student's parent.
type GuardianClaim struct {
	ID        uuid.UUID
	Student   Name
	Born      time.Time // the student
	Guardian  Name
	FiledAt   time.Time
	DecidedAt *time.Time
	Confirmed *bool
}

// OpenClaims are those that wait for the organisation, the oldest first, at most 200.
func (g *Guardians) OpenClaims(ctx context.Context, organisation uuid.UUID) ([]GuardianClaim, error) {
	return g.claims(ctx, `c.organisation_id = $1 and c.decided_at is null`, organisation)
}

// ClaimsOf are those of one parent.
func (g *Guardians) ClaimsOf(ctx context.Context, guardian uuid.UUID) ([]GuardianClaim, error) {
	return g.claims(ctx, `c.guardian_id = $1`, guardian)
}

func (g *Guardians) claims(ctx context.Context, where string, arg uuid.UUID) ([]GuardianClaim, error) {
	rows, _ := g.pool.Query(ctx, `select c.id, s.last_name, s.first_name, s.middle_name, s.birth_date, p.last_name, p.first_name, p.middle_name, c.filed_at, c.decided_at, c.confirmed
		from guardian_claim c join person s on s.id = c.student_id join person p on p.id = c.guardian_id where `+where+` order by c.filed_at, c.id limit 200`, arg)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c GuardianClaim, err error) {
		err = row.Scan(&c.ID, &c.Student.Last, &c.Student.First, &c.Student.Middle, &c.Born, &c.Guardian.Last, &c.Guardian.First, &c.Guardian.Middle, &c.FiledAt, &c.DecidedAt, &c.Confirmed)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the parents' claims: %w", err)
	}
	return list, nil
}

// DecideClaim is the organisation's word on the papers; the parent is told. ErrNotFound: no such claim of the organisation waits.
func (g *Guardians) DecideClaim(ctx context.Context, by Person, id uuid.UUID, confirm bool, note string) error {
	note = strings.TrimSpace(note)
	if n := len([]rune(note)); n < 3 || n > 500 {
		return ErrNote
	}
	return pgx.BeginFunc(ctx, g.pool, func(tx pgx.Tx) error {
		var studentID, guardianID uuid.UUID
		err := tx.QueryRow(ctx, `update guardian_claim set decided_at = $3, decided_by = $4, confirmed = $5, note_sealed = $6
			where id = $1 and organisation_id = $2 and decided_at is null returning student_id, guardian_id`,
			id, by.Organisation, g.now(), by.ID, confirm, g.ring.Seal("guardian claim note "+id.String(), []byte(note))).Scan(&studentID, &guardianID)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("decide a parent's claim: %w", err)
		}
		student, err := g.person(ctx, tx, "p.id = $1", studentID)
		if err != nil {
			return err
		}
		guardian, err := g.person(ctx, tx, "p.id = $1", guardianID)
		if err != nil {
			return err
		}
		if confirm {
			if !g.Minor(student) {
				return ErrOfAge
			}
			if err := g.confirm(ctx, tx, student, guardian, ByPapers, &by); err != nil {
				return err
			}
			return g.tellOne(ctx, tx, guardian, student, papersConfirmedLetter)
		}
		if _, err := g.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeGuardian, At: g.now(), Person: student.ID, Outcome: "refused", Data: ledger.Guardian{By: string(ByPapers)},
			Personal: map[string]string{"student": student.Name.String(), "guardian": guardian.Name.String(), "guardian_oid": guardian.OID, "actor": by.Name.String()},
		}); err != nil {
			return err
		}
		return g.tellOne(ctx, tx, guardian, student, papersRefusedLetter)
	})
}
