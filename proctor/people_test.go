package proctor_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
)

type accountPage struct {
	Login   *struct{ Name string }
	Linked  *struct{ Account string }
	Pending *struct{ Name, SNILS, Account, Problem string }
}

const chosenPassword = "шесть синих котов"

// login signs in with an issued login, choosing a password of her own when she must.
func (b *browser) login(t *testing.T, name, password, fresh string) (int, string) {
	t.Helper()
	return b.call(t, http.MethodPost, "/api/session/login", map[string]any{"login": name, "password": password, "newPassword": fresh})
}

// through goes through ESIA's stand from one of our addresses and returns where the browser landed.
func (b *browser) through(t *testing.T, start, oid string) *url.URL {
	t.Helper()
	page, err := b.Get(b.house.url + start)
	must(t, err)
	field := requestField.FindStringSubmatch(read(t, page))
	if field == nil {
		t.Fatalf("no sign-in page at %s", page.Request.URL)
	}
	done, err := b.PostForm(page.Request.URL.Scheme+"://"+page.Request.URL.Host+"/login", url.Values{"request": {field[1]}, "person": {oid}})
	must(t, err)
	read(t, done)
	return done.Request.URL
}

// person of the stand by her OID, known to the university or not.
func (h *house) known(t *testing.T, oid string) uuid.UUID {
	t.Helper()
	for _, p := range esiamock.DemoPeople() {
		if p.OID != oid {
			continue
		}
		var id uuid.UUID
		must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) (err error) {
			id, err = h.store.Accounts.Ensure(t.Context(), tx, account.NewPerson{
				Organisation: h.exam.Organisation, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS,
			})
			return err
		}))
		return id
	}
	t.Fatalf("nobody has the OID %s", oid)
	return uuid.Nil
}

