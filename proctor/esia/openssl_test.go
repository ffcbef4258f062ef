package esia_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ochno/proctor/esia"
)

// plain runs openssl as a person would, with files.
func plain(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("openssl %s: %v\n%s%s", strings.Join(args, " "), err, out, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("%v (install openssl)", err)
	}
	return string(out)
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func testOpenSSL() *esia.OpenSSL {
	return esia.NewOpenSSL(esia.OpenSSLConfig{ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}})
}

var someText = []byte("OCHNOopenid fullname2026.11.21 10:00:00 +0300русский текст\n\x00\xff")

func TestOurSignaturesVerifyWithPlainOpenSSL(t *testing.T) {
	openssl := testOpenSSL()
	keys := standKeys(t, openssl)
	text := file(t, someText)

	raw, err := openssl.RawSigner(keys.KeyFile).Sign(t.Context(), someText)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) != 64 {
		t.Errorf("a raw signature of %d bytes", len(raw))
	}
	public := file(t, []byte(plain(t, "x509", "-in", keys.CertificateFile, "-noout", "-pubkey", "-engine", "gost")))
	if said := plain(t, "dgst", "-engine", "gost", "-md_gost12_256", "-verify", public, "-signature", file(t, raw), text); !strings.Contains(said, "Verified OK") {
		t.Error(said)
	}

	cms, err := openssl.CMSSigner(keys.CertificateFile, keys.KeyFile).Sign(t.Context(), someText)
	if err != nil {
		t.Fatal(err)
	}
	plain(t, "cms", "-verify", "-engine", "gost", "-inform", "DER", "-in", file(t, cms), "-content", text, "-binary",
		"-CAfile", keys.CertificateFile, "-purpose", "any", "-out", os.DevNull)
}

