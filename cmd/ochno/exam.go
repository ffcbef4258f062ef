package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/exam"
)

func makeExam(ctx context.Context, c *call) error {
	e := exam.Exam{Policy: exam.DefaultPolicy()}
	c.flags.StringVar(&e.Title, "title", "", "what the student reads")
	c.flags.Float64Var(&e.Policy.Threshold, "threshold", e.Policy.Threshold, "least overall score of a verdict that identifies")
	c.flags.IntVar(&e.Policy.Tries, "tries", e.Policy.Tries, "identifications a student may make by herself")
	c.flags.IntVar(&e.Policy.Digits, "digits", e.Policy.Digits, "length of the number read aloud")
	c.flags.Func("policy", "a JSON `file` with the policy; what is absent in it has its default, and flags that follow change it", func(path string) error {
		text, err := os.ReadFile(path)
		if err == nil {
			e.Policy, err = exam.ParsePolicy(text)
		}
		return err
	})
	starts := c.flags.String("starts", "", "`time`, 2026-12-20T09:00:00+03:00")
	ends := c.flags.String("ends", "", "`time` likewise")
	if err := c.parse(1); err != nil {
		return err
	}
	e.Code = c.flags.Arg(0)
	if e.Title == "" {
		return usageError{errors.New("--title is needed")}
	}
	var errStarts, errEnds error
	e.StartsAt, errStarts = time.Parse(time.RFC3339, *starts)
	e.EndsAt, errEnds = time.Parse(time.RFC3339, *ends)
	if errStarts != nil || errEnds != nil {
		return usageError{errors.New("--starts and --ends: want times like 2026-12-20T09:00:00+03:00")}
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		o, err := store.Accounts.Organisation(ctx)
		if err != nil {
			return fmt.Errorf("make the organisation first (ochno organisation): %w", err)
		}
		e.Organisation = o.ID
		_, err = store.Exams.Ensure(ctx, e)
		return err
	})
}

func rosterImport(ctx context.Context, c *call) error {
	code := c.flags.String("exam", "", "`code` of the exam")
	if err := c.parse(1); err != nil {
		return err
	}
	if *code == "" {
		return usageError{errors.New("--exam is needed")}
	}
	file, err := os.Open(c.flags.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := exam.ParseRoster(file)
	if err == nil {
		err = withStore(ctx, c, func(store proctor.Store) error {
			e, err := store.Exams.ByCode(ctx, *code)
			if err != nil {
				return fmt.Errorf("exam %q: %w", *code, err)
			}
			done, err := store.Exams.Import(ctx, e, rows, account.Person{})
			if err == nil {
				fmt.Fprintf(c.stdout, "%d rows read, %d new in the roster, %d changed\n", done.Rows, done.New, done.Changed)
			}
			return err
		})
	}
	var broken *exam.RosterError
	if errors.As(err, &broken) {
		for _, p := range broken.Problems {
			fmt.Fprintln(c.stderr, p)
		}
		fmt.Fprintf(c.stderr, "%d problems; nothing was imported\n", broken.Total)
		return failure(1)
	}
	return err
}
