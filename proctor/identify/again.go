package identify

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

// Cause is why somebody is identified again during the exam.
type Cause string

// The causes.
const (
	CauseRandom       Cause = "random"
	CauseRequest      Cause = "request" // a proctor's
	CauseReconnection Cause = "reconnection"
	CauseAway         Cause = "away"  // the face was away too long
	CauseDoubt        Cause = "doubt" // the one before failed
)

// Standing is how an attempt under way stands: what is planned, and what the student or the proctor is asked for.
type Standing struct {
	DueAt      *time.Time // the next identification that does not disturb her
	Cause      Cause
	DemandedAt *time.Time // she is to identify herself with digits
	TriesLeft  int
	AlarmAt    *time.Time // somebody else seems to sit there
}

// sitting tells in which states somebody is identified again.
func sitting(state exam.State) bool {
	return slices.Contains([]exam.State{exam.Admitted, exam.InProgress, exam.Paused}, state)
}

// Ask plans an identification for now, without disturbing the student. A proctor's request always does; for the other causes the exam's policy
// must want it, else nothing happens. *exam.IllegalMove says that nobody sits the exam.
func (s *Service) Ask(ctx context.Context, attempt uuid.UUID, cause Cause) error {
	return s.onStanding(ctx, attempt, func(_ context.Context, _ pgx.Tx, _ exam.Attempt, p exam.Policy, now time.Time, r *Standing) error {
		wanted := map[Cause]bool{CauseRequest: true, CauseReconnection: p.Again.Reconnected, CauseAway: p.Again.AwaySeconds > 0}[cause]
		if wanted && (r.DemandedAt == nil || cause == CauseRequest) {
			r.DueAt, r.Cause = &now, cause
		}
		return nil
	})
}

// SeenAgain says that the student's face is seen again after it was away: longer than the policy allows, she is identified again, unless she has
// finished meanwhile.
func (s *Service) SeenAgain(ctx context.Context, attempt uuid.UUID, away time.Duration) error {
	a, err := s.Exams.Attempt(ctx, attempt)
	if err != nil {
		return err
	}
	e, err := s.Exams.Exam(ctx, a.ExamID)
	if err != nil {
		return err
	}
	if limit := e.Policy.Again.Away(); limit == 0 || away < limit || !sitting(a.State) {
		return nil
	}
	err = s.Ask(ctx, attempt, CauseAway)
	if illegal := (*exam.IllegalMove)(nil); errors.As(err, &illegal) {
		return nil
	}
	return err
}

// Settle is a proctor's word that the right person sits there: alarm and demand end, and the log has her decision.
func (s *Service) Settle(ctx context.Context, attempt uuid.UUID, actor account.Person) error {
	return s.onStanding(ctx, attempt, func(ctx context.Context, tx pgx.Tx, a exam.Attempt, p exam.Policy, now time.Time, r *Standing) error {
		if r.DemandedAt == nil && r.AlarmAt == nil {
			return &exam.IllegalMove{From: a.State, To: a.State}
		}
		*r = s.plan(p, now)
		return s.Exams.LogDecision(ctx, tx, a, actor, exam.Move{To: a.State, Reason: "identity_settled"})
	})
}

// onStanding changes how an attempt stands, its row locked.
func (s *Service) onStanding(ctx context.Context, attempt uuid.UUID,
	change func(ctx context.Context, tx pgx.Tx, a exam.Attempt, p exam.Policy, now time.Time, r *Standing) error,
) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		a, err := s.Exams.Lock(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if !sitting(a.State) {
			return &exam.IllegalMove{From: a.State, To: exam.Identifying}
		}
		e, err := s.Exams.ExamIn(ctx, tx, a.ExamID)
		if err != nil {
			return err
		}
		r, err := standing(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if err := change(ctx, tx, a, e.Policy, s.Now().UTC(), &r); err != nil {
			return err
		}
		if err := s.stand(ctx, tx, attempt, r); err != nil {
			return err
		}
		return s.Exams.Notify(ctx, tx, attempt)
	})
}

func standing(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) (Standing, error) {
	rows, _ := tx.Query(ctx, `select due_at, cause, demanded_at, tries_left, alarm_at from reidentification where attempt_id = $1 for update`, attempt)
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Standing])
	if errors.Is(err, pgx.ErrNoRows) {
		return Standing{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("read what is planned: %w", err)
	}
	return r, nil
}

