package account

import (
	"slices"
	"strings"
	"unicode"
)

// Name is a person's full name (ФИО).
type Name struct {
	Last, First, Middle string // the middle name (отчество) may be empty
}

// String is «Фамилия Имя Отчество».
func (n Name) String() string {
	return strings.TrimSpace(n.Last + " " + n.First + " " + n.Middle)
}

// key is the name as matching compares it.
func (n Name) key() string { return foldName(n.Last + " " + n.First + " " + n.middle()) }

// middle is the middle name; papers say in words that there is none.
func (n Name) middle() string {
	if slices.Contains([]string{"нет", "отсутствует", "без отчества"}, foldName(n.Middle)) {
		return ""
	}
	return n.Middle
}

// agrees tells whether two names are one name, as people write them. A middle name that one side leaves out does not tell them apart: names
// are only ever compared beside a SNILS or a document, which do.
func (n Name) agrees(m Name) bool {
	if n.key() == m.key() {
		return true
	}
	short := foldName(n.middle()) == "" || foldName(m.middle()) == ""
	return short && foldName(n.Last+" "+n.First) == foldName(m.Last+" "+m.First)
}

// foldName evens out how people write names: capitals, ё or е, hyphens and dashes or spaces, apostrophes, marks that nobody sees, and Latin
// letters that look like Cyrillic ones within a Cyrillic word.
func foldName(text string) string {
	text = strings.ReplaceAll(strings.ToLower(text), "и\u0306", "й") // the one mark that makes another letter
	text = strings.Map(func(r rune) rune {
		switch {
		case r == 'ё':
			return 'е'
		case unicode.Is(unicode.Pd, r) || r == '−':
			return ' '
		case unicode.In(r, unicode.Mn, unicode.Cf) || strings.ContainsRune("'’‘ʼ`´′", r):
			return -1
		}
		return r
	}, text)
	words := strings.Fields(text)
	for i, word := range words {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			words[i] = strings.Map(cyrillic, word)
		}
	}
	return strings.Join(words, " ")
}

// lookalikes are Latin letters (in small) and the Cyrillic ones that look the same, as capitals or in small.
var lookalikes = [2][]rune{[]rune("abcehkmoptxy"), []rune("авсенкмортху")}

func cyrillic(r rune) rune {
	if i := slices.Index(lookalikes[0], r); i >= 0 {
		return lookalikes[1][i]
	}
	return r
}

func latin(r rune) rune {
	if i := slices.Index(lookalikes[1], r); i >= 0 {
		return lookalikes[0][i]
	}
	return r
}

// documentKey is the series and number of an identity document as matching compares them: «45 10 № 123456» and «4510123456» are the same.
func documentKey(document string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || unicode.IsLetter(r) {
			return latin(unicode.ToLower(r))
		}
		return -1
	}, document)
}
