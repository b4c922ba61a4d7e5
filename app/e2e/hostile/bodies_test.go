package hostile

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
)

var _ = item("51", "more is sent than anybody needs: addresses, headers, bodies, chunks without an end", sizes)

// Each part of a request has a limit, and one byte more is refused, also if no length
// or a false one is announced.
func sizes(t *testing.T) {
	h := openWithAdmin(t)
	host := "Host: " + h.Listen + "\r\n"
	status := func(text string) int {
		a, _ := h.raw(text)
		return a.code
	}
	long := func(n int) string { return "/login?x=" + strings.Repeat("x", n-len("/login?x=")) }
	if got := status("GET " + long(8<<10) + " HTTP/1.1\r\n" + host + "\r\n"); got != 200 {
		t.Errorf("an address of 8 KiB = %d", got)
	}
	if got := status("GET " + long(8<<10+1) + " HTTP/1.1\r\n" + host + "\r\n"); got != 414 {
		t.Errorf("one byte more = %d", got)
	}
	if got := status("GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n"); got != 431 {
		t.Errorf("headers of 17 KiB = %d", got)
	}
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "X-%d: 12345678\r\n", i)
	}
	if got := status("GET /login HTTP/1.1\r\n" + host + many.String() + "\r\n"); got != 431 {
		t.Errorf("2,000 headers = %d", got)
	}
	pad := func(n int) string {
		const head, tail = `{"email":"x@example.com","roles":["Fleet"],"note":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	h.admin.api("POST", "/invitations", pad(64<<10)).want(422)
	h.admin.api("POST", "/invitations", pad(64<<10+1)).want(413)
	ada := h.browser()
	proof := ada.proof("/login")
	ada.post("/login", []string{"csrf", proof, "email", "x@example.com", "pad", strings.Repeat("x", 15<<10)}).want(200)
	ada.post("/login", []string{"csrf", proof, "email", "x@example.com", "pad", strings.Repeat("x", 17<<10)}).want(413)
	for _, path := range []string{"/login", "/api/v1/invitations", "/nowhere", "/api/v1/invitations/batch"} {
		for name, body := range map[string]string{
			"10 MB announced":         "Content-Length: 10485760\r\n\r\n",
			"a length beyond numbers": "Content-Length: 99999999999999999999\r\n\r\n",
			"a negative length":       "Content-Length: -1\r\n\r\n",
			"chunks without an end": "Transfer-Encoding: chunked\r\n\r\n" +
				strings.Repeat("10000\r\n"+strings.Repeat(" ", 64<<10)+"\r\n", 40),
			"a chunk beyond numbers": "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n",
		} {
			a, ok := h.raw("POST " + path + " HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n" + body)
			if ok && (a.code < 400 || a.code >= 500) {
				t.Errorf("%s to %s = %d", name, path, a.code)
			}
		}
	}
	h.alive()
}

var _ = item("52", "JSON that two parsers read differently, or that is expensive to parse", jsonBodies)

// Of a key that occurs twice one reader takes the first value and another the last. A
// body nested ten thousand levels deep crashes a careless parser. The server accepts
// one object of known fields, nested no deeper than needed.
func jsonBodies(t *testing.T) {
	h := openWithAdmin(t)
	for name, body := range map[string]string{
		"60,000 brackets":         strings.Repeat("[", 60_000),
		"nested objects":          strings.Repeat(`{"a":`, 5000),
		"a key twice":             `{"email":"a@example.com","email":"b@example.com","roles":["Fleet"]}`,
		"once escaped":            `{"email":"a@example.com","\u0065mail":"b@example.com","roles":["Fleet"]}`,
		"in capitals":             `{"EMAIL":"a@example.com","roles":["Fleet"]}`,
		"unknown":                 `{"email":"a@example.com","roles":["Fleet"],"verified":true}`,
		"something after it":      `{"email":"a@example.com","roles":["Fleet"]} {}`,
		"a byte order mark":       "\ufeff" + `{"email":"a@example.com","roles":["Fleet"]}`,
		"a number beyond numbers": `{"email":1e999,"roles":["Fleet"]}`,
		"a comment":               `{"email":"a@example.com",/**/"roles":["Fleet"]}`,
		"not UTF-8":               "{\"email\":\"a\xff@example.com\",\"roles\":[\"Fleet\"]}",
		"half a surrogate":        `{"email":"a@example.com","name":"\ud800","roles":["Fleet"]}`,
		"a list":                  `[]`,
		"null":                    `null`,
		"a string":                `"x"`,
		"nothing":                 ``,
		"single quotes":           `{'email':'a@example.com'}`,
		"10,000 keys":             `{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 10_000), ",") + `}`,
		"a role twice":            `{"email":"a@example.com","roles":["Fleet","Fleet"],"roles":["Admin"]}`,
		"__proto__":               `{"email":"a@example.com","roles":["Fleet"],"__proto__":{"x":1}}`,
		"a trailing comma":        `{"email":"a@example.com","roles":["Fleet"],}`,
		"a long number":           `{"email":` + strings.Repeat("9", 60_000) + `}`,
	} {
		if a := h.admin.api("POST", "/invitations", body); a.code != 400 && a.code != 422 {
			t.Errorf("%s = %d: %.200s", name, a.code, a.body)
		}
	}
	if n := len(h.admin.api("GET", "/members?state=pending", nil).items()); n != 0 {
		t.Errorf("%d people were invited by bodies that were refused", n)
	}
}

