package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// international maps a domain as a resolver would (UTS 46, not transitional, so ß stays ß)
// and checks the rules for labels, joiners and direction. acceptDomain and Parse check
// lengths.
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false))

// contextual characters may appear in a label although they are neither letters, marks nor
// digits (RFC 5892, appendix A): the middle dots and the Hebrew and Greek signs.
const contextual = "\u00b7\u0375\u05f3\u05f4\u30fb"

// canonicalDomain returns the domain in the form that mail servers look up.
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
				return "", refuse("email_domain", "A domain cannot contain %s. Check what follows the @.",
					describe(r))
			}
		}
	}
	return domain, nil
}

// acceptDomain checks an ASCII domain by the rules for host names. The domain must also be
// reachable from anywhere: with a dot, and not a number.
func acceptDomain(typed, domain string) error {
	if !strings.Contains(domain, ".") {
		return refuse("email_domain", "“%s” is not a full domain. Enter one such as example.com after the @.",
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
				"An IP address in place of the domain is not accepted. Enter an address such as ada@example.com.")
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
