package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestAppendCommitsOrVanishesWithItsTransaction(t *testing.T) {
	l := newTestLog(t)
	business := errors.New("the business failed")
	l.exec(`create table business (id int)`)
	for _, fail := range []error{business, nil} {
		err := pgx.BeginFunc(t.Context(), l.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `insert into business values (1)`); err != nil {
				return err
			}
			if _, err := l.Append(t.Context(), tx, identification()); err != nil {
				return err
			}
			if others := value[int](l, `select count(*) from ledger_record`); others != 0 {
				t.Errorf("before the commit others see %d records", others)
			}
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
		want := 1
		if fail != nil {
			want = 0
		}
		if records, rows := value[int](l, `select count(*) from ledger_record`), value[int](l, `select count(*) from business`); records != want || rows != want {
			t.Errorf("after %v: %d records and %d rows of business; want %d", fail, records, rows, want)
		}
		if n, err := l.sequencer.Sequence(t.Context()); err != nil || n != want {
			t.Errorf("after %v the sequencer took %d, %v; want %d", fail, n, err, want)
		}
	}
}

func TestBodyIsCanonical(t *testing.T) {
	l := newTestLog(t)
	e := Entry{
		Type: TypeConsent, At: time.Date(2026, 9, 1, 11, 30, 5, 120_999_999, time.FixedZone("MSK", 3*3600)), Exam: examA, Attempt: attempt1, Person: person1,
		Outcome: "granted", Data: Consent{Exam: algebra, Version: 2, TextSHA256: "00ff"}, Personal: map[string]string{"student": student, "oid": oid},
	}
	id := l.add(e)[0]

	var stored struct {
		Body     []byte
		Personal []byte
	}
	if err := l.pool.QueryRow(t.Context(), `select body, personal from ledger_record where id = $1`, id).Scan(&stored.Body, &stored.Personal); err != nil {
		t.Fatal(err)
	}
	plain, err := l.ring.Unseal("ledger personal "+id.String(), stored.Personal)
	if err != nil {
		t.Fatal(err)
	}
	var personal map[string]struct{ Salt, Value string }
	if err := json.Unmarshal(plain, &personal); err != nil {
		t.Fatal(err)
	}
	hash := func(field string) string {
		salt, err := hex.DecodeString(personal[field].Salt)
		if err != nil || len(salt) != 16 {
			t.Fatalf("salt %q; want 16 bytes in hex", personal[field].Salt)
		}
		sum := sha256.Sum256(append(salt, personal[field].Value...))
		return hex.EncodeToString(sum[:])
	}
	if personal["student"].Value != student || personal["oid"].Value != oid || len(personal) != 2 {
		t.Errorf("sealed values: %v", personal)
	}
	// RFC 8785: names sorted, no spaces, <, > and & as they are.
	want := fmt.Sprintf(`{"at":"2026-09-01T08:30:05.120Z","attempt":"%s","data":{"exam":{"code":"algebra","group":"МА-21",`+
		`"title":"Алгебра <и> анализ & «прочее»"},"textSha256":"00ff","version":2},"exam":"%s","id":"%s","outcome":"granted","person":"%s",`+
		`"personal":{"oid":"%s","student":"%s"},"schema":1,"type":"consent"}`, attempt1, examA, id, person1, hash("oid"), hash("student"))
	if string(stored.Body) != want {
		t.Errorf("body\n%s\nwant\n%s", stored.Body, want)
	}
	row := l.one(id)
	sum := sha256.Sum256([]byte(want))
	if row.SHA256() != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s; want %x", row.SHA256(), sum)
	}
	if !row.At.Equal(time.Date(2026, 9, 1, 8, 30, 5, 120_000_000, time.UTC)) {
		t.Errorf("time %v", row.At)
	}
}

func TestFieldsThatAreNotThereAreNotInTheBody(t *testing.T) {
	l := newTestLog(t)
	id := l.add(Entry{Type: TypeAccess, At: testTime, Data: Access{What: "log"}})[0]
	want := fmt.Sprintf(`{"at":"2026-09-01T08:30:00.000Z","data":{"what":"log"},"id":"%s","schema":1,"type":"access"}`, id)
	if got := string(l.one(id).Body); got != want {
		t.Errorf("body %s; want %s", got, want)
	}
	if sealed := value[[]byte](l, `select personal from ledger_record`); sealed != nil {
		t.Errorf("a record without personal fields has %d sealed bytes", len(sealed))
	}
}

