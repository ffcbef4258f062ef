package proctor_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/exam"
)

type checks struct{ Account, Consent, Enrolment, Devices string }

type readiness struct {
	Checks          checks
	Declined, Ready bool
	DevicesAt       *string
}

type rosterReadiness struct {
	Counts struct{ Roster, Ready, Account, Consent, Devices, Declined, Unknown int }
	Total  int
	Rows   []struct {
		DisplayName     string
		Checks          checks
		Declined, Ready bool
		Email           bool
		RemindedAt      *string
	}
}

// TestReadiness: what a student still has to do, the same for the whole roster, one reminder a day, and declining with nothing following from it.
func TestReadiness(t *testing.T) {
	h := newHouse(t)
	registrar := h.signedIn(t, esiamock.Registrar)
	anna := h.signedIn(t, esiamock.StudentAnna)
	path := "/api/exams/" + h.exam.ID.String()

	if got := get[readiness](t, anna, "/api/ready/exam"); got.Checks != (checks{"done", "missing", "unknown", "missing"}) || got.Ready || got.Declined {
		t.Errorf("at first: %+v", got)
	}
	if status, text := h.signedIn(t, esiamock.StudentVera).call(t, http.MethodGet, "/api/ready/exam", nil); status != http.StatusForbidden || problemCode(t, text) != "not_in_roster" {
		t.Errorf("not in the roster: %d %s", status, text)
	}
	if status, text := h.signedIn(t, esiamock.StudentVera).call(t, http.MethodPost, "/api/ready/exam/decline", nil); status != http.StatusForbidden || problemCode(t, text) != "not_in_roster" {
		t.Errorf("declined what is not hers: %d %s", status, text)
	}
	for _, c := range []struct {
		camera, microphone bool
		want               string
	}{{false, true, "failed"}, {true, true, "done"}} {
		if status, text := anna.call(t, http.MethodPost, "/api/ready/exam/devices", map[string]any{"camera": c.camera, "microphone": c.microphone}); status != http.StatusOK {
			t.Errorf("devices: %d %s", status, text)
		}
		if got := get[readiness](t, anna, "/api/ready/exam"); got.Checks.Devices != c.want || got.DevicesAt == nil {
			t.Errorf("camera %v, microphone %v: %+v", c.camera, c.microphone, got)
		}
	}
	anna.join(t, true)
	if got := get[readiness](t, anna, "/api/ready/exam"); !got.Ready || got.Checks.Consent != "done" {
		t.Errorf("with everything done: %+v", got)
	}

	all := get[rosterReadiness](t, registrar, path+"/readiness")
	if all.Counts.Roster != 2 || all.Counts.Ready != 1 || all.Counts.Account != 1 || all.Counts.Unknown != 2 || len(all.Rows) != 2 {
		t.Fatalf("the roster: %+v", all)
	}
	for show, want := range map[string][]string{
		"ready": {"Смирнова Анна Сергеевна"}, "not_ready": {"Кузнецов Борис Андреевич"}, "account": {"Кузнецов Борис Андреевич"}, "declined": nil,
	} {
		got := get[rosterReadiness](t, registrar, path+"/readiness?show="+show)
		var names []string
		for _, r := range got.Rows {
			names = append(names, r.DisplayName)
		}
		if !slices.Equal(names, want) || got.Total != len(want) || got.Counts.Roster != 2 {
			t.Errorf("%s: %v; want %v", show, names, want)
		}
	}
	if status, _ := registrar.call(t, http.MethodGet, path+"/readiness?show=everything", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown filter: %d", status)
	}

	// Reminders: only who is not ready and has an address, and not twice a day.
	remind := func() (r struct{ Sent, WithoutEmail, TooSoon int }) {
		t.Helper()
		status, text := registrar.call(t, http.MethodPost, path+"/remind", nil)
		if status != http.StatusOK {
			t.Fatalf("remind: %d %s", status, text)
		}
		must(t, json.Unmarshal([]byte(text), &r))
		return r
	}
	if r := remind(); r.Sent != 0 || r.WithoutEmail != 1 {
		t.Errorf("nobody has an address: %+v", r)
	}
	for _, p := range esiamock.DemoPeople() {
		if p.OID != esiamock.StudentBoris && p.OID != esiamock.StudentAnna {
			continue
		}
		rows, err := exam.ParseRoster(strings.NewReader("ФИО;Дата рождения;СНИЛС;Почта\n" + p.LastName + " " + p.FirstName + " " + p.MiddleName + ";" + p.BirthDate.Format("02.01.2006") + ";" + p.SNILS + ";student@example.org\n"))
		must(t, err)
		_, err = h.store.Exams.Import(t.Context(), h.exam, rows, account.Person{})
		must(t, err)
	}
	letters := func() (n int) {
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from mail_message where kind = 'reminder'`).Scan(&n))
		return n
	}
	if r := remind(); r.Sent != 1 || r.WithoutEmail != 0 || letters() != 1 {
		t.Errorf("the first reminder: %+v, %d letters", r, letters())
	}
	if r := remind(); r.Sent != 0 || r.TooSoon != 1 || letters() != 1 {
		t.Errorf("the second within a day: %+v, %d letters", r, letters())
	}
	_, err := h.store.Pool.Exec(t.Context(), `update roster_entry set reminded_at = reminded_at - interval '25 hours'`)
	must(t, err)
	if r := remind(); r.Sent != 1 || letters() != 2 {
		t.Errorf("a day later: %+v, %d letters", r, letters())
	}

	// Declining: the registrar sees who; she is not reminded, and may come back.
	boris := h.signedIn(t, esiamock.StudentBoris)
	for range 2 {
		if status, text := boris.call(t, http.MethodPost, "/api/ready/exam/decline", nil); status != http.StatusOK {
			t.Fatalf("decline: %d %s", status, text)
		}
	}
	var records int
	must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from ledger_record where type = 'decline'`).Scan(&records))
	if got := get[readiness](t, boris, "/api/ready/exam"); !got.Declined || got.Ready || records != 1 {
		t.Errorf("declined: %+v, %d records", got, records)
	}
	if got := get[rosterReadiness](t, registrar, path+"/readiness?show=declined"); got.Total != 1 || got.Counts.Declined != 1 || got.Counts.Account != 0 {
		t.Errorf("the registrar sees %+v", got)
	}
	_, err = h.store.Pool.Exec(t.Context(), `update roster_entry set reminded_at = null`)
	must(t, err)
	if r := remind(); r.Sent != 0 || letters() != 2 {
		t.Errorf("who declined was reminded: %+v", r)
	}
	a := get[struct{ Exam struct{ AttemptID string } }](t, boris, "/api/ready/exam")
	if status, text := boris.call(t, http.MethodPost, "/api/attempts/"+a.Exam.AttemptID+"/return", nil); status != http.StatusOK {
		t.Errorf("come back: %d %s", status, text)
	}
	if got := get[readiness](t, boris, "/api/ready/exam"); got.Declined {
		t.Errorf("still declined after coming back: %+v", got)
	}
}
