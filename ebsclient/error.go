package ebsclient

import (
	"fmt"
	"time"
)

// Code says what kind of failure an [Error] is. It is an error itself, so that errors.Is(err, ebsclient.Busy) works.
type Code string

// The codes. Those of a session alone are Cancelled, Repeat, Failed, Pending and SecretUsed.
const (
	// Denied: the verifier refuses this system or the shape of its request. An operator must look; a retry does not help.
	Denied Code = "denied"
	// NotEnrolled: the verifier has no samples of the subject.
	NotEnrolled Code = "not_enrolled"
	// LowQuality: the verifier cannot compare these samples. New samples may do.
	LowQuality Code = "low_quality"
	// LivenessFailed: the verifier does not believe that a living person was there.
	LivenessFailed Code = "liveness_failed"
	// Expired: the verifier's session is over. A new request is needed.
	Expired Code = "expired"
	// Busy: too many requests, by the verifier's word or by our own limit. RetryAfter says when to come again.
	Busy Code = "busy"
	// Unavailable: no answer, half an answer, the verifier's own fault, or not asked at all ([ErrCircuitOpen]). A later request
	// may do.
	Unavailable Code = "unavailable"
	// Cancelled: the person called the session off.
	Cancelled Code = "cancelled"
	// Repeat: the verifier wants the person to go through it again, in a new session.
	Repeat Code = "repeat"
	// Failed: the session is over without a verdict, and why is not said.
	Failed Code = "failed"
	// Pending: the person is not done with the session yet. Ask again after RetryAfter, or when the browser comes back.
	Pending Code = "pending"
	// SecretUsed: the secret the browser brought was exchanged before: by us, and the answer was lost, or by somebody else.
	SecretUsed Code = "secret_used"
	// BrokenVerdict: a verdict came and is not to be believed. Reason says why.
	BrokenVerdict Code = "broken_verdict"
)

// Error implements error.
func (c Code) Error() string { return string(c) }

// Reason says why a verdict is not to be believed. It is an error itself, as [Code] is.
type Reason string

// The reasons, in the order in which they are checked.
const (
	ReasonMalformed       Reason = "malformed"          // not a JWS, too large, or a claim missing or of the wrong type
	ReasonWrongAlgorithm  Reason = "wrong_algorithm"    // signed by an algorithm that is not allowed
	ReasonUnknownKey      Reason = "unknown_key"        // signed by a key that is not the issuer's
	ReasonBadSignature    Reason = "bad_signature"      // not what was signed
	ReasonWrongIssuer     Reason = "wrong_issuer"       // said by somebody else
	ReasonWrongAudience   Reason = "wrong_audience"     // said to somebody else
	ReasonWrongSubject    Reason = "wrong_subject"      // said of somebody else
	ReasonWrongSession    Reason = "wrong_session"      // said in another session
	ReasonWrongChallenge  Reason = "wrong_challenge"    // said of other digits
	ReasonNotYetValid     Reason = "not_yet_valid"      // issued in the future
	ReasonExpired         Reason = "expired"            // too old
	ReasonModalityMissing Reason = "modality_missing"   // a score that was to be there is not
	ReasonScoreOutOfRange Reason = "score_out_of_range" // a score not within 0…1
	ReasonReplayed        Reason = "replayed"           // used before
)

// Error implements error.
func (r Reason) Error() string { return string(r) }

// Error is a failure a caller can decide on. Its text names no person.
type Error struct {
	Code Code
	// Reason is set with BrokenVerdict only.
	Reason Reason
	// Status is the HTTP status the verifier answered with, 0 where there was none.
	Status int
	// RetryAfter is how long the verifier asks to be left alone, 0 where it did not say.
	RetryAfter time.Duration
	// Err is what lies below, for operators. May be nil.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	s := "ebs: " + string(e.Code)
	if e.Reason != "" {
		s += ": " + string(e.Reason)
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what lies below.
func (e *Error) Unwrap() error { return e.Err }

// Is matches a [Code] or a [Reason].
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case Reason:
		return e.Reason == t
	}
	return false
}

// broken makes the error of a verdict that is not to be believed.
func broken(reason Reason, format string, args ...any) *Error {
	return &Error{Code: BrokenVerdict, Reason: reason, Err: fmt.Errorf(format, args...)}
}