func TestTimesHaveOneLayout(t *testing.T) {
	l := newTestLog(t)
	moscow := time.FixedZone("MSK", 3*3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02T03:04:05.000Z"},
		{time.Date(2026, 1, 2, 3, 4, 5, 999_999, time.UTC), "2026-01-02T03:04:05.000Z"},
		{time.Date(2026, 1, 2, 3, 4, 5, 1_000_000, time.UTC), "2026-01-02T03:04:05.001Z"},
		{time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "2026-12-31T23:59:59.999Z"},
		{time.Date(2027, 1, 1, 1, 0, 0, 100_000_000, moscow), "2026-12-31T22:00:00.100Z"},
	} {
		id := l.add(Entry{Type: TypeAccess, At: c.at, Data: Access{}})[0]
		row := l.one(id)
		var env envelope[json.RawMessage]
		if err := json.Unmarshal(row.Body, &env); err != nil || env.At != c.want {
			t.Errorf("%v stands in the body as %q, %v; want %q", c.at, env.At, err, c.want)
		}
		if got := row.At.Format(timeLayout); got != c.want {
			t.Errorf("%v stands in the column as %q; want %q", c.at, got, c.want)
		}
	}
	l.seal()
	if _, err := l.verify(); err != nil {
		t.Error(err)
	}
}

func TestPersonalValuesAreNowhereInPlain(t *testing.T) {
	l := newTestLog(t)
	l.add(oneOfEach()...)
	l.seal()
	for _, personal := range []string{student, "Мария", oid, actor, "Смирнов"} {
		if l.shows(personal) {
			t.Errorf("%q stands in the table", personal)
		}
	}
	if !l.shows("algebra") || !l.shows(`"МА-21"`) { // or the search finds nothing at all
		t.Error("the search does not find what is in the bodies")
	}
	for _, r := range l.rows(Filter{}) {
		for field, personal := range r.Personal {
			if strings.Contains(string(r.Body), personal) {
				t.Errorf("%s: the body shows %s", r.Type, field)
			}
		}
	}
	if row := l.rows(Filter{Type: TypeDecision})[0]; !maps.Equal(row.Personal, map[string]string{"student": student, "actor": actor}) {
		t.Errorf("those who may read the log read %v", row.Personal)
	}
}

// Who knows a name must not find its records by hashing it.
func TestEqualPersonalValuesHaveUnequalHashes(t *testing.T) {
	l := newTestLog(t)
	e := Entry{Type: TypeDecline, Data: Decline{}, Personal: map[string]string{"student": student, "actor": student}}
	l.add(e, e)
	seen := map[string]bool{}
	for _, r := range l.rows(Filter{}) {
		var env envelope[json.RawMessage]
		if err := json.Unmarshal(r.Body, &env); err != nil {
			t.Fatal(err)
		}
		for _, hash := range env.Personal {
			seen[hash] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("four equal values have %d hashes", len(seen))
	}
}

func TestPersonalValueThatIsNoUTF8StaysReadable(t *testing.T) {
	l := newTestLog(t)
	id := l.add(Entry{Type: TypeDecline, Data: Decline{}, Personal: map[string]string{"student": "Иван\xff\xfeов"}})[0]
	if got := l.one(id).Personal["student"]; got != "Иван\ufffdов" {
		t.Errorf("read back as %q", got)
	}
}

func TestAppendRefuses(t *testing.T) {
	l := newTestLog(t)
	for _, c := range []struct {
		name string
		data any
		want string
	}{
		{"a record of 300 KiB", Access{What: strings.Repeat("x", 300<<10)}, "too large"},
		{"data that is not JSON", make(chan int), "encode a access record"},
	} {
		err := pgx.BeginFunc(t.Context(), l.pool, func(tx pgx.Tx) error {
			_, err := l.Append(t.Context(), tx, Entry{Type: TypeAccess, At: testTime, Data: c.data, Personal: map[string]string{"actor": actor}})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", c.name, err, c.want)
		}
		if strings.Contains(fmt.Sprint(err), actor) {
			t.Errorf("%s: the error shows a personal value: %v", c.name, err)
		}
	}
	if n := value[int](l, `select count(*) from ledger_record`); n != 0 {
		t.Errorf("%d records were stored", n)
	}
}
