package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/migrations"
	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/exam"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

func commands() []command {
	list := []command{
		{"serve", "", "run the service", `Runs one node of the service until SIGINT or SIGTERM, configured by the environment (see ochno settings).
Migrations are not applied by it: run ochno migrate before a new version.`, serve},
		{"demo", "", "run everything on this machine, with stands and an exam to try", `Starts PostgreSQL, MinIO, the stands of ESIA, EBS and a mail server, and the service in one folder, makes an exam, and says where to click.
Ctrl-C stops all of it; the folder keeps its data for the next time. make run builds and calls it.`, runDemo},
		{"doctor", "", "check the configuration and all it depends on", `Checks the keys, PostgreSQL and its migrations, MinIO, the spool, GOST, ESIA, the clock, the verifier, the mail server, the face cascade and the ports,
and says how to mend what fails. With --esia it checks only the sign-in: it tells a wrong clock, a wrong certificate, a wrong mnemonic and a
blocked network apart. Changes nothing. Exit code 1 when anything fails.`, doctor},
		{"settings", "", "list the environment variables of the service", `Lists every environment variable with its default and what it is for. Secrets stand in files that the variables name.`, settings},
		rotateCommand, // before keys: the longer name is looked for first
		{"keys", "", "make the master key and the log's signing key", `Makes the files named by OCHNO_MASTER_KEY_FILE and OCHNO_LOG_KEY_FILE unless they are there; never overwrites.
Keep copies apart from the database's backups: without the master key nothing stored can be read, without the log's key nothing can be sealed.`, keys},
		{"migrate", "", "bring the database to this version", `Applies the migrations that are missing. Safe to run twice or from several nodes at once. Needs OCHNO_DATABASE only.`, migrate},
		{"organisation", "", "name the organisation and its consent text", `Makes the organisation or changes its texts; the short name tells organisations apart. With --consent FILE it publishes the consent text
(first paragraph: the title); a changed text is a new version and asks every student again.`, organisation},
		{"person", "FAMILY FIRST [MIDDLE]", "add a member of staff, or a role", `Adds a person with roles, or roles to the person with that SNILS. She signs in through ESIA and is matched by SNILS and name.
With --login she gets a login and a one-time password besides: for the first administrator, and for those without a Gosuslugi account.`, person},
		{"exam", "CODE", "make an exam, or change it", `Makes the exam with that code (its link is /e/CODE), or changes the one there is.`, makeExam},
		{"roster import", "FILE", "put students into an exam's roster", `Reads an XLSX, or a CSV separated by ; , or tab, in UTF-8 or Windows-1251, with a header: Фамилия; Имя; Отчество (or ФИО); Дата рождения;
СНИЛС; Группа; Факультет; Электронная почта, in any order. All rows or none: every problem is listed by line. May be repeated.`, rosterImport},
		{"mail retry", "", "try letters again that were given up", `Puts every letter that the mail server refused, or that could not be sent for three days, back into the queue.
A letter that was given up is kept for 30 days; the service's log and /healthz tell of it.`, mailRetry},
	}
	list = append(list, attemptCommand, retentionCommand)
	list = append(list, logCommands()...)
	return append(list, []command{
		{"openapi", "", "print the OpenAPI description of the HTTP API", `Prints the OpenAPI 3.1 description as JSON. The front end's client is generated from it.`, openAPI},
		{"stack", "-- COMMAND [arguments]", "run a command beside a private PostgreSQL and MinIO", `Starts PostgreSQL and MinIO for tests, runs the command with OCHNO_TEST_POSTGRES, OCHNO_TEST_MINIO and OCHNO_TEST_MINIO_SECRET set,
stops both and exits with the command's code. make test uses it.`, runStack},
		loadgenCommand,
		{"version", "", "print the version", `Prints the commit the program was built from; + means with changes.`, version},
	}...)
}

