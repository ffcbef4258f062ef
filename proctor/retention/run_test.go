package retention

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

func TestRecordingsExpireWithReceipts(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	names := h.recorded(attempt, "one", "two", "three")
	// Another exam keeps its own term; a third was finished later than planned.
	own, late := uuid.New(), uuid.New()
	for id, code := range map[uuid.UUID]string{own: "own", late: "late"} {
		h.exec(`insert into exam (id, organisation_id, code, title, starts_at, ends_at, policy) values ($1, $2, $3, $3, $4, $5, '{}')`, id, h.organisation, code, examEnd.Add(-time.Hour), examEnd)
	}
	h.exec(`update exam set finished_at = $2 where id = $1`, late, examEnd.Add(time.Hour))
	h.must(h.SetTerm(t.Context(), NewTerm{Organisation: h.organisation, Exam: own, Class: Recordings, Days: 200, Reason: "приказ № 7"}, Actor{}))
	ofOwn, _ := h.attempt(own)
	ofLate, _ := h.attempt(late)
	others := map[uuid.UUID]string{ofOwn: h.recorded(ofOwn, "x")[0], ofLate: h.recorded(ofLate, "y")[0]}

	h.clock.set(examEnd.Add(180*day - time.Second))
	h.erase()
	if n := len(h.objects()); n != 5 || !h.readable(attempt, names[0]) {
		t.Fatalf("a second before the term %d objects are left", n)
	}
	h.clock.set(examEnd.Add(180 * day))
	if done := h.erase(); done.Erased[Recordings] != 1 || done.Error != "" {
		t.Errorf("run %+v", done)
	}
	if n := len(h.objects()); n != 2 || h.readable(attempt, names[0]) {
		t.Errorf("%d objects are left", n)
	}
	for other, name := range others {
		if !h.readable(other, name) {
			t.Error("another exam's recordings went too")
		}
	}
	erasures, receipts := h.records(ledger.TypeErasure), h.records(ledger.TypeReceipt)
	if len(erasures) != 1 || len(receipts) != 1 || erasures[0].Attempt != attempt || receipts[0].Attempt != attempt || erasures[0].Seq > receipts[0].Seq {
		t.Fatalf("erasures %+v, receipts %+v", erasures, receipts)
	}
	var receipt ledger.Receipt
	h.must(receipts[0].Data(&receipt))
	if receipt != (ledger.Receipt{Class: "recordings", Reason: "retention", Count: 3, Copies: "unreadable"}) {
		t.Errorf("receipt %+v", receipt)
	}
	h.clock.set(examEnd.Add(180*day + time.Hour))
	h.erase()
	h.clock.set(examEnd.Add(200 * day))
	h.erase()
	if n := len(h.objects()); n != 0 {
		t.Errorf("%d objects are left at the end", n)
	}
	h.verify()
}

