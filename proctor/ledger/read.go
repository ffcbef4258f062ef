package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Filter selects records; zero fields select all.
type Filter struct {
	Exam    uuid.UUID
	Attempt uuid.UUID
	Type    Type
	Outcome string
	From    time.Time // inclusive
	To      time.Time // exclusive
	// Organisation selects the records about its exams and its people; those about neither are the installation's, which has several only then.
	Organisation uuid.UUID
	Appeals      bool // of attempts on which an appeal was filed
	// Subject is the person whom records concern: those of her attempts and her own, but not her looks at others.
	Subject uuid.UUID
	// Attempts selects the records of attempts that are in each of these sets.
	Attempts []AttemptSet
}

// AttemptSet is a set of attempts, in the words of the room that knows them: a query of their ids, its parameters $1, $2, ….
type AttemptSet struct {
	SQL  string
	Args []any
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// shifted is the query with its parameters after n others.
func (s AttemptSet) shifted(n int) string {
	return parameter.ReplaceAllStringFunc(s.SQL, func(p string) string {
		i, _ := strconv.Atoi(p[1:])
		return fmt.Sprintf("$%d", n+i)
	})
}

// Row is a record as readers see it.
type Row struct {
	ID       uuid.UUID
	Seq      int64  // the order of appending; a page's cursor
	Leaf     *int64 // its place in the tree, nil until sealed
	Type     Type
	At       time.Time
	Exam     uuid.UUID // zero: none
	Attempt  uuid.UUID
	Outcome  string
	Body     []byte            // canonical JSON, the leaf's bytes
	Personal map[string]string // empty where erased

	data jsontext.Value // of the body, where it was read already
}

// SHA256 of the body, in hex (not the leaf's hash, which RFC 6962 prefixes with a zero byte).
func (r Row) SHA256() string {
	sum := sha256.Sum256(r.Body)
	return hex.EncodeToString(sum[:])
}

// Data decodes the record's data.
func (r Row) Data(into any) error {
	data := r.data
	if data == nil {
		var env envelope[jsontext.Value]
		if err := json.Unmarshal(r.Body, &env); err != nil {
			return fmt.Errorf("record %s: %w", r.ID, err)
		}
		data = env.Data
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("data of record %s: %w", r.ID, err)
	}
	return nil
}

// Page returns at most limit records, newest first, older than the cursor (0: from the newest), and the next cursor (0: no more). Within a period
// they are in the order of their times, which is nearly that of appending, so that an index leads to it.
func (l *Log) Page(ctx context.Context, f Filter, cursor int64, limit int) (rows []Row, next int64, err error) {
	limit = max(limit, 1)
	stored, err := l.page(ctx, f, cursor, limit+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	if len(stored) > limit {
		stored = stored[:limit]
		next = stored[limit-1].Seq
	}
	for _, s := range stored {
		row, err := l.row(s)
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, row)
	}
	return rows, next, nil
}

// page reads up to n records.
func (l *Log) page(ctx context.Context, f Filter, cursor int64, n int) ([]storedRecord, error) {
	after, order := "seq < $%d", "seq desc"
	if !f.From.IsZero() || !f.To.IsZero() {
		after, order = "(at, seq) < (select at, seq from ledger_record where seq = $%d)", "at desc, seq desc"
	}
	if cursor == 0 {
		after = "$%d::bigint = 0"
	}
	base, args := f.base()
	args = append(args, cursor, n)
	base += fmt.Sprintf(" and "+after, len(args)-1)
	limit := len(args)
	query := func(sql string, args []any) ([]storedRecord, error) {
		// Planned anew each time: a plan that suits any faculty suits none.
		rows, _ := l.pool.Query(ctx, fmt.Sprintf(sql, order), append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
		return pgx.CollectRows(rows, pgx.RowToStructByName[storedRecord])
	}
	sets, args := f.sets(args)
	if sets == "" {
		return query(fmt.Sprintf(`%s where %s order by %%[1]s limit $%d`, selectRecord, base, limit), args)
	}
	// Of a large set, such as a faculty, the newest records fill a page. For a small one that is too short all its records are sought, by their
	// numbers, which stand in an index; the rows follow for those of the page alone.
	found, err := query(fmt.Sprintf(`%s where seq in (select seq from (select seq, at, attempt_id from ledger_record where %s order by %%[1]s limit %d) newest where %s
		order by %%[1]s limit $%d) order by %%[1]s`, selectRecord, base, newestSought, sets, limit), args)
	if err != nil || len(found) == n {
		return found, err
	}
	return query(fmt.Sprintf(`%s where seq in (select seq from ledger_record where %s and %s order by %%[1]s limit $%d) order by %%[1]s`, selectRecord, base, sets, limit), args)
}

// newestSought is how many of the newest records are looked through for a page before an index is asked.
const newestSought = 5000

// Count tells how many records are selected, and stops counting at most.
func (l *Log) Count(ctx context.Context, f Filter, most int64) (int64, error) {
	where, args := f.where()
	var n int64
	sql := fmt.Sprintf(`select count(*) from (select from ledger_record where %s limit $%d) counted`, where, len(args)+1)
	if err := l.pool.QueryRow(ctx, sql, append(args, most)...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the log's records: %w", err)
	}
	return n, nil
}

// Backlog tells how many records wait for their place in the tree, and when the oldest of them was recorded; nil: none waits.
func (l *Log) Backlog(ctx context.Context) (n int64, oldest *time.Time, err error) {
	err = l.pool.QueryRow(ctx, `select count(*), (select at from ledger_record where seq = min(w.seq)) from ledger_leaf w where leaf is null`).Scan(&n, &oldest)
	if err != nil {
		return 0, nil, fmt.Errorf("read what waits to be sealed: %w", err)
	}
	return n, oldest, nil
}

// Each calls fn for every selected record, oldest first, streaming.
func (l *Log) Each(ctx context.Context, f Filter, fn func(Row) error) error {
	return eachPart(ctx, l, f, l.decode, func(rows []Row) error {
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// decode makes rows of a part.
func (l *Log) decode(records []storedRecord) ([]Row, error) {
	rows := make([]Row, len(records))
	for i, s := range records {
		var err error
		if rows[i], err = l.row(s); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Checkpoint is a signed tree head.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	Note string
	At   time.Time
}

// ErrEmpty is returned while nothing was sealed yet.
var ErrEmpty = errors.New("the log is empty")

// Latest is the newest checkpoint, its signature checked.
func (l *Log) Latest(ctx context.Context) (Checkpoint, error) {
	return l.checkpoint(ctx, `order by size desc limit 1`)
}

// check fills in the root as it is stored and holds the row against its signed text.
func check(keys Keys, c *Checkpoint, storedRoot []byte) error {
	copy(c.Root[:], storedRoot)
	signed, err := keys.Open([]byte(c.Note))
	if err != nil {
		return fmt.Errorf("checkpoint of size %d: %w", c.Size, err)
	}
	if signed.Size != c.Size || signed.Root != c.Root || len(storedRoot) != len(c.Root) {
		return fmt.Errorf("checkpoint of size %d: its row and its signed text differ", c.Size)
	}
	return nil
}

const selectRecord = `select id, seq, leaf, type, at, exam_id, attempt_id, person_id, outcome, body, personal from ledger_record left join ledger_leaf using (seq)`

type storedRecord struct {
	ID        uuid.UUID
	Seq       int64
	Leaf      *int64
	Type      Type
	At        time.Time
	ExamID    uuid.NullUUID
	AttemptID uuid.NullUUID
	PersonID  uuid.NullUUID
	Outcome   string
	Body      []byte
	Personal  []byte
}

func (l *Log) row(s storedRecord) (Row, error) {
	var env struct {
		Data     jsontext.Value    `json:"data"`
		Personal map[string]string `json:"personal"`
	}
	if err := json.Unmarshal(s.Body, &env); err != nil {
		return Row{}, fmt.Errorf("record %s: %w", s.ID, err)
	}
	personal, err := l.personal(s.ID, s.Personal, env.Personal)
	if err != nil {
		return Row{}, err
	}
	return Row{
		ID: s.ID, Seq: s.Seq, Leaf: s.Leaf, Type: s.Type, At: s.At.UTC(), Exam: s.ExamID.UUID, Attempt: s.AttemptID.UUID,
		Outcome: s.Outcome, Body: s.Body, Personal: personal, data: env.Data,
	}, nil
}

// where is the SQL of the whole filter with its parameters.
func (f Filter) where() (string, []any) {
	base, args := f.base()
	sets, args := f.sets(args)
	if sets != "" {
		base += " and " + sets
	}
	return base, args
}

// sets is the SQL of what selects by sets of attempts, its parameters after args; empty where nothing does.
func (f Filter) sets(args []any) (string, []any) {
	var all []string
	for _, set := range f.Attempts {
		all = append(all, "attempt_id in ("+set.shifted(len(args))+")")
		args = append(args, set.Args...)
	}
	if f.Appeals {
		all = append(all, "attempt_id in (select attempt_id from ledger_record where type = 'appeal')")
	}
	return strings.Join(all, " and "), args
}

// base is the SQL of the rest.
func (f Filter) base() (string, []any) {
	where := "true"
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" and "+condition, len(args))
	}
	if f.Organisation != uuid.Nil {
		args = append(args, f.Organisation)
		where += fmt.Sprintf(` and (exam_id in (select id from exam where organisation_id = $%[1]d)
			or (exam_id is null and person_id in (select id from person where organisation_id = $%[1]d))
			or (exam_id is null and person_id is null and organisation_id = $%[1]d))`, len(args))
	}
	if f.Exam != uuid.Nil {
		add("exam_id = $%d", f.Exam)
	}
	if f.Attempt != uuid.Nil {
		add("attempt_id = $%d", f.Attempt)
	}
	if f.Type != "" {
		add("type = $%d", f.Type)
	}
	if f.Outcome != "" {
		add("outcome = $%d", f.Outcome)
	}
	if !f.From.IsZero() {
		add("at >= $%d", f.From)
	}
	if !f.To.IsZero() {
		add("at < $%d", f.To)
	}
	if f.Subject != uuid.Nil {
		add("(attempt_id = any(array(select attempt_id from ledger_record where person_id = $%[1]d and type <> 'access' and attempt_id is not null))"+
			" or person_id = $%[1]d and type <> 'access')", f.Subject)
	}
	return where, args
}
