package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// A browser has cookies of its own.
type browser struct {
	h      *target
	jar    *cookiejar.Jar
	client *http.Client
	always []change // made to each of its requests
}

// A change is made to a request before it is sent.
type change func(*http.Request)

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func bearer(token string) change { return header("Authorization", "Bearer "+token) }

// forwarded sets the client that a trusted proxy names.
func forwarded(from string) change { return header("X-Forwarded-For", from) }

// browser returns a browser without cookies; changes are made to all its
// requests.
func (h *target) browser(always ...change) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", h.Listen)
	}}
	h.t.Cleanup(transport.CloseIdleConnections)
	return &browser{
		h:      h,
		jar:    jar,
		always: always,
		client: &http.Client{Transport: transport, Timeout: product.Patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// site is the URL that the browser's cookies belong to.
func (b *browser) site() *url.URL {
	u, err := url.Parse(b.h.origin())
	if err != nil {
		b.h.t.Fatal(err)
	}
	return u
}

// cookieName is the full name of the cookie "dw" or "dw-browser".
func (h *target) cookieName(name string) string {
	u, err := url.Parse(h.origin())
	if err != nil {
		h.t.Fatal(err)
	}
	if u.Scheme == "https" {
		name = "__Host-" + name
	}
	if u.Port() != "" {
		name += "-" + u.Port()
	}
	return name
}

// cookie is the value of the browser's cookie "dw" or "dw-browser".
func (b *browser) cookie(name string) string {
	for _, c := range b.jar.Cookies(b.site()) {
		if c.Name == b.h.cookieName(name) {
			return c.Value
		}
	}
	return ""
}

// An answer is a response, read to its end.
type answer struct {
	t      *testing.T
	asked  string
	code   int
	header http.Header
	body   string
}

// do sends one request with the cookies of the site, on whatever address it listens.
func (b *browser) do(method, path string, body io.Reader, changes ...change) answer {
	b.h.t.Helper()
	r, err := http.NewRequest(method, b.h.URL+path, body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	r.Host = b.h.host()
	for _, c := range b.jar.Cookies(b.site()) {
		r.AddCookie(c)
	}
	for _, change := range slices.Concat(b.always, changes) {
		change(r)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.h.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	b.jar.SetCookies(b.site(), resp.Cookies())
	if s := b.cookie("dw"); s != "" {
		b.h.secret(s)
	}
	return answer{b.h.t, method + " " + path, resp.StatusCode, resp.Header, string(text)}
}

func (b *browser) get(path string, changes ...change) answer {
	b.h.t.Helper()
	return b.do("GET", path, nil, changes...)
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form with pairs of fields, without a token.
func (b *browser) post(path string, fields []string, changes ...change) answer {
	b.h.t.Helper()
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	return b.do("POST", path, strings.NewReader(f.Encode()), append([]change{form}, changes...)...)
}

// proof is the form token on a page.
func (b *browser) proof(page string) string {
	b.h.t.Helper()
	a := b.get(page)
	m := formToken.FindStringSubmatch(a.body)
	if m == nil {
		b.h.t.Fatalf("%s (%d) has no form: %.300s", page, a.code, a.body)
	}
	return m[1]
}

// press opens a page and sends its form to a path.
func (b *browser) press(page, to string, fields ...string) answer {
	b.h.t.Helper()
	return b.post(to, append([]string{"csrf", b.proof(page)}, fields...))
}

// ask asks for a sign-in email.
func (b *browser) ask(email string) answer {
	b.h.t.Helper()
	return b.press("/login", "/login", "email", email)
}

// api asks the API as the console does: with the session's cookie, from a page
// of ours, in JSON.
func (b *browser) api(method, path string, body any, changes ...change) answer {
	b.h.t.Helper()
	ours := []change{header("Sec-Fetch-Site", "same-origin"), header("Sec-Fetch-Mode", "cors")}
	var in io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			b.h.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	if method != "GET" && method != "HEAD" {
		ours = append(ours, header("Content-Type", "application/json"))
		if in == nil {
			in = strings.NewReader("{}")
		}
	}
	return b.do(method, "/api/v1"+path, in, append(ours, changes...)...)
}

// want fails the test unless the answer has one of these statuses.
func (a answer) want(codes ...int) answer {
	a.t.Helper()
	if !slices.Contains(codes, a.code) {
		a.t.Errorf("%.120s = %d, want %v: %.300s", a.asked, a.code, codes, a.text())
	}
	return a
}

// leads fails the test unless the answer is a redirect there.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if got := a.header.Get("Location"); a.code != 303 || got != to {
		a.t.Errorf("%.120s = %d to %q, want 303 to %q", a.asked, a.code, got, to)
	}
	return a
}

// has fails the test unless the body holds all of these.
func (a answer) has(all ...string) answer {
	a.t.Helper()
	for _, s := range all {
		if !strings.Contains(a.body, s) {
			a.t.Errorf("%.120s (%d) lacks %q: %.300s", a.asked, a.code, s, a.text())
		}
	}
	return a
}

// lacks fails the test where the answer holds any of these.
func (a answer) lacks(all ...string) answer {
	a.t.Helper()
	whole := fmt.Sprint(a.header) + a.body
	for _, s := range all {
		if s != "" && strings.Contains(whole, s) {
			a.t.Errorf("%.120s (%d) holds %.60q", a.asked, a.code, s)
		}
	}
	return a
}

// object is the answer's JSON.
func (a answer) object() (o map[string]any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		a.t.Fatalf("%.120s (%d) is no object: %v: %.300s", a.asked, a.code, err, a.body)
	}
	return o
}

// items are those of a list.
func (a answer) items() (all []map[string]any) {
	a.t.Helper()
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		a.t.Fatalf("%.120s (%d) is no list: %v: %.300s", a.asked, a.code, err, a.body)
	}
	return list.Items
}

var tags = regexp.MustCompile(`(?s)<head>.*?</head>|<[^>]*>|\s+`)
