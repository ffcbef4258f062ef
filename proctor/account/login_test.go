package account

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The cheapest parameters: the tests are of what is around the hash.
var quick = hashing{memory: 64, passes: 1, threads: 1}

func newLoginAccounts(t *testing.T) (*testAccounts, *time.Time, uuid.UUID) {
	t.Helper()
	a := newTestAccounts(t)
	now := testTime
	a.now = func() time.Time { return now }
	a.passwords.with = quick
	return a, &now, a.add(maria())
}

const (
	goodPassword  = "шесть синих котов"
	otherPassword = "correct horse battery"
)

func TestCase3IssuedLogin(t *testing.T) {
	a, now, id := newLoginAccounts(t)
	ctx := t.Context()
	name, issued, err := a.IssueLogin(ctx, id, uuid.Nil)
	if err != nil || name != "elkina.ap" || len(issued) != 19 {
		t.Fatalf("%q, %d characters, %v", name, len(issued), err)
	}
	if a.shows("login", issued) || a.shows("ledger_record", issued) {
		t.Fatal("the issued password stands in the database")
	}
	if r := a.records(); len(r) != 1 || r[0].Type != "staff" || r[0].Outcome != "login_issued" || r[0].Personal["person"] != mariaName.String() {
		t.Errorf("records %+v", r)
	}
	if _, err := a.SignInWithLogin(ctx, name, issued, ""); !errors.Is(err, ErrChangePassword) {
		t.Errorf("an issued password let somebody in: %v", err)
	}
	for fresh, code := range map[string]string{
		"коротко": "short", strings.Repeat("я", 129): "long", issued: "same", "Password12345": "common", "йцукенгшщз12": "common", "aaaaaaaaaaaa": "common",
		"абабабабабаб": "common", "1234567890": "common", "elkina.ap-2026!": "login", "строка\nещё одна": "unprintable", "котик\xffкотикот": "unprintable",
	} {
		var weak *WeakPassword
		if _, err := a.SignInWithLogin(ctx, name, issued, fresh); !errors.As(err, &weak) || weak.Code != code {
			t.Errorf("%d characters: %v; want %s", len(fresh), err, code)
		}
	}
	if _, err := a.SignInWithLogin(ctx, name, issued, ""); !errors.Is(err, ErrChangePassword) {
		t.Errorf("a refused password changed something: %v", err)
	}
	if p, err := a.SignInWithLogin(ctx, " Elkina.AP ", issued, goodPassword); err != nil || p.ID != id {
		t.Fatalf("the first use: %+v, %v", p, err)
	}
	if _, err := a.SignInWithLogin(ctx, name, issued, ""); !errors.Is(err, ErrLogin) {
		t.Errorf("the issued password twice: %v", err)
	}
	if p, err := a.SignInWithLogin(ctx, name, goodPassword, ""); err != nil || p.ID != id {
		t.Errorf("the chosen password: %v", err)
	}
	if err := a.ChangePassword(ctx, id, otherPassword, "совсем другой пароль"); !errors.Is(err, ErrLogin) {
		t.Errorf("changed without the old one: %v", err)
	}
	if err := a.ChangePassword(ctx, id, goodPassword, otherPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); !errors.Is(err, ErrLogin) {
		t.Errorf("the old password: %v", err)
	}

	// A reset ends the old password; the new one ends in a week.
	_, issued, err = a.IssueLogin(ctx, id, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignInWithLogin(ctx, name, otherPassword, ""); !errors.Is(err, ErrLogin) {
		t.Errorf("the password from before the reset: %v", err)
	}
	*now = now.Add(issuedPassword)
	if _, err := a.SignInWithLogin(ctx, name, issued, goodPassword); !errors.Is(err, ErrLogin) {
		t.Errorf("an issued password after its week: %v", err)
	}

	// Namesakes get names of their own.
	sister := maria()
	sister.SNILS = otherSNILS
	if name, _, err := a.IssueLogin(ctx, a.add(sister), id); err != nil || name != "elkina.ap2" {
		t.Errorf("a namesake: %q, %v", name, err)
	}
	if _, _, err := a.IssueLogin(ctx, uuid.New(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestCase3Lockout(t *testing.T) {
	a, now, id := newLoginAccounts(t)
	ctx := t.Context()
	name, issued, err := a.IssueLogin(ctx, id, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignInWithLogin(ctx, name, issued, goodPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignInWithLogin(ctx, "nobody", goodPassword, ""); !errors.Is(err, ErrLogin) {
		t.Errorf("nobody's login: %v", err)
	}
	var locked *LockedError
	lock := time.Minute
	for range freeFailures - 1 {
		if _, err := a.SignInWithLogin(ctx, name, otherPassword, ""); !errors.Is(err, ErrLogin) {
			t.Fatal(err)
		}
	}
	for range 6 {
		if _, err := a.SignInWithLogin(ctx, name, otherPassword, ""); !errors.Is(err, ErrLogin) {
			t.Fatalf("one more failure: %v", err)
		}
		if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); !errors.As(err, &locked) || !locked.Until.Equal(now.Add(lock)) {
			t.Fatalf("the right password while locked: %v, until %v; want until %v", err, locked, now.Add(lock))
		}
		*now = now.Add(lock)
		lock = min(2*lock, longestLock)
	}
	if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); err != nil {
		t.Errorf("after the lock: %v", err)
	}
	if _, err := a.SignInWithLogin(ctx, name, otherPassword, ""); !errors.Is(err, ErrLogin) {
		t.Errorf("a success did not forget the failures: %v", err)
	}

	// Many at once are no more than many in a row.
	if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	for range 40 {
		wait.Go(func() {
			_, err := a.SignInWithLogin(ctx, name, otherPassword, "")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrLogin) {
				tried++
			} else if !errors.As(err, new(*LockedError)) {
				t.Errorf("at once: %v", err)
			}
		})
	}
	wait.Wait()
	if tried != freeFailures {
		t.Errorf("%d passwords were tried at once; want %d", tried, freeFailures)
	}
	if _, _, err := a.IssueLogin(ctx, id, uuid.Nil); err != nil || value[int](a, `select failures from login`) != 0 || value[bool](a, `select locked_until is not null from login`) {
		t.Errorf("a reset does not unlock: %v", err)
	}
}

func TestPasswordHashes(t *testing.T) {
	a, _, id := newLoginAccounts(t)
	ctx := t.Context()
	name, issued, err := a.IssueLogin(ctx, id, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignInWithLogin(ctx, name, issued, goodPassword); err != nil {
		t.Fatal(err)
	}
	before := value[string](a, `select hash from login`)
	if !strings.HasPrefix(before, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash %s", before)
	}
	a.passwords.with = hashing{memory: 128, passes: 2, threads: 1}
	if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); err != nil {
		t.Fatal(err)
	}
	after := value[string](a, `select hash from login`)
	if !strings.HasPrefix(after, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("raised parameters are not taken over: %s", after)
	}
	if _, err := a.SignInWithLogin(ctx, name, goodPassword, ""); err != nil || value[string](a, `select hash from login`) != after {
		t.Errorf("made anew without need: %v", err)
	}
	for _, bad := range []string{"", "x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", strings.Replace(after, "t=2", "t=0", 1), after[:len(after)-30]} {
		if right, _, err := a.passwords.check(ctx, goodPassword, bad); right || !errors.Is(err, errBadHash) {
			t.Errorf("%q: %v, %v", bad, right, err)
		}
	}
	seen := map[string]bool{}
	for range 50 {
		p := oneTimePassword()
		if seen[p] || len(p) != 19 || strings.Trim(p, "abcdefghjkmnpqrstuvwxyz23456789-") != "" {
			t.Errorf("one-time password of %d characters", len(p))
		}
		seen[p] = true
	}
}
