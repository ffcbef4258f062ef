package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// WeakPassword says why a password is not taken, as a code: short, long, common, login, same, unprintable.
type WeakPassword struct{ Code string }

func (e *WeakPassword) Error() string { return "the password is not taken: " + e.Code }

// Limits of a password's length, in characters.
const (
	MinPassword = 10
	MaxPassword = 128
)

//go:embed badpasswords.txt
var badPasswords string

// checkPassword holds a password against the rules: length first of all, nothing that everybody tries first, not the login's name.
func checkPassword(password, login string) error {
	n := utf8.RuneCountInString(password)
	folded := strings.ToLower(password)
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, folded)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return &WeakPassword{"unprintable"}
	case n < MinPassword:
		return &WeakPassword{"short"}
	case n > MaxPassword:
		return &WeakPassword{"long"}
	case len(login) >= 4 && strings.Contains(folded, login):
		return &WeakPassword{"login"}
	case fewLetters(folded):
		return &WeakPassword{"common"}
	}
	for bad := range strings.Lines(badPasswords) {
		// A bad one with digits or signs around is tried next.
		bad = strings.TrimSpace(bad)
		if bad != "" && strings.Trim(plain, "0123456789") == strings.Trim(bad, "0123456789") && (strings.Trim(bad, "0123456789") != "" || strings.HasPrefix(plain, bad)) {
			return &WeakPassword{"common"}
		}
	}
	return nil
}

// fewLetters tells whether a password is made of three characters at most, or of one piece again and again.
func fewLetters(s string) bool {
	kinds := map[rune]bool{}
	for _, r := range s {
		kinds[r] = true
	}
	if len(kinds) <= 3 {
		return true
	}
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return true
		}
	}
	return false
}

// hashing is what a password's hash was made with. It stands in the hash, so that it may be raised at any time.
type hashing struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// newHashing is for new hashes: OWASP's first recommendation for Argon2id. An older hash is made anew at the next sign-in.
var newHashing = hashing{memory: 46 << 10, passes: 1, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// hasher makes and checks hashes, a few at a time: each takes its memory.
type hasher struct {
	places chan struct{}
	with   hashing
}

func newHasher() *hasher { return &hasher{places: make(chan struct{}, 4), with: newHashing} }

func (h *hasher) key(ctx context.Context, password string, salt []byte, with hashing, length uint32) ([]byte, error) {
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, with.passes, with.memory, with.threads, length), nil
}

// hash is the password's hash in the usual form: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key, err := h.key(ctx, password, salt, h.with, hashBytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.with.memory, h.with.passes, h.with.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

var errBadHash = errors.New("a stored password hash cannot be read")

// check tells whether the password is the hash's, and whether the hash should be made anew.
func (h *hasher) check(ctx context.Context, password, stored string) (right, outdated bool, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, false, errBadHash
	}
	var version int
	var with hashing
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, false, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &with.memory, &with.passes, &with.threads); err != nil || with.memory > 1<<20 || with.passes < 1 || with.passes > 16 || with.threads < 1 {
		return false, false, errBadHash
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	want, errWant := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errWant != nil || len(want) < 16 || len(want) > 64 {
		return false, false, errBadHash
	}
	key, err := h.key(ctx, password, salt, with, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, with != h.with, nil
}

// oneTimePassword is one that people can read out and type: four groups of four, no characters that look alike; 78 bits.
func oneTimePassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789" // 31
	var b strings.Builder
	for b.Len() < 19 {
		if b.Len()%5 == 4 {
			b.WriteByte('-')
			continue
		}
		var random [1]byte
		rand.Read(random[:])
		if int(random[0]) < 256/len(letters)*len(letters) {
			b.WriteByte(letters[int(random[0])%len(letters)])
		}
	}
	return b.String()
}
