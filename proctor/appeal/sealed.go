package appeal

import "ochno/proctor/keyring"

// Sealed are the columns in which this package keeps sealed values.
func Sealed() []keyring.Column {
	return []keyring.Column{
		{Table: "appeal", Key: "id", Name: "personal", Purpose: func(id string) string { return "appeal " + id }},
		{Table: "appeal", Key: "id", Name: "reason", Purpose: func(id string) string { return "appeal reason " + id }},
	}
}
