package text_test

import (
	"testing"

	"doorward/backend/text"
)

func TestList(t *testing.T) {
	tests := []struct {
		words []string
		want  string
	}{
		{nil, ""},
		{[]string{"a"}, "a"},
		{[]string{"a", "b"}, "a and b"},
		{[]string{"a", "b", "c"}, "a, b and c"},
	}
	for _, tt := range tests {
		if got := text.List(tt.words); got != tt.want {
			t.Errorf("List(%q) = %q, want %q", tt.words, got, tt.want)
		}
	}
}

// "Hello, Lovelace,." stood above the email to everybody whose name came from a directory.
func TestFirstName(t *testing.T) {
	for name, want := range map[string]string{
		"":                      "",
		" ":                     "",
		"Ada":                   "Ada",
		"Ada Lovelace":          "Ada",
		"  Ada  King Lovelace ": "Ada",
		"Lovelace, Ada":         "Ada",
		"Lovelace,Ada":          "Ada",
		"Lovelace, Ada, PhD":    "Ada",
		"Lovelace,":             "",
		", ,":                   "",
		"A. Lovelace":           "A",
		"Jean-Luc Picard":       "Jean-Luc",
		"O’Brien":               "O’Brien",
	} {
		if got := text.FirstName(name); got != want {
			t.Errorf("FirstName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	tests := []struct {
		n    int
		one  string
		want string
	}{
		{0, "row", "0 rows"},
		{1, "row", "1 row"},
		{2, "row", "2 rows"},
		{1, "entry", "1 entry"},
		{2, "audit entry", "2 audit entries"},
		{2, "day", "2 days"},
		{2, "more day", "2 more days"},
		{2, "y", "2 ys"},
	}
	for _, tt := range tests {
		if got := text.Count(tt.n, tt.one); got != tt.want {
			t.Errorf("Count(%d, %q) = %q, want %q", tt.n, tt.one, got, tt.want)
		}
	}
}

// A mail server's refusal, or a file that somebody edited, is repeated in a log and on a
// terminal: it must neither start a line of its own nor move the cursor.
func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"as it is":                        "as it is",
		" a \r\n b\t":                     "a b",
		"a\x1b[2J\x00b\u2028c\u0085d":     "a [2J b c d",
		"not valid \xff\xfe UTF-8":        "not valid UTF-8",
		"Grüße, \u202eAda\u200b Lovelace": "Grüße, Ada Lovelace",
	} {
		if got := text.OneLine(in); got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a    string
		b    string
		want int
	}{
		{"", "", 0},
		{"smtp", "smtp", 0},
		{"", "abc", 3},
		{"smt", "smtp", 1},
		{"smtp", "smtps", 1},
		{"smtp", "smpp", 1},
		{"stmp", "smtp", 1}, // two neighbours swapped
		{"gmial.com", "gmail.com", 1},
		{"gmaill.con", "gmail.com", 2},
		{"tür", "tur", 1}, // a character, not its bytes
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, // no edit between swapped characters
	}
	for _, tt := range tests {
		if got := text.EditDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := text.EditDistance(tt.b, tt.a); got != tt.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

// http and unencrypted mail are allowed to this machine only: a name that merely resembles
// it must not pass.
func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":             true,
		"LocalHost":             true,
		"127.0.0.1":             true,
		"127.255.255.254":       true,
		"::1":                   true,
		"::ffff:127.0.0.1":      true,
		"":                      false,
		"localhost.example.com": false,
		"127.0.0.1.example.com": false,
		"127.1":                 false, // some systems read it as 127.0.0.1
		"0.0.0.0":               false,
		"126.255.255.255":       false,
		"128.0.0.1":             false,
		"::":                    false,
		"::2":                   false,
		"::ffff:10.0.0.1":       false,
		"[::1]":                 false, // in a URL's host the brackets are removed
	} {
		if got := text.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}
