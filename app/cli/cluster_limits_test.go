package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
	"doorward/build/need"
)

// Somebody has used up most of a limit when the machine that leads is killed, and goes on at the
// next one. What the store counts goes on there: n are let through, and the next one is not.
func TestLimitsGoOnAtATakeOver(t *testing.T) {
	need.Time(t)
	t.Parallel()
	mail := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	all := threeHosts(t, "DOORWARD_SMTP_URL="+mail.URL(), "DOORWARD_MAIL_FROM=door@example.com")
	l := &limited{t: t, mail: mail}
	all[0].reads(&l.token, "token", "add", "work", "--role", "Admin", "--json")
	for _, name := range []string{"few", "many"} { // of wrong codes; each from a browser of its own
		email := name + "@example.com"
		enters(all[0], email, "Fleet")
		l.guessers = append(l.guessers, l.asks(all[0], email))
	}
	var invited struct{ ID string }
	all[0].reads(&invited, "invite", "waits@example.com", "--role", "Fleet", "--json")
	resend := "/api/v1/members/" + invited.ID + "/resend"

	leader := leading(t, all...)
	l.guess(leader, 0, 4)
	l.guess(leader, 1, 3)
	l.resend(leader, resend, http.StatusOK, 3)
	leader.kill()
	next := leading(t, others(all, leader)...)
	l.guess(next, 1, 2)
	if !l.enters(next, 0) {
		t.Error("after four wrong codes the right one is refused")
	}
	if l.enters(next, 1) {
		t.Error("after five wrong codes, at two machines, the right one is taken")
	}
	l.resend(next, resend, http.StatusOK, 2)
	l.resend(next, resend, http.StatusTooManyRequests, 1)
}

// limited are people who use up limits.
type limited struct {
	t        *testing.T
	mail     *mailtest.Server
	token    struct{ Token string }
	guessers []guesser
}

// A guesser is a browser that has asked for a login code.
type guesser struct {
	*visitor
	email, form, code string
}

var codeForm = regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`)

// asks requests a login code, and reads it in the email.
func (l *limited) asks(h *host, email string) guesser {
	l.t.Helper()
	g := guesser{visitor: newVisitor(h), email: email}
	g.form = formToken.FindStringSubmatch(g.page(h, "/login"))[1]
	page := g.posts(h, "/login", url.Values{"email": {email}})
	if form := formToken.FindStringSubmatch(page); form != nil {
		g.form = form[1]
	}
	h.eventually(email+" has got a code", func() bool {
		for _, m := range l.mail.Received() {
			if m.To == email && strings.HasPrefix(m.Subject, "Sign in") && codeForm.MatchString(m.Text) {
				g.code = codeForm.FindString(m.Text)
			}
		}
		return g.code != ""
	})
	return g
}

// posts sends a form, and returns the page that it leads to, whatever its status.
func (g guesser) posts(h *host, path string, with url.Values) string {
	g.t.Helper()
	with.Set("csrf", g.form)
	resp, err := g.at(h).PostForm(g.site.JoinPath(path).String(), with)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(text)
}

// guess types wrong codes.
func (l *limited) guess(h *host, who, n int) {
	l.t.Helper()
	g := l.guessers[who]
	for i := range n {
		wrong := h.name + fmt.Sprintf("%03d-2222", 222+i) // the same form again is not judged again
		page := g.posts(h, "/login/code", url.Values{"email": {g.email}, "code": {wrong}})
		if !strings.Contains(page, "wrong or has expired") {
			l.t.Fatalf("on %s a wrong code leads to %s", h.name, page)
		}
	}
}

// enters types the right code, and reports whether that signs in.
func (l *limited) enters(h *host, who int) bool {
	l.t.Helper()
	g := l.guessers[who]
	page := g.posts(h, "/login/code", url.Values{"email": {g.email}, "code": {g.code}})
	return !strings.Contains(page, "wrong or has expired")
}

// resend has the same invitation sent again, n times.
func (l *limited) resend(h *host, path string, want, n int) {
	l.t.Helper()
	bearer := http.Header{"Authorization": {"Bearer " + l.token.Token}}
	for range n {
		if status, answer := posts(context.Background(), h, bearer, path, "{}"); status != want {
			l.t.Errorf("on %s an invitation is sent again: %d %s, want %d", h.name, status, answer, want)
		}
	}
}
