package invigilate

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Situation is what stands between a student and the staff now.
type Situation struct {
	Last      int64 // number of the newest message, 0: none
	ToStudent int   // messages that the student has not read
	ToStaff   int   // messages of hers that no staff has read
	Call      *Call // open
	Warnings  []Warning
	Charge    *Charge // who looks after her
	Flags     int     // of machines, that nobody has judged
}

// Charge is who looks after a student.
type Charge struct {
	ID   uuid.UUID
	Name string
}

// Situations reads those of attempts.
func (d *Desk) Situations(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID]Situation, error) {
	out := make(map[uuid.UUID]Situation, len(attempts))
	for _, read := range []func(context.Context, []uuid.UUID, map[uuid.UUID]Situation) error{d.unread, d.calls, d.warnings, d.inCharge, d.flags} {
		if err := read(ctx, attempts, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d *Desk) unread(ctx context.Context, attempts []uuid.UUID, into map[uuid.UUID]Situation) error {
	rows, _ := d.c.Pool.Query(ctx, `select a.id, coalesce(max(m.number), 0),
			count(*) filter (where not m.from_student and m.number > coalesce(s.number, 0)), count(*) filter (where m.from_student and m.number > coalesce(t.number, 0))
		from attempt a join lateral (
			select number, from_student from message where attempt_id = a.id
			union all select number, from_student from message where exam_id = a.exam_id and attempt_id is null) m on true
		left join message_seen s on s.attempt_id = a.id and s.by_student left join message_seen t on t.attempt_id = a.id and not t.by_student
		where a.id = any($1) group by a.id`, attempts)
	var (
		id uuid.UUID
		s  Situation
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &s.Last, &s.ToStudent, &s.ToStaff}, func() error {
		into[id] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the messages: %w", err)
	}
	return nil
}

func (d *Desk) inCharge(ctx context.Context, attempts []uuid.UUID, into map[uuid.UUID]Situation) error {
	rows, _ := d.c.Pool.Query(ctx, `select c.attempt_id, p.id, `+nameOf+` from charge c join person p on p.id = c.person_id
		where c.attempt_id = any($1) and c.ended_at is null`, attempts)
	var (
		id uuid.UUID
		c  Charge
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &c.ID, &c.Name}, func() error {
		one, s := c, into[id]
		s.Charge = &one
		into[id] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("read who looks after the students: %w", err)
	}
	return nil
}
