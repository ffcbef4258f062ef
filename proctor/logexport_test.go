package proctor_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

// What the registrar selects is what she sees and what she takes away, in each format; each export is a record before it is given.
func TestLogSelections(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.signedIn(t, esiamock.StudentAnna).join(t, true), uuid.New()
	attempt := anna.ID
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error {
		for _, id := range []uuid.UUID{attempt, boris} {
			e := ledger.Entry{Type: ledger.TypeDecision, At: h.exam.StartsAt, Exam: h.exam.ID, Attempt: id, Outcome: "terminated", Data: ledger.Decision{From: "in_progress", To: "terminated"}}
			if _, err := h.store.Log.Append(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
	var person uuid.UUID
	must(t, h.store.Pool.QueryRow(t.Context(), `update roster_entry set faculty = 'Мехмат', group_name = 'МА-21' where id = (select roster_entry_id from attempt where id = $1) returning person_id`, attempt).Scan(&person))
	registrar := h.signedIn(t, esiamock.Registrar)

	choices := get[api.LogChoices](t, registrar, "/api/log/choices?search="+url.QueryEscape("смирн"))
	if len(choices.Faculties) == 0 || len(choices.Groups) == 0 || len(choices.Students) != 1 || choices.Students[0].ID != person {
		t.Errorf("the filters offer %+v; want the student %s", choices, person)
	}
	attempts := func(query string) (hers, others int) {
		t.Helper()
		for _, r := range get[api.LogPage](t, registrar, "/api/log?limit=500&"+query).Records {
			if r.AttemptID != nil && *r.AttemptID == attempt {
				hers++
			} else {
				others++
			}
		}
		return hers, others
	}
	for query, none := range map[string]bool{
		"attempt=" + attempt.String(): false, "faculty=" + url.QueryEscape("Мехмат"): false, "group=" + url.QueryEscape("МА-21"): false,
		"group=" + url.QueryEscape("МА-21") + "&faculty=" + url.QueryEscape("Мехмат") + "&exam=" + h.exam.ID.String(): false,
		"group=none": true, "manual=true": true, "appeals=true": true, "person=" + uuid.NewString(): true,
	} {
		hers, others := attempts(query)
		if (hers == 0) != none || others != 0 {
			t.Errorf("%s: %d records of hers, %d others", query, hers, others)
		}
	}
	_, err := h.store.Pool.Exec(t.Context(), `insert into attempt_move (attempt_id, from_state, to_state, at) values ($1, 'identifying', 'manual_identification', now())`, attempt)
	must(t, err)
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error {
		_, err := h.store.Log.Append(t.Context(), tx, ledger.Entry{
			Type: ledger.TypeManual, At: h.exam.StartsAt, Exam: h.exam.ID, Attempt: attempt, Outcome: "confirmed", Data: ledger.ManualIdentification{Why: "not_enrolled"},
		})
		return err
	}))
	if hers, others := attempts("manual=true"); hers == 0 || others != 0 {
		t.Errorf("manual: %d of hers, %d others", hers, others)
	}
	if hers, others := attempts("manual=true&type=manual_identification&outcome=confirmed"); hers != 1 || others != 0 {
		t.Errorf("the manual identification itself: %d of hers, %d others", hers, others)
	}
	if status, text := registrar.call(t, http.MethodGet, "/api/log?person=x", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a person that is none: %d %s", status, text)
	}
	h.sealed(t)

	exported := func() (n int) {
		t.Helper()
		must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from ledger_record where type = 'access' and outcome = 'exported'`).Scan(&n))
		return n
	}
	for _, c := range []struct{ query, begins, kind string }{
		{"format=csv", "\ufeff", "text/csv"},
		{"format=xlsx", "PK", "application/vnd.openxml"},
		{"format=jsonl&group=" + url.QueryEscape("МА-21"), "{", "application/jsonl"},
		{"format=pdf&exam=" + h.exam.ID.String(), "%PDF-", "application/pdf"},
		{"format=pdf&attempt=" + attempt.String(), "%PDF-", "application/pdf"},
		{"format=package&attempt=" + attempt.String(), "PK", "application/zip"},
	} {
		before := exported()
		resp, err := registrar.Get(h.url + "/api/log/export?" + c.query)
		must(t, err)
		text := read(t, resp)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(text, c.begins) || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.kind) || exported() != before+1 {
			t.Fatalf("%s: %d %s, %d records of it, %.100q", c.query, resp.StatusCode, resp.Header, exported()-before, text)
		}
		if c.kind == "application/zip" {
			report, err := pack.Verify(t.Context(), bytes.NewReader([]byte(text)), int64(len(text)), pack.Trust{Key: h.store.Key.Public})
			if err != nil || !report.OK() || report.Records == 0 || report.Manifest.Selection["attempt"] != attempt.String() {
				t.Errorf("the package: %v %+v", err, report)
			}
		}
	}
	before := exported()
	for query, want := range map[string]int{
		"format=pdf": http.StatusUnprocessableEntity, "format=pdf&type=consent&exam=" + h.exam.ID.String(): http.StatusUnprocessableEntity,
		"format=pdf&attempt=" + uuid.NewString(): http.StatusNotFound, "format=docx": http.StatusUnprocessableEntity,
	} {
		if status, text := registrar.call(t, http.MethodGet, "/api/log/export?"+query, nil); status != want {
			t.Errorf("%s: %d %s; want %d", query, status, text, want)
		}
	}
	if n := exported(); n != before {
		t.Errorf("%d exports that were refused are records", n-before)
	}
	if status, text := registrar.call(t, http.MethodGet, "/api/log/export?format=package&attempt="+uuid.NewString(), nil); status != http.StatusConflict || problemCode(t, text) != "nothing_sealed" {
		t.Errorf("a package of nothing: %d %s", status, text)
	}
}

// A registrar of another organisation gets no paper of this one.
func TestPapersOfAnotherOrganisation(t *testing.T) {
	h := newHouse(t)
	attempt := h.signedIn(t, esiamock.StudentAnna).join(t, true).ID
	other, err := h.store.Accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Другой университет", ShortName: "ДРУГ"})
	must(t, err)
	h.exam.Organisation, other = other, h.exam.Organisation // grant adds people to the house's organisation
	h.grant(t, esiamock.Proctor2, account.Registrar)
	h.exam.Organisation = other
	stranger := h.actingAs(t, esiamock.Proctor2, "registrar")
	for _, query := range []string{"exam=" + h.exam.ID.String(), "attempt=" + attempt.String()} {
		if status, text := stranger.call(t, http.MethodGet, "/api/log/export?format=pdf&"+query, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d %.200s", query, status, text)
		}
	}
}
