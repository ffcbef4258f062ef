// Package keyring holds the installation's master key and what is derived from it: the sealing of personal fields, the keyed hash for
// look-ups, and the wrapping of per-attempt object keys.
//
// It keeps no state but the key and knows no tables. Start reading at Ring.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeySize is the length of the master key and of every object key, in bytes.
const KeySize = 32

// ErrBroken is returned when sealed data was changed, cut, or sealed under another key or for another purpose.
var ErrBroken = errors.New("sealed data does not open")

// Ring derives everything from one master key. Safe for concurrent use.
type Ring struct {
	personal cipher.AEAD
	wrap     cipher.AEAD
	lookup   []byte
}

// New makes a ring from a master key of KeySize bytes.
func New(master []byte) (*Ring, error) {
	if len(master) != KeySize {
		return nil, fmt.Errorf("master key: want %d bytes, have %d", KeySize, len(master))
	}
	r := &Ring{}
	for _, d := range []struct {
		info string
		use  func(key []byte) error
	}{
		{"ochno personal v1", func(k []byte) (err error) { r.personal, err = aead(k); return err }},
		{"ochno wrap v1", func(k []byte) (err error) { r.wrap, err = aead(k); return err }},
		{"ochno lookup v1", func(k []byte) error { r.lookup = k; return nil }},
	} {
		key, err := hkdf.Key(sha256.New, master, nil, d.info, KeySize)
		if err != nil {
			return nil, fmt.Errorf("derive %q: %w", d.info, err)
		}
		if err := d.use(key); err != nil {
			return nil, fmt.Errorf("derive %q: %w", d.info, err)
		}
	}
	return r, nil
}

// Open reads the master key from a file of 64 hexadecimal digits that only its owner may read.
func Open(path string) (*Ring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("master key %s: others may read it (mode %v); chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("master key %s: not hexadecimal", path)
	}
	return New(master)
}

// Generate writes a fresh master key to path unless one is there, and never overwrites.
func Generate(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("master key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	key := make([]byte, KeySize)
	rand.Read(key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return nil
}

// Seal encrypts a personal value. The purpose (a table and column) is bound to it: it opens for the same purpose only.
func (r *Ring) Seal(purpose string, plain []byte) []byte { return seal(r.personal, purpose, plain) }

// Unseal opens what Seal made, or returns ErrBroken.
func (r *Ring) Unseal(purpose string, sealed []byte) ([]byte, error) {
	return open(r.personal, purpose, sealed)
}

// Lookup is a keyed hash of a value, for finding a row by a value that is stored only encrypted.
func (r *Ring) Lookup(purpose, value string) []byte {
	mac := hmac.New(sha256.New, r.lookup)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// NewObjectKey makes a key for an attempt's objects and the same key wrapped, for storing.
func (r *Ring) NewObjectKey(attempt string) (key, wrapped []byte) {
	key = make([]byte, KeySize)
	rand.Read(key)
	return key, seal(r.wrap, attempt, key)
}

// Unwrap opens a wrapped object key of that attempt, or returns ErrBroken.
func (r *Ring) Unwrap(attempt string, wrapped []byte) ([]byte, error) {
	return open(r.wrap, attempt, wrapped)
}

// SealObject encrypts an object under an attempt's key; name (the object's key in the bucket) is bound to it.
func SealObject(key []byte, name string, plain []byte) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return seal(a, name, plain), nil
}

// OpenObject opens what SealObject made, or returns ErrBroken.
func OpenObject(key []byte, name string, sealed []byte) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return open(a, name, sealed)
}

func aead(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize { // AES takes shorter keys too
		return nil, fmt.Errorf("key: want %d bytes, have %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(a cipher.AEAD, purpose string, plain []byte) []byte {
	return a.Seal(nil, nil, plain, []byte(purpose))
}

func open(a cipher.AEAD, purpose string, sealed []byte) ([]byte, error) {
	plain, err := a.Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}
