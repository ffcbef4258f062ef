package ebsclient_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ochno/ebsclient"
)

// openssl is a [ebsclient.SignatureVerifier] by OpenSSL and its GOST engine, as small as can be: a program of one's own does
// better with pipes than with files.
type openssl struct{ dir string }

// VerifySignature implements [ebsclient.SignatureVerifier].
func (o openssl) VerifySignature(ctx context.Context, key ebsclient.Key, signed, signature []byte) error {
	public, sig := filepath.Join(o.dir, "public.pem"), filepath.Join(o.dir, "signature")
	if err := errors.Join(
		os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: key.PKIX}), 0o600),
		os.WriteFile(sig, signature, 0o600),
	); err != nil {
		return err
	}
	out, err := runOpenSSL(ctx, signed, "dgst", "-engine", "gost", "-md_gost12_256", "-verify", public, "-signature", sig)
	switch {
	case err == nil && bytes.Contains(out, []byte("Verified OK")):
		return nil
	case bytes.Contains(out, []byte("Verification failure")):
		return ebsclient.ReasonBadSignature
	}
	return fmt.Errorf("openssl: %w: %s", err, out)
}

func runOpenSSL(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "openssl", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd.Output()
}

// TestCheckGOSTForReal signs verdicts as EBS does, R 34.10-2012 with 256 bits, and has them checked by the external program.
func TestCheckGOSTForReal(t *testing.T) {
	dir := t.TempDir()
	tool := func(stdin []byte, args ...string) []byte {
		t.Helper()
		out, err := runOpenSSL(t.Context(), stdin, args...)
		if err != nil {
			t.Fatalf("openssl with the GOST engine is needed: install the packages openssl and libengine-gost-openssl: %v", err)
		}
		return out
	}
	newKey := func(name string) (private string, public []byte) {
		private = filepath.Join(dir, name)
		tool(nil, "genpkey", "-engine", "gost", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:A", "-out", private)
		return private, tool(nil, "pkey", "-engine", "gost", "-in", private, "-pubout")
	}
	private, public := newKey("one")
	other, _ := newKey("two")
	keys, err := ebsclient.ParseKeys(public)
	if err != nil || len(keys) != 1 || keys[0].Public != nil {
		t.Fatalf("%+v %v", keys, err)
	}
	verdict := func(key string, claims map[string]any) string {
		payload, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"GOST3410_2012_256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
		signature := tool([]byte(input), "dgst", "-engine", "gost", "-md_gost12_256", "-sign", key)
		if len(signature) != 64 {
			t.Fatalf("a signature of %d bytes", len(signature))
		}
		return input + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	c := newChecker(t, func(cfg *ebsclient.CheckerConfig) { cfg.Stand, cfg.GOST, cfg.Keys = false, openssl{dir}, keys })
	if v, err := c.Check(t.Context(), verdict(private, good()), expected()); err != nil || v.Algorithm != ebsclient.GOST {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := c.Check(t.Context(), verdict(other, good()), expected()); !errors.Is(err, ebsclient.ReasonBadSignature) {
		t.Errorf("by another key: %v", err)
	}
	if _, err := c.Check(t.Context(), verdict(private, with("sub", "2")), expected()); !errors.Is(err, ebsclient.ReasonWrongSubject) {
		t.Errorf("of another person: %v", err)
	}
}
