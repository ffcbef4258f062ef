// Package appeal takes students' appeals (апелляции) against decisions on their attempts, and lets somebody decide them who did not take the
// contested decision.
//
// It owns appeal and appeal_policy. While an appeal waits, and for some time after, a hold keeps the evidence. It does not decide who may look at
// the queue. Start reading at Desk.File, then Desk.Decide.
package appeal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
	"ochno/proctor/retention"
)

// State is how far an appeal is.
type State string

// The states of an appeal.
const (
	Open     State = "open"
	Granted  State = "granted"
	Rejected State = "rejected"
)

// Remedy is what a granted appeal does.
type Remedy string

// The remedies; a rejected appeal has none.
const (
	NoRemedy   Remedy = ""
	AnotherTry Remedy = "try"   // she may be identified again, while the exam lasts
	Annul      Remedy = "annul" // the contested decision is void
)

// Why an appeal was not taken or not decided.
var (
	ErrNotFound   = errors.New("no such appeal")
	ErrNothing    = errors.New("nothing was decided that could be contested")
	ErrLate       = errors.New("the time for an appeal is over")
	ErrTwice      = errors.New("an appeal against this decision was filed already")
	ErrText       = errors.New("an appeal and its decision want a text of bounded length")
	ErrDecided    = errors.New("the appeal is decided already")
	ErrSamePerson = errors.New("who took the contested decision cannot decide the appeal")
	ErrRemedy     = errors.New("a granted appeal wants one remedy, a rejected one none")
)

// MaxText bounds an appeal's text and MaxReason that of its decision, in characters.
const (
	MaxText   = 4000
	MaxReason = 2000
)

// Appeal is one.
type Appeal struct {
	ID           uuid.UUID
	Number       string
	Organisation uuid.UUID
	Attempt      uuid.UUID
	Person       uuid.UUID
	State        State
	Remedy       Remedy
	Text         string
	Email        string // where the answer goes; empty: to the page alone
	English      bool   // the answer is to be in English
	FiledAt      time.Time
	DecidedAt    *time.Time
	DecidedBy    uuid.UUID // Nil while open
	Reason       string    // of the decision
	Hold         uuid.UUID
}

// Holds keep evidence from being erased.
type Holds interface {
	Hold(ctx context.Context, tx pgx.Tx, attempt uuid.UUID, kind retention.Kind, reason string, by retention.Actor) (uuid.UUID, error)
	Lift(ctx context.Context, tx pgx.Tx, hold uuid.UUID, reason string, by retention.Actor) error
}

// Post takes a letter within the caller's transaction.
type Post interface {
	Enqueue(ctx context.Context, tx pgx.Tx, m mail.Message) error
}

// Config wires a Desk.
type Config struct {
	Pool     *pgxpool.Pool
	Ring     *keyring.Ring
	Log      *ledger.Log
	Exams    *exam.Exams
	Accounts *account.Accounts
	Holds    Holds
	Post     Post
	Now      func() time.Time
}

// Desk takes appeals and lets them be decided. Safe for concurrent use.
type Desk struct{ c Config }

// New makes the desk over a migrated database.
func New(c Config) *Desk { return &Desk{c} }

// Form is what a student files.
type Form struct {
	Text    string
	Email   string // empty: the roster's address, if it has one
	English bool
}

// File takes a student's appeal on her own attempt (another's is ErrNotFound): with it stand a hold on the evidence and a record in the log, or
// nothing does. ErrText, ErrNothing, ErrLate and ErrTwice say why not; mail.ErrAddress that the address is none.
func (d *Desk) File(ctx context.Context, by account.Person, attempt uuid.UUID, f Form) (Appeal, error) {
	text, err := clean(f.Text, MaxText)
	if err != nil {
		return Appeal{}, err
	}
	if f.Email != "" {
		address, err := mail.CheckAddress(f.Email)
		if err != nil {
			return Appeal{}, err
		}
		f.Email = address
	}
	now := d.c.Now().UTC()
	out := Appeal{
		ID: uuid.New(), Organisation: by.Organisation, Attempt: attempt, Person: by.ID, State: Open, Text: text, Email: f.Email, English: f.English,
		FiledAt: now,
	}
	err = pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		j, err := d.c.Exams.Judged(ctx, tx, attempt) // two at once come one after the other
		if errors.Is(err, exam.ErrNotFound) || err == nil && j.Attempt.PersonID != by.ID {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		earlier, err := d.read(ctx, tx, `attempt_id = $1`, attempt)
		if err != nil {
			return err
		}
		policy, err := d.policy(ctx, tx, by.Organisation)
		if err != nil {
			return err
		}
		if err := mayFile(j, earlier, policy, now); err != nil {
			return err
		}
		if out.Email == "" {
			known, err := d.c.Accounts.Emails(ctx, tx, []uuid.UUID{by.ID})
			if err != nil {
				return err
			}
			out.Email = known[by.ID]
		}
		who := retention.Actor{ID: by.ID, Name: by.Name.String()}
		if out.Hold, err = d.c.Holds.Hold(ctx, tx, attempt, retention.Appeal, "Апелляция", who); err != nil {
			return err
		}
		if err := d.store(ctx, tx, &out); err != nil {
			return err
		}
		if err := d.send(ctx, tx, out, j, filedLetter); err != nil {
			return err
		}
		return d.record(ctx, tx, out, j, "filed", map[string]string{"text": out.Text})
	})
	return out, err
}

