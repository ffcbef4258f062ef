package identify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
)

// Waiting is an attempt's wait for a verifier that does not answer. It uses up no try, and survives a reload and a restart.
type Waiting struct {
	Since  time.Time
	Until  time.Time // then the policy's next step
	NextAt time.Time // when it is asked again
	Tries  int
}

// The pause before the verifier is asked again grows from the first to the longest.
const (
	firstPause   = 5 * time.Second
	longestPause = time.Minute
)

// As soon as the verifier answers anybody, those who waited longer than the first pause are asked about again, so many each round that they do
// not all come back at once.
const earlyARound = 20

// early says whether the attempt is asked about before its time, since the verifier answered somebody: a pause that grew is cut to the first.
func (w Waiting) early(now time.Time) bool {
	return !now.Before(w.NextAt.Add(firstPause - pauseAfter(w.Tries-1)))
}

func pauseAfter(tries int) time.Duration {
	pause := firstPause
	for range min(tries, 10) {
		pause *= 2
	}
	return min(pause, longestPause)
}

// wait notes that the verifier did not answer. It tells whether the waiting is over and staff must identify.
func (s *Service) wait(ctx context.Context, tx pgx.Tx, d decision) (over bool, err error) {
	w, err := waiting(ctx, tx, d.attempt.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		w, err = Waiting{Since: d.at, Until: d.at.Add(d.exam.Policy.Outage.Retry())}, nil
	}
	if err != nil {
		return false, err
	}
	manual := d.exam.Policy.Outage.Then == exam.OutageManual
	if manual && !d.at.Before(w.Until) {
		return true, s.waitNoMore(ctx, tx, d.attempt.ID)
	}
	w.NextAt = d.at.Add(pauseAfter(w.Tries))
	if manual && w.NextAt.After(w.Until) {
		w.NextAt = w.Until
	}
	if _, err := tx.Exec(ctx, `insert into outage_wait (attempt_id, since, until, next_at, tries) values ($1, $2, $3, $4, $5)
		on conflict (attempt_id) do update set next_at = excluded.next_at, tries = excluded.tries`,
		d.attempt.ID, w.Since, w.Until, w.NextAt, w.Tries+1); err != nil {
		return false, fmt.Errorf("wait for the verifier: %w", err)
	}
	return false, nil
}

func waiting(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) (Waiting, error) {
	rows, _ := tx.Query(ctx, `select since, until, next_at, tries from outage_wait where attempt_id = $1 for update`, attempt)
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Waiting])
}

func (s *Service) waitNoMore(ctx context.Context, tx pgx.Tx, attempt uuid.UUID) error {
	if _, err := tx.Exec(ctx, `delete from outage_wait where attempt_id = $1`, attempt); err != nil {
		return fmt.Errorf("end the wait for the verifier: %w", err)
	}
	return nil
}

// resume goes on with the attempts whose wait for the verifier has come to its next moment, or is cut short since it answered somebody else:
// whoever is connected is identified as soon as the verifier answers at all; whoever waited long enough is left to staff, as the policy says.
func (s *Service) resume(ctx context.Context, room Room) error {
	answered := s.answered.Swap(false)
	rows, _ := s.Pool.Query(ctx, `select w.attempt_id, w.since, w.until, w.next_at, w.tries, a.state, e.id, e.policy
		from outage_wait w join attempt a on a.id = w.attempt_id join exam e on e.id = a.exam_id join roster_entry o on o.id = a.roster_entry_id
		where (w.next_at <= $1 or $2) and a.state <> 'identifying' and e.finished_at is null and e.ends_at + make_interval(mins => a.extra_minutes + o.more_minutes) > $1 order by w.next_at limit 200`, s.Now(), answered)
	type row struct {
		Attempt uuid.UUID
		Waiting Waiting
		State   exam.State
		Exam    uuid.UUID
		Policy  exam.Policy
	}
	var due []row
	var r row
	_, err := pgx.ForEachRow(rows, []any{&r.Attempt, &r.Waiting.Since, &r.Waiting.Until, &r.Waiting.NextAt, &r.Waiting.Tries, &r.State, &r.Exam, &r.Policy}, func() error {
		due = append(due, r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("find who waits for the verifier: %w", err)
	}
	left := earlyARound
	due = slices.DeleteFunc(due, func(r row) bool {
		if !r.Waiting.NextAt.After(s.Now()) {
			return false
		}
		// Who is not there to be asked about takes no other's turn.
		_, live := room.Stream(r.Attempt)
		if left == 0 || !r.Waiting.early(s.Now()) || !live && r.Policy.Verifier != exam.Session {
			return true
		}
		left--
		return false
	})
	if len(due) == 0 {
		return nil
	}
	reachable := s.reachable(ctx)
	for _, r := range due {
		here, err := s.here(ctx, r.Exam)
		if err != nil {
			return err
		}
		if !here {
			continue
		}
		if r.State != exam.Ready { // she left, or somebody moved her on
			if _, err := s.Pool.Exec(ctx, `delete from outage_wait w using attempt a where a.id = w.attempt_id and w.attempt_id = $1 and a.state not in ('ready', 'identifying')`, r.Attempt); err != nil {
				return fmt.Errorf("end the wait for the verifier: %w", err)
			}
			continue
		}
		if err := s.resumeOne(ctx, room, r.Attempt, r.Waiting, r.Policy, reachable); err != nil {
			s.Logger.Error("the wait for the verifier does not go on", "attempt", r.Attempt, "error", err)
		}
	}
	return nil
}

func (s *Service) resumeOne(ctx context.Context, room Room, attempt uuid.UUID, w Waiting, p exam.Policy, reachable bool) error {
	stream, live := room.Stream(attempt)
	if reachable && p.Verifier == exam.Session { // to the verifier's page she goes by herself
		return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			if err := s.waitNoMore(ctx, tx, attempt); err != nil {
				return err
			}
			return s.Exams.Notify(ctx, tx, attempt)
		})
	}
	if reachable && live {
		a, err := s.Exams.Attempt(ctx, attempt)
		if err != nil {
			return err
		}
		_, err = s.Start(ctx, attempt, stream, "", func(p Progress) { room.Tell(a, p) })
		if errors.Is(err, ErrBusy) || errors.Is(err, ErrClosed) {
			return nil
		}
		return err
	}
	if !s.Now().Before(w.Until) && p.Outage.Then == exam.OutageManual {
		return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			m := exam.Move{From: exam.Ready, To: exam.ManualIdentification, Reason: string(WhyOutage)}
			if _, err := s.Exams.Move(ctx, tx, attempt, m); err != nil {
				return err
			}
			if err := s.waitNoMore(ctx, tx, attempt); err != nil {
				return err
			}
			return s.openManual(ctx, tx, attempt, WhyOutage, s.Now().UTC())
		})
	}
	if !live && reachable {
		return nil // as soon as she is connected
	}
	next := s.Now().Add(pauseAfter(w.Tries))
	if p.Outage.Then == exam.OutageManual && next.After(w.Until) {
		next = w.Until
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update outage_wait set next_at = $2, tries = tries + 1 where attempt_id = $1`, attempt, next); err != nil {
			return fmt.Errorf("wait for the verifier: %w", err)
		}
		return s.Exams.Notify(ctx, tx, attempt)
	})
}

// reachable asks the verifier whether it can be asked, where it can be told.
func (s *Service) reachable(ctx context.Context) bool {
	v, ok := s.Verifier.(interface {
		Reachable(ctx context.Context) error
	})
	if !ok {
		return true
	}
	limit, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return v.Reachable(limit) == nil
}
