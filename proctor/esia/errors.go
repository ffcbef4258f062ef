package esia

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Kind sorts errors by what a sign-in page shows; its text is the page's problem code.
type Kind string

// The kinds of error.
const (
	KindDenied       Kind = "esia_denied"           // the person refused
	KindUnavailable  Kind = "esia_unavailable"      // ESIA, the network or our signing program did not work; later it may
	KindRejected     Kind = "esia_rejected"         // ESIA refused us, or we refuse its answer; waiting does not help
	KindStateInvalid Kind = "state_invalid"         // this browser did not start this sign-in, or too long ago
	KindNotConfirmed Kind = "account_not_confirmed" // the ESIA account must be confirmed first
)

// Codes of our own, beside ESIA's ("ESIA-007004").
const (
	CodeRequestInvalid     = "request_invalid"     // the browser came back with missing, repeated or oversized parameters
	CodeStateInvalid       = "state_invalid"       // another browser, or a sign-in that was already used
	CodeStateExpired       = "state_expired"       // the sign-in took longer than Config.Patience
	CodeUnavailable        = "unavailable"         // no connection
	CodeTimeout            = "timeout"             // no answer within Config.Timeout
	CodeAnswerHTML         = "answer_html"         // a web page instead of data
	CodeAnswerInvalid      = "answer_invalid"      // not JSON, a wrong shape, or a foreign state
	CodeAnswerTooBig       = "answer_too_big"      // over 64 KiB
	CodeSignerFailed       = "signer_failed"       // the signing program failed
	CodeVerifierFailed     = "verifier_failed"     // the verifying program failed
	CodeKeysMissing        = "keys_missing"        // no certificate of ESIA could be read
	CodeTokenInvalid       = "token_invalid"       // not a token, or a claim is missing or malformed
	CodeTokenAlgorithm     = "token_algorithm"     // an algorithm that the configuration does not allow
	CodeTokenSignature     = "token_signature"     // none of ESIA's known certificates verifies it
	CodeCertificateExpired = "certificate_expired" // only an expired certificate of ESIA verifies it
	CodeTokenIssuer        = "token_issuer"        // issued by somebody else
	CodeTokenAudience      = "token_audience"      // issued for another system
	CodeTokenTime          = "token_time"          // expired, or from the future
	CodeTokenSubject       = "token_subject"       // tokens of one answer name different people
	CodeOwnCertificate     = "own_certificate"     // the system's own certificate has expired or is not valid yet
	CodeKeyMismatch        = "key_mismatch"        // the system's key does not belong to its certificate
	CodeHashMismatch       = "hash_mismatch"       // Config.CertificateHash is not the hash of the certificate
	CodePersonInvalid      = "person_invalid"      // a required field is missing or malformed
	codeUnknown            = "esia_error"          // an error of ESIA without a code
)

// Error is a sign-in that did not succeed. It holds no tokens and no data of the person.
type Error struct {
	// Code is ESIA's ("ESIA-007004") or one of ours ("state_invalid").
	Code string
	// Description is for operators: ESIA's own words, shortened, with long digit runs masked. It may be empty.
	Description string
	// Step is where it happened: sign, authorize, token, person.
	Step string
	// Status is the HTTP status of ESIA's answer, 0 when there was none.
	Status int
	// Err is the cause, if there is one beneath.
	Err error
	// OIDC says that a plain OIDC sign-on was asked, not ESIA: the words then speak of it.
	OIDC bool
}

// Error is for operators.
func (e *Error) Error() string {
	var b strings.Builder
	from := "esia"
	if e.OIDC {
		from = "oidc"
	}
	fmt.Fprintf(&b, "%s: %s: %s", from, e.Step, e.Code)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Kind is what the sign-in page shows.
func (e *Error) Kind() Kind { return e.explain().kind }

// Message says what the person, or the administrator, can do about it: sentences in Russian and in English.
// The code is not part of them; show it beside.
func (e *Error) Message() (ru, en string) {
	x := e.explain()
	return x.ru, x.en
}

func (e *Error) explain() explanation {
	if e.OIDC {
		return explainOIDC(e.Code)
	}
	return explain(e.Code)
}

var esiaCode = regexp.MustCompile(`ESIA-[0-9]{6}`)

// fromESIA makes an Error of ESIA's error and error_description, of which either may hold the code.
func fromESIA(step string, status int, code, description string) *Error {
	found := esiaCode.FindString(description)
	if found == "" {
		found = esiaCode.FindString(code)
	}
	if found == "" {
		found = byOAuthName(code)
	}
	return &Error{Code: found, Description: OperatorText(description), Step: step, Status: status}
}

// byOAuthName serves answers that carry only an OAuth error name.
func byOAuthName(name string) string {
	switch name {
	case "access_denied":
		return "ESIA-007004"
	case "unauthorized_client", "invalid_client":
		return "ESIA-007005"
	case "invalid_scope":
		return "ESIA-007006"
	case "server_error":
		return "ESIA-007007"
	case "temporarily_unavailable":
		return "ESIA-007008"
	case "invalid_grant":
		return "ESIA-007011"
	case "invalid_request":
		return "ESIA-007003"
	}
	return codeUnknown
}

var longDigits = regexp.MustCompile(`[0-9][0-9 \-]{4,}[0-9]`)

// OperatorText makes foreign words safe for a log line: short, printable, without anything that could be a SNILS, an OID or a telephone.
func OperatorText(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return ' '
	}, text)
	text = esiaCode.ReplaceAllString(text, "") // Error.Code has it
	text = longDigits.ReplaceAllString(text, "***")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.Trim(text, " :")
}
