package exam

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Selection says which attempts are meant; what is empty does not narrow.
type Selection struct {
	Faculty string // as the roster has it
	Group   string
	Manual  bool // those that staff took over from the verifier
}

// Sets give the selection to the log, which knows no rosters.
func (s Selection) Sets() []ledger.AttemptSet {
	var sets []ledger.AttemptSet
	for column, value := range map[string]string{"faculty": s.Faculty, "group_name": s.Group} {
		if value != "" { // which is said to the indexes, too
			sets = append(sets, ledger.AttemptSet{
				SQL:  `select a.id from attempt a join roster_entry r on r.id = a.roster_entry_id where r.` + column + ` = $1 and r.` + column + ` <> ''`,
				Args: []any{value},
			})
		}
	}
	if s.Manual {
		sets = append(sets, ledger.AttemptSet{SQL: `select attempt_id from attempt_move where to_state = 'manual_identification'`})
	}
	return sets
}

// RosterNames are the faculties and groups that an organisation's rosters have, in alphabetical order.
type RosterNames struct {
	Faculties []string
	Groups    []string
}

// maxRosterNames bounds either list; a page offers no more.
const maxRosterNames = 2000

// RosterNames reads what the rosters call the faculties and groups.
func (x *Exams) RosterNames(ctx context.Context, organisation uuid.UUID) (RosterNames, error) {
	var out RosterNames
	for column, to := range map[string]*[]string{"faculty": &out.Faculties, "group_name": &out.Groups} {
		rows, _ := x.pool.Query(ctx, `select distinct r.`+column+` as name from roster_entry r join exam e on e.id = r.exam_id
			where e.organisation_id = $1 and r.`+column+` <> '' order by name limit $2`, organisation, maxRosterNames)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return out, fmt.Errorf("read the rosters' groups: %w", err)
		}
		*to = list
	}
	return out, nil
}
