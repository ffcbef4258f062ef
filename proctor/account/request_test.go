package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// postbox keeps the letters of transactions that committed, as the queue would: in the database.
type postbox struct {
	fail error
	mu   sync.Mutex
	sent []mail.Message
}

func (p *postbox) Enqueue(_ context.Context, _ pgx.Tx, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil {
		p.sent = append(p.sent, m)
	}
	return p.fail
}

// testDesk is the desk of a university, with its post and a member of staff.
type testDesk struct {
	*testAccounts
	*Desk
	post  *postbox
	staff Person
	clock time.Time
}

func newTestDesk(t *testing.T) *testDesk {
	t.Helper()
	d := &testDesk{testAccounts: newTestAccounts(t), post: &postbox{}, clock: testTime}
	d.testAccounts.Accounts.now = func() time.Time { return d.clock }
	d.Desk = NewDesk(d.testAccounts.Accounts, d.post)
	id := d.add(NewPerson{Name: Name{Last: "Учебная", First: "Часть"}, BirthDate: date(1980, 1, 1), SNILS: "00000000001", Roles: []Role{Registrar}})
	var err error
	if d.staff, err = d.testAccounts.Person(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *testDesk) file(c Claims, change ...func(*Form)) (Request, error) {
	f := Form{Name: c.Name.String(), Faculty: "Мехмат", Group: "МА-21", Message: "Сменила фамилию", Email: "maria@demo.example"}
	for _, edit := range change {
		edit(&f)
	}
	return d.File(d.t.Context(), d.university, RequestLink, c, f)
}

func (d *testDesk) mustFile(c Claims) Request {
	d.t.Helper()
	r, err := d.file(c)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// acts are the outcomes of the log's records about requests, and how many links it tells of.
func (d *testDesk) acts() (outcomes []string, links int) {
	d.t.Helper()
	for _, r := range d.records() {
		switch r.Type {
		case ledger.TypeRequest:
			outcomes = append(outcomes, r.Outcome)
		case ledger.TypeLink:
			links++
		}
	}
	return outcomes, links
}

// Case 4: not found → request → linked on the spot → in.
func TestRequestIsLinkedOnTheSpot(t *testing.T) {
	d := newTestDesk(t)
	former := maria()
	former.Name.Last = "Палкина"
	id := d.add(former)
	if _, err := d.signIn(claims()); !errors.Is(err, ErrAmbiguous) {
		t.Fatalf("her SNILS beside a former name: %v; want ErrAmbiguous", err)
	}
	r := d.mustFile(claims())
	if r.Number != "000001" || r.State != RequestOpen {
		t.Errorf("filed as %+v", r)
	}
	if len(d.post.sent) != 1 || d.post.sent[0].To != "maria@demo.example" || !strings.Contains(d.post.sent[0].Subject, r.Number) {
		t.Errorf("letters %+v; want the number", d.post.sent)
	}
	candidates, err := d.Candidates(t.Context(), r, "")
	if err != nil || len(candidates) != 1 || candidates[0].ID != id {
		t.Fatalf("candidates %+v, %v", candidates, err)
	}
	want := Comparison{Name: Differs, BirthDate: Same, SNILS: Same, Document: Unknown}
	if c := candidates[0]; c.Same != want || c.SNILS != "•••-•••-•45 95" || c.Taken {
		t.Errorf("the candidate is %+v; want %+v and a masked SNILS", c, want)
	}
	done, err := d.Desk.Link(t.Context(), d.staff, r.ID, id)
	if err != nil || done.State != RequestLinked || done.Person != id {
		t.Fatalf("linked: %+v, %v", done, err)
	}
	if p, err := d.signIn(claims()); err != nil || p.ID != id {
		t.Errorf("signs in as %+v, %v", p, err)
	}
	if acts, links := d.acts(); !slices.Equal(acts, []string{"filed", "linked"}) || links != 1 {
		t.Errorf("the log tells of %q and %d links", acts, links)
	}
	for _, record := range d.records() {
		if record.Type == ledger.TypeLink && record.Personal["actor"] != d.staff.Name.String() {
			t.Errorf("the link's record names %q", record.Personal["actor"])
		}
	}
	if len(d.post.sent) != 2 || !strings.Contains(d.post.sent[1].Text, "привязала") {
		t.Errorf("letters %+v; want the answer", d.post.sent)
	}
	for _, table := range []string{"request", "ledger_record"} {
		for _, personal := range []string{mariaName.Last, mariaSNILS, "maria@demo.example", "Сменила"} {
			if d.shows(table, personal) {
				t.Errorf("%q stands in %s in plain", personal, table)
			}
		}
	}
}

func TestRequestIsRefusedWithAReason(t *testing.T) {
	d := newTestDesk(t)
	r := d.mustFile(claims())
	for _, reason := range []string{"", " \n ", strings.Repeat("я", 1001)} {
		if _, err := d.Refuse(t.Context(), d.staff, r.ID, reason); !errors.Is(err, ErrBadForm) {
			t.Errorf("with the reason %.10q: %v; want ErrBadForm", reason, err)
		}
	}
	done, err := d.Refuse(t.Context(), d.staff, r.ID, "Вы отчислены")
	if err != nil || done.State != RequestRefused {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := d.Request(t.Context(), d.university, r.ID)
	if err != nil || again.Reason != "Вы отчислены" || again.DecidedAt == nil || again.Person != uuid.Nil {
		t.Errorf("read again: %+v, %v", again, err)
	}
	if last := d.post.sent[len(d.post.sent)-1]; !strings.Contains(last.Text, "Вы отчислены") {
		t.Errorf("the answer says %q", last.Text)
	}
	for _, act := range []func() error{
		func() error { _, err := d.Refuse(t.Context(), d.staff, r.ID, "снова"); return err },
		func() error { _, err := d.Desk.Link(t.Context(), d.staff, r.ID, d.staff.ID); return err },
	} {
		if err := act(); !errors.Is(err, ErrDecided) {
			t.Errorf("decided twice: %v; want ErrDecided", err)
		}
	}
	if acts, links := d.acts(); !slices.Equal(acts, []string{"filed", "refused"}) || links != 0 {
		t.Errorf("the log tells of %q and %d links", acts, links)
	}
}

func TestRequestWhoMayNotAndWhatIsBad(t *testing.T) {
	d := newTestDesk(t)
	for _, level := range []Level{Simplified, Standard, Closed, Child, ""} {
		c := claims()
		c.Level = level
		if _, err := d.file(c); !errors.Is(err, ErrNotConfirmed) {
			t.Errorf("a %q account: %v; want ErrNotConfirmed", level, err)
		}
	}
	for name, edit := range map[string]func(*Form){
		"no name":          func(f *Form) { f.Name = " " },
		"a long name":      func(f *Form) { f.Name = strings.Repeat("я", 201) },
		"a long group":     func(f *Form) { f.Group = strings.Repeat("я", 101) },
		"a long message":   func(f *Form) { f.Message = strings.Repeat("я", 2001) },
		"not UTF-8":        func(f *Form) { f.Message = "\xff" },
		"a zero character": func(f *Form) { f.Faculty = "a\x00b" },
		"no address":       func(f *Form) { f.Email = "" },
		"two addresses":    func(f *Form) { f.Email = "a@b.example,c@d.example" },
		"a line break":     func(f *Form) { f.Email = "a@b.example\r\nBcc: c@d.example" },
		"a long address":   func(f *Form) { f.Email = strings.Repeat("a", 250) + "@b.example" },
	} {
		if _, err := d.file(claims(), edit); !errors.Is(err, ErrBadForm) {
			t.Errorf("%s: %v; want ErrBadForm", name, err)
		}
	}
	d.add(maria())
	if _, err := d.signIn(claims()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.file(claims()); !errors.Is(err, ErrLinked) {
		t.Errorf("linked already: %v; want ErrLinked", err)
	}
	if n := value[int](d.testAccounts, `select count(*) from request`); n != 0 || len(d.post.sent) != 0 {
		t.Errorf("refused, but %d requests and %d letters are there", n, len(d.post.sent))
	}
	if acts, _ := d.acts(); len(acts) != 0 {
		t.Errorf("refused, but the log tells of %q", acts)
	}
}

func TestRequestDuplicatesAreMergedAndAFloodIsLimited(t *testing.T) {
	d := newTestDesk(t)
	var wait sync.WaitGroup
	numbers := make([]string, 6)
	for i := range numbers {
		wait.Go(func() {
			r, err := d.file(claims(), func(f *Form) { f.Message = fmt.Sprint(i) })
			if err != nil {
				t.Error(err)
			}
			numbers[i] = r.Number
		})
	}
	wait.Wait()
	if len(slices.Compact(numbers)) != 1 {
		t.Errorf("forms of one account became requests %q", numbers)
	}
	if n := value[int](d.testAccounts, `select filings from request`); n != len(numbers) || len(d.post.sent) != 1 {
		t.Errorf("%d forms, %d letters; want %d and one", n, len(d.post.sent), len(numbers))
	}
	for range notesAtMost - len(numbers) {
		d.mustFile(claims())
	}
	if _, err := d.file(claims()); !errors.Is(err, ErrFlood) {
		t.Errorf("one form more: %v; want ErrFlood", err)
	}
	for i := range requestsADay {
		open, err := d.OpenRequestsOf(t.Context(), mariaOID)
		if err != nil || len(open) != 1 {
			t.Fatalf("open: %+v, %v", open, err)
		}
		if _, err := d.Refuse(t.Context(), d.staff, open[0].ID, "нет"); err != nil {
			t.Fatal(err)
		}
		_, err = d.file(claims())
		if more := i < requestsADay-1; more == errors.Is(err, ErrFlood) {
			t.Errorf("request %d of the day: %v", i+2, err)
		}
	}
	d.clock = testTime.Add(25 * time.Hour)
	if _, err := d.file(claims()); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

func TestRequestLinksNobodyTwice(t *testing.T) {
	d := newTestDesk(t)
	id := d.add(maria())
	if _, err := d.signIn(claims()); err != nil {
		t.Fatal(err)
	}
	second := claims()
	second.OID = "1000000777"
	r := d.mustFile(second)
	if list, err := d.Candidates(t.Context(), r, ""); err != nil || len(list) != 1 || !list[0].Taken {
		t.Errorf("candidates %+v, %v; want her, taken", list, err)
	}
	if _, err := d.Desk.Link(t.Context(), d.staff, r.ID, id); !errors.Is(err, ErrTaken) {
		t.Errorf("a person with another account: %v; want ErrTaken", err)
	}
	elsewhere := d.add(NewPerson{Organisation: d.organisation("В"), Name: mariaName, BirthDate: mariaBirth, SNILS: otherSNILS, Roles: []Role{Student}})
	if _, err := d.Desk.Link(t.Context(), d.staff, r.ID, elsewhere); !errors.Is(err, ErrNotFound) {
		t.Errorf("a person of another organisation: %v; want ErrNotFound", err)
	}
	stranger := d.staff
	stranger.Organisation = d.organisation("В")
	if _, err := d.Refuse(t.Context(), stranger, r.ID, "нет"); !errors.Is(err, ErrNotFound) {
		t.Errorf("staff of another organisation: %v; want ErrNotFound", err)
	}
	if again, err := d.Request(t.Context(), d.university, r.ID); err != nil || again.State != RequestOpen {
		t.Errorf("all of that left the request %+v, %v", again, err)
	}
	if acts, links := d.acts(); !slices.Equal(acts, []string{"filed"}) || links != 1 {
		t.Errorf("the log tells of %q and %d links", acts, links)
	}
}

// The decision, its record and its letter commit together.
func TestRequestDecisionWithoutItsLetterIsNone(t *testing.T) {
	d := newTestDesk(t)
	former := maria()
	former.Name.Last = "Палкина"
	id := d.add(former)
	r := d.mustFile(claims())
	d.post.fail = errors.New("the queue is down")
	if _, err := d.Desk.Link(t.Context(), d.staff, r.ID, id); !errors.Is(err, d.post.fail) {
		t.Fatalf("%v; want the queue's error", err)
	}
	if n := value[int](d.testAccounts, `select count(*) from person where esia_oid is not null`); n != 0 {
		t.Error("linked without a letter")
	}
	if acts, links := d.acts(); !slices.Equal(acts, []string{"filed"}) || links != 0 {
		t.Errorf("the log tells of %q and %d links", acts, links)
	}
}

func TestCandidatesBySearch(t *testing.T) {
	d := newTestDesk(t)
	for i, last := range []string{"Палкина", "Палкин-Ёжиков", "Иванов", "100%"} {
		d.add(NewPerson{Name: Name{Last: last, First: "Имя"}, BirthDate: date(2001, 1, 1+i)})
	}
	r := d.mustFile(claims())
	for search, want := range map[string]int{"палк": 2, "ПАЛКИН ежик": 1, "%": 0, "_": 0, "100%": 1, "нет такой": 0, "": 0} {
		if list, err := d.Candidates(t.Context(), r, search); err != nil || len(list) != want {
			t.Errorf("%q: %d people, %v; want %d", search, len(list), err, want)
		}
	}
}
