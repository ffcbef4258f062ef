package esia

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// KeySource gives ESIA's certificates as they are known now. ESIA names no key in its tokens, so each is tried.
type KeySource interface {
	// Certificates returns at least one, or an error that names the cause. The slice must not be changed.
	Certificates(ctx context.Context) ([]*x509.Certificate, error)
}

const (
	maxKeyFile      = 256 << 10
	maxCertificates = 32
)

// ParseCertificates reads PEM or DER certificates. RSA keys under 2048 bits are refused.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxKeyFile {
		return nil, errors.New("over 256 KiB")
	}
	var found []*x509.Certificate
	add := func(der []byte) error {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d: %w", len(found)+1, err)
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
			return fmt.Errorf("certificate %d: an RSA key of %d bits, want 2048 or more", len(found)+1, key.N.BitLen())
		}
		if len(found) == maxCertificates {
			return fmt.Errorf("over %d certificates", maxCertificates)
		}
		found = append(found, certificate)
		return nil
	}
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		if err := add(data); err != nil {
			return nil, fmt.Errorf("neither PEM nor DER: %w", err)
		}
		return found, nil
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if err := add(block.Bytes); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no CERTIFICATE block in it")
	}
	return found, nil
}

// StaticKeys are certificates that do not change.
func StaticKeys(certificates ...*x509.Certificate) KeySource { return staticKeys(certificates) }

type staticKeys []*x509.Certificate

func (s staticKeys) Certificates(context.Context) ([]*x509.Certificate, error) {
	if len(s) == 0 {
		return nil, errors.New("no certificate of ESIA is configured")
	}
	return s, nil
}

// FileKeys reads ESIA's certificates from files and reads them again when the files change, so that the yearly change needs no restart.
// A path may be a file (PEM with one or more certificates, or DER) or a folder of *.pem, *.crt and *.cer files.
// When a changed file cannot be read, the certificates known before stay in use and the fault is logged once.
type FileKeys struct {
	paths  []string
	logger *slog.Logger
	check  time.Duration
	now    func() time.Time

	mu      sync.Mutex // guards what follows
	checked time.Time
	seen    string // names, sizes and times of the files last read, good or bad
	known   []*x509.Certificate
	fault   error
}

// NewFileKeys does not read yet: the files may appear later, before the first sign-in. A nil logger discards.
func NewFileKeys(logger *slog.Logger, paths ...string) *FileKeys {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &FileKeys{paths: paths, logger: logger, check: 5 * time.Second, now: time.Now}
}

// Certificates looks at the files at most every five seconds.
func (k *FileKeys) Certificates(context.Context) ([]*x509.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); k.known == nil || now.Sub(k.checked) >= k.check || now.Before(k.checked) {
		k.checked = now
		k.reload()
	}
	if k.known == nil {
		return nil, k.fault
	}
	return k.known, nil
}

func (k *FileKeys) reload() {
	files, seen, err := k.list()
	if err == nil && seen == k.seen {
		return
	}
	var known []*x509.Certificate
	for _, file := range files {
		if err != nil {
			break
		}
		var certificates []*x509.Certificate
		if certificates, err = readCertificates(file); err != nil {
			err = fmt.Errorf("%s: %w", file, err)
		}
		known = append(known, certificates...)
	}
	if err == nil && len(known) > maxCertificates {
		err = fmt.Errorf("over %d certificates", maxCertificates)
	}
	if err != nil {
		err = fmt.Errorf("esia certificates: %w", err)
		if k.fault == nil || k.fault.Error() != err.Error() {
			k.logger.Error("ESIA's certificates cannot be read; the ones known before stay in use", "known", len(k.known), "error", err)
		}
		k.fault = err
		k.seen = seen
		return
	}
	k.logger.Info("ESIA's certificates read", "count", len(known), "files", len(files))
	k.known, k.seen, k.fault = known, seen, nil
}

// list finds the files and describes their state in one string, to compare.
func (k *FileKeys) list() (files []string, seen string, err error) {
	for _, path := range k.paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, "", err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, "", err
		}
		for _, entry := range entries {
			if slices.Contains([]string{".pem", ".crt", ".cer"}, strings.ToLower(filepath.Ext(entry.Name()))) {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
	}
	if len(files) == 0 {
		return nil, "", errors.New("no certificate file is configured or found")
	}
	if len(files) > maxCertificates {
		return nil, "", fmt.Errorf("over %d files", maxCertificates)
	}
	var b strings.Builder
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, "", err
		}
		fmt.Fprintf(&b, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	}
	return files, b.String(), nil
}

func readCertificates(file string) ([]*x509.Certificate, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, errors.New("not a regular file of at most 256 KiB")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ParseCertificates(data)
}

// Fingerprint is the SHA-256 of a certificate's DER in hex, to tell certificates apart in logs and in doctor.
func Fingerprint(certificate *x509.Certificate) string {
	return fmt.Sprintf("%x", sha256.Sum256(certificate.Raw))
}
