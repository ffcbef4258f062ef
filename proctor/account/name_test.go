package account

import (
	"strings"
	"testing"
)

func TestNamesAgree(t *testing.T) {
	for _, c := range []struct {
		a, b Name
		want bool
	}{
		{Name{"Ёлкина", "Анна-Мария", "Петровна"}, Name{"ЕЛКИНА", "анна мария", "Петровна"}, true},
		{Name{"Ежикова — Соловьева", "Алена", ""}, Name{"Ёжикова-Соловьёва", "Алёна", "Семёновна"}, true},
		{Name{"Ким", "Нур", ""}, Name{"Ким", "Нур", "-"}, true},
		{Name{"Ким", "Нур", "отсутствует"}, Name{"Ким", "Нур", ""}, true},
		{Name{"Мамедова", "Анна-Мария", "Октай кызы"}, Name{"Мамедова", "Анна Мария", "Октай-кызы"}, true},
		{Name{"Смирнова", "Анна", ""}, Name{"Cмирнова", "Aннa", ""}, true}, // Latin C and A
		{Name{"О'Нил", "Джон", ""}, Name{"О’Нил", "Джон", ""}, true},       // another apostrophe
		{Name{"Еи\u0306лер", "Лев", ""}, Name{"Ейлер", "Лев", ""}, true},   // a composed й
		{Name{"Smith", "Ann", ""}, Name{"SMITH", "ANN", ""}, true},         // a name that is all Latin
		{Name{"Смирнова", "Анна", "Сергеевна"}, Name{"Смирнова", "Анна", "Олеговна"}, false},
		{Name{"Смирнова", "Анна", ""}, Name{"Смирнов", "Анна", ""}, false},
		{Name{"Смирнова", "Анна-Мария", ""}, Name{"Смирнова", "Анна", ""}, false},
		{Name{"Смирнова", "Анна", "Мария"}, Name{"Смирнова", "Мария", "Анна"}, false},
		{Name{"Ивановский", "Лев", ""}, Name{"Иванов", "Лев", "Ский"}, false},
		{Name{"Петров", "Иван", ""}, Name{"Иван", "Петров", ""}, false},
	} {
		if c.a.agrees(c.b) != c.want || c.b.agrees(c.a) != c.want {
			t.Errorf("%q and %q agree: %v; want %v", c.a, c.b, c.a.agrees(c.b), c.want)
		}
	}
}

func TestDocumentKey(t *testing.T) {
	for _, same := range [][]string{{"45 10 123456", "4510 № 123456", "4510-123456"}, {"I-ОО 000015", "i-oo №000015"}, {"AZE 00000017", "aze00000017"}, {"", " № "}} {
		for _, d := range same[1:] {
			if documentKey(d) != documentKey(same[0]) {
				t.Errorf("%q and %q are two documents", same[0], d)
			}
		}
	}
	if documentKey("4510 123456") == documentKey("4510 123457") {
		t.Error("two documents are one")
	}
}

// However names are written, agreeing does not depend on the order, on ё, on hyphens or on spaces.
func FuzzNamesAgree(f *testing.F) {
	f.Add("Ёлкина", "Анна-Мария", "Петровна", "Елкина", "Анна Мария", "")
	f.Add("Ким", "Нур", "нет", "Ким", "Нур", "-")
	f.Add("и\u0306", "\u200b", "\xff", "й", "", "")
	f.Add("Cмирнова", "O'Нил", "Без отчества", "Смирнова", "ОНил", "")
	f.Fuzz(func(t *testing.T, last, first, middle, last2, first2, middle2 string) {
		n, m := Name{last, first, middle}, Name{last2, first2, middle2}
		if n.agrees(m) != m.agrees(n) {
			t.Errorf("%q and %q agree in one order only", n, m)
		}
		if !n.agrees(n) {
			t.Errorf("%q does not agree with itself", n)
		}
		for _, write := range []func(string) string{
			func(s string) string { return strings.ReplaceAll(s, "е", "ё") },
			func(s string) string { return strings.ReplaceAll(s, "-", "—") },
			func(s string) string { return " " + strings.ReplaceAll(s, " ", "\u00a0 ") + "\t" },
		} {
			if other := (Name{write(last), write(first), write(middle)}); !n.agrees(other) {
				t.Errorf("%q does not agree with %q", n, other)
			}
		}
		if key := documentKey(last); documentKey(key) != key {
			t.Errorf("the key of %q is no fixed point", last)
		}
	})
}

// However a name is written, its key is a fixed point: two people who match do so in any order.
func FuzzNameKey(f *testing.F) {
	for _, s := range []string{"Ёлкина Анна-Мария", "  ", "İstanbul ẞ", "а\u00a0б—в", "\xff\xfe", "Е\u0308лка"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := Name{Last: s}.key()
		if again := (Name{Last: key}).key(); again != key {
			t.Errorf("%q has the key %q, and that %q", s, key, again)
		}
		if parts := strings.Fields(s); (Name{Last: strings.Join(parts, " \t ")}).key() != key {
			t.Errorf("%q: the key depends on its spaces", s)
		}
		if strings.ContainsAny(key, "ё-") || strings.TrimSpace(key) != key {
			t.Errorf("%q has the key %q", s, key)
		}
	})
}