func (s *Service) stand(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, r Standing) error {
	if _, err := tx.Exec(ctx, `insert into reidentification (attempt_id, due_at, cause, demanded_at, tries_left, alarm_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (attempt_id) do update set due_at = excluded.due_at, cause = excluded.cause, demanded_at = excluded.demanded_at,
			tries_left = excluded.tries_left, alarm_at = excluded.alarm_at`,
		attempt, r.DueAt, r.Cause, r.DemandedAt, r.TriesLeft, r.AlarmAt); err != nil {
		return fmt.Errorf("store what is planned: %w", err)
	}
	return nil
}

// plan chooses the next moment, if the policy wants any at random.
func (s *Service) plan(p exam.Policy, now time.Time) Standing {
	if p.Again.EveryMax == 0 {
		return Standing{}
	}
	span := time.Duration(p.Again.EveryMax-p.Again.EveryMin) * time.Minute
	due := now.Add(time.Duration(p.Again.EveryMin)*time.Minute + time.Duration(s.draw(int64(span/time.Second)+1))*time.Second)
	return Standing{DueAt: &due, Cause: CauseRandom}
}

func (s *Service) draw(n int64) int64 {
	if s.Draw != nil {
		return s.Draw(n)
	}
	return random(n)
}

// laterAgain is when one that could not be made is tried again.
const laterAgain = time.Minute

// goOn makes what the policy wants of an identification during the exam. The state does not change, unless the policy says so.
func (s *Service) goOn(ctx context.Context, tx pgx.Tx, d decision) (after func() error, err error) {
	before, err := s.Exams.Lock(ctx, tx, d.attempt.ID)
	if err != nil {
		return nil, err
	}
	if !sitting(before.State) { // ended meanwhile
		return func() error { return nil }, d.turn(Interrupted, "attempt_"+string(before.State))
	}
	r, err := standing(ctx, tx, before.ID)
	if err != nil {
		return nil, err
	}
	p, failed := d.exam.Policy, d.outcome.usesTry()
	raised := failed && r.AlarmAt == nil
	if raised {
		r.AlarmAt = &d.at
	}
	switch {
	case d.outcome == Match:
		r = s.plan(p, d.at)
	case d.silent && (failed || d.outcome == Quality || d.outcome == NotEnrolled):
		// The picture alone does not do: now she is asked.
		r.DueAt, r.Cause, r.DemandedAt, r.TriesLeft = nil, CauseDoubt, &d.at, p.Tries
	case d.silent:
		later := d.at.Add(laterAgain)
		r.DueAt = &later
	case failed:
		r.TriesLeft = max(r.TriesLeft-1, 0)
	}
	if err := s.stand(ctx, tx, before.ID, r); err != nil {
		return nil, err
	}
	return func() error {
		if raised {
			e := exam.Event{Attempt: before.ID, Lane: exam.LaneIdentity, Kind: "identity_alarm", At: d.at, Detail: map[string]any{"outcome": d.outcome, "reason": d.reason}}
			e.Recording, e.OffsetMS = d.place()
			if err := s.Exams.RecordIn(ctx, tx, e); err != nil {
				return err
			}
		}
		if d.silent || !failed || r.TriesLeft > 0 {
			return nil
		}
		return s.failedAgain(ctx, tx, before, p)
	}, nil
}

// failedAgain does what the policy wants when she failed with digits too. It is the policy's decision, and stands in the log without an actor.
func (s *Service) failedAgain(ctx context.Context, tx pgx.Tx, a exam.Attempt, p exam.Policy) error {
	m := exam.Move{Reason: "identity_failed"}
	switch {
	case p.Again.OnFailure == exam.AgainPause && a.State == exam.InProgress:
		m.To = exam.Paused
	case p.Again.OnFailure == exam.AgainTerminate:
		m.To = exam.Terminated
	default:
		return nil
	}
	if _, err := s.Exams.Move(ctx, tx, a.ID, m); err != nil {
		return err
	}
	return s.Exams.LogDecision(ctx, tx, a, account.Person{}, m)
}

