package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"doorward/backend/access"
)

const limit = 1000

// feed passes a request in pieces, as it would arrive, and returns its length; 0
// where it is incomplete.
func feed(text string, piece int) (whole int, err error) {
	var f frame
	f.limit = limit
	for end := min(piece, len(text)); ; end = min(end+piece, len(text)) {
		b := []byte(text[:end])
		if !f.ended {
			err = f.readHead(b)
		}
		if err == nil && f.ended {
			if f.length > limit {
				return 0, tooLarge(limit)
			}
			whole, err = f.whole(b)
		}
		if whole > 0 || err != nil || end == len(text) {
			return whole, err
		}
	}
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n"

func post(header, body string) string {
	return "POST / HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n" + body
}

// A request that two servers read differently smuggles another one past a proxy.
// Each such way is refused, whole or byte by byte; an unambiguous request is
// accepted with its exact end, whatever follows it.
func TestFraming(t *testing.T) {
	const chunked = "Transfer-Encoding: chunked"
	tests := []struct {
		name, text string
		whole      int // 0: refused; -1: all of it; else that many bytes
	}{
		{"a plain one", get + "\r\n", -1},
		{"one and the next", get + "\r\nGET /two HTTP/1.1\r\n", len(get) + 2},
		{"a body", post("Content-Length: 3", "abc"), -1},
		{"a body and more", post("Content-Length: 3", "abcdef"), len(post("Content-Length: 3", "abc"))},
		{"leading zeros", post("Content-Length: 0003", "abc"), -1},
		{"any case", post("content-LENGTH:3", "abc"), -1},
		{"chunks", post(chunked, "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), -1},
		{"chunks and more", post(chunked, "0\r\n\r\nGET /two"), len(post(chunked, "0\r\n\r\n"))},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", -1},
		{"a value in another alphabet", get + "X: \xc3\xa9\t.\r\n\r\n", -1},

		{"both lengths", post("Content-Length: 3\r\n"+chunked, "0\r\n\r\n"), 0},
		{"both lengths, turned round", post(chunked+"\r\nContent-Length: 3", "0\r\n\r\n"), 0},
		{"two lengths", post("Content-Length: 3\r\nContent-Length: 4", "abcd"), 0},
		{"the same length twice", post("Content-Length: 3\r\nContent-Length: 3", "abc"), 0},
		{"a list of lengths", post("Content-Length: 3, 3", "abc"), 0},
		{"a length with a sign", post("Content-Length: +3", "abc"), 0},
		{"a negative length", post("Content-Length: -3", "abc"), 0},
		{"a length in hexadecimal", post("Content-Length: 0x3", "abc"), 0},
		{"no length", post("Content-Length:", "abc"), 0},
		{"a length that fits nowhere", post("Content-Length: 99999999999999999999", "abc"), 0},
		{"chunked and identity", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), 0},
		{"chunked twice", post(chunked+"\r\n"+chunked, "0\r\n\r\n"), 0},
		{"identity", post("Transfer-Encoding: identity", ""), 0},
		{"gzip", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 0},
		{"an unknown encoding", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 0},
		{"chunked with a form feed", post("Transfer-Encoding: \fchunked", "0\r\n\r\n"), 0},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\n" + chunked + "\r\n\r\n0\r\n\r\n", 0},
		{"a space before the colon", post("Content-Length : 3", "abc"), 0},
		{"a tab before the colon", post("Transfer-Encoding\t: chunked", "0\r\n\r\n"), 0},
		{"a name of two words", get + "X Y: a\r\n\r\n", 0},
		{"no name", get + ": a\r\n\r\n", 0},
		{"no colon", get + "X\r\n\r\n", 0},
		{"a folded line", get + "X: a\r\n b\r\n\r\n", 0},
		{"a first line that is folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0},
		{"a bare LF", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 0},
		{"a bare LF in the first line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 0},
		{"a bare LF at the end", get + "\n", 0},
		{"only LFs", "GET / HTTP/1.1\nHost: a\n\n", 0},
		{"a bare CR", get + "X: a\rb\r\n\r\n", 0},
		{"a NUL in a value", get + "X: a\x00b\r\n\r\n", 0},
		{"a NUL in a name", get + "X\x00: a\r\n\r\n", 0},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 0},
		{"two hosts", get + "Host: a\r\n\r\n", 0},
		{"two hosts, by case", get + "hOST: b\r\n\r\n", 0},
		{"HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", 0},
		{"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", 0},
		{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0},
		{"http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", 0},
		{"HTTP/0.9", "GET /\r\n\r\n", 0},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"a space in the address", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"an empty line first", "\r\n" + get + "\r\n", 0},
		{"a method that nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"a method that is none", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"a chunk without its end", post(chunked, "3\r\nabcde0\r\n\r\n"), 0},
		{"a chunk that ends in LF", post(chunked, "3\nabc\r\n0\r\n\r\n"), 0},
		{"a chunk with a sign", post(chunked, "+3\r\nabc\r\n0\r\n\r\n"), 0},
		{"a chunk with 0x", post(chunked, "0x3\r\nabc\r\n0\r\n\r\n"), 0},
		{"a chunk without a size", post(chunked, "\r\nabc\r\n0\r\n\r\n"), 0},
		{"a chunk of a size beyond all", post(chunked, "ffffffffffffffff\r\n"), 0},
		{"a chunk with an extension", post(chunked, "3;a=b\r\nabc\r\n0\r\n\r\n"), 0},
		{"a trailer", post(chunked, "0\r\nX: a\r\n\r\n"), 0},
		{"a header that never ends", get + "X: " + strings.Repeat("a", MaxHead), 0},
		{"a line that never ends", strings.Repeat("a", MaxHead+1), 0},
		{"many small chunks", post(chunked, strings.Repeat("1\r\na\r\n", limit)+"0\r\n\r\n"), 0},
	}
	for _, tt := range tests {
		for _, piece := range []int{len(tt.text), 1, 7} {
			whole, err := feed(tt.text, piece)
			var shown *access.Error
			switch {
			case tt.whole == 0 && (!errors.As(err, &shown) || shown.Message == ""):
				t.Errorf("%s, %d bytes at a time: %d, %v, want a refusal", tt.name, piece, whole, err)
			case tt.whole == -1 && whole != len(tt.text), tt.whole > 0 && whole != tt.whole:
				t.Errorf("%s, %d bytes at a time: %d, %v", tt.name, piece, whole, err)
			}
		}
	}
}

// A body, all chunks together, and a head, each one byte below, at, and above the
// limit.
func TestLengthsHaveAnEnd(t *testing.T) {
	chunk := func(n int) string {
		return post(
			"Transfer-Encoding: chunked",
			fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n",
				n-limit/2, strings.Repeat("a", n-limit/2), limit/2, strings.Repeat("b", limit/2)),
		)
	}
	body := func(n int) string { return post(fmt.Sprintf("Content-Length: %d", n), strings.Repeat("a", n)) }
	head := func(n int) string { return get + "X: " + strings.Repeat("a", n-len(get+"X: \r\n\r\n")) + "\r\n\r\n" }
	for _, tt := range []struct {
		name string
		of   func(int) string
		at   int
	}{{"a body", body, limit}, {"chunks", chunk, limit}, {"a head", head, MaxHead}} {
		for n := tt.at - 1; n <= tt.at+1; n++ {
			text := tt.of(n)
			whole, err := feed(text, 333)
			if taken := err == nil && whole == len(text); taken != (n <= tt.at) {
				t.Errorf("%s of %d: %d, %v", tt.name, n, whole, err)
			}
		}
	}
}

// Any bytes arrive in any pieces: the result does not depend on the pieces, and
// no request ends beyond what has arrived.
func FuzzFraming(f *testing.F) {
	for _, s := range []string{
		get + "\r\n", post("Content-Length: 3", "abc"), post("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
		"GET / HTTP/1.1\nHost: a\n\n",
	} {
		f.Add([]byte(s), byte(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece byte) {
		at, err := feed(string(text), max(len(text), 1))
		slowly, err2 := feed(string(text), int(piece)+1)
		if at != slowly && err == nil && err2 == nil || at > len(text) {
			t.Errorf("at once %d, %v; in pieces %d, %v", at, err, slowly, err2)
		}
		if at > 0 && !bytes.Contains(text[:at], []byte("\r\n\r\n")) {
			t.Errorf("a request without the end of its head: %q", text[:at])
		}
	})
}
