package esiamock_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia/esiamock"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]esiamock.Fault{
		"error:ESIA-007008,place=token,times=1": {Kind: esiamock.FaultError, Code: "ESIA-007008", Place: esiamock.PlaceToken, Times: 1},
		"slow:20s,person=1000000001":            {Kind: esiamock.FaultSlow, Delay: 20 * time.Second, Person: "1000000001"},
		"html":                                  {Kind: esiamock.FaultHTML},
		"rotated_key":                           {Kind: esiamock.FaultRotatedKey},
		"skewed_clock:-10m":                     {Kind: esiamock.FaultSkewedClock, Skew: -10 * time.Minute},
	} {
		if got, err := esiamock.ParseFault(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "weather", "error", "error:7008", "slow", "slow:x", "slow:-1s", "slow:10h", "html:x", "skewed_clock", "skewed_clock:100h", "skewed_clock:1m,person=1",
		"html,place=moon", "html,times=0", "html,times=x", "html,times=-1", "html,colour=red",
	} {
		if f, err := esiamock.ParseFault(text); err == nil {
			t.Errorf("%q was read as %+v", text, f)
		}
	}
}

func (s *system) admin(method, path, body string) (*http.Response, string) {
	return s.do(http.NewRequest(method, s.url+path, strings.NewReader(body)))
}

func TestFaultsByTheAdminAPI(t *testing.T) {
	s := newSystem(t, func(c *esiamock.Config) { c.Faults = []esiamock.Fault{{Kind: esiamock.FaultHTML}} })
	if _, body := s.admin(http.MethodGet, "/admin/faults", ""); !strings.Contains(body, `{"kind":"html"}`) {
		t.Errorf("from the configuration: %s", body)
	}
	response, body := s.get("/aas/oauth2/v2/ac?" + s.signed(s.authorize()).Encode())
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "технические работы") {
		t.Errorf("HTML in the browser: %s %s", response.Status, body)
	}

	list := `[{"kind":"error","code":"ESIA-007007","place":"token","times":1},{"kind":"slow","delay":"1ms"},{"kind":"skewed_clock","skew":"-1h"}]`
	response, body = s.admin(http.MethodPut, "/admin/faults", list)
	if response.StatusCode != http.StatusOK || !strings.Contains(body, `"delay":"1ms"`) || !strings.Contains(body, `"skew":"-1h0m0s"`) {
		t.Fatalf("%s %s", response.Status, body)
	}
	response, _ = s.get("/healthz")
	if date, err := http.ParseTime(response.Header.Get("Date")); err != nil || s.now().Sub(date) < 50*time.Minute {
		t.Errorf("the Date of a skewed clock is %s: %v", response.Header.Get("Date"), err)
	}
	for _, bad := range []string{``, `{}`, `[{"kind":"x"}]`, `[{"kind":"slow","delay":"soon"}]`, `[{"kind":"html","colour":1}]`, "[" + strings.Repeat(`{"kind":"html"},`, 100) + `{"kind":"html"}]`} {
		if response, body := s.admin(http.MethodPut, "/admin/faults", bad); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %s %s", bad, response.Status, body)
		}
	}
	if _, body := s.admin(http.MethodGet, "/admin/faults", ""); !strings.Contains(body, "skewed_clock") {
		t.Errorf("a bad list changed the good one: %s", body)
	}
	if response, body := s.admin(http.MethodDelete, "/admin/faults", ""); response.StatusCode != http.StatusOK || strings.TrimSpace(body) != "[]" {
		t.Errorf("%s %s", response.Status, body)
	}
	s.code("/aas/oauth2/v2/ac", s.signed(s.authorize()), esiamock.StudentAnna) // well again
}

// TestFaultsByPersonAndPlace: a fault strikes whom and where it should, as often as it should.
func TestFaultsByPersonAndPlace(t *testing.T) {
	s := newSystem(t, func(c *esiamock.Config) {
		c.Faults = []esiamock.Fault{
			{Kind: esiamock.FaultError, Code: "ESIA-007055", Person: esiamock.StudentBoris, Place: esiamock.PlaceAuthorize},
			{Kind: esiamock.FaultError, Code: "ESIA-007008", Place: esiamock.PlaceToken, Times: 2},
		}
	})
	name, _, _ := s.page("/aas/oauth2/v2/ac", s.signed(s.authorize()), "ru")
	response, _ := s.post("/login", map[string][]string{"request": {name}, "person": {esiamock.StudentBoris}})
	if back, err := response.Location(); err != nil || !strings.Contains(back.Query().Get("error_description"), "ESIA-007055") || back.Query().Get("state") != uuid {
		t.Errorf("Boris: %s, %v", response.Status, err)
	}
	for i, want := range []string{"ESIA-007008", "ESIA-007008", "access_token"} {
		code := s.code("/aas/oauth2/v2/ac", s.signed(s.authorize()), esiamock.StudentAnna)
		if _, body := s.post("/aas/oauth2/v3/te", s.signed(s.tokenForm(code))); !strings.Contains(body, want) {
			t.Errorf("exchange %d: %s, want %s", i+1, body, want)
		}
	}
}

func TestRotateByTheAdminAPI(t *testing.T) {
	s := newSystem(t, nil)
	_, before := s.get("/certs")
	if response, body := s.admin(http.MethodPost, "/admin/rotate", ""); response.StatusCode != http.StatusOK || !strings.Contains(body, `"certificates":2`) {
		t.Errorf("%s %s", response.Status, body)
	}
	if _, after := s.get("/certs"); !strings.HasSuffix(after, before) || after == before {
		t.Error("the certificates do not hold the old one and a new one")
	}
	request, err := http.NewRequest(http.MethodPost, s.url+"/admin/rotate", nil)
	if err == nil {
		request.Header.Set("Origin", "https://evil.example")
	}
	if response, _ := s.do(request, err); response.StatusCode != http.StatusForbidden {
		t.Errorf("a browser's page rotates: %s", response.Status)
	}
}
