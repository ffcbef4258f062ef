package ebsmock_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"ochno/ebsclient/ebsmock"
)

func TestPages(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(cfg *ebsmock.Config) {
		cfg.Key, cfg.People = standKey(), []ebsmock.Person{{OID: "7", Name: "Пётр <b>"}}
	})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	russian, english := regexp.MustCompile(`lang="ru">`), regexp.MustCompile(`lang="en">`)
	files := regexp.MustCompile(`(?:src|href)="([a-z]+\.[a-z]+)"`)
	for _, path := range []string{"/", "/session?session_id=1", "/app?sid=1"} {
		html := get(path)
		policy := html.Header().Get("Content-Security-Policy")
		if html.Code != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d %q", path, html.Code, policy)
		}
		page := html.Body.String()
		for _, bad := range []string{"<style", "style=", "onclick", "://", "<script>"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q: inline, or from elsewhere", path, bad)
			}
		}
		// The page itself says lang="ru">, too.
		if ru, en := len(russian.FindAllString(page, -1))-1, len(english.FindAllString(page, -1)); ru != en || ru < 10 {
			t.Errorf("%s: %d texts in Russian, %d in English", path, ru, en)
		}
		found := files.FindAllStringSubmatch(page, -1)
		if len(found) < 4 {
			t.Errorf("%s: only %v", path, found)
		}
		for _, file := range found {
			if w := get("/" + file[1]); w.Code != 200 || w.Body.Len() < 100 {
				t.Errorf("%s of %s: %d", file[1], path, w.Code)
			}
		}
	}
	script := get("/session.js").Body.String()
	for _, name := range ebsmock.ScenarioNames() {
		if !strings.Contains(script, " "+name+": [") {
			t.Errorf("the session's page has no words for %s", name)
		}
	}
	if w := get("/pcm.js"); w.Code != 200 {
		t.Errorf("pcm.js: %d", w.Code)
	}
	if w := get("/people"); !strings.Contains(w.Body.String(), `"oid":"7"`) {
		t.Errorf("people: %s", w.Body)
	}
	if w := get("/healthz"); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"status":"ok"}` {
		t.Errorf("health: %d %s", w.Code, w.Body)
	}
	if w := get("/nothing"); w.Code != 404 {
		t.Errorf("nothing: %d", w.Code)
	}
}
