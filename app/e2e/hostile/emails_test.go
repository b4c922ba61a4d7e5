package hostile

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

var _ = item("14", "a request names another host, so that the email leads there", poisonedHost)

// The attacker asks for the victim's email and writes a host of his own wherever
// one can be written, so that the victim's link leads to the attacker with a valid
// token in it. Links are built from the configured URL only, and a request for
// another host is refused.
func poisonedHost(t *testing.T) {
	h := openWithAdmin(t)
	h.member("ada@example.com")
	b := h.browser()
	form := "csrf=" + b.proof("/login") + "&email=ada%40example.com"
	cookie := "Cookie: " + h.cookieName("dw-browser") + "=" + b.cookie("dw-browser") + "\r\n"
	rest := "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: " +
		fmt.Sprint(len(form)) + "\r\n" + cookie + "\r\n" + form
	ours := "Host: " + h.Listen + "\r\n"
	for name, head := range map[string]string{
		"another":         "POST /login HTTP/1.1\r\nHost: evil.example\r\n",
		"another port":    "POST /login HTTP/1.1\r\nHost: 127.0.0.1:1\r\n",
		"with a user":     "POST /login HTTP/1.1\r\nHost: evil@" + h.Listen + "\r\n",
		"with a path":     "POST /login HTTP/1.1\r\nHost: " + h.Listen + "/evil.example\r\n",
		"empty":           "POST /login HTTP/1.1\r\nHost: \r\n",
		"none":            "POST /login HTTP/1.1\r\n",
		"absolute":        "POST http://evil.example/login HTTP/1.1\r\n" + ours,
		"two, ours first": "POST /login HTTP/1.1\r\n" + ours + "Host: evil.example\r\n",
		"two, ours last":  "POST /login HTTP/1.1\r\nHost: evil.example\r\n" + ours,
		"forwarded, and foreign": "POST /login HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: " + h.Listen +
			"\r\n",
		"white space, then ours": "POST /login HTTP/1.1\r\nHost : evil.example\r\n" + ours,
	} {
		if a, ok := h.raw(head + rest); ok && a.code != 421 && a.code != 400 {
			t.Errorf("%s = %d", name, a.code)
		}
	}
	for _, lie := range []string{
		"X-Forwarded-Host: evil.example\r\n", "Forwarded: host=evil.example;proto=https\r\n",
		"X-Host: evil.example\r\n",
		"X-Forwarded-Server: evil.example\r\n", "X-Original-URL: http://evil.example/\r\n",
		"Origin: null\r\nSec-Fetch-Site: same-origin\r\n",
	} {
		b := h.browser() // each makes its own request for an email
		form := "csrf=" + b.proof("/login") + "&email=ada%40example.com"
		rest := "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: " +
			fmt.Sprint(len(form)) + "\r\nCookie: " + h.cookieName("dw-browser") + "=" +
			b.cookie("dw-browser") + "\r\n\r\n" + form
		if a, ok := h.raw("POST /login HTTP/1.1\r\n" + ours + lie + rest); !ok || a.code != 200 && a.code != 429 {
			t.Errorf("with %q = %d", lie, a.code)
		}
	}
	first := h.mail("ada@example.com", signIn, 1)
	for _, l := range h.Mail.Received() {
		if words := l.Text + l.HTML; strings.Contains(words, "evil") {
			t.Errorf("an email names the other host: %s", words)
		}
	}
	if !strings.HasPrefix(first.Link, h.URL+"/login/") {
		t.Errorf("the link is %s", first.Link)
	}
}

var _ = item("16", "Resend is pressed 20 times to fill a mailbox", resendFlood)