// TestWordsGoWithTheRecordings: what was written during an attempt is emptied with its recordings, another's stays; an announcement stays as long
// as anybody's recordings of that exam.
func TestWordsGoWithTheRecordings(t *testing.T) {
	h := newHouse(t)
	first, person := h.attempt(h.exam)
	second, _ := h.attempt(h.exam)
	for _, a := range []uuid.UUID{first, second} {
		h.recorded(a, "picture")
		h.exec(`insert into message (id, exam_id, attempt_id, sender_id, from_student, at, body) values ($1, $2, $3, $4, true, $5, 'x')`, uuid.New(), h.exam, a, person, examEnd)
		h.exec(`insert into help_call (id, attempt_id, reason, body, at) values ($1, $2, 'other', 'x', $3)`, uuid.New(), a, examEnd)
		h.exec(`insert into warning (id, attempt_id, reason, body, at, given_by) values ($1, $2, 'other', 'x', $3, $4)`, uuid.New(), a, examEnd, person)
		h.exec(`insert into note (id, attempt_id, author_id, at, body) values ($1, $2, $3, $4, 'x')`, uuid.New(), a, person, examEnd)
		h.exec(`insert into conclusion (id, attempt_id, result, body, at, actor) values ($1, $2, 'violation', 'x', $3, $4)`, uuid.New(), a, examEnd, person)
	}
	h.exec(`insert into message (id, exam_id, attempt_id, sender_id, from_student, at, body) values ($1, $2, null, $3, false, $4, 'x')`, uuid.New(), h.exam, person, examEnd)
	held := h.hold(second, Appeal)
	left := func() (of map[uuid.UUID]int, toAll int) {
		of = map[uuid.UUID]int{}
		for _, table := range []string{"message", "help_call", "warning", "note", "conclusion"} {
			for _, a := range []uuid.UUID{first, second} {
				of[a] += h.count(`select count(*) from `+table+` where attempt_id = $1 and body is not null`, a)
			}
		}
		return of, h.count(`select count(*) from message where attempt_id is null and body is not null`)
	}
	if of, toAll := left(); of[first] != 5 || of[second] != 5 || toAll != 1 {
		t.Fatalf("before: %v, %d", of, toAll)
	}
	h.clock.set(examEnd.Add(181 * day))
	h.erase()
	if of, toAll := left(); of[first] != 0 || of[second] != 5 || toAll != 1 {
		t.Errorf("one is erased, one held: %v, %d", of, toAll)
	}
	h.lift(held)
	h.clock.set(examEnd.Add(182 * day))
	h.erase()
	if of, toAll := left(); of[second] != 0 || toAll != 0 {
		t.Errorf("both are erased: %v, %d", of, toAll)
	}
	if n := h.count(`select count(*) from message`); n != 3 {
		t.Errorf("%d messages: that they were written stays", n)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	name := h.recorded(attempt, "one")[0]
	held, _ := h.attempt(h.exam)
	h.recorded(held, "two")
	h.hold(held, Appeal)
	record := h.append(examEnd, h.exam, attempt, uuid.Nil)
	before := h.count(`select count(*) from ledger_record`)
	h.clock.set(examEnd.Add(170 * day))
	soon, err := h.Calendar(t.Context(), h.organisation, h.Now().Add(30*day))
	h.must(err)
	if len(soon) != 1 || soon[0].Class != Recordings || soon[0].ExamCode != "algebra" || !soon[0].At.Equal(examEnd.Add(180*day)) || soon[0].Count != 2 || soon[0].Held != 1 {
		t.Errorf("within 30 days: %+v", soon)
	}
	h.clock.set(examEnd.Add(10 * 365 * day))
	all, err := h.Calendar(t.Context(), uuid.Nil, h.Now())
	h.must(err)
	var classes []Class
	for _, x := range all {
		classes = append(classes, x.Class)
	}
	if len(all) < 2 || classes[0] != Recordings || classes[1] != Records || all[0].Count != 2 || all[1].Count != 2 || all[1].Held != 1 {
		t.Errorf("overdue: %+v", all)
	}
	if other, err := h.Calendar(t.Context(), uuid.New(), h.Now()); err != nil || len(other) != 0 {
		t.Errorf("of another organisation: %+v, %v", other, err)
	}
	if !h.readable(attempt, name) || len(h.objects()) != 2 || h.count(`select count(*) from ledger_record`) != before || h.count(`select count(*) from retention_run`) != 0 || h.personal()[0] != record {
		t.Error("looking at what expires changed something")
	}
}

func TestHoldStopsExpiryUntilItIsLifted(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	name := h.recorded(attempt, "one")[0]
	one, two := h.hold(attempt, Appeal), uuid.Nil
	h.must(h.tx(func(tx pgx.Tx) (err error) {
		two, err = h.HoldExam(t.Context(), tx, h.exam, Order, "запрос суда", Actor{})
		return err
	}))
	// A hold stops a withdrawal's erasure too.
	h.must(h.tx(func(tx pgx.Tx) error { return h.Archive.Doom(t.Context(), tx, []uuid.UUID{attempt}, examEnd) }))
	h.clock.set(examEnd.Add(200 * day))
	for _, hold := range []uuid.UUID{one, two} {
		h.erase()
		if !h.readable(attempt, name) {
			t.Fatal("what is held was erased")
		}
		h.lift(hold)
	}
	h.erase()
	if h.readable(attempt, name) || len(h.objects()) > 0 {
		t.Error("what is not held any more is still there")
	}
	var erasure ledger.Erasure
	h.must(h.records(ledger.TypeErasure)[0].Data(&erasure))
	if erasure.Reason != "consent_withdrawn" {
		t.Errorf("reason %q: the withdrawal came first", erasure.Reason)
	}
	h.verify()
}

// A hold that is being placed while a run is under way is waited for.
func TestHoldPlacedDuringTheRun(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	name := h.recorded(attempt, "one")[0]
	h.clock.set(examEnd.Add(200 * day))
	tx, err := h.Pool.Begin(t.Context())
	h.must(err)
	_, err = h.Hold(t.Context(), tx, attempt, Appeal, "апелляция", Actor{})
	h.must(err)
	ended := make(chan error, 1)
	go func() {
		_, err := h.Erase(t.Context())
		ended <- err
	}()
	deadline := time.Now().Add(20 * time.Second)
	for h.count(`select count(*) from pg_stat_activity where datname = current_database() and $1::int = any(pg_blocking_pids(pid))`, tx.Conn().PgConn().PID()) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the run does not wait for the hold")
		}
	}
	h.must(tx.Commit(t.Context()))
	h.must(<-ended)
	if !h.readable(attempt, name) || len(h.records(ledger.TypeErasure)) > 0 {
		t.Error("what was being held was erased")
	}
}

