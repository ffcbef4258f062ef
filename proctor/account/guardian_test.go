package account

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// family is a minor of the university, her parents, and the text they are asked to agree to.
type family struct {
	*testAccounts
	*Guardians
	clock   *time.Time
	student Person
	text    ConsentText
}

var (
	minorName  = Name{Last: "Фёдорова", First: "Кира", Middle: "Максимовна"}
	minorBirth = date(2010, 12, 20) // 15 at testTime, of age on 20 December 2028
)

const minorOID, minorSNILS = "1000299700", "00000060002"

func father() Claims {
	return Claims{OID: "1000299701", Name: Name{Last: "Фёдоров", First: "Максим", Middle: "Юрьевич"}, BirthDate: date(1981, 8, 3), Level: Confirmed}
}

func mother() Claims {
	return Claims{OID: "1000299702", Name: Name{Last: "Фёдорова", First: "Ольга", Middle: "Игоревна"}, BirthDate: date(1984, 4, 14), Level: Confirmed}
}

// child is the student as ESIA shows her among a parent's children.
func child() Claims {
	return Claims{OID: minorOID, Name: minorName, BirthDate: minorBirth, SNILS: minorSNILS}
}

func newFamily(t *testing.T) *family {
	t.Helper()
	a := newTestAccounts(t)
	now := testTime
	a.Accounts.now = func() time.Time { return now }
	f := &family{testAccounts: a, clock: &now, text: a.publish("текст")}
	f.Guardians = NewGuardians(a.Accounts, mail.New(a.pool, a.ring, a.Accounts.now), func(code string) string { return "https://ochno.example/guardian#" + code })
	id := a.add(NewPerson{Name: minorName, BirthDate: minorBirth, SNILS: minorSNILS, Email: "kira@example.org", Roles: []Role{Student}})
	a.exec(`update person set esia_oid = $2 where id = $1`, id, minorOID)
	var err error
	if f.student, err = a.Person(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return f
}

// code is a fresh one for the student to hand over.
func (f *family) code() string {
	f.t.Helper()
	in, err := f.Invite(f.t.Context(), f.student, "")
	if err != nil {
		f.t.Fatal(err)
	}
	return in.Code
}

// parent is somebody whom ESIA names as the student's parent, come by a code of her own.
func (f *family) parent(c Claims) Person {
	f.t.Helper()
	p, err := f.Arrive(f.t.Context(), f.code(), c, []Claims{child()})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *family) letters(kind string) int {
	f.t.Helper()
	return value[int](f.testAccounts, `select count(*) from mail_message where kind = $1`, kind)
}

func (f *family) withdrawAs(p Person) error {
	parent, student, err := f.ParentOf(f.t.Context(), p, f.student.ID)
	if err != nil {
		return err
	}
	return f.withdraw(Withdrawal{Person: student, Guardian: &parent})
}

// 8: the whole way, by the link in a letter.
func TestParentConsents(t *testing.T) {
	f := newFamily(t)
	if err := f.grant(Grant{Person: f.student, Text: f.text}); !errors.Is(err, ErrGuardianNeeded) || !f.testAccounts.Minor(f.student) {
		t.Errorf("a minor consents herself: %v", err)
	}
	in, err := f.Invite(t.Context(), f.student, " papa@example.org ")
	if err != nil || in.Code != "" || in.Email != "p•••@example.org" || f.letters("guardian_invitation") != 1 {
		t.Fatalf("%+v, %v; want a letter and no code on the screen", in, err)
	}
	code := f.code()
	if o, until, err := f.Opened(t.Context(), strings.ToLower(strings.ReplaceAll(code, "-", " "))); err != nil || o.ID != f.university || !until.Equal(testTime.Add(InvitationLife)) {
		t.Errorf("opened as people type it: %+v %v %v", o, until, err)
	}
	for _, secret := range []string{code, plainCode(code), "papa@example.org"} {
		if f.shows("guardian_invitation", secret) {
			t.Errorf("%q stands among the invitations in plain", secret)
		}
	}
	dad, err := f.Arrive(t.Context(), code, father(), []Claims{child()})
	if err != nil || !dad.Has(Guardian) || dad.OID != father().OID {
		t.Fatalf("%+v, %v", dad, err)
	}
	if f.standing(f.student) != nil {
		t.Error("coming is consenting")
	}
	if err := f.KnowAddress(t.Context(), dad.ID, "papa@example.org"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Grant(t.Context(), dad, f.student.ID, f.text); err != nil {
			t.Fatal(err)
		}
	}
	s := f.standing(f.student)
	if s == nil || s.Guardian != dad.ID {
		t.Fatalf("standing %+v; want his", s)
	}
	if got := f.outcomes(ledger.TypeGuardian); !slices.Equal(got, []string{"confirmed"}) {
		t.Errorf("guardian records %v", got)
	}
	if got := f.outcomes(ledger.TypeConsent); !slices.Equal(got, []string{"granted"}) {
		t.Errorf("consent records %v", got)
	}
	if n := f.letters("guardian_granted"); n != 2 { // him and the student
		t.Errorf("%d letters; want 2", n)
	}
	wards, err := f.Wards(t.Context(), dad)
	if err != nil || len(wards) != 1 || wards[0].Standing == nil || wards[0].By != ByESIA || len(wards[0].Consents) != 1 || wards[0].Consents[0].Guardian != dad.Name.String() {
		t.Errorf("his page: %+v, %v", wards, err)
	}
	// The student relies on it with no further step.
	if err := f.in(func(tx pgx.Tx) error {
		return f.testAccounts.RelyOnConsent(t.Context(), tx, f.student, *s, *f.use(f.student.ID))
	}); err != nil {
		t.Error(err)
	}
}

// 8: who is refused, and that nothing changes then.
func TestParentRefused(t *testing.T) {
	f := newFamily(t)
	used := f.code()
	if _, err := f.Arrive(t.Context(), used, mother(), []Claims{child()}); err != nil {
		t.Fatal(err)
	}
	expired := f.code()
	*f.clock = testTime.Add(InvitationLife)
	fresh := f.code()
	other := func(change func(*Claims)) []Claims {
		c := child()
		change(&c)
		return []Claims{c}
	}
	for _, c := range []struct {
		name     string
		code     string
		who      func(*Claims)
		children []Claims
		want     error
	}{
		{"no code", "", func(*Claims) {}, []Claims{child()}, ErrCode},
		{"an unknown code", "AAAAA-AAAAA-AAAAA-AAAAA", func(*Claims) {}, []Claims{child()}, ErrCode},
		{"an endless code", strings.Repeat("A", 1000), func(*Claims) {}, []Claims{child()}, ErrCode},
		{"a used code", used, func(*Claims) {}, []Claims{child()}, ErrCodeUsed},
		{"an expired code", expired, func(*Claims) {}, []Claims{child()}, ErrCodeExpired},
		{"an account that is not confirmed", fresh, func(c *Claims) { c.Level = Standard }, []Claims{child()}, ErrNotConfirmed},
		{"a child's account", fresh, func(c *Claims) { c.Level = Child }, []Claims{child()}, ErrNotConfirmed},
		{"the student herself", fresh, func(c *Claims) { c.OID = minorOID }, []Claims{child()}, ErrNotParent},
		{"another minor", fresh, func(c *Claims) { c.BirthDate = date(2009, 1, 1) }, []Claims{child()}, ErrNotParent},
		{"no children at ESIA", fresh, func(*Claims) {}, nil, ErrNotParent},
		{"somebody else's parent", fresh, func(*Claims) {}, other(func(c *Claims) { c.OID, c.SNILS, c.Name.First = "1", otherSNILS, "Вера" }), ErrNotParent},
		{"a namesake with another SNILS", fresh, func(*Claims) {}, other(func(c *Claims) { c.OID, c.SNILS = "", otherSNILS }), ErrNotParent},
		{"a namesake of another day", fresh, func(*Claims) {}, other(func(c *Claims) { c.OID, c.SNILS, c.BirthDate = "", "", date(2010, 12, 21) }), ErrNotParent},
		{"her SNILS under another name", fresh, func(*Claims) {}, other(func(c *Claims) { c.OID, c.Name.Last = "", "Иванова" }), ErrNotParent},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := father()
			c.who(&who)
			before := f.consents()
			if _, err := f.Arrive(t.Context(), c.code, who, c.children); !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			if _, err := f.Claim(t.Context(), c.code, who); !errors.Is(c.want, ErrNotParent) && !errors.Is(err, c.want) {
				t.Errorf("by papers: %v; want %v", err, c.want)
			} else if err == nil { // that is the way for him: undo it for the next case
				f.exec(`delete from guardian_claim`)
				f.exec(`update guardian_invitation set used_at = null, used_by = null where used_by = (select id from person where esia_oid = $1)`, who.OID)
				f.exec(`delete from ledger_record where person_id = (select id from person where esia_oid = $1)`, who.OID)
				f.exec(`delete from person_role where person_id = (select id from person where esia_oid = $1)`, who.OID)
				f.exec(`delete from person where esia_oid = $1`, who.OID)
			}
			if after := f.consents(); after != before {
				t.Errorf("refused, but something changed:\n%s\n%s", before, after)
			}
		})
	}
	// And who is taken for a parent without the account's number.
	for name, children := range map[string][]Claims{
		"the SNILS and the name":         other(func(c *Claims) { c.OID = "" }),
		"the name and the birth date":    other(func(c *Claims) { c.OID, c.SNILS, c.Name.Last = "", "", "ФЕДОРОВА" }),
		"one of several, the right last": append(other(func(c *Claims) { c.OID, c.SNILS, c.Name.First = "1", otherSNILS, "Вера" }), child()),
	} {
		if _, err := f.Arrive(t.Context(), f.code(), father(), children); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.exec(`delete from guardian_invitation where used_at is null`)
	}
}

