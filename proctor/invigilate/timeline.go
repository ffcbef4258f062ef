package invigilate

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
)

// Timeline reads what passed between a student and the staff, as events of the proctor's lane, in order of time. Of messages it tells who and when;
// what they say is the conversation's. At most 2,000.
func (d *Desk) Timeline(ctx context.Context, attempt uuid.UUID) ([]exam.Event, error) {
	rows, _ := d.c.Pool.Query(ctx, `select x.kind, x.at, x.until, x.detail, `+nameOf+` from (
			select 'message' as kind, at, null::timestamptz as until, jsonb_build_object('fromStudent', from_student) as detail, sender_id as person from message where attempt_id = $1
			union all select case when v.attempt_id is null then 'voice_announcement' else 'voice_talk' end, h.at, v.ended_at, '{}', v.speaker_id
				from voice_heard h join voice v on v.id = h.voice_id where h.attempt_id = $1
			union all select 'announcement', m.at, null, '{}', m.sender_id from message m join attempt a on a.exam_id = m.exam_id where a.id = $1 and m.attempt_id is null
			union all select 'help_call', c.at, null, jsonb_build_object('reason', c.reason), a.person_id from help_call c join attempt a on a.id = c.attempt_id where c.attempt_id = $1
			union all select 'help_taken', acknowledged_at, null, '{}', acknowledged_by from help_call where attempt_id = $1 and acknowledged_at is not null
			union all select 'warning', at, null, jsonb_build_object('reason', reason), given_by from warning where attempt_id = $1
			union all select 'warning_withdrawn', withdrawn_at, null, jsonb_build_object('reason', reason), withdrawn_by from warning where attempt_id = $1 and withdrawn_at is not null
			union all select 'remark', at, null, '{}', author_id from note where attempt_id = $1
			union all select 'handed_over', since, null, '{}', given_by from charge where attempt_id = $1) x join person p on p.id = x.person
		order by x.at, x.kind limit 2000`, attempt)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (exam.Event, error) {
		e := exam.Event{Attempt: attempt, Lane: exam.LaneProctor}
		var (
			detail []byte
			until  *time.Time
		)
		if err := row.Scan(&e.Kind, &e.At, &until, &detail, &e.Actor); err != nil {
			return e, err
		}
		e.At = e.At.UTC()
		if until != nil {
			e.Until = until.UTC()
		}
		return e, json.Unmarshal(detail, &e.Detail)
	})
	if err != nil {
		return nil, fmt.Errorf("read what passed between student and staff: %w", err)
	}
	given, err := d.c.Exams.Extras(ctx, []uuid.UUID{attempt})
	if err != nil {
		return nil, err
	}
	for _, x := range given[attempt] {
		list = append(list, exam.Event{
			Attempt: attempt, Lane: exam.LaneProctor, Kind: "extra_time", At: x.At.UTC(), Actor: x.By, Detail: map[string]any{"minutes": x.Minutes, "reason": x.Reason},
		})
	}
	return list, nil
}
