package esia

import (
	"log/slog"
	"time"
)

// Level is how far an ESIA account has been checked.
type Level string

// Levels of accounts. ESIA tells simplified and standard ones apart only by what they hold: the standard one has a checked SNILS.
const (
	LevelSimplified Level = "simplified" // упрощённая
	LevelStandard   Level = "standard"   // стандартная
	LevelConfirmed  Level = "confirmed"  // подтверждённая
	LevelChild      Level = "child"      // детская, made by a parent
)

// Identity is a person who signed in, as ESIA says. Printing or logging it shows neither the person nor the token.
type Identity struct {
	// OID is ESIA's number of the person: digits, stable.
	OID    string
	Person Person
	Level  Level
	// AuthMethod is PWD (a password) or DS (a signature); "" when ESIA did not say.
	AuthMethod string
	// SessionID is ESIA's session (urn:esia:sid).
	SessionID string
	// Groups are access groups as a plain OIDC sign-on names them; ESIA's are read by [Client.Groups].
	Groups []string

	token   string    // the access token
	expires time.Time // when it does
}

// AccessToken is the person's access token, for a system of ESIA's that asks us for it (the Unified Biometric System), and when it expires.
// It is a secret. An Identity of a plain OIDC sign-on has none.
func (i Identity) AccessToken() (token string, expires time.Time) { return i.token, i.expires }

// Person is what the granted scopes hold; what was not granted or not filled in is zero.
type Person struct {
	LastName, FirstName, MiddleName string
	BirthDate                       time.Time // midnight UTC; zero when unknown
	SNILS                           string    // eleven digits with valid check digits; "" when unknown
	Trusted                         bool      // ESIA checked the person
	Verifying                       bool      // ESIA is checking the person at the moment
	Status                          string    // REGISTERED, DELETED
	BirthPlace                      string
	Gender                          string // M, F
	Citizenship                     string // ISO 3166-1 alpha-3: RUS
	INN                             string // twelve digits
}

// Confirmed reports whether the account is a confirmed one (подтверждённая) by all that ESIA said: only such a person may be admitted.
func (i Identity) Confirmed() bool {
	return i.Level == LevelConfirmed && i.Person.Trusted && i.Person.Status == "REGISTERED"
}

const withheld = "(withheld)"

// String keeps identities out of formatted text.
func (i Identity) String() string { return "esia identity " + withheld }

// GoString keeps identities out of formatted text.
func (i Identity) GoString() string { return i.String() }

// LogValue keeps identities out of logs.
func (i Identity) LogValue() slog.Value {
	return slog.GroupValue(slog.String("level", string(i.Level)), slog.String("method", i.AuthMethod))
}

// String keeps persons out of formatted text.
func (p Person) String() string { return "esia person " + withheld }

// GoString keeps persons out of formatted text.
func (p Person) GoString() string { return p.String() }

// LogValue keeps persons out of logs.
func (p Person) LogValue() slog.Value { return slog.StringValue(withheld) }