// 8: a grown student decides herself; what her parent gave stands no more.
func TestTurningEighteen(t *testing.T) {
	f := newFamily(t)
	dad := f.parent(father())
	if err := f.Grant(t.Context(), dad, f.student.ID, f.text); err != nil {
		t.Fatal(err)
	}
	waiting := f.code()
	*f.clock = time.Date(2028, 12, 19, 20, 59, 59, 0, time.UTC) // a second before her birthday in Moscow
	if f.standing(f.student) == nil {
		t.Error("the last second of a minor: the parent's consent fell too early")
	}
	*f.clock = f.clock.Add(time.Second)
	if f.standing(f.student) != nil {
		t.Error("of age, but the parent's consent stands")
	}
	f.exec(`update guardian_invitation set expires_at = expires_at + interval '10 years'`)
	before := f.consents()
	for what, err := range map[string]error{
		"invite":   func() error { _, err := f.Invite(t.Context(), f.student, ""); return err }(),
		"arrive":   func() error { _, err := f.Arrive(t.Context(), waiting, mother(), []Claims{child()}); return err }(),
		"papers":   func() error { _, err := f.Claim(t.Context(), waiting, mother()); return err }(),
		"grant":    f.Grant(t.Context(), dad, f.student.ID, f.text),
		"refuse":   f.Refuse(t.Context(), dad, f.student.ID, f.text),
		"withdraw": f.withdrawAs(dad),
	} {
		if !errors.Is(err, ErrOfAge) {
			t.Errorf("%s: %v; want ErrOfAge", what, err)
		}
	}
	if after := f.consents(); after != before {
		t.Errorf("refused, but something changed:\n%s\n%s", before, after)
	}
	if err := f.grant(Grant{Person: f.student, Text: f.text}); err != nil || f.standing(f.student) == nil {
		t.Errorf("her own consent: %v", err)
	}
	if wards, err := f.Wards(t.Context(), dad); err != nil || len(wards) != 1 || wards[0].Minor {
		t.Errorf("his page: %+v, %v", wards, err)
	}
}

