package text

import (
	"strconv"
	"strings"
	"unicode"
)

// List joins words in a sentence: "a, b and c".
func List[S ~string](words []S) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Count writes a number with its noun: "1 row", "12 rows", "3 entries".
func Count(n int, one string) string {
	return strconv.Itoa(n) + " " + Plural(n, one)
}

// Plural is the noun for n things, given its singular: "row", "rows". It knows regular
// English plurals.
func Plural(n int, one string) string {
	stem, y := strings.CutSuffix(one, "y")
	switch {
	case n == 1:
		return one
	case y && stem != "" && !strings.ContainsRune("aeiou", rune(stem[len(stem)-1])):
		return stem + "ies"
	}
	return one + "s"
}

// FirstName returns the name to greet somebody by: the first word of "Ada Lovelace", and
// the word after the comma of "Lovelace, Ada", as directories export names. It is empty if
// there is none.
func FirstName(name string) string {
	if _, given, ok := strings.Cut(name, ","); ok {
		name = given
	}
	for word := range strings.FieldsSeq(name) {
		if word = strings.Trim(word, ",;."); word != "" {
			return word
		}
	}
	return ""
}

// OneLine replaces every run of spaces, line breaks and unprintable characters by one
// space, and trims both ends.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, " "), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

// Strings converts a slice of a string type to plain strings.
func Strings[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}
