package esia_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
)

var everyScope = []string{
	"openid", "fullname", "birthdate", "birthplace", "gender", "snils", "inn", "id_doc", "contacts", "addresses", "usr_org",
	"kid_fullname", "kid_birthdate", "kid_snils", "kid_birth_cert_doc",
}

// TestRelations reads everything that the stand knows of its people.
func TestRelations(t *testing.T) {
	w := newWorld(t, esia.RS256)
	client := w.client(func(c *esia.Config) { c.Scopes = everyScope })
	as := func(oid string) *esia.Identity {
		identity, err := signIn(t, client, oid)
		if err != nil {
			t.Fatal(err)
		}
		return identity
	}

	parent := as(esiamock.ParentOfChild)
	kids, err := client.Children(t.Context(), parent)
	if err != nil || len(kids) != 1 || kids[0].OID != esiamock.ChildUnder14 || kids[0].Person.FirstName != "Тимур" || kids[0].Person.SNILS == "" || kids[0].Person.BirthDate.Year() != 2014 {
		t.Errorf("children: %d, %v", len(kids), err)
	}
	papers, err := client.ChildDocuments(t.Context(), parent, esiamock.ChildUnder14)
	if err != nil || len(papers) != 1 || papers[0].Type != esia.DocumentBirthCertificate || !papers[0].Verified || papers[0].IssuedOn.Year() != 2014 {
		t.Errorf("a child's documents: %d, %v", len(papers), err)
	}
	_, err = client.ChildDocuments(t.Context(), parent, esiamock.StudentMinor)
	wantError(t, err, "ESIA-005008", esia.KindRejected)
	for _, oid := range []string{esiamock.Parent, esiamock.Parent2} {
		if kids, err := client.Children(t.Context(), as(oid)); err != nil || len(kids) != 1 || kids[0].OID != esiamock.StudentMinor {
			t.Errorf("both parents have Kira: %d, %v", len(kids), err)
		}
	}
	if kids, err := client.Children(t.Context(), as(esiamock.ParentOfStranger)); err != nil || kids == nil || len(kids) != 0 {
		t.Errorf("no children: %v, %v", kids, err)
	}

	foreign := as(esiamock.WithoutSNILS)
	if !foreign.Confirmed() || foreign.Person.SNILS != "" || foreign.Person.Citizenship != "AZE" || foreign.Person.Gender != "M" {
		t.Errorf("the person without a SNILS: confirmed %v, citizenship %s", foreign.Confirmed(), foreign.Person.Citizenship)
	}
	papers, err = client.Documents(t.Context(), foreign)
	if err != nil || len(papers) != 1 || papers[0].Number != "00000017" || papers[0].Expires.Year() != 2030 {
		t.Errorf("documents: %d, %v", len(papers), err)
	}
	contacts, err := client.Contacts(t.Context(), foreign)
	if err != nil || len(contacts) != 1 || contacts[0] != (esia.Contact{Type: esia.ContactEmail, Value: "person17@example.org", Verified: true}) {
		t.Errorf("contacts: %d, %v", len(contacts), err)
	}
	if addresses, err := client.Addresses(t.Context(), foreign); err != nil || len(addresses) != 0 {
		t.Errorf("addresses: %d, %v", len(addresses), err)
	}

	staff := as(esiamock.SeveralRoles)
	roles, err := client.Roles(t.Context(), staff)
	if err != nil || len(roles) != 2 || roles[0].Organisation.OID != esiamock.University || roles[0].Admin || roles[1].Organisation.ShortName != "ДемоК" || !roles[1].Chief || !roles[1].Admin {
		t.Errorf("roles: %d, %v", len(roles), err)
	}
	organisations, err := client.Organisations(t.Context(), staff)
	if err != nil || !slices.Equal(organisations, esiamock.Organisations()) {
		t.Errorf("organisations: %v, %v", organisations, err)
	}
	if o, err := client.Organisation(t.Context(), staff, esiamock.College); err != nil || o != organisations[1] {
		t.Errorf("an organisation: %v, %v", o, err)
	}
	_, err = client.Organisation(t.Context(), foreign, esiamock.College)
	wantError(t, err, "ESIA-005014", esia.KindRejected)
	groups, err := client.Groups(t.Context(), staff, esiamock.University)
	if err != nil || len(groups) != 2 || groups[0].ID != esiamock.GroupProctors || groups[0].System != system {
		t.Errorf("groups: %v, %v", groups, err)
	}
	if groups, err := client.Groups(t.Context(), as(esiamock.StaffWithout), esiamock.University); err != nil || len(groups) != 0 {
		t.Errorf("no groups: %v, %v", groups, err)
	}
	for _, oid := range []string{"", "../prns/1", "1?x=", strings.Repeat("1", 21)} {
		_, err = client.Groups(t.Context(), staff, oid)
		wantError(t, err, esia.CodeAnswerInvalid, esia.KindUnavailable)
	}

	few := w.client(nil)
	identity, err := signIn(t, few, esiamock.ParentOfChild)
	if err != nil {
		t.Fatal(err)
	}
	_, err = few.Children(t.Context(), identity)
	wantError(t, err, "ESIA-005014", esia.KindRejected)
	_, err = client.Contacts(t.Context(), &esia.Identity{OID: "1"})
	wantError(t, err, "ESIA-005013", esia.KindRejected)

	for _, text := range []string{fmt.Sprintf("%v %+v %#v", kids, papers, contacts), fmt.Sprintf("%s %#v %v", roles, staff.Person, esia.Address{Text: "Тверская"}), w.log.String()} {
		for _, secret := range []string{"Тимур", "00000017", "person17", "Демонстрационный", "Тихонов", "Тверская", "eyJ"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is shown in %.200s", secret, text)
			}
		}
	}
}

