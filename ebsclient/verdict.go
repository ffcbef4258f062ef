package ebsclient

import (
	"encoding/json"
	"errors"
	"time"
)

// Verdict is what a verifier said, after [Checker.Check] has found that it may be believed.
type Verdict struct {
	// Token is the verdict verbatim: a JWS in compact form.
	Token string
	// ID is the verdict's own (jti).
	ID string
	// Issuer said it.
	Issuer string
	// Subject is the oid of whom it is said.
	Subject string
	// Session and Challenge are the request's.
	Session, Challenge string
	// KeyID and Algorithm are what it was signed with.
	KeyID, Algorithm    string
	IssuedAt, ExpiresAt time.Time
	// Result is the verifier's own opinion. False is a valid verdict: no match.
	Result bool
	// Modalities that Match has a score for, Photo first.
	Modalities []Modality
	// Match is how well the samples fit the subject's. The score of a modality that is missing, and was not expected, is 0.
	Match Scores
	// Liveness is the verifier's opinion of whether a living person was there.
	Liveness Liveness
	// Engine is the versions of what compared, by modality: "photo" → "…", "sound" → "…".
	Engine map[string]string
}

// Modality is a kind of sample.
type Modality string

// The modalities, by their names in verdicts.
const (
	Photo Modality = "photo"
	Sound Modality = "sound"
)

// Scores are 0 (another person) … 1 (the same person). What they mean is the verifier's affair; 0.9999 says nothing about how
// often strangers match.
type Scores struct {
	Overall float64 `json:"overall"`
	Photo   float64 `json:"photo"`
	Sound   float64 `json:"sound"`
}

// Liveness is an opinion and how sure it is, 0…1.
type Liveness struct {
	Passed bool    `json:"passed"`
	Score  float64 `json:"score"`
}

// ClaimNames are the names of those claims of a verdict that no standard names. Empty ones take the default given.
type ClaimNames struct {
	Session   string // "session_id", a string
	Challenge string // "challenge", a string of digits
	Result    string // "result", true or false
	Match     string // "match", an object of scores, with the three
	Overall   string // "overall",
	Photo     string // "photo" and
	Sound     string // "sound": numbers 0…1
	Liveness  string // "liveness", an object, with the two
	Passed    string // "passed", true or false, and
	Score     string // "score", a number 0…1
	Engine    string // "engine", {modality: version}; may be missing
}

func (n *ClaimNames) setDefaults() {
	setDefault(&n.Session, "session_id")
	setDefault(&n.Challenge, "challenge")
	setDefault(&n.Result, "result")
	setDefault(&n.Match, "match")
	setDefault(&n.Overall, "overall")
	setDefault(&n.Photo, "photo")
	setDefault(&n.Sound, "sound")
	setDefault(&n.Liveness, "liveness")
	setDefault(&n.Passed, "passed")
	setDefault(&n.Score, "score")
	setDefault(&n.Engine, "engine")
}

// claims is a verdict's payload, not yet believed. Pointers tell what is missing from what is zero.
type claims struct {
	issuer, subject, id, session, challenge string
	audience                                []string
	issuedAt, notBefore, expiresAt          *time.Time
	result                                  *bool
	overall, photo, sound                   *float64
	livenessPassed                          *bool
	livenessScore                           *float64
	engine                                  map[string]string
}

const (
	maxEngines = 16
	maxText    = 256
)

// parseClaims reads the payload. It judges types and sizes only.
func parseClaims(payload []byte, names ClaimNames) (*claims, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(payload, &raw); err != nil || raw == nil {
		return nil, broken(ReasonMalformed, "the payload is not a JSON object")
	}
	var c claims
	var match, liveness map[string]json.RawMessage
	var audience any
	if err := readClaims(raw, []claimInto{
		{"iss", &c.issuer},
		{"sub", &c.subject},
		{"jti", &c.id},
		{"aud", &audience},
		{"iat", &timeClaim{&c.issuedAt}},
		{"nbf", &timeClaim{&c.notBefore}},
		{"exp", &timeClaim{&c.expiresAt}},
		{names.Session, &c.session},
		{names.Challenge, &c.challenge},
		{names.Result, &c.result},
		{names.Match, &match},
		{names.Liveness, &liveness},
		{names.Engine, &c.engine},
	}); err != nil {
		return nil, err
	}
	if err := readClaims(match, []claimInto{{names.Overall, &c.overall}, {names.Photo, &c.photo}, {names.Sound, &c.sound}}); err != nil {
		return nil, err
	}
	if err := readClaims(liveness, []claimInto{{names.Passed, &c.livenessPassed}, {names.Score, &c.livenessScore}}); err != nil {
		return nil, err
	}
	switch a := audience.(type) {
	case nil:
	case string:
		c.audience = []string{a}
	case []any:
		for _, v := range a {
			s, ok := v.(string)
			if !ok {
				return nil, broken(ReasonMalformed, `claim "aud" has the wrong type`)
			}
			c.audience = append(c.audience, s)
		}
	default:
		return nil, broken(ReasonMalformed, `claim "aud" has the wrong type`)
	}
	for _, s := range []string{c.issuer, c.subject, c.id, c.session, c.challenge} {
		if len(s) > maxText {
			return nil, broken(ReasonMalformed, "a claim of more than %d bytes", maxText)
		}
	}
	if len(c.engine) > maxEngines {
		return nil, broken(ReasonMalformed, "more than %d engines", maxEngines)
	}
	return &c, nil
}

// claimInto says where a claim goes.
type claimInto struct {
	name string
	into any
}

func readClaims(raw map[string]json.RawMessage, claims []claimInto) error {
	for _, claim := range claims {
		value, ok := raw[claim.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, claim.into); err != nil {
			return broken(ReasonMalformed, "claim %q has the wrong type", claim.name)
		}
	}
	return nil
}

// timeClaim reads seconds since 1970, whole or not.
type timeClaim struct{ into **time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *timeClaim) UnmarshalJSON(data []byte) error {
	var number *float64
	if err := json.Unmarshal(data, &number); err != nil || number == nil {
		return err
	}
	seconds := *number
	// Within the years 1970…9999: beyond, times overflow and compare wrongly.
	if seconds < 0 || seconds > 253402300799 {
		return errors.New("a time out of range")
	}
	at := time.Unix(int64(seconds), int64((seconds-float64(int64(seconds)))*1e9)).UTC()
	*t.into = &at
	return nil
}
