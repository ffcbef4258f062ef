package oidc

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// Claims name the claims of the ID token or of userinfo that mean what. A name is looked up as it stands; one that begins with a slash
// is a JSON pointer into nested claims: /urn:esia:sbj/urn:esia:sbj:lvl. "-" means that the sign-on has no such claim.
type Claims struct {
	Subject    string // default: sub. A string or a number
	LastName   string // default: family_name
	FirstName  string // default: given_name
	MiddleName string // default: middle_name
	BirthDate  string // default: birthdate. YYYY-MM-DD or DD.MM.YYYY
	Gender     string // default: gender. male, female, M or F
	SNILS      string // default: snils
	INN        string // default: inn
	Status     string // default: -, which stands for REGISTERED
	Level      string // default: -; see Levels and Config.Level
	Method     string // how the person signed in. Default: amr
	SessionID  string // default: sid
	Groups     string // access groups, a list or one. Default: groups

	// Levels translate what Level holds. Default: PR and confirmed, P and standard, simplified, KD and child; true is confirmed, false is
	// simplified. A word that is not among them is simplified.
	Levels map[string]esia.Level
}

func (c Claims) withDefaults() Claims {
	for _, d := range []struct {
		name  *string
		usual string
	}{
		{&c.Subject, "sub"},
		{&c.LastName, "family_name"},
		{&c.FirstName, "given_name"},
		{&c.MiddleName, "middle_name"},
		{&c.BirthDate, "birthdate"},
		{&c.Gender, "gender"},
		{&c.SNILS, "snils"},
		{&c.INN, "inn"},
		{&c.Status, "-"},
		{&c.Level, "-"},
		{&c.Method, "amr"},
		{&c.SessionID, "sid"},
		{&c.Groups, "groups"},
	} {
		if *d.name == "" {
			*d.name = d.usual
		}
	}
	if c.Levels == nil {
		c.Levels = map[string]esia.Level{
			"PR": esia.LevelConfirmed, "confirmed": esia.LevelConfirmed, "true": esia.LevelConfirmed,
			"P": esia.LevelStandard, "standard": esia.LevelStandard, "simplified": esia.LevelSimplified, "false": esia.LevelSimplified,
			"KD": esia.LevelChild, "child": esia.LevelChild,
		}
	}
	return c
}

// find looks a claim up; nil when it is not there.
func find(claims map[string]any, name string) any {
	if name == "-" {
		return nil
	}
	if !strings.HasPrefix(name, "/") {
		return claims[name]
	}
	var at any = claims
	for part := range strings.SplitSeq(name[1:], "/") {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return at
}

// text is a claim that is a string, a number or a boolean, as text.
func text(claims map[string]any, name string) (string, error) {
	switch value := find(claims, name).(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	case bool:
		if value {
			return "true", nil
		}
		return "false", nil
	case []any: // amr is a list; its first says enough
		if len(value) == 0 {
			return "", nil
		}
		if first, ok := value[0].(string); ok {
			return first, nil
		}
	}
	return "", errors.New(name + " is not a text")
}

const (
	maxGroups    = 100
	maxShortText = 255
)

// identity makes an Identity of claims. Errors name claims, never values.
func (c *Config) identity(claims map[string]any) (*esia.Identity, error) {
	var fault error
	get := func(name string) string {
		value, err := text(claims, name)
		if err == nil && len(value) > 1000 {
			err = errors.New(name + " is too long")
		}
		if err != nil && fault == nil {
			fault = err
		}
		return value
	}
	subject, err := subjectOf(claims, c.Claims.Subject)
	if err != nil {
		return nil, err
	}
	person := esia.Person{Status: "REGISTERED"}
	last, first, middle := get(c.Claims.LastName), get(c.Claims.FirstName), get(c.Claims.MiddleName)
	if person.LastName, person.FirstName, person.MiddleName, err = esia.CheckName(last, first, middle); err != nil && fault == nil {
		fault = err
	}
	if person.BirthDate, err = birthDate(get(c.Claims.BirthDate)); err != nil && fault == nil {
		fault = errors.New(c.Claims.BirthDate + " " + err.Error())
	}
	if person.BirthDate.IsZero() && c.BirthDateRequired && fault == nil {
		fault = errors.New(c.Claims.BirthDate + " is missing")
	}
	if written := get(c.Claims.SNILS); written != "" {
		digits, ok := esia.ParseSNILS(written)
		if !ok && fault == nil {
			fault = errors.New(c.Claims.SNILS + " is malformed")
		}
		person.SNILS = digits
	}
	person.Gender = gender(get(c.Claims.Gender))
	person.INN = get(c.Claims.INN)
	if person.INN != "" && (len(person.INN) != 12 || strings.Trim(person.INN, "0123456789") != "") && fault == nil {
		fault = errors.New(c.Claims.INN + " is malformed")
	}
	if status := get(c.Claims.Status); c.Claims.Status != "-" {
		person.Status = status
	}
	level := c.Level
	if word := get(c.Claims.Level); c.Claims.Level != "-" {
		if level = c.Claims.Levels[word]; level == "" {
			level = esia.LevelSimplified
		}
	}
	person.Trusted = level == esia.LevelConfirmed
	identity := &esia.Identity{OID: c.SubjectPrefix + subject, Person: person, Level: level, AuthMethod: get(c.Claims.Method), SessionID: get(c.Claims.SessionID)}
	for _, short := range []struct{ name, value string }{{c.Claims.Status, person.Status}, {c.Claims.Method, identity.AuthMethod}, {c.Claims.SessionID, identity.SessionID}} {
		if (len(short.value) > maxShortText || strings.ContainsFunc(short.value, unprintable)) && fault == nil {
			fault = errors.New(short.name + " is malformed")
		}
	}
	groups, err := groupsOf(find(claims, c.Claims.Groups))
	if err != nil && fault == nil {
		fault = errors.New(c.Claims.Groups + " " + err.Error())
	}
	identity.Groups = groups
	if fault != nil {
		return nil, fault
	}
	return identity, nil
}

// subjectOf reads the subject: a string, or the whole number that some gateways write.
func subjectOf(claims map[string]any, name string) (string, error) {
	subject, err := text(claims, name)
	switch {
	case err != nil:
		return "", err
	case subject == "":
		return "", errors.New(name + " is missing")
	case len(subject) > maxShortText || strings.ContainsFunc(subject, unprintable):
		return "", errors.New(name + " is malformed")
	}
	if _, number := find(claims, name).(json.Number); number && strings.Trim(subject, "0123456789") != "" {
		return "", errors.New(name + " is not a whole number")
	}
	return subject, nil
}

func birthDate(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	date, err := time.Parse(time.DateOnly, text)
	if err != nil {
		date, err = time.Parse("02.01.2006", text)
	}
	if err != nil || date.Year() < 1900 {
		return time.Time{}, errors.New("is not a date")
	}
	return date, nil
}

func gender(text string) string {
	switch strings.ToLower(text) {
	case "m", "male":
		return "M"
	case "f", "female":
		return "F"
	}
	return ""
}

func groupsOf(value any) ([]string, error) {
	if value == nil {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) > maxGroups {
		return nil, errors.New("names too many groups")
	}
	groups := make([]string, 0, len(list))
	for _, entry := range list {
		name, ok := entry.(string)
		if !ok || name == "" || len(name) > maxShortText || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, errors.New("holds what is no group")
		}
		groups = append(groups, name)
	}
	return groups, nil
}
