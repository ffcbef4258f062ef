package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func ids(rows []Row) []uuid.UUID {
	var list []uuid.UUID
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}

func TestPagesHoldEachRecordOnce(t *testing.T) {
	l := newTestLog(t)
	for _, c := range []struct{ records, limit, pages int }{{0, 10, 1}, {1, 10, 1}, {9, 10, 1}, {10, 10, 1}, {11, 10, 2}, {20, 10, 2}, {25, 10, 3}, {3, 1, 3}, {2, 0, 2}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			exam := uuid.New()
			some := func(n int) []Entry {
				list := accesses(n)
				for i := range list {
					list[i].Exam = exam
				}
				return list
			}
			want := l.add(some(c.records)...)
			slices.Reverse(want)
			var got []Row
			var cursor int64
			pages := 0
			for {
				rows, next, err := l.Page(t.Context(), Filter{Exam: exam}, cursor, c.limit)
				if err != nil {
					t.Fatal(err)
				}
				if pages++; pages > c.pages {
					t.Fatalf("more than %d pages", c.pages)
				}
				if len(rows) > max(c.limit, 1) {
					t.Errorf("a page of %d", len(rows))
				}
				got = append(got, rows...)
				l.add(some(3)...) // others go on working; what is new belongs before the first page
				if next == 0 {
					break
				}
				cursor = next
			}
			if pages != c.pages || !slices.Equal(ids(got), want) {
				t.Errorf("%d pages with %d records; want %d pages with %d, newest first, each once", pages, len(got), c.pages, len(want))
			}
		})
	}
}

func TestFilters(t *testing.T) {
	l := newTestLog(t)
	var all []uuid.UUID
	for i, e := range []Entry{
		{Type: TypeDecision, Exam: examA, Attempt: attempt1, Outcome: "finished"},
		{Type: TypeDecision, Exam: examA, Attempt: attempt2, Outcome: "terminated"},
		{Type: TypeAdmission, Exam: examA, Attempt: attempt1},
		{Type: TypeDecision, Exam: examB, Outcome: "finished"},
		{Type: TypeAccess},
	} {
		e.At, e.Data = testTime.Add(time.Duration(i)*time.Minute), Decision{}
		all = append(all, l.add(e)...)
	}
	for _, c := range []struct {
		name   string
		filter Filter
		want   []int
	}{
		{"none", Filter{}, []int{0, 1, 2, 3, 4}},
		{"exam", Filter{Exam: examA}, []int{0, 1, 2}},
		{"attempt", Filter{Attempt: attempt1}, []int{0, 2}},
		{"type", Filter{Type: TypeDecision}, []int{0, 1, 3}},
		{"outcome", Filter{Outcome: "finished"}, []int{0, 3}},
		{"from is inclusive", Filter{From: testTime.Add(2 * time.Minute)}, []int{2, 3, 4}},
		{"to is exclusive", Filter{To: testTime.Add(2 * time.Minute)}, []int{0, 1}},
		{"a period", Filter{From: testTime.Add(time.Minute), To: testTime.Add(3 * time.Minute)}, []int{1, 2}},
		{"all together", Filter{Exam: examA, Attempt: attempt1, Type: TypeDecision, Outcome: "finished", From: testTime, To: testTime.Add(time.Second)}, []int{0}},
		{"nothing", Filter{Exam: examB, Type: TypeAdmission}, nil},
		{"no SQL", Filter{Outcome: "' or true --"}, nil},
	} {
		var want []uuid.UUID
		for _, i := range c.want {
			want = append(want, all[i])
		}
		if got := ids(l.rows(c.filter)); !slices.Equal(got, want) {
			t.Errorf("%s: Each gives %v; want %v, oldest first", c.name, got, want)
		}
		slices.Reverse(want)
		if page, next, err := l.Page(t.Context(), c.filter, 0, 10); err != nil || next != 0 || !slices.Equal(ids(page), want) {
			t.Errorf("%s: Page gives %v, %d, %v; want %v, newest first", c.name, ids(page), next, err, want)
		}
		if len(c.want) > 1 { // the filter goes together with the cursor
			page, next, err := l.Page(t.Context(), c.filter, 0, 1)
			if err != nil || !slices.Equal(ids(page), want[:1]) {
				t.Errorf("%s: the first page gives %v, %v", c.name, ids(page), err)
			}
			if page, _, err := l.Page(t.Context(), c.filter, next, 10); err != nil || !slices.Equal(ids(page), want[1:]) {
				t.Errorf("%s: the second page gives %v, %v", c.name, ids(page), err)
			}
		}
	}
}

func TestRowsSayWhatWasAppended(t *testing.T) {
	l := newTestLog(t)
	e := identification()
	e.At = testTime
	id := l.add(e)[0]
	row := l.one(id)
	if row.ID != id || row.Type != e.Type || !row.At.Equal(e.At) || row.Exam != e.Exam || row.Attempt != e.Attempt || row.Outcome != e.Outcome || row.Leaf != nil {
		t.Errorf("before sealing: %+v", row)
	}
	if row.Personal["student"] != student || row.Personal["oid"] != oid || len(row.Personal) != 2 {
		t.Errorf("personal: %v", row.Personal)
	}
	var d Identification
	if err := row.Data(&d); err != nil || !reflect.DeepEqual(d.Scores, e.Data.(Identification).Scores) || d.Verdict.JWS != "a.b.c" {
		t.Errorf("data: %+v, %v", d, err)
	}
	l.seal()
	if row := l.one(id); row.Leaf == nil || *row.Leaf != 0 {
		t.Errorf("after sealing its leaf is %v", row.Leaf)
	}
	if page, _, err := l.Page(t.Context(), Filter{}, 0, 1); err != nil || page[0].Seq != row.Seq || page[0].SHA256() != row.SHA256() {
		t.Errorf("Page and Each differ: %+v, %v", page, err)
	}
}

// A reader must not take a forged name for a true one.
func TestReadersRefuseAForgedValue(t *testing.T) {
	l := newTestLog(t)
	id := l.add(identification())[0]
	l.exec(`update ledger_record set personal = $1`, l.ring.Seal(personalPurpose(id), []byte(`{"student":{"salt":"00","value":"x"},"oid":{"salt":"00","value":"y"}}`)))
	if _, _, err := l.Page(t.Context(), Filter{}, 0, 10); err == nil || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("Page: %v; want an error that names the record", err)
	}
	if err := l.Each(t.Context(), Filter{}, func(Row) error { return nil }); err == nil || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("Each: %v; want an error that names the record", err)
	}
}

func TestEachEndsWithItsCaller(t *testing.T) {
	l := newTestLog(t)
	l.add(accesses(3)...)
	enough := errors.New("enough")
	seen := 0
	if err := l.Each(t.Context(), Filter{}, func(Row) error { seen++; return enough }); !errors.Is(err, enough) || seen != 1 {
		t.Errorf("%d records, %v; want one and the caller's error", seen, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Each(over, Filter{}, func(Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v; want context.Canceled", err)
	}
}
