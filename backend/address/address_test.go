package address_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"doorward/backend/access"
	"doorward/backend/address"
)

// An attacker who finds a second canonical form of a taken address gets a second account, a
// second counter of attempts, or somebody else's emails. All spellings in a row must have
// the same canonical form.
func TestParseSpellingsOfOneAddress(t *testing.T) {
	tests := []struct {
		name      string
		canonical string
		spellings []string
	}{
		{"letter case", "a@x.org", []string{"a@x.org", "A@X.org", "a@x.ORG", "A@X.ORG"}},
		{"white space around", "ada@example.com",
			[]string{" ada@example.com", "ada@example.com\t", "\u00a0Ada@Example.com\u3000"}},
		{"the Kelvin sign is k", "k@x.org", []string{"k@x.org", "K@x.org", "\u212a@x.org"}},
		{"an international domain", "ada@xn--bcher-kva.example", []string{
			"ada@bücher.example", "ADA@Bücher.example", "ada@BÜCHER.EXAMPLE", "ada@bu\u0308cher.example",
			"ada@xn--bcher-kva.example", "Ada@XN--BCHER-KVA.Example"}},
		{"full-width letters and dots in a domain", "ada@example.com",
			[]string{"ada@ｅｘａｍｐｌｅ.com", "ada@example。com", "ada@EXAMPLE．COM"}},
		{"sharp s is not ss", "ada@xn--fa-hia.de", []string{"ada@faß.de", "ada@FAß.de"}},
		{"a domain in one other script", "ada@xn--e1afmkfd.xn--p1ai", []string{"ada@пример.рф", "ada@ПРИМЕР.РФ"}},
		{"Japanese with Latin", "ada@xn--book-o83c8n.jp", []string{"ada@bookさん.jp"}},
		{"a right-to-left domain", "ada@xn--4gbrim.xn--mgbaam7a8h", []string{"ada@موقع.امارات"}},
		{"every character of a local part", "!#$%&'*+-/=?^_`{|}~.9@x.org", []string{"!#$%&'*+-/=?^_`{|}~.9@x.org"}},
		{"a digit first in the domain", "ada@3m.com", []string{"ada@3M.com"}},
		{"a local part of 64", strings.Repeat("a", 64) + "@x.org", []string{strings.Repeat("A", 64) + "@x.org"}},
		{"254 in all", "a@" + longDomain(252), []string{"A@" + longDomain(252)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, s := range tt.spellings {
				got, err := address.Parse(s)
				if err != nil {
					t.Errorf("Parse(%+q): %v", s, err)
					continue
				}
				if got.Canonical != tt.canonical {
					t.Errorf("Parse(%+q).Canonical = %q, want %q", s, got.Canonical, tt.canonical)
				}
				if want := strings.Trim(s, " \t\u00a0\u3000"); got.Typed != want {
					t.Errorf("Parse(%+q).Typed = %q, want %q", s, got.Typed, want)
				}
			}
		})
	}
}

func TestParseKeepsDifferentAddressesApart(t *testing.T) {
	tests := []struct{ name, one, other string }{
		{"plus tags", "ada+1@x.org", "ada+2@x.org"},
		{"a tag and none", "ada+1@x.org", "ada@x.org"},
		{"dots", "a.da@x.org", "ada@x.org"},
		{"sharp s and ss", "ada@faß.de", "ada@fass.de"},
		{"sub-domains", "ada@mail.x.org", "ada@x.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a, b := parse(t, tt.one), parse(t, tt.other); a.Canonical == b.Canonical {
				t.Errorf("%q and %q are both %q", tt.one, tt.other, a.Canonical)
			}
		})
	}
}

