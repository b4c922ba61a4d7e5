package hostile

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"doorward/app/e2e/product"
	"doorward/backend/mail/mailtest"
)

var _ = item("93", "line breaks, escapes and forged entries, in requests and in the mail server's responses", forgedLog)

// A stranger or a mail server sends text that forges lines of the log, or controls the
// terminal of its reader. One event is one line, and control characters are escaped.
func forgedLog(t *testing.T) {
	h := openWithAdmin(t, "--log-level", "debug")
	evil := "x\n{\"level\":\"ERROR\"}\r\ntime=2030 level=ERROR msg=forged\x1b[31m\u202e"
	b := h.browser(header("User-Agent", "x level=ERROR msg=forged"))
	b.ask("x@example.com\nlevel=ERROR")
	for _, path := range []string{
		"/login/" + "%0a%0dtime=2030%20level=ERROR%1b[31m", "/nowhere%0alevel=ERROR", "/login?next=%0aforged",
		"/api/v1/members?q=%0aforged",
	} {
		h.browser().get(path)
	}
	h.raw("GET /login HTTP/1.1\r\nHost: evil\x1b[31m\r\nX: " + "\x1b[2J" + "\r\n\r\n")
	h.Mail.Script(mailtest.Fault{
		At:    mailtest.Rcpt,
		For:   "bad",
		Reply: "550 5.1.1 \x1b[31mnobody\x07 " + strings.Repeat("x", 3000) + "\u202e",
	})
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "bad@example.com",
		"roles": []string{"Fleet"},
		"name":  evil,
	}).want(422)
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "bad@example.com",
		"roles": []string{"Fleet"},
	}).want(201)
	if err := product.Eventually("the refusal is kept", func() error {
		for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
			if l["to"] == "bad@example.com" && l["state"] != "queued" {
				if d := str(l["detail"]); strings.ContainsAny(d, "\x1b\x07\u202e\r\n") || len(d) > 1000 {
					t.Errorf("the mail server's words are kept as they came: %q", d)
				}
				return nil
			}
		}
		return fmt.Errorf("it is not there")
	}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(h.Log.String()) {
		if strings.ContainsAny(line, "\x1b\x07\x00\u202e") || strings.HasPrefix(line, "time=2030") ||
			strings.HasPrefix(line, "level=") || strings.HasPrefix(line, "{\"level\"") || len(line) > 4000 {
			t.Errorf("a line of the log is not ours: %.200q", line)
		}
	}
	out := h.command("outbox")
	if strings.ContainsAny(out, "\x1b\x07\u202e") {
		t.Errorf("the shell shows escapes: %q", out)
	}
}

var _ = item("94", "passwords and tokens in the log, even if the mail server repeats them", secretsInLog)

// The mail server refuses the login and repeats the password in its answer; a
// proxy sends a token to a wrong path; an operator reads the log at its most verbose
// level. (Every row of this suite also searches its log for every secret it used.)
func secretsInLog(t *testing.T) {
	h := openWithAdmin(t, "--log-level", "debug")
	token := h.token("Admin")
	for _, path := range []string{
		"/login/" + token, "/" + token, "/api/v1/members/" + token, "/api/v1/me?token=" + token,
	} {
		h.browser(bearer(token)).get(path)
		h.browser(
			header("Authorization", "Basic "+token),
			header("X-Api-Key", token),
			header("Referer", "http://x/"+token),
		).get(path)
	}
	const password = "open sesame"
	both := base64.StdEncoding.EncodeToString([]byte("\x00doorward\x00" + password))
	h.Mail.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 no: doorward " + password + " " + both})
	h.admin.api("POST", "/invitations", map[string]any{
		"email": "ada@example.com",
		"roles": []string{"Fleet"},
	}).want(201)
	if err := product.Eventually("the refusal is noticed", func() error {
		if strings.Contains(h.Log.String(), "535") {
			return nil
		}
		return fmt.Errorf("the log says nothing of it")
	}); err != nil {
		t.Fatal(err)
	}
	said := h.Log.String() + h.command("outbox", "--json") + h.admin.api("GET", "/outbox", nil).body +
		h.admin.api("GET", "/overview", nil).body
	s, err := h.Run("doctor")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		password, both, base64.StdEncoding.EncodeToString([]byte(password)), strings.TrimPrefix(token, "dw_"),
	} {
		if strings.Contains(said+s.Out+s.Err, secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

var _ = item("95", "unexpected requests: what does the response reveal about the inside?", insides)

// Ids of 3,000 characters (Badger prints an oversized key into its error), odd
// bytes, wrong types, at every operation. No answer is a 500, and none shows a path, a
// type or a stack trace.
func insides(t *testing.T) {
	h := openWithAdmin(t)
	odd := []string{
		strings.Repeat("a", 3000), strings.Repeat("%ff", 300), "%00", "..", "%2e%2e%2f", "'", "\"", "%7b%7d", "-1",
		"null",
		"%e2%80%ae", strings.Repeat("b", 26),
	}
	for _, op := range h.operations() {
		if op.path == "/api/v1/events" {
			continue
		}
		for _, id := range odd {
			for _, body := range []string{"{}", `{"email":1,"roles":{},"name":[]}`} {
				a := h.admin.do(
					op.method,
					op.fill(map[string]string{"id": id, "name": id, "session": id})+"?q="+id+"&limit=x",
					op.body(body),
					header("Content-Type", "application/json"),
					header("Sec-Fetch-Site", "same-origin"),
				)
				if a.code >= 500 {
					t.Errorf("%s %s with %.20q = %d: %.200s", op.method, op.path, id, a.code, a.body)
				}
				a.lacks(".go:", "goroutine", "/store/", "badger", "runtime.", "doorward/backend", "service.", h.Dir)
			}
		}
	}
	if text := h.Log.String(); strings.Contains(text, "panic") || strings.Contains(text, "goroutine ") {
		t.Errorf("something panicked: %s", text)
	}
	h.alive()
}
