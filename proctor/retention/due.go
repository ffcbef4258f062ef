package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Expiry is what of one class and exam expires on a day.
type Expiry struct {
	Class     Class
	Exam      uuid.NullUUID // none: what belongs to no exam
	ExamCode  string
	ExamTitle string
	At        time.Time // the first of that day
	Count     int       // attempts with recordings, records, consents, requests
	Held      int       // of them kept by a hold
	Withdrawn int       // of them because the consent was withdrawn
}

// held is the SQL of a common table expression: attempts that a hold keeps.
const held = `held as (select t.id, t.exam_id, t.person_id from retention_hold h join attempt t on t.exam_id = h.exam_id and (h.attempt_id is null or t.id = h.attempt_id)
	where h.lifted_at is null),
	held_exam as (select exam_id from retention_hold where lifted_at is null and attempt_id is null)`

// expiring is the SQL of everything that is still kept of a class and when it expires: id, exam_id, organisation_id, at, held, withdrawn.
// $1 is a time: what expires later may be left out.
var expiring = map[Class]string{
	Recordings: `select k.attempt_id as id, a.exam_id, e.organisation_id, least(k.destroy_at, ` + recordingsEnd + `) as at,
			k.attempt_id in (select id from held) as held, k.destroy_at is not null and k.destroy_at <= ` + recordingsEnd + ` as withdrawn
		from object_key k join attempt a on a.id = k.attempt_id join exam e on e.id = a.exam_id where k.destroyed_at is null`,
	Records: `select r.id, e.id as exam_id, o.id as organisation_id, r.at + make_interval(days => ` + days(Records, "o.id") + `) as at,
			coalesce(r.attempt_id in (select id from held), false) or coalesce(r.exam_id in (select exam_id from held_exam), false)
				or coalesce(r.person_id in (select person_id from held), false) as held, false as withdrawn
		from ledger_record r left join exam e on e.id = r.exam_id left join person p on p.id = r.person_id
		join organisation o on o.id = coalesce(e.organisation_id, p.organisation_id, r.organisation_id, (select id from organisation order by created_at, id limit 1))
		where r.personal is not null and r.at <= $1::timestamptz - make_interval(days => least(` + fmt.Sprint(defaults[Records]) + `, (select min(days) from retention_term where class = 'log')))`,
	Consents: `select c.id, null::uuid as exam_id, p.organisation_id, b.at + make_interval(days => ` + days(Consents, "p.organisation_id") + `) as at,
			c.person_id in (select person_id from held) as held, false as withdrawn
		from consent c join person p on p.id = c.person_id cross join lateral (select greatest(c.granted_at, c.withdrawn_at, (select max(greatest(u.at, coalesce(e.finished_at, e.ends_at)))
			from consent_use u join attempt a on a.id = u.attempt_id join exam e on e.id = a.exam_id where u.consent_id = c.id)) as at) b
		where c.identity is not null`,
	Requests: `select q.id, null::uuid as exam_id, q.organisation_id, q.decided_at + make_interval(days => ` + days(Requests, "q.organisation_id") + `) as at,
			coalesce(q.person_id in (select person_id from held), false) as held, false as withdrawn
		from (select id, organisation_id, decided_at, person_id from request where decided_at is not null
			union all select id, organisation_id, decided_at, student_id from guardian_claim where decided_at is not null and note_sealed is not null) q`,
}

// maxCalendar bounds a calendar's lines of a class.
const maxCalendar = 1000

// Calendar tells what expires until then, what is overdue included, by class, day and exam, changing nothing. Without an organisation (uuid.Nil) of all.
func (s *Service) Calendar(ctx context.Context, organisation uuid.UUID, until time.Time) ([]Expiry, error) {
	var list []Expiry
	for _, class := range Classes() {
		rows, _ := s.Pool.Query(ctx, `with `+held+` select x.exam_id, coalesce(e.code, ''), coalesce(e.title, ''), min(x.at), count(*), count(*) filter (where x.held), count(*) filter (where x.withdrawn)
			from (`+expiring[class]+`) x left join exam e on e.id = x.exam_id
			where x.at <= $1 and ($2::uuid is null or x.organisation_id = $2)
			group by x.exam_id, e.code, e.title, date_trunc('day', x.at) order by min(x.at), e.code limit $3`,
			until, uuid.NullUUID{UUID: organisation, Valid: organisation != uuid.Nil}, maxCalendar)
		lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Expiry, error) {
			x := Expiry{Class: class}
			err := row.Scan(&x.Exam, &x.ExamCode, &x.ExamTitle, &x.At, &x.Count, &x.Held, &x.Withdrawn)
			x.At = x.At.UTC()
			return x, err
		})
		if err != nil {
			return nil, fmt.Errorf("read what expires of %s: %w", class, err)
		}
		list = append(list, lines...)
	}
	return list, nil
}
