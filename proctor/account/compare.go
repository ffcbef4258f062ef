package account

import "bytes"

// Agreement is how one thing that ESIA says fits what the organisation knows.
type Agreement string

// The agreements. Unknown: one of the two sides does not say.
const (
	Same    Agreement = "same"
	Differs Agreement = "differs"
	Unknown Agreement = "unknown"
)

// Comparison tells what of a person agrees with the claims of an ESIA account.
type Comparison struct {
	Name, BirthDate, SNILS, Document Agreement
}

// The purposes under which a person's numbers are sealed and looked up.
const (
	purposeSNILS    = "person snils"
	purposeDocument = "person document"
)

// differ compares one ESIA account with many people.
type differ struct {
	claims    Claims
	snils     []byte
	documents [][]byte
}

func (a *Accounts) differ(c Claims) differ {
	d := differ{claims: c, snils: a.keyed(c.SNILS, purposeSNILS).hash}
	for _, document := range c.Documents {
		if key := documentKey(document); key != "" {
			d.documents = append(d.documents, a.keyed(key, purposeDocument).hash)
		}
	}
	return d
}

func (d differ) compare(r candidateRow) Comparison {
	out := Comparison{Name: agreement(d.claims.Name.agrees(r.name())), BirthDate: Unknown, SNILS: Unknown, Document: Unknown}
	if !d.claims.BirthDate.IsZero() {
		out.BirthDate = agreement(d.claims.BirthDate.Equal(r.BirthDate))
	}
	if d.snils != nil && r.SNILS != nil {
		out.SNILS = agreement(bytes.Equal(d.snils, r.SNILS))
	}
	if len(d.documents) > 0 && r.Document != nil {
		out.Document = Differs
		for _, document := range d.documents {
			if bytes.Equal(document, r.Document) {
				out.Document = Same
			}
		}
	}
	return out
}

func agreement(same bool) Agreement {
	if same {
		return Same
	}
	return Differs
}
