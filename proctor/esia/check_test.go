package esia_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia"
)

// TestCheckTellsFaultsApart: each fault shows in its own finding, with its own code, and the others stay well.
func TestCheckTellsFaultsApart(t *testing.T) {
	w := newWorld(t, esia.RS256)
	other := standKeys(t, w.openssl)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		name    string
		change  func(*esia.Config)
		finding string // that is not well; "" for none
		code    string
	}{
		{"nothing wrong", nil, "", ""},
		{"v1, nothing wrong", func(c *esia.Config) {
			c.Generation, c.Signer = esia.V1, w.openssl.CMSSigner(w.keys.CertificateFile, w.keys.KeyFile)
		}, "", ""},
		{"a wrong key", func(c *esia.Config) { c.Signer = w.openssl.RawSigner(other.KeyFile) }, "registration", "ESIA-007053"},
		{"a wrong certificate", func(c *esia.Config) { c.CertificateHash = other.CertificateHash }, "registration", "ESIA-007053"},
		{"a wrong mnemonic", func(c *esia.Config) { c.ClientID = "NOBODY" }, "registration", "ESIA-007005"},
		{"a wrong redirect", func(c *esia.Config) { c.RedirectURL = "https://other.example.org/" }, "registration", "ESIA-007023"},
		{"a blocked network", func(c *esia.Config) { c.BaseURL = gone.URL }, "network", esia.CodeUnavailable},
		{"no key file", func(c *esia.Config) { c.Signer = w.openssl.RawSigner("/no/such.key") }, "signature", esia.CodeSignerFailed},
		{"no certificate of ESIA", func(c *esia.Config) { c.Keys = esia.NewFileKeys(nil, "/no/such.crt") }, "certificates", esia.CodeKeysMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := false
			for _, finding := range w.client(test.change).Check(t.Context()) {
				switch {
				case finding.Name == test.finding:
					found = true
					if finding.Err == nil || finding.Err.Code != test.code {
						t.Errorf("%s: %v, want %s", finding.Name, finding.Err, test.code)
					}
				case finding.Err != nil:
					t.Errorf("%s is not well, too: %v", finding.Name, finding.Err)
				}
			}
			if !found && test.finding != "" {
				t.Errorf("no finding about the %s", test.finding)
			}
		})
	}

	skewed := w.client(func(c *esia.Config) { c.Now = func() time.Time { return w.Now().Add(-time.Hour) } })
	var codes []string
	for _, finding := range skewed.Check(t.Context()) {
		if finding.Err != nil {
			codes = append(codes, finding.Name+" "+finding.Err.Code)
		}
	}
	if got := strings.Join(codes, ", "); got != "clock ESIA-007015, registration ESIA-007015" {
		t.Errorf("a wrong clock: %s", got)
	}
}

func TestPing(t *testing.T) {
	w := newWorld(t, esia.RS256)
	if err := w.client(nil).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(broken.Close)
	wantError(t, w.client(func(c *esia.Config) { c.BaseURL = broken.URL }).Ping(t.Context()), esia.CodeUnavailable, esia.KindUnavailable)
	wantError(t, w.client(func(c *esia.Config) { c.Keys = esia.StaticKeys() }).Ping(t.Context()), esia.CodeKeysMissing, esia.KindUnavailable)
}
