package proctor_test

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ochno/proctor"
	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/esia/oidc/oidcmock"
)

// TestCheckSignIn: what `ochno doctor --esia` says of each thing that can be wrong, from the variables that an engineer sets.
func TestCheckSignIn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	h := &house{url: "http://" + listener.Addr().String()}
	h.configure(t, listener)
	other, err := esia.NewOpenSSL(esia.OpenSSLConfig{}).GenerateStandKeys(t.Context(), t.TempDir(), "OTHER")
	must(t, err)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	script := filepath.Join(t.TempDir(), "sign.sh") // somebody's own signing program
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec openssl dgst -engine gost -md_gost12_256 -sign '"+h.env["OCHNO_ESIA_KEY_FILE"]+"' 2>/dev/null\n"), 0o700))

	for _, c := range []struct {
		name   string
		env    map[string]string
		faults []esiamock.Fault
		bad    []string // checks that fail, in order
		said   string   // in what the first of them says
		mend   string   // in how to mend it
	}{
		{name: "nothing wrong"},
		{name: "the first generation", env: map[string]string{"OCHNO_ESIA_GENERATION": "v1"}},
		{name: "a signing program of one's own", env: map[string]string{"OCHNO_ESIA_SIGN_COMMAND": script, "OCHNO_ESIA_KEY_FILE": "none"}},
		{
			name: "a wrong clock", faults: []esiamock.Fault{{Kind: esiamock.FaultSkewedClock, Skew: time.Hour}},
			bad: []string{"ESIA clock", "ESIA registration"}, said: "differs from ESIA's by -", mend: "clock",
		},
		{
			name: "a certificate that ESIA does not know", env: map[string]string{"OCHNO_ESIA_CERTIFICATE_FILE": other.CertificateFile, "OCHNO_ESIA_KEY_FILE": other.KeyFile},
			bad: []string{"ESIA registration"}, said: "ESIA-007053", mend: "certificate",
		},
		{
			name: "a key of another certificate", env: map[string]string{"OCHNO_ESIA_KEY_FILE": other.KeyFile},
			bad: []string{"ESIA own certificate", "ESIA registration"}, said: esia.CodeKeyMismatch, mend: "key",
		},
		{
			name: "a wrong hash", env: map[string]string{"OCHNO_ESIA_CERTIFICATE_HASH": other.CertificateHash},
			bad: []string{"ESIA own certificate", "ESIA registration"}, said: esia.CodeHashMismatch, mend: "hash",
		},
		{
			name: "a wrong mnemonic", env: map[string]string{"OCHNO_ESIA_CLIENT_ID": "NOBODY"},
			bad: []string{"ESIA registration"}, said: "ESIA-007005", mend: "mnemonic",
		},
		{
			name: "a blocked network", env: map[string]string{"OCHNO_ESIA_URL": gone.URL},
			bad: []string{"ESIA network"}, said: "connection is refused", mend: "network",
		},
		{
			name: "no certificate, and a blocked network", env: map[string]string{"OCHNO_ESIA_URL": gone.URL, "OCHNO_ESIA_CERTIFICATE_FILE": "none"},
			bad: []string{"ESIA configuration", "ESIA network"}, said: "the system's certificate", mend: "OCHNO_ESIA_",
		},
		{
			name: "a generation that there is not", env: map[string]string{"OCHNO_ESIA_GENERATION": "v9"},
			bad: []string{"ESIA configuration"}, said: `"v9"`, mend: "OCHNO_ESIA_",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, h.esia.SetFaults(c.faults...))
			env := maps.Clone(h.env)
			maps.Copy(env, c.env)
			config, err := proctor.ConfigFromEnv(func(name string) string { return env[name] })
			must(t, err)
			var bad []proctor.Finding
			var names []string
			for _, f := range proctor.CheckSignIn(t.Context(), config) {
				if !f.OK {
					bad, names = append(bad, f), append(names, f.Check)
				}
				if f.OK != (f.Mend == "") {
					t.Errorf("what is well needs no mending, what is not does: %+v", f)
				}
			}
			if !slices.Equal(names, c.bad) {
				t.Fatalf("not well: %+v; want %q", bad, c.bad)
			}
			if len(bad) > 0 && (!strings.Contains(bad[0].Said, c.said) || !strings.Contains(strings.ToLower(bad[0].Mend), strings.ToLower(c.mend))) {
				t.Errorf("%+v; want %q, and to mend it %q", bad[0], c.said, c.mend)
			}
		})
	}
}

