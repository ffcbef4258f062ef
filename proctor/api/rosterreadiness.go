package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// RosterReadiness is who of an exam's roster is ready.
type RosterReadiness struct {
	Exam   ExamSummary     `json:"exam"`
	Counts ReadinessCounts `json:"counts"`
	Total  int             `json:"total" doc:"Of those who fit the filter"`
	Rows   []ReadinessRow  `json:"rows" nullable:"false"`
}

// ReadinessCounts are of the whole roster.
type ReadinessCounts struct {
	Roster    int `json:"roster"`
	Ready     int `json:"ready"`
	Account   int `json:"account" doc:"Without a linked account"`
	Consent   int `json:"consent" doc:"Without a consent"`
	Enrolment int `json:"enrolment" doc:"Known not to be enrolled"`
	Unknown   int `json:"unknown" doc:"Of whose enrolment nothing is known"`
	Devices   int `json:"devices" doc:"Who have not tried camera and microphone with success"`
	Declined  int `json:"declined" doc:"Who chose another form"`
}

// ReadinessRow is one student.
type ReadinessRow struct {
	PersonID    uuid.UUID  `json:"personId"`
	DisplayName string     `json:"displayName"`
	Group       string     `json:"group"`
	Faculty     string     `json:"faculty"`
	Checks      Checks     `json:"checks"`
	Minor       bool       `json:"minor"`
	Declined    bool       `json:"declined"`
	Ready       bool       `json:"ready"`
	Email       bool       `json:"email" doc:"We can write to her"`
	RemindedAt  *time.Time `json:"remindedAt,omitempty"`

	Accommodation *exam.Accommodation `json:"accommodation,omitempty" doc:"What is done differently for her; absent: nothing"`
}

// ReadinessFilter selects students of a roster.
type ReadinessFilter struct {
	Show string `query:"show" enum:"all,ready,not_ready,account,consent,enrolment,devices,declined" default:"all"`
	Text string `query:"text" maxLength:"100" doc:"A part of the name or the group"`
}

func (f ReadinessFilter) fits(r ReadinessRow) bool {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ё", "е") }
	if f.Text != "" && !strings.Contains(fold(r.DisplayName+" "+r.Group), fold(strings.TrimSpace(f.Text))) {
		return false
	}
	switch f.Show {
	case "ready":
		return r.Ready
	case "not_ready":
		return !r.Ready && !r.Declined
	case "declined":
		return r.Declined
	case "account":
		return r.Checks.Account != "done" && !r.Declined
	case "consent":
		return r.Checks.Consent != "done" && !r.Declined
	case "enrolment":
		return r.Checks.Enrolment != "done" && !r.Declined
	case "devices":
		return r.Checks.Devices != "done" && !r.Declined
	}
	return true
}

type readinessInput struct {
	ID uuid.UUID `path:"id"`
	ReadinessFilter
	Offset int `query:"offset" minimum:"0" maximum:"100000"`
}

func (s *Server) rosterReadiness(ctx context.Context, in *readinessInput) (*body[RosterReadiness], error) {
	e, err := s.ownExam(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.look(ctx, ledger.Look{What: ledger.SawReadiness, Subject: e.ID, Exam: e.ID}); err != nil {
		return nil, err
	}
	rows, err := s.readinessRows(ctx, e)
	if err != nil {
		return nil, err
	}
	out := RosterReadiness{Counts: readinessCounts(rows), Rows: []ReadinessRow{}}
	if out.Exam, err = s.summaryShape(ctx, e); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r ReadinessRow) bool { return !in.fits(r) })
	out.Total = len(rows)
	out.Rows = append(out.Rows, rows[min(in.Offset, len(rows)):min(in.Offset+readinessAtOnce, len(rows))]...)
	return answer(out), nil
}

