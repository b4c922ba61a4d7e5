package e2e

import (
	"net"
	"slices"
	"strings"
	"testing"
)

// A Doorward that was started without a mail server, whose Admin sets one up in the console:
// a real one that requires STARTTLS and a login. What was held goes out without a restart,
// and the password stands in no log.
func TestMailSetUpInTheConsole(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	alone(t)
	p := newProduct(t)
	p.Env = slices.DeleteFunc(p.Env, func(v string) bool { return strings.HasPrefix(v, "DOORWARD_SMTP_URL=") })
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Run("setup", "--email", boss); err != nil || s.Code != 0 {
		t.Fatalf("setup: %+v, %v", s, err)
	}
	_, port, err := net.SplitHostPort(p.Mail.Addr())
	if err != nil {
		t.Fatal(err)
	}
	browse(t, "mail.spec.ts", controls(t, p), "BASE_URL="+p.URL, "ADMIN="+boss, "MAIL_PORT="+port)
	if strings.Contains(p.Log.String(), "sesame") {
		t.Error("the log has the password")
	}
	if s, err := p.Run("audit"); err != nil || strings.Contains(s.Out, "sesame") ||
		!strings.Contains(s.Out, "mail password") {
		t.Errorf("the audit log says %+v, %v", s, err)
	}
}