func TestSettingsOfTheOtherSignInAreNotNeeded(t *testing.T) {
	for _, c := range []struct{ signIn, wants, leaves string }{
		{"", "OCHNO_ESIA_CLIENT_ID", "OCHNO_OIDC_ISSUER"},
		{"esia", "OCHNO_ESIA_KEY_FILE", "OCHNO_OIDC_CLIENT_ID"},
		{"oidc", "OCHNO_OIDC_ISSUER", "OCHNO_ESIA_KEY_FILE"},
		{"saml", "want esia or oidc", "OCHNO_OIDC_ISSUER"},
	} {
		_, err := proctor.ConfigFromEnv(func(name string) string {
			if name == "OCHNO_SIGN_IN" {
				return c.signIn
			}
			return ""
		})
		if err == nil || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), c.leaves) {
			t.Errorf("%q: %v; want %s and not %s", c.signIn, err, c.wants, c.leaves)
		}
	}
}

// TestSignInByOIDC: the whole service behind a plain OIDC sign-on; its people are linked under a prefix, never as ESIA's.
func TestSignInByOIDC(t *testing.T) {
	var sso *oidcmock.Stand
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sso.ServeHTTP(w, r) }))
	address := "http://" + server.Listener.Addr().String()
	h := newHouseWith(t, func(h *house) {
		var err error
		sso, err = oidcmock.New(oidcmock.Config{
			Issuer: address, ClientID: "ochno", ClientSecret: "the sign-on's secret", RedirectURL: h.url + "/auth/esia/callback",
			People: esiamock.DemoPeople(), Now: time.Now,
		})
		must(t, err)
		server.Start()
		t.Cleanup(server.Close)
		file := filepath.Join(t.TempDir(), "secret")
		must(t, os.WriteFile(file, []byte("the sign-on's secret\n"), 0o600))
		for name := range h.env {
			if strings.HasPrefix(name, "OCHNO_ESIA_") {
				delete(h.env, name)
			}
		}
		maps.Copy(h.env, map[string]string{
			"OCHNO_SIGN_IN": "oidc", "OCHNO_OIDC_ISSUER": address, "OCHNO_OIDC_CLIENT_ID": "ochno", "OCHNO_OIDC_SECRET_FILE": file,
			"OCHNO_OIDC_LEVEL": "confirmed", "OCHNO_OIDC_SUBJECT_PREFIX": "sso:",
		})
	})
	for _, f := range proctor.CheckSignIn(t.Context(), h.config) {
		if !f.OK {
			t.Errorf("the doctor: %+v", f)
		}
	}
	b := h.browser(t)
	page, err := b.Get(h.url + "/auth/esia/start?return=/e/exam")
	must(t, err)
	if text := read(t, page); !strings.Contains(text, esiamock.StudentAnna) {
		t.Fatalf("no sign-in page at %s", page.Request.URL)
	}
	done, err := b.PostForm(page.Request.URL.String(), url.Values{"person": {esiamock.StudentAnna}})
	must(t, err)
	read(t, done)
	if done.Request.URL.Path != "/e/exam" {
		t.Fatalf("the sign-in ended at %s", done.Request.URL)
	}
	var oid string
	must(t, h.store.Pool.QueryRow(t.Context(), `select esia_oid from person where esia_oid is not null`).Scan(&oid))
	if oid != "sso:"+esiamock.StudentAnna {
		t.Errorf("linked as %q", oid)
	}
	var method string
	must(t, h.store.Pool.QueryRow(t.Context(), `select convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'method' from ledger_record where type = 'sign_in'`).Scan(&method))
	if method != "oidc" {
		t.Errorf("the log says she signed in by %q", method)
	}
	if session := get[struct{ SignedIn bool }](t, b, "/api/session"); !session.SignedIn {
		t.Error("nobody is signed in")
	}
}
