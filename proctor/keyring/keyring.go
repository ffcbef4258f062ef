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
)

// KeySize is the length of the master key and of every object key, in bytes.
const KeySize = 32

// ErrBroken is returned when sealed data was changed, cut, or sealed under another key or for another purpose.
var ErrBroken = errors.New("sealed data does not open")

// Ring derives everything from a master key. It may hold others too, which open what they sealed and seal nothing: those that were in use before,
// or one that is about to be. Safe for concurrent use.
type Ring struct {
	keys   []*masterKey // the one that seals first
	lookup []byte
}

// masterKey is what one master key gives.
type masterKey struct {
	id       string
	personal cipher.AEAD
	wrap     cipher.AEAD
	lookup   []byte
}

// New makes a ring from master keys of KeySize bytes: the one that seals, and others that only open.
func New(current []byte, others ...[]byte) (*Ring, error) {
	r := &Ring{}
	for _, key := range append([][]byte{current}, others...) {
		m, err := derive(key)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, m)
	}
	r.lookup = r.keys[0].lookup
	return r, nil
}

func derive(key []byte) (*masterKey, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("master key: want %d bytes, have %d", KeySize, len(key))
	}
	m := &masterKey{}
	for _, d := range []struct {
		info string
		use  func(key []byte) error
	}{
		{"ochno personal v1", func(k []byte) (err error) { m.personal, err = aead(k); return err }},
		{"ochno wrap v1", func(k []byte) (err error) { m.wrap, err = aead(k); return err }},
		{"ochno lookup v1", func(k []byte) error { m.lookup = k; return nil }},
		{"ochno name v1", func(k []byte) error { m.id = hex.EncodeToString(k[:4]); return nil }},
	} {
		derived, err := hkdf.Key(sha256.New, key, nil, d.info, KeySize)
		if err != nil {
			return nil, fmt.Errorf("derive %q: %w", d.info, err)
		}
		if err := d.use(derived); err != nil {
			return nil, fmt.Errorf("derive %q: %w", d.info, err)
		}
	}
	return m, nil
}

// ID names the master key that seals; it tells nothing of the key.
func (r *Ring) ID() string { return r.keys[0].id }

// IDs names all master keys, the one that seals first.
func (r *Ring) IDs() []string {
	ids := make([]string, len(r.keys))
	for i, m := range r.keys {
		ids[i] = m.id
	}
	return ids
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
func (r *Ring) Seal(purpose string, plain []byte) []byte {
	return seal(r.keys[0].personal, purpose, plain)
}

// Unseal opens what Seal made under any key of the ring, or returns ErrBroken.
func (r *Ring) Unseal(purpose string, sealed []byte) ([]byte, error) {
	plain, _, err := r.open(personal, purpose, sealed)
	return plain, err
}

// The uses of a master key that encrypt.
func personal(m *masterKey) cipher.AEAD { return m.personal }
func wrap(m *masterKey) cipher.AEAD     { return m.wrap }

// open tries the keys in their order; which one it was, 0 for the one that seals.
func (r *Ring) open(use func(*masterKey) cipher.AEAD, purpose string, sealed []byte) (plain []byte, key int, err error) {
	for i, m := range r.keys {
		if plain, err = open(use(m), purpose, sealed); err == nil {
			return plain, i, nil
		}
	}
	return nil, 0, err
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
	return key, seal(r.keys[0].wrap, attempt, key)
}

// Unwrap opens an object key of that attempt that was wrapped under any key of the ring, or returns ErrBroken.
func (r *Ring) Unwrap(attempt string, wrapped []byte) ([]byte, error) {
	key, _, err := r.open(wrap, attempt, wrapped)
	return key, err
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
