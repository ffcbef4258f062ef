package main

import (
	"context"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"ochno/proctor"
	"ochno/proctor/retention"
)

var retentionCommand = command{"retention", "", "erase what has expired, or list what would be", `Erases now what the service erases once a day: recordings, personal values of the log, consents and requests whose term is over, unless a
hold keeps them. Keys are destroyed first, then objects; receipts go into the log. With --dry-run it only lists what would go and when, with
--days also what expires within so many days.`, runRetention}

func runRetention(ctx context.Context, c *call) error {
	dry := c.flags.Bool("dry-run", false, "list what is due, change nothing")
	days := c.flags.Int("days", 0, "with --dry-run: also what expires within so many `days`")
	if err := c.parse(0); err != nil {
		return err
	}
	if *days < 0 || *days > 36500 || *days > 0 && !*dry {
		return usageError{fmt.Errorf("--days: want 0 to 36500, with --dry-run")}
	}
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if err != nil {
		return err
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		objects, err := proctor.OpenArchive(ctx, cfg, store)
		if err != nil {
			return err
		}
		service := proctor.OpenRetention(store, objects, slog.New(slog.NewTextHandler(c.stderr, nil)))
		if !*dry {
			done, err := service.Erase(ctx)
			for _, class := range retention.Classes() {
				fmt.Fprintf(c.stdout, "%s: %d\n", class, done.Erased[class])
			}
			return err
		}
		now := time.Now()
		list, err := service.Calendar(ctx, uuid.Nil, now.AddDate(0, 0, *days))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(c.stdout, "Nothing expires.")
			return nil
		}
		table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "WHEN\tCLASS\tEXAM\tHOW MANY\tHELD\tWITHDRAWN")
		for _, x := range list {
			when := x.At.Format(time.DateOnly)
			if !x.At.After(now) {
				when = "now"
			}
			exam := x.ExamCode
			if exam == "" {
				exam = "–"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\n", when, x.Class, exam, x.Count, x.Held, x.Withdrawn)
		}
		return table.Flush()
	})
}
