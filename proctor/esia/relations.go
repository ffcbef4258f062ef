package esia

import (
	"log/slog"
	"strings"
	"time"
)

// What a person's account holds beside the person: contacts, documents, addresses, organisations, children. Printing or logging any of
// it shows its kind only; Masked is for screens where the whole would be too much.

// Contact is a way to reach a person.
type Contact struct {
	Type     string // EML, CEM (e-mail), MBT, PHN, CPH (telephones)
	Value    string
	Verified bool // ESIA checked that it is the person's
}

// Types of contacts.
const (
	ContactEmail  = "EML"
	ContactMobile = "MBT"
	ContactPhone  = "PHN"
)

// Document is an identity document or a certificate.
type Document struct {
	Type     string // see the constants
	Series   string
	Number   string
	IssuedBy string
	IssueID  string    // the issuing office's code
	IssuedOn time.Time // midnight UTC; zero when unknown
	Expires  time.Time // midnight UTC; zero when it does not or nobody says
	Verified bool      // ESIA checked it with the issuer
}

// Types of documents that matter to matching; ESIA knows more.
const (
	DocumentPassport         = "RF_PASSPORT"
	DocumentForeignPassport  = "FRGN_PASS" // «заграничный паспорт»
	DocumentForeignCitizen   = "FID_DOC"   // of a foreign state
	DocumentBirthCertificate = "BRTH_CERT"
)

// Address of a person.
type Address struct {
	Type   string // PLV (lives there), PRG (registered there)
	Text   string // as one line
	ZIP    string
	Region string
	City   string
	Street string
	House  string
	Flat   string
}

// Role is a person's place in an organisation.
type Role struct {
	Organisation Organisation
	Chief        bool // may act for the organisation
	Admin        bool // manages the organisation's profile at ESIA
}

// Organisation as ESIA knows it. It is public data, unlike who belongs to it.
type Organisation struct {
	OID       string
	FullName  string
	ShortName string
	OGRN      string // 13 or 15 digits
	INN       string // 10 or 12 digits
	Type      string // LEGAL, BUSINESS, AGENCY
}

// Group is an access group of an organisation that a person belongs to, as the organisation's administrator at ESIA keeps it.
type Group struct {
	ID     string // the group's mnemonic: what a mapping to our roles names
	Name   string
	System string // mnemonic of the information system the group is of
}

// Child is a person's child under ESIA's «Дети и опекаемые».
type Child struct {
	OID    string // of the child's record; the child's own account, if there is one, has the same
	Person Person
}

// masked keeps the last few characters and a shape that people recognise.
func masked(text string, shown int) string {
	runes := []rune(text)
	if len(runes) <= shown {
		return strings.Repeat("•", len(runes))
	}
	return strings.Repeat("•", len(runes)-shown) + string(runes[len(runes)-shown:])
}

// Masked is the contact for screens: «a•••@example.org», «••••••••••67».
func (c Contact) Masked() string {
	if name, domain, ok := strings.Cut(c.Value, "@"); ok {
		if runes := []rune(name); len(runes) > 1 {
			name = string(runes[:1])
		} else {
			name = ""
		}
		return name + "•••@" + domain
	}
	return masked(c.Value, 2)
}

// Masked is the document for screens: «•• •• ••••56».
func (d Document) Masked() string {
	return strings.TrimSpace(masked(d.Series, 0) + " " + masked(d.Number, 2))
}

// MaskedSNILS is the SNILS for screens: «•••-•••-•01 12»; "" when there is none.
func (p Person) MaskedSNILS() string {
	if len(p.SNILS) != 11 {
		return ""
	}
	return "•••-•••-•" + p.SNILS[7:9] + " " + p.SNILS[9:]
}

// String shows the kind only.
func (c Contact) String() string { return "esia contact " + c.Type + " " + withheld }

// GoString shows the kind only.
func (c Contact) GoString() string { return c.String() }

// LogValue shows the kind only.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String shows the kind only.
func (d Document) String() string { return "esia document " + d.Type + " " + withheld }

// GoString shows the kind only.
func (d Document) GoString() string { return d.String() }

// LogValue shows the kind only.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.String()) }

// String shows the kind only.
func (a Address) String() string { return "esia address " + a.Type + " " + withheld }

// GoString shows the kind only.
func (a Address) GoString() string { return a.String() }

// LogValue shows the kind only.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// String does not tell to which organisation somebody belongs.
func (r Role) String() string { return "esia role " + withheld }

// GoString does not tell to which organisation somebody belongs.
func (r Role) GoString() string { return r.String() }

// LogValue does not tell to which organisation somebody belongs.
func (r Role) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String keeps children out of formatted text.
func (c Child) String() string { return "esia child " + withheld }

// GoString keeps children out of formatted text.
func (c Child) GoString() string { return c.String() }

// LogValue keeps children out of logs.
func (c Child) LogValue() slog.Value { return slog.StringValue(c.String()) }
