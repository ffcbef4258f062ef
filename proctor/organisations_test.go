package proctor_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
)

type organisations struct {
	Organisations []struct {
		ID                                           uuid.UUID
		Name, ShortName, ActNumber, ActDate, Contact string
		Own                                          bool
		People, Administrators                       int
	}
	Host bool
}

// TestOrganisations: the administrator of the organisation that runs the installation makes another with its first administrator, who signs in by
// ESIA, sees her own alone and changes it; each change is in the log of the organisation it is of.
func TestOrganisations(t *testing.T) {
	h := newHouse(t)
	host := h.signedIn(t, esiamock.Administrator)
	first := get[organisations](t, host, "/api/organisations")
	if !first.Host || len(first.Organisations) != 1 || !first.Organisations[0].Own || first.Organisations[0].Administrators == 0 {
		t.Fatalf("the host sees %+v", first)
	}
	all := esiamock.DemoPeople()
	p := all[slices.IndexFunc(all, func(p esiamock.Person) bool { return p.OID == esiamock.Proctor2 })]
	person := map[string]any{
		"lastName": p.LastName, "firstName": p.FirstName, "middleName": p.MiddleName, "birthDate": p.BirthDate.Format("2006-01-02"), "snils": p.SNILS,
	}
	with := func(change map[string]any) map[string]any {
		out := map[string]any{"name": "Второй университет", "shortName": "ВТОРОЙ", "actNumber": "17-од", "actDate": "2026-09-01", "contact": "ivanova@example.org", "administrator": person}
		for k, v := range change {
			out[k] = v
		}
		return out
	}
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"no name":           {with(map[string]any{"name": " "}), http.StatusUnprocessableEntity, "bad_request"},
		"the same name":     {with(map[string]any{"shortName": first.Organisations[0].ShortName}), http.StatusConflict, "organisation_taken"},
		"a broken date":     {with(map[string]any{"actDate": "01.09.2026"}), http.StatusUnprocessableEntity, "bad_request"},
		"no administrator":  {with(map[string]any{"administrator": map[string]any{}}), http.StatusUnprocessableEntity, "bad_request"},
		"a broken SNILS":    {with(map[string]any{"administrator": map[string]any{"lastName": "А", "firstName": "Б", "birthDate": "1980-01-31", "snils": "112-233-445 00"}}), http.StatusUnprocessableEntity, "bad_request"},
		"born tomorrow":     {with(map[string]any{"administrator": map[string]any{"lastName": "А", "firstName": "Б", "birthDate": "2999-01-31", "snils": p.SNILS}}), http.StatusUnprocessableEntity, "bad_request"},
		"too long a name":   {with(map[string]any{"name": strings.Repeat("я", 301)}), http.StatusUnprocessableEntity, "bad_request"},
		"an unknown member": {with(map[string]any{"host": true}), http.StatusUnprocessableEntity, "bad_request"},
	} {
		if status, text := host.call(t, http.MethodPost, "/api/organisations", c.body); status != c.status || problemCode(t, text) != c.code {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if now := get[organisations](t, host, "/api/organisations"); len(now.Organisations) != 1 {
		t.Fatalf("a refused organisation was made: %+v", now)
	}
	status, text := host.call(t, http.MethodPost, "/api/organisations", with(nil))
	if status != http.StatusOK {
		t.Fatalf("make an organisation: %d %s", status, text)
	}
	both := get[organisations](t, host, "/api/organisations")
	if len(both.Organisations) != 2 {
		t.Fatalf("the host sees %+v", both)
	}
	if o := both.Organisations[1]; o.Own || o.Name != "Второй университет" || o.ActDate != "2026-09-01" || o.People != 1 || o.Administrators != 1 {
		t.Errorf("the new one: %+v", o)
	}

	second := h.signedIn(t, esiamock.Proctor2)
	hers := get[organisations](t, second, "/api/organisations")
	if hers.Host || len(hers.Organisations) != 1 || hers.Organisations[0].ShortName != "ВТОРОЙ" || !hers.Organisations[0].Own {
		t.Fatalf("the second administrator sees %+v", hers)
	}
	if status, text := second.call(t, http.MethodPost, "/api/organisations", with(map[string]any{"shortName": "ТРЕТИЙ"})); status != http.StatusConflict || problemCode(t, text) != "not_host" {
		t.Errorf("the second made a third: %d %s", status, text)
	}
	texts := map[string]any{"name": "Второй университет", "shortName": "ВТОРОЙ", "actNumber": "18-од", "actDate": "", "contact": "petrov@example.org"}
	change := func(b *browser, id uuid.UUID, body map[string]any) (int, string) {
		return b.call(t, http.MethodPost, "/api/organisations/"+id.String(), body)
	}
	if status, text := change(second, both.Organisations[0].ID, texts); status != http.StatusNotFound {
		t.Errorf("the second changed the first: %d %s", status, text)
	}
	if status, text := change(second, uuid.New(), texts); status != http.StatusNotFound {
		t.Errorf("an unknown one: %d %s", status, text)
	}
	if status, text := change(second, hers.Organisations[0].ID, texts); status != http.StatusOK {
		t.Fatalf("change her own: %d %s", status, text)
	}
	taken := map[string]any{"name": "Второй", "shortName": both.Organisations[0].ShortName, "actNumber": "", "actDate": "", "contact": ""}
	if status, text := change(host, hers.Organisations[0].ID, taken); status != http.StatusConflict || problemCode(t, text) != "organisation_taken" {
		t.Errorf("two of one name: %d %s", status, text)
	}
	now := get[organisations](t, second, "/api/organisations").Organisations[0]
	if now.ActNumber != "18-од" || now.ActDate != "" || now.Contact != "petrov@example.org" {
		t.Errorf("after the change: %+v", now)
	}
	// The log of each tells its own, and the contact in none.
	audit := func(b *browser, kind string) string {
		t.Helper()
		status, text := b.call(t, http.MethodGet, "/api/audit?kind="+kind, nil)
		if status != http.StatusOK {
			t.Fatalf("audit: %d %s", status, text)
		}
		return text
	}
	if text := audit(second, "policy_change"); !strings.Contains(text, "actNumber") || !strings.Contains(text, "17-од") || strings.Contains(text, "example.org") {
		t.Errorf("the second's own audit: %s", text)
	}
	if text := audit(host, "policy_change"); strings.Contains(text, "17-од") {
		t.Errorf("the host's audit tells of the second's: %s", text)
	}
	if text := audit(second, "staff"); !strings.Contains(text, "organisation_created") {
		t.Errorf("who made it is not told: %s", text)
	}
}

// TestAppointedProctors: registrar and administrator put proctors on duty before the exam, and the proctor finds it among her own.
func TestAppointedProctors(t *testing.T) {
	h := newHouse(t)
	h.grant(t, esiamock.Proctor2, account.Proctor)
	mine := func(b *browser) bool {
		t.Helper()
		list := get[struct{ Exams []struct{ Mine bool } }](t, b, "/api/exams")
		return list.Exams[0].Mine
	}
	proctor := h.signedIn(t, esiamock.Proctor)
	type cards struct {
		Proctors []struct {
			ID     uuid.UUID
			OnDuty bool
		}
	}
	path := "/api/exams/" + h.exam.ID.String()
	for i, oid := range []string{esiamock.Registrar, esiamock.Administrator} {
		staff := h.signedIn(t, oid)
		on := i == 0
		for _, p := range get[cards](t, staff, path+"/proctors").Proctors {
			if status, text := staff.call(t, http.MethodPost, path+"/duty", map[string]any{"personId": p.ID, "on": on}); status != http.StatusOK {
				t.Fatalf("%s appoints: %d %s", oid, status, text)
			}
		}
		if mine(proctor) != on {
			t.Errorf("after %s said %v the proctor's own exam is %v", oid, on, mine(proctor))
		}
		var student uuid.UUID
		must(t, h.store.Pool.QueryRow(t.Context(), `select person_id from person_role where role = 'student' limit 1`).Scan(&student))
		if status, text := staff.call(t, http.MethodPost, path+"/duty", map[string]any{"personId": student, "on": true}); status != http.StatusUnprocessableEntity || problemCode(t, text) != "not_proctor" {
			t.Errorf("a student on duty: %d %s", status, text)
		}
	}
}