func serve(ctx context.Context, c *call) error {
	jsonLog := c.flags.Bool("json", false, "log as JSON")
	if err := c.parse(0); err != nil {
		return err
	}
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(c.stderr, nil))
	if *jsonLog {
		logger = slog.New(slog.NewJSONHandler(c.stderr, nil))
	}
	if err := noCoreDumps(); err != nil {
		return err
	}
	service, err := proctor.Open(ctx, cfg, logger)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return errors.Join(err, service.Close(ctx))
	}
	return service.Serve(ctx, l)
}

// noCoreDumps keeps the kernel from writing the process's memory to a disk when it dies: faces and voices of students are in it.
func noCoreDumps() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	return nil
}

func doctor(ctx context.Context, c *call) error {
	signIn := c.flags.Bool("esia", false, "check only the sign-in, through ESIA or what takes its place")
	if err := c.parse(0); err != nil {
		return err
	}
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if err != nil {
		fmt.Fprintf(c.stdout, "✗ configuration\n")
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(c.stdout, "    %s\n", line)
		}
		fmt.Fprintf(c.stdout, "  mend: set the variables in the service's environment file; ochno settings explains them\n")
		return failure(1)
	}
	fmt.Fprintf(c.stdout, "✓ configuration: complete\n")
	check := proctor.Doctor
	if *signIn {
		check = proctor.CheckSignIn
	}
	bad := 0
	for _, f := range check(ctx, cfg) {
		if f.OK {
			fmt.Fprintf(c.stdout, "✓ %s: %s\n", f.Check, f.Said)
			continue
		}
		bad++
		fmt.Fprintf(c.stdout, "✗ %s: %s\n  mend: %s\n", f.Check, f.Said, f.Mend)
	}
	if bad > 0 {
		fmt.Fprintf(c.stdout, "\n%d of the checks failed.\n", bad)
		return failure(1)
	}
	fmt.Fprintf(c.stdout, "\nAll is well.\n")
	return nil
}

func settings(_ context.Context, c *call) error {
	markdown := c.flags.Bool("markdown", false, "as a Markdown table")
	if err := c.parse(0); err != nil {
		return err
	}
	if *markdown {
		fmt.Fprint(c.stdout, "| variable | default | what it is |\n|---|---|---|\n")
		for _, s := range proctor.Settings() {
			fmt.Fprintf(c.stdout, "| `%s` | %s | %s |\n", s.Name, defaultOf(s), s.Help)
		}
		return nil
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, s := range proctor.Settings() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, defaultOf(s), s.Help)
	}
	return table.Flush()
}

func defaultOf(s proctor.Setting) string {
	switch {
	case s.Required:
		return "(required)"
	case s.Default == "":
		return "–"
	}
	return s.Default
}

func keys(_ context.Context, c *call) error {
	origin := c.flags.String("origin", "", "`name` of the log, like ochno.example-university.ru/log; needed for a new log key")
	if err := c.parse(0); err != nil {
		return err
	}
	master, log := c.getenv("OCHNO_MASTER_KEY_FILE"), c.getenv("OCHNO_LOG_KEY_FILE")
	if master == "" || log == "" {
		return errors.New("set OCHNO_MASTER_KEY_FILE and OCHNO_LOG_KEY_FILE")
	}
	if _, err := os.Stat(log); errors.Is(err, os.ErrNotExist) && *origin == "" {
		return usageError{errors.New("--origin is needed for a new log key")}
	}
	if err := errors.Join(keyring.Generate(master), ledger.GenerateKey(log, *origin)); err != nil {
		return err
	}
	key, err := ledger.OpenKey(log)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "master key: %s\nlog key:    %s\nlog's public key: %s\n", master, log, key.Public)
	return nil
}

func migrate(ctx context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	database := c.getenv("OCHNO_DATABASE")
	if database == "" {
		return errors.New("OCHNO_DATABASE is not set")
	}
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return err
	}
	defer pool.Close()
	n, err := migrations.Up(ctx, pool)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%d migrations applied\n", n)
	return nil
}

// withStore opens the database for a command.
func withStore(ctx context.Context, c *call, do func(proctor.Store) error) error {
	cfg, err := proctor.ConfigFromEnv(c.getenv)
	if err != nil && (cfg.Database == "" || !cfg.HasMasterKey() || cfg.LogKeyFile == "") {
		return errors.New("set OCHNO_DATABASE, OCHNO_MASTER_KEY_FILE and OCHNO_LOG_KEY_FILE")
	}
	store, err := proctor.OpenStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Pool.Close()
	return do(store)
}

