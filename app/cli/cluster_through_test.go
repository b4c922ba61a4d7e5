package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"
	"doorward/build/need"
)

// What people do on one machine they do through any of three: each step is taken at another
// machine than the one before, so most of them where nobody leads.
func TestEverythingWorksThroughAnyMachine(t *testing.T) {
	need.Time(t)
	t.Parallel()
	mail := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	all := threeHosts(t, "DOORWARD_TRUSTED_PROXIES=127.0.0.1/32", "DOORWARD_SMTP_URL="+mail.URL(),
		"DOORWARD_MAIL_FROM=door@example.com", "DOORWARD_MAIL_PER_MINUTE=100000")
	w := newRevoking(t, all, mail)
	a, b, c := all[0], all[1], all[2]

	ada := newVisitor(b)
	ada.line = w.line
	w.asks(ada, b, "ada@example.com")
	ada.follows(c, w.emailed("ada@example.com", linkInEmail)) // asked at b, redeemed at c
	who := &victim{visitor: ada, who: ada.asBrowser()}
	w.wants(b, who, http.MethodPatch, "/api/v1/settings", `{"workspace":"Night Watch"}`, `"workspace":"Night Watch"`)
	w.wants(c, who, http.MethodPut, "/api/v1/settings/logo", `{"image":"`+logo(t)+`"}`, `"logo"`)
	w.wants(b, who, http.MethodPost, "/api/v1/settings/mail/test", `{"wait":true}`, `"sent"`)
	for _, h := range all {
		h.eventually("the workspace looks as it was set", func() bool { // its look is a second old at most
			page := ada.page(h, "/")
			return strings.Contains(page, "Night Watch") && strings.Contains(page, "/brand/")
		})
	}

	bob := newVisitor(c)
	bob.line = w.line
	w.admin(c, http.MethodPost, "/api/v1/invitations", `{"email":"bob@example.com","roles":["Fleet"]}`)
	bob.follows(b, w.emailed("bob@example.com", linkInEmail))
	w.admin(b, http.MethodPost, w.path("bob@example.com")+"/approve", `{}`)
	again := newVisitor(b)
	again.line = w.line
	w.asks(again, b, "bob@example.com")
	form := formToken.FindStringSubmatch(again.page(c, "/login"))
	again.read(again.at(c).PostForm(again.site.JoinPath("/login/code").String(),
		url.Values{"csrf": {form[1]}, "code": {w.emailed("bob@example.com", codeInEmail)}}))
	again.page(a, "/fleet/flows")

	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"email":"m%d@example.com","name":"%s","roles":["Fleet"]}`, i, strings.Repeat("n", 80))
	}
	done := w.admin(c, http.MethodPost, "/api/v1/invitations/batch", `{"invitations":[`+strings.Join(rows, ",")+`]}`)
	if !strings.Contains(done, `"ok":1000,"failed":0`) {
		t.Errorf("a list of 1,000 through c: %.300s", done[max(0, len(done)-300):])
	}
	for _, path := range []string{"/api/v1/members/export", "/api/v1/audit/export", "/api/v1/members?limit=200"} {
		want := w.unpacked(a, path)
		for _, h := range others(all, a) {
			if got := w.unpacked(h, path); got != want {
				t.Errorf("%s at %s has %d bytes, at a %d", path, h.name, len(got), len(want))
			}
		}
	}
}

// The machine that leads is killed just after somebody asked to sign in, or was invited at another:
// the email arrives, from the one that leads then.
func TestASignInEmailComesAfterAKill(t *testing.T) {
	need.Time(t)
	t.Parallel()
	mail := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	all := threeHosts(t, "DOORWARD_TRUSTED_PROXIES=127.0.0.1/32", "DOORWARD_SMTP_URL="+mail.URL(),
		"DOORWARD_MAIL_FROM=door@example.com", "DOORWARD_MAIL_PER_MINUTE=100000")
	w := newRevoking(t, all, mail)
	had := map[string]bool{}
	for range number("KILLS", 2) {
		old := leading(t, all...)
		stay := others(all, old)
		v := newVisitor(old)
		v.line = w.line
		w.asks(v, stay[0], "ada@example.com")
		old.kill()
		killed := time.Now()
		w.emails = map[string][]string{}
		link := w.emailed("ada@example.com", linkInEmail)
		for had[link] { // an email that was handed over at the last kill can come twice
			w.emails = map[string][]string{}
			link = w.emailed("ada@example.com", linkInEmail)
		}
		had[link] = true
		t.Logf("%s was killed; the email came %v after that", old.name, time.Since(killed).Round(time.Millisecond))
		leading(t, stay...)
		v.follows(stay[1], link)
		w.lines[old].CloseIdleConnections()
		old.serve()
		waitUntilEqual(t, leading(t, all...), 2)
	}
}

// asks has somebody ask for a sign-in email at a machine.
func (w *revoking) asks(v *visitor, at *host, email string) {
	w.t.Helper()
	form := formToken.FindStringSubmatch(v.page(at, "/login"))
	if form == nil {
		w.t.Fatal("the sign-in page has no form")
	}
	v.read(v.at(at).PostForm(v.site.JoinPath("/login").String(), url.Values{"csrf": {form[1]}, "email": {email}}))
}

func (w *revoking) wants(at *host, who *victim, method, path, body, want string) {
	w.t.Helper()
	if status, answer := w.send(at, who.who, method, path, body); status > 299 || !strings.Contains(answer, want) {
		w.t.Errorf("%s %s at %s = %d %.300s", method, path, at.name, status, answer)
	}
}

// path is the path of a member in the API.
func (w *revoking) path(email string) string {
	w.t.Helper()
	var found struct{ Items []struct{ ID string } }
	w.reads(&found, w.all[0], http.MethodGet, "/api/v1/members?q="+url.QueryEscape(email), "")
	if len(found.Items) != 1 {
		w.t.Fatalf("there are %d members %s", len(found.Items), email)
	}
	return "/api/v1/members/" + found.Items[0].ID
}

// unpacked is an answer, which may come packed.
func (w *revoking) unpacked(at *host, path string) string {
	w.t.Helper()
	packed := w.bearer()
	packed.Set("Accept-Encoding", "gzip")
	resp := w.do(at, packed, http.MethodGet, path, "")
	defer resp.Body.Close()
	var body io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(resp.Body)
		if err != nil {
			w.t.Fatalf("%s at %s: %v", path, at.name, err)
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s at %s = %d, %v: %.300s", path, at.name, resp.StatusCode, err, text)
	}
	return string(text)
}

func logo(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 300, 200))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
