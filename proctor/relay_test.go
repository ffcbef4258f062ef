package proctor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ochno/proctor"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/media/relay"
)

// TestPagesAreToldOfTURN says that a student's and a proctor's page get credentials by which the service's TURN server relays, and each its own.
func TestPagesAreToldOfTURN(t *testing.T) {
	h := newHouseWith(t, func(h *house) {
		h.env["OCHNO_TURN_LISTEN"] = "127.0.0.1:0"
	})
	servers := func(b *browser, path string) relay.ICEServer {
		t.Helper()
		conn, _ := b.dial(t, path, nil)
		hello, _ := until(t, conn, "hello")
		text, err := json.Marshal(hello["iceServers"])
		must(t, err)
		var list []relay.ICEServer
		must(t, json.Unmarshal(text, &list))
		if len(list) != 1 || len(list[0].URLs) != 2 {
			t.Fatalf("%s: %s", path, text)
		}
		return list[0]
	}
	anna := h.signedIn(t, esiamock.StudentAnna)
	a := anna.join(t, true)
	student := servers(anna, fmt.Sprintf("/api/attempts/%s/connection", a.ID))
	proctor := servers(h.signedIn(t, esiamock.Proctor), fmt.Sprintf("/api/exams/%s/watch", h.exam.ID))
	for _, s := range []relay.ICEServer{student, proctor} {
		if strings.Contains(s.Username, a.ID.String()) {
			t.Errorf("the name %q tells whose it is", s.Username)
		}
		for _, url := range s.URLs {
			must(t, relay.Check(t.Context(), url, s.Username, s.Credential))
			if err := relay.Check(t.Context(), url, s.Username, "guessed"); err == nil {
				t.Errorf("%s takes a guessed password", url)
			}
		}
	}
	if student.Username == proctor.Username {
		t.Error("the student and the proctor share a name")
	}
}

// TestTURNSettings are those that a service must refuse to start with.
func TestTURNSettings(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	must(t, os.WriteFile(short, []byte("secret"), 0o600))
	long := filepath.Join(t.TempDir(), "long")
	must(t, os.WriteFile(long, []byte(strings.Repeat(uuid.NewString(), 2)), 0o600))
	h := newHouse(t)
	for _, c := range []struct {
		what string
		env  map[string]string
		says string // empty: well
	}{
		{"none", nil, ""},
		{"others' servers without the secret", map[string]string{"OCHNO_TURN_URLS": "turn:127.0.0.1:1"}, "OCHNO_TURN_SECRET_FILE"},
		{"a short secret", map[string]string{"OCHNO_TURN_LISTEN": "127.0.0.1:0", "OCHNO_TURN_SECRET_FILE": short}, "16 characters"},
		{"no secret there", map[string]string{"OCHNO_TURN_LISTEN": "127.0.0.1:0", "OCHNO_TURN_SECRET_FILE": short + "x"}, "no such file"},
		{"a name for an address", map[string]string{"OCHNO_TURN_LISTEN": "127.0.0.1:0", "OCHNO_TURN_PUBLIC_IP": "turn.example"}, "OCHNO_TURN_PUBLIC_IP"},
		{"not an address to listen on", map[string]string{"OCHNO_TURN_LISTEN": "3478"}, "OCHNO_TURN_LISTEN"},
		{"a server that does not answer", map[string]string{"OCHNO_TURN_URLS": "turn:127.0.0.1:1?transport=tcp", "OCHNO_TURN_SECRET_FILE": long}, "refused"},
		{"ours", map[string]string{"OCHNO_TURN_LISTEN": "127.0.0.1:0", "OCHNO_TURN_SECRET_FILE": long}, ""},
	} {
		cfg, err := proctor.ConfigFromEnv(func(name string) string {
			if v, ok := c.env[name]; ok {
				return v
			}
			return h.env[name]
		})
		must(t, err)
		for _, f := range proctor.Doctor(t.Context(), cfg) {
			if f.Check != "TURN" {
				continue
			}
			if f.OK != (c.says == "") || !strings.Contains(f.Said, c.says) {
				t.Errorf("%s: the doctor says %v %q, want %q", c.what, f.OK, f.Said, c.says)
			}
		}
	}
}
