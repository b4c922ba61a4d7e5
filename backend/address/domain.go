package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// international maps a domain as a resolver would (UTS 46, not transitional,
// so ß stays ß) and holds it to the rules for labels, joiners and direction.
// Lengths are for acceptDomain and Parse to check.
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false))

// contextual may stand in a label though it is neither letter, mark nor digit
// (RFC 5892, appendix A): the middle dots and the Hebrew and Greek signs.
const contextual = "\u00b7\u0375\u05f3\u05f4\u30fb"

// canonicalDomain is the part after the @ as mail servers look it up.
func canonicalDomain(typed string) (string, error) {
	domain := strings.ToLower(typed)
	if !isASCII(typed) || strings.HasPrefix(domain, "xn--") || strings.Contains(domain, ".xn--") {
		var err error
		if domain, err = toASCII(typed); err != nil {
			return "", err
		}
	}
	return domain, acceptDomain(typed, domain)
}

func toASCII(typed string) (string, error) {
	domain, err := international.ToASCII(typed)
	if err != nil {
		return "", badDomain(typed).Because(err)
	}
	shown, err := international.ToUnicode(domain)
	if err != nil {
		return "", badDomain(typed).Because(err)
	}
	labels := strings.Split(shown, ".")
	for _, label := range labels {
		if err := acceptScripts(label, isASCII(labels[len(labels)-1])); err != nil {
			return "", err
		}
		for _, r := range label {
			if r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) &&
				!strings.ContainsRune(contextual, r) {
				return "", refuse("email_domain", "A domain cannot contain %s. Check what stands after the @.",
					describe(r))
			}
		}
	}
	return domain, nil
}

// acceptDomain holds an ASCII domain to the rules for host names, and to being
// one that mail can reach from anywhere: with a dot, and not a number.
func acceptDomain(typed, domain string) error {
	if !strings.Contains(domain, ".") {
		return refuse("email_domain", "“%s” is not a full domain: something like example.com stands after the @.",
			typed)
	}
	rest := domain
	for more := true; more; {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if !validLabel(label) {
			return badDomain(typed)
		}
		if !more && strings.Trim(label, "0123456789") == "" {
			return refuse("email_ip",
				"An address at a number instead of a domain is not accepted. Give one such as ada@example.com.")
		}
	}
	return nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		c := label[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	reserved := len(label) >= 4 && label[2:4] == "--" && label[:2] != "xn"
	return !reserved
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
