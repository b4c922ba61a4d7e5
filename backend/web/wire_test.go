package web_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// What can only be sent past an HTTP client: other hosts in every place that
// names one, and more than anybody should read. Each answer carries the headers.
func TestOnTheWire(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
	const host = "Host: door.example.com\r\n"
	tests := []struct {
		name, text string
		status     int
	}{
		{"ours", "GET /login HTTP/1.1\r\n" + host + "\r\n", 200},
		{"ours, with another forwarded", "GET /login HTTP/1.1\r\n" + host +
			"X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Original-URL: /admin\r\n\r\n", 200},
		{"another", "GET /login HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: door.example.com\r\n\r\n", 421},
		{"a user before ours", "GET /login HTTP/1.1\r\nHost: evil.example@door.example.com\r\n\r\n", 421},
		{"another in the request line", "GET http://evil.example/login HTTP/1.1\r\n" + host + "\r\n", 421},
		{"none", "GET /login HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"a header too large", "GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n",
			431},
		{"an address too long", "GET /" + strings.Repeat("x", 17<<10) + " HTTP/1.1\r\n" + host + "\r\n", 431},
		{"10 MB", "POST /api/v1/invitations HTTP/1.1\r\n" + host +
			"Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n" + strings.Repeat(" ", 10<<20), 413},
		{"what is no HTTP", "HELO door\r\n\r\n", 400},
	}
	for _, tt := range tests {
		status, head, body := webtest.SendRaw(t, at, tt.text)
		if status != tt.status {
			t.Errorf("%s = %d, want %d: %.200s", tt.name, status, tt.status, body)
		}
		if strings.Contains(body, "evil.example") || strings.Contains(head.Get("Location"), "evil.example") {
			t.Errorf("%s: the answer names the other host", tt.name)
		}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
			"Cache-Control"} {
			if head.Get(name) == "" {
				t.Errorf("%s: the answer lacks %s", tt.name, name)
			}
		}
	}
	// Two hosts: whichever a reader takes, it must not be one of each.
	for _, pair := range []string{"Host: door.example.com\r\nHost: evil.example\r\n",
		"Host: evil.example\r\nHost: door.example.com\r\n"} {
		if status, _, body := webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\n"+pair+"\r\n"); status == 200 ||
			strings.Contains(body, "evil") {
			t.Errorf("two hosts = %d", status)
		}
	}
}

// The sign-in form is asked about five kinds of addresses. Body, status and
// headers must not tell them apart.
func TestStrangersLearnNothing(t *testing.T) {
	c := webtest.NewCallers(t)
	gone, _ := c.Invite("rejected@example.com", access.Fleet)
	c.Must(c.Service.Members.Reject(bg, c.Server.Admin, gone, "", false))
	mask := regexp.MustCompile(`value="[^"]*"|[a-z]+@example\.com`)
	first := ""
	for _, email := range []string{"unknown@example.com", "pending@example.com", "rejected@example.com",
		"suspended@example.com", "fleet@example.com"} {
		b := c.Browser()
		a := b.Post(b.Get("/login"), "/login", "email", email)
		cookies := ""
		for _, x := range a.Cookies() {
			cookies += x.Name
		}
		a.Header.Del("Date")
		a.Header.Del("Content-Length")
		a.Header.Set("Set-Cookie", cookies)
		got := fmt.Sprint(a.StatusCode) + a.HeaderText() + mask.ReplaceAllString(a.Text, "…")
		if first == "" {
			first = got
		}
		if got != first || a.StatusCode != 200 {
			t.Errorf("%s is answered otherwise:\n%s", email, got)
		}
	}
}

// Fiber lends its strings for the length of a request. Kept longer, they become
// part of somebody else's: 64 clients at once, and each must find what it sent.
func TestNoBorrowedStringIsKept(t *testing.T) {
	c := webtest.NewCallers(t)
	at := c.Serve()
	token := c.Tokens["admin"]
	const clients, each = 64, 4
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: webtest.Patience}
			defer client.CloseIdleConnections()
			for j := range each {
				tag := fmt.Sprintf("%c%c%d", 'a'+i%26, 'a'+i/26, j)
				body := fmt.Sprintf(`{"email":"%s@%s.example","name":"N %s","note":"%s","roles":["Fleet"]}`,
					strings.Repeat(tag, 5), tag, strings.Repeat(tag, 9), strings.Repeat(tag, 20))
				r, err := http.NewRequest("POST", "http://"+at+"/api/v1/invitations", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Host = "door.example.com"
				r.Header.Set("Authorization", "Bearer "+token.Reveal())
				r.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 201 {
					t.Errorf("%s: %d", tag, resp.StatusCode)
				}
			}
		})
	}
	wg.Wait()
	found := 0
	for path := "/members?state=pending&limit=200"; path != ""; {
		a := c.As("admin", "GET", path, "")
		for _, m := range a.Items(t) {
			email := m["email"].(string)
			if !strings.HasSuffix(email, ".example") {
				continue
			}
			found++
			tag := strings.TrimSuffix(email[strings.IndexByte(email, '@')+1:], ".example")
			if email != strings.Repeat(tag, 5)+"@"+tag+".example" || m["name"] != "N "+strings.Repeat(tag, 9) ||
				m["invitation_note"] != strings.Repeat(tag, 20) {
				t.Errorf("mixed up: %v", m)
			}
		}
		next, _ := a.Object(t)["next"].(string)
		if path = ""; next != "" {
			path = "/members?state=pending&limit=200&cursor=" + next
		}
	}
	if found != clients*each {
		t.Errorf("%d of %d were kept", found, clients*each)
	}
}

// No answer of the API and no line of the log holds anything that opens: not a
// link, a code, a session, a token, nor the hash of one.
func TestNoAnswerHoldsASecret(t *testing.T) {
	c := webtest.NewCallers(t)
	_, link := c.Invite("ada@example.com", access.Fleet)
	secrets := []string{strings.TrimPrefix(link, "/login/"), c.Admin.Session().Reveal(), c.Fleet.Session().Reveal(),
		c.Pending.Session().Reveal(),
		c.Tokens["admin"].Reveal(), c.Tokens["weak"].Reveal()}
	for _, s := range secrets[:] {
		hash := access.Secret(s).Hash()
		secrets = append(secrets, fmt.Sprintf("%x", hash[:]))
	}
	c.Fleet.Get("/login/" + secrets[0])
	c.Stranger.Get("/login/" + secrets[0] + "x")
	walked := 0
	for route := range network(t, c.Server).Classes() {
		path, ok := strings.CutPrefix(route, "GET /api/v1")
		if !ok || path == "/events" {
			continue
		}
		message := c.As("admin", "GET", "/outbox?limit=1", "").Items(t)[0]["id"].(string)
		id := string(c.IDs["fleet"])
		if strings.HasPrefix(path, "/outbox") {
			id = message
		}
		path = strings.NewReplacer(":id", id, ":page", "invitation").Replace(path)
		want := 200
		if path == "/settings/logo" {
			want = 404 // there is none
		}
		a := c.As("admin", "GET", path, "")
		a.Want(t, want)
		a.Lacks(t, secrets...)
		walked++
	}
	if walked < 15 {
		t.Errorf("only %d answers were walked", walked)
	}
	for _, s := range secrets {
		if strings.Contains(c.Log.String(), s) {
			t.Errorf("the log holds %s", s)
		}
	}
}