// planAll chooses the first moment for everybody who sits an exam whose policy wants some, and has none planned.
func (s *Service) planAll(ctx context.Context) error {
	rows, _ := s.Pool.Query(ctx, `select a.id, e.policy from attempt a join exam e on e.id = a.exam_id
		where a.state in ('in_progress', 'paused') and coalesce((e.policy->'again'->>'everyMax')::int, 0) > 0
			and not exists (select 1 from reidentification r where r.attempt_id = a.id and (r.due_at is not null or r.demanded_at is not null)) limit 500`)
	var id uuid.UUID
	var p exam.Policy
	var firsts []struct {
		attempt uuid.UUID
		r       Standing
	}
	_, err := pgx.ForEachRow(rows, []any{&id, &p}, func() error {
		firsts = append(firsts, struct {
			attempt uuid.UUID
			r       Standing
		}{id, s.plan(p, s.Now().UTC())})
		return nil
	})
	if err != nil {
		return fmt.Errorf("find whose moment is not chosen: %w", err)
	}
	for _, f := range firsts {
		if _, err := s.Pool.Exec(ctx, `insert into reidentification (attempt_id, due_at, cause) values ($1, $2, $3)
			on conflict (attempt_id) do update set due_at = excluded.due_at, cause = excluded.cause
			where reidentification.due_at is null and reidentification.demanded_at is null`, f.attempt, f.r.DueAt, f.r.Cause); err != nil {
			return fmt.Errorf("plan an identification: %w", err)
		}
	}
	return nil
}

// again begins the identifications that are due, of everybody who is connected here.
func (s *Service) again(ctx context.Context, room Room) error {
	rows, _ := s.Pool.Query(ctx, `select r.attempt_id, r.cause from reidentification r join attempt a on a.id = r.attempt_id join exam e on e.id = a.exam_id join roster_entry o on o.id = a.roster_entry_id
		where r.due_at <= $1 and e.finished_at is null and e.ends_at + make_interval(mins => a.extra_minutes + o.more_minutes) > $1 and a.state in ('in_progress', 'paused', 'admitted') order by r.due_at limit 200`, s.Now())
	type row struct {
		Attempt uuid.UUID
		Cause   Cause
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return fmt.Errorf("find who is to be identified again: %w", err)
	}
	for _, r := range due {
		stream, live := room.Stream(r.Attempt)
		if !live {
			continue // as soon as she is connected
		}
		_, err := s.start(ctx, r.Attempt, stream, "", func(Progress) {}, r.Cause)
		if illegal := (*exam.IllegalMove)(nil); err != nil && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrClosed) && !errors.As(err, &illegal) {
			s.Logger.Error("an identification during the exam did not begin", "attempt", r.Attempt, "error", err)
		}
	}
	return nil
}

// demand asks the student for digits at once, where the policy wants them in every identification during the exam.
func (s *Service) demand(ctx context.Context, attempt uuid.UUID, cause Cause) error {
	return s.onStanding(ctx, attempt, func(_ context.Context, _ pgx.Tx, _ exam.Attempt, p exam.Policy, now time.Time, r *Standing) error {
		if r.DemandedAt == nil {
			r.DueAt, r.Cause, r.DemandedAt, r.TriesLeft = nil, cause, &now, p.Tries
		}
		return nil
	})
}

// Situation is what is asked or planned for an attempt beside its state.
type Situation struct {
	Waiting  *Waiting
	Standing *Standing
	Manual   *Manual
}

// Situations reads those of attempts that have any.
func (s *Service) Situations(ctx context.Context, attempts []uuid.UUID) (map[uuid.UUID]Situation, error) {
	out := map[uuid.UUID]Situation{}
	var id uuid.UUID
	var w Waiting
	rows, _ := s.Pool.Query(ctx, `select attempt_id, since, until, next_at, tries from outage_wait where attempt_id = any($1)`, attempts)
	if _, err := pgx.ForEachRow(rows, []any{&id, &w.Since, &w.Until, &w.NextAt, &w.Tries}, func() error {
		one, row := out[id], w
		one.Waiting = &row
		out[id] = one
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read who waits for the verifier: %w", err)
	}
	var r Standing
	rows, _ = s.Pool.Query(ctx, `select attempt_id, due_at, cause, demanded_at, tries_left, alarm_at from reidentification where attempt_id = any($1)`, attempts)
	if _, err := pgx.ForEachRow(rows, []any{&id, &r.DueAt, &r.Cause, &r.DemandedAt, &r.TriesLeft, &r.AlarmAt}, func() error {
		one, row := out[id], r
		one.Standing = &row
		out[id] = one
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read what is planned: %w", err)
	}
	manual, err := s.manuals(ctx, attempts)
	if err != nil {
		return nil, err
	}
	for id, m := range manual {
		one := out[id]
		one.Manual = &m
		out[id] = one
	}
	return out, nil
}
