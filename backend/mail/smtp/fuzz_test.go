package smtp

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"doorward/backend/text"
)

// ours are the headers that an email has; no others can be injected.
var ours = []string{
	"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version",
	"Subject", "To", "X-Auto-Response-Suppress",
}

// Whatever the fields of an email contain, every reader parses the sent email alike: our
// headers and no others, lines of legal length, all ASCII, and the body unchanged.
func FuzzMessage(f *testing.F) {
	f.Add("Doorward", "ada@example.com", "Sign in", "Hello.\n.\n", "<p>Hello</p>")
	f.Add("x\r\nBcc: eve@example.com", "ada@example.com", "s\r\n\r\nbody", "\r\n.\r\nQUIT\r\n", "")
	f.Add("=?utf-8?q?x?=", "\"a> NOTIFY=NEVER <x\"@example.com", "=?utf-8?b?eA==?= =?x", "--=_", "\x00\xff")
	f.Add("名前", "a@b.c", strings.Repeat("語", 300), strings.Repeat("x", 5000), strings.Repeat("é ", 900))
	f.Fuzz(func(t *testing.T, name, to, subject, text, html string) {
		m := Message{
			ID:       "id@door.example.com",
			From:     "door@example.com",
			FromName: name,
			To:       to,
			Subject:  subject,
			Text:     text,
			HTML:     html,
			Date:     time.Unix(1900000000, 0),
		}
		raw, err := m.render()
		if err != nil {
			if plainAddress(to) || len(raw) != 0 {
				t.Errorf("an email to %q is refused: %v", to, err)
			}
			return
		}
		if again, err := m.render(); err != nil || !bytes.Equal(raw, again) {
			t.Error("written twice, it differs")
		}
		for line := range bytes.Lines(raw) {
			if !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(raw, line) || len(line) > 1000 ||
				bytes.ContainsAny(bytes.TrimSuffix(line, []byte("\r\n")), "\r\n\x00") || !isASCII(line) {
				t.Errorf("a line of %d bytes: %.100q", len(line), line)
			}
		}
		read, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("no reader reads it: %v\n%s", err, raw)
		}
		for name, values := range read.Header {
			if len(values) != 1 || !slices.Contains(ours, name) {
				t.Errorf("the header %s is %q", name, values)
			}
		}
		addressed(t, read.Header, name, to)
		parts := bodies(t, read.Header, read.Body)
		want := []string{text}
		if html != "" {
			want = append(want, html)
		}
		for i := range want {
			if i >= len(parts) || plainLines(parts[i]) != plainLines(strings.ToValidUTF8(want[i], "\uFFFD")) {
				t.Fatalf("part %d of %d is not %q: %q", i, len(parts), want[i], parts)
			}
		}
		if len(parts) != len(want) {
			t.Errorf("%d parts, want %d", len(parts), len(want))
		}
	})
}

// addressed checks that the header names one sender, ours by its name, and one recipient.
func addressed(t *testing.T, h netmail.Header, name, to string) {
	t.Helper()
	from, err := h.AddressList("From")
	if want := literal(shorten(text.OneLine(name), maxName)); len(from) == 1 && from[0].Name != want {
		t.Errorf("From has the name %q, want %q", from[0].Name, want)
	}
	if err != nil || len(from) != 1 || from[0].Address != "door@example.com" {
		t.Errorf("From is %q: %v, %v", h.Get("From"), from, err)
	}
	if all, err := h.AddressList("To"); plainDots(to) && (err != nil || len(all) != 1 || all[0].Address != to) {
		t.Errorf("To is %q: %v, %v", h.Get("To"), all, err)
	}
	if s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject")); err != nil || !utf8.ValidString(s) {
		t.Errorf("Subject is %q: %v", h.Get("Subject"), err)
	}
}

// plainDots excludes addresses with dots where this test's own parser allows none; the
// program's addresses have none there either.
func plainDots(a string) bool {
	local, domain, _ := strings.Cut(a, "@")
	return !strings.Contains(a, "..") && strings.Trim(local, ".") == local && strings.Trim(domain, ".") == domain &&
		!strings.ContainsFunc(domain, func(r rune) bool {
			return !('a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '-')
		})
}

func bodies(t *testing.T, h netmail.Header, body io.Reader) (all []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(r io.Reader) {
		b, err := io.ReadAll(quotedprintable.NewReader(r))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	if kind != "multipart/alternative" {
		decode(body)
		return all
	}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		decode(part)
	}
}

// plainLines returns text with one kind of line ending.
func plainLines(s string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
}

func isASCII(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 })
}
