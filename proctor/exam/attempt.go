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

// Attempt is one student's sitting of an exam.
type Attempt struct {
	ID          uuid.UUID
	ExamID      uuid.UUID
	ExamCode    string
	ExamTitle   string
	PersonID    uuid.UUID
	State       State
	StateReason string // a code, may be empty
	TriesLeft   int
	Group       string // of the roster entry
	Student     string // full name
	OID         string `db:"oid"` // the student's ESIA account

	EndsAt       time.Time // the exam's end for her, extra time and accommodation included
	ExtraMinutes int       // that she was given during the exam
	NoVoice      bool      // of her accommodation
	MoreMinutes  int       // the same
	Closed       bool      // the exam was ended for everybody
}

// Over tells whether the attempt's time is over.
func (a Attempt) Over(now time.Time) bool { return a.Closed || now.After(a.EndsAt) }

// ErrNotInRoster: the person stands in no row of the exam's roster.
var ErrNotInRoster = errors.New("the person is not in the exam's roster")

// ErrOver: the exam has ended.
var ErrOver = errors.New("the exam is over")

const selectAttempt = `select a.id, a.exam_id, e.code as exam_code, e.title as exam_title, a.person_id, a.state, a.state_reason, a.tries_left, r.group_name as "group",
	trim(p.last_name || ' ' || p.first_name || ' ' || p.middle_name) as student, coalesce(p.esia_oid, '') as oid,
	e.ends_at + make_interval(mins => a.extra_minutes + r.more_minutes) as ends_at, a.extra_minutes, r.no_voice, r.more_minutes, e.finished_at is not null as closed
	from attempt a join exam e on e.id = a.exam_id join roster_entry r on r.id = a.roster_entry_id join person p on p.id = a.person_id`

// Join returns the person's attempt at the exam, making it at the first time.
func (x *Exams) Join(ctx context.Context, e Exam, person uuid.UUID) (Attempt, error) {
	if a, err := x.Of(ctx, e.ID, person); err == nil || !errors.Is(err, ErrNotFound) {
		return a, err
	}
	if e.Over(x.now()) {
		return Attempt{}, ErrOver
	}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		// The caller may have read the exam before Finish closed it; holding its row, nobody can close it before the attempt is there.
		var now Exam
		err := tx.QueryRow(ctx, `select ends_at, finished_at from exam where id = $1 for share`, e.ID).Scan(&now.EndsAt, &now.FinishedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read the exam: %w", err)
		}
		if now.Over(x.now()) {
			return ErrOver
		}
		var entry uuid.UUID
		err = tx.QueryRow(ctx, `select id from roster_entry where exam_id = $1 and person_id = $2`, e.ID, person).Scan(&entry)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotInRoster
		}
		if err != nil {
			return fmt.Errorf("find the roster entry: %w", err)
		}
		id := uuid.New()
		tag, err := tx.Exec(ctx, `insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, $5, $6)
			on conflict (roster_entry_id) do nothing`, id, e.ID, entry, person, Registered, e.Policy.Tries)
		if err != nil || tag.RowsAffected() == 0 { // another tab was faster
			return err
		}
		return x.moved(ctx, tx, id, "", Registered, person, "")
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("join: %w", err)
	}
	return x.Of(ctx, e.ID, person)
}

// Of reads the attempt of a person at an exam; ErrNotFound before she joined.
func (x *Exams) Of(ctx context.Context, exam, person uuid.UUID) (Attempt, error) {
	return one(x.pool.Query(ctx, selectAttempt+` where a.exam_id = $1 and a.person_id = $2`, exam, person))
}

// Attempt reads an attempt by id.
func (x *Exams) Attempt(ctx context.Context, id uuid.UUID) (Attempt, error) {
	return one(x.pool.Query(ctx, selectAttempt+` where a.id = $1`, id))
}

// Attempts reads all attempts of an exam, by the students' names.
func (x *Exams) Attempts(ctx context.Context, exam uuid.UUID) ([]Attempt, error) {
	rows, _ := x.pool.Query(ctx, selectAttempt+` where a.exam_id = $1 order by student, a.id`, exam)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Attempt])
	if err != nil {
		return nil, fmt.Errorf("read the attempts: %w", err)
	}
	return list, nil
}