// The key goes first: when its objects cannot be deleted nobody can read them, and the next run goes on.
func TestObjectsThatStayAreDeletedByTheNextRun(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	name := h.recorded(attempt, "one", "two")[0]
	h.clock.set(examEnd.Add(200 * day))
	h.keepObjects.Store(true)
	if err := h.Step(t.Context()); err == nil {
		t.Fatal("a run that deleted nothing has not failed")
	}
	if h.readable(attempt, name) || len(h.objects()) != 2 || len(h.records(ledger.TypeErasure)) != 1 || len(h.records(ledger.TypeReceipt)) != 0 {
		t.Error("the key is still there, or a receipt tells of objects that are there")
	}
	if err := h.Health(t.Context()); err == nil {
		t.Error("healthy after a run that failed")
	}
	h.verify() // a destroyed key with its objects still there is no fault
	h.keepObjects.Store(false)
	h.must(h.Step(t.Context())) // not before an hour has passed
	if len(h.objects()) != 2 {
		t.Error("tried again at once")
	}
	h.clock.set(h.Now().Add(time.Hour))
	h.must(h.Step(t.Context()))
	if len(h.objects()) != 0 || len(h.records(ledger.TypeErasure)) != 1 {
		t.Error("the next run left them, or destroyed the key again")
	}
	receipts := h.records(ledger.TypeReceipt)
	var receipt ledger.Receipt
	if len(receipts) != 1 {
		t.Fatalf("%d receipts", len(receipts))
	}
	h.must(receipts[0].Data(&receipt))
	if receipt.Count != 2 {
		t.Errorf("receipt %+v", receipt)
	}
	h.must(h.Health(t.Context()))
	h.verify()
}

func TestPersonalValuesExpireAndTheLogStaysWhole(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	held, heldPerson := h.attempt(h.exam)
	h.append(examEnd, h.exam, attempt, uuid.Nil)
	h.append(examEnd.Add(time.Second), uuid.Nil, uuid.Nil, uuid.Nil)
	kept := []uuid.UUID{
		h.append(examEnd.Add(2*time.Second), h.exam, held, uuid.Nil),
		h.append(examEnd.Add(3*time.Second), uuid.Nil, uuid.Nil, heldPerson), // of the same person, without an exam
		h.append(examEnd.Add(day), h.exam, attempt, uuid.Nil),
	}
	hold := h.hold(held, Order)
	h.verify()
	h.clock.set(examEnd.Add(5*365*day + time.Hour))
	done := h.erase()
	if left := h.personal(); done.Erased[Records] != 2 || len(left) != 3 || left[0] != kept[0] || left[1] != kept[1] || left[2] != kept[2] {
		t.Errorf("erased %d, left %v; want left %v", done.Erased[Records], left, kept)
	}
	h.verify()
	h.lift(hold)
	h.erase()
	if left := h.personal(); len(left) != 1 || left[0] != kept[2] {
		t.Errorf("after lifting: %v", left)
	}
	h.verify()
	if n := len(h.records(ledger.TypeDecision)); n != 5 {
		t.Errorf("%d records are left; all must be", n)
	}
}

