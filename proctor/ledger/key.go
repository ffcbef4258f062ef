package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs checkpoints and tells how to check them.
type Key struct {
	Signer   note.Signer
	Verifier note.Verifier
	// Public is the verifier key in the form of signed notes: name+hash+base64.
	Public string
}

// GenerateKey writes a fresh Ed25519 key for the origin to path (and its public half to path.pub) unless one is there.
// The origin names the log, like "ochno.example-university.ru/log"; it has no spaces and no plus signs. A public half alone is an error:
// the key that goes with it was lost, and a log that it signed needs it.
func GenerateKey(path, origin string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("log key: %w", err)
	}
	if _, err := os.Stat(path + ".pub"); err == nil {
		return fmt.Errorf("log key: %s.pub is there without its private half: restore that from a backup, or move the file away to begin a log of its own", path)
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	if _, err := note.NewSigner(private); err != nil {
		return fmt.Errorf("log key: the origin %q cannot name a log", origin)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	if err := os.WriteFile(path+".pub", []byte(public+"\n"), 0o644); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	if err := os.WriteFile(path, []byte(private+"\n"), 0o600); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	return nil
}

// OpenKey reads what GenerateKey wrote. Only its owner may be able to read the private half.
func OpenKey(path string) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("log key %s: others may read it (mode %v); chmod 600 it", path, info.Mode().Perm())
	}
	private, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	key := Key{Public: strings.TrimSpace(string(public))}
	if key.Signer, err = note.NewSigner(strings.TrimSpace(string(private))); err != nil {
		return Key{}, fmt.Errorf("log key %s: not a signed-note key", path)
	}
	if key.Verifier, err = note.NewVerifier(key.Public); err != nil {
		return Key{}, fmt.Errorf("log key %s.pub: %w", path, err)
	}
	if key.Signer.KeyHash() != key.Verifier.KeyHash() {
		return Key{}, fmt.Errorf("log key %s: its public half is another key's", path)
	}
	return key, nil
}
