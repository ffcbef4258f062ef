package exam

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Lane groups events of a timeline.
type Lane string

// The lanes.
const (
	LaneIdentity  Lane = "identity"
	LaneBehaviour Lane = "behaviour"
	LaneTechnical Lane = "technical"
	LaneProctor   Lane = "proctor"
)

// Event is something that happened in an attempt.
type Event struct {
	ID        uuid.UUID // on storing one that is to be prolonged; zero: any. A move has none
	Attempt   uuid.UUID
	Lane      Lane
	Kind      string
	At        time.Time
	Until     time.Time // zero: a moment
	Recording uuid.UUID // zero: no place in a recording
	OffsetMS  int64
	Detail    map[string]any // no personal data
	Actor     string         // on reading a person's act: her name

	Confidence float64 // of what a machine saw, 0…1; 0: not said
}

// Record stores an event and tells the listeners.
func (x *Exams) Record(ctx context.Context, e Event) error {
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error { return x.RecordIn(ctx, tx, e) })
}

// RecordIn is Record within the caller's transaction.
func (x *Exams) RecordIn(ctx context.Context, tx pgx.Tx, e Event) error {
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	recording := uuid.NullUUID{UUID: e.Recording, Valid: e.Recording != uuid.Nil}
	var offset *int64
	if recording.Valid {
		offset = &e.OffsetMS
	}
	if e.ID == uuid.Nil {
		e.ID = uuid.New()
	}
	var until *time.Time
	if !e.Until.IsZero() {
		until = &e.Until
	}
	if _, err := tx.Exec(ctx, `insert into event (id, attempt_id, lane, kind, at, recording_id, offset_ms, detail, until, confidence)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10::real, 0))`,
		e.ID, e.Attempt, e.Lane, e.Kind, e.At, recording, offset, e.Detail, until, e.Confidence); err != nil {
		return fmt.Errorf("store an event: %w", err)
	}
	return x.Notify(ctx, tx, e.Attempt)
}

// Prolong says that an event that was recorded goes on, or came again, until a later moment. The listeners are told if tell says so: while it only
// goes on there is nothing new to show.
func (x *Exams) Prolong(ctx context.Context, e Event, tell bool) error {
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update event set until = greatest(until, $3), confidence = nullif($4::real, 0), detail = $5 where id = $1 and attempt_id = $2`,
			e.ID, e.Attempt, e.Until, e.Confidence, e.Detail); err != nil {
			return fmt.Errorf("prolong an event: %w", err)
		}
		if !tell {
			return nil
		}
		return x.Notify(ctx, tx, e.Attempt)
	})
}

// Sitting is an attempt that is under way.
type Sitting struct {
	Attempt uuid.UUID
	Policy  Policy
}

// Sittings are those who sit an exam now, paused or not, at most 2,000.
func (x *Exams) Sittings(ctx context.Context) ([]Sitting, error) {
	rows, _ := x.pool.Query(ctx, `select a.id as attempt, e.policy from attempt a join exam e on e.id = a.exam_id
		where a.state in ('in_progress', 'paused') limit 2000`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Sitting])
	if err != nil {
		return nil, fmt.Errorf("find who sits an exam: %w", err)
	}
	return list, nil
}

// Timeline reads an attempt's events and moves, in order of time, at most 2,000.
func (x *Exams) Timeline(ctx context.Context, attempt uuid.UUID) ([]Event, error) {
	rows, _ := x.pool.Query(ctx, `
		select id, lane, kind, at, recording_id, offset_ms, detail, '' as actor, 0 as move, until, coalesce(confidence, 0) as confidence from event where attempt_id = $1
		union all
		select null, case when m.actor is null or m.actor = a.person_id then 'identity' else 'proctor' end, 'state', m.at, null, null,
			jsonb_build_object('from', m.from_state, 'to', m.to_state, 'reason', m.reason),
			coalesce(trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name), ''), m.id, null, 0
		from attempt_move m join attempt a on a.id = m.attempt_id left join person p on p.id = m.actor where m.attempt_id = $1
		order by at, move limit 2000`, attempt)
	var events []Event
	var (
		id                uuid.NullUUID
		lane, kind, actor string
		at                time.Time
		recording         uuid.NullUUID
		offset            *int64
		detail            []byte
		move              int64 // several of one moment stay in their order
		until             *time.Time
		confidence        float64
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &lane, &kind, &at, &recording, &offset, &detail, &actor, &move, &until, &confidence}, func() error {
		e := Event{ID: id.UUID, Attempt: attempt, Lane: Lane(lane), Kind: kind, At: at.UTC(), Recording: recording.UUID, Actor: actor, Confidence: confidence}
		if until != nil {
			e.Until = until.UTC()
		}
		if offset != nil {
			e.OffsetMS = *offset
		}
		events = append(events, e)
		return json.Unmarshal(detail, &events[len(events)-1].Detail)
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline: %w", err)
	}
	return events, nil
}