func TestConsentsAndRequestsExpire(t *testing.T) {
	h := newHouse(t)
	attempt, person := h.attempt(h.exam)
	text := uuid.New()
	h.exec(`insert into consent_text (id, organisation_id, version, title, body, sha256) values ($1, $2, 1, 't', 'b', '')`, text, h.organisation)
	consent := func(granted time.Time, withdrawn *time.Time) uuid.UUID {
		id := uuid.New()
		h.exec(`insert into consent (id, person_id, text_id, granted_at, withdrawn_at, identity) values ($1, $2, $3, $4, $5, 'sealed')`, id, person, text, granted, withdrawn)
		return id
	}
	old := examEnd.Add(-time.Hour)
	unused := consent(old, nil)
	used := consent(old, nil)
	h.exec(`insert into consent_use (attempt_id, consent_id, at) values ($1, $2, $3)`, attempt, used, old)
	later := examEnd.Add(day)
	withdrawn := consent(old, &later)
	request := func(number int, decided *time.Time) uuid.UUID {
		id := uuid.New()
		h.exec(`insert into request (id, organisation_id, kind, state, esia_oid, personal, created_at, updated_at, decided_at) values ($1, $2, 'link', case when $4::timestamptz is null then 'open' else 'refused' end, $3, 'sealed', $5, $5, $4)`,
			id, h.organisation, strconv.Itoa(number), decided, old)
		return id
	}
	open, decided := request(1, nil), request(2, &examEnd)
	claim := uuid.New()
	h.exec(`insert into guardian_claim (id, organisation_id, student_id, guardian_id, filed_at, decided_at, confirmed, note_sealed) values ($1, $2, $3, $4, $5, $5, true, 'sealed')`,
		claim, h.organisation, person, h.person("Родителева"), examEnd)

	identity := func(id uuid.UUID) bool {
		return h.count(`select count(*) from consent where id = $1 and identity is not null`, id) == 1
	}
	h.clock.set(examEnd.Add(365 * day))
	if done := h.erase(); done.Erased[Requests] != 2 {
		t.Errorf("requests: %+v", done)
	}
	if h.count(`select count(*) from request where id = $1`, open) != 1 || h.count(`select count(*) from request where id = $1`, decided) != 0 ||
		h.count(`select count(*) from guardian_claim where id = $1 and note_sealed is null`, claim) != 1 {
		t.Error("an open request went, or a decided one is there, or a note about papers")
	}
	h.clock.set(examEnd.Add(5*365*day - time.Minute))
	h.erase()
	if identity(unused) || !identity(used) || !identity(withdrawn) {
		t.Errorf("just before the exam's end five years ago: unused %v, used %v, withdrawn %v", identity(unused), identity(used), identity(withdrawn))
	}
	h.clock.set(examEnd.Add(5 * 365 * day))
	h.erase()
	if identity(used) || !identity(withdrawn) {
		t.Errorf("at that time: used %v, withdrawn %v", identity(used), identity(withdrawn))
	}
	h.clock.set(examEnd.Add(5*365*day + day))
	h.erase()
	if identity(withdrawn) {
		t.Error("the withdrawn one is still there")
	}
	classes := map[string]int64{}
	for _, r := range h.records(ledger.TypeReceipt) {
		var receipt ledger.Receipt
		h.must(r.Data(&receipt))
		classes[receipt.Class] += receipt.Count
	}
	if classes["requests"] != 2 || classes["consents"] != 3 {
		t.Errorf("receipts tell of %v", classes)
	}
	h.verify()
}

func TestStepRunsDailyAndForWithdrawals(t *testing.T) {
	h := newHouse(t)
	runs := func() int { return h.count(`select count(*) from retention_run`) }
	start := h.Now()
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {time.Hour, 1}, {day - time.Second, 1}, {day, 2}, {day + 5*time.Minute, 2}} {
		h.clock.set(start.Add(c.after))
		h.must(h.Step(t.Context()))
		if n := runs(); n != c.want {
			t.Errorf("after %v: %d runs, want %d", c.after, n, c.want)
		}
	}
	attempt, _ := h.attempt(h.exam)
	name := h.recorded(attempt, "one")[0]
	h.must(h.tx(func(tx pgx.Tx) error {
		return h.Archive.Doom(t.Context(), tx, []uuid.UUID{attempt}, h.Now().Add(time.Minute))
	}))
	h.must(h.Step(t.Context()))
	if !h.readable(attempt, name) {
		t.Error("withdrawn recordings went before their time")
	}
	h.clock.set(h.Now().Add(time.Minute))
	h.must(h.Step(t.Context()))
	if h.readable(attempt, name) {
		t.Error("withdrawn recordings wait for the daily run")
	}
	h.must(h.Health(t.Context()))
	h.clock.set(h.Now().Add(runLate + time.Second))
	if err := h.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "was last erased at") {
		t.Errorf("health without a run for more than a day: %v", err)
	}
	if state, err := h.State(t.Context()); err != nil || !state.Late {
		t.Errorf("state %+v, %v", state, err)
	}
}

// A run that fails is told of in the service's own log.
func TestRunShouts(t *testing.T) {
	h := newHouse(t)
	attempt, _ := h.attempt(h.exam)
	h.recorded(attempt, "one")
	h.clock.set(examEnd.Add(200 * day))
	h.keepObjects.Store(true)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { h.Run(ctx) })
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(h.logged.String(), "level=ERROR") {
		if time.Now().After(deadline) {
			t.Fatal("nothing was logged")
		}
		time.Sleep(10 * time.Millisecond) // between two looks
	}
	if text := h.logged.String(); !strings.Contains(text, "IS NOT ERASED") || strings.Contains(text, "Ёлкина") {
		t.Errorf("logged %s", text)
	}
}

func TestOneRunAtATime(t *testing.T) {
	h := newHouse(t)
	conn, err := h.Pool.Acquire(t.Context())
	h.must(err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `select pg_advisory_lock($1)`, int64(runLock))
	h.must(err)
	if _, err := h.Erase(t.Context()); !errors.Is(err, ErrRunning) {
		t.Errorf("beside another run: %v", err)
	}
	h.must(h.Step(t.Context()))
	if n := h.count(`select count(*) from retention_run`); n != 0 {
		t.Errorf("%d runs beside another one", n)
	}
	_, err = conn.Exec(t.Context(), `select pg_advisory_unlock($1)`, int64(runLock))
	h.must(err)
	h.erase()
}
