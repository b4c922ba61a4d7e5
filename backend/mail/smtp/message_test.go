package smtp

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

func sample() Message {
	return Message{
		ID: "abc@door.example.com", From: "door@example.com", FromName: "AI Loop",
		To: "ada@example.org", Subject: "You are invited", Text: "Hello", HTML: "<p>Hello</p>",
		Date: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC),
	}
}

func TestMessageIsTheSameEachTime(t *testing.T) {
	m := sample()
	m.Subject, m.FromName, m.Text = "Grüße, Ada", "Tür", strings.Repeat("ein Wort, länger\n", 400)
	first, err := m.render()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := m.render(); !bytes.Equal(first, again) {
			t.Fatal("rendered twice, the email is not the same")
		}
	}
	for line := range bytes.Lines(first) {
		if len(line) > 78 || !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(first, line) {
			t.Errorf("line %q", line)
		}
		for _, c := range line {
			if c >= 0x80 {
				t.Errorf("line %q is not ASCII", line)
				break
			}
		}
	}
}

func TestMessageHeader(t *testing.T) {
	raw, err := sample().render()
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Date": "Wed, 01 May 2030 12:00:00 +0000", "From": `"AI Loop" <door@example.com>`,
		"To": "<ada@example.org>", "Message-Id": "<abc@door.example.com>", "Subject": "You are invited",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// An attacker chooses a name, a note or a workspace name that ends up in the subject or the
// sender's name. With a line break in it he would add a Bcc, or start the body; with an
// encoded word he would show text that nobody typed.
func TestHeaderValuesCannotLeaveTheirHeader(t *testing.T) {
	for _, value := range []string{
		"x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: eve@example.com",
		"x\r\n\r\nbody", "x\u2028Bcc: eve@example.com", "x\x00y", "=?utf-8?q?Bcc:_eve?=", "\xff\xfe",
		strings.Repeat("long", 750), strings.Repeat("ü", 3000), "a" + strings.Repeat(" \t\n", 300) + "b",
	} {
		m := sample()
		m.Subject, m.FromName = value, value
		raw, err := m.render()
		if err != nil {
			t.Errorf("%.40q: %v", value, err)
			continue
		}
		parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%.40q: %v", value, err)
			continue
		}
		if len(parsed.Header) != 9 || parsed.Header.Get("Bcc") != "" {
			t.Errorf("%.40q made the header %v", value, parsed.Header)
		}
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for line := range bytes.Lines(head) {
			if len(line) > 998 {
				t.Errorf("%.40q made a line of %d bytes", value, len(line))
			}
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		if n := len([]rune(subject)); err != nil || n > maxSubject || strings.HasPrefix(subject, "Bcc") {
			t.Errorf("%.40q reads %q, %v", value, subject, err)
		}
		if from, err := parsed.Header.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != m.From {
			t.Errorf("%.40q is from %v, %v", value, from, err)
		}
	}
}

// go-simple-mail writes `"victim@evil.example> <x"@allowed.example` to the wire as two
// recipients, and appends what follows a > as parameters of the command: an email with a
// login link would go to an address of the attacker's choice.
func TestAddressesThatAreNotPlainAreRefused(t *testing.T) {
	for _, address := range []string{
		"", "ada", "@example.org", "ada@", "ada@a@b", `"victim@evil.example> <x"@allowed.example`,
		`"a> NOTIFY=NEVER <x"@example.org`, "ada@example.org>\r\nRCPT TO:<eve@example.org", "a b@example.org",
		"ada@example.org, eve@example.org", "jürgen@example.org", "ada@bücher.example", "ada@[127.0.0.1]",
		"<ada@example.org>", "ada\x00@example.org", "ada\\@example.org", strings.Repeat("a", 250) + "@example.org",
	} {
		for _, m := range []Message{
			func() Message { m := sample(); m.To = address; return m }(),
			func() Message { m := sample(); m.From = address; return m }(),
			func() Message { m := sample(); m.ID = address; return m }(),
		} {
			if raw, err := m.render(); err == nil {
				t.Errorf("%q was written into %q", address, raw)
			}
		}
	}
	for _, address := range []string{"ada+fleet@example.org", "o'neil@xn--bcher-kva.example",
		"a.b_c-d=e{f}~!#$%&*/?^`|@x.y"} {
		m := sample()
		if m.To = address; plainAddress(address) != true {
			t.Errorf("%q is refused", address)
		}
	}
}

func TestPlainTextAlone(t *testing.T) {
	m := sample()
	m.HTML = ""
	raw, _ := m.render()
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(parsed.Body)
	if kind := parsed.Header.Get("Content-Type"); kind != "text/plain; charset=utf-8" || string(body) != "Hello" {
		t.Errorf("an email without HTML is %s %q", kind, body)
	}
}

func TestParseFrom(t *testing.T) {
	for from, want := range map[string][2]string{
		"door@example.com":            {"", "door@example.com"},
		"Doorward <door@example.com>": {"Doorward", "door@example.com"},
		`"A, B" <door@example.com>`:   {"A, B", "door@example.com"},
		"Tür <door@example.com>":      {"Tür", "door@example.com"},
		"":                            {},
		"door":                        {},
		"a@b.org, c@d.org":            {},
		`"a b"@example.com`:           {},
		"dør@example.com":             {},
	} {
		name, address, err := ParseFrom(from)
		if [2]string{name, address} != want || (err == nil) != (want[1] != "") {
			t.Errorf("ParseFrom(%q) = %q, %q, %v", from, name, address, err)
		}
	}
}
