package exam

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
)

// RosterPreview is what an import would do.
type RosterPreview struct {
	Rows      int
	New       int // come into this exam's roster
	NewPeople int // of them, those whom the organisation did not know
	Changed   int // are in the roster; group, faculty, SNILS, document or e-mail are renewed
	Known     int // are in the roster just so
	Absent    int // are in the roster and not in the file; they stay

	Accommodated int // for whom something else is done differently from then on
}

// rosterChange is a row with what it comes to.
type rosterChange struct {
	person         uuid.UUID
	isNew          bool
	renewed        bool   // group or faculty
	faculty, group string // what the file leaves empty stays

	accommodation Accommodation
	accommodated  bool // it is another one than before
}

// PreviewRoster tells what Import would do with the rows, and changes nothing. People whose SNILS stands beside another name in our database are
// problems of a *RosterError.
func (x *Exams) PreviewRoster(ctx context.Context, e Exam, rows []RosterRow) (RosterPreview, error) {
	people, err := x.accounts.Compare(ctx, x.pool, e.Organisation, newPeople(e, rows))
	if err != nil {
		return RosterPreview{}, fmt.Errorf("preview the roster: %w", err)
	}
	preview, _, err := compareRoster(ctx, x.pool, e, rows, people)
	return preview, err
}

// Import puts the rows into the exam's roster, all or nothing, and may be repeated: whoever is there stays, group, faculty and e-mail are renewed,
// and what the file says of accommodations holds from then on. It returns what it did. The actor is zero on the command line. People whose SNILS
// stands beside another name in our database are problems of a *RosterError.
func (x *Exams) Import(ctx context.Context, e Exam, rows []RosterRow, actor account.Person) (done RosterPreview, err error) {
	err = pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		people, err := x.accounts.EnsureAll(ctx, tx, e.Organisation, newPeople(e, rows))
		if err != nil {
			return err
		}
		var changes []rosterChange
		if done, changes, err = compareRoster(ctx, tx, e, rows, people); err != nil {
			return err
		}
		if err := writeRoster(ctx, tx, e, changes); err != nil {
			return err
		}
		for _, c := range changes {
			if !c.accommodated {
				continue
			}
			if err := x.accommodate(ctx, tx, e, c.person, actor, c.accommodation); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return RosterPreview{}, fmt.Errorf("import the roster: %w", err)
	}
	return done, nil
}

func newPeople(e Exam, rows []RosterRow) []account.NewPerson {
	people := make([]account.NewPerson, len(rows))
	for i, row := range rows {
		people[i] = account.NewPerson{
			Organisation: e.Organisation, Name: row.Name, BirthDate: row.BirthDate, SNILS: row.SNILS, Document: row.Document,
			Email: row.Email, Roles: []account.Role{account.Student},
		}
	}
	return people
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// compareRoster holds the rows against the exam's roster.
func compareRoster(ctx context.Context, q queryer, e Exam, rows []RosterRow, people []account.Ensured) (RosterPreview, []rosterChange, error) {
	preview := RosterPreview{Rows: len(rows)}
	type entry struct {
		PersonID           uuid.UUID
		Faculty, GroupName string
		NoVoice            bool
		MoreMinutes        int
	}
	found, _ := q.Query(ctx, `select person_id, faculty, group_name, no_voice, more_minutes from roster_entry where exam_id = $1`, e.ID)
	entries, err := pgx.CollectRows(found, pgx.RowToStructByPos[entry])
	if err != nil {
		return preview, nil, fmt.Errorf("read the roster: %w", err)
	}
	there := map[uuid.UUID]entry{}
	for _, entry := range entries {
		there[entry.PersonID] = entry
	}
	preview.Absent = len(there)
	words := map[string]struct{ ru, en string }{
		"snils":    {"этот СНИЛС записан у человека с другим именем или датой рождения: сверьте с документами", "a person with another name or birth date has this SNILS: check the papers"},
		"document": {"человек с этим именем и датой рождения уже есть с другим документом или СНИЛС: сверьте с документами", "somebody of this name and birth date is there with another document or SNILS: check the papers"},
	}
	var (
		broken  RosterError
		changes = make([]rosterChange, len(rows))
		lines   = map[uuid.UUID]int{}
	)
	for i, row := range rows {
		if errors.Is(people[i].Err, account.ErrAmbiguous) {
			number := "snils"
			if row.SNILS == "" {
				number = "document"
			}
			broken.add(RosterProblem{
				Line: row.Line, Column: columnNames[number], Ru: words[number].ru, En: words[number].en,
			})
			continue
		}
		id := people[i].ID
		if first, twice := lines[id]; twice {
			broken.add(RosterProblem{Line: row.Line, Ru: fmt.Sprintf("тот же человек, что в строке %d: уберите одну", first), En: fmt.Sprintf("the same person as in line %d: remove one", first)})
			continue
		}
		lines[id] = row.Line
		was, known := there[id]
		changes[i] = rosterChange{person: id, isNew: !known, faculty: cmp.Or(row.Faculty, was.Faculty), group: cmp.Or(row.Group, was.GroupName)}
		changes[i].renewed = known && (changes[i].faculty != was.Faculty || changes[i].group != was.GroupName)
		before := Accommodation{NoVoice: was.NoVoice, MoreMinutes: was.MoreMinutes}
		changes[i].accommodation = row.accommodation(before)
		if changes[i].accommodated = changes[i].accommodation != before; changes[i].accommodated {
			preview.Accommodated++
		}
		switch {
		case !known:
			preview.New++
			if people[i].New {
				preview.NewPeople++
			}
		case changes[i].renewed || changes[i].accommodated || people[i].Changed:
			preview.Changed++
		default:
			preview.Known++
		}
	}
	preview.Absent -= preview.Changed + preview.Known
	if broken.Total > 0 {
		return RosterPreview{}, nil, &broken
	}
	return preview, changes, nil
}

// accommodation is what holds after the row, which may say nothing of it.
func (r RosterRow) accommodation(before Accommodation) Accommodation {
	if r.NoVoice != nil {
		before.NoVoice = *r.NoVoice
	}
	if r.MoreMinutes != nil {
		before.MoreMinutes = *r.MoreMinutes
	}
	return before
}

func writeRoster(ctx context.Context, tx pgx.Tx, e Exam, changes []rosterChange) error {
	var (
		fresh             [][]any
		renewed           []uuid.UUID
		faculties, groups []string
	)
	for _, c := range changes {
		switch {
		case c.isNew:
			fresh = append(fresh, []any{uuid.New(), e.ID, c.person, c.faculty, c.group})
		case c.renewed:
			renewed, faculties, groups = append(renewed, c.person), append(faculties, c.faculty), append(groups, c.group)
		}
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"roster_entry"}, []string{"id", "exam_id", "person_id", "faculty", "group_name"}, pgx.CopyFromRows(fresh)); err != nil {
		return fmt.Errorf("add to the roster: %w", err)
	}
	if _, err := tx.Exec(ctx, `update roster_entry r set faculty = n.faculty, group_name = n.group_name
		from unnest($2::uuid[], $3::text[], $4::text[]) as n(person_id, faculty, group_name) where r.exam_id = $1 and r.person_id = n.person_id`,
		e.ID, renewed, faculties, groups); err != nil {
		return fmt.Errorf("renew the roster: %w", err)
	}
	return nil
}