// elements answers a collection with what write gives for its page.
func elements(f *forger, size int, page func(r *http.Request) []any) {
	f.rest = func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"stateFacts": []string{"hasSize"}, "size": size, "elements": page(r)})
	}
}

func (f *forger) identity(client *esia.Client) *esia.Identity {
	f.t.Helper()
	identity, err := f.finishWith(client)
	if err != nil {
		f.t.Fatal(err)
	}
	return identity
}

func TestElementsByURL(t *testing.T) {
	f := newForger(t)
	f.rest = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/rs/prns/" + forgedOID + "/ctts":
			writeJSON(w, http.StatusOK, map[string]any{"size": "2", "elements": []any{
				"https://elsewhere.example/esia/rs/prns/" + forgedOID + "/ctts/7", // its host is not believed
				map[string]any{"type": "MBT", "value": "+7(900)0000000", "vrfStu": "NOT_VERIFIED"},
			}})
		case "/rs/prns/" + forgedOID + "/ctts/7":
			writeJSON(w, http.StatusOK, map[string]any{"type": "EML", "value": "a@example.org", "vrfStu": "VERIFIED"})
		default:
			t.Errorf("asked for %s", r.URL.Path)
		}
	}
	client := f.client(nil)
	contacts, err := client.Contacts(t.Context(), f.identity(client))
	want := []esia.Contact{{Type: "EML", Value: "a@example.org", Verified: true}, {Type: "MBT", Value: "+7(900)0000000"}}
	if err != nil || !slices.Equal(contacts, want) {
		t.Errorf("%v, %d contacts", err, len(contacts))
	}
}

func TestPages(t *testing.T) {
	f := newForger(t)
	client := f.client(nil)
	identity := f.identity(client)
	asked := 0
	elements(f, 25, func(r *http.Request) []any {
		asked++
		query := r.URL.Query()
		if query.Get("embed") != "(elements)" || asked > 1 && (query.Get("pageIndex") != fmt.Sprint(asked) || query.Get("pageSize") != "10") {
			t.Errorf("request %d: %v", asked, query)
		}
		var page []any
		for i := 10 * (asked - 1); i < min(10*asked, 25); i++ {
			page = append(page, map[string]any{"type": "EML", "value": fmt.Sprint(i)})
		}
		return page
	})
	contacts, err := client.Contacts(t.Context(), identity)
	if err != nil || len(contacts) != 25 || contacts[24].Value != "24" || asked != 3 {
		t.Errorf("%v: %d contacts by %d requests", err, len(contacts), asked)
	}
	asked = 0
	elements(f, 50, func(*http.Request) []any {
		if asked++; asked == 2 {
			return nil
		}
		return []any{map[string]any{"type": "EML", "value": "x"}}
	})
	if contacts, err := client.Contacts(t.Context(), identity); err != nil || len(contacts) != 1 || asked != 2 {
		t.Errorf("a size that is not borne out: %v, %d contacts by %d requests", err, len(contacts), asked)
	}
	asked = 0
	elements(f, 100, func(*http.Request) []any {
		asked++
		return []any{map[string]any{"type": "EML", "value": "x"}}
	})
	_, err = client.Contacts(t.Context(), identity)
	wantError(t, err, esia.CodeAnswerTooBig, esia.KindUnavailable)
	if asked != 10 {
		t.Errorf("endless pages: %d requests", asked)
	}
}