func organisation(ctx context.Context, c *call) error {
	var o account.Organisation
	c.flags.StringVar(&o.Name, "name", "", "full `name`")
	c.flags.StringVar(&o.ShortName, "short", "", "short `name`")
	c.flags.StringVar(&o.ActNumber, "act", "", "`number` of the local act that allows identified remote exams")
	c.flags.StringVar(&o.Contact, "contact", "", "whom a student turns to: a `text` with a telephone number or an address")
	date := c.flags.String("act-date", "", "its `date`, 2026-09-01")
	consent := c.flags.String("consent", "", "`file` with the consent text to publish")
	if err := c.parse(0); err != nil {
		return err
	}
	if o.Name == "" || o.ShortName == "" {
		return usageError{errors.New("--name and --short are needed")}
	}
	if *date != "" {
		day, err := time.Parse(time.DateOnly, *date)
		if err != nil {
			return usageError{errors.New("--act-date: want a date like 2026-09-01")}
		}
		o.ActDate = &day
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		id, err := store.Accounts.EnsureOrganisation(ctx, o)
		if err != nil || *consent == "" {
			return err
		}
		text, err := os.ReadFile(*consent)
		if err != nil {
			return err
		}
		title, body, found := strings.Cut(strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")), "\n\n")
		if !found {
			return errors.New("the consent text needs a title, an empty line and a body")
		}
		return store.Accounts.PublishConsentText(ctx, id, title, strings.TrimSpace(body))
	})
}

func person(ctx context.Context, c *call) error {
	birth := c.flags.String("birth", "", "birth `date`, 1986-09-08")
	snils := c.flags.String("snils", "", "СНИЛС; better from the environment OCHNO_SNILS, which does not stay in the shell's history")
	roles := c.flags.String("roles", "", "`roles` separated by commas: proctor, registrar, administrator, student")
	login := c.flags.Bool("login", false, "issue a login too, or reset its password: for the first administrator and for those without a Gosuslugi account")
	if err := c.parseFlags(); err != nil {
		return err
	}
	if n := c.flags.NArg(); n < 2 || n > 3 {
		return usageError{errors.New("want family name, first name and perhaps middle name")}
	}
	if *snils == "" {
		*snils = c.getenv("OCHNO_SNILS")
	}
	p := account.NewPerson{Name: account.Name{Last: c.flags.Arg(0), First: c.flags.Arg(1), Middle: c.flags.Arg(2)}}
	var err error
	if p.BirthDate, err = time.Parse(time.DateOnly, *birth); err != nil {
		return usageError{errors.New("--birth: want a date like 1986-09-08")}
	}
	var ok bool
	if p.SNILS, ok = exam.ParseSNILS(*snils); !ok {
		return usageError{errors.New("--snils: want 11 digits with a right check sum")}
	}
	for role := range strings.SplitSeq(*roles, ",") {
		r := account.Role(strings.TrimSpace(role))
		if !r.Valid() {
			return usageError{fmt.Errorf("--roles: there is no role %q", role)}
		}
		p.Roles = append(p.Roles, r)
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		o, err := store.Accounts.Organisation(ctx)
		if err != nil {
			return fmt.Errorf("make the organisation first (ochno organisation): %w", err)
		}
		p.Organisation = o.ID
		var id uuid.UUID
		if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) (err error) {
			id, err = store.Accounts.Ensure(ctx, tx, p)
			return err
		}); err != nil || !*login {
			return err
		}
		name, password, err := store.Accounts.IssueLogin(ctx, id, uuid.Nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "login:             %s\none-time password: %s\nIt is shown once, works for a week and must be changed at the first use.\n", name, password)
		return nil
	})
}

func openAPI(_ context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	text, err := api.OpenAPI()
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(append(text, '\n'))
	return err
}

func version(_ context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, proctor.Version())
	return nil
}
