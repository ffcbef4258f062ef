package exam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RemindEvery is how often at most somebody is reminded of one exam.
const RemindEvery = 24 * time.Hour

// DeviceCheck is when a student last tried her camera and microphone, and what worked.
type DeviceCheck struct {
	Camera, Microphone bool
	At                 time.Time
}

// Entry is a student in an exam's roster, before the exam.
type Entry struct {
	ID         uuid.UUID
	Person     uuid.UUID
	Faculty    string
	Group      string
	Declined   bool       // she chose another form; nothing else follows from it
	RemindedAt *time.Time // by e-mail
	Devices    *DeviceCheck

	Accommodation Accommodation
}

const selectEntry = `select r.id, r.person_id, r.faculty, r.group_name, coalesce(a.state = 'declined', false), r.reminded_at, d.camera, d.microphone, d.at, r.no_voice, r.more_minutes
	from roster_entry r left join attempt a on a.roster_entry_id = r.id left join device_check d on d.person_id = r.person_id`

func scanEntry(row pgx.CollectableRow) (e Entry, err error) {
	var camera, microphone *bool
	var at *time.Time
	if err = row.Scan(&e.ID, &e.Person, &e.Faculty, &e.Group, &e.Declined, &e.RemindedAt, &camera, &microphone, &at, &e.Accommodation.NoVoice, &e.Accommodation.MoreMinutes); err == nil && at != nil {
		e.Devices = &DeviceCheck{Camera: *camera, Microphone: *microphone, At: *at}
	}
	return e, err
}

// Entries are the exam's roster.
func (x *Exams) Entries(ctx context.Context, exam uuid.UUID) ([]Entry, error) {
	rows, _ := x.pool.Query(ctx, selectEntry+` where r.exam_id = $1 order by r.id`, exam)
	list, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read the roster: %w", err)
	}
	return list, nil
}

// Entry is a person's place in the exam's roster; ErrNotInRoster when she has none.
func (x *Exams) Entry(ctx context.Context, exam, person uuid.UUID) (Entry, error) {
	rows, _ := x.pool.Query(ctx, selectEntry+` where r.exam_id = $1 and r.person_id = $2`, exam, person)
	e, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNotInRoster
	}
	if err != nil {
		return e, fmt.Errorf("read the roster: %w", err)
	}
	return e, nil
}

// NoteDevices remembers what a student's camera and microphone did when she tried them.
func (x *Exams) NoteDevices(ctx context.Context, person uuid.UUID, camera, microphone bool) error {
	_, err := x.pool.Exec(ctx, `insert into device_check (person_id, camera, microphone, at) values ($1, $2, $3, $4)
		on conflict (person_id) do update set camera = excluded.camera, microphone = excluded.microphone, at = excluded.at`, person, camera, microphone, x.now())
	if err != nil {
		return fmt.Errorf("note the devices: %w", err)
	}
	return nil
}

// Remind marks those of the entries as reminded who were not within RemindEvery, within the caller's transaction that writes to them, and returns them.
func (x *Exams) Remind(ctx context.Context, tx pgx.Tx, exam uuid.UUID, people []uuid.UUID) ([]uuid.UUID, error) {
	now := x.now()
	rows, _ := tx.Query(ctx, `update roster_entry set reminded_at = $3 where exam_id = $1 and person_id = any($2) and (reminded_at is null or reminded_at <= $4) returning person_id`,
		exam, people, now, now.Add(-RemindEvery))
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("mark who is reminded: %w", err)
	}
	return list, nil
}