// mayFile tells whether the decision can be contested now, the earlier appeals being the newest first.
func mayFile(j exam.Judgement, earlier []Appeal, p Policy, now time.Time) error {
	switch {
	case j.Last.IsZero():
		return ErrNothing
	case len(earlier) > 0 && (earlier[0].State == Open || !j.Last.After(*earlier[0].DecidedAt)):
		return ErrTwice
	case now.After(p.deadline(j)):
		return ErrLate
	}
	return nil
}

// clean is a text as it is kept: of at most that many characters, lines ended by \n, and nothing that a letter cannot hold.
func clean(text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" || utf8.RuneCountInString(text) > most || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "", ErrText
	}
	return text, nil
}

// personalPart is what of an appeal is sealed.
type personalPart struct {
	Text    string `json:"text"`
	Email   string `json:"email,omitempty"`
	English bool   `json:"english,omitempty"`
}

func purpose(id uuid.UUID) string       { return "appeal " + id.String() }
func purposeReason(id uuid.UUID) string { return "appeal reason " + id.String() }

// store writes a new appeal and gives it its number.
func (d *Desk) store(ctx context.Context, tx pgx.Tx, a *Appeal) error {
	text, err := json.Marshal(personalPart{Text: a.Text, Email: a.Email, English: a.English})
	if err != nil {
		return fmt.Errorf("appeal: %w", err)
	}
	var number int64
	if err := tx.QueryRow(ctx, `insert into appeal (id, organisation_id, attempt_id, person_id, personal, filed_at, hold) values ($1, $2, $3, $4, $5, $6, $7) returning number`,
		a.ID, a.Organisation, a.Attempt, a.Person, d.c.Ring.Seal(purpose(a.ID), text), a.FiledAt, a.Hold).Scan(&number); err != nil {
		return fmt.Errorf("store the appeal: %w", err)
	}
	a.Number = numberText(number)
	return nil
}

func numberText(n int64) string { return fmt.Sprintf("А-%05d", n) }

func (d *Desk) record(ctx context.Context, tx pgx.Tx, a Appeal, j exam.Judgement, outcome string, personal map[string]string) error {
	ref, err := d.c.Exams.Ref(ctx, j.Attempt)
	if err != nil {
		return err
	}
	personal["student"] = j.Attempt.Student
	_, err = d.c.Log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeAppeal, At: d.c.Now(), Exam: j.Exam.ID, Attempt: a.Attempt, Person: a.Person, Outcome: outcome,
		Data: ledger.Appeal{Exam: ref, Number: a.Number, Remedy: string(a.Remedy)}, Personal: personal,
	})
	return err
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// read reads those for which a condition holds, the newest first, at most 200.
func (d *Desk) read(ctx context.Context, q queryer, where string, args ...any) ([]Appeal, error) {
	rows, _ := q.Query(ctx, `select id, number, organisation_id, attempt_id, person_id, state, remedy, personal, filed_at, decided_at, decided_by, reason, hold
		from appeal where `+where+` order by number desc limit 200`, args...)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Appeal, err error) {
		var number int64
		var personal, reason []byte
		var by uuid.NullUUID
		if err := row.Scan(&a.ID, &number, &a.Organisation, &a.Attempt, &a.Person, &a.State, &a.Remedy, &personal, &a.FiledAt, &a.DecidedAt, &by, &reason, &a.Hold); err != nil {
			return a, err
		}
		a.Number, a.DecidedBy, a.FiledAt = numberText(number), by.UUID, a.FiledAt.UTC()
		plain, err := d.c.Ring.Unseal(purpose(a.ID), personal)
		if err != nil {
			return a, err
		}
		var part personalPart
		if err := json.Unmarshal(plain, &part); err != nil {
			return a, err
		}
		a.Text, a.Email, a.English = part.Text, part.Email, part.English
		if reason == nil {
			return a, nil
		}
		plain, err = d.c.Ring.Unseal(purposeReason(a.ID), reason)
		a.Reason = string(plain)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the appeals: %w", err)
	}
	return list, nil
}

// Queue are an organisation's, the newest first, at most 200: those that wait, or those that were decided.
func (d *Desk) Queue(ctx context.Context, organisation uuid.UUID, open bool) ([]Appeal, error) {
	return d.read(ctx, d.c.Pool, `organisation_id = $1 and (state = 'open') = $2`, organisation, open)
}

// Get reads one of an organisation: ErrNotFound.
func (d *Desk) Get(ctx context.Context, organisation, id uuid.UUID) (Appeal, error) {
	list, err := d.read(ctx, d.c.Pool, `id = $1 and organisation_id = $2`, id, organisation)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Appeal{}, err
	}
	return list[0], nil
}

// Prospect is what a student may know of appealing on an attempt.
type Prospect struct {
	Appeals []Appeal  // hers on it, the newest first
	Until   time.Time // the last moment for filing; zero: nothing can be contested now
	Why     error     // why she cannot file now; nil: she can
}

// Prospect of an attempt.
func (d *Desk) Prospect(ctx context.Context, attempt uuid.UUID) (Prospect, error) {
	var p Prospect
	err := pgx.BeginFunc(ctx, d.c.Pool, func(tx pgx.Tx) error {
		j, err := d.c.Exams.Judged(ctx, tx, attempt)
		if err != nil {
			return err
		}
		if p.Appeals, err = d.read(ctx, tx, `attempt_id = $1`, attempt); err != nil {
			return err
		}
		policy, err := d.policy(ctx, tx, j.Exam.Organisation)
		if err != nil {
			return err
		}
		if p.Why = mayFile(j, p.Appeals, policy, d.c.Now()); p.Why == nil || errors.Is(p.Why, ErrLate) {
			p.Until = policy.deadline(j)
		}
		return nil
	})
	return p, err
}
