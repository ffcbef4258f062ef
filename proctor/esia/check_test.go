package esia_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
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

// TestCheckTheOwnCertificate: what ESIA answers with one code has three causes, which are told apart here.
func TestCheckTheOwnCertificate(t *testing.T) {
	w := newWorld(t, esia.RS256)
	other := standKeys(t, w.openssl)
	for _, test := range []struct {
		name   string
		change func(*esia.Config)
		want   string
	}{
		{"a pair", func(*esia.Config) {}, ""},
		{"another key", func(c *esia.Config) { c.Signer = w.openssl.RawSigner(other.KeyFile) }, "own certificate key_mismatch, registration ESIA-007053"},
		{"another hash", func(c *esia.Config) { c.CertificateHash = other.CertificateHash }, "own certificate hash_mismatch, registration ESIA-007053"},
		{"another pair than the portal has", func(c *esia.Config) {
			c.Signer, c.CertificateHash, c.Certificate = w.openssl.RawSigner(other.KeyFile), other.CertificateHash, readCertificate(t, other.CertificateFile)
		}, "registration ESIA-007053"},
		{"no verifying program", func(c *esia.Config) { c.Verifier = nil }, ""},
		{"v1", func(c *esia.Config) {
			c.Generation, c.Signer = esia.V1, w.openssl.CMSSigner(w.keys.CertificateFile, w.keys.KeyFile)
		}, ""},
	} {
		client := w.client(func(c *esia.Config) {
			c.Certificate = readCertificate(t, w.keys.CertificateFile)
			test.change(c)
		})
		var bad []string
		for _, finding := range client.Check(t.Context()) {
			if finding.Err != nil {
				bad = append(bad, finding.Name+" "+finding.Err.Code)
			}
		}
		if got := strings.Join(bad, ", "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	late := w.client(func(c *esia.Config) {
		c.Certificate = readCertificate(t, w.keys.CertificateFile)
		c.Now = func() time.Time { return w.Now().AddDate(2, 0, 0) }
	})
	for _, finding := range late.Check(t.Context()) {
		if finding.Name == "own certificate" && (finding.Err == nil || finding.Err.Code != esia.CodeOwnCertificate) {
			t.Errorf("two years later: %v", finding.Err)
		}
	}
}

// TestCheckAtTheStandsFaults: the network is well, and the finding says what ESIA did.
func TestCheckAtTheStandsFaults(t *testing.T) {
	w := newWorld(t, esia.RS256)
	for _, test := range []struct {
		name   string
		faults []esiamock.Fault
		want   string
	}{
		{"overload", []esiamock.Fault{{Kind: esiamock.FaultError, Code: "ESIA-007008", Place: esiamock.PlaceAuthorize}}, "registration ESIA-007008"},
		{"maintenance", []esiamock.Fault{{Kind: esiamock.FaultHTML}}, "registration unavailable"},
		{"ESIA's clock is wrong", []esiamock.Fault{{Kind: esiamock.FaultSkewedClock, Skew: time.Hour}}, "clock ESIA-007015, registration ESIA-007015"},
		{"a little off", []esiamock.Fault{{Kind: esiamock.FaultSkewedClock, Skew: 2 * time.Minute}}, "clock ESIA-007015"},
		{"well", nil, ""},
	} {
		if err := w.stand.SetFaults(test.faults...); err != nil {
			t.Fatal(err)
		}
		var bad []string
		for _, finding := range w.client(nil).Check(t.Context()) {
			if finding.Err != nil {
				bad = append(bad, finding.Name+" "+finding.Err.Code)
			}
		}
		if got := strings.Join(bad, ", "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCheckNamesTheBlock: each way in which a network is blocked has its own words.
func TestCheckNamesTheBlock(t *testing.T) {
	w := newWorld(t, esia.RS256)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	released := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	t.Cleanup(silent.Close)
	defer close(released)
	for _, test := range []struct{ name, address, says, code string }{
		{"refused", gone.URL, "refused", esia.CodeUnavailable},
		{"no such name", "http://esia.invalid", "resolved", esia.CodeUnavailable},
		{"a certificate nobody trusts", untrusted.URL, "not trusted", esia.CodeUnavailable},
		{"no TLS there", strings.Replace(w.url, "http:", "https:", 1), "does not speak TLS", esia.CodeUnavailable},
		{"silence", silent.URL, "no answer in time", esia.CodeTimeout},
	} {
		client := w.client(func(c *esia.Config) {
			c.BaseURL = test.address
			c.Signer = fixedSigner{}
			if test.name == "silence" {
				c.Timeout = 100 * time.Millisecond
			}
			c.HTTPClient = &http.Client{Transport: resolvesNothing()}
		})
		found := false
		for _, finding := range client.Check(t.Context()) {
			if finding.Name == "network" {
				found = finding.Err != nil && finding.Err.Code == test.code && strings.Contains(finding.Detail, test.says)
			}
			if finding.Name != "network" && finding.Err != nil || finding.Name == "network" && !found {
				t.Errorf("%s: %s: %s: %v", test.name, finding.Name, finding.Detail, finding.Err)
			}
		}
		if !found {
			t.Errorf("%s: nothing about the network", test.name)
		}
	}
}

// resolvesNothing answers for the name server, so that no test asks one.
func resolvesNothing() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); net.ParseIP(host) == nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
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
