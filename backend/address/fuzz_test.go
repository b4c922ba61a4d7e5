package address_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"doorward/backend/address"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ada@example.com", " ADA@Bücher.example ", "k\u212a@x.org", "a+b@xn--e1afmkfd.xn--p1ai",
		`"a b"@x.org`, "a@b\u3002c", "аdmin@x.org", "Ada <ada@example.com>", "a@faß.de", "a@xn--.org", "a@\u0130.com",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := address.Parse(s)
		if err != nil {
			if !a.IsZero() || err.Error() == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("Parse(%q) = %+v, %v", s, a, err)
			}
			return
		}
		c := a.Canonical
		if len(c) > 254 || strings.Count(c, "@") != 1 || c != strings.ToLower(c) {
			t.Fatalf("canonical form of %q is %q", s, c)
		}
		for i := range len(c) {
			if c[i] <= ' ' || c[i] >= 0x7f || strings.IndexByte(`<>"(),;:\[]`, c[i]) >= 0 {
				t.Fatalf("canonical form %q of %q holds %q", c, s, c[i])
			}
		}
		again, err := address.Parse(c)
		if err != nil || again.Canonical != c {
			t.Fatalf("canonical form %q of %q parses as %+v, %v", c, s, again, err)
		}
		shouted, err := address.Parse(strings.ToUpper(c))
		if err != nil || shouted.Canonical != c {
			t.Fatalf("%q in capitals parses as %+v, %v", c, shouted, err)
		}
		typed, err := address.Parse(a.Typed)
		if err != nil || typed != a {
			t.Fatalf("%q as typed parses as %+v, %v, want %+v", a.Typed, typed, err, a)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"plain", "ada.lovelace@example.com"},
		{"capitals", "Ada.Lovelace@Example.COM"},
		{"international", "ada@bücher.example"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := address.Parse(bb.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
