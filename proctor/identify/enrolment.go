package identify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Enrolment is what the verifier last let us know of somebody's registration with it. There is no way to ask: only an identification tells.
type Enrolment struct {
	Enrolled bool
	At       time.Time
}

// Enrolments are those of the people of whom something is known.
func (s *Service) Enrolments(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]Enrolment, error) {
	// A comparison, whatever its result, had something to compare with; other outcomes say nothing.
	rows, _ := s.Pool.Query(ctx, `select distinct on (a.person_id) a.person_id, i.outcome <> 'not_enrolled', i.decided_at
		from identification i join attempt a on a.id = i.attempt_id
		where a.person_id = any($1) and i.outcome in ('match', 'no_match', 'not_enrolled') order by a.person_id, i.decided_at desc, i.number desc`, people)
	out := map[uuid.UUID]Enrolment{}
	var id uuid.UUID
	var e Enrolment
	_, err := pgx.ForEachRow(rows, []any{&id, &e.Enrolled, &e.At}, func() error {
		out[id] = e
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who is enrolled: %w", err)
	}
	return out, nil
}
