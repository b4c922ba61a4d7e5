package smtp

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

// An image must not end its part early, nor reach who reads the text alone; and its id comes
// into a header.
func TestImageIsAPartBesideTheHTML(t *testing.T) {
	png := bytes.Repeat([]byte("\x89PNG\r\n--=_"), 4000)
	m := Message{
		ID:      "id@door.example.com",
		From:    "door@example.com",
		To:      "ada@example.com",
		Subject: "Sign in",
		Text:    "Hello",
		HTML:    `<img src="cid:logo.1@doorward">`,
		Image:   Image{ID: "logo.1@doorward", PNG: png},
		Date:    time.Unix(1900000000, 0),
	}
	raw, err := m.render()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 998 || !bytes.HasSuffix(line, []byte("\r\n")) {
			t.Fatalf("the line %.40q has %d bytes", line, len(line))
		}
	}
	mail, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var kinds, boundaries []string
	var walk func(kind string, body io.Reader)
	walk = func(kind string, body io.Reader) {
		is, with, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, is)
		if !strings.HasPrefix(is, "multipart/") {
			return
		}
		for _, b := range boundaries {
			if strings.HasPrefix(b, with["boundary"]) || strings.HasPrefix(with["boundary"], b) {
				t.Errorf("a reader that compares beginnings, as RFC 2046 lets it, takes %q for %q", b, with["boundary"])
			}
		}
		boundaries = append(boundaries, with["boundary"])
		for parts := multipart.NewReader(body, with["boundary"]); ; {
			p, err := parts.NextPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Header.Get("Content-Id") != "" {
				got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
				if err != nil || !bytes.Equal(got, png) || p.Header.Get("Content-Id") != "<logo.1@doorward>" {
					t.Errorf("the image has %d bytes, %v, and the id %q", len(got), err, p.Header.Get("Content-Id"))
				}
			}
			walk(p.Header.Get("Content-Type"), p)
		}
	}
	walk(mail.Header.Get("Content-Type"), mail.Body)
	want := "multipart/alternative text/plain multipart/related text/html image/png"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the parts are %s", got)
	}
	m.Image.ID = "x>\r\nBcc: <e@evil.example"
	if _, err := m.render(); err == nil {
		t.Error("an id that ends its header is taken")
	}
}
