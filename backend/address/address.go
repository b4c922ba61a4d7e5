// Package address decides which email addresses are valid and which spellings are the same
// address. It promises that all spellings of one address have one canonical form, that the
// canonical form is plain ASCII with exactly one @ and at most 254 bytes, and that no
// accepted address can break out of a mail header or an SMTP command. Every refusal is a
// sentence.
//
// The canonical form is the local part in lower case and the domain in lower-case ASCII
// (IDNA 2008, so Bücher.example is xn--bcher-kva.example). Dots and plus tags stay: only
// the mail server of that domain knows whether they matter, and removing them would give
// one person's account to another. To count attempts, LimitKey removes the tag.
//
// Local parts beyond ASCII are refused because many mail servers cannot deliver to them,
// and because a look-alike letter is how somebody gets approved in another person's place.
// A domain may use any one script.
//
// This is the only package that imports x/net/idna.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
)

const (
	maxAddress = 254 // bytes; what fits into an SMTP path (RFC 5321, 4.5.3.1.3)
	maxLocal   = 64
	maxLabel   = 63
)

// Parse reads an email address into the form typed, for people, and the canonical form, for
// comparing. Surrounding white space is dropped. An unusable address is refused with an
// access.Error on the field "email" that says why. The result shares no memory with s.
func Parse(s string) (access.Address, error) {
	s = strings.TrimFunc(s, blank)
	if err := acceptText(s); err != nil {
		return access.Address{}, err
	}
	typedLocal, typedDomain, err := split(s)
	if err != nil {
		return access.Address{}, err
	}
	local, err := canonicalLocal(typedLocal)
	if err != nil {
		return access.Address{}, err
	}
	domain, err := canonicalDomain(typedDomain)
	if err != nil {
		return access.Address{}, err
	}
	if len(local)+1+len(domain) > maxAddress {
		return access.Address{}, tooLong()
	}
	typed := strings.Clone(s)
	if local == typedLocal && domain == typedDomain {
		return access.Address{Typed: typed, Canonical: typed}, nil
	}
	return access.Address{Typed: typed, Canonical: local + "@" + domain}, nil
}

// LimitKey is the key under which limits count an address: the canonical address without
// its plus tag, so that ada+1@example.com and ada+2@example.com share one allowance. It
// does not identify an account.
func LimitKey(a access.Address) string {
	plus := strings.IndexByte(a.Canonical, '+')
	at := strings.LastIndexByte(a.Canonical, '@')
	if plus <= 0 || at < plus {
		return a.Canonical
	}
	return a.Canonical[:plus] + a.Canonical[at:]
}

// acceptText refuses text that can stand nowhere in an address.
func acceptText(s string) error {
	switch {
	case s == "":
		return refuse("email_missing", "Enter an email address.")
	case len(s) > maxAddress:
		return tooLong()
	case !utf8.ValidString(s):
		return refuse("email_malformed", "The address is not readable text. Type the address by hand.")
	case strings.HasSuffix(s, ">"):
		return angleBrackets(s)
	}
	for _, r := range s {
		if plainByte(r) {
			continue
		}
		if err := acceptRune(s, r); err != nil {
			return err
		}
	}
	return nil
}

// plainByte reports whether r needs no further check: the @, or ASCII that an address may
// contain.
func plainByte(r rune) bool { return r < utf8.RuneSelf && (atext[r] || r == '.' || r == '@') }

func acceptRune(s string, r rune) error {
	switch {
	case r == '"':
		return refuse("email_quoted",
			"Addresses with quotation marks are not accepted. Enter one without them, such as ada@example.com.")
	case r == '<' || r == '>':
		return angleBrackets(s)
	case r == '(' || r == ')':
		return refuse("email_comment", "Remove the parentheses and what is in them. Enter only the address.")
	case r == '[' || r == ']':
		return refuse("email_ip",
			"An IP address in place of the domain is not accepted. Enter an address such as ada@example.com.")
	case r == ',' || r == ';':
		return refuse("email_several", "Enter one address at a time, without commas or semicolons.")
	case blank(r):
		return refuse("email_space", "An email address cannot contain spaces. Remove the space.")
	case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
		return refuse("email_control", "The address contains a control character (%U). Type the address by hand.", r)
	case invisible(r):
		return refuse("email_invisible", "The address contains an invisible character (%U). Type the address by "+
			"hand.", r)
	case r < utf8.RuneSelf:
		return refuse("email_malformed", "An email address cannot contain “%c”. Remove it.", r)
	}
	return nil
}

func blank(r rune) bool { return r == ' ' || r == '\t' || unicode.Is(unicode.Zs, r) }

// invisible reports whether r draws nothing or changes the direction of text: such
// characters make two addresses look the same.
func invisible(r rune) bool {
	const brailleBlank = '\u2800'
	return r >= utf8.RuneSelf && (r == brailleBlank || !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
}

// split cuts s at its only @.
func split(s string) (local, domain string, err error) {
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found:
		return "", "", refuse("email_malformed", "An email address must contain an @, as in ada@example.com.")
	case strings.Contains(domain, "@"):
		return "", "", refuse("email_malformed", "An email address can contain only one @.")
	case local == "":
		return "", "", refuse("email_malformed", "Something is missing before the @.")
	case domain == "":
		return "", "", refuse("email_malformed", "Something is missing after the @.")
	}
	return local, domain, nil
}
