package proctor_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/esia/esiamock"
)

// Who may use which operation. Everybody acts in one role at a time: who is a proctor and a registrar may as a proctor what a proctor may. “owner” is the student whose attempt it is, “other” another student. A new operation must be entered here.
var permitted = map[string][]string{
	"health":              {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"session":             {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"endSession":          {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"choices":             {"owner", "other", "proctor", "registrar", "administrator"},
	"choose":              {"owner", "other", "proctor", "registrar", "administrator"},
	"arrival":             {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"fileRequest":         {"owner", "other", "proctor", "registrar", "administrator"}, // whoever ESIA has named, known to us or not
	"requests":            {"registrar", "administrator"},
	"request":             {"registrar", "administrator"},
	"linkRequest":         {"registrar", "administrator"},
	"refuseRequest":       {"registrar", "administrator"},
	"examCard":            {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"join":                {"owner", "other"}, // staff may ask, and are not in the roster
	"attempt":             {"owner", "proctor", "registrar"},
	"consent":             {"owner"},
	"decline":             {"owner"},
	"returnToExam":        {"owner"},
	"identify":            {"owner"},
	"probe":               {"owner"},
	"myExams":             {"owner", "other"},
	"system":              {"administrator"},
	"organisations":       {"administrator"},
	"createOrganisation":  {"administrator"},
	"changeOrganisation":  {"administrator"},
	"checkSystem":         {"administrator"},
	"audit":               {"administrator"},
	"phoneCode":           {"owner"},
	"noteNetwork":         {"owner"},
	"noteBehaviour":       {"owner"},
	"begin":               {"owner"},
	"finish":              {"owner", "proctor"},
	"myConsents":          {"owner", "other"},
	"withdrawConsent":     {"owner", "other"},
	"consentTexts":        {"registrar", "administrator"},
	"publishConsentText":  {"registrar", "administrator"},
	"exams":               {"proctor", "registrar", "administrator"},
	"defaultPolicy":       {"registrar", "administrator"},
	"createExam":          {"registrar", "administrator"},
	"changeExam":          {"registrar", "administrator"},
	"room":                {"proctor", "registrar"},
	"finishExam":          {"proctor"},
	"grantTry":            {"proctor"},
	"issueToken":          {"proctor"},
	"terminate":           {"proctor"},
	"beginManual":         {"proctor"},
	"confirmManual":       {"proctor", "registrar"},
	"refuseManual":        {"proctor", "registrar"},
	"identifyAgain":       {"proctor"},
	"settleIdentity":      {"proctor"},
	"pause":               {"proctor"},
	"resume":              {"proctor"},
	"messages":            {"owner", "proctor", "registrar"},
	"say":                 {"owner", "proctor"},
	"seen":                {"owner", "proctor"},
	"announcements":       {"proctor", "registrar"},
	"announce":            {"proctor"},
	"callForHelp":         {"owner"},
	"acknowledgeCall":     {"proctor"},
	"closeCall":           {"owner", "proctor"},
	"warn":                {"proctor"},
	"withdrawWarning":     {"proctor"},
	"notes":               {"proctor", "registrar"},
	"addNote":             {"proctor", "registrar"},
	"giveTime":            {"proctor"},
	"admit":               {"proctor"},
	"undoAdmission":       {"proctor"},
	"refuseAdmission":     {"proctor"},
	"admitAll":            {"proctor"},
	"takeBreak":           {"owner"},
	"judgeFlag":           {"proctor", "registrar"},
	"conclusion":          {"proctor", "registrar"},
	"conclude":            {"proctor", "registrar"},
	"endBreak":            {"owner"},
	"proctors":            {"proctor", "registrar", "administrator"},
	"setDuty":             {"proctor", "registrar", "administrator"},
	"handOver":            {"proctor"},
	"examPolicy":          {"registrar", "administrator"},
	"setExamPolicy":       {"registrar", "administrator"},
	"timeline":            {"proctor", "registrar"},
	"identifications":     {"proctor", "registrar"},
	"recordings":          {"proctor", "registrar"},
	"segment":             {"proctor", "registrar"},
	"recordingFile":       {"proctor", "registrar"},
	"log":                 {"registrar"},
	"exportLog":           {"registrar"},
	"logChoices":          {"registrar"},
	"consentRegister":     {"registrar"},
	"exportConsents":      {"registrar"},
	"exportPlan":          {"registrar"},
	"exports":             {"registrar"},
	"orderExport":         {"registrar"},
	"cancelExport":        {"registrar"},
	"exportFile":          {"registrar"},
	"checkpoint":          {"registrar"},
	"previewRoster":       {"registrar", "administrator"},
	"readiness":           {"owner", "other"},                                          // staff may ask, and are not in the roster
	"noteDevices":         {"owner", "other", "proctor", "registrar", "administrator"}, // staff may ask, and are not in the roster
	"declineAhead":        {"owner", "other"},
	"rosterReadiness":     {"registrar", "administrator"},
	"remind":              {"registrar", "administrator"},
	"importRoster":        {"registrar", "administrator"},
	"accommodate":         {"registrar", "administrator"},
	"signInWithLogin":     {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"account":             {"owner", "other", "proctor", "registrar", "administrator"},
	"changePassword":      {"owner", "other", "proctor", "registrar", "administrator"},
	"confirmLink":         {"owner", "other", "proctor", "registrar", "administrator"},
	"cancelLink":          {"owner", "other", "proctor", "registrar", "administrator"},
	"unlink":              {"owner", "other", "proctor", "registrar", "administrator"},
	"members":             {"administrator"},
	"setRole":             {"administrator"},
	"issueLogin":          {"administrator"},
	"groups":              {"administrator"},
	"mapGroup":            {"administrator"},
	"unmapGroup":          {"administrator"},
	"guardianConsent":     {"owner", "other"},
	"inviteGuardian":      {"owner", "other"},
	"guardianInvitation":  {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"openInvitation":      {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"claimGuardian":       {"nobody", "owner", "other", "proctor", "registrar", "administrator"},
	"guardianHome":        {}, // parents only, whom TestGuardian knows
	"guardianAnswer":      {},
	"guardianWithdraw":    {},
	"guardianClaims":      {"registrar", "administrator"},
	"notices":             {"proctor", "registrar", "administrator"},
	"retention":           {"registrar", "administrator"},
	"setTerm":             {"registrar", "administrator"},
	"calendar":            {"registrar", "administrator"},
	"receipts":            {"registrar", "administrator"},
	"holds":               {"registrar", "administrator"},
	"placeHold":           {"registrar"},
	"liftHold":            {"registrar"},
	"decideGuardianClaim": {"registrar", "administrator"},
	"myFile":              {"owner", "other"},
	"myPackage":           {"owner", "other"},
	"ownSegment":          {"owner"},
	"fileAppeal":          {"owner"},
	"appeals":             {"registrar"},
	"appeal":              {"registrar"},
	"decideAppeal":        {"registrar"},
	"appealPolicy":        {"registrar"},
	"setAppealPolicy":     {"registrar"},
}

// TestRoleByRoute walks every operation of the API as everybody: who may not is told so and changes nothing.
func TestRoleByRoute(t *testing.T) {
	h := newHouse(t)
	owner := h.signedIn(t, esiamock.StudentAnna)
	a := owner.join(t, false)
	other := h.signedIn(t, esiamock.StudentBoris)
	other.join(t, false)
	h.grant(t, esiamock.Proctor2, account.Proctor, account.Registrar)
	people := map[string]*browser{
		"nobody": h.browser(t), "owner": owner, "other": other, "proctor": h.signedIn(t, esiamock.Proctor),
		"registrar": h.signedIn(t, esiamock.Registrar), "administrator": h.signedIn(t, esiamock.Administrator),
		"proctor, a registrar too": h.actingAs(t, esiamock.Proctor2, "proctor"), "registrar, a proctor too": h.actingAs(t, esiamock.Proctor2, "registrar"),
	}
	operations := allOperations(t)
	for id := range permitted {
		if !slices.ContainsFunc(operations, func(o operation) bool { return o.ID == id }) {
			t.Errorf("the table names an operation %q that is not there", id)
		}
	}
	// First everybody who must be refused, so that nothing has moved when those who may come.
	for _, allowed := range []bool{false, true} {
		for _, op := range operations {
			roles, known := permitted[op.ID]
			if !known {
				t.Errorf("operation %q is not in the table of who may use it", op.ID)
				continue
			}
			for name, who := range people {
				role, _, _ := strings.Cut(name, ",")
				if slices.Contains(roles, role) != allowed || op.ID == "endSession" {
					continue
				}
				path := strings.NewReplacer("{id}", a.ID.String(), "{code}", "exam", "{number}", "0", "{recording}", a.ID.String()).Replace(op.Path)
				if strings.HasPrefix(op.Path, "/api/exams/") {
					path = strings.Replace(op.Path, "{id}", h.exam.ID.String(), 1)
				}
				if op.ID == "exportLog" || op.ID == "orderExport" || op.ID == "exportConsents" {
					path += "?format=csv"
				}
				status, text := who.call(t, op.Method, path, bodyFor(op.Method))
				refused := status == http.StatusUnauthorized || status == http.StatusForbidden
				if refused == allowed {
					t.Errorf("%s as %s: %d %.200s", op.ID, name, status, text)
				}
				if allowed && !strings.Contains(op.Path, "{") && status == http.StatusNotFound {
					t.Errorf("%s as %s: there is no such thing, where nothing was named", op.ID, name)
				}
				if !allowed && role == "nobody" && (status != http.StatusUnauthorized || problemCode(t, text) != "not_signed_in") {
					t.Errorf("%s as nobody: %d %.200s", op.ID, status, text)
				}
			}
		}
		if !allowed {
			if after := get[attempt](t, owner, "/api/attempts/"+a.ID.String()); after.State != "registered" {
				t.Errorf("a refused request moved the attempt to %s", after.State)
			}
		}
	}
}

// TestNobodySeesAnotherOrganisation walks every operation about one thing as the staff of another organisation: for them there is no such thing,
// and nothing of it changes.
func TestNobodySeesAnotherOrganisation(t *testing.T) {
	h := newHouse(t)
	student := h.signedIn(t, esiamock.StudentAnna)
	a := student.join(t, true)
	other, err := h.store.Accounts.EnsureOrganisation(t.Context(), account.Organisation{Name: "Другой университет", ShortName: "ДРУГ"})
	must(t, err)
	h.exam.Organisation, other = other, h.exam.Organisation // grant adds people to the house's organisation
	h.grant(t, esiamock.Proctor2, account.Proctor, account.Registrar, account.Administrator)
	h.exam.Organisation = other
	staff := map[string]*browser{}
	for _, role := range []string{"proctor", "registrar", "administrator"} {
		staff[role] = h.actingAs(t, esiamock.Proctor2, role)
	}
	var person uuid.UUID
	must(t, h.store.Pool.QueryRow(t.Context(), `select person_id from attempt where id = $1`, a.ID).Scan(&person))
	archive, err := proctor.OpenArchive(t.Context(), h.config, h.store)
	must(t, err)
	start, err := archive.Begin(t.Context(), a.ID, "camera")
	must(t, err)
	tables := []string{"attempt", "exam", "roster_entry", "person", "person_role", "object_key", "recording"}
	state := func() (out []string) {
		t.Helper()
		for _, table := range tables {
			var text string
			must(t, h.store.Pool.QueryRow(t.Context(), `select coalesce(string_agg(r::text, E'\n' order by r::text), '') from `+table+` r`).Scan(&text))
			out = append(out, text)
		}
		return out
	}
	// The log, too: of what the other organisation does only that stands in its registrar's list and export.
	records := func(b *browser) (n int) {
		t.Helper()
		text := ""
		for _, path := range []string{"/api/log?limit=100", "/api/log/export?format=jsonl"} {
			status, more := b.call(t, http.MethodGet, path, nil)
			if status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, status, more)
			}
			text += more
		}
		for _, theirs := range []string{h.exam.ID.String(), a.ID.String(), person.String()} {
			n += strings.Count(text, theirs)
		}
		if !strings.Contains(text, "sign_in") {
			t.Errorf("a registrar does not see even her own organisation's: %s", text)
		}
		return n
	}
	if n := records(staff["registrar"]); n != 0 {
		t.Errorf("the log shows another organisation's exam, attempt and person %d times", n)
	}
	if n := records(h.signedIn(t, esiamock.Registrar)); n == 0 {
		t.Error("the log shows its own organisation's exam nowhere: this test shows nothing")
	}
	before := state()
	walked := 0
	for _, op := range allOperations(t) {
		if !strings.Contains(op.Path, "{") {
			continue
		}
		for role, who := range staff {
			if !slices.Contains(permitted[op.ID], role) || slices.Contains(permitted[op.ID], "nobody") {
				continue
			}
			for name, id := range map[string]uuid.UUID{"attempt": a.ID, "exam": h.exam.ID, "person": person, "recording": start.ID} {
				path := strings.NewReplacer("{id}", id.String(), "{code}", "exam", "{number}", "0").Replace(op.Path)
				if strings.Contains(path, "{") {
					t.Fatalf("%s: fill in %s", op.ID, path)
				}
				status, text := who.call(t, op.Method, path, bodyFor(op.Method))
				walked++
				if status != http.StatusNotFound && status != http.StatusForbidden && status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
					t.Errorf("%s of the other organisation's %s as its %s: %d %.200s", op.ID, name, role, status, text)
				}
			}
		}
	}
	if walked < 20 {
		t.Errorf("only %d requests were made", walked)
	}
	for i, text := range state() {
		if text != before[i] {
			t.Errorf("the table %s was changed from another organisation:\n%s\n%s", tables[i], before[i], text)
		}
	}
}

// grant makes a test person known in several roles.
func (h *house) grant(t *testing.T, oid string, roles ...account.Role) {
	t.Helper()
	all := esiamock.DemoPeople()
	p := all[slices.IndexFunc(all, func(p esiamock.Person) bool { return p.OID == oid })]
	must(t, pgx.BeginFunc(t.Context(), h.store.Pool, func(tx pgx.Tx) error {
		_, err := h.store.Accounts.Ensure(t.Context(), tx, account.NewPerson{
			Organisation: h.exam.Organisation, Name: account.Name{Last: p.LastName, First: p.FirstName, Middle: p.MiddleName},
			BirthDate: p.BirthDate, SNILS: p.SNILS, Roles: roles,
		})
		return err
	}))
}

// actingAs is a browser of somebody of several roles who chose one of them.
func (h *house) actingAs(t *testing.T, oid, role string) *browser {
	t.Helper()
	b := h.browser(t)
	b.signIn(t, oid, "/")
	choices := get[struct {
		Choices []struct {
			PersonID uuid.UUID
			Role     string
		}
	}](t, b, "/api/session/choices").Choices
	for _, c := range choices {
		if c.Role != role {
			continue
		}
		if status, text := b.call(t, http.MethodPost, "/api/session/choice", map[string]any{"personId": c.PersonID, "role": role}); status != http.StatusOK {
			t.Fatalf("choose %s: %d %s", role, status, text)
		}
		return b
	}
	t.Fatalf("%s is none of the choices %+v", role, choices)
	return nil
}

func bodyFor(method string) any {
	if method == http.MethodPost {
		return map[string]any{}
	}
	return nil
}

type operation struct{ ID, Method, Path string }

// allOperations reads them from the API's own description.
func allOperations(t *testing.T) []operation {
	t.Helper()
	text, err := api.OpenAPI()
	must(t, err)
	var description struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	must(t, json.Unmarshal(text, &description))
	var list []operation
	for path, methods := range description.Paths {
		for method, op := range methods {
			list = append(list, operation{ID: op.OperationID, Method: strings.ToUpper(method), Path: path})
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	return list
}

func TestSignIn(t *testing.T) {
	h := newHouse(t)
	t.Run("confirmed and known", func(t *testing.T) {
		b := h.browser(t)
		if at := b.signIn(t, esiamock.StudentAnna, "/e/exam"); at.Path != "/e/exam" || at.Host != strings.TrimPrefix(h.url, "http://") {
			t.Errorf("landed at %s", at)
		}
		s := get[struct {
			SignedIn bool
			Person   struct {
				DisplayName string
				Roles       []string
			}
		}](t, b, "/api/session")
		if !s.SignedIn || s.Person.DisplayName != "Смирнова Анна Сергеевна" || !slices.Equal(s.Person.Roles, []string{"student"}) {
			t.Errorf("session %+v", s)
		}
		status, text := b.call(t, http.MethodPost, "/api/session/end", nil)
		var out struct{ Next string }
		if status != http.StatusOK || json.Unmarshal([]byte(text), &out) != nil {
			t.Fatalf("sign-out: %d %s", status, text)
		}
		// ESIA's session is ended, too, and the browser comes back.
		resp, err := b.Get(out.Next)
		must(t, err)
		read(t, resp)
		if !strings.HasPrefix(out.Next, h.env["OCHNO_ESIA_URL"]+"/idp/ext/Logout?") || resp.Request.URL.String() != h.url+"/" {
			t.Errorf("sign-out goes to %s and ends at %s", out.Next, resp.Request.URL)
		}
		if s := get[struct{ SignedIn bool }](t, b, "/api/session"); s.SignedIn {
			t.Error("still signed in after signing out")
		}
	})
	for name, c := range map[string]struct{ oid, problem string }{
		"not confirmed": {esiamock.StudentStandard, "account_not_confirmed"},
		"stranger":      {esiamock.Stranger, "person_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			b := h.browser(t)
			if at := b.signIn(t, c.oid, "/e/exam"); at.Path != "/sign-in" || at.Query().Get("problem") != c.problem || at.Query().Get("return") != "/e/exam" {
				t.Errorf("landed at %s", at)
			}
			if s := get[struct{ SignedIn bool }](t, b, "/api/session"); s.SignedIn {
				t.Error("signed in")
			}
		})
	}
	t.Run("a callback that nobody started", func(t *testing.T) {
		b := h.browser(t)
		for _, query := range []string{"", "?code=x&state=y", "?state=" + uuid.NewString() + "&code=" + strings.Repeat("c", 9000), "?error=access_denied&state=z"} {
			resp, err := b.Get(h.url + "/auth/esia/callback" + query)
			must(t, err)
			read(t, resp)
			if resp.Request.URL.Path != "/sign-in" || resp.Request.URL.Query().Get("problem") != "state_invalid" && resp.Request.URL.Query().Get("problem") != "esia_rejected" {
				t.Errorf("%.60s: landed at %s", query, resp.Request.URL)
			}
		}
	})
	t.Run("a state is used once", func(t *testing.T) {
		b := h.browser(t)
		var callback *url.URL
		b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == "/auth/esia/callback" {
				callback = r.URL
			}
			return nil
		}
		b.signIn(t, esiamock.StudentAnna, "/")
		if callback == nil {
			t.Fatal("no callback was seen")
		}
		resp, err := b.Get(callback.String())
		must(t, err)
		read(t, resp)
		if resp.Request.URL.Query().Get("problem") != "state_invalid" {
			t.Errorf("a used callback landed at %s", resp.Request.URL)
		}
		thief := h.browser(t)
		resp, err = thief.Get(callback.String())
		must(t, err)
		read(t, resp)
		if resp.Request.URL.Query().Get("problem") != "state_invalid" {
			t.Errorf("another browser's callback landed at %s", resp.Request.URL)
		}
	})
	t.Run("the way back stays here", func(t *testing.T) {
		for _, to := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)", "/ok\r\nSet-Cookie: x=1"} {
			if at := h.browser(t).signIn(t, esiamock.StudentAnna, to); at.Host != strings.TrimPrefix(h.url, "http://") || at.Path != "/" {
				t.Errorf("return=%q landed at %s", to, at)
			}
		}
	})
	t.Run("the session changes its token", func(t *testing.T) {
		b := h.browser(t)
		resp, err := b.Get(h.url + "/auth/esia/start")
		must(t, err)
		read(t, resp)
		before := sessionCookie(t, b)
		b.signIn(t, esiamock.StudentAnna, "/")
		if after := sessionCookie(t, b); after == "" || after == before {
			t.Error("a token from before the sign-in is good after it")
		}
	})
}

func sessionCookie(t *testing.T, b *browser) string {
	t.Helper()
	u, err := url.Parse(b.house.url)
	must(t, err)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "ochno_session" {
			return c.Value
		}
	}
	return ""
}

// TestTerminate: the reason is the attempt's, the note stands in its timeline, both or neither.
func TestTerminate(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	proctor := h.signedIn(t, esiamock.Proctor)
	path := "/api/attempts/" + a.ID.String()
	terminate := map[string]any{"reasonCode": "rules", "note": "Подсказки на экране"}
	if status, text := proctor.call(t, http.MethodPost, path+"/terminate", terminate); status != http.StatusOK {
		t.Fatalf("terminate: %d %s", status, text)
	}
	if status, text := proctor.call(t, http.MethodPost, path+"/terminate", terminate); status != http.StatusConflict || problemCode(t, text) != "illegal_move" {
		t.Errorf("terminate twice: %d %s", status, text)
	}
	var notes []string
	for _, e := range get[struct {
		Events []struct {
			Lane, Kind string
			Detail     map[string]any
		}
	}](t, proctor, path+"/timeline").Events {
		if e.Kind == "note" && e.Lane == "proctor" {
			notes = append(notes, e.Detail["text"].(string))
		}
	}
	if !slices.Equal(notes, []string{"Подсказки на экране"}) {
		t.Errorf("notes %q", notes)
	}
}
