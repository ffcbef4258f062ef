package retention

import (
	"testing"
	"time"
)

// BenchmarkAtAMillion measures the daily erasure beside a log of 1,000,000 records with personal values: when nothing is due, what the page shows of
// the next 30 days, a day's records, and one person's who is under 50 attempts. Run it with -benchtime 1x.
func BenchmarkAtAMillion(b *testing.B) {
	h := newHouse(b)
	for range 50 {
		attempt, person := h.attempt(h.exam)
		h.exec(`update attempt set person_id = $2 where id = $1`, attempt, person)
	}
	// One record a minute; its values are as long as real ones.
	h.exec(`insert into ledger_record (id, type, at, body, personal, exam_id, attempt_id, person_id)
		select gen_random_uuid(), 'identification', $1::timestamptz + make_interval(mins => i::int), convert_to(repeat('{"data":"as long as a real one"}', 30), 'UTF8'),
			convert_to(repeat('sealed personal values', 15), 'UTF8'), $2, a.id, a.person_id
		from generate_series(1, 1000000) i join (select id, person_id, row_number() over () - 1 as n from attempt) a on a.n = i % 50`, examEnd, h.exam)
	h.exec(`vacuum analyze ledger_record`)
	const years = 5 * 365 * day
	measure := func(name string, do func()) {
		began := time.Now()
		do()
		b.ReportMetric(float64(time.Since(began).Milliseconds()), name+"-ms")
	}
	b.ResetTimer()
	for range b.N {
		h.clock.set(examEnd.Add(years))
		measure("nothing-due", func() { h.erase() })
		measure("calendar", func() {
			if list, err := h.Calendar(b.Context(), h.organisation, h.Now().Add(30*day)); err != nil || len(list) == 0 {
				b.Fatal(list, err)
			}
		})
		h.clock.set(examEnd.Add(years + day))
		measure("a-day's-1440-records", func() {
			if done := h.erase(); done.Erased[Records] != 1440 {
				b.Fatalf("%+v", done)
			}
		})
		attempt, _ := h.attempt(h.exam)
		h.hold(attempt, Order)
		h.clock.set(examEnd.Add(years + 2*day))
		measure("a-day's-records-beside-a-hold", func() {
			if done := h.erase(); done.Erased[Records] != 1440 {
				b.Fatalf("%+v", done)
			}
		})
		h.clock.set(examEnd.Add(years + 30*day))
		measure("a-month's-40320-records", func() {
			if done := h.erase(); done.Erased[Records] != 28*1440 {
				b.Fatalf("%+v", done)
			}
		})
	}
}
