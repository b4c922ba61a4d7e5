package access

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// blanks are characters that Unicode counts as visible but fonts draw empty: the Braille
// pattern without dots, and a musical note without a head.
var blanks = []rune{0x2800, 0x1D159}

// isInvisible reports whether r alone draws nothing, reorders its neighbours, or has a
// meaning only within one program.
func isInvisible(r rune) bool {
	switch {
	case r == utf8.RuneError, slices.Contains(blanks, r):
		return true
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // visible signs around Arabic numbers
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

const (
	nonJoiner = 0x200C // keeps two letters of a script like Persian apart
	joiner    = 0x200D // joins them, and the parts of an emoji
	textual   = 0xFE0E // shows a character as text
	pictorial = 0xFE0F // shows it as an emoji
)

func joins(r rune) bool {
	return r == nonJoiner || r == joiner || unicode.Is(unicode.Variation_Selector, r)
}

// isVisible reports whether the character at i is drawn, or changes how its neighbours are
// drawn in a way that some script needs.
func isVisible(all []rune, i int) bool {
	r := all[i]
	if !isInvisible(r) {
		return true
	}
	if !joins(r) || i == 0 {
		return false
	}
	before := all[i-1]
	switch r {
	case textual, pictorial:
		return pictured(before)
	case nonJoiner, joiner:
		if i+1 == len(all) {
			return false
		}
		return joinsLetters(before) && joinsLetters(all[i+1]) ||
			r == joiner && (pictured(before) || before == pictorial || unicode.Is(unicode.Sk, before)) &&
				pictured(all[i+1])
	}
	// selects a variant of that one letter
	return unicode.In(before, unicode.Han, unicode.Mongolian, unicode.Phags_Pa, unicode.Myanmar)
}

// pictured reports whether r has an emoji form: a symbol, or a digit in a keycap.
func pictured(r rune) bool {
	const among = "#*0123456789‼⁉〰"
	return unicode.In(r, unicode.So, unicode.Sm) || slices.Contains([]rune(among), r)
}

// joiningScripts are the scripts whose spelling uses joiners and non-joiners.
var joiningScripts = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mandaic, unicode.Mongolian,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
	unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer,
	unicode.Myanmar, unicode.Tibetan, unicode.Balinese, unicode.Javanese,
}

func joinsLetters(r rune) bool {
	return unicode.In(r, joiningScripts...) ||
		unicode.Is(unicode.M, r) && unicode.Is(unicode.Inherited, r) && !unicode.Is(unicode.Variation_Selector, r)
}
