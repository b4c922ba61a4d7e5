package address

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// atext has the characters of a local part (RFC 5322, 3.2.3), except the dot.
var atext = asciiSet("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")

func asciiSet(chars string) (set [utf8.RuneSelf]bool) {
	for _, c := range []byte(chars) {
		set[c] = true
	}
	return set
}

// canonicalLocal returns the local part in lower case. A character that Unicode treats as
// equivalent to an ASCII one (the Kelvin sign and k) becomes that one; all else beyond
// ASCII is refused, including dotless i.
func canonicalLocal(typed string) (string, error) {
	local := norm.NFC.String(typed)
	if len(typed) > maxLocal || len(local) > maxLocal {
		return "", tooLong()
	}
	for _, r := range local {
		switch {
		case r >= utf8.RuneSelf:
			return "", beyondASCII(r)
		case r != '.' && !atext[r]:
			return "", refuse("email_malformed", "An email address cannot contain “%c”. Remove it.", r)
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return "", refuse("email_malformed",
			"Before the @, an address cannot begin or end with a dot or have two dots in a row.")
	}
	return strings.ToLower(local), nil
}

func beyondASCII(r rune) error {
	if like, ok := lookalike(r); ok {
		return refuse("email_confusable",
			"The part before the @ contains %s, which looks like “%c” but is a different character. Type the "+
				"address by hand.", describe(r), like)
	}
	return refuse("email_not_ascii",
		"The part before the @ contains %s. Many mail servers cannot deliver to such an address. Enter one with "+
			"only unaccented letters, a to z.", describe(r))
}
