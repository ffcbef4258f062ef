package account

import "ochno/proctor/keyring"

// Sealed are the columns in which this package keeps sealed values.
func Sealed() []keyring.Column {
	same := func(purpose string) func(string) string { return func(string) string { return purpose } }
	with := func(purpose string) func(string) string { return func(id string) string { return purpose + " " + id } }
	return []keyring.Column{
		{Table: "person", Key: "id", Name: "snils_sealed", Purpose: same(purposeSNILS)},
		{Table: "person", Key: "id", Name: "document_sealed", Purpose: same(purposeDocument)},
		{Table: "person", Key: "id", Name: "email_sealed", Purpose: with("person email")},
		{Table: "consent", Key: "id", Name: "identity", Purpose: with("consent")},
		{Table: "request", Key: "id", Name: "personal", Purpose: with("request")},
		{Table: "request", Key: "id", Name: "reason", Purpose: with("request reason")},
		{Table: "guardian_invitation", Key: "id", Name: "email_sealed", Purpose: same(purposeInvitationEmail)},
		{Table: "guardian_claim", Key: "id", Name: "note_sealed", Purpose: with("guardian claim note")},
	}
}
