package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// Any bytes are sent to the server. It answers with what HTTP has, or closes: it
// never panics, never has a fault of its own, and the next connection is answered
// as ever.
func FuzzRawHTTP(f *testing.F) {
	for _, s := range []string{
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\n", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"HEAD /healthz HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: door.example.com\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\n\r\nemail",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n0\r\n\r\n",
		"POST /api/v1/desktop HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: application/json\r\nContent-Length: 12\r\n" +
			"\r\n{\"code\":\"x\"}",
		"GET /login/%00%ff HTTP/1.1\r\nHost: door.example.com\r\nCookie: dw=\"\\\"; ;=;__Host-dw=\r\n\r\n",
		"GET http://door.example.com/login HTTP/1.1\r\nHost: door.example.com\r\nRange: bytes=0-\r\nIf-None-Match: *\r\n\r\n",
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\nGET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\n" +
			"Authorization: Bearer dw_x\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
			"GET /x HTTP/1.1\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: multipart/form-data; boundary=x\r\n" +
			"Content-Length: 40\r\n\r\n--x\r\nContent-Disposition: form-data; name=a",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET /assets/..%2f..%2fx HTTP/1.1\r\nHost: door.example.com\r\nAccept-Encoding: gzip;q=0, *;q=1e9\r\n\r\n",
		"GET /login?next=//evil HTTP/1.1\nHost: door.example.com\n\n",
	} {
		f.Add([]byte(s))
	}
	h := newHouse(f, func(o *houseOptions) {
		o.Limits = DefaultLimits
		o.Limits.Attempts.Burst, o.Limits.Requests.Burst = 1<<30, 1<<30
	})
	at := h.serve()
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 64<<10 {
			return
		}
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		go func() {
			conn.Write(text)
			conn.(*net.TCPConn).CloseWrite()
		}()
		for in := bufio.NewReader(conn); ; {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				break
			}
			io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
			if resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented &&
				resp.StatusCode != http.StatusHTTPVersionNotSupported {
				t.Errorf("%q is answered %s", text, resp.Status)
			}
			if resp.StatusCode >= 200 && resp.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%q is answered %s without its headers", text, resp.Status)
			}
			if resp.ContentLength < 0 && resp.TransferEncoding == nil { // a body to the end of the connection, or to a HEAD
				break
			}
		}
		if log := h.log.String(); strings.Contains(log, "panic") {
			t.Fatalf("%q: %s", text, log)
		}
		next, err := http.Get("http://" + at + "/healthz")
		if err != nil {
			t.Fatalf("after %q: %v", text, err)
		}
		defer next.Body.Close()
		if next.StatusCode != http.StatusOK {
			t.Errorf("after %q: %s", text, next.Status)
		}
	})
}

// Whatever stands in X-Forwarded-For, and on however many lines: an untrusted peer
// is itself; a trusted one speaks for an address that is not trusted, or for
// itself, or is refused; and nothing that is put in front of what it wrote, on a
// line or as a line, changes whom it means.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{
		"", "203.0.113.1", "1.2.3.4, 203.0.113.1", "203.0.113.1:4711", "[2001:db8::1]:55", "::ffff:10.0.0.1", "evil", ",,",
		"fe80::1%eth0", "10.0.0.1, 10.0.0.2", "1.2.3.4 203.0.113.1", "[203.0.113.1]", strings.Repeat("10.0.0.1,", 40),
	} {
		f.Add(s, "1.2.3.4", true)
		f.Add("9.9.9.9", s, false)
	}
	inside := netip.MustParsePrefix("10.0.0.0/8")
	trusts := func(a netip.Addr) bool { return inside.Contains(a) }
	f.Fuzz(func(t *testing.T, first, second string, both bool) {
		lines := []string{first}
		if both {
			lines = append(lines, second)
		}
		if got, err := clientAddr(addr("192.0.2.1"), lines, trusts); err != nil || got != addr("192.0.2.1") {
			t.Errorf("an untrusted peer with %q is %v, %v", lines, got, err)
		}
		proxy := addr("10.9.9.9")
		got, err := clientAddr(proxy, lines, trusts)
		if err != nil {
			if got.IsValid() || access.Explain(err).Code != "bad_forwarded" {
				t.Errorf("%q is refused with %v, %v", lines, got, err)
			}
			return
		}
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q is %v", lines, got)
		}
		if trusts(got) {
			return // all that was said is of proxies
		}
		for _, lied := range [][]string{
			append([]string{"6.6.6.6"}, lines...),
			append([]string{"evil"}, lines...),
			{"6.6.6.6, " + strings.Join(lines, ", ")},
			{"[, " + strings.Join(lines, ",")},
		} {
			if again, err := clientAddr(proxy, lied, trusts); err != nil || again != got {
				t.Errorf("%q is %v, and with a lie in front, %q, it is %v, %v", lines, got, lied, again, err)
			}
		}
	})
}
