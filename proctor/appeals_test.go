package proctor_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/appeal"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

type fileAttempt struct {
	ID        uuid.UUID
	State     string
	MayAppeal bool
	WhyNot    string
	Appeals   []struct {
		ID            uuid.UUID
		Number, State string
		Remedy        string
		Reason, Email string
	}
	Decisions []struct{ Kind, State, Reason, Actor string }
	Looks     []struct{ Who, What, Scope string }
	Stored    []struct {
		Class string
		Count int
		Held  bool
	}
}

func (b *browser) myFile(t *testing.T) []fileAttempt {
	t.Helper()
	return get[struct{ Attempts []fileAttempt }](t, b, "/api/my-file").Attempts
}

func terminated(t *testing.T, proctor *browser, a attempt) {
	t.Helper()
	if status, text := proctor.call(t, http.MethodPost, "/api/attempts/"+a.ID.String()+"/terminate", map[string]any{"reasonCode": "rules"}); status != http.StatusOK {
		t.Fatalf("terminate: %d %s", status, text)
	}
}

func (h *house) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	must(t, h.store.Pool.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// traces counts what filing or deciding an appeal leaves.
func (h *house) traces(t *testing.T) string {
	t.Helper()
	return fmt.Sprint(h.count(t, `select count(*) from appeal`), h.count(t, `select count(*) from appeal where state <> 'open'`), h.count(t, `select count(*) from retention_hold`),
		h.count(t, `select count(*) from ledger_record where type in ('appeal', 'hold', 'decision')`), h.count(t, `select count(*) from mail_message`),
		h.count(t, `select count(*) from attempt_move`))
}

func (h *house) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := h.store.Pool.Exec(t.Context(), sql, args...)
	must(t, err)
}

func appealForm(text string) map[string]any {
	return map[string]any{"text": text, "email": "anna@example.org", "language": "ru"}
}

