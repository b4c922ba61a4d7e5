package smtp_test

import (
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
)

// A line with a single dot ends an email on the wire, and what follows is read as commands:
// somebody who writes the note of an invitation must not be able to end the email and start
// one of their own.
func TestBodyCannotEndTheMessage(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.NoLeak(t)
	for n, text := range []string{
		"first\n.\nMAIL FROM:<eve@evil.example>\nRCPT TO:<ada@example.org>\nDATA\nforged\n.\n",
		".\n..\n...\n.leading\nend",
		"a\r\n.\r\nQUIT\r\n",
		"a\r.\rb", "a\n.\rb\r.\nc", "\n.\n", ".",
		strings.Repeat(".", 2000) + "\n" + strings.Repeat("x", 998) + ".\n.\n",
	} {
		m := message(n)
		m.Text, m.HTML = text, "<p>"+text+"</p>"
		if err := send(t.Context(), serverOf(t, s), m); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got := s.Received()
		if len(got) != n+1 {
			t.Fatalf("%q: %d emails came, want %d", text, len(got), n+1)
		}
		received := got[n]
		plain := func(s string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s) }
		if received.From != m.From || received.To != m.To ||
			strings.TrimRight(plain(received.Text), "\n") != strings.TrimRight(plain(text), "\n") {
			t.Errorf("%q came as %q, from %s to %s", text, received.Text, received.From, received.To)
		}
		if !strings.Contains(plain(received.HTML), plain(text)) {
			t.Errorf("%q came as %q", text, received.HTML)
		}
	}
}
