package exam

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Going is an exam that goes on now, in numbers.
type Going struct {
	ID       uuid.UUID
	Title    string
	StartsAt time.Time
	EndsAt   time.Time
	Roster   int // students in the list
	Joined   int // of them: who have come
	Sitting  int // admitted or at work
	Waiting  int // for a member of staff
	Done     int // finished, in whatever way
}

// maxGoing bounds the list: a screen shows no more.
const maxGoing = 200

// GoingOn lists an organisation's exams of the present, the busiest first.
func (x *Exams) GoingOn(ctx context.Context, organisation uuid.UUID) ([]Going, error) {
	now := x.now()
	rows, _ := x.pool.Query(ctx, `
		select e.id, e.title, e.starts_at, e.ends_at, (select count(*) from roster_entry r where r.exam_id = e.id) as roster,
			count(a.id) as joined,
			count(a.id) filter (where a.state in ('admitted', 'in_progress', 'paused')) as sitting,
			count(a.id) filter (where a.state in ('identified', 'manual_identification') or (a.state = 'ready' and a.tries_left = 0)) as waiting,
			count(a.id) filter (where a.state in ('finished', 'reviewed', 'terminated', 'declined', 'expired')) as done
		from exam e left join attempt a on a.exam_id = e.id
		where e.organisation_id = $1 and e.finished_at is null and e.starts_at < $2 and e.ends_at > $3
		group by e.id order by joined desc, e.starts_at, e.id limit $4`, organisation, now.Add(time.Hour), now, maxGoing)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Going])
	if err != nil {
		return nil, fmt.Errorf("read the exams that go on: %w", err)
	}
	return list, nil
}