// Text in an address ends up in RCPT TO and in headers. Quotes, angle brackets and line
// breaks there add recipients or headers; look-alike and invisible characters make an Admin
// approve the wrong person.
func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, in, code, says string }{
		{"nothing", "", "email_missing", "Enter an email address"},
		{"blanks only", " \t\u00a0 ", "email_missing", "Enter"},
		{"bytes that are not text", "ada\xff@x.org", "email_malformed", "not readable text"},
		{"no @", "ada.example.com", "email_malformed", "must contain an @"},
		{"two @", "ada@x.org@evil.org", "email_malformed", "only one @"},
		{"nothing before the @", "@x.org", "email_malformed", "before the @"},
		{"nothing after the @", "ada@", "email_malformed", "after the @"},

		{"a second recipient in quotes", `"victim@evil> <x"@ok.org`, "email_quoted", "quotation marks"},
		{"quotes", `"ada"@x.org`, "email_quoted", "quotation marks"},
		{"a comment", "ada(work)@x.org", "email_comment", "parentheses"},
		{"a name in front", "Ada Lovelace <ada@example.com>", "email_with_name",
			"Enter only the address: ada@example.com"},
		{"a bad address in angle brackets", "Ada <ada@>", "email_malformed", "angle brackets"},
		{"a quoted name in front", `"Lovelace, Ada" <ada@example.com>`, "email_with_name",
			"Enter only the address: ada@example.com"},
		{"nested angle brackets", "<<<<ada@example.com>>>>", "email_malformed", "angle brackets"},
		{"half an angle bracket", "ada>@x.org", "email_malformed", "angle brackets"},
		{"two addresses", "ada@x.org,bob@x.org", "email_several", "one address"},
		{"two with a semicolon", "ada@x.org; bob@x.org", "email_several", "one address"},
		{"a backslash", `ada\@x.org`, "email_malformed", `cannot contain “\”`},
		{"a colon", "mailto:ada@x.org", "email_malformed", "cannot contain “:”"},
		{"an IP literal", "ada@[192.0.2.1]", "email_ip", "IP address"},
		{"an IPv6 literal", "ada@[IPv6:2001:db8::1]", "email_ip", "IP address"},
		{"a bare IP", "ada@192.0.2.1", "email_ip", "IP address"},

		{"a space inside", "ada lovelace@x.org", "email_space", "cannot contain spaces"},
		{"a space in the domain", "ada@x .org", "email_space", "cannot contain spaces"},
		{"a no-break space inside", "ada\u00a0l@x.org", "email_space", "cannot contain spaces"},
		{"CR LF and a header", "ada@x.org\r\nBcc: all@x.org", "email_control", "U+000D"},
		{"LF at the end", "ada@x.org\n", "email_control", "U+000A"},
		{"NUL", "ada\x00@x.org", "email_control", "U+0000"},
		{"DEL", "ada\x7f@x.org", "email_control", "U+007F"},
		{"next line", "ada\u0085@x.org", "email_control", "U+0085"},
		{"line separator", "ada@x.org\u2028", "email_control", "U+2028"},
		{"paragraph separator", "ada\u2029@x.org", "email_control", "U+2029"},
		{"right-to-left override", "\u202emoc.x@ada.org", "email_invisible", "U+202E"},
		{"isolate", "ada\u2066@x.org", "email_invisible", "U+2066"},
		{"zero-width space", "a\u200bda@x.org", "email_invisible", "U+200B"},
		{"zero-width joiner in the domain", "ada@x\u200dy.org", "email_invisible", "U+200D"},
		{"soft hyphen in the domain", "ada@ex\u00adample.org", "email_invisible", "U+00AD"},
		{"byte order mark", "\ufeffada@x.org", "email_invisible", "U+FEFF"},
		{"Hangul filler", "ada\u3164@x.org", "email_invisible", "U+3164"},
		{"braille blank", "ada\u2800@x.org", "email_invisible", "U+2800"},
		{"variation selector", "ada\ufe0f@x.org", "email_invisible", "U+FE0F"},
		{"private use", "ada\ue000@x.org", "email_invisible", "U+E000"},

		{"a local part of 65", strings.Repeat("a", 65) + "@x.org", "email_too_long", "at most 254"},
		{"255 in all", "a@" + longDomain(253), "email_too_long", "at most 254"},
		{"255 as typed only", strings.Repeat("\u212a", 22) + "@x.org", "email_too_long", "at most 64"},
		{"too long in ASCII only", "a@" + strings.Repeat("日.", 40) + "jp", "email_too_long", "at most 254"},
		{"a megabyte", strings.Repeat("a", 1<<20), "email_too_long", "at most 254"},
		{"a dot first", ".ada@x.org", "email_malformed", "dot"},
		{"a dot last", "ada.@x.org", "email_malformed", "dot"},
		{"two dots", "a..da@x.org", "email_malformed", "dot"},

		{"a Cyrillic а", "\u0430dmin@x.org", "email_confusable", "“а” (Cyrillic, U+0430), which looks like “a”"},
		{"a Greek omicron", "b\u03bfb@x.org", "email_confusable", "(Greek, U+03BF), which looks like “o”"},
		{"a dotless i", "adm\u0131n@x.org", "email_confusable", "(Latin, U+0131), which looks like “i”"},
		{"a dotted capital I", "ADM\u0130N@x.org", "email_not_ascii", "U+0130"},
		{"a long s, which folds to s", "a\u017fa@x.org", "email_confusable", "looks like “s”"},
		{"a full-width a", "\uff41da@x.org", "email_confusable", "looks like “a”"},
		{"a mathematical a", "\U0001d41ada@x.org", "email_confusable", "looks like “a”"},
		{"the Greek question mark, which is a semicolon", "ada\u037e@x.org", "email_malformed", "cannot contain “;”"},
		{"an umlaut", "jürgen@x.org", "email_not_ascii", "“ü” (Latin, U+00FC)"},
		{"an umlaut in two parts", "ju\u0308rgen@x.org", "email_not_ascii", "“ü” (Latin, U+00FC)"},
		{"Han", "用户@x.org", "email_not_ascii", "(Han, U+7528)"},
		{"a full-width @", "ada＠x.org", "email_malformed", "must contain an @"},
		{"a second, full-width @", "ada@x＠y.org", "email_domain", "not a valid domain"},

		{"no dot in the domain", "ada@localhost", "email_domain", "not a full domain"},
		{"a dot last in the domain", "ada@x.org.", "email_domain", "not a valid domain"},
		{"a dot first in the domain", "ada@.x.org", "email_domain", "not a valid domain"},
		{"two dots in the domain", "ada@x..org", "email_domain", "not a valid domain"},
		{"an underscore", "ada@my_host.org", "email_domain", "not a valid domain"},
		{"a hyphen first", "ada@-x.org", "email_domain", "not a valid domain"},
		{"a hyphen last", "ada@x-.org", "email_domain", "not a valid domain"},
		{"a reserved label", "ada@ab--cd.org", "email_domain", "not a valid domain"},
		{"a label of 64", "ada@" + strings.Repeat("a", 64) + ".org", "email_domain", "not a valid domain"},
		{"punycode of nothing", "ada@xn--.org", "email_domain", "not a valid domain"},
		{"punycode that is broken", "ada@xn--a-\u00fc.org", "email_domain", "not a valid domain"},
		{"punycode of ASCII", "ada@xn--abc-.org", "email_domain", "not a valid domain"},
		{"a heart", "ada@i❤.ws", "email_domain", "cannot contain “❤”"},
		{"a heart in punycode", "ada@xn--i-7iq.ws", "email_domain", "cannot contain “❤”"},

		{"Latin with a Cyrillic а", "ada@ex\u0430mple.com", "email_confusable",
			"mixes letters of different scripts (Latin and Cyrillic), as in “а” (Cyrillic, U+0430)"},
		{"the same in punycode", "ada@xn--exmple-4nf.com", "email_confusable",
			"mixes letters of different scripts (Latin and Cyrillic)"},
		{"Latin with Greek", "ada@g\u03bfogle.com", "email_confusable",
			"mixes letters of different scripts (Latin and Greek)"},
		{"Cyrillic with Greek", "ada@д\u03bfм.рф", "email_confusable",
			"mixes letters of different scripts (Cyrillic and Greek)"},
		{"all Cyrillic, read as apple.com", "ada@аррӏе.com", "email_confusable", "look like Latin ones"},
		{"the same in punycode", "ada@xn--80ak6aa92e.com", "email_confusable", "look like Latin ones"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := address.Parse(tt.in)
			if err == nil {
				t.Fatalf("Parse(%+q) = %+v, want it refused", tt.in, got)
			}
			if !got.IsZero() {
				t.Errorf("a refused address came back as %+v", got)
			}
			var e *access.Error
			if !errors.As(err, &e) {
				t.Fatalf("Parse(%+q) = %T, want an *access.Error", tt.in, err)
			}
			if e.Kind != access.Invalid || e.Field != "email" || e.Code != tt.code {
				t.Errorf("kind %q, field %q, code %q; want invalid, email, %s", e.Kind, e.Field, e.Code, tt.code)
			}
			if !strings.Contains(e.Message, tt.says) {
				t.Errorf("says %q, want %q in it", e.Message, tt.says)
			}
			for _, r := range "\r\n\x00\u0085\u2028\u202e\u200b" {
				if strings.ContainsRune(e.Message, r) {
					t.Errorf("the sentence repeats %U", r)
				}
			}
		})
	}
}

