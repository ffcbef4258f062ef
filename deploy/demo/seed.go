package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

// examCode is the code of the demonstration's first exam, /e/demo; when that was ended, the next start makes another, /e/demo-2.
const examCode = "demo"

//go:embed consent.ru.txt
var consentText string

// students are those test people of the ESIA stand who stand in the demonstration's roster: all who have a SNILS and are no staff.
func students() []esiamock.Person {
	var list []esiamock.Person
	for _, p := range esiamock.DemoPeople() {
		switch p.OID {
		case esiamock.Stranger, esiamock.Parent, esiamock.Proctor, esiamock.Proctor2, esiamock.Registrar, esiamock.Administrator:
			continue
		}
		if p.SNILS != "" {
			list = append(list, p)
		}
	}
	return list
}

// seed makes the demonstration's organisation, staff and an exam that is open now, or brings them up to date. It returns the exam's code.
func seed(ctx context.Context, store proctor.Store, now time.Time) (string, error) {
	act := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	organisation, err := store.Accounts.EnsureOrganisation(ctx, account.Organisation{
		Name: "Демонстрационный университет", ShortName: "ДемоУ", ActNumber: "301-Д", ActDate: &act,
		Contact: "Учебная часть: +7 (000) 000-00-00, uch@demo.example",
	})
	if err != nil {
		return "", err
	}
	title, body, _ := strings.Cut(consentText, "\n\n")
	if err := store.Accounts.PublishConsentText(ctx, organisation, title, strings.TrimSpace(body)); err != nil {
		return "", err
	}
	if err := seedStaff(ctx, store, account.Organisation{ID: organisation}); err != nil {
		return "", err
	}
	code, err := openCode(ctx, store)
	if err != nil {
		return "", err
	}
	e := exam.Exam{
		Organisation: organisation, Code: code, Title: "Математический анализ (демонстрация)",
		StartsAt: now.Add(-time.Hour).Truncate(time.Minute), EndsAt: now.Add(12 * time.Hour).Truncate(time.Minute), Policy: exam.DefaultPolicy(),
	}
	if e.ID, err = store.Exams.Ensure(ctx, e); err != nil {
		return "", err
	}
	rows := make([]exam.RosterRow, 0, len(students()))
	for i, p := range students() {
		rows = append(rows, exam.RosterRow{
			Line: i + 2, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS,
			Group: "МА-21", Faculty: "Механико-математический",
		})
	}
	_, err = store.Exams.Import(ctx, e, rows, account.Person{})
	return code, err
}

// openCode is the first of the demonstration's codes whose exam was not ended.
func openCode(ctx context.Context, store proctor.Store) (string, error) {
	code := examCode
	for n := 2; ; n++ {
		e, err := store.Exams.ByCode(ctx, code)
		if errors.Is(err, exam.ErrNotFound) || (err == nil && e.FinishedAt == nil) {
			return code, nil
		}
		if err != nil {
			return "", err
		}
		code = fmt.Sprintf("%s-%d", examCode, n)
	}
}

func seedStaff(ctx context.Context, store proctor.Store, o account.Organisation) error {
	roles := map[string]account.Role{
		esiamock.Proctor: account.Proctor, esiamock.Proctor2: account.Proctor, esiamock.Registrar: account.Registrar, esiamock.Administrator: account.Administrator,
	}
	return pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		for _, p := range esiamock.DemoPeople() {
			role, ok := roles[p.OID]
			if !ok {
				continue
			}
			_, err := store.Accounts.Ensure(ctx, tx, account.NewPerson{
				Organisation: o.ID, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS,
				Roles: []account.Role{role},
			})
			if err != nil {
				return fmt.Errorf("seed the staff: %w", err)
			}
		}
		return nil
	})
}