// TestManualLinking: an issued login, a forced change, no exam before an ESIA account is linked, linking with a look at whose it is, unlinking.
func TestManualLinking(t *testing.T) {
	h := newHouse(t)
	anna := h.known(t, esiamock.StudentAnna)
	administrator := h.signedIn(t, esiamock.Administrator)
	status, text := administrator.call(t, http.MethodPost, "/api/people/"+anna.String()+"/login", nil)
	var issued struct{ Login, Password string }
	if status != http.StatusOK || json.Unmarshal([]byte(text), &issued) != nil || issued.Login != "smirnova.as" {
		t.Fatalf("issue a login: %d %s", status, text)
	}
	b := h.browser(t)
	for name, c := range map[string]struct {
		login, password, fresh, code string
		status                       int
	}{
		"nobody":         {"nobody", issued.Password, "", "login_wrong", http.StatusForbidden},
		"wrong":          {issued.Login, "wrong", "", "login_wrong", http.StatusForbidden},
		"must change":    {issued.Login, issued.Password, "", "password_change_needed", http.StatusConflict},
		"a weak one":     {issued.Login, issued.Password, "qwerty12345", "password_common", http.StatusUnprocessableEntity},
		"without either": {"", "", "", "bad_request", http.StatusUnprocessableEntity},
	} {
		if status, text := b.login(t, c.login, c.password, c.fresh); status != c.status || problemCode(t, text) != c.code {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if s := get[struct{ SignedIn bool }](t, b, "/api/session"); s.SignedIn {
		t.Fatal("a refused login is signed in")
	}
	if status, text := b.login(t, issued.Login, issued.Password, chosenPassword); status != http.StatusOK {
		t.Fatalf("the first use: %d %s", status, text)
	}
	if status, text := b.call(t, http.MethodPost, "/api/join/exam", nil); status != http.StatusForbidden || problemCode(t, text) != "esia_account_needed" {
		t.Errorf("joined without an ESIA account: %d %s", status, text)
	}

	// Somebody else's account is shown and cannot be confirmed.
	if at := b.through(t, "/auth/esia/link", esiamock.StudentBoris); at.Path != "/account" || at.RawQuery != "" {
		t.Errorf("landed at %s", at)
	}
	page := get[accountPage](t, b, "/api/account")
	if page.Pending == nil || page.Pending.Problem != "account_not_hers" || page.Linked != nil {
		t.Errorf("another's account: %+v", page)
	}
	if status, text := b.call(t, http.MethodPost, "/api/account/link", nil); status != http.StatusConflict || problemCode(t, text) != "account_not_hers" {
		t.Errorf("another's account: %d %s", status, text)
	}
	if status, _ := b.call(t, http.MethodPost, "/api/account/link/cancel", nil); status != http.StatusOK || get[accountPage](t, b, "/api/account").Pending != nil {
		t.Error("a cancelled link waits")
	}
	if status, text := b.call(t, http.MethodPost, "/api/account/link", nil); status != http.StatusConflict || problemCode(t, text) != "no_pending_link" {
		t.Errorf("confirmed nothing: %d %s", status, text)
	}

	b.through(t, "/auth/esia/link", esiamock.StudentAnna)
	page = get[accountPage](t, b, "/api/account")
	if page.Pending == nil || page.Pending.Problem != "" || page.Pending.Name != "Смирнова А. С." || page.Linked != nil {
		t.Fatalf("her own account: %+v", page)
	}
	if status, text := b.call(t, http.MethodPost, "/api/account/link", nil); status != http.StatusOK {
		t.Fatalf("link: %d %s", status, text)
	}
	if status, text := b.call(t, http.MethodPost, "/api/join/exam", nil); status != http.StatusOK {
		t.Errorf("join with a linked account: %d %s", status, text)
	}
	if page = get[accountPage](t, b, "/api/account"); page.Linked == nil || page.Pending != nil || page.Login == nil {
		t.Errorf("linked: %+v", page)
	}
	if at := h.browser(t).signIn(t, esiamock.StudentAnna, "/e/exam"); at.Path != "/e/exam" {
		t.Errorf("sign-in through ESIA landed at %s", at)
	}

	// Unlinked, she is in by her login still, and cannot be identified.
	if status, text := b.call(t, http.MethodPost, "/api/account/unlink", nil); status != http.StatusOK {
		t.Fatalf("unlink: %d %s", status, text)
	}
	if status, text := b.call(t, http.MethodPost, "/api/join/exam", nil); status != http.StatusForbidden || problemCode(t, text) != "esia_account_needed" {
		t.Errorf("joined after unlinking: %d %s", status, text)
	}
	if status, text := h.signedIn(t, esiamock.StudentBoris).call(t, http.MethodPost, "/api/account/unlink", nil); status != http.StatusConflict || problemCode(t, text) != "only_way_in" {
		t.Errorf("unlinked the only way in: %d %s", status, text)
	}
	// Another person's session gets nothing of a link that this browser began; nor does nobody.
	if at := h.browser(t); true {
		resp, err := at.Get(h.url + "/auth/esia/link")
		must(t, err)
		read(t, resp)
		if resp.Request.URL.Path != "/sign-in" {
			t.Errorf("nobody began a link and landed at %s", resp.Request.URL)
		}
	}

	// A changed password; a locked login.
	if status, text := b.call(t, http.MethodPost, "/api/account/password", map[string]any{"password": chosenPassword, "newPassword": "семь зелёных слонов"}); status != http.StatusOK {
		t.Errorf("change the password: %d %s", status, text)
	}
	thief := h.browser(t)
	for range 5 {
		thief.login(t, issued.Login, "wrong", "")
	}
	status, text = h.browser(t).login(t, issued.Login, "семь зелёных слонов", "")
	var p struct{ RetryAfter int }
	must(t, json.Unmarshal([]byte(text), &p))
	if status != http.StatusTooManyRequests || problemCode(t, text) != "login_locked" || p.RetryAfter < 1 || p.RetryAfter > 61 {
		t.Errorf("a locked login: %d %s", status, text)
	}
}

func TestPeopleAndRoles(t *testing.T) {
	h := newHouseWith(t, func(h *house) { h.env["OCHNO_ESIA_SCOPES"] = "openid,fullname,birthdate,snils,usr_org" })
	administrator := h.signedIn(t, esiamock.Administrator)
	type members struct {
		Total  int
		People []struct {
			ID          uuid.UUID
			DisplayName string
			Roles       []struct{ Role, Source, Group string }
		}
	}
	found := get[members](t, administrator, "/api/people?text="+url.QueryEscape("смирн"))
	if len(found.People) != 1 || found.People[0].Roles[0].Role != "student" || found.People[0].Roles[0].Source != "hand" {
		t.Fatalf("search: %+v", found)
	}
	path := "/api/people/" + found.People[0].ID.String() + "/role"
	if status, text := administrator.call(t, http.MethodPost, path, map[string]any{"role": "proctor", "have": true}); status != http.StatusNoContent {
		t.Errorf("give: %d %s", status, text)
	}
	if got := get[members](t, administrator, "/api/people?role=proctor"); got.Total != 2 {
		t.Errorf("proctors: %+v", got)
	}
	if status, _ := administrator.call(t, http.MethodPost, path, map[string]any{"role": "proctor", "have": false}); status != http.StatusNoContent {
		t.Errorf("take: %d", status)
	}
	boss := get[members](t, administrator, "/api/people?role=administrator").People[0].ID
	if status, text := administrator.call(t, http.MethodPost, "/api/people/"+boss.String()+"/role", map[string]any{"role": "administrator", "have": false}); status != http.StatusConflict || problemCode(t, text) != "last_administrator" {
		t.Errorf("the last administrator: %d %s", status, text)
	}
	for name, in := range map[string]any{
		"no role": map[string]any{"have": true}, "an unknown role": map[string]any{"role": "king", "have": true},
	} {
		if status, _ := administrator.call(t, http.MethodPost, path, in); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, status)
		}
	}

	// A group gives the role at the next sign-in; leaving it, or ESIA's silence, takes it.
	staff := h.browser(t)
	if at := staff.signIn(t, esiamock.StaffByGroup, "/proctor"); at.Query().Get("problem") != "person_unknown" {
		t.Errorf("before the group is mapped: %s", at)
	}
	group := map[string]any{"esiaOrg": esiamock.University, "group": esiamock.GroupProctors, "role": "proctor"}
	if status, text := administrator.call(t, http.MethodPost, "/api/groups", group); status != http.StatusOK {
		t.Fatalf("map: %d %s", status, text)
	}
	if status, _ := administrator.call(t, http.MethodPost, "/api/groups", map[string]any{"esiaOrg": "x'", "group": "g", "role": "proctor"}); status != http.StatusUnprocessableEntity {
		t.Errorf("a bad organisation: %d", status)
	}
	if at := staff.signIn(t, esiamock.StaffByGroup, "/proctor"); at.Path != "/proctor" {
		t.Fatalf("with the group: %s", at)
	}
	if s := get[struct{ Person struct{ Roles []string } }](t, staff, "/api/session"); !slices.Equal(s.Person.Roles, []string{"proctor"}) {
		t.Errorf("acts as %v", s.Person.Roles)
	}
	if at := h.browser(t).signIn(t, esiamock.StaffWithout, "/proctor"); at.Query().Get("problem") != "person_unknown" {
		t.Errorf("staff without a group: %s", at)
	}
	groups := get[struct {
		Groups []struct {
			ID     uuid.UUID
			People int
		}
	}](t, administrator, "/api/groups").Groups
	if len(groups) != 1 || groups[0].People != 1 {
		t.Fatalf("groups %+v", groups)
	}
	if status, _ := administrator.call(t, http.MethodPost, "/api/groups/"+groups[0].ID.String()+"/remove", nil); status != http.StatusOK {
		t.Errorf("unmap: %d", status)
	}
	if status, text := staff.call(t, http.MethodGet, "/api/exams", nil); status != http.StatusForbidden {
		t.Errorf("still a proctor after the group was unmapped: %d %.100s", status, text)
	}
}

