package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

var _ = item(
	"86",
	"X-Forwarded-For from untrusted peers, in several lines, with ports, brackets and lies",
	forwardedFor,
)

// The attacker forges X-Forwarded-For, to hide from the audit log and the limits. From
// a peer that is no trusted proxy the header is ignored. From a trusted one the last
// address that is no proxy counts, over all lines.
func forwardedFor(t *testing.T) {
	plain := openWithAdmin(t)
	plain.arrivedFrom("a@example.com", "X-Forwarded-For: 203.0.113.1\r\n")
	if got := plain.lastSource(); got != "127.0.0.1" {
		t.Errorf("an untrusted peer is believed: %s", got)
	}
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1,10.0.0.0/8")
	for i, tt := range []struct{ lines, want string }{
		{"X-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4, 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4, 203.0.113.1, 10.1.2.3\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 10.0.0.9\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 203.0.113.1:4711\r\n", "203.0.113.1"},
		{"X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"},
		{"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
		{"X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1"},
		{"x-forwarded-for:   203.0.113.1  \r\n", "203.0.113.1"},
		{"X-Forwarded-For: ::ffff:203.0.113.1\r\n", "203.0.113.1"},
		{"Forwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
	} {
		h.arrivedFrom(fmt.Sprintf("p%d@example.com", i), tt.lines)
		if got := h.lastSource(); got != tt.want {
			t.Errorf("%q: the log has %s, want %s", tt.lines, got, tt.want)
		}
	}
	for _, garbled := range []string{
		"X-Forwarded-For: evil\r\n", "X-Forwarded-For: 203.0.113.1, evil\r\n", "X-Forwarded-For: 203.0.113.1;\r\n",
		"X-Forwarded-For: 203.0.113.256\r\n", "X-Forwarded-For: [203.0.113.1\r\n",
	} {
		a, ok := h.raw("GET /login HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + garbled + "\r\n")
		if !ok || a.code != 400 {
			t.Errorf("%q = %d, want 400", garbled, a.code)
		}
	}
	limited := 0
	for i := range 90 {
		a, _ := h.raw(fmt.Sprintf(
			"GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: 9.9.9.%d\r\n"+
				"X-Forwarded-For: 203.0.113.50\r\n\r\n",
			h.Listen,
			i,
		))
		if a.code == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("a line of one's own in front of the proxy's goes round the limit")
	}
}

// arrivedFrom has somebody open their link with these header lines.
func (h *target) arrivedFrom(email, lines string) {
	h.t.Helper()
	m := objects(h.t, h.command("invite", email, "--role", "Fleet", "--print-link", "--json"))
	link := path(str(m[0]["login_link"]))
	b := h.browser()
	form := "csrf=" + b.proof(link)
	a, _ := h.raw("POST " + link + " HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + lines + "Cookie: " +
		h.cookieName("dw-browser") + "=" + b.cookie("dw-browser") +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + fmt.Sprint(len(form)) + "\r\n\r\n" +
		form)
	if a.code != 303 {
		h.t.Errorf("%s with %q = %d", email, lines, a.code)
	}
}

// lastSource is where the last sign-in came from, as the audit log has it.
func (h *target) lastSource() (from string) {
	h.t.Helper()
	for _, e := range h.audit() {
		if e["action"] == "signed_in" {
			from = str(e["from"])
		}
	}
	return from
}

var _ = item(
	"86 behind nginx",
	"lines of X-Forwarded-For that the client sent, through $proxy_add_x_forwarded_for",
	forwardedThroughNginx,
)
var _ = item(
	"86 behind HAProxy",
	"lines of X-Forwarded-For that the client sent, through option forwardfor, which adds a line",
	forwardedThroughHAProxy,
)

// nginx writes the client's lines and its own peer into one; HAProxy adds a line
// of its own after the client's. If the first line counted, a client could choose whom
// the audit log names and the limits count. It has to be the peer of the front, here
// 127.0.0.2, whatever the client sent.
func forwardedThroughNginx(t *testing.T)   { forwardedThrough(t, "nginx") }
func forwardedThroughHAProxy(t *testing.T) { forwardedThrough(t, "haproxy") }

func forwardedThrough(t *testing.T, name string) {
	h, f, _ := fronted(t, name)
	for i, lines := range []string{
		"", "X-Forwarded-For: 1.2.3.4\r\n", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n",
		"X-Forwarded-For: 1.2.3.4, 127.0.0.1\r\n",
		"x-forwarded-for: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n",
		"X-Forwarded-For: [2001:db8::1]:80\r\n",
	} {
		m := objects(t,
			h.command("invite", fmt.Sprintf("f%d@example.com", i), "--role", "Fleet", "--print-link", "--json"))
		link := path(str(m[0]["login_link"]))
		b := h.browser()
		form := "csrf=" + b.proof(link)
		resp := from(
			t,
			"127.0.0.2",
			f.listen,
			"POST "+link+" HTTP/1.1\r\nHost: "+f.listen+"\r\n"+lines+"Cookie: "+
				h.cookieName("dw-browser")+"="+b.cookie("dw-browser")+
				"\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+
				fmt.Sprint(len(form))+
				"\r\n\r\n"+form,
		)
		if resp != 303 {
			t.Errorf("with %q = %d", lines, resp)
			continue
		}
		if got := h.lastSource(); got != "127.0.0.2" {
			t.Errorf("with %q the log has %s", lines, got)
		}
	}
	limited := 0
	for i := range 90 {
		if from(
			t,
			"127.0.0.3",
			f.listen,
			fmt.Sprintf(
				"GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: 9.9.9.%d\r\n"+
					"Connection: close\r\n\r\n",
				f.listen,
				i,
			),
		) == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("a line of one's own goes round the limit")
	}
	if got := from(
		t,
		"127.0.0.4",
		f.listen,
		"GET /api/v1/me HTTP/1.1\r\nHost: "+f.listen+"\r\nAuthorization: Bearer dw_x\r\nConnection: close\r\n\r\n",
	); got != 401 {
		t.Errorf("another client is limited with the first: %d", got)
	}
}

// from sends bytes from an address of this machine and returns the answer's status.
func from(t *testing.T, source, to, text string) int {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}).Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(product.Patience))
	io.WriteString(c, text)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