// TestAppeal: filed by the student, refused to whoever took the decision, decided by another, told on the page, by letter and in the log.
func TestAppeal(t *testing.T) {
	h := newHouse(t)
	h.grant(t, esiamock.Proctor, account.Proctor, account.Registrar)
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	a, b := anna.join(t, true), boris.join(t, true)
	proctor, same, registrar := h.actingAs(t, esiamock.Proctor, "proctor"), h.actingAs(t, esiamock.Proctor, "registrar"), h.signedIn(t, esiamock.Registrar)
	path := "/api/attempts/" + a.ID.String() + "/appeal"

	refused := func(name string, who *browser, path string, form any, status int, code string) {
		t.Helper()
		before := h.traces(t)
		if got, text := who.call(t, http.MethodPost, path, form); got != status || problemCode(t, text) != code {
			t.Errorf("%s: %d %s; want %d %s", name, got, text, status, code)
		}
		if after := h.traces(t); after != before {
			t.Errorf("%s changed %s to %s", name, before, after)
		}
	}
	refused("nothing was decided", anna, path, appealForm("Прошу"), http.StatusConflict, "appeal_nothing")
	terminated(t, proctor, a)
	terminated(t, proctor, b)
	refused("another's attempt", boris, path, appealForm("Прошу"), http.StatusForbidden, "forbidden")
	refused("no text", anna, path, appealForm(""), http.StatusUnprocessableEntity, "bad_request")
	refused("a blank text", anna, path, appealForm(" \n "), http.StatusUnprocessableEntity, "appeal_text")
	refused("too long a text", anna, path, appealForm(strings.Repeat("я", 4001)), http.StatusUnprocessableEntity, "bad_request")
	refused("a text for no letter", anna, path, appealForm("a\x1bb"), http.StatusUnprocessableEntity, "appeal_text")
	refused("no address", anna, path, map[string]any{"text": "Прошу", "email": "никуда", "language": "ru"}, http.StatusUnprocessableEntity, "email_invalid")

	h.exec(t, `update exam set starts_at = now() - interval '10 days', ends_at = now() - interval '9 days'`)
	h.exec(t, `update attempt_move set at = at - interval '9 days'`)
	refused("too late", anna, path, appealForm("Прошу"), http.StatusConflict, "appeal_late")
	// The organisation gives more time: only in bounds, and the log tells.
	refused("no time at all", registrar, "/api/appeals/policy", map[string]any{"days": 0, "holdDays": 10}, http.StatusUnprocessableEntity, "bad_request")
	if status, text := registrar.call(t, http.MethodPost, "/api/appeals/policy", map[string]any{"days": 10, "holdDays": 0}); status != http.StatusOK {
		t.Fatalf("the policy: %d %s", status, text)
	}
	if n := h.count(t, `select count(*) from ledger_record where type = 'policy_change'`); n != 2 {
		t.Errorf("%d records of the changed policy; want 2", n)
	}

	// Two tabs file at once: one appeal.
	var filing sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		filing.Go(func() {
			codes[i], _ = anna.call(t, http.MethodPost, path, appealForm("Прошу пересмотреть: подсказок не было."))
		})
	}
	filing.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []int{200, 409, 409, 409}) {
		t.Fatalf("filed at once: %v", codes)
	}
	refused("twice", anna, path, appealForm("Ещё раз"), http.StatusConflict, "appeal_twice")
	file := anna.myFile(t)[0]
	if file.MayAppeal || file.WhyNot != "appeal_twice" || len(file.Appeals) != 1 || file.Appeals[0].State != "open" || file.Appeals[0].Email != "a•••@example.org" || !file.Stored[0].Held {
		t.Errorf("her file %+v", file)
	}

	queue := get[struct{ Appeals []struct{ ID uuid.UUID } }](t, registrar, "/api/appeals").Appeals
	if len(queue) != 1 {
		t.Fatalf("queue %+v", queue)
	}
	one := "/api/appeals/" + queue[0].ID.String()
	for who, may := range map[*browser]bool{same: false, registrar: true} {
		if d := get[struct{ MayDecide bool }](t, who, one); d.MayDecide != may {
			t.Errorf("may decide: %v; want %v", d.MayDecide, may)
		}
	}
	decision := map[string]any{"grant": true, "remedy": "annul", "reason": "На записи посторонних нет."}
	refused("who took the decision", same, one+"/decision", decision, http.StatusForbidden, "appeal_same_person")
	refused("no reason", registrar, one+"/decision", map[string]any{"grant": false, "reason": "  "}, http.StatusUnprocessableEntity, "appeal_text")
	refused("too long a reason", registrar, one+"/decision", map[string]any{"grant": false, "reason": strings.Repeat("я", 2001)}, http.StatusUnprocessableEntity, "bad_request")
	refused("a remedy of a refusal", registrar, one+"/decision", map[string]any{"grant": false, "remedy": "try", "reason": "Нет"}, http.StatusUnprocessableEntity, "appeal_text")
	refused("a try after the exam", registrar, one+"/decision", map[string]any{"grant": true, "remedy": "try", "reason": "Да"}, http.StatusConflict, "exam_over")
	refused("no such appeal", registrar, "/api/appeals/"+uuid.NewString()+"/decision", decision, http.StatusNotFound, "not_found")

	// Two registrars decide at once: one decision.
	h.grant(t, esiamock.Proctor2, account.Registrar)
	second := h.signedIn(t, esiamock.Proctor2)
	for i, who := range []*browser{registrar, second, registrar, second} {
		filing.Go(func() { codes[i], _ = who.call(t, http.MethodPost, one+"/decision", decision) })
	}
	filing.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []int{200, 409, 409, 409}) {
		t.Fatalf("decided at once: %v", codes)
	}
	file = anna.myFile(t)[0]
	if got := file.Appeals[0]; got.State != "granted" || got.Remedy != "annul" || got.Reason != "На записи посторонних нет." || file.State != "finished" {
		t.Errorf("after the decision %+v", file)
	}
	if file.MayAppeal || file.WhyNot != "appeal_twice" {
		t.Errorf("a granted appeal can be contested: %+v", file)
	}
	var outcomes []string
	must(t, h.store.Log.Each(t.Context(), ledger.Filter{Attempt: a.ID, Appeals: true}, func(r ledger.Row) error {
		if r.Type == ledger.TypeAppeal || r.Type == ledger.TypeHold {
			outcomes = append(outcomes, string(r.Type)+" "+r.Outcome)
		}
		return nil
	}))
	if !slices.Equal(outcomes, []string{"hold placed", "appeal filed", "appeal granted"}) {
		t.Errorf("in the log %v", outcomes)
	}
	if n := h.count(t, `select count(*) from mail_message where kind in ('appeal_filed', 'appeal_annulled')`); n != 2 {
		t.Errorf("%d letters; want 2", n)
	}
	must(t, h.store.Log.Each(t.Context(), ledger.Filter{Appeals: true, Attempt: b.ID}, func(ledger.Row) error {
		t.Error("a record of somebody who filed none")
		return nil
	}))

	// The hold goes when its time after the decision is over, and once.
	desk := appeal.New(appeal.Config{Pool: h.store.Pool, Ring: h.store.Ring, Log: h.store.Log, Exams: h.store.Exams, Holds: h.holds(), Now: time.Now})
	released := h.count(t, `select count(*) from appeal where released_at is not null`) // the service's own hourly run may have been faster
	n, err := desk.Release(t.Context())
	if err != nil || n+released != 1 || h.count(t, `select count(*) from retention_hold where lifted_at is null`) != 0 {
		t.Errorf("released %d, %v", n, err)
	}
	if n, err := desk.Release(t.Context()); n != 0 || err != nil {
		t.Errorf("released twice: %d, %v", n, err)
	}
}