// An Admin's session, or a script with one, sends an invitation again and again.
// After a handful the Admin is told to wait, and the answer never has the link.
func resendFlood(t *testing.T) {
	h := openWithAdmin(t)
	id, _ := h.invite("ada@example.com")
	sent := 0
	for range 20 {
		a := h.admin.api("POST", "/members/"+id+"/resend", nil).want(200, 429)
		a.lacks("/login/")
		if a.code == 200 {
			sent++
		} else if a.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	h.invite("last@example.com") // its email is queued behind all of Ada's
	got := 0
	for _, l := range h.Mail.Received() {
		if l.To == "ada@example.com" {
			got++
		}
	}
	if sent == 0 || sent > 6 || got > sent+1 {
		t.Errorf("%d resends were taken, %d emails came", sent, got)
	}
}

var _ = item("22", "the form is used to send emails to people who have nothing to do with it", noMailToStrangers)

// The attacker makes the server send emails to addresses of their choice. Addresses
// without a member get none, and neither do suspended members.
func noMailToStrangers(t *testing.T) {
	h := openWithAdmin(t)
	h.people()
	before := len(h.Mail.Received())
	for _, email := range append(five[:4:4], "a@evil.example", "b@evil.example", "c@evil.example") {
		h.browser().ask(email).want(200)
	}
	h.browser().ask("active@example.com").want(200)
	h.mail("active@example.com", signIn, 1) // requested last, so the earlier requests are finished
	h.mail("pending@example.com", signIn, 1)
	for _, l := range h.Mail.Received()[before:] {
		if l.To != "active@example.com" && l.To != "pending@example.com" && !strings.HasSuffix(l.To, "@example.org") {
			t.Errorf("an email went to %s: %s", l.To, l.Subject)
		}
	}
}

// emails counts the sign-in emails that an address got. It first waits for a later
// email to somebody else, so that the earlier requests are finished.
func (h *target) emails(to, sentinel string, changes ...change) (n int) {
	h.t.Helper()
	already := 0
	for _, l := range h.Mail.Received() {
		if l.To == sentinel && strings.Contains(l.Subject, signIn) {
			already++
		}
	}
	h.browser(changes...).ask(sentinel).want(200)
	h.mail(sentinel, signIn, already+1)
	if err := product.Eventually("all emails are sent", func() error {
		for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
			if l["state"] == "queued" || l["state"] == "retrying" {
				return fmt.Errorf("one to %v is %v", l["to"], l["state"])
			}
		}
		return nil
	}); err != nil {
		h.t.Error(err)
	}
	for _, l := range h.Mail.Received() {
		if strings.EqualFold(l.To, to) && strings.Contains(l.Subject, signIn) {
			n++
		}
	}
	return n
}

var _ = item(
	"102",
	"a note, a name or the workspace carries the attacker's link and words into our emails",
	phishingThroughUs,
)

// Doorward's emails reach mailboxes that the attacker's own would not. What people
// typed is in them as plain text: no link, no markup, nothing that the invited person
// chose in the subject or the sender, and no header.
func phishingThroughUs(t *testing.T) {
	h := openWithAdmin(t)
	words := `Click https://evil.example/login now <a href="https://evil.example">here</a> www.evil.example`
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "ada@example.com",
		"roles": []string{"Fleet"},
		"name":  "Ada <b>Evil</b> https://evil.example",
		"note":  words,
	}).want(201)
	l := h.mail("ada@example.com", invited, 1)
	if strings.Contains(l.HTML, `href="https://evil`) || strings.Contains(l.HTML, "<a href=\"http://evil") ||
		strings.Contains(l.HTML, "<b>Evil") {
		t.Errorf("the note is markup in the email: %s", l.HTML)
	}
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(l.HTML, -1) {
		if !strings.HasPrefix(link[1], h.URL+"/") && !strings.HasPrefix(link[1], "mailto:") {
			t.Errorf("the email links to %s", link[1])
		}
	}
	if strings.Contains(l.Subject+l.From, "evil") || strings.Contains(l.Subject, "Ada") {
		t.Errorf("subject %q, sender %q", l.Subject, l.From)
	}
	for _, raw := range h.Mail.Received() {
		for _, name := range []string{"Bcc", "X-Evil", "Reply-To"} {
			if raw.Header.Get(name) != "" {
				t.Errorf("an email has the header %s: %q", name, raw.Header.Get(name))
			}
		}
		if raw.From == "" || strings.ContainsAny(raw.To, "\r\n <>") {
			t.Errorf("the envelope is from %q to %q", raw.From, raw.To)
		}
	}
	h.admin.api("PATCH", "/settings", map[string]any{"workspace": "X\r\nBcc: eve@evil.example"}).want(422)
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "b@example.com",
		"roles": []string{"Fleet"},
		"name":  "x\r\nBcc: eve@evil.example",
	}).want(422)
}