// pack is zeros, compressed the given number of times.
func pack(t *testing.T, size int64, by ...func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	zeros := io.LimitReader(zero{}, size)
	var out []byte
	for i, open := range by {
		var b bytes.Buffer
		w := open(&b)
		var err error
		if i == 0 {
			_, err = io.Copy(w, zeros)
		} else {
			_, err = w.Write(out)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		out = b.Bytes()
	}
	return out
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ = item("53", "10 KB that decompress to gigabytes, at every path that accepts a body", compressedBodies)

// Ten thousand bytes, compressed twice, once expanded to six gigabytes before anybody
// checked who had sent them, and ended the server. A compressed body is refused on
// every path, whatever its encoding, before it is read.
func compressedBodies(t *testing.T) {
	h := openWithAdmin(t)
	zip := func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, gzip.BestCompression); return z }
	raw := func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, flate.BestCompression); return z }
	lib := func(w io.Writer) io.WriteCloser { z, _ := zlib.NewWriterLevel(w, zlib.BestCompression); return z }
	const size = 64 << 20
	bombs := []struct {
		encoding string
		body     []byte
	}{
		{"gzip, gzip", pack(t, size, zip, zip)},
		{"gzip", pack(t, 8<<20, zip)},
		{"deflate", pack(t, 8<<20, raw)},
		{"deflate", pack(t, 8<<20, lib)},
		{"br", []byte("\xa1\xff\xff\x0f")},
		{"zstd", []byte("(\xb5/\xfd")},
		{"GZIP", pack(t, 8<<20, zip)},
		{"x-gzip", pack(t, 8<<20, zip)},
		{"identity, gzip", pack(t, 8<<20, zip)},
		{" gzip", pack(t, 8<<20, zip)},
		{"compress", []byte("x")},
		{"nonsense", []byte("x")},
		{"gzip, identity", pack(t, 8<<20, zip)},
	}
	_, link := h.invite("ada@example.com")
	for _, path := range []string{
		"/login", "/login/code", link, link + "/renew", "/setup/" + strings.Repeat("A", 43), "/logout", "/pending/note",
		"/desktop", "/api/v1/desktop", "/api/v1/invitations", "/api/v1/invitations/batch", "/nowhere", "/healthz",
		"/admin/x",
	} {
		for _, bomb := range bombs {
			b := h.browser()
			a := b.do(
				"POST",
				path,
				bytes.NewReader(bomb.body),
				header("Content-Encoding", bomb.encoding),
				header("Content-Type", "application/x-www-form-urlencoded"),
				header("Sec-Fetch-Site", "same-origin"),
			)
			if a.code != 415 {
				t.Errorf("%s to %.12s = %d", bomb.encoding, path, a.code)
			}
		}
	}
	both := h.browser()
	two := func(text string) int {
		a, _ := h.raw("POST /login HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + text +
			"Content-Type: application/x-www-form-urlencoded\r\nCookie: " +
			h.cookieName("dw-browser") + "=" + both.cookie("dw-browser") +
			"\r\nContent-Length: 1\r\n\r\nx")
		return a.code
	}
	both.get("/login")
	if got := two("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"); got != 415 && got != 400 {
		t.Errorf("two lines of which one says gzip = %d", got)
	}
	h.alive()
}