func TestPlainOpenSSLSignaturesVerifyWithOurs(t *testing.T) {
	openssl := testOpenSSL()
	keys, stranger := standKeys(t, openssl), standKeys(t, openssl)
	certificate, foreign := readCertificate(t, keys.CertificateFile), readCertificate(t, stranger.CertificateFile)
	text := file(t, someText)
	raw := []byte(plain(t, "dgst", "-engine", "gost", "-md_gost12_256", "-sign", keys.KeyFile, text))
	cms := []byte(plain(t, "cms", "-sign", "-engine", "gost", "-signer", keys.CertificateFile, "-inkey", keys.KeyFile, "-md", "md_gost12_256", "-binary", "-noattr", "-outform", "DER", "-in", text))
	withAttributes := []byte(plain(t, "cms", "-sign", "-engine", "gost", "-signer", keys.CertificateFile, "-inkey", keys.KeyFile, "-md", "md_gost12_256", "-binary", "-outform", "DER", "-in", text))
	ctx := t.Context()

	for name, err := range map[string]error{
		"raw":                 openssl.Verify(ctx, certificate, someText, raw),
		"CMS":                 openssl.VerifyCMS(ctx, certificate, someText, cms),
		"CMS with attributes": openssl.VerifyCMS(ctx, certificate, someText, withAttributes),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	reversed := slices.Clone(raw)
	slices.Reverse(reversed)
	for name, err := range map[string]error{
		"raw, another text":        openssl.Verify(ctx, certificate, []byte("another"), raw),
		"raw, another certificate": openssl.Verify(ctx, foreign, someText, raw),
		"raw, reversed":            openssl.Verify(ctx, certificate, someText, reversed),
		"raw, zeroes":              openssl.Verify(ctx, certificate, someText, make([]byte, 64)),
		"raw, short":               openssl.Verify(ctx, certificate, someText, raw[:63]),
		"raw, an RSA certificate":  openssl.Verify(ctx, forgerCertificate, someText, raw),
		"CMS, another text":        openssl.VerifyCMS(ctx, certificate, []byte("another"), cms),
		"CMS, another certificate": openssl.VerifyCMS(ctx, foreign, someText, cms),
		"CMS, attributes":          openssl.VerifyCMS(ctx, certificate, []byte("another"), withAttributes),
		"CMS, garbage":             openssl.VerifyCMS(ctx, certificate, someText, []byte("garbage")),
		"CMS, empty":               openssl.VerifyCMS(ctx, certificate, someText, nil),
		"CMS, cut":                 openssl.VerifyCMS(ctx, certificate, someText, cms[:len(cms)/2]),
		"CMS, raw in its place":    openssl.VerifyCMS(ctx, certificate, someText, raw),
	} {
		if !errors.Is(err, esia.ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
}

func TestCertificateHash(t *testing.T) {
	openssl := testOpenSSL()
	keys := standKeys(t, openssl)
	der := plain(t, "x509", "-in", keys.CertificateFile, "-outform", "DER", "-engine", "gost")
	sum := plain(t, "dgst", "-engine", "gost", "-md_gost12_256", "-r", file(t, []byte(der)))
	if want := strings.ToUpper(strings.Fields(sum)[0]); keys.CertificateHash != want || len(want) != 64 {
		t.Errorf("hash %s, openssl says %s", keys.CertificateHash, want)
	}
}

func TestGenerateStandKeysKeepsWhatIsThere(t *testing.T) {
	openssl, dir := testOpenSSL(), t.TempDir()
	first, err := openssl.GenerateStandKeys(t.Context(), dir, "OCHNO")
	if err != nil {
		t.Fatal(err)
	}
	again, err := openssl.GenerateStandKeys(t.Context(), dir, "OCHNO")
	if err != nil || again != first {
		t.Errorf("%+v then %+v, %v", first, again, err)
	}
	info, err := os.Stat(first.KeyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is readable by others: %v %v", info.Mode(), err)
	}
	if _, err := openssl.GenerateStandKeys(t.Context(), dir, "a/CN=b"); err == nil {
		t.Error("a client id that is not a mnemonic was taken")
	}
}

// TestFailuresNameTheirCause: what an administrator reads must say what to mend.
func TestFailuresNameTheirCause(t *testing.T) {
	openssl := testOpenSSL()
	keys, other := standKeys(t, openssl), standKeys(t, openssl)
	certificate := readCertificate(t, keys.CertificateFile)
	signature := make([]byte, 64)
	noEngine := esia.NewOpenSSL(esia.OpenSSLConfig{Engine: "nosuchengine"})
	noProgram := esia.NewOpenSSL(esia.OpenSSLConfig{Path: "no-such-openssl"})
	sign := func(s esia.Signer) error { _, err := s.Sign(t.Context(), someText); return err }
	for _, test := range []struct {
		name string
		err  error
		says string
	}{
		{"no program", noProgram.Check(t.Context()), "no-such-openssl is not installed"},
		{"no engine", noEngine.Check(t.Context()), "libengine-gost-openssl"},
		{"no engine, signing", sign(noEngine.RawSigner(keys.KeyFile)), "libengine-gost-openssl"},
		{"no engine, verifying", noEngine.Verify(t.Context(), certificate, someText, signature), "libengine-gost-openssl"},
		{"no engine, verifying CMS", noEngine.VerifyCMS(t.Context(), certificate, someText, signature), "libengine-gost-openssl"},
		{"no key file", sign(openssl.RawSigner("/no/such.key")), "does not exist"},
		{"not a key", sign(openssl.RawSigner(keys.CertificateFile)), "does not hold what it should"},
		{"CMS, no certificate file", sign(openssl.CMSSigner("/no/such.crt", keys.KeyFile)), "does not exist"},
		{"CMS, another's certificate", sign(openssl.CMSSigner(other.CertificateFile, keys.KeyFile)), "does not belong to the certificate"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.says) || errors.Is(test.err, esia.ErrSignature) {
			t.Errorf("%s: %v, want words with %q", test.name, test.err, test.says)
		}
	}
	if err := openssl.Check(t.Context()); err != nil {
		t.Errorf("a working openssl: %v", err)
	}
}

func TestSignerFailureIsATypedError(t *testing.T) {
	f := newForger(t)
	for name, signer := range map[string]esia.Signer{
		"missing key":  testOpenSSL().RawSigner("/no/such.key"),
		"wrong length": shortSigner{},
	} {
		_, err := f.started(func(c *esia.Config) { c.Signer = signer })
		if err == nil {
			t.Fatal(name)
		}
		wantError(t, err, esia.CodeSignerFailed, esia.KindUnavailable)
	}
}

type shortSigner struct{}

func (shortSigner) Sign(context.Context, []byte) ([]byte, error) { return make([]byte, 63), nil }

// started begins a sign-in with a changed configuration.
func (f *forger) started(change func(*esia.Config)) (esia.Redirect, error) {
	config := f.config()
	change(&config)
	client, err := esia.New(config)
	if err != nil {
		f.t.Fatal(err)
	}
	return client.Start(f.t.Context())
}

func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCommand(t *testing.T) {
	openssl := testOpenSSL()
	keys := standKeys(t, openssl)
	certificate := readCertificate(t, keys.CertificateFile)
	bounds := esia.ProgramConfig{Timeout: time.Minute}
	signing := esia.Command{Argv: []string{"openssl", "dgst", "-engine", "gost", "-md_gost12_256", "-sign", keys.KeyFile}, ProgramConfig: bounds}
	verifying := esia.Command{Argv: []string{script(t, `
openssl x509 -in "$1" -noout -pubkey -engine gost > "$0.pub" 2>/dev/null || exit 2
exec openssl dgst -engine gost -md_gost12_256 -verify "$0.pub" -signature "$2"
`), "{certificate}", "{signature}"}, ProgramConfig: bounds}

	for _, reversed := range []bool{false, true} {
		signing.Reversed, verifying.Reversed = reversed, reversed
		signer, err := signing.Signer()
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := verifying.Verifier()
		if err != nil {
			t.Fatal(err)
		}
		signature, err := signer.Sign(t.Context(), someText)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(t.Context(), certificate, someText, signature); err != nil {
			t.Errorf("reversed %v: %v", reversed, err)
		}
		if err := verifier.Verify(t.Context(), certificate, []byte("another"), signature); !errors.Is(err, esia.ErrSignature) {
			t.Errorf("reversed %v, another text: %v, want ErrSignature", reversed, err)
		}
		if err := openssl.Verify(t.Context(), certificate, someText, signature); (err == nil) == reversed {
			t.Errorf("reversed %v: openssl says %v", reversed, err)
		}
	}

	if _, err := (esia.Command{}).Signer(); err == nil {
		t.Error("a signing command without a program")
	}
	if _, err := (esia.Command{Argv: []string{"true"}}).Verifier(); err == nil {
		t.Error("a verifying command without places for its inputs")
	}
	for name, test := range map[string]struct{ text, says string }{
		"silent":      {"exit 0", "wrote no signature"},
		"failing":     {"echo license expired >&2; exit 3", "ended with code 3: license expired"},
		"talkative":   {"head -c 100000 /dev/zero", "over 65536 bytes"},
		"environment": {`test -z "$OCHNO_SECRET" || echo leaked >&2; exit 4`, "ended with code 4: "},
	} {
		t.Setenv("OCHNO_SECRET", "s3cret")
		signer, err := (esia.Command{Argv: []string{script(t, test.text)}, ProgramConfig: bounds}).Signer()
		if err != nil {
			t.Fatal(err)
		}
		_, err = signer.Sign(t.Context(), someText)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "leaked") {
			t.Errorf("%s: %v, want words with %q", name, err, test.says)
		}
	}
}

func fifo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestProgramsHaveATimeLimit(t *testing.T) {
	signer, err := (esia.Command{Argv: []string{"sleep", "1000"}, ProgramConfig: esia.ProgramConfig{Timeout: 50 * time.Millisecond}}).Signer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = signer.Sign(t.Context(), nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not finish in time") {
		t.Errorf("%v, want a time-out", err)
	}
}

// TestProgramsEndWithTheirChildren: a wrapper script that is ended takes what it started with it.
func TestProgramsEndWithTheirChildren(t *testing.T) {
	held := fifo(t) // the child holds its writing end as long as it lives
	signer, err := (esia.Command{Argv: []string{script(t, "sleep 1000 > "+held+" 2>&1 &\nwait")}, ProgramConfig: esia.ProgramConfig{Timeout: time.Minute}}).Signer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := signer.Sign(ctx, nil)
		ended <- err
	}()
	reader, err := os.Open(held) // returns when the child has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want «canceled»", err)
	}
	if _, err := io.ReadAll(reader); err != nil { // ends when the child has
		t.Error(err)
	}
}

// TestProgramsAreLimited: a few run at a time, and who waits too long is told so.
func TestProgramsAreLimited(t *testing.T) {
	gate := fifo(t)
	signer, err := (esia.Command{Argv: []string{script(t, "cat "+gate)}, ProgramConfig: esia.ProgramConfig{Timeout: time.Minute, Concurrency: 1}}).Signer()
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() {
		_, err := signer.Sign(context.Background(), nil)
		first <- err
	}()
	writer, err := os.OpenFile(gate, os.O_WRONLY, 0) // returns when the first program has opened it
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := signer.Sign(ctx, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "places were taken") {
		t.Errorf("%v, want «places were taken»", err)
	}
	if _, err := writer.WriteString("signature"); err != nil {
		t.Error(err)
	}
	writer.Close()
	if err := <-first; err != nil {
		t.Error(err)
	}
}
