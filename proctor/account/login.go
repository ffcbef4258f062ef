package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// ErrLogin: there is no such login, or the password is not its own, or the issued password has run out. Which, is nobody's business.
var ErrLogin = errors.New("login and password do not fit")

// ErrChangePassword: the password is right and was issued; she must choose her own before anything else.
var ErrChangePassword = errors.New("the issued password must be changed")

// LockedError: too many wrong passwords; the right one is not taken either until then.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string { return "the login is locked" }

const (
	freeFailures   = 5                  // wrong passwords before the first lock
	longestLock    = 15 * time.Minute   // locks double up to it
	issuedPassword = 7 * 24 * time.Hour // how long an issued password may be used
)

// Login is a login issued by the organisation, for those without an ESIA account and for the first administrator.
type Login struct {
	Name       string
	MustChange bool
	ChangedAt  time.Time
	UsedAt     *time.Time
	ExpiresAt  *time.Time // of an issued password
	Locked     bool
}

// LoginOf reads a person's login; ErrNotFound when she has none.
func (a *Accounts) LoginOf(ctx context.Context, person uuid.UUID) (Login, error) {
	rows, _ := a.pool.Query(ctx, `select name, must_change, changed_at, used_at, expires_at, coalesce(locked_until > $2, false) from login where person_id = $1`, person, a.now())
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Login])
	if errors.Is(err, pgx.ErrNoRows) {
		return l, ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("read a login: %w", err)
	}
	return l, nil
}

// IssueLogin gives a person a login, or a new password to the login she has, unlocked. The password is returned once, and must be changed at its
// first use within a week. The actor is who issued it: a member of staff, or nobody on the command line.
func (a *Accounts) IssueLogin(ctx context.Context, person, actor uuid.UUID) (name, password string, err error) {
	password = oneTimePassword()
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return "", "", err
	}
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		p, err := a.person(ctx, tx, "p.id = $1", person)
		if err != nil {
			return err
		}
		now := a.now()
		err = tx.QueryRow(ctx, `update login set hash = $2, must_change = true, expires_at = $3, failures = 0, locked_until = null, changed_at = $4
			where person_id = $1 returning name`, person, hash, now.Add(issuedPassword), now).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			name, err = a.newLogin(ctx, tx, p, hash, now)
		}
		if err != nil {
			return fmt.Errorf("issue a login: %w", err)
		}
		return a.staffRecord(ctx, tx, p, actor, ledger.Staff{What: ledger.LoginIssued})
	})
	if err != nil {
		return "", "", err
	}
	return name, password, nil
}

