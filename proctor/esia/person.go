package esia

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// readPerson fetches the person and settles the level.
func (c *Client) readPerson(ctx context.Context, identity *Identity) error {
	const step = "person"
	var answer personAnswer
	if err := c.get(ctx, step, identity.token, "/rs/prns/"+identity.OID, maxAnswer, &answer); err != nil {
		return err
	}
	person, err := answer.person(slices.Contains(c.config.Scopes, "birthdate"))
	if err != nil {
		return &Error{Code: CodePersonInvalid, Step: step, Err: err}
	}
	identity.Person = person
	identity.Level = person.level(identity.Level)
	return nil
}

// personAnswer is GET /rs/prns/{oid}; it holds more than we read.
type personAnswer struct {
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	MiddleName string `json:"middleName"`
	BirthDate  string `json:"birthDate"` // DD.MM.YYYY
	SNILS      string `json:"snils"`     // 000-000-600 06
	Trusted    flag   `json:"trusted"`
	Status     string `json:"status"`
	Verifying  flag   `json:"verifying"`

	BirthPlace  string    `json:"birthPlace"`
	Gender      string    `json:"gender"`
	Citizenship string    `json:"citizenship"`
	INN         looseText `json:"inn"`
}

// person checks the fields. A trusted person must have a birth date if it was asked for. Errors name fields, never values.
func (a personAnswer) person(askedBirthDate bool) (Person, error) {
	var r fieldReader
	p := Person{
		Trusted: bool(a.Trusted), Status: r.word("status", a.Status), Verifying: bool(a.Verifying), BirthPlace: r.text("birthPlace", a.BirthPlace),
		Gender: r.word("gender", a.Gender), Citizenship: r.word("citizenship", a.Citizenship), INN: r.digits("inn", string(a.INN), 12),
	}
	if r.err != nil {
		return Person{}, r.err
	}
	var err error
	if p.LastName, p.FirstName, p.MiddleName, err = CheckName(a.LastName, a.FirstName, a.MiddleName); err != nil {
		return Person{}, err
	}
	if a.BirthDate != "" {
		date, err := time.Parse("02.01.2006", a.BirthDate)
		if err != nil || date.Year() < 1900 {
			return Person{}, errors.New("birthDate is not a date DD.MM.YYYY")
		}
		p.BirthDate = date
	} else if p.Trusted && askedBirthDate {
		return Person{}, errors.New("birthDate is missing")
	}
	if a.SNILS != "" {
		digits, ok := ParseSNILS(a.SNILS)
		if !ok {
			return Person{}, errors.New("snils is malformed")
		}
		p.SNILS = digits
	}
	return p, nil
}

// CheckName evens the spaces of a name and refuses what is none. The middle name may be empty. Errors name the part, never its value.
func CheckName(last, first, middle string) (string, string, string, error) {
	parts := []struct {
		field, value string
	}{{"lastName", last}, {"firstName", first}, {"middleName", middle}}
	for i := range parts {
		value := strings.Join(strings.Fields(parts[i].value), " ")
		switch {
		case value == "" && parts[i].field != "middleName":
			return "", "", "", errors.New(parts[i].field + " is missing")
		case !utf8.ValidString(value) || utf8.RuneCountInString(value) > 200 || strings.ContainsFunc(value, unicode.IsControl):
			return "", "", "", errors.New(parts[i].field + " is not a name")
		}
		parts[i].value = value
	}
	return parts[0].value, parts[1].value, parts[2].value, nil
}

// level settles what the ID token left open: whether it said anything, and which of the two unconfirmed levels it is.
func (p Person) level(byToken Level) Level {
	switch {
	case byToken == LevelChild || byToken == LevelConfirmed:
		return byToken
	case byToken == "" && p.Trusted:
		return LevelConfirmed
	case p.SNILS != "":
		return LevelStandard
	}
	return LevelSimplified
}

// ParseSNILS reads a SNILS as people and systems write it (000-000-600 06, digits only) and returns its eleven digits
// when the check digits are right. Numbers up to 001-001-998 have none.
func ParseSNILS(text string) (digits string, ok bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '\u00a0':
		default:
			return "", false
		}
	}
	digits = b.String()
	if len(digits) != 11 {
		return "", false
	}
	if digits[:9] <= "001001998" {
		return digits, true
	}
	return digits, digits[9:] == SNILSCheckDigits(digits[:9])
}

// SNILSCheckDigits are the last two digits of a SNILS by its first nine; "" when those are not nine digits.
func SNILSCheckDigits(nine string) string {
	if len(nine) != 9 || strings.Trim(nine, "0123456789") != "" {
		return ""
	}
	sum := 0
	for i := range 9 {
		sum += int(nine[i]-'0') * (9 - i)
	}
	check := sum % 101 % 100
	return string([]byte{byte('0' + check/10), byte('0' + check%10)})
}
