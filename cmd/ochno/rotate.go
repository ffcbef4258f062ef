package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ochno/proctor"
	"ochno/proctor/keyring"
)

var rotateCommand = command{"keys rotate-master", "", "change the master key", `First makes a new key: with --new FILE it writes one and says what to set. Then, without --new and with the new key set, wraps every object
key and seals every personal value again under it, while the service runs; recordings are not touched. It may be stopped and started again, and
says when the old key is not needed any more. Of several nodes every one must know the new key (in OCHNO_MASTER_KEY_OLD_FILES) before the first seals under it.`, rotateMaster}

func rotateMaster(ctx context.Context, c *call) error {
	file := c.flags.String("new", "", "`file` to write a new master key to; nothing else is done")
	if err := c.parse(0); err != nil {
		return err
	}
	if *file != "" {
		return newMaster(c, *file)
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		fmt.Fprintf(c.stdout, "everything is sealed again under key %s\n", store.Ring.ID())
		report, err := proctor.OpenRotation(store).Run(ctx, func(column string, moved int64) {
			fmt.Fprintf(c.stdout, "  %s: %d moved\n", column, moved)
		})
		if err != nil {
			return fmt.Errorf("%w; what was moved stays so, run this again", err)
		}
		for _, broken := range report.Broken {
			fmt.Fprintln(c.stderr, broken)
		}
		if len(report.Broken) > 0 {
			return errors.New("some values open under none of the keys: keep every old key, and find the one that is missing")
		}
		fmt.Fprintf(c.stdout, "%d values, %d moved. Nothing is left under another key: take OCHNO_MASTER_KEY_OLD_FILES away and restart every node.\n"+
			"Backups of the database made before this need the old key: keep it with them as long as they are kept.\n", report.Values, report.Moved)
		return nil
	})
}

func newMaster(c *call, file string) error {
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("%s is there already", file)
	}
	if err := keyring.Generate(file); err != nil {
		return err
	}
	ring, err := keyring.Open(file)
	if err != nil {
		return err
	}
	old := c.getenv("OCHNO_MASTER_KEY_FILE")
	if old == "" {
		old = "(a file with the key that is in use now)"
	}
	fmt.Fprintf(c.stdout, `key %s is in %s; keep a copy apart from the database's backups. Then
1. with several nodes: set OCHNO_MASTER_KEY_OLD_FILES=%s and restart every node, one after the other;
2. set OCHNO_MASTER_KEY_FILE=%s and OCHNO_MASTER_KEY_OLD_FILES=%s and restart every node;
3. run ochno keys rotate-master with these settings.
`, ring.ID(), file, file, file, old)
	return nil
}
