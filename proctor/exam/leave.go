package exam

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Leave ends what is done with a student's data, within the caller's transaction, because the consent to it was withdrawn: each of her
// attempts that is under way becomes declined, the other form of the exam, without penalty. Listeners end cameras and identifications once
// it commits. It returns all her attempts, those that are over too, and how many of them it ended.
func (x *Exams) Leave(ctx context.Context, tx pgx.Tx, student, actor uuid.UUID) (all []uuid.UUID, ended int, err error) {
	rows, _ := tx.Query(ctx, selectAttempt+` where a.person_id = $1 order by a.id for update of a`, student)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Attempt])
	if err != nil {
		return nil, 0, fmt.Errorf("read the attempts: %w", err)
	}
	for _, a := range list {
		all = append(all, a.ID)
		if !slices.Contains(moves[a.State], Declined) {
			continue
		}
		if _, err := x.Move(ctx, tx, a.ID, Move{To: Declined, Actor: actor, Reason: ConsentWithdrawn}); err != nil {
			return nil, 0, err
		}
		ref, err := x.Ref(ctx, a)
		if err != nil {
			return nil, 0, err
		}
		if _, err := x.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeDecline, At: x.now(), Exam: a.ExamID, Attempt: a.ID, Person: a.PersonID, Outcome: "declined",
			Data: ledger.Decline{Exam: ref, Reason: ConsentWithdrawn}, Personal: map[string]string{"student": a.Student},
		}); err != nil {
			return nil, 0, err
		}
		ended++
	}
	return all, ended, nil
}

// ConsentWithdrawn is the reason of an attempt that ended in the other form because its consent was withdrawn.
const ConsentWithdrawn = "consent_withdrawn"
