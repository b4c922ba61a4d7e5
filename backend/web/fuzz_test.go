package web_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Any bytes are sent to the server. It answers with valid HTTP, or closes: it
// never panics, never has an internal error, and the next connection works as
// usual.
func FuzzRawHTTP(f *testing.F) {
	for _, s := range []string{
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\n", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"HEAD /healthz HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: door.example.com\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\n\r\nemail",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n0\r\n\r\n",
		"POST /api/v1/desktop HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: " +
			"application/json\r\nContent-Length: 12\r\n" +
			"\r\n{\"code\":\"x\"}",
		"GET /login/%00%ff HTTP/1.1\r\nHost: door.example.com\r\nCookie: dw=\"\\\"; ;=;__Host-dw=\r\n\r\n",
		"GET http://door.example.com/login HTTP/1.1\r\nHost: door.example.com\r\nRange: bytes=0-\r\nIf-None-Match: " +
			"*\r\n\r\n",
		"GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\nGET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\n" +
			"Authorization: Bearer dw_x\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Length: 5\r\nTransfer-Encoding: " +
			"chunked\r\n\r\n0\r\n\r\n" +
			"GET /x HTTP/1.1\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: multipart/form-data; boundary=x\r\n" +
			"Content-Length: 40\r\n\r\n--x\r\nContent-Disposition: form-data; name=a",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET /assets/..%2f..%2fx HTTP/1.1\r\nHost: door.example.com\r\nAccept-Encoding: gzip;q=0, *;q=1e9\r\n\r\n",
		"GET /login?next=//evil HTTP/1.1\nHost: door.example.com\n\n",
	} {
		f.Add([]byte(s))
	}
	srv := webtest.New(f, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts.Burst, o.Limits.Requests.Burst = 1<<30, 1<<30
	})
	at := srv.Serve()
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 64<<10 {
			return
		}
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(webtest.Patience)); err != nil {
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
			// a body that ends with the connection, or the answer to a HEAD
			if resp.ContentLength < 0 && resp.TransferEncoding == nil {
				break
			}
		}
		if log := srv.Log.String(); strings.Contains(log, "panic") {
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
