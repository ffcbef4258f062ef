package account_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Whoever chooses another form of the exam needs neither account nor consent for it, is seen in the roster, and nothing else about her changes:
// neither who she is, nor her roles, links and consents, nor anybody else. She may come back.
func TestCase10DeclineWithoutPenalty(t *testing.T) {
	ctx := t.Context()
	pool := stacktest.Database(t)
	ring, err := keyring.New(bytes.Repeat([]byte{7}, keyring.KeySize))
	must(t, err)
	_, public, err := note.GenerateKey(nil, "account.test/log")
	must(t, err)
	now := time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	log := ledger.Open(pool, ring, public)
	accounts := account.New(pool, ring, log, clock)
	exams := exam.New(pool, accounts, log, clock)
	university, err := accounts.EnsureOrganisation(ctx, account.Organisation{Name: "Университет", ShortName: "У"})
	must(t, err)
	e := exam.Exam{Organisation: university, Code: "algebra", Title: "Алгебра", StartsAt: now.Add(72 * time.Hour), EndsAt: now.Add(75 * time.Hour), Policy: exam.DefaultPolicy()}
	e.ID, err = exams.Ensure(ctx, e)
	must(t, err)
	birth := time.Date(2004, 3, 12, 0, 0, 0, 0, time.UTC)
	_, err = exams.Import(ctx, e, []exam.RosterRow{
		{Line: 2, Name: account.Name{Last: "Ёлкина", First: "Мария"}, BirthDate: birth, SNILS: "11223344595"},
		{Line: 3, Name: account.Name{Last: "Ким", First: "Ир"}, BirthDate: birth, SNILS: "08765430300"},
	}, account.Person{})
	must(t, err)
	entries, err := exams.Entries(ctx, e.ID)
	must(t, err)
	if len(entries) != 2 || entries[0].Declined || entries[1].Declined {
		t.Fatalf("the roster: %+v", entries)
	}
	she := entries[0]
	people := func() (text string) {
		t.Helper()
		must(t, pool.QueryRow(ctx, `select concat((select string_agg(p::text, E'\n' order by id) from person p), (select string_agg(r::text, E'\n' order by r::text) from person_role r),
			(select count(*) from consent), (select count(*) from login))`).Scan(&text))
		return text
	}
	before := people()
	move := func(to exam.State, reason string) {
		t.Helper()
		a, err := exams.Join(ctx, e, she.Person)
		must(t, err)
		must(t, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := exams.Move(ctx, tx, a.ID, exam.Move{To: to, Actor: she.Person, Reason: reason})
			return err
		}))
	}
	declined := func() (who []bool) {
		t.Helper()
		list, err := exams.Entries(ctx, e.ID)
		must(t, err)
		for _, entry := range list {
			who = append(who, entry.Declined)
		}
		return who
	}
	move(exam.Declined, "other_form")
	if got := declined(); !slices.Equal(got, []bool{true, false}) {
		t.Errorf("who declined: %v; want her alone", got)
	}
	if after := people(); after != before {
		t.Errorf("something followed from it:\n%s\n%s", before, after)
	}
	move(exam.Registered, "came_back")
	if got := declined(); !slices.Equal(got, []bool{false, false}) || people() != before {
		t.Errorf("after she came back: %v", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