// newLogin stores a login under a name made of the person's: smirnova.as, then smirnova.as2, …
func (a *Accounts) newLogin(ctx context.Context, tx pgx.Tx, p Person, hash string, now time.Time) (string, error) {
	base := loginName(p.Name)
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('login ' || $1, 0))`, base); err != nil {
		return "", err
	}
	var taken int
	if err := tx.QueryRow(ctx, `select count(*) from login where name ~ ('^' || $1 || '[0-9]*$')`, strings.ReplaceAll(base, ".", `\.`)).Scan(&taken); err != nil {
		return "", err
	}
	name := base
	if taken > 0 {
		name = fmt.Sprint(base, taken+1)
	}
	_, err := tx.Exec(ctx, `insert into login (person_id, name, hash, must_change, expires_at, changed_at) values ($1, $2, $3, true, $4, $5)`,
		p.ID, name, hash, now.Add(issuedPassword), now)
	return name, err
}

var translit = strings.NewReplacer("а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "zh", "з", "z", "и", "i", "й", "y",
	"к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "kh", "ц", "ts", "ч", "ch",
	"ш", "sh", "щ", "sch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya")

// loginName is «smirnova.as» for Смирнова Анна Сергеевна.
func loginName(n Name) string {
	latin := func(s string) string {
		s = translit.Replace(strings.ToLower(s))
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, s)
	}
	first := func(s string) string { return s[:min(1, len(s))] }
	last := latin(n.Last)
	if last == "" {
		last = "user"
	}
	last = last[:min(len(last), 30)]
	if initials := first(latin(n.First)) + first(latin(n.Middle)); initials != "" {
		return last + "." + initials
	}
	return last
}

// storedLogin is a login with what decides about it.
type storedLogin struct {
	Person      uuid.UUID
	Name        string
	Hash        string
	MustChange  bool
	ExpiresAt   *time.Time
	Failures    int
	LockedUntil *time.Time
}

// SignInWithLogin finds the person by her login and password. It may be ErrLogin, a *LockedError, or ErrChangePassword when the password was issued:
// then the call with a new one besides changes it. A new password that is weak is a *WeakPassword. Whatever is wrong counts as a failure but
// weakness.
func (a *Accounts) SignInWithLogin(ctx context.Context, name, password, fresh string) (Person, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	l, err := a.storedLogin(ctx, a.pool, `name = $1`, name)
	if errors.Is(err, ErrNotFound) {
		// Who asks must not learn from the time it takes that there is no such login.
		if _, err := a.passwords.hash(ctx, password); err != nil {
			return Person{}, err
		}
		return Person{}, ErrLogin
	}
	if err != nil {
		return Person{}, err
	}
	outdated, err := a.tryPassword(ctx, l, password)
	if err != nil {
		return Person{}, err
	}
	if l.MustChange && fresh == "" {
		return Person{}, ErrChangePassword
	}
	switch {
	case l.MustChange:
		err = a.setPassword(ctx, l, password, fresh)
	case outdated:
		err = a.rehash(ctx, l, password)
	}
	if err != nil {
		return Person{}, err
	}
	if _, err := a.pool.Exec(ctx, `update login set failures = 0, locked_until = null, used_at = $2 where person_id = $1`, l.Person, a.now()); err != nil {
		return Person{}, fmt.Errorf("note the sign-in: %w", err)
	}
	return a.Person(ctx, l.Person)
}

// ChangePassword sets another password for who knows the present one.
func (a *Accounts) ChangePassword(ctx context.Context, person uuid.UUID, password, fresh string) error {
	l, err := a.storedLogin(ctx, a.pool, `person_id = $1`, person)
	if err != nil {
		return err
	}
	if _, err := a.tryPassword(ctx, l, password); err != nil {
		return err
	}
	return a.setPassword(ctx, l, password, fresh)
}

func (a *Accounts) storedLogin(ctx context.Context, q queryer, where string, arg any) (storedLogin, error) {
	rows, _ := q.Query(ctx, `select person_id, name, hash, must_change, expires_at, failures, locked_until from login where `+where, arg)
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[storedLogin])
	if errors.Is(err, pgx.ErrNoRows) {
		return l, ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("read a login: %w", err)
	}
	return l, nil
}

// tryPassword counts the try before it looks at the password, so that many at once are no more than many in a row.
func (a *Accounts) tryPassword(ctx context.Context, l storedLogin, password string) (outdated bool, err error) {
	now := a.now()
	// In one statement: many tries at once are no more than many in a row.
	tag, err := a.pool.Exec(ctx, `update login set failures = failures + 1,
		locked_until = case when failures + 1 >= $3 then $2::timestamptz + least(interval '1 minute' * (1 << least(failures + 1 - $3, 10)), $4::interval) end
		where person_id = $1 and (locked_until is null or locked_until <= $2)`, l.Person, now, freeFailures, longestLock)
	if err != nil {
		return false, fmt.Errorf("count a try: %w", err)
	}
	if tag.RowsAffected() == 0 {
		again, err := a.storedLogin(ctx, a.pool, `person_id = $1`, l.Person)
		if err != nil {
			return false, err
		}
		until := now
		if again.LockedUntil != nil {
			until = *again.LockedUntil
		}
		return false, &LockedError{Until: until}
	}
	right, outdated, err := a.passwords.check(ctx, password, l.Hash)
	if err != nil {
		return false, err
	}
	if !right || (l.ExpiresAt != nil && !now.Before(*l.ExpiresAt)) {
		return false, ErrLogin
	}
	if _, err := a.pool.Exec(ctx, `update login set failures = 0, locked_until = null where person_id = $1`, l.Person); err != nil {
		return false, fmt.Errorf("unlock a login: %w", err)
	}
	return outdated, nil
}

func (a *Accounts) setPassword(ctx context.Context, l storedLogin, password, fresh string) error {
	if fresh == password {
		return &WeakPassword{"same"}
	}
	if err := checkPassword(fresh, l.Name); err != nil {
		return err
	}
	hash, err := a.passwords.hash(ctx, fresh)
	if err != nil {
		return err
	}
	// Only over the password that was tried: one that staff have issued meanwhile stays.
	tag, err := a.pool.Exec(ctx, `update login set hash = $2, must_change = false, expires_at = null, changed_at = $3 where person_id = $1 and hash = $4`, l.Person, hash, a.now(), l.Hash)
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrLogin
	}
	return nil
}

// rehash stores the same password under the parameters in force.
func (a *Accounts) rehash(ctx context.Context, l storedLogin, password string) error {
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	if _, err := a.pool.Exec(ctx, `update login set hash = $2 where person_id = $1 and hash = $3`, l.Person, hash, l.Hash); err != nil {
		return fmt.Errorf("store a password under newer parameters: %w", err)
	}
	return nil
}
