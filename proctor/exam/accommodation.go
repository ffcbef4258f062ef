package exam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// Accommodation is what is done differently for one student of an exam, and never why: that would be health data. Its zero value is nothing.
type Accommodation struct {
	// NoVoice: her voice is not compared, and nobody asks her to speak; her face alone tells who she is.
	NoVoice bool `json:"noVoice"`
	// MoreMinutes is by how much her exam ends later. Who has more time has twice as long for each step of an identification, too.
	MoreMinutes int `json:"moreMinutes" minimum:"0" maximum:"720"`
}

// MaxMoreMinutes bounds Accommodation.MoreMinutes.
const MaxMoreMinutes = 720

// ErrAccommodation: such an accommodation cannot be given.
var ErrAccommodation = errors.New("such an accommodation cannot be given")

// Check refuses what cannot be given: ErrAccommodation.
func (a Accommodation) Check() error {
	if a.MoreMinutes < 0 || a.MoreMinutes > MaxMoreMinutes {
		return ErrAccommodation
	}
	return nil
}

// Accommodation is what is done differently for the attempt's student.
func (a Attempt) Accommodation() Accommodation {
	return Accommodation{NoVoice: a.NoVoice, MoreMinutes: a.MoreMinutes}
}

// Modalities are what is compared of a student: what the policy says, but for the voice of whom the accommodation spares it.
func (a Accommodation) Modalities(p Policy) []Modality {
	if a.NoVoice {
		return []Modality{Photo}
	}
	return p.Modalities
}

// Accommodate says what is done differently for a student of an exam's roster, from her next step on. It commits with its record in the log. To say the
// same again changes nothing. ErrAccommodation; ErrNotInRoster; ErrOver: the exam was ended for everybody.
func (x *Exams) Accommodate(ctx context.Context, e Exam, person uuid.UUID, actor account.Person, want Accommodation) error {
	if err := want.Check(); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error { return x.accommodate(ctx, tx, e, person, actor, want) })
}

func (x *Exams) accommodate(ctx context.Context, tx pgx.Tx, e Exam, person uuid.UUID, actor account.Person, want Accommodation) error {
	var (
		entry         uuid.UUID
		before        Accommodation
		group, name   string
		attempt       uuid.NullUUID
		state         *State
		finished      *time.Time
		subject, code string
	)
	err := tx.QueryRow(ctx, `select r.id, r.no_voice, r.more_minutes, r.group_name, trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name), a.id, a.state, e.finished_at, e.title, e.code
		from roster_entry r join exam e on e.id = r.exam_id join person p on p.id = r.person_id left join attempt a on a.roster_entry_id = r.id
		where r.exam_id = $1 and r.person_id = $2 for update of r`, e.ID, person).Scan(
		&entry, &before.NoVoice, &before.MoreMinutes, &group, &name, &attempt, &state, &finished, &subject, &code)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotInRoster
	}
	if err != nil {
		return fmt.Errorf("read the roster entry: %w", err)
	}
	if before == want {
		return nil
	}
	if finished != nil {
		return ErrOver
	}
	if _, err := tx.Exec(ctx, `update roster_entry set no_voice = $2, more_minutes = $3 where id = $1`, entry, want.NoVoice, want.MoreMinutes); err != nil {
		return fmt.Errorf("accommodate: %w", err)
	}
	if _, err := tx.Exec(ctx, `insert into accommodation (roster_entry_id, no_voice, more_minutes, at, actor) values ($1, $2, $3, $4, $5)`,
		entry, want.NoVoice, want.MoreMinutes, x.now(), uuid.NullUUID{UUID: actor.ID, Valid: actor.ID != uuid.Nil}); err != nil {
		return fmt.Errorf("accommodate: %w", err)
	}
	data := ledger.Decision{
		Exam: ledger.ExamRef{Code: code, Title: subject, Group: group}, Act: "accommodation", NoVoice: want.NoVoice, Minutes: want.MoreMinutes,
	}
	if state != nil {
		data.From, data.To = string(*state), string(*state)
	}
	personal := map[string]string{"student": name}
	if actor.ID != uuid.Nil {
		personal["actor"] = actor.Name.String()
	}
	if _, err := x.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeDecision, At: x.now(), Exam: e.ID, Attempt: attempt.UUID, Person: person, Outcome: data.Act, Data: data, Personal: personal,
	}); err != nil {
		return err
	}
	if !attempt.Valid {
		return nil
	}
	return x.Notify(ctx, tx, attempt.UUID)
}
