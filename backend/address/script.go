package address

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"doorward/backend/access"
)

// together lists the scripts that one word may mix (UTS 39, highly restrictive).
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Hangul"},
	{"Latin", "Han", "Bopomofo"},
}

// lookalikes maps letters to the ASCII letters that they resemble.
var lookalikes = pairs(
	"авекмнорстухіјѕԁһӏԛԝѵгпАВЕКМНОРСТУХІЈЅ", "abekmhopctyxijsdhlqwvrnABEKMHOPCTYXIJS",
	"αεικνορτυχγωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeikvoptuxywABEZHIKMNOPTYX",
	"օսհոցզյլք", "ouhngqjlp",
	"ıɑɡɩℓꞌᴏᴄѡ", "iagil'ocw",
)

func pairs(s ...string) map[rune]rune {
	m := map[rune]rune{}
	for i := 0; i < len(s); i += 2 {
		like := []rune(s[i+1])
		for j, r := range []rune(s[i]) {
			m[r] = like[j]
		}
	}
	return m
}

// lookalike returns the ASCII character that r resembles, if any.
func lookalike(r rune) (rune, bool) {
	if like, ok := lookalikes[r]; ok {
		return like, true
	}
	plain := norm.NFKC.String(string(r))
	return rune(plain[0]), len(plain) == 1 && r >= utf8.RuneSelf
}

// script returns the name of r's script; empty for characters that all scripts share.
func script(r rune) string {
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// describe shows r so that people can tell it from its look-alike.
func describe(r rune) string {
	if s := script(r); s != "" {
		return fmt.Sprintf("“%c” (%s, %U)", r, s, r)
	}
	return fmt.Sprintf("“%c” (%U)", r, r)
}

// acceptScripts refuses a label that mixes scripts which are not written together. Under an
// ASCII top-level domain it also refuses a label made only of letters that resemble ASCII
// ones.
func acceptScripts(label string, asciiTop bool) error {
	var used []string
	disguised := !isASCII(label)
	for _, r := range label {
		s := script(r)
		if s == "" {
			continue
		}
		if !slices.Contains(used, s) {
			used = append(used, s)
		}
		if !fit(used) {
			return refuse("email_confusable",
				"The domain “%s” mixes letters of different scripts (%s and %s), as in %s. Type the address "+
					"by hand.",
				label, access.Word(used[0]), access.Word(used[len(used)-1]), describe(r))
		}
		_, passes := lookalike(r)
		disguised = disguised && passes && s != "Latin"
	}
	if disguised && asciiTop && len(used) > 0 {
		return refuse("email_confusable",
			"The domain “%s” is written in letters (%s) that look like Latin ones. Type the address by "+
				"hand.", label,
			access.Word(used[0]))
	}
	return nil
}

// fit reports whether one word may use these scripts.
func fit(used []string) bool {
	if len(used) < 2 {
		return true
	}
	return slices.ContainsFunc(together, func(set []string) bool {
		return !slices.ContainsFunc(used, func(s string) bool { return !slices.Contains(set, s) })
	})
}
