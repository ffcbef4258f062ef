package esia

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// OpenSSLConfig says which openssl to run and how.
type OpenSSLConfig struct {
	// Path of the program. Default: openssl.
	Path string
	// Engine that knows GOST. Default: gost (Debian: libengine-gost-openssl). "none" for an openssl that needs no engine.
	Engine string
	ProgramConfig
}

// OpenSSL does GOST cryptography by running openssl, about 10 ms a call. Private keys stay in files that openssl reads itself;
// texts and signatures go through pipes. It is a [Verifier] and makes [Signer] values.
type OpenSSL struct {
	path    string
	engine  []string
	program *program
}

// NewOpenSSL checks nothing; see [OpenSSL.Check].
func NewOpenSSL(config OpenSSLConfig) *OpenSSL {
	o := &OpenSSL{path: config.Path, program: newProgram(config.ProgramConfig)}
	if o.path == "" {
		o.path = "openssl"
	}
	switch config.Engine {
	case "none":
	case "":
		o.engine = []string{"-engine", "gost"}
	default:
		o.engine = []string{"-engine", config.Engine}
	}
	return o
}

// Check tells whether openssl and its GOST engine work.
func (o *OpenSSL) Check(ctx context.Context) error {
	out, err := o.run(ctx, "dgst", []string{"-md_gost12_256", "-binary"}, []byte("ochno"))
	if err != nil {
		return err
	}
	if len(out) != 32 {
		return fmt.Errorf("openssl: a Streebog-256 digest of %d bytes, want 32", len(out))
	}
	return nil
}

// RawSigner makes raw signatures, for [V2], with the private key in keyFile (PEM, not encrypted).
func (o *OpenSSL) RawSigner(keyFile string) Signer {
	return signerFunc(func(ctx context.Context, text []byte) ([]byte, error) {
		signature, err := o.run(ctx, "dgst", []string{"-md_gost12_256", "-sign", keyFile}, text)
		if err == nil && len(signature) != rawSignature {
			err = fmt.Errorf("openssl: a signature of %d bytes, want 64; is %s a GOST R 34.10-2012-256 key?", len(signature), keyFile)
		}
		return signature, err
	})
}

// CMSSigner makes detached CMS signatures, for [V1], with the key and the certificate in the files (PEM).
func (o *OpenSSL) CMSSigner(certificateFile, keyFile string) Signer {
	return signerFunc(func(ctx context.Context, text []byte) ([]byte, error) {
		return o.run(ctx, "cms", []string{
			"-sign", "-signer", certificateFile, "-inkey", keyFile, "-md", "md_gost12_256", "-binary", "-noattr", "-outform", "DER",
		}, text)
	})
}

type signerFunc func(ctx context.Context, text []byte) ([]byte, error)

func (f signerFunc) Sign(ctx context.Context, text []byte) ([]byte, error) { return f(ctx, text) }

// Verify verifies a raw signature by the certificate's key; the certificate's own validity is the caller's to judge.
func (o *OpenSSL) Verify(ctx context.Context, certificate *x509.Certificate, text, signature []byte) error {
	if !isGOST256(certificate) {
		return ErrSignature
	}
	return o.VerifyKey(ctx, certificate.RawSubjectPublicKeyInfo, text, signature)
}

