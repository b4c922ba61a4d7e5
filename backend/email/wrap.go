package email

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the width of a line in the text form.
const maxLine = 72

// wrap breaks a paragraph into lines of at most maxLine, each with the prefix. A line breaks
// at a space, and between two characters of a language that has none; what is longer than a
// line gets its own. A space that does not break stays one.
func wrap(prefix, s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8 + len(prefix))
	b.WriteString(prefix)
	column := len(prefix)
	var buf [8]string
	for i, word := range strings.FieldsFunc(s, breaks) {
		for j, part := range parts(buf[:0], word) {
			n := width(part)
			space := 0
			if j == 0 && i > 0 {
				space = 1
			}
			switch {
			case i == 0 && j == 0:
			case column+space+n > maxLine:
				b.WriteByte('\n')
				b.WriteString(prefix)
				column = len(prefix)
			case space == 1:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(part)
			column += n
		}
	}
	return b.String()
}

func breaks(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// notFirst and notLast are the characters that do not begin and do not end a line in
// Japanese and Chinese.
const (
	notFirst = "、。，．：；？！・）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…”’)]},.:;?!"
	notLast  = "（「『【〈《〔“‘([{"
)

// parts appends the parts of a word between which its line may break: only Japanese and
// Chinese write sentences without spaces.
func parts(all []string, word string) []string {
	if isASCII(word) {
		return append(all, word)
	}
	start, last := 0, rune(0)
	for i, r := range word {
		if i > 0 && (wide(r) || wide(last)) && !strings.ContainsRune(notFirst, r) &&
			!strings.ContainsRune(notLast, last) {
			all = append(all, word[start:i])
			start = i
		}
		last = r
	}
	return append(all, word[start:])
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// width is the number of columns that s takes.
func width(s string) int {
	n := utf8.RuneCountInString(s)
	if n == len(s) {
		return n
	}
	for _, r := range s {
		if wide(r) {
			n++
		}
	}
	return n
}

// wide reports whether a character takes two columns, as those of Japanese and Chinese do.
func wide(r rune) bool {
	return r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff ||
		r >= 0xfe30 && r <= 0xfe6f || r >= 0xff01 && r <= 0xff60 || r >= 0x20000 && r <= 0x3fffd
}
