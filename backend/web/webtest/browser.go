package webtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// A Browser keeps cookies, and follows no redirect.
type Browser struct {
	Server *Server
	Jar    *cookiejar.Jar
}

// Browser returns a browser without cookies.
func (s *Server) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	s.Must(err)
	return &Browser{Server: s, Jar: jar}
}

// An Answer is a response that was read.
type Answer struct {
	*http.Response
	Text string // of the body
}

// Do sends a request, with a form or without one, as change leaves it.
func (b *Browser) Do(method, path string, form url.Values, change ...func(*http.Request)) Answer {
	b.Server.T.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, URL+path, body)
	b.Server.Must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range b.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	for _, c := range change {
		c(r)
	}
	resp, err := b.Server.App.Test(r, -1)
	b.Server.Must(err)
	defer resp.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(resp.Body)
	b.Server.Must(err)
	b.Jar.SetCookies(r.URL, resp.Cookies())
	return Answer{Response: resp, Text: text.String()}
}

// Get asks for a page.
func (b *Browser) Get(path string, change ...func(*http.Request)) Answer {
	b.Server.T.Helper()
	return b.Do(http.MethodGet, path, nil, change...)
}

// CSRFField finds the token in a form.
var CSRFField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// Post sends the form of a page with its token and these fields.
func (b *Browser) Post(page Answer, path string, fields ...string) Answer {
	b.Server.T.Helper()
	form := url.Values{}
	if m := CSRFField.FindStringSubmatch(page.Text); m != nil {
		form.Set("csrf", m[1])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Do(http.MethodPost, path, form)
}

// RedeemLink redeems a link as a person does: opens it and presses the button.
func (b *Browser) RedeemLink(link string) Answer {
	b.Server.T.Helper()
	return b.Post(b.Get(link), link)
}

// Session returns the secret of the session; empty where there is none.
func (b *Browser) Session() access.Secret {
	u, _ := url.Parse(URL)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == SessionCookie {
			return access.Secret(c.Value)
		}
	}
	return ""
}

// Want checks the status, and that the answer contains these texts.
func (a Answer) Want(t testing.TB, status int, holds ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s = %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.Main())
	}
	for _, w := range holds {
		if !strings.Contains(a.Text+a.Header.Get("Location"), w) {
			t.Errorf("%s %s does not hold %q:\n%s", a.Request.Method, a.Request.URL.Path, w, a.Main())
		}
	}
}

// Main returns the part of a page that differs from others.
func (a Answer) Main() string {
	if i := strings.Index(a.Text, "<main"); i >= 0 {
		return a.Text[i:]
	}
	return a.Text
}

// HeaderText returns the header as it was sent.
func (a Answer) HeaderText() string {
	var b strings.Builder
	if err := a.Header.Write(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// Lacks checks that the answer contains none of these texts.
func (a Answer) Lacks(t testing.TB, not ...string) {
	t.Helper()
	for _, w := range not {
		if strings.Contains(a.Text, w) {
			t.Errorf("%s %s holds %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
}

// API sends JSON as the console does.
func (b *Browser) API(method, path, body string, change ...func(*http.Request)) Answer {
	b.Server.T.Helper()
	set := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
			r.Body = readCloser{strings.NewReader(body)}
			r.ContentLength = int64(len(body))
		}
	}
	return b.Do(method, "/api/v1"+path, nil, append([]func(*http.Request){set}, change...)...)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// Bearer sends a secret as programs do.
func Bearer(secret access.Secret) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+secret.Reveal())
		r.Header.Del("Sec-Fetch-Site")
	}
}

// Object parses a JSON answer.
func (a Answer) Object(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
		t.Fatalf("%s %s answers %q: %v", a.Request.Method, a.Request.URL, a.Text, err)
	}
	return v
}

// Items returns the objects of a list.
func (a Answer) Items(t testing.TB) (all []map[string]any) {
	t.Helper()
	list, ok := a.Object(t)["items"].([]any)
	if !ok {
		t.Fatalf("%s has no items: %s", a.Request.URL, a.Text)
	}
	for _, x := range list {
		all = append(all, x.(map[string]any))
	}
	return all
}

// Keys returns the fields of an object, sorted, with commas between.
func Keys(m map[string]any) string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// SendRaw sends bytes as they are and reads the response.
func SendRaw(t testing.TB, at, text string) (status int, head http.Header, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(conn, text) // the server may answer, and close, before it has read everything
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to %.60q: %v", text, err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b)
}
