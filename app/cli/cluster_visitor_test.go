package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A visitor is somebody's browser, which can be sent to each of the machines.
type visitor struct {
	t    *testing.T
	site *url.URL // the public URL
	jar  http.CookieJar
	line func(*host) http.RoundTripper // how a machine is reached; nil: by a new connection each time
}

// newVisitor is somebody of whom the machines know nothing.
func newVisitor(h *host) *visitor {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	site, err := url.Parse(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	return &visitor{t: h.t, site: site, jar: jar}
}

// at is the visitor's browser, if the public name leads to this machine.
func (v *visitor) at(h *host) *http.Client {
	if v.line != nil {
		return &http.Client{Jar: v.jar, Timeout: patience, Transport: v.line(h)}
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, h.web)
	}
	return &http.Client{Jar: v.jar, Timeout: patience,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// enters is somebody with a role who was invited on this machine, has followed the link, and
// was approved.
func enters(h *host, email, role string) *visitor {
	h.t.Helper()
	var invited struct{ Login_link string }
	h.reads(&invited, "invite", email, "--role", role, "--print-link", "--json")
	v := opens(h, invited.Login_link)
	h.run("approve", email)
	v.page(h, "/") // where the session gets its new secret
	return v
}

// opens follows a login link and presses the button.
func opens(h *host, link string) *visitor {
	h.t.Helper()
	v := newVisitor(h)
	v.follows(h, link)
	return v
}

// follows follows a login link at a machine, and presses the button.
func (v *visitor) follows(h *host, link string) {
	h.t.Helper()
	form := formToken.FindStringSubmatch(v.read(v.at(h).Get(link)))
	if form == nil {
		h.t.Fatal("the page behind a login link has no form")
	}
	v.read(v.at(h).PostForm(link, url.Values{"csrf": {form[1]}}))
}

// page is a page at a machine.
func (v *visitor) page(h *host, path string) string {
	v.t.Helper()
	return v.read(v.at(h).Get(v.site.JoinPath(path).String()))
}

func (v *visitor) read(resp *http.Response, err error) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		v.t.Fatalf("%s = %d, %v: %s", resp.Request.URL, resp.StatusCode, err, text)
	}
	return string(text)
}

// asBrowser is what the visitor's browser sends with a request of a page.
func (v *visitor) asBrowser() http.Header {
	return http.Header{"Cookie": {v.cookie()}, "Sec-Fetch-Site": {"same-origin"}}
}

// cookie is what the visitor's browser sends.
func (v *visitor) cookie() string {
	var all []string
	for _, c := range v.jar.Cookies(v.site) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// reads runs a command and parses what it prints.
func (h *host) reads(out any, args ...string) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.run(args...)), out); err != nil {
		h.t.Fatal(err)
	}
}

// invites invites somebody through a machine, and returns the status; zero: there was no answer.
func invites(ctx context.Context, h *host, token, email string) int {
	status, _ := invited(ctx, h, token, email)
	return status
}

// invited is invites, and returns the answer, too.
func invited(ctx context.Context, h *host, token, email string) (status int, answer string) {
	bearer := http.Header{"Authorization": {"Bearer " + token}}
	return posts(ctx, h, bearer, "/api/v1/invitations", fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, email))
}

// posts changes something through a machine, as whoever these headers are of.
func posts(ctx context.Context, h *host, who http.Header, path, body string) (status int, answer string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.web+path, strings.NewReader(body))
	if err != nil {
		return 0, ""
	}
	r.Host = strings.TrimPrefix(h.url, "http://")
	r.Header = who.Clone()
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}
