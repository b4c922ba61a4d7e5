package smtp

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	simplemail "github.com/xhit/go-simple-mail/v2"

	"doorward/backend/mail/mailtest"
)

// Even if a bug of ours gave the client an unencrypted connection, the wire would carry
// neither login nor email.
func TestWireRefusesWhatIsNotSafe(t *testing.T) {
	for _, user := range []string{"", "door"} {
		s := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain, User: user, Password: "hunter2"})
		server, err := ParseServer(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		w := &wire{Conn: conn, patience: time.Minute}
		defer w.bind(t.Context())()
		client, err := server.client(w, "door.example.com", simplemail.AuthAuto).Connect()
		if err == nil {
			session := &Session{server: server, raw: conn, wire: w, client: client}
			err = session.Send(t.Context(), sample())
			session.Close()
		}
		if !errors.Is(err, errInTheClear) {
			t.Errorf("as %q: %v", user, err)
		}
		for _, l := range s.Heard() {
			if !strings.HasPrefix(l.Text, "EHLO") && l.Text != "QUIT" {
				t.Errorf("as %q, heard in the clear: %s", user, l.Text)
			}
		}
	}
}

func TestVerbOf(t *testing.T) {
	for line, want := range map[string]string{
		"EHLO door.example.com\r\n": "EHLO", "DATA\r\n": "DATA", "mail FROM:<a@b>\r\n": "MAIL", "QUIT": "QUIT",
		"cGFzc3dvcmQ=\r\n": "", "*\r\n": "", "": "", "DATAX\r\n": "", strings.Repeat("x", 100): "",
	} {
		if got := verbOf([]byte(line)); got != want {
			t.Errorf("verbOf(%q) = %q, want %q", line, got, want)
		}
	}
}
