package exam

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ochno/proctor/account"
	"ochno/proctor/ledger"
)

// Draft is what a person fills in for an exam.
type Draft struct {
	Title    string // 3 to 200 characters
	StartsAt time.Time
	EndsAt   time.Time // after the start, at most a week
	Code     string    // of a new exam's link; empty: one is made
}

// DraftError refuses a draft and names the field: title, time, code.
type DraftError struct{ Field string }

func (e *DraftError) Error() string { return "the exam's " + e.Field + " cannot be like this" }

// longestExam bounds how long one may go on.
const longestExam = 7 * 24 * time.Hour

func (d *Draft) check() error {
	d.Title = strings.Join(strings.Fields(d.Title), " ")
	if n := utf8.RuneCountInString(d.Title); n < 3 || n > 200 {
		return &DraftError{"title"}
	}
	if !d.EndsAt.After(d.StartsAt) || d.EndsAt.Sub(d.StartsAt) > longestExam || d.StartsAt.Year() < 2020 || d.StartsAt.Year() > 2100 {
		return &DraftError{"time"}
	}
	return nil
}

// Create makes an exam of the actor's organisation under a policy. What it is stands in the log from its beginning. A *[DraftError], or an error
// over [ErrPolicy], refuses.
func (x *Exams) Create(ctx context.Context, actor account.Person, d Draft, p Policy) (Exam, error) {
	if err := errors.Join(d.check(), p.Check()); err != nil {
		return Exam{}, err
	}
	if d.Code == "" {
		d.Code = "exam-" + strings.ToLower(rand.Text()[:8])
	}
	if !codePattern.MatchString(d.Code) {
		return Exam{}, &DraftError{"code"}
	}
	e := Exam{ID: uuid.New(), Organisation: actor.Organisation, Code: d.Code, Title: d.Title, StartsAt: d.StartsAt.UTC(), EndsAt: d.EndsAt.UTC(), Policy: p}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, $3, $4, $5, $6, $7)`,
			e.ID, e.Organisation, e.Code, e.Title, e.StartsAt, e.EndsAt, e.Policy)
		if taken := (*pgconn.PgError)(nil); errors.As(err, &taken) && taken.ConstraintName == "exam_code_key" {
			return &DraftError{"code"}
		}
		if err != nil {
			return fmt.Errorf("store the exam: %w", err)
		}
		return x.logSettings(ctx, tx, e.ID, actor, map[string]string{}, e.settings())
	})
	return e, err
}

// Change gives an exam another title or another time, also while it goes on: then it lasts longer, or ends sooner. One that was ended for everybody
// stays as it is: [ErrOver].
func (x *Exams) Change(ctx context.Context, id uuid.UUID, actor account.Person, d Draft) (Exam, error) {
	if err := d.check(); err != nil {
		return Exam{}, err
	}
	var e Exam
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, selectExam+` where id = $1 and organisation_id = $2 for update`, id, actor.Organisation)
		var err error
		if e, err = oneExam(rows); err != nil {
			return err
		}
		if e.FinishedAt != nil {
			return ErrOver
		}
		was := e.settings()
		e.Title, e.StartsAt, e.EndsAt = d.Title, d.StartsAt.UTC(), d.EndsAt.UTC()
		if _, err := tx.Exec(ctx, `update exam set title = $2, starts_at = $3, ends_at = $4 where id = $1`, id, e.Title, e.StartsAt, e.EndsAt); err != nil {
			return fmt.Errorf("store the exam: %w", err)
		}
		return x.logSettings(ctx, tx, id, actor, was, e.settings())
	})
	return e, err
}

// settings are the exam's own, beside its policy, each as JSON.
func (e Exam) settings() map[string]string {
	out := map[string]string{}
	for name, value := range map[string]any{"title": e.Title, "startsAt": e.StartsAt.UTC(), "endsAt": e.EndsAt.UTC()} {
		text, err := json.Marshal(value)
		if err != nil {
			continue // a text and two times always are
		}
		out[name] = string(text)
	}
	return out
}

// logSettings writes a record for each setting that changes.
func (x *Exams) logSettings(ctx context.Context, tx pgx.Tx, id uuid.UUID, actor account.Person, was, becomes map[string]string) error {
	for _, name := range []string{"title", "startsAt", "endsAt"} {
		if was[name] == becomes[name] {
			continue
		}
		if _, err := x.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypePolicyChange, At: x.now(), Exam: id, Outcome: "changed",
			Data:     ledger.PolicyChange{What: "exam", Class: name, Before: was[name], After: becomes[name]},
			Personal: map[string]string{"actor": actor.Name.String()},
		}); err != nil {
			return err
		}
	}
	return nil
}
