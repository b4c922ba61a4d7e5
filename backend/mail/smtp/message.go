package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// A Message is an email to one recipient. Rendering it twice gives the same bytes.
type Message struct {
	ID       string // the Message-ID, without angle brackets
	From     string // address
	FromName string // may be empty
	To       string // address, in canonical form
	Subject  string
	Text     string
	HTML     string // may be empty
	Image    Image  // that the HTML shows; it may have none
	Date     time.Time
}

// An Image is a PNG that goes out with an email. Its HTML shows it as cid: and the id.
type Image struct {
	ID  string // the Content-ID, without angle brackets
	PNG []byte
}

// Limits of a header's values in characters; a header line may have 998 bytes.
const (
	maxSubject = 200
	maxName    = 100
)

// oneLineEnd converts every line ending to \n: after a lone CR the writer of
// quoted-printable can lose the next one.
var oneLineEnd = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// render writes the message. No header's name comes from the message, and no value can end
// its header.
func (m Message) render() ([]byte, error) {
	switch {
	case !plainAddress(m.To):
		return nil, access.Errorf(access.Invalid,
			"No email can be sent to this address: before and after its one @ stand only plain letters, digits "+
				"and signs.").On("to")
	case !plainAddress(m.From):
		return nil, access.Errorf(access.Invalid,
			"The sender's address cannot be written into an email. Check the setting mail_from.").On("mail_from")
	case !plainAddress(m.ID):
		return nil, access.Errorf(access.Invalid, "The email has no proper Message-ID.").On("message_id")
	case len(m.Image.PNG) > 0 && !plainAddress(m.Image.ID):
		return nil, access.Errorf(access.Invalid, "The image of the email has no proper Content-ID.").On("image")
	}
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("Date", m.Date.UTC().Format(time.RFC1123Z))
	header("From", mailbox(m.FromName, m.From))
	header("To", "<"+m.To+">")
	header("Message-ID", "<"+m.ID+">")
	header("Subject", encode(shorten(text.OneLine(m.Subject), maxSubject)))
	header("Auto-Submitted", "auto-generated")
	header("X-Auto-Response-Suppress", "All")
	header("MIME-Version", "1.0")
	m.body(&b, header)
	return b.Bytes(), nil
}

// body writes text, HTML and the image that the HTML shows. The boundaries cannot occur in
// them: quoted-printable never has an underscore after an equals sign, and base64 has none.
// Nor does one begin with the other: a reader need compare no more than the beginning.
func (m Message) body(b *bytes.Buffer, header func(name, value string)) {
	part := func(kind, text string) {
		header("Content-Type", "text/"+kind+"; charset=utf-8")
		header("Content-Transfer-Encoding", "quoted-printable")
		b.WriteString("\r\n")
		quoted := quotedprintable.NewWriter(b)
		quoted.Write([]byte(oneLineEnd.Replace(strings.ToValidUTF8(text, "\uFFFD"))))
		quoted.Close()
	}
	if m.HTML == "" {
		part("plain", m.Text)
		return
	}
	sum := sha256.Sum256([]byte(m.ID))
	boundary := fmt.Sprintf("=_%.16x", sum)
	header("Content-Type", "multipart/alternative;\r\n boundary=\""+boundary+"\"")
	fmt.Fprintf(b, "\r\n--%s\r\n", boundary)
	part("plain", m.Text)
	fmt.Fprintf(b, "\r\n--%s\r\n", boundary)
	if len(m.Image.PNG) == 0 {
		part("html", m.HTML)
	} else {
		inner := fmt.Sprintf("=_related_%.16x", sum)
		header("Content-Type", "multipart/related; type=\"text/html\";\r\n boundary=\""+inner+"\"")
		fmt.Fprintf(b, "\r\n--%s\r\n", inner)
		part("html", m.HTML)
		fmt.Fprintf(b, "\r\n--%s\r\n", inner)
		m.Image.write(b, header)
		fmt.Fprintf(b, "\r\n--%s--\r\n", inner)
	}
	fmt.Fprintf(b, "\r\n--%s--\r\n", boundary)
}

// base64Line is the length of a line of base64, which may have 76 characters.
const base64Line = 76

func (i Image) write(b *bytes.Buffer, header func(name, value string)) {
	header("Content-Type", "image/png")
	header("Content-Transfer-Encoding", "base64")
	header("Content-ID", "<"+i.ID+">")
	header("Content-Disposition", "inline")
	b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString(i.PNG)
	for len(text) > base64Line {
		b.WriteString(text[:base64Line] + "\r\n")
		text = text[base64Line:]
	}
	b.WriteString(text)
}

// plainAddress reports whether an address, or a Message-ID, means the same in a header and
// in an SMTP command as it does to us. An address that could end the command or add a
// recipient is not plain.
func plainAddress(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	return local != "" && domain != "" && len(s) <= 254 &&
		!strings.ContainsFunc(local, isSpecial) && !strings.ContainsFunc(domain, isSpecial)
}

func isSpecial(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>()[]\,;:@"`, r)
}

func mailbox(name, address string) string {
	name = shorten(text.OneLine(name), maxName)
	if name == "" {
		return "<" + address + ">"
	}
	name = literal(name)
	encoded := mime.BEncoding.Encode("utf-8", name)
	if encoded == name {
		return (&netmail.Address{Name: name, Address: address}).String()
	}
	// In a name, few characters may stand as they are in an encoded word (RFC 2047, 5.3). The
	// encoding of net/mail lets a backslash stand, which no reader accepts; base64 has none.
	return fold(encoded) + " <" + address + ">"
}

func encode(s string) string { return fold(mime.QEncoding.Encode("utf-8", literal(s))) }

// literal prevents text that looks like an encoded word from being decoded.
func literal(s string) string { return strings.ReplaceAll(s, "=?", "= ?") }

// fold puts each encoded word on a line of its own, as their length requires.
func fold(s string) string { return strings.ReplaceAll(s, "?= =?", "?=\r\n =?") }

// ParseFrom reads the setting mail_from: an address, or a name and an address
// in angle brackets.
func ParseFrom(s string) (name, address string, err error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || !plainAddress(a.Address) {
		return "", "",
			access.Errorf(access.Invalid,
				"The sender of emails must be an address, such as door@example.com or Doorward <door@example.com>.").
				On("mail_from").WithCode("mail_from_invalid").Because(err)
	}
	return text.OneLine(a.Name), a.Address, nil
}