func one(rows pgx.Rows, _ error) (Attempt, error) {
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Attempt])
	if errors.Is(err, pgx.ErrNoRows) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("read the attempt: %w", err)
	}
	return a, nil
}

// Move is a change of an attempt's state.
type Move struct {
	From   State // the state it must be in; empty: any from which the move is legal
	To     State
	Actor  uuid.UUID // zero: the service itself
	Reason string    // a code
	// Note is what a person adds to her decision; Decide keeps it as an event of the proctor's lane.
	Note string
	// Tries is added to the tries left (−1 uses one up, +1 grants one).
	Tries int
}

// Move changes the state within the caller's transaction; the attempt's row stays locked until it ends. It returns the attempt as it was before.
// An *IllegalMove says that the state does not allow it.
func (x *Exams) Move(ctx context.Context, tx pgx.Tx, id uuid.UUID, m Move) (before Attempt, err error) {
	before, err = x.Lock(ctx, tx, id)
	if err != nil {
		return before, err
	}
	if m.From != "" && before.State != m.From {
		return before, &IllegalMove{From: before.State, To: m.To}
	}
	if err := check(before.State, m.To); err != nil {
		return before, err
	}
	if _, err := tx.Exec(ctx, `update attempt set state = $2, state_reason = $3, tries_left = greatest(tries_left + $4, 0) where id = $1`, id, m.To, m.Reason, m.Tries); err != nil {
		return before, fmt.Errorf("move the attempt: %w", err)
	}
	return before, x.moved(ctx, tx, id, before.State, m.To, m.Actor, m.Reason)
}

// Lock reads an attempt within the caller's transaction; its row stays locked until that ends.
func (x *Exams) Lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Attempt, error) {
	return one(tx.Query(ctx, selectAttempt+` where a.id = $1 for update of a`, id))
}

// moved writes the row that says who, when and why, and tells the listeners once the transaction commits.
func (x *Exams) moved(ctx context.Context, tx pgx.Tx, id uuid.UUID, from, to State, actor uuid.UUID, reason string) error {
	_, err := tx.Exec(ctx, `insert into attempt_move (attempt_id, from_state, to_state, at, actor, reason) values ($1, $2, $3, $4, $5, $6)`,
		id, from, to, x.now(), uuid.NullUUID{UUID: actor, Valid: actor != uuid.Nil}, reason)
	if err != nil {
		return fmt.Errorf("write the move: %w", err)
	}
	return x.Notify(ctx, tx, id)
}

// Notify tells the listeners (see Listen) that the attempt changed, once the transaction commits.
func (x *Exams) Notify(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) error {
	if _, err := tx.Exec(ctx, `select pg_notify('attempt', $1)`, attempt.String()); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// NotifyAll is Notify for every attempt of an exam.
func (x *Exams) NotifyAll(ctx context.Context, tx pgx.Tx, exam uuid.UUID) error {
	if _, err := tx.Exec(ctx, `select pg_notify('attempt', id::text) from attempt where exam_id = $1`, exam); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Decide is a person's move: the state, its row and a decision in the log commit together.
func (x *Exams) Decide(ctx context.Context, id uuid.UUID, actor account.Person, m Move) (Attempt, error) {
	m.Actor = actor.ID
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		before, err := x.Move(ctx, tx, id, m)
		if err != nil {
			return err
		}
		if m.Note != "" {
			e := Event{Attempt: id, Lane: LaneProctor, Kind: "note", At: x.now(), Detail: map[string]any{"text": m.Note}}
			if err := x.RecordIn(ctx, tx, e); err != nil {
				return err
			}
		}
		return x.LogDecision(ctx, tx, before, actor, m)
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("decide: %w", err)
	}
	return x.Attempt(ctx, id)
}

// LogDecision appends a person's move to the identification log, or one of the exam's policy: then there is no actor.
func (x *Exams) LogDecision(ctx context.Context, tx pgx.Tx, before Attempt, actor account.Person, m Move) error {
	return x.logDecision(ctx, tx, before, actor, string(m.To), ledger.Decision{From: string(before.State), To: string(m.To), Reason: m.Reason})
}

// LogAct appends a person's act that moves the attempt nowhere; of the data its Act and what belongs to that.
func (x *Exams) LogAct(ctx context.Context, tx pgx.Tx, a Attempt, actor account.Person, data ledger.Decision) error {
	data.From, data.To = string(a.State), string(a.State)
	return x.logDecision(ctx, tx, a, actor, data.Act, data)
}

func (x *Exams) logDecision(ctx context.Context, tx pgx.Tx, before Attempt, actor account.Person, outcome string, data ledger.Decision) error {
	var err error
	if data.Exam, err = x.Ref(ctx, before); err != nil {
		return err
	}
	personal := map[string]string{"student": before.Student}
	if actor.ID != uuid.Nil {
		personal["actor"] = actor.Name.String()
	}
	_, err = x.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeDecision, At: x.now(), Exam: before.ExamID, Attempt: before.ID, Person: before.PersonID, Outcome: outcome, Data: data, Personal: personal,
	})
	return err
}

