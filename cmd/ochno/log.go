package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/ledger"
)

func logCommands() []command {
	return []command{
		{"log export", "", "export the identification log", `Writes the log as CSV (opens right in a Russian Excel), XLSX (typed cells, a summary) or JSON Lines, oldest first,
or as PDF the sheet of identification of an exam or the protocol of one attempt. The export is itself a record of the log.`, logExport},
		{"log package", "", "write a package that anyone can check offline", `Writes one ZIP with the sealed records, their proofs, the signed checkpoint, the key and the hashes of recordings, and checks it before it appears.
Without --exam and --type it holds the whole log. It has personal values: keep and send it accordingly. The package is itself a record of the log.`, logPackage},
		{"log verify", "[FILE.zip]", "check a package, or the whole log", `With a file: checks a package, with no network, no database and no configuration, and says what it proved or what does not fit.
Without: rebuilds the tree from the database's records alone and compares it with every checkpoint and its signature.
With --since both prove that nothing was cut off or rewritten since a checkpoint that was kept elsewhere. With --recordings every recording is held
against what the log sealed of it, and every stored file is read and hashed. Exit code 1 when anything does not fit.`, logVerify},
		{"log checkpoint", "", "print the newest signed checkpoint, to be kept elsewhere", `Prints the newest checkpoint as a signed note. Keep it where nobody who runs the log can change it: log verify --since FILE proves later
that the log still begins with the records it signed.`, logCheckpoint},
		{"log rotate-key", "", "let a new key sign the log", `Makes a new key in place of OCHNO_LOG_KEY_FILE. The old one's last act is a record of the change; both keys sign a statement of it, so that whoever
knows the old key can go on checking. The old files stay beside as FILE.until-SIZE. Start the service anew afterwards: until then it seals nothing.`, logRotateKey},
	}
}

func logExport(ctx context.Context, c *call) error {
	format := c.flags.String("format", "csv", "csv, xlsx, jsonl, or pdf (the sheet of an exam, the protocol of an attempt)")
	code := c.flags.String("exam", "", "`code` of an exam; default: all")
	attempt := c.flags.String("attempt", "", "`id` of one student's attempt; default: all")
	kind := c.flags.String("type", "", "`type` of record, like identification; default: all")
	output := c.flags.String("output", "-", "`file` to write; - for standard output")
	separator := c.flags.String("separator", ";", "of CSV: ; or , or tab")
	if err := c.parse(0); err != nil {
		return err
	}
	options := ledger.ExportOptions{Format: ledger.Format(*format), Separator: ';', Zone: time.Local, Filter: ledger.Filter{Type: ledger.Type(*kind)}}
	switch *separator {
	case ";":
	case ",":
		options.Separator = ','
	case "tab", "\t":
		options.Separator = '\t'
	default:
		return usageError{errors.New("--separator: want ; or , or tab")}
	}
	switch options.Format {
	case ledger.CSV, ledger.XLSX, ledger.JSONL:
	case formatPDF:
		if (*code == "") == (*attempt == "") || *kind != "" {
			return usageError{errors.New("--format pdf is the sheet of one exam or the protocol of one attempt: give --exam or --attempt, and no --type")}
		}
	default:
		return usageError{errors.New("--format: want csv, xlsx, jsonl or pdf")}
	}
	if *attempt != "" {
		id, err := uuid.Parse(*attempt)
		if err != nil {
			return usageError{errors.New("--attempt: want the id of an attempt")}
		}
		options.Filter.Attempt = id
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		if *code != "" {
			e, err := store.Exams.ByCode(ctx, *code)
			if err != nil {
				return fmt.Errorf("exam %q: %w", *code, err)
			}
			options.Filter.Exam = e.ID
		}
		if err := logAccess(ctx, store, options); err != nil {
			return err
		}
		if options.Format == formatPDF {
			return exportPDF(ctx, c, store, options.Filter, *output)
		}
		return write(c, *output, func(w io.Writer) error {
			n, err := store.Log.Export(ctx, w, options)
			if err == nil {
				fmt.Fprintf(c.stderr, "%d records\n", n)
			}
			return err
		})
	})
}

// formatPDF is the sheet of identification, which the log itself does not write.
const formatPDF ledger.Format = "pdf"