// 8: either parent may grant, either may withdraw, all are told.
func TestEitherParent(t *testing.T) {
	f := newFamily(t)
	dad, mum := f.parent(father()), f.parent(mother())
	for _, p := range []Person{dad, mum} {
		if err := f.KnowAddress(t.Context(), p.ID, "p"+p.OID+"@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	stranger := f.adult()
	before := f.consents()
	if err := f.Grant(t.Context(), stranger, f.student.ID, f.text); !errors.Is(err, ErrNotFound) {
		t.Errorf("a stranger consents: %v", err)
	}
	if err := f.withdrawAs(stranger); !errors.Is(err, ErrNotFound) {
		t.Errorf("a stranger withdraws: %v", err)
	}
	if err := f.withdrawAs(dad); !errors.Is(err, ErrNoConsent) {
		t.Errorf("nothing to withdraw: %v", err)
	}
	old := f.text
	old.SHA256 = []byte("another")
	if err := f.Grant(t.Context(), dad, f.student.ID, old); !errors.Is(err, ErrTextChanged) {
		t.Errorf("another text: %v", err)
	}
	if after := f.consents(); after != before {
		t.Errorf("refused, but something changed:\n%s\n%s", before, after)
	}

	if err := f.Refuse(t.Context(), mum, f.student.ID, f.text); err != nil {
		t.Fatal(err)
	}
	if at, err := f.RefusedAt(t.Context(), f.student); err != nil || at == nil || f.letters("guardian_refused") != 3 {
		t.Errorf("the refusal: %v, %v, %d letters", at, err, f.letters("guardian_refused"))
	}
	if err := f.Grant(t.Context(), dad, f.student.ID, f.text); err != nil || f.standing(f.student) == nil {
		t.Fatalf("one parent refuses, the other consents: %v", err)
	}
	before = f.consents()
	if err := f.Refuse(t.Context(), mum, f.student.ID, f.text); !errors.Is(err, ErrStands) || f.consents() != before {
		t.Errorf("refused what stands: %v", err)
	}
	if err := f.withdraw(Withdrawal{Person: f.student}); !errors.Is(err, ErrGuardianNeeded) || f.consents() != before {
		t.Errorf("the minor withdraws her parent's consent: %v", err)
	}
	if err := f.in(func(tx pgx.Tx) error {
		parent, student, err := f.parentOf(t.Context(), tx, mum, f.student.ID)
		if err != nil {
			return err
		}
		if err := f.testAccounts.WithdrawConsent(t.Context(), tx, Withdrawal{Person: student, Guardian: &parent}); err != nil {
			return err
		}
		return f.TellWithdrawn(t.Context(), tx, student)
	}); err != nil {
		t.Fatal(err)
	}
	if f.standing(f.student) != nil || f.letters("guardian_withdrawn") != 3 {
		t.Errorf("withdrawn by the other parent: standing %+v, %d letters", f.standing(f.student), f.letters("guardian_withdrawn"))
	}
	list, err := f.testAccounts.Consents(t.Context(), f.student.ID)
	if err != nil || len(list) != 1 || list[0].Guardian != dad.Name.String() || list[0].WithdrawnBy != mum.Name.String() {
		t.Errorf("who gave and who took back: %+v, %v", list, err)
	}
	if err := f.Grant(t.Context(), mum, f.student.ID, f.text); err != nil || f.standing(f.student) == nil {
		t.Errorf("granted again: %v", err)
	}
}

// 8: the organisation looks at papers.
func TestPapers(t *testing.T) {
	f := newFamily(t)
	staff := f.adult()
	aunt, err := f.Claim(t.Context(), f.code(), mother())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Grant(t.Context(), aunt, f.student.ID, f.text); !errors.Is(err, ErrNotFound) {
		t.Errorf("consented before anybody saw papers: %v", err)
	}
	if again, err := f.Claim(t.Context(), f.code(), mother()); err != nil || again.ID != aunt.ID {
		t.Errorf("asking twice: %v", err)
	}
	open, err := f.OpenClaims(t.Context(), f.university)
	if err != nil || len(open) != 1 || open[0].Student != minorName || open[0].Guardian != mother().Name {
		t.Fatalf("%+v, %v; want one", open, err)
	}
	before := f.consents()
	elsewhere := staff
	elsewhere.Organisation = f.organisation("В")
	if err := f.DecideClaim(t.Context(), elsewhere, open[0].ID, true, "паспорт"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation's staff: %v", err)
	}
	for _, note := range []string{"", "  ", "ok", strings.Repeat("я", 501)} {
		if err := f.DecideClaim(t.Context(), staff, open[0].ID, true, note); !errors.Is(err, ErrNote) {
			t.Errorf("note %.10q: %v", note, err)
		}
	}
	if f.consents() != before {
		t.Error("refused, but something changed")
	}
	if err := f.DecideClaim(t.Context(), staff, open[0].ID, true, "свидетельство о рождении"); err != nil {
		t.Fatal(err)
	}
	if err := f.DecideClaim(t.Context(), staff, open[0].ID, false, "передумали"); !errors.Is(err, ErrNotFound) {
		t.Errorf("decided twice: %v", err)
	}
	if err := f.Grant(t.Context(), aunt, f.student.ID, f.text); err != nil || f.standing(f.student) == nil {
		t.Errorf("consents by papers: %v", err)
	}
	if f.shows("guardian_claim", "свидетельство") {
		t.Error("the note stands in plain")
	}

	if _, err := f.Claim(t.Context(), f.code(), father()); err != nil {
		t.Fatal(err)
	}
	if open, err = f.OpenClaims(t.Context(), f.university); err != nil || len(open) != 1 {
		t.Fatalf("%+v, %v", open, err)
	}
	if err := f.DecideClaim(t.Context(), staff, open[0].ID, false, "документов нет"); err != nil {
		t.Fatal(err)
	}
	if got := f.outcomes(ledger.TypeGuardian); !slices.Equal(got, []string{"confirmed", "refused"}) {
		t.Errorf("records %v", got)
	}
}

func TestInvitationsAreLimited(t *testing.T) {
	f := newFamily(t)
	if _, err := f.Invite(t.Context(), f.student, "not an address"); !errors.Is(err, mail.ErrAddress) {
		t.Errorf("%v; want mail.ErrAddress", err)
	}
	if _, err := f.Invite(t.Context(), f.adult(), ""); !errors.Is(err, ErrOfAge) {
		t.Errorf("an adult invites: %v", err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 2*maxInvitations)
	for i := range errs {
		wait.Go(func() { _, errs[i] = f.Invite(t.Context(), f.student, "") })
	}
	wait.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
	}
	if made != maxInvitations || value[int](f.testAccounts, `select count(*) from guardian_invitation`) != maxInvitations {
		t.Errorf("%d made at once; want %d", made, maxInvitations)
	}
	*f.clock = f.clock.Add(24 * time.Hour)
	if _, err := f.Invite(t.Context(), f.student, ""); err != nil {
		t.Errorf("the next day: %v", err)
	}
	list, err := f.Invitations(t.Context(), f.student.ID)
	if err != nil || len(list) != maxInvitations+1 {
		t.Errorf("%d, %v", len(list), err)
	}
}

// One code, two who come with it at once: single use.
func TestACodeIsUsedOnce(t *testing.T) {
	f := newFamily(t)
	code := f.code()
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for i, who := range []Claims{father(), mother()} {
		wait.Go(func() { _, errs[i] = f.Arrive(t.Context(), code, who, []Claims{child()}) })
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), ErrCodeUsed) {
		t.Errorf("%v; want one in, and ErrCodeUsed for the other", errs)
	}
	if n := value[int](f.testAccounts, `select count(*) from guardianship`); n != 1 {
		t.Errorf("%d parents", n)
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := newCode()
		if len(code) != 23 || len(plainCode(code)) != 20 || seen[code] {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
}

// 8: a child under 14 signs in by the account a parent made, with the same consent.
func TestChildAccount(t *testing.T) {
	f := newFamily(t)
	timur := NewPerson{Name: Name{Last: "Беляев", First: "Тимур", Middle: "Денисович"}, BirthDate: date(2014, 6, 30), SNILS: otherSNILS, Roles: []Role{Student}}
	f.add(timur)
	c := Claims{OID: "1000299710", Name: timur.Name, BirthDate: timur.BirthDate, SNILS: otherSNILS, Level: Child}
	p, err := f.signIn(c)
	if err != nil {
		t.Fatal(err)
	}
	f.student = p
	if !f.testAccounts.Minor(p) || f.standing(p) != nil {
		t.Error("a child without a parent's consent")
	}
	nina, err := f.Arrive(t.Context(), f.code(), mother(), []Claims{{OID: c.OID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Grant(t.Context(), nina, p.ID, f.text); err != nil || f.standing(p) == nil {
		t.Errorf("%v", err)
	}
}
