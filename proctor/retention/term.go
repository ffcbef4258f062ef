package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Class is a kind of data with a term of its own.
type Class string

// The classes, each with what its term counts from.
const (
	Recordings Class = "recordings" // with verdicts' objects; the exam's end
	Records    Class = "log"        // personal values of the log's records; the record
	Consents   Class = "consents"   // who it was that consented; the withdrawal, or the end of the last exam that relied on it
	Requests   Class = "requests"   // with parents' papers; the decision
)

// Classes are all, in the order of screens.
func Classes() []Class { return []Class{Recordings, Records, Consents, Requests} }

// defaults are days.
var defaults = map[Class]int{Recordings: 180, Records: 5 * 365, Consents: 5 * 365, Requests: 365}

// maxDays is a hundred years.
const maxDays = 36500

// ErrTerm: not a class with a term, not in 1…36500 days, or without a reason.
var ErrTerm = errors.New("a term is 1 to 36500 days of a known class, with a reason; only recordings have an exam's own")

// Term is how long a class is kept.
type Term struct {
	Class     Class
	Exam      uuid.NullUUID // whose own it is; none: the organisation's
	ExamCode  string
	ExamTitle string
	Days      int
	Default   bool // nobody has set it
	Reason    string
	ChangedBy string
	ChangedAt *time.Time
}

// Terms are the organisation's, one for each class, and after them those of exams, the latest exam first.
func (s *Service) Terms(ctx context.Context, organisation uuid.UUID) ([]Term, error) {
	rows, _ := s.Pool.Query(ctx, `select t.class, t.exam_id, coalesce(e.code, ''), coalesce(e.title, ''), t.days, t.reason, `+name("p")+`, t.changed_at
		from retention_term t left join exam e on e.id = t.exam_id left join person p on p.id = t.changed_by
		where t.organisation_id = $1 order by e.starts_at desc nulls first, e.code limit 1000`, organisation)
	set, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Term, err error) {
		err = row.Scan(&t.Class, &t.Exam, &t.ExamCode, &t.ExamTitle, &t.Days, &t.Reason, &t.ChangedBy, &t.ChangedAt)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the terms: %w", err)
	}
	var list []Term
	for _, class := range Classes() {
		i := slices.IndexFunc(set, func(t Term) bool { return t.Class == class && !t.Exam.Valid })
		if i < 0 {
			list = append(list, Term{Class: class, Days: defaults[class], Default: true})
			continue
		}
		list = append(list, set[i])
	}
	for _, t := range set {
		if t.Exam.Valid {
			list = append(list, t)
		}
	}
	return list, nil
}

// NewTerm is a change. With an exam it is that exam's own; there 0 days take it back.
type NewTerm struct {
	Organisation uuid.UUID
	Exam         uuid.UUID // zero: the organisation's
	Class        Class
	Days         int
	Reason       string
}

// SetTerm changes a term, with its record in the log; what is erased already stays so. ErrTerm, and ErrNotFound for an exam of somebody else's.
func (s *Service) SetTerm(ctx context.Context, t NewTerm, by Actor) error {
	t.Reason = strings.TrimSpace(t.Reason)
	usual, known := defaults[t.Class]
	ofExam := t.Exam != uuid.Nil
	if !known || t.Days > maxDays || t.Days < 0 || t.Days == 0 && !ofExam || ofExam && t.Class != Recordings || t.Reason == "" || utf8.RuneCountInString(t.Reason) > maxReason {
		return ErrTerm
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select 1 from organisation where id = $1 for update`, t.Organisation); err != nil {
			return err
		}
		if ofExam {
			var there bool
			if err := tx.QueryRow(ctx, `select exists (select from exam where id = $1 and organisation_id = $2)`, t.Exam, t.Organisation).Scan(&there); err != nil {
				return err
			}
			if !there {
				return ErrNotFound
			}
		}
		exam := uuid.NullUUID{UUID: t.Exam, Valid: ofExam}
		from := usual
		err := tx.QueryRow(ctx, `delete from retention_term where organisation_id = $1 and class = $2 and exam_id is not distinct from $3 returning days`, t.Organisation, t.Class, exam).Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) && ofExam {
			if t.Days == 0 {
				return ErrNotFound
			}
			err = tx.QueryRow(ctx, `select days from retention_term where organisation_id = $1 and class = $2 and exam_id is null`, t.Organisation, t.Class).Scan(&from)
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		now := s.Now()
		if t.Days > 0 {
			if _, err := tx.Exec(ctx, `insert into retention_term (id, organisation_id, exam_id, class, days, reason, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
				uuid.New(), t.Organisation, exam, t.Class, t.Days, t.Reason, by.id(), now); err != nil {
				return err
			}
		}
		_, err = s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypePolicyChange, At: now, Exam: t.Exam, Organisation: t.Organisation, Outcome: "changed",
			Data:     ledger.PolicyChange{What: "retention", Class: string(t.Class), From: from, To: t.Days, Reason: t.Reason},
			Personal: by.personal(map[string]string{}),
		})
		return err
	})
}

// Until tells when an attempt's recordings expire.
func (s *Service) Until(ctx context.Context, attempt uuid.UUID) (time.Time, error) {
	var at time.Time
	err := s.Pool.QueryRow(ctx, `select `+recordingsEnd+` from attempt a join exam e on e.id = a.exam_id where a.id = $1`, attempt).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, ErrNotFound
	}
	if err != nil {
		return at, fmt.Errorf("read when the recordings expire: %w", err)
	}
	return at.UTC(), nil
}

// days is the SQL of a class's term in an organisation, whose id the expression gives.
func days(class Class, organisation string) string {
	return fmt.Sprintf(`coalesce((select t.days from retention_term t where t.organisation_id = %s and t.class = '%s' and t.exam_id is null), %d)`, organisation, class, defaults[class])
}

// recordingsEnd is the SQL of when the recordings of an exam e expire.
var recordingsEnd = `coalesce(e.finished_at, e.ends_at) + make_interval(days => coalesce(
	(select t.days from retention_term t where t.exam_id = e.id and t.class = 'recordings'), ` + days(Recordings, "e.organisation_id") + `))`
