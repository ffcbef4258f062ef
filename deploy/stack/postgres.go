package stack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres tells how to reach the stack's PostgreSQL.
type Postgres struct {
	socketDir string
	temporary bool
}

// URL is a connection string for a database of this server.
func (p Postgres) URL(database string) string {
	q := url.Values{"host": {p.socketDir}, "user": {"ochno"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func (p Postgres) removeSocketFolder() {
	if p.temporary {
		os.RemoveAll(p.socketDir)
	}
}

// socketPathLimit is what fits into sockaddr_un, less the name of the socket itself.
const socketPathLimit = 107 - len("/.s.PGSQL.5432.lock")

func (s *Stack) startPostgres(ctx context.Context) error {
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	owner, err := serverUser()
	if err != nil {
		return err
	}
	home := filepath.Join(s.cfg.Dir, "postgres")
	if owner != nil && !othersMayEnter(s.cfg.Dir) {
		home = filepath.Join("/var/tmp", "ochno-postgres-"+strings.Trim(strings.ReplaceAll(s.cfg.Dir, "/", "-"), "-"))
		s.say("the user %q cannot enter %s: the database lives in %s", owner.Username, s.cfg.Dir, home)
	}
	data := filepath.Join(home, "data")
	sockets := filepath.Join(home, "socket")
	if len(sockets) > socketPathLimit {
		if sockets, err = os.MkdirTemp("/tmp", "ochno-pg-"); err != nil {
			return err
		}
		s.Postgres.temporary = true
	}
	s.Postgres.socketDir = sockets
	for _, dir := range []string{home, data, sockets} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := owner.chown(dir); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := s.initdb(ctx, bin, data, owner); err != nil {
			return err
		}
	}
	args := []string{"-D", data, "-k", sockets, "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "logging_collector=off"}
	if s.cfg.Ephemeral {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir = home
	cmd.SysProcAttr = owner.attributes()
	child, err := s.processes.start("postgres", cmd, syscall.SIGINT)
	if err != nil {
		return err
	}
	if err := poll(ctx, child, time.Minute, func(ctx context.Context) error { return pingPostgres(ctx, s.Postgres.URL("postgres")) }); err != nil {
		return err
	}
	s.processes.watch(child)
	return s.Postgres.EnsureDatabase(ctx, "ochno")
}

func (s *Stack) initdb(ctx context.Context, bin, data string, owner *account) error {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "ochno", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	cmd.Dir = "/"
	cmd.SysProcAttr = owner.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// EnsureDatabase makes a database unless it is there.
func (p Postgres) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	return err
}

func pingPostgres(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx)
}

func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	sort.Slice(found, func(i, j int) bool { return postgresMajor(found[i]) > postgresMajor(found[j]) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL's server is not installed: apt-get install postgresql")
}

func postgresMajor(path string) int {
	n, _ := strconv.Atoi(strings.Split(strings.TrimPrefix(path, "/usr/lib/postgresql/"), "/")[0])
	return n
}

// account is the user whom PostgreSQL's server runs as when we are root: it refuses to be root. Nil: ourselves.
type account struct {
	Username string
	uid, gid int
}

func serverUser() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		return &account{Username: name, uid: uid, gid: gid}, nil
	}
	return nil, errors.New("run as root, but there is no user “postgres” to run PostgreSQL as")
}

func (a *account) chown(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

func (a *account) attributes() *syscall.SysProcAttr {
	if a == nil {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}}
}

// othersMayEnter tells whether a user who owns nothing on the way could reach dir.
func othersMayEnter(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}
