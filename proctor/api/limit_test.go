package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	l := newLimiter(2, time.Minute, 3, func() time.Time { return now })
	for i, want := range []bool{true, true, false, false} {
		if got := l.allow("a"); got != want {
			t.Errorf("act %d: %v", i+1, got)
		}
	}
	if !l.allow("b") {
		t.Error("one key's limit is another's")
	}
	now = now.Add(time.Minute)
	if !l.allow("a") {
		t.Error("the window does not end")
	}
	for i := range 1000 { // a flood of keys costs no memory
		now = now.Add(time.Millisecond)
		l.allow(fmt.Sprint(i))
	}
	if len(l.seen) > 3 {
		t.Errorf("%d keys are held", len(l.seen))
	}
}

func TestClientAddress(t *testing.T) {
	s := &Server{Config: Config{Sessions: SessionRules{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:5000", nil, "192.0.2.1"},
		{"192.0.2.1:5000", []string{"203.0.113.9"}, "192.0.2.1"}, // no proxy of ours: anybody may write that
		{"10.0.0.1:5000", nil, "10.0.0.1"},
		{"10.0.0.1:5000", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:5000", []string{"203.0.113.9, 192.0.2.7"}, "192.0.2.7"}, // the last one is what our proxy saw
		{"10.0.0.1:5000", []string{"203.0.113.9", "192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"10.0.0.1:5000", []string{"rubbish"}, "10.0.0.1"},
		{"[::1]:5000", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:5000", nil, "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := s.clientAddress(r); got != c.want {
			t.Errorf("%s with %q: %s; want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// A sign-in comes back to every page of the application, and to nothing else.
func TestReturnPages(t *testing.T) {
	source, err := os.ReadFile("../../web/src/AppRoutes.tsx")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`path="([^"*]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 5 {
		t.Fatalf("only %d paths in AppRoutes.tsx", len(found))
	}
	for _, match := range found {
		page, _, _ := strings.Cut(match[1], "/")
		if !slices.Contains(returnPages, page) && page != "sign-in" && page != "login" {
			t.Errorf("the page %q is not in returnPages: a sign-in would not come back to it", page)
		}
	}
	for path, want := range map[string]string{
		"/e/demo": "/e/demo", "/log?type=consent": "/log?type=consent", "/": "/", "": "/", "/api/session/end": "/", "/auth/esia/start": "/", "/sign-in": "/",
		"https://evil.example/": "/", "//evil.example/e/x": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "/e/x\r\nA: b": "/", "/e/" + strings.Repeat("x", 600): "/",
	} {
		if got := localPath(path); got != want {
			t.Errorf("%.40q becomes %q, want %q", path, got, want)
		}
	}
}
