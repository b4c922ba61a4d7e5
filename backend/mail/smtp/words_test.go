package smtp_test

import (
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
)

// A line that is a dot ends an email on the wire, and what follows it would be
// read as commands: whoever writes the note in an invitation must not be able to
// end the email and begin one of their own.
func TestWordsCannotEndTheLetter(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.NoLeak(t)
	for n, words := range []string{
		"first\n.\nMAIL FROM:<eve@evil.example>\nRCPT TO:<ada@example.org>\nDATA\nforged\n.\n",
		".\n..\n...\n.leading\nend",
		"a\r\n.\r\nQUIT\r\n",
		"a\r.\rb", "a\n.\rb\r.\nc", "\n.\n", ".",
		strings.Repeat(".", 2000) + "\n" + strings.Repeat("x", 998) + ".\n.\n",
	} {
		m := message(n)
		m.Text, m.HTML = words, "<p>"+words+"</p>"
		if err := send(t.Context(), serverOf(t, s), m); err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		got := s.Received()
		if len(got) != n+1 {
			t.Fatalf("%q: %d letters came, want %d", words, len(got), n+1)
		}
		l := got[n]
		plain := func(s string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s) }
		if l.From != m.From || l.To != m.To ||
			strings.TrimRight(plain(l.Text), "\n") != strings.TrimRight(plain(words), "\n") {
			t.Errorf("%q came as %q, from %s to %s", words, l.Text, l.From, l.To)
		}
		if !strings.Contains(plain(l.HTML), plain(words)) {
			t.Errorf("%q came as %q", words, l.HTML)
		}
	}
}
