package ebsclient

import (
	"context"
	"errors"
	"net/url"
	"unicode/utf8"
)

// SessionVerifier has the person identified on the verifier's own page or in its application: samples never pass through us.
// [Web] and [Adapter] are its drivers.
//
// Begin opens a session and says where the browser has to go. When the browser is back, Collect returns the verdict verbatim,
// which is yet to be checked by [Checker.Check], with the session's ID as Expect.Session and with Expect.AnyChallenge: the
// digits were the verifier's own. A session that did not end with a verdict is an [*Error]; [StateOf] puts it in the words of
// EBS's SDK. Both are safe for concurrent use.
//
// Browsers bring back what they like. Keep the session where the browser cannot reach it, and take it from there, by who is
// signed in: never from the address the browser came back to.
type SessionVerifier interface {
	Begin(ctx context.Context, r SessionRequest) (Session, error)
	Collect(ctx context.Context, s Session, r Return) (token string, err error)
}

// SessionRequest asks for a session.
type SessionRequest struct {
	// ID travels as X-Request-Id and stands in the log; as [Request].ID.
	ID string
	// Subject is who is to be identified: the ESIA oid, digits. An [Adapter] does not say it: who comes is only known by the
	// verdict.
	Subject string
	// Bearer is the person's access token of ESIA. [Web] needs it, and Collect needs the same; nothing here keeps it.
	Bearer string
	// Return is where the browser comes back to: an https address of ours, or http to this machine.
	Return string
}

// Session is a session at a verifier. It holds no secret, and is meant to be stored until the browser is back.
type Session struct {
	// ID is the session's: the verdict repeats it.
	ID string `json:"id"`
	// URL is where the browser has to go.
	URL string `json:"url"`
}

// Return is a browser that came back.
type Return struct {
	// ID travels as X-Request-Id and stands in the log: one for each browser that comes back, the same for asking again.
	ID string
	// Bearer is the same as in SessionRequest.
	Bearer string
	// Query of the address the browser came back to. [Web] does not look at it.
	Query url.Values
}

// State is how a session ended, in the words of EBS's own SDK.
type State string

const (
	StateSuccess State = "SUCCESS" // there is a verdict
	StateFailure State = "FAILURE" // there is none, and a new session hardly helps
	StateCancel  State = "CANCEL"  // the person called it off
	StateRepeat  State = "REPEAT"  // there is none, and a new session may help
)

// code is the error a state is reported by.
func (s State) code() (Code, bool) {
	switch s {
	case StateFailure:
		return Failed, true
	case StateCancel:
		return Cancelled, true
	case StateRepeat:
		return Repeat, true
	}
	return "", false
}

// StateOf is the state of a session by what Collect, or the checking of its verdict, returned. It is empty where that is not
// known yet: for [Pending], [Busy], [Unavailable] and every error that is no [*Error]. A verdict that is not to be believed is
// a failure.
func StateOf(err error) State {
	if err == nil {
		return StateSuccess
	}
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code {
	case Pending, Busy, Unavailable:
		return ""
	case Cancelled:
		return StateCancel
	case Repeat, LowQuality:
		return StateRepeat
	}
	return StateFailure
}

const (
	// maxURL bounds addresses, and maxBearer a person's token, in bytes.
	maxURL    = 4 << 10
	maxBearer = 16 << 10
)

// checkReturn refuses addresses that no browser should be sent to.
func (l *line) checkReturn(address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" ||
		!(u.Scheme == "https" || u.Scheme == "http" && l.allowsPlainly(u.Hostname())) {
		return errors.New("ebsclient: session: Return must be an https address of ours, without user and fragment")
	}
	return nil
}

func isBearer(s string) bool {
	if s == "" || len(s) > maxBearer || !utf8.ValidString(s) {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
