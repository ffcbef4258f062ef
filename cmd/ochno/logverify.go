package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"

	"ochno/proctor"
	"ochno/proctor/archive"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

func verifyFile(ctx context.Context, file *os.File, t pack.Trust) (*pack.Report, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return pack.Verify(ctx, file, info.Size(), t)
}

func logVerify(ctx context.Context, c *call) error {
	since := c.flags.String("since", "", "`file` with a checkpoint that was kept: prove that nothing was cut off or rewritten since")
	key := c.flags.String("key", "", "the log's public `key` as the university publishes it, or a file with it; for a package")
	recordings := c.flags.Bool("recordings", false, "check the recordings and their stored files too; needs the settings of MinIO")
	if err := c.parseFlags(); err != nil {
		return err
	}
	path := c.flags.Arg(0)
	if path != "" { // flags may also come after the file, where people write them
		c.args = c.flags.Args()[1:]
		if err := c.parse(0); err != nil {
			return err
		}
	}
	var earlier []byte
	if *since != "" {
		var err error
		if earlier, err = readSmall(*since); err != nil {
			return err
		}
	}
	if path != "" {
		if *recordings {
			return usageError{errors.New("--recordings is for the database and MinIO; a package proves its segments by itself")}
		}
		return verifyPackage(ctx, c, path, *key, earlier)
	}
	if *key != "" {
		return usageError{errors.New("--key is for a package; the database is checked with the key of OCHNO_LOG_KEY_FILE")}
	}
	return verifyDatabase(ctx, c, earlier, *recordings)
}

func verifyPackage(ctx context.Context, c *call, path, key string, earlier []byte) error {
	if _, err := note.NewVerifier(key); key != "" && err != nil {
		text, readErr := readSmall(key)
		if readErr != nil {
			return usageError{fmt.Errorf("--key: neither a public key (%w) nor a file with one", err)}
		}
		key = string(bytes.TrimSpace(text))
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	report, err := verifyFile(ctx, file, pack.Trust{Key: key, Earlier: earlier})
	if err != nil {
		return err
	}
	if err := report.Text(c.stdout); err != nil {
		return err
	}
	if !report.OK() {
		return failure(1)
	}
	return nil
}

func verifyDatabase(ctx context.Context, c *call, earlier []byte, recordings bool) error {
	return withStore(ctx, c, func(store proctor.Store) error {
		var checkpoints []ledger.Checkpoint
		if earlier != nil {
			keys, err := store.Log.Keys(ctx)
			if err != nil {
				return err
			}
			checkpoint, err := keys.Open(earlier)
			if err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			checkpoints = append(checkpoints, checkpoint)
		}
		report, err := store.Log.Verify(ctx, checkpoints...)
		if err != nil {
			return fmt.Errorf("the log does not verify: %w", err)
		}
		fmt.Fprintf(c.stdout, "%d records stand in the tree, in order and unchanged; %d checkpoints fit and are signed by %s; %d records wait to be sealed\n",
			report.Size, report.Checkpoints, store.Key.Verifier.Name(), report.Pending)
		if report.Earlier > 0 {
			fmt.Fprintf(c.stdout, "the log begins with the very %d records that the earlier checkpoint signed\n", checkpoints[0].Size)
		}
		if !recordings {
			return nil
		}
		return verifyRecordings(ctx, c, store)
	})
}

// openObjects opens the store of recordings, of which the other settings are not needed.
func openObjects(ctx context.Context, c *call, store proctor.Store) (*archive.Archive, error) {
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if cfg.MinioEndpoint == "" {
		return nil, err
	}
	return proctor.OpenArchive(ctx, cfg, store)
}

func verifyRecordings(ctx context.Context, c *call, store proctor.Store) error {
	objects, err := openObjects(ctx, c, store)
	if err != nil {
		return err
	}
	audited, err := objects.Audit(ctx, true)
	if err != nil {
		return err
	}
	for _, finding := range audited.Findings {
		fmt.Fprintln(c.stdout, finding)
	}
	if len(audited.Findings) > 0 {
		return failure(1)
	}
	fmt.Fprintf(c.stdout, "%d recordings are those that the log sealed; all of their %d files that can be read are unchanged, of %d the keys were destroyed\n",
		audited.Recordings, audited.Objects, audited.Destroyed)
	return nil
}