// TestSilentGroups: when ESIA does not tell the groups (here: the system may not ask), a role that they gave is taken, and the person is told.
func TestSilentGroups(t *testing.T) {
	h := newHouse(t)
	administrator := h.signedIn(t, esiamock.Administrator)
	h.signedIn(t, esiamock.Proctor)
	group := map[string]any{"esiaOrg": esiamock.University, "group": esiamock.GroupRegistrars, "role": "registrar"}
	if status, text := administrator.call(t, http.MethodPost, "/api/groups", group); status != http.StatusOK {
		t.Fatalf("map: %d %s", status, text)
	}
	for _, p := range esiamock.DemoPeople() {
		if p.OID != esiamock.Proctor {
			continue
		}
		_, err := h.store.Accounts.ApplyGroups(t.Context(), account.Claims{
			OID: p.OID, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName}, BirthDate: p.BirthDate, SNILS: p.SNILS, Level: account.Confirmed,
		}, []account.Membership{{ESIAOrg: esiamock.University, Group: esiamock.GroupRegistrars}}, false)
		must(t, err)
	}
	of := func() (roles []string) {
		var id uuid.UUID
		must(t, h.store.Pool.QueryRow(t.Context(), `select id from person where esia_oid = $1`, esiamock.Proctor).Scan(&id))
		p, err := h.store.Accounts.Person(t.Context(), id)
		must(t, err)
		for _, r := range p.Roles {
			roles = append(roles, string(r))
		}
		return roles
	}
	if got := of(); !slices.Equal(got, []string{"proctor", "registrar"}) {
		t.Fatalf("with the group: %v", got)
	}
	if at := h.browser(t).signIn(t, esiamock.Proctor, "/proctor"); at.Path != "/account" || at.Query().Get("problem") != "groups_unavailable" {
		t.Errorf("landed at %s", at)
	}
	if got := of(); !slices.Equal(got, []string{"proctor"}) {
		t.Errorf("ESIA was silent, and she is still %v", got)
	}
	if at := h.browser(t).signIn(t, esiamock.Proctor, "/proctor"); at.Path != "/proctor" {
		t.Errorf("with nothing left to lose: %s", at)
	}
}
