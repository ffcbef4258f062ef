package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ConsentState is what became of a consent.
type ConsentState string

// The states.
const (
	ConsentStands     ConsentState = "stands"
	ConsentSuperseded ConsentState = "superseded" // by a new version of the text, or because she came of age: she is asked anew
	ConsentWithdrawn  ConsentState = "withdrawn"
	ConsentErased     ConsentState = "erased" // its term is over: who it was is not kept any more
)

// RegisterFilter selects consents of an organisation; zero fields select all.
type RegisterFilter struct {
	Organisation uuid.UUID // always one
	Person       uuid.UUID
	Exam         uuid.UUID // that relied on it
	Version      int       // of the text
	State        ConsentState
	By           string    // "student" or "guardian"
	From         time.Time // of the grant, inclusive
	To           time.Time // exclusive
}

// RegisterEntry is a line of the register of consents: who consented to what, when, how and by whom, and until when. Names are those of the moment
// of signing; they are empty where the consent's term is over.
type RegisterEntry struct {
	ID          uuid.UUID
	Person      uuid.UUID
	Student     string
	Guardian    string    // who gave it for a minor; empty: she herself
	ByGuardian  bool      // also where the names are erased
	Authority   Authority // what told that the guardian is one
	Signature   string    // how it was signed: "esia", the sign-in there and then the box and the button under the text
	Version     int
	Title       string
	TextSHA256  []byte
	GrantedAt   time.Time
	WithdrawnAt *time.Time
	WithdrawnBy string
	State       ConsentState
	Exams       []string // codes of those that relied on it: the consent itself is the organisation's
}

// RegisterCursor is where a page of the register ends.
type RegisterCursor struct {
	At time.Time
	ID uuid.UUID
}

// consentState is the SQL of a consent's state; $1 is the organisation, $2 today in Moscow.
const consentState = `case when c.identity is null then 'erased' when c.withdrawn_at is not null then 'withdrawn'
	when t.version < (select max(version) from consent_text where organisation_id = $1)
		or (c.guardian_id is not null) <> (p.birth_date + interval '18 years' > $2::date) then 'superseded' else 'stands' end`

const selectRegister = `select c.id, c.person_id, c.identity, c.guardian_id is not null, t.version, t.title, t.sha256, c.granted_at, c.withdrawn_at,
	coalesce(trim(w.last_name || ' ' || w.first_name || ' ' || w.middle_name), ''), ` + consentState + `,
	array(select distinct e.code from consent_use u join attempt a on a.id = u.attempt_id join exam e on e.id = a.exam_id where u.consent_id = c.id order by e.code limit 100)
	from consent c join consent_text t on t.id = c.text_id join person p on p.id = c.person_id left join person w on w.id = c.withdrawn_by where `

func (a *Accounts) registerWhere(f RegisterFilter) (string, []any) {
	where, args := `p.organisation_id = $1`, []any{f.Organisation, a.now().In(moscow).Format(time.DateOnly)}
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" and "+condition, len(args))
	}
	if f.Person != uuid.Nil {
		add("c.person_id = $%d", f.Person)
	}
	if f.Exam != uuid.Nil {
		add("exists (select from consent_use u join attempt a on a.id = u.attempt_id where u.consent_id = c.id and a.exam_id = $%d)", f.Exam)
	}
	if f.Version != 0 {
		add("t.version = $%d", f.Version)
	}
	if f.State != "" {
		add(consentState+" = $%d", string(f.State))
	}
	if f.By != "" {
		add("(c.guardian_id is not null) = $%d", f.By == "guardian")
	}
	if !f.From.IsZero() {
		add("c.granted_at >= $%d", f.From)
	}
	if !f.To.IsZero() {
		add("c.granted_at < $%d", f.To)
	}
	return where, args
}

// ConsentRegister returns at most limit lines, the newest grant first, after the cursor (nil: from the newest), and the next cursor (nil: no more).
func (a *Accounts) ConsentRegister(ctx context.Context, f RegisterFilter, after *RegisterCursor, limit int) ([]RegisterEntry, *RegisterCursor, error) {
	where, args := a.registerWhere(f)
	if after != nil {
		args = append(args, after.At, after.ID)
		where += fmt.Sprintf(" and (c.granted_at, c.id) < ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, limit+1)
	rows, _ := a.pool.Query(ctx, fmt.Sprintf(selectRegister+`%s order by c.granted_at desc, c.id desc limit $%d`, where, len(args)), args...)
	list, err := pgx.CollectRows(rows, a.scanRegister)
	if err != nil {
		return nil, nil, fmt.Errorf("read the register of consents: %w", err)
	}
	if len(list) <= limit {
		return list, nil, nil
	}
	list = list[:limit]
	last := list[limit-1]
	return list, &RegisterCursor{last.GrantedAt, last.ID}, nil
}

// EachConsent calls fn for every selected line, the oldest grant first, streaming.
func (a *Accounts) EachConsent(ctx context.Context, f RegisterFilter, fn func(RegisterEntry) error) error {
	where, args := a.registerWhere(f)
	rows, err := a.pool.Query(ctx, selectRegister+where+` order by c.granted_at, c.id`, args...)
	if err != nil {
		return fmt.Errorf("read the register of consents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := a.scanRegister(rows)
		if err != nil {
			return fmt.Errorf("read the register of consents: %w", err)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the register of consents: %w", err)
	}
	return nil
}

func (a *Accounts) scanRegister(row pgx.CollectableRow) (RegisterEntry, error) {
	var e RegisterEntry
	var sealed []byte
	if err := row.Scan(&e.ID, &e.Person, &sealed, &e.ByGuardian, &e.Version, &e.Title, &e.TextSHA256, &e.GrantedAt, &e.WithdrawnAt, &e.WithdrawnBy, &e.State, &e.Exams); err != nil {
		return e, err
	}
	e.GrantedAt = e.GrantedAt.UTC()
	if e.WithdrawnAt != nil {
		at := e.WithdrawnAt.UTC()
		e.WithdrawnAt = &at
	}
	if sealed == nil {
		e.WithdrawnBy = ""
		return e, nil
	}
	plain, err := a.ring.Unseal("consent "+e.ID.String(), sealed)
	if err != nil {
		return e, fmt.Errorf("consent %s: %w", e.ID, err)
	}
	var signed struct {
		Student   consentSubject  `json:"student"`
		Guardian  *consentSubject `json:"guardian"`
		Authority Authority       `json:"authority"`
		Signature string          `json:"signature"`
	}
	if err := json.Unmarshal(plain, &signed); err != nil {
		return e, fmt.Errorf("consent %s: %w", e.ID, err)
	}
	e.Student, e.Authority, e.Signature = signed.Student.Name, signed.Authority, signed.Signature
	if signed.Guardian != nil {
		e.Guardian = signed.Guardian.Name
	}
	return e, nil
}
