package wire

import (
	"bytes"

	"doorward/backend/access"
)

// MaxHead is the maximum length of request line and header together, in bytes.
const MaxHead = 16 << 10

// bad is the error for a request that two parsers could read differently.
func bad(sentence string) *access.Error {
	return access.Errorf(access.Invalid, "%s", sentence).WithCode("bad_request")
}

var (
	errLineEnd     = bad("The request has a line that does not end in CR LF.")
	errRequestLine = bad("The request line is not a method, an address and a version with one space between them.")
	errMethod      = bad("This server does not know the method of the request.")
	errVersion     = bad("Send HTTP/1.1 or HTTP/1.0.")
	errFold        = bad("The request's header has a line that begins with a space. Send each header on one line.")
	errName        = bad("The request's header has a name that is none: no spaces, and a colon right after it.")
	errValue       = bad("The request's header has a control character in a value.")
	errLength      = bad("The request's Content-Length is not one number.")
	errEncoding    = bad("The request's Transfer-Encoding is not chunked, and nothing else is taken.")
	errTwoFrames   = bad("The request gives its length in two ways. Send either Content-Length or " +
		"Transfer-Encoding, once.")
	errOldChunks = bad("A request in HTTP/1.0 cannot be sent in chunks.")
	errNoHost    = bad("The request names no host.")
	errTwoHosts  = bad("The request names its host more than once.")
	errChunk     = bad("The request's body is not in proper chunks. Extensions and trailers are not taken.")
	errPieces    = bad("The request's body comes in too many small chunks.")

	errHeadTooLarge = access.Errorf(
		access.Invalid,
		"The request's headers are too large: at most %d KiB.",
		MaxHead>>10,
	).WithCode("header_too_large")
	errNoBodyHere = access.Errorf(
		access.Invalid,
		"A request of this method has no body here.",
	).WithCode("body_too_large")
	errBusy = access.Errorf(
		access.Unavailable,
		"The server is busy. Your request was not processed. Try again in a few seconds.",
	).WithCode("busy")
)

func tooLarge(limit int) error {
	if limit == 0 {
		return errNoBodyHere
	}
	return access.Errorf(access.Invalid, "The body is too large: at most %d KiB here.",
		limit>>10).WithCode("body_too_large")
}

// A head is what the first lines of a request say about its framing. Positions
// are offsets in the buffer.
type head struct {
	lines                   int
	method, target, lineEnd int // where each ends
	old                     bool
	hosts, lengths          int
	length                  int
	chunked                 bool
	expect, expectEnd       int // the line with Expect: 100-continue
}

// line parses the line b[from:to], which excludes its CR LF.
func (h *head) line(b []byte, from, to int) error {
	h.lines++
	if h.lines == 1 {
		return h.requestLine(b[:to])
	}
	return h.field(b[from:to], from)
}

func (h *head) requestLine(l []byte) error {
	m, t := bytes.IndexByte(l, ' '), bytes.LastIndexByte(l, ' ')
	if m <= 0 || t <= m+1 || !isToken(l[:m]) {
		return errRequestLine
	}
	if !isMethod(l[:m]) {
		return errMethod
	}
	for _, c := range l[m+1 : t] {
		if c <= ' ' || c == 0x7f {
			return errRequestLine
		}
	}
	switch string(l[t+1:]) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.old = true
	default:
		return errVersion
	}
	h.method, h.target, h.lineEnd = m, t, len(l)
	return nil
}

// isMethod reports whether the router behind knows the method: it answers an
// unknown one on its own, without our headers.
func isMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return true
	}
	return false
}

func (h *head) field(l []byte, at int) error {
	if l[0] == ' ' || l[0] == '\t' {
		return errFold
	}
	colon := bytes.IndexByte(l, ':')
	if colon <= 0 || !isToken(l[:colon]) {
		return errName
	}
	value := l[colon+1:]
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return errValue
		}
	}
	switch colon {
	case len("host"), len("expect"), len("content-length"), len("transfer-encoding"):
		return h.frame(l[:colon], bytes.Trim(value, " \t"), at, at+len(l))
	}
	return nil
}

// frame records a header that determines where the request ends, or which host it
// is for.
func (h *head) frame(name, value []byte, from, to int) (err error) {
	switch {
	case bytes.EqualFold(name, []byte("host")):
		h.hosts++
	case bytes.EqualFold(name, []byte("expect")):
		if bytes.EqualFold(value, []byte("100-continue")) {
			h.expect, h.expectEnd = from, to
		}
	case bytes.EqualFold(name, []byte("content-length")):
		if h.lengths++; h.lengths > 1 {
			return errTwoFrames
		}
		h.length, err = number(value)
	case bytes.EqualFold(name, []byte("transfer-encoding")):
		if h.chunked {
			return errTwoFrames
		}
		if h.chunked = bytes.EqualFold(value, []byte("chunked")); !h.chunked {
			return errEncoding
		}
	}
	return err
}

// end checks the head as a whole.
func (h *head) end() error {
	switch {
	case h.lines == 0:
		return errRequestLine
	case h.chunked && h.old:
		return errOldChunks
	case h.chunked && h.lengths > 0:
		return errTwoFrames
	case h.hosts > 1:
		return errTwoHosts
	case h.hosts == 0 && !h.old:
		return errNoHost
	}
	return nil
}

// number parses a length of digits only, and only one that fits.
func number(b []byte) (n int, err error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, errLength
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, errLength
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

func isToken(b []byte) bool {
	for _, c := range b {
		if !token[c] {
			return false
		}
	}
	return true
}

// token are the characters of a method and of a header's name (RFC 9110, 5.6.2).
var token = func() (is [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		is[c] = true
	}
	return is
}()