// Without this, an attacker who invites u+1 to u+50 of one mailbox would get fifty times
// the allowance of emails or guesses.
func TestLimitKey(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"no tag", "Ada@x.org", "ada@x.org"},
		{"a tag", "ada+1@x.org", "ada@x.org"},
		{"two tags", "ada+1+2@x.org", "ada@x.org"},
		{"dots stay", "a.d.a+x@x.org", "a.d.a@x.org"},
		{"nothing before the plus", "+1@x.org", "+1@x.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := address.LimitKey(parse(t, tt.in)); got != tt.want {
				t.Errorf("LimitKey(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	if got := address.LimitKey(access.Address{}); got != "" {
		t.Errorf("LimitKey of no address = %q, want none", got)
	}
}

// A web server reuses the memory of its strings for the next request: an address that kept
// such memory would turn into somebody else's.
func TestParseKeepsNoBorrowedMemory(t *testing.T) {
	for _, in := range []string{"ada@example.com", " Ada@Example.com ", "ada@bücher.example"} {
		lent := []byte(in)
		got, err := address.Parse(unsafe.String(&lent[0], len(lent)))
		if err != nil {
			t.Fatal(err)
		}
		before := strings.Clone(got.Typed) + strings.Clone(got.Canonical)
		for i := range lent {
			lent[i] = 'x'
		}
		if after := got.Typed + got.Canonical; after != before {
			t.Errorf("%q became %q when the request's memory was used again", before, after)
		}
	}
}

func parse(t *testing.T, s string) access.Address {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return a
}

// longDomain returns a valid domain of n bytes.
func longDomain(n int) string {
	d := strings.Repeat(strings.Repeat("d", 49)+".", 5)
	return d[:min(len(d), n-4)] + strings.Repeat("e", max(0, n-4-len(d))) + ".org"
}