// VerifyKey verifies a raw signature by a GOST R 34.10-2012-256 key, its SubjectPublicKeyInfo in DER.
func (o *OpenSSL) VerifyKey(ctx context.Context, pkix, text, signature []byte) error {
	if len(signature) != rawSignature {
		return ErrSignature
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	out, err := o.run(ctx, "dgst", []string{"-md_gost12_256", "-verify", "/dev/fd/3", "-signature", "/dev/fd/4"}, text, key, signature)
	var exit *exitError
	if errors.As(err, &exit) && strings.TrimSpace(exit.stdout) == "Verification failure" {
		return ErrSignature
	}
	if err == nil && strings.TrimSpace(string(out)) != "Verified OK" {
		return errors.New("openssl: neither verified nor refused")
	}
	return err
}

// VerifyCMS verifies a detached CMS signature (DER) made by exactly this certificate, whichever certificates the signature holds.
func (o *OpenSSL) VerifyCMS(ctx context.Context, certificate *x509.Certificate, text, signature []byte) error {
	const malformed, refused = 2, 4 // openssl-cms(1), EXIT CODES; a missing engine ends with 4, too
	_, err := o.run(ctx, "cms", []string{
		"-verify", "-inform", "DER", "-binary", "-content", "/dev/fd/3", "-certfile", "/dev/fd/4", "-nointern", "-noverify", "-out", "/dev/null",
	}, signature, text, certificatePEM(certificate))
	var exit *exitError
	if errors.As(err, &exit) && (exit.code == refused || exit.code == malformed) && opensslCause(exit.stderr) == "" {
		return ErrSignature
	}
	return err
}

// CertificateHash is what ESIA calls client_certificate_hash: Streebog-256 of the certificate's DER in upper-case hex.
func (o *OpenSSL) CertificateHash(ctx context.Context, certificate *x509.Certificate) (string, error) {
	sum, err := o.run(ctx, "dgst", []string{"-md_gost12_256", "-binary"}, certificate.Raw)
	if err != nil {
		return "", err
	}
	if len(sum) != 32 {
		return "", fmt.Errorf("openssl: a Streebog-256 digest of %d bytes, want 32", len(sum))
	}
	return strings.ToUpper(hex.EncodeToString(sum)), nil
}

// CertificateFileHash is CertificateHash of the first certificate in a file (PEM or DER).
func (o *OpenSSL) CertificateFileHash(ctx context.Context, file string) (string, error) {
	certificates, err := readCertificates(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return o.CertificateHash(ctx, certificates[0])
}

func certificatePEM(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}

// run runs one openssl command with the engine and says the usual causes of failure in words.
func (o *OpenSSL) run(ctx context.Context, command string, args []string, stdin []byte, files ...[]byte) ([]byte, error) {
	argv := append([]string{o.path, command}, o.engine...)
	out, err := o.program.run(ctx, append(argv, args...), stdin, files...)
	var exit *exitError
	if errors.As(err, &exit) {
		if cause := opensslCause(exit.stderr); cause != "" {
			err = fmt.Errorf("%s: %w", cause, err)
		}
	}
	return out, err
}

func opensslCause(stderr string) string {
	says := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(stderr, part) {
				return true
			}
		}
		return false
	}
	switch {
	case says("Invalid engine", "invalid engine", "no such engine", "could not load the shared library", "DSO support routines"):
		return "openssl has no GOST engine; on Debian and Ubuntu install libengine-gost-openssl"
	case says("No such file or directory", "no such file"):
		return "a key or certificate file does not exist"
	case says("Permission denied", "system lib"):
		return "a key or certificate file cannot be read"
	case says("does not match", "key values mismatch", "No certificate matches"):
		return "the key does not belong to the certificate"
	case says("Could not read", "Could not find", "unable to load", "No supported data"):
		return "a key or certificate file does not hold what it should (an unencrypted PEM)"
	}
	return ""
}

// StandKeys are the files of a system's GOST key and certificate.
type StandKeys struct {
	KeyFile         string // PEM, unencrypted, readable by its owner only
	CertificateFile string // PEM, self-signed
	CertificateHash string // for Config.CertificateHash
}

// GenerateStandKeys makes a GOST key and a self-signed certificate in dir for a stand or a demonstration, unless both are there already.
// They are nothing for production: ESIA wants certificates of an accredited centre.
func (o *OpenSSL) GenerateStandKeys(ctx context.Context, dir, clientID string) (StandKeys, error) {
	keys := StandKeys{KeyFile: filepath.Join(dir, "esia-client.key"), CertificateFile: filepath.Join(dir, "esia-client.crt")}
	if !mnemonic.MatchString(clientID) {
		return StandKeys{}, errors.New("esia stand keys: the client id is not a mnemonic")
	}
	if !exists(keys.KeyFile) || !exists(keys.CertificateFile) {
		if err := o.generate(ctx, keys, clientID); err != nil {
			return StandKeys{}, fmt.Errorf("esia stand keys: %w", err)
		}
	}
	var err error
	keys.CertificateHash, err = o.CertificateFileHash(ctx, keys.CertificateFile)
	if err != nil {
		return StandKeys{}, fmt.Errorf("esia stand keys: %w", err)
	}
	return keys, nil
}

func (o *OpenSSL) generate(ctx context.Context, keys StandKeys, name string) error {
	if err := os.MkdirAll(filepath.Dir(keys.KeyFile), 0o700); err != nil {
		return err
	}
	newKey, newCertificate := keys.KeyFile+".new", keys.CertificateFile+".new"
	_, err := o.run(ctx, "req", []string{
		"-x509", "-newkey", "gost2012_256", "-pkeyopt", "paramset:A", "-nodes", "-keyout", newKey, "-out", newCertificate,
		"-days", "365", "-subj", "/C=RU/O=Ochno stand/CN=" + name,
	}, nil)
	if err != nil {
		return err
	}
	if err := os.Chmod(newKey, 0o600); err != nil {
		return err
	}
	if err := os.Rename(newKey, keys.KeyFile); err != nil {
		return err
	}
	return os.Rename(newCertificate, keys.CertificateFile)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
