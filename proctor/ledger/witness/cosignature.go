package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algorithmCosignature is the type of a witness's key: its signatures say when it saw the checkpoint. https://c2sp.org/tlog-cosignature
const algorithmCosignature = 0x04

// cosigner verifies a witness's cosignatures.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// NewVerifier reads a witness's key, name+hash+base64: one for cosignatures with their time, or a plain Ed25519 key of signed notes.
func NewVerifier(key string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(key, "+")
	hash, encoded, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 || raw[0] != algorithmCosignature {
		return note.NewVerifier(key)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	stated, err := hex.DecodeString(hash)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || name == "" || strings.ContainsAny(name, " \n+") || !bytes.Equal(stated, sum[:4]) {
		return nil, errors.New("not a witness's key")
	}
	return &cosigner{name, binary.BigEndian.Uint32(sum[:4]), raw[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, signed, signature[8:])
}
