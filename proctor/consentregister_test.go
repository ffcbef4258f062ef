package proctor_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
)

// The registrar reads the register of her organisation's consents, and takes it away in each form; each export is a record.
func TestConsentRegister(t *testing.T) {
	h := newHouse(t)
	anna := h.signedIn(t, esiamock.StudentAnna)
	anna.join(t, true)
	h.signedIn(t, esiamock.StudentBoris).join(t, true)
	if status, text := anna.call(t, http.MethodPost, "/api/consents/withdraw", map[string]any{}); status != http.StatusOK {
		t.Fatalf("withdraw: %d %s", status, text)
	}
	h.sealed(t)
	registrar := h.signedIn(t, esiamock.Registrar)
	register := func(query string) []api.RegisteredConsent {
		t.Helper()
		return get[api.ConsentRegister](t, registrar, "/api/consent-register?"+query).Consents
	}
	all := register("")
	if len(all) != 2 || all[0].GrantedAt.Before(all[1].GrantedAt) || all[1].State != "withdrawn" || all[1].WithdrawnBy != "Смирнова Анна Сергеевна" || all[0].Exams[0] != "exam" || all[0].Signature != "esia" {
		t.Fatalf("the register %+v", all)
	}
	if list := register("state=stands&exam=" + h.exam.ID.String()); len(list) != 1 || list[0].ID != all[0].ID {
		t.Errorf("that stand: %+v", list)
	}
	page := get[api.ConsentRegister](t, registrar, "/api/consent-register?limit=1")
	if rest := register("limit=1&cursor=" + url.QueryEscape(page.Next)); len(page.Consents) != 1 || len(rest) != 1 || rest[0].ID != all[1].ID {
		t.Errorf("the second page %+v", rest)
	}
	for _, query := range []string{"cursor=x", "state=maybe", "person=x", "from=yesterday", "limit=501"} {
		if status, text := registrar.call(t, http.MethodGet, "/api/consent-register?"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	exports := func() (n int) {
		t.Helper()
		must(t, h.store.Log.Each(t.Context(), ledger.Filter{Type: ledger.TypeAccess, Outcome: "exported"}, func(r ledger.Row) error {
			var d ledger.Access
			must(t, r.Data(&d))
			if strings.HasPrefix(d.What, "consents.") && d.Filter["state"] == "withdrawn" {
				n++
			}
			return nil
		}))
		return n
	}
	for i, c := range []struct{ format, begins, kind, has string }{
		{"csv", "\ufeffСогласие;Студент;", "text/csv", "Смирнова Анна Сергеевна"},
		{"xlsx", "PK", "application/vnd.openxml", ""},
		{"jsonl", `{"id":"`, "application/jsonl", `"student":"Смирнова Анна Сергеевна"`},
		{"pdf", "%PDF-", "application/pdf", ""},
	} {
		resp, err := registrar.Get(h.url + "/api/consent-register/export?state=withdrawn&format=" + c.format)
		must(t, err)
		text := read(t, resp)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(text, c.begins) || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.kind) || !strings.Contains(text, c.has) ||
			strings.Contains(text, "Борис") || exports() != i+1 {
			t.Errorf("%s: %d %v, %d records, %.300q", c.format, resp.StatusCode, resp.Header, exports(), text)
		}
	}

	other, err := h.store.Accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Другой университет", ShortName: "ДРУГ"})
	must(t, err)
	h.exam.Organisation, other = other, h.exam.Organisation // grant adds people to the house's organisation
	h.grant(t, esiamock.Proctor2, account.Registrar)
	h.exam.Organisation = other
	stranger := h.actingAs(t, esiamock.Proctor2, "registrar")
	if list := get[api.ConsentRegister](t, stranger, "/api/consent-register").Consents; len(list) != 0 {
		t.Errorf("a registrar of another organisation sees %+v", list)
	}
	if list := get[api.ConsentRegister](t, stranger, "/api/consent-register?person="+all[0].PersonID.String()).Consents; len(list) != 0 {
		t.Errorf("a registrar of another organisation finds %+v", list)
	}
	for _, exam := range []string{h.exam.ID.String(), uuid.NewString()} {
		if status, text := stranger.call(t, http.MethodGet, "/api/consent-register?exam="+exam, nil); status != http.StatusNotFound {
			t.Errorf("another organisation's exam: %d %s", status, text)
		}
	}
	resp, err := stranger.Get(h.url + "/api/consent-register/export?format=jsonl")
	must(t, err)
	if text := read(t, resp); text != "" {
		t.Errorf("another organisation's export has %s", text)
	}
}