// readinessRows are the whole roster by name.
func (s *Server) readinessRows(ctx context.Context, e exam.Exam) ([]ReadinessRow, error) {
	entries, err := s.Exams.Entries(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	people := make([]uuid.UUID, len(entries))
	for i, entry := range entries {
		people[i] = entry.Person
	}
	prepared, err := s.Accounts.PreparedOf(ctx, e.Organisation, people)
	if err != nil {
		return nil, err
	}
	known, err := s.Identify.Enrolments(ctx, people)
	if err != nil {
		return nil, err
	}
	rows := make([]ReadinessRow, len(entries))
	for i, entry := range entries {
		p := prepared[entry.Person]
		rows[i] = ReadinessRow{
			PersonID: entry.Person, DisplayName: p.Name.String(), Group: entry.Group, Faculty: entry.Faculty, Checks: checksOf(entry, p, known),
			Minor: p.Minor, Declined: entry.Declined, Email: p.Email, RemindedAt: entry.RemindedAt, Accommodation: accommodated(entry.Accommodation),
		}
		rows[i].Ready = rows[i].Checks.ready() && !entry.Declined
	}
	slices.SortFunc(rows, func(a, b ReadinessRow) int {
		return cmp.Or(strings.Compare(a.DisplayName, b.DisplayName), slices.Compare(a.PersonID[:], b.PersonID[:]))
	})
	return rows, nil
}

func readinessCounts(rows []ReadinessRow) ReadinessCounts {
	c := ReadinessCounts{Roster: len(rows)}
	count := func(n *int, b bool) {
		if b {
			*n++
		}
	}
	for _, r := range rows {
		count(&c.Declined, r.Declined)
		if r.Declined {
			continue
		}
		count(&c.Ready, r.Ready)
		count(&c.Account, r.Checks.Account != "done")
		count(&c.Consent, r.Checks.Consent != "done")
		count(&c.Enrolment, r.Checks.Enrolment == "missing")
		count(&c.Unknown, r.Checks.Enrolment == "unknown")
		count(&c.Devices, r.Checks.Devices != "done")
	}
	return c
}

type remindInput struct {
	ID uuid.UUID `path:"id"`
	ReadinessFilter
}

// Reminded is what became of a reminder.
type Reminded struct {
	Sent         int `json:"sent"`
	WithoutEmail int `json:"withoutEmail"`
	TooSoon      int `json:"tooSoon" doc:"Were reminded within a day"`
}

// remind writes to those of the filter who are not ready: what is left to do, and where. Nobody is written to twice a day, nor who declined.
func (s *Server) remind(ctx context.Context, in *remindInput) (*body[Reminded], error) {
	e, err := s.ownExam(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if e.Over(s.Now()) {
		return nil, exam.ErrOver
	}
	rows, err := s.readinessRows(ctx, e)
	if err != nil {
		return nil, err
	}
	var out Reminded
	byPerson, people := map[uuid.UUID]ReadinessRow{}, []uuid.UUID{}
	for _, r := range rows {
		switch {
		case !in.fits(r) || r.Ready || r.Declined:
		case !r.Email:
			out.WithoutEmail++
		default:
			byPerson[r.PersonID], people = r, append(people, r.PersonID)
		}
	}
	card, err := s.cardShape(ctx, e)
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		due, err := s.Exams.Remind(ctx, tx, e.ID, people)
		if err != nil {
			return err
		}
		addresses, err := s.Accounts.Emails(ctx, tx, due)
		if err != nil {
			return err
		}
		for _, id := range due {
			m := mail.Message{Organisation: e.Organisation, To: addresses[id], Kind: "reminder", Subject: "Подготовьтесь к экзамену «" + e.Title + "»", Text: s.reminder(card, byPerson[id])}
			if err := s.Mail.Enqueue(ctx, tx, m); err != nil {
				return err
			}
		}
		out.Sent, out.TooSoon = len(due), len(people)-len(due)
		person := caller(ctx)
		_, err = s.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: s.Now(), Exam: e.ID, Person: person.ID, Outcome: "reminded",
			Data: ledger.Access{What: "readiness", Filter: map[string]string{"show": in.Show}}, Personal: map[string]string{"actor": person.Name.String()},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer(out), nil
}

// reminder is the letter's text: nothing about the student but what is left to do.
func (s *Server) reminder(card ExamCard, r ReadinessRow) string {
	var left strings.Builder
	add := func(is bool, what string) {
		if is {
			left.WriteString("— " + what + "\n")
		}
	}
	add(r.Checks.Account != "done", "привяжите подтверждённую учётную запись Госуслуг: войдите через Госуслуги")
	add(r.Checks.Consent != "done" && !r.Minor, "прочитайте согласие на обработку данных и решите, давать ли его")
	add(r.Checks.Consent != "done" && r.Minor, "попросите одного из родителей дать согласие: ссылка на странице готовности")
	add(r.Checks.Enrolment == "missing", "зарегистрируйтесь в Единой биометрической системе")
	add(r.Checks.Devices != "done", "проверьте камеру и микрофон")
	return "Здравствуйте!\n\nСкоро экзамен «" + card.Title + "», " + card.StartsAt.In(moscow).Format("02.01.2006 15:04") + " по Москве. До него осталось:\n\n" + left.String() +
		"\nВсё это на одной странице: " + s.PublicURL.JoinPath("ready", card.Code).String() +
		"\n\nТам же можно выбрать другую форму экзамена: на оценку это не влияет.\n\n" + card.Contact + "\n"
}