func TestCollectionsRefused(t *testing.T) {
	f := newForger(t)
	client := f.client(nil)
	identity := f.identity(client)
	body := func(text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(text))
		}
	}
	contacts := func() error { _, err := client.Contacts(t.Context(), identity); return err }
	documents := func() error { _, err := client.Documents(t.Context(), identity); return err }
	addresses := func() error { _, err := client.Addresses(t.Context(), identity); return err }
	children := func() error { _, err := client.Children(t.Context(), identity); return err }
	roles := func() error { _, err := client.Roles(t.Context(), identity); return err }
	groups := func() error { _, err := client.Groups(t.Context(), identity, "1"); return err }
	many, err := json.Marshal(slices.Repeat([]any{map[string]any{"type": "EML", "value": "x"}}, 101))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		read func() error
		body string
		code string
	}{
		{"a list", contacts, `[]`, esia.CodeAnswerInvalid},
		{"elements as an object", contacts, `{"size":1,"elements":{}}`, esia.CodeAnswerInvalid},
		{"a huge size", contacts, `{"size":1000000,"elements":[]}`, esia.CodeAnswerTooBig},
		{"too many", contacts, `{"size":1,"elements":` + string(many) + `}`, esia.CodeAnswerTooBig},
		{"too much", contacts, `{"size":0,"x":"` + strings.Repeat("Петров", 60_000) + `"}`, esia.CodeAnswerTooBig},
		{"an element that is null", contacts, `{"size":1,"elements":[null]}`, esia.CodeAnswerInvalid},
		{"an element that is a number", contacts, `{"size":1,"elements":[5]}`, esia.CodeAnswerInvalid},
		{"an element without a value", contacts, `{"size":1,"elements":[{"type":"EML"}]}`, esia.CodeAnswerInvalid},
		{"a type with spaces", contacts, `{"size":1,"elements":[{"type":"Петров a","value":"x"}]}`, esia.CodeAnswerInvalid},
		{"a URL elsewhere", contacts, `{"size":1,"elements":["https://elsewhere.example/Петров"]}`, esia.CodeAnswerInvalid},
		{"a URL upwards", contacts, `{"size":1,"elements":["/rs/../aas/oauth2/te"]}`, esia.CodeAnswerInvalid},
		{"a URL with a query", contacts, `{"size":1,"elements":["/rs/prns/1%3fx"]}`, esia.CodeAnswerInvalid},
		{"a date that never was", documents, `{"size":1,"elements":[{"type":"RF_PASSPORT","issueDate":"30.02.2020","number":"Петров"}]}`, esia.CodeAnswerInvalid},
		{"a number as an object", documents, `{"size":1,"elements":[{"type":"RF_PASSPORT","number":{}}]}`, esia.CodeAnswerInvalid},
		{"no type", documents, `{"size":1,"elements":[{"number":"1"}]}`, esia.CodeAnswerInvalid},
		{"a control character", addresses, `{"size":1,"elements":[{"type":"PLV","addressStr":"Петров\u0000"}]}`, esia.CodeAnswerInvalid},
		{"no kind of address", addresses, `{"size":1,"elements":[{"addressStr":"x"}]}`, esia.CodeAnswerInvalid},
		{"a child without a name", children, `{"size":1,"elements":[{"oid":1,"firstName":"Петров"}]}`, esia.CodeAnswerInvalid},
		{"a child without a number", children, `{"size":1,"elements":[{"firstName":"Петров","lastName":"x"}]}`, esia.CodeAnswerInvalid},
		{"an OGRN of letters", roles, `{"size":1,"elements":[{"oid":1,"fullName":"x","ogrn":"Петров"}]}`, esia.CodeAnswerInvalid},
		{"an organisation without a name", roles, `{"size":1,"elements":[{"oid":1}]}`, esia.CodeAnswerInvalid},
		{"a group without an id", groups, `{"size":1,"elements":[{"name":"x"}]}`, esia.CodeAnswerInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			f.rest = body(test.body)
			err := test.read()
			wantError(t, err, test.code, esia.KindUnavailable)
			withholds(t, err)
		})
	}
}

func TestMaskedForScreens(t *testing.T) {
	for got, want := range map[string]string{
		esia.Contact{Type: "EML", Value: "anna@example.org"}.Masked():  "a•••@example.org",
		esia.Contact{Type: "EML", Value: "a@example.org"}.Masked():     "•••@example.org",
		esia.Contact{Type: "MBT", Value: "+79000000067"}.Masked():      "••••••••••67",
		esia.Document{Series: "0000", Number: "123456"}.Masked():       "•••• ••••56",
		esia.Document{Number: "1"}.Masked():                            "•",
		esia.Person{SNILS: "11223344595"}.MaskedSNILS():                "•••-•••-•45 95",
		esia.Person{}.MaskedSNILS() + esia.Contact{}.Masked() + "none": "none",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
