package exam

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// GroupsOf are the faculties and groups under which people stand in rosters, «faculty, group», by person.
func (x *Exams) GroupsOf(ctx context.Context, people []uuid.UUID) (map[uuid.UUID][]string, error) {
	rows, _ := x.pool.Query(ctx, `select distinct person_id, faculty, group_name from roster_entry where person_id = any($1) order by faculty, group_name`, people)
	groups := map[uuid.UUID][]string{}
	var (
		id             uuid.UUID
		faculty, group string
	)
	_, err := pgx.ForEachRow(rows, []any{&id, &faculty, &group}, func() error {
		if text := strings.Trim(faculty+", "+group, ", "); text != "" {
			groups[id] = append(groups[id], text)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	return groups, nil
}
