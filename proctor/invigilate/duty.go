package invigilate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// Proctor is one of an exam's organisation.
type Proctor struct {
	ID       uuid.UUID
	Name     string
	OnDuty   bool       // in this exam
	Since    *time.Time // on duty
	Students int        // whom she looks after in it
}

// Proctors reads those of an exam's organisation, whoever is on duty first, at most 200.
func (d *Desk) Proctors(ctx context.Context, of uuid.UUID) ([]Proctor, error) {
	rows, _ := d.c.Pool.Query(ctx, `select p.id, `+nameOf+`, d.id is not null, d.since,
			(select count(*) from charge c join attempt a on a.id = c.attempt_id where c.person_id = p.id and c.ended_at is null and a.exam_id = e.id)
		from exam e join person p on p.organisation_id = e.organisation_id left join duty d on d.exam_id = e.id and d.person_id = p.id and d.ended_at is null
		where e.id = $1 and exists (select from person_role r where r.person_id = p.id and r.role = 'proctor')
		order by d.id is null, p.name_key, p.id limit 200`, of)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Proctor])
	if err != nil {
		return nil, fmt.Errorf("read the proctors: %w", err)
	}
	return list, nil
}

// mustBeProctor refuses whoever is no proctor of the exam's organisation: ErrNotStaff.
func mustBeProctor(ctx context.Context, tx pgx.Tx, of, person uuid.UUID) error {
	var one int
	err := tx.QueryRow(ctx, `select 1 from exam e join person p on p.organisation_id = e.organisation_id join person_role r on r.person_id = p.id
		where e.id = $1 and p.id = $2 and r.role = 'proctor' limit 1`, of, person).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotStaff
	}
	if err != nil {
		return fmt.Errorf("read the proctor: %w", err)
	}
	return nil
}

// Begin puts a proctor on duty in an exam, by herself or by a colleague; who is on duty stays so. ErrNotStaff.
func (d *Desk) Begin(ctx context.Context, of, person uuid.UUID, by account.Person) error {
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error { return d.begin(ctx, tx, of, person, by) })
}

func (d *Desk) begin(ctx context.Context, tx pgx.Tx, of, person uuid.UUID, by account.Person) error {
	if err := mustBeProctor(ctx, tx, of, person); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into duty (id, exam_id, person_id, since, given_by) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		uuid.New(), of, person, d.c.Now(), by.ID); err != nil {
		return fmt.Errorf("begin a duty: %w", err)
	}
	return nil
}

// End takes a proctor off duty; her students belong to everybody then.
func (d *Desk) End(ctx context.Context, of, person uuid.UUID, by account.Person) error {
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		if err := d.end(ctx, tx, of, person, by); err != nil {
			return err
		}
		attempts, err := d.charges(ctx, tx, of, person)
		if err != nil {
			return err
		}
		return d.entrust(ctx, tx, attempts, uuid.Nil, by)
	})
}

func (d *Desk) end(ctx context.Context, tx pgx.Tx, of, person uuid.UUID, by account.Person) error {
	if _, err := tx.Exec(ctx, `update duty set ended_at = $3, ended_by = $4 where exam_id = $1 and person_id = $2 and ended_at is null`, of, person, d.c.Now(), by.ID); err != nil {
		return fmt.Errorf("end a duty: %w", err)
	}
	return nil
}

// charges are the attempts of an exam that a proctor looks after.
func (d *Desk) charges(ctx context.Context, tx pgx.Tx, of, person uuid.UUID) ([]uuid.UUID, error) {
	rows, _ := tx.Query(ctx, `select c.attempt_id from charge c join attempt a on a.id = c.attempt_id
		where a.exam_id = $1 and c.person_id = $2 and c.ended_at is null order by c.attempt_id`, of, person)
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read whom she looks after: %w", err)
	}
	return list, nil
}

// HandOver entrusts students of an exam to another proctor, who is on duty from then on. Without students it is the whole duty of whoever hands
// over, with all she looks after. For the students nothing changes but whom they see. ErrNotStaff; ErrNotFound: a student of another exam.
func (d *Desk) HandOver(ctx context.Context, of uuid.UUID, students []uuid.UUID, to uuid.UUID, by account.Person) error {
	return pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		if err := d.begin(ctx, tx, of, to, by); err != nil {
			return err
		}
		if len(students) == 0 {
			mine, err := d.charges(ctx, tx, of, by.ID)
			if err != nil {
				return err
			}
			if to != by.ID {
				if err := d.end(ctx, tx, of, by.ID, by); err != nil {
					return err
				}
			}
			return d.entrust(ctx, tx, mine, to, by)
		}
		students := slices.Compact(slices.SortedFunc(slices.Values(students), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }))
		var inside int
		if err := tx.QueryRow(ctx, `select count(distinct id) from attempt where exam_id = $1 and id = any($2)`, of, students).Scan(&inside); err != nil {
			return fmt.Errorf("read the students: %w", err)
		}
		if inside != len(students) {
			return ErrNotFound
		}
		return d.entrust(ctx, tx, students, to, by)
	})
}

// entrust ends who looks after attempts now; to Nil: nobody does from then on.
func (d *Desk) entrust(ctx context.Context, tx pgx.Tx, attempts []uuid.UUID, to uuid.UUID, by account.Person) error {
	for _, a := range attempts {
		if _, err := d.c.Exams.Lock(ctx, tx, a); err != nil { // two hand-overs at once come one after the other
			if errors.Is(err, exam.ErrNotFound) {
				err = ErrNotFound
			}
			return err
		}
		if _, err := tx.Exec(ctx, `update charge set ended_at = $2 where attempt_id = $1 and ended_at is null`, a, d.c.Now()); err != nil {
			return fmt.Errorf("hand over: %w", err)
		}
		if to != uuid.Nil {
			if _, err := tx.Exec(ctx, `insert into charge (id, attempt_id, person_id, since, given_by) values ($1, $2, $3, $4, $5)`, uuid.New(), a, to, d.c.Now(), by.ID); err != nil {
				return fmt.Errorf("hand over: %w", err)
			}
		}
		if err := d.c.Exams.Notify(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

// OnDuty are the exams in which a proctor is on duty.
func (d *Desk) OnDuty(ctx context.Context, person uuid.UUID) (map[uuid.UUID]bool, error) {
	rows, _ := d.c.Pool.Query(ctx, `select exam_id from duty where person_id = $1 and ended_at is null`, person)
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read the duties: %w", err)
	}
	out := make(map[uuid.UUID]bool, len(list))
	for _, id := range list {
		out[id] = true
	}
	return out, nil
}
