package esia

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newCertificate is a PEM certificate with a fresh key.
func newCertificate(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(certificates []*x509.Certificate) string {
	var all []string
	for _, certificate := range certificates {
		all = append(all, certificate.Subject.CommonName)
	}
	return strings.Join(all, " ")
}

func TestFileKeysFollowTheFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "esia.pem")
	var log bytes.Buffer
	now := time.Now()
	keys := NewFileKeys(slog.New(slog.NewTextHandler(&log, nil)), file)
	keys.now = func() time.Time { return now }
	want := func(when, want string) {
		t.Helper()
		got, err := keys.Certificates(context.Background())
		if err != nil || names(got) != want {
			t.Errorf("%s: %q, %v; want %q", when, names(got), err, want)
		}
	}

	if _, err := keys.Certificates(context.Background()); err == nil || !strings.Contains(err.Error(), "esia.pem") {
		t.Errorf("without a file: %v, want an error that names it", err)
	}
	first, second := newCertificate(t, "first"), newCertificate(t, "second")
	write(t, file, first)
	want("the file appeared", "first")
	write(t, file, append(first, second...))
	want("looked at a moment ago", "first")
	now = now.Add(6 * time.Second)
	want("the file changed", "first second")

	write(t, file, []byte("half a certif"))
	now = now.Add(6 * time.Second)
	want("the file is broken", "first second")
	now = now.Add(6 * time.Second)
	want("the file is still broken", "first second")
	if told := strings.Count(log.String(), "cannot be read"); told != 2 {
		t.Errorf("the log tells faults %d times, want 2: the missing file and the broken one\n%s", told, log.String())
	}
	os.Remove(file)
	now = now.Add(6 * time.Second)
	want("the file is gone", "first second")
	write(t, file, second)
	now = now.Add(6 * time.Second)
	want("the file is back", "second")
	now = now.Add(-time.Hour)
	write(t, file, append(second, first...))
	want("the clock went back", "second first")
}

func TestFileKeysReadFolders(t *testing.T) {
	dir := t.TempDir()
	keys := NewFileKeys(nil, dir)
	if _, err := keys.Certificates(t.Context()); err == nil {
		t.Error("an empty folder has certificates")
	}
	write(t, filepath.Join(dir, "a.pem"), newCertificate(t, "a"))
	block, _ := pem.Decode(newCertificate(t, "b"))
	write(t, filepath.Join(dir, "b.CER"), block.Bytes)
	write(t, filepath.Join(dir, "notes.txt"), []byte("not a certificate"))
	got, err := keys.Certificates(t.Context())
	if err != nil || names(got) != "a b" {
		t.Errorf("%q, %v", names(got), err)
	}
}

func TestParseCertificatesRefuses(t *testing.T) {
	good := newCertificate(t, "good")
	for name, data := range map[string][]byte{
		"nothing":      nil,
		"garbage":      []byte("garbage"),
		"a key":        pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}),
		"a bad block":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}),
		"too big":      bytes.Repeat([]byte("x"), maxKeyFile+1),
		"too many":     bytes.Repeat(good, maxCertificates+1),
		"a small key":  []byte(smallRSA),
		"good and bad": append(bytes.Clone(good), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})...),
	} {
		if got, err := ParseCertificates(data); err == nil {
			t.Errorf("%s: %d certificates", name, len(got))
		}
	}
}

// smallRSA has a key of 1024 bits.
const smallRSA = `-----BEGIN CERTIFICATE-----
MIIB/jCCAWegAwIBAgIUNW+30NY9Y6UerS0Izzh5IBrPJDYwDQYJKoZIhvcNAQEL
BQAwEDEOMAwGA1UEAwwFc21hbGwwIBcNMjYxMTIxMTk1NTQxWhgPMjEyNjEwMjgx
OTU1NDFaMBAxDjAMBgNVBAMMBXNtYWxsMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQDIkc8FCBDvO5JeHOhKXsPxQGjW5/BPmOxvHJVdUhBDjGagbGnutuIwAYp6
+pPqjdLg592VKLj1Fannff4WC31HgsHkBO1PYHJHQ7adzxBfUItN90QUdTbiOLt+
Ezhh/HCKgRHg/rb6rRIGDOER2Q9TAthNTvjt84p8Zon5DJnxJQIDAQABo1MwUTAd
BgNVHQ4EFgQUX+6iU9UuiZsS0jw8bk1TllZGL5gwHwYDVR0jBBgwFoAUX+6iU9Uu
iZsS0jw8bk1TllZGL5gwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOB
gQB9IGAXgLhjBIWUIZMkz6l+FfTSXeaxk6Pny1s8+HhE/4pxTfKDYds55hjM5VEt
lg1upGuN3CnWqe/hChdj9avV4XGCc7KZLpc5z3rxQYcJ7p5p2jCtyFVgnpq6Lrrv
HFHv/7+pEUU5yQDb9RFGadPvZUFv3sw6naz2uzrZ5lDFfQ==
-----END CERTIFICATE-----`