func exportPDF(ctx context.Context, c *call, store proctor.Store, f ledger.Filter, output string) error {
	if err := seal(ctx, store); err != nil {
		return err
	}
	checkpoint, err := store.Log.Latest(ctx)
	if err != nil {
		return err
	}
	return write(c, output, func(w io.Writer) error {
		if f.Attempt != uuid.Nil {
			return store.Papers().Protocol(ctx, w, f.Attempt, checkpoint)
		}
		return store.Papers().Sheet(ctx, w, f.Exam, checkpoint)
	})
}

// logAccess records that somebody with access to the machine exported the log.
func logAccess(ctx context.Context, store proctor.Store, o ledger.ExportOptions) error {
	return pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		_, err := store.Log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeAccess, At: time.Now(), Exam: o.Filter.Exam, Person: uuid.Nil, Outcome: "exported",
			Data:     ledger.Access{What: "log." + string(o.Format), Filter: map[string]string{"type": string(o.Filter.Type), "by": "command line"}},
			Personal: map[string]string{"actor": "system user " + os.Getenv("USER")},
		})
		return err
	})
}

// write gives do a file that appears whole or not at all, or standard output.
func write(c *call, path string, do func(io.Writer) error) error {
	if path == "-" {
		return do(c.stdout)
	}
	return writeFile(path, func(file *os.File) error {
		out := bufio.NewWriter(file)
		err := do(out)
		return errors.Join(err, out.Flush())
	})
}

// writeFile gives do a file that appears at path once do is done without an error.
func writeFile(path string, do func(*os.File) error) error {
	file, err := os.CreateTemp(dirOf(path), ".ochno-export-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(do(file), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return "."
}

// logPackage writes a package and checks it as its receiver will.
func logPackage(ctx context.Context, c *call) error {
	code := c.flags.String("exam", "", "`code` of an exam; default: all")
	kind := c.flags.String("type", "", "`type` of record, like identification; default: all")
	output := c.flags.String("output", "", "`file` to write, like algebra.zip")
	recordings := c.flags.Bool("recordings", false, "with the recorded files of --exam, NOT encrypted; needs the settings of MinIO")
	if err := c.parse(0); err != nil {
		return err
	}
	if *output == "" || *output == "-" {
		return usageError{errors.New("--output is needed: a file, for the package is checked before it appears")}
	}
	if *recordings && *code == "" {
		return usageError{errors.New("--recordings goes with --exam: the recordings of one exam")}
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		filter, selection := ledger.Filter{Type: ledger.Type(*kind)}, map[string]string{}
		if *kind != "" {
			selection["type"] = *kind
		}
		if *code != "" {
			e, err := store.Exams.ByCode(ctx, *code)
			if err != nil {
				return fmt.Errorf("exam %q: %w", *code, err)
			}
			filter.Exam, selection["exam"] = e.ID, *code
		}
		papers := store.Papers()
		what := ledger.Format("package")
		if *recordings {
			what = "package.recordings"
			objects, err := openObjects(ctx, c, store)
			if err != nil {
				return err
			}
			papers.Recorded = objects
		}
		if err := logAccess(ctx, store, ledger.ExportOptions{Format: what, Filter: filter}); err != nil {
			return err
		}
		if err := seal(ctx, store); err != nil {
			return err
		}
		return writeFile(*output, func(file *os.File) error {
			report, err := papers.Package(ctx, file, filter, selection, *recordings)
			if err == nil {
				fmt.Fprintf(c.stderr, "%d records\n", report.Records)
			}
			return err
		})
	})
}

// seal takes what waits into the tree, as the service's sequencer does: whichever of them is first.
func seal(ctx context.Context, store proctor.Store) error {
	s := ledger.NewSequencer(store.Pool, store.Key.Signer, time.Now, slog.New(slog.DiscardHandler))
	for {
		if n, err := s.Sequence(ctx); err != nil || n == 0 {
			return err
		}
	}
}

func logCheckpoint(ctx context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		if err := seal(ctx, store); err != nil {
			return err
		}
		checkpoint, err := store.Log.Latest(ctx)
		if err != nil {
			return err
		}
		_, err = io.WriteString(c.stdout, checkpoint.Note)
		return err
	})
}

func logRotateKey(ctx context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if cfg.LogKeyFile == "" {
		return err
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		key, err := store.Log.RotateKey(ctx, cfg.LogKeyFile, time.Now)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "From now on the log is signed by\n  %s\nPublish it, keep a copy of %s, and start the service anew.\n", key.Public, cfg.LogKeyFile)
		return nil
	})
}

// readSmall reads a file of at most 64 KiB.
func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s is larger than %d bytes: it is no key or checkpoint", path, most)
	}
	return text, err
}