// Ref names the attempt's exam for a record of the log. It asks no database: callers are within a transaction, and a second connection for each
// of them could exhaust the pool for good.
func (x *Exams) Ref(_ context.Context, a Attempt) (ledger.ExamRef, error) {
	return ledger.ExamRef{Code: a.ExamCode, Title: a.ExamTitle, Group: a.Group}, nil
}

// GrantTry gives the student one more identification.
func (x *Exams) GrantTry(ctx context.Context, id uuid.UUID, actor account.Person) (Attempt, error) {
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		before, err := x.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.State != Ready {
			return &IllegalMove{From: before.State, To: Ready}
		}
		if before.TriesLeft >= maxTriesLeft {
			return &IllegalMove{From: before.State, To: Ready}
		}
		if _, err := tx.Exec(ctx, `update attempt set tries_left = tries_left + 1, state_reason = 'try_granted' where id = $1`, id); err != nil {
			return fmt.Errorf("grant a try: %w", err)
		}
		if err := x.moved(ctx, tx, id, Ready, Ready, actor.ID, "try_granted"); err != nil {
			return err
		}
		return x.LogDecision(ctx, tx, before, actor, Move{To: Ready, Reason: "try_granted"})
	})
	if err != nil {
		return Attempt{}, err
	}
	return x.Attempt(ctx, id)
}

const maxTriesLeft = 20

// Finish ends the exam: whoever is in it is finished, who was not admitted has expired, and nobody may join any more. Finishing it again
// changes nothing; a checkpoint of the log is asked for. ErrNotFound when there is no such exam.
func (x *Exams) Finish(ctx context.Context, id uuid.UUID, actor account.Person) error {
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update exam set finished_at = coalesce(finished_at, $2) where id = $1`, id, x.now())
		if err != nil {
			return fmt.Errorf("close the exam: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		rows, _ := tx.Query(ctx, selectAttempt+` where a.exam_id = $1 order by a.id for update of a`, id)
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Attempt])
		if err != nil {
			return fmt.Errorf("read the attempts: %w", err)
		}
		for _, a := range list {
			m := Move{Actor: actor.ID, Reason: "exam_ended"}
			switch a.State {
			case InProgress, Paused, Admitted:
				m.To = Finished
			case Registered, Ready, Identifying, Identified, ManualIdentification:
				m.To = Expired
			default:
				continue
			}
			if _, err := x.Move(ctx, tx, a.ID, m); err != nil {
				return err
			}
			if err := x.LogDecision(ctx, tx, a, actor, m); err != nil {
				return err
			}
		}
		return x.log.AskCheckpoint(ctx, tx, ledger.AfterExam, id.String(), x.now())
	})
	if err != nil {
		return fmt.Errorf("finish the exam: %w", err)
	}
	return nil
}
