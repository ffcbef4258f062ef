package exam

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Mine is an exam in whose list a student stands.
type Mine struct {
	Code     string
	Title    string
	StartsAt time.Time
	EndsAt   time.Time
	State    State // of her attempt; empty: she has not come yet
}

// maxMine bounds the list, and pastMine is how long an exam that is over stays in it.
const (
	maxMine  = 50
	pastMine = 24 * time.Hour
)

// ExamsOf are the exams of a student that lie ahead, go on, or have just ended, the next one first.
func (x *Exams) ExamsOf(ctx context.Context, person uuid.UUID) ([]Mine, error) {
	rows, _ := x.pool.Query(ctx, `
		select e.code, e.title, e.starts_at, least(e.ends_at, coalesce(e.finished_at, e.ends_at)) as ends_at, coalesce(a.state, '') as state
		from roster_entry r join exam e on e.id = r.exam_id left join attempt a on a.roster_entry_id = r.id
		where r.person_id = $1 and e.ends_at > $2 and (e.finished_at is null or e.finished_at > $2)
		order by e.starts_at, e.code limit $3`, person, x.now().Add(-pastMine), maxMine)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Mine])
	if err != nil {
		return nil, fmt.Errorf("read the student's exams: %w", err)
	}
	return list, nil
}
