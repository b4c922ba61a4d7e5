package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// probes are requests whose end two readers may see in two places. MARK is the request
// that is hidden in the body; HOST is the server.
var probes = map[string]string{
	"a length, and chunks": "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: BODY\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nMARK",
	"chunks, and a length": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: " +
		"chunked\r\nContent-Length: 5\r\n" +
		"\r\n0\r\n\r\nMARK",
	"chunked twice": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n" +
		"Transfer-Encoding: identity\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"chunked, and unknown": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, cow\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"an unknown encoding": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"white space before a colon": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a length before a colon": "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length : BODY\r\n\r\n0\r\n\r\nMARK",
	"a tab in the value": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\tchunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a folded line": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\n chunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"two lengths": "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: BODY\r\n" +
		"\r\n0\r\n\r\nMARK",
	"lengths in one line":  "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5, BODY\r\n\r\n0\r\n\r\nMARK",
	"a length with a sign": "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: +5\r\n\r\n0\r\n\r\nMARK",
	"a length in octal":    "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x5\r\n\r\n0\r\n\r\nMARK",
	"HTTP/1.0, with chunks": "POST /login HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nMARK",
	"bare line feeds": "POST /login HTTP/1.1\nHost: HOST\nContent-Length: 5\n\n0\r\n\r\nMARK",
	"a bare line feed between": "POST /login HTTP/1.1\r\nHost: HOST\r\nX: y\nTransfer-Encoding: chunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a bare carriage return": "POST /login HTTP/1.1\r\nHost: HOST\r\nX: y\rTransfer-Encoding: chunked\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"two hosts": "GET /login HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\nContent-Length: BODY\r\n" +
		"\r\n0\r\n\r\nMARK",
	"a chunk size with a tail": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;\nxx\r\n" +
		"12345\r\n0\r\n\r\nMARK",
	"a chunk size in sixteens": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n" +
		"12345\r\n0\r\n\r\nMARK",
	"a chunk that ends otherwise": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" +
		"12345XX0\r\n\r\nMARK",
	"a trailer with a length": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
		"Content-Length: 5\r\n\r\nMARK",
	"a body with GET": "GET /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a header without a colon": "GET /login HTTP/1.1\r\nHost: HOST\r\nX-Odd\r\nContent-Length: BODY\r\n\r\n0\r\n" +
		"\r\nMARK",
	"expecting to go on": "POST /login HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"an upgrade": "GET /login HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Content-Length: BODY\r\n\r\n0\r\n\r\nMARK",
}

// probe writes one of them, with a hidden request for /MARK.
func probe(text, host, mark string) string {
	hidden := "GET /" + mark + " HTTP/1.1\r\nHost: " + host + "\r\nX-Hidden: 1\r\n\r\n"
	return strings.NewReplacer("HOST", host, "MARK", hidden, "BODY", fmt.Sprint(5+len(hidden))).Replace(text)
}

var _ = item(
	"framing behind nginx",
	"requests that a proxy and the server split in different places (26 probes)",
	smuggledThroughNginx,
)
var _ = item(
	"framing behind HAProxy",
	"requests that a proxy and the server split in different places (26 probes)",
	smuggledThroughHAProxy,
)

// The front sees one request and sends it on; the server sees two, and answers
// the second to the next client on the same connection. After each probe honest
// requests go over the connections that the front shares: each has to get its own
// kind of answer (the hidden request would get a page, and they get JSON), and on
// no connection may more be answered than the front had sent.
func smuggledThroughNginx(t *testing.T)   { smuggledThrough(t, "nginx") }
func smuggledThroughHAProxy(t *testing.T) { smuggledThrough(t, "haproxy") }

func smuggledThrough(t *testing.T, name string) {
	h, f, tap := fronted(t, name)
	for what, text := range probes {
		mark := fmt.Sprintf("mark-%x", fmt.Sprintf("%.8s", what))
		through(t, f, probe(text, f.listen, mark))
		for i := range 4 {
			resp, err := http.Get(fmt.Sprintf("http://%s/api/v1/honest-%s-%d", f.listen, mark, i))
			if err != nil {
				t.Errorf("%s: an honest request afterwards: %v", what, err)
				continue
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 404 || kind != "application/problem+json" {
				t.Errorf("%s: an honest request afterwards = %d, %s: %.200s", what, resp.StatusCode, kind, body)
			}
		}
		for _, fault := range tap.faults() {
			t.Fatalf("%s: %s", what, fault)
		}
	}
	if n := tap.carried(); n < 4*len(probes) {
		t.Errorf("only %d requests came through", n)
	}
	h.alive()
}

// through sends bytes to the front and reads all that it answers.
func through(t *testing.T, f *front, text string) {
	t.Helper()
	c, err := net.Dial("tcp", f.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(product.Patience))
	io.WriteString(c, text)
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, c)
}

// requests counts the requests that a front sent. It frames each as its head says.
func requests(sent string) (n int) {
	sent = strings.ReplaceAll(sent, " HTTP/1.0\r\n", " HTTP/1.1\r\n") // which may have chunks for this reader, too
	in := bufio.NewReader(strings.NewReader(sent))
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return n
		}
		n++
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return n
		}
	}
}

var _ = item("framing", "the same probes without a proxy: the hidden request is never answered", smuggledAlone)

// The same without a front. What the server reads as a second request a front may
// read as a body. A request that can end in two places is refused, and the connection
// closed; a well-framed one is one request.
func smuggledAlone(t *testing.T) {
	h := openWithAdmin(t)
	fine := map[string]bool{
		"a tab in the value":      true,
		"a trailer with a length": true,
		"a body with GET":         true,
		"expecting to go on":      true,
		"an upgrade":              true,
	}
	for what, text := range probes {
		mark := fmt.Sprintf("mark-%x", fmt.Sprintf("%.8s", what))
		w := h.dial()
		go func() {
			io.WriteString(w, probe(text, h.Listen, mark))
			w.Conn.(*net.TCPConn).CloseWrite()
		}()
		first, ok := w.answer()
		if ok && first.code == 100 {
			first, ok = w.answer()
		}
		second, more := w.answer()
		if fine[what] {
			continue
		}
		if ok && (first.code < 400 || first.code >= 500) {
			t.Errorf("%s = %d", what, first.code)
		}
		if more {
			t.Errorf("%s: the hidden request was answered, %d", what, second.code)
		}
	}
	h.alive()
}
