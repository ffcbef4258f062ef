package ebsclient

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Verifier compares a person's samples with those enrolled for a subject.
//
// It returns the verdict verbatim, a JWS in compact form that is yet to be checked by [Checker.Check]. Errors are of type
// [*Error], but for those of the context and of a request that is not well formed. A Verifier is safe for concurrent use and
// keeps no sample after it returned.
type Verifier interface {
	Verify(ctx context.Context, r Request) (token string, err error)
}

// Request is one question to a verifier.
type Request struct {
	// ID is the idempotency key: a verifier that sees it twice answers the second time what it answered the first. It
	// travels as X-Request-Id. Up to 64 letters, digits, "-", "_" and "."; a UUID does well.
	ID string
	// Subject is whom the samples are said to be of: the ESIA oid, digits.
	Subject string
	// Session ties the verdict to the caller's session; the verdict repeats it. As ID.
	Session string
	// Challenge is the digits the person was asked to say, 1 to 16 of them. The verdict repeats them.
	Challenge string
	// Shown is when each digit was shown, from the beginning of the voice sample, if the digits were shown one by one: a
	// verifier may look whether the voice follows them. As many as there are digits, in order, or nil.
	Shown []time.Duration
	// Photo and Voice are the samples. One of them may be empty where the verifier does without.
	Photo, Voice Sample
}

// Sample is one biometric sample. It belongs to the caller, who may overwrite it after Verify returned.
type Sample struct {
	// ContentType is what Data is: "image/jpeg", "image/png" or "audio/wav".
	ContentType string
	Data        []byte
}

// MaxSample bounds each sample of a request, in bytes.
const MaxSample = 8 << 20

// validate refuses what no verifier can answer, without repeating the subject.
func (r Request) validate() error {
	switch {
	case !isToken(r.ID, 64):
		return errors.New("ebsclient: request: ID must be 1 to 64 letters, digits, '-', '_' or '.'")
	case !isToken(r.Session, 64):
		return errors.New("ebsclient: request: Session must be 1 to 64 letters, digits, '-', '_' or '.'")
	case !isDigits(r.Subject, 20):
		return errors.New("ebsclient: request: Subject must be an oid of 1 to 20 digits")
	case !isDigits(r.Challenge, 16):
		return errors.New("ebsclient: request: Challenge must be 1 to 16 digits")
	case len(r.Photo.Data) == 0 && len(r.Voice.Data) == 0:
		return errors.New("ebsclient: request: no sample")
	}
	if err := r.checkShown(); err != nil {
		return err
	}
	for name, s := range map[string]Sample{"photo": r.Photo, "voice": r.Voice} {
		if len(s.Data) > MaxSample {
			return fmt.Errorf("ebsclient: request: %s of %d bytes, at most %d allowed", name, len(s.Data), MaxSample)
		}
		switch s.ContentType {
		case "image/jpeg", "image/png", "audio/wav":
		default:
			if len(s.Data) > 0 {
				return fmt.Errorf("ebsclient: request: %s of type %q", name, s.ContentType)
			}
		}
	}
	return nil
}

func (r Request) checkShown() error {
	if len(r.Shown) > 0 && len(r.Shown) != len(r.Challenge) {
		return fmt.Errorf("ebsclient: request: %d times in Shown for %d digits", len(r.Shown), len(r.Challenge))
	}
	last := time.Duration(0)
	for _, at := range r.Shown {
		if at < last || at > maxShown {
			return errors.New("ebsclient: request: the times in Shown must go up, within two minutes")
		}
		last = at
	}
	return nil
}

// maxShown bounds how far into a voice sample a digit may be shown.
const maxShown = 2 * time.Minute

func isToken(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

func isDigits(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
