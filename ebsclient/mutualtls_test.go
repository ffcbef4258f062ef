package ebsclient_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ochno/ebsclient"
)

// identity is a certificate of its own authority, in files.
type identity struct {
	certificate, key string
	pool             *x509.CertPool
	pem              []byte
}

func (id *identity) write(tb testing.TB, name string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	id.pool.AddCert(cert)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	id.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := errors.Join(os.WriteFile(id.certificate, id.pem, 0o600), os.WriteFile(id.key, keyPEM, 0o600)); err != nil {
		tb.Fatal(err)
	}
	// A file system may count in whole seconds: what was written is told by its time.
	stamp := time.Now().Add(time.Duration(len(name)) * time.Second)
	if err := errors.Join(os.Chtimes(id.certificate, stamp, stamp), os.Chtimes(id.key, stamp, stamp)); err != nil {
		tb.Fatal(err)
	}
}

func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	us := &identity{certificate: filepath.Join(dir, "our.crt"), key: filepath.Join(dir, "our.key"), pool: x509.NewCertPool()}
	us.write(t, "a")
	var seen []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.TLS.PeerCertificates[0].Subject.CommonName)
		w.Write([]byte(verdictAnswer))
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.TLS = &tls.Config{
		ClientAuth: tls.RequireAnyClientCert,
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: us.pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			return err
		},
	}
	server.StartTLS()
	defer server.Close()
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	mutual := &ebsclient.MutualTLS{CertificateFile: us.certificate, KeyFile: us.key, RootsFile: roots, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	// A transport that keeps no connection: each request shows the certificate anew.
	transport := &http.Transport{DisableKeepAlives: true}
	ask := func(mutual *ebsclient.MutualTLS) error {
		p := pushTo(t, transport, func(cfg *ebsclient.PushConfig) { cfg.BaseURL, cfg.TLS = server.URL, mutual })
		_, err := p.Verify(t.Context(), request())
		return err
	}
	p := pushTo(t, transport, func(cfg *ebsclient.PushConfig) { cfg.BaseURL, cfg.TLS = server.URL, mutual })
	verify := func() {
		t.Helper()
		if _, err := p.Verify(t.Context(), request()); err != nil {
			t.Fatal(err)
		}
	}
	verify()
	us.write(t, "bb")
	verify()
	if err := os.WriteFile(us.key, []byte("half of a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	verify()
	if err := os.Remove(us.certificate); err != nil {
		t.Fatal(err)
	}
	verify()
	if !strings.Contains(log.String(), "cannot be used") {
		t.Errorf("an operator is not told of files that cannot be used: %s", log.String())
	}
	us.write(t, "ccc")
	verify()
	if got := strings.Join(seen, " "); got != "a bb bb bb ccc" {
		t.Errorf("the server saw %s", got)
	}

	if err := ask(nil); !errors.Is(err, ebsclient.Unavailable) {
		t.Errorf("without a certificate: %v", err)
	}
	if err := ask(&ebsclient.MutualTLS{CertificateFile: us.certificate, KeyFile: us.key}); !errors.Is(err, ebsclient.Unavailable) {
		t.Errorf("a verifier that nobody known vouches for: %v", err)
	}
	stranger := &identity{certificate: filepath.Join(dir, "x.crt"), key: filepath.Join(dir, "x.key"), pool: x509.NewCertPool()}
	stranger.write(t, "stranger")
	if err := ask(&ebsclient.MutualTLS{CertificateFile: stranger.certificate, KeyFile: stranger.key, RootsFile: roots}); !errors.Is(err, ebsclient.Unavailable) {
		t.Errorf("by another's certificate: %v", err)
	}
	client, err := mutual.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if transport.TLSClientConfig != nil && transport.TLSClientConfig.GetClientCertificate != nil {
		t.Error("the caller's transport was changed")
	}
}

func TestMutualTLSRefuses(t *testing.T) {
	dir := t.TempDir()
	one := &identity{certificate: filepath.Join(dir, "1.crt"), key: filepath.Join(dir, "1.key"), pool: x509.NewCertPool()}
	two := &identity{certificate: filepath.Join(dir, "2.crt"), key: filepath.Join(dir, "2.key"), pool: x509.NewCertPool()}
	one.write(t, "one")
	two.write(t, "two")
	for name, m := range map[string]ebsclient.MutualTLS{
		"nothing":            {},
		"another's key":      {CertificateFile: one.certificate, KeyFile: two.key},
		"no such authority":  {CertificateFile: one.certificate, KeyFile: one.key, RootsFile: "/nowhere"},
		"a key as authority": {CertificateFile: one.certificate, KeyFile: one.key, RootsFile: one.key},
	} {
		if _, err := m.Client(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