// TestAppealForAnotherTry: while the exam lasts, a granted appeal lets the student be identified again; a later termination can be contested anew,
// but not before who decided the first appeal.
func TestAppealForAnotherTry(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	proctor, registrar := h.signedIn(t, esiamock.Proctor), h.signedIn(t, esiamock.Registrar)
	path := "/api/attempts/" + a.ID.String() + "/appeal"
	open := func() string {
		t.Helper()
		if status, text := anna.call(t, http.MethodPost, path, map[string]any{"text": "Прошу", "language": "en"}); status != http.StatusOK {
			t.Fatalf("file: %d %s", status, text)
		}
		return "/api/appeals/" + get[struct{ Appeals []struct{ ID uuid.UUID } }](t, registrar, "/api/appeals").Appeals[0].ID.String() + "/decision"
	}
	terminated(t, proctor, a)
	if status, text := registrar.call(t, http.MethodPost, open(), map[string]any{"grant": true, "remedy": "try", "reason": "Связь"}); status != http.StatusOK {
		t.Fatalf("grant: %d %s", status, text)
	}
	now := get[struct {
		State, StateReason string
		TriesLeft          int
	}](t, anna, "/api/attempts/"+a.ID.String())
	if now.State != "ready" || now.StateReason != "appeal_granted" || now.TriesLeft != 4 {
		t.Errorf("the attempt %+v", now)
	}
	terminated(t, proctor, a)
	decide := open()
	before := h.traces(t)
	if status, text := registrar.call(t, http.MethodPost, decide, map[string]any{"grant": false, "reason": "Нет"}); status != http.StatusForbidden || problemCode(t, text) != "appeal_same_person" {
		t.Errorf("who decided the first appeal: %d %s", status, text)
	}
	if after := h.traces(t); after != before {
		t.Errorf("a refused decision changed %s to %s", before, after)
	}
}

// TestMyPackage: a student's package verifies, and holds no value of anybody else.
func TestMyPackage(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	a, b := anna.join(t, true), boris.join(t, true)
	proctor, registrar := h.signedIn(t, esiamock.Proctor), h.signedIn(t, esiamock.Registrar)
	for _, of := range []attempt{a, b} {
		terminated(t, proctor, of)
		get[any](t, proctor, "/api/attempts/"+of.ID.String()+"/timeline")
	}
	for who, of := range map[*browser]attempt{anna: a, boris: b} {
		if status, text := who.call(t, http.MethodPost, "/api/attempts/"+of.ID.String()+"/appeal", appealForm("Мой текст "+of.ID.String())); status != http.StatusOK {
			t.Fatalf("file: %d %s", status, text)
		}
	}
	queue := get[struct{ Appeals []struct{ ID uuid.UUID } }](t, registrar, "/api/appeals").Appeals
	for _, one := range queue {
		if status, text := registrar.call(t, http.MethodPost, "/api/appeals/"+one.ID.String()+"/decision", map[string]any{"grant": false, "reason": "Отказано"}); status != http.StatusOK {
			t.Fatalf("decide: %d %s", status, text)
		}
	}
	h.sealed(t)

	status, text := anna.call(t, http.MethodGet, "/api/my-file/package", nil)
	if status != http.StatusOK {
		t.Fatalf("package: %d %s", status, text)
	}
	report, err := pack.Verify(t.Context(), strings.NewReader(text), int64(len(text)), pack.Trust{Key: h.store.Key.Public})
	must(t, err)
	if !report.OK() || report.ByType["appeal"] != 2 || report.ByType["decision"] != 1 || report.ByType["access"] < 1 || report.Values < 3 || report.Manifest.Erased < 3 {
		t.Errorf("report %+v", report)
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(text)), int64(len(text)))
	must(t, err)
	var whole strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		_, err = io.Copy(&whole, r)
		must(t, err)
	}
	for _, p := range esiamock.DemoPeople() {
		for _, value := range []string{p.LastName, p.OID, p.SNILS} {
			if hers := p.OID == esiamock.StudentAnna; value != "" && strings.Contains(whole.String(), value) && !hers {
				t.Errorf("her package holds a value of %s", p.Note)
			}
		}
	}
	for want, there := range map[string]bool{"Смирнова": true, "Мой текст " + a.ID.String(): true, b.ID.String(): false} {
		if strings.Contains(whole.String(), want) != there {
			t.Errorf("her package holds %q: %v", want, !there)
		}
	}
	// That she took it is a record, and none of the looks at her file.
	if got := h.looks(t, ledger.Filter{Outcome: "exported"}); !slices.Equal(got, []string{"Смирнова Анна Сергеевна exported package.own"}) {
		t.Errorf("exports %q", got)
	}
	for _, l := range anna.myFile(t)[0].Looks {
		if l.Who == "Смирнова Анна Сергеевна" || l.What == "" {
			t.Errorf("a look %+v", l)
		}
	}
}

// TestOwnSegment: a student gets the segments around a decision about her, no other and nobody else's.
func TestOwnSegment(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	a, b := anna.join(t, true), boris.join(t, true)
	recording := h.record(t, a.ID)
	h.exec(t, `update recording set started_at = now() - interval '60 seconds' where id = $1`, recording)
	objects, err := proctor.OpenArchive(t.Context(), h.config, h.store)
	must(t, err)
	key, err := objects.Put(t.Context(), a.ID, "recording/"+recording.String(), "webm", []byte("video"))
	must(t, err)
	sum := sha256.Sum256([]byte("video"))
	for n := range 7 {
		h.exec(t, `insert into segment (recording_id, number, object_key, started_at, start_ms, duration_ms, size, sha256, prev_sha256, chain, video, audio, width, height, rtp_time)
			values ($1, $2, $3, now(), $2 * 10000, 10000, 1, $4, 'a', 'a', true, true, 1, 1, 0)`, recording, n, key, sum[:])
	}
	terminated(t, h.signedIn(t, esiamock.Proctor), a)
	var file struct {
		Attempts []struct {
			Decisions []struct {
				Clip *struct {
					OffsetMs  int64
					Recording struct {
						Segments []struct {
							Number int
							URL    string
						}
					}
				}
			}
		}
	}
	_, text := anna.call(t, http.MethodGet, "/api/my-file", nil)
	must(t, json.Unmarshal([]byte(text), &file))
	clip := file.Attempts[0].Decisions[0].Clip
	if clip == nil || clip.OffsetMs < 60_000 || clip.OffsetMs > 69_999 || len(clip.Recording.Segments) == 0 || len(clip.Recording.Segments) > 2 {
		t.Fatalf("clip %+v", clip)
	}
	for who, want := range map[*browser]int{anna: http.StatusOK, boris: http.StatusForbidden} {
		if status, text := who.call(t, http.MethodGet, "/"+clip.Recording.Segments[0].URL, nil); status != want || (text == "video") != (want == http.StatusOK) {
			t.Errorf("a segment of the clip: %d %.100s; want %d", status, text, want)
		}
	}
	for name, path := range map[string]string{
		"another place":          "/api/attempts/" + a.ID.String() + "/recordings/" + recording.String() + "/segments/0",
		"through another's file": "/api/attempts/" + b.ID.String() + "/recordings/" + recording.String() + "/segments/6",
	} {
		who := anna
		if strings.Contains(path, b.ID.String()) {
			who = boris
		}
		if status, text := who.call(t, http.MethodGet, path, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d %.100s", name, status, text)
		}
	}
}
