package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// What a body may be at the most.
const (
	bodyMost  = 64 << 10
	batchMost = 1 << 20
	depthMost = 16
	keysMost  = 64 // of one object
	digitMost = 32 // characters of one number
)

// checkBody refuses a body that two readers could read in two ways, or that
// costs more to read than it is worth: another type than JSON, too large, not
// UTF-8, nested too deeply, with a key twice, or with something after its end. A
// request without a body is fine.
func (s *Server) checkBody(c *fiber.Ctx) error {
	body := body(c)
	if len(body) == 0 {
		return nil
	}
	if !saysJSON(string(c.Request().Header.ContentType())) {
		return access.Errorf(access.Invalid, "Send JSON, and say so in the header: Content-Type: application/json.").WithCode("unsupported_type")
	}
	most := bodyMost
	if c.Path() == "/api/v1/invitations/batch" {
		most = batchMost
	}
	if len(body) > most {
		return bodyTooLarge(most)
	}
	return checkJSON(body)
}

func bodyTooLarge(most int) *access.Error {
	return access.Errorf(access.Invalid, "The body is too large: at most %d KiB here.", most>>10).WithCode("body_too_large")
}

// saysJSON reports whether a Content-Type is JSON in UTF-8.
func saysJSON(contentType string) bool {
	kind, parameter, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationJSON) {
		return false
	}
	parameter = strings.ToLower(strings.ReplaceAll(parameter, " ", ""))
	return parameter == "" || parameter == "charset=utf-8" || parameter == `charset="utf-8"`
}

// checkJSON says what is wrong with a body, in one pass over it.
func checkJSON(body []byte) error {
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		return badBody("The body begins with a byte order mark. Send it without one.")
	}
	if !utf8.Valid(body) {
		return badBody("The body is not valid text (UTF-8).")
	}
	k := checker{text: body, keys: make([]string, 0, 32)}
	k.space()
	if err := k.value(0); err != nil {
		return err
	}
	if k.space(); k.at < len(body) {
		return badBody("Something follows after the end of the JSON, at byte %d. Send one value.", k.at+1)
	}
	return nil
}

func badBody(format string, args ...any) *access.Error {
	return access.Errorf(access.Invalid, format, args...).WithCode("bad_body")
}

// A checker walks over one JSON text. keys are those of all objects that are
// open, the innermost last.
type checker struct {
	text []byte
	at   int
	keys []string
}

func (k *checker) space() {
	for k.at < len(k.text) {
		switch k.text[k.at] {
		case ' ', '\t', '\n', '\r':
			k.at++
		default:
			return
		}
	}
}

// next is the byte here; zero at the end.
func (k *checker) next() byte {
	if k.at < len(k.text) {
		return k.text[k.at]
	}
	return 0
}

// A syntaxError is one that no reader of JSON would let pass.
type syntaxError struct{ shown *access.Error }

func (e *syntaxError) Error() string { return e.shown.Message }
func (e *syntaxError) Unwrap() error { return e.shown }

func (k *checker) wrong(what string) error {
	if k.at >= len(k.text) {
		return &syntaxError{badBody("The body is not JSON: it ends too early, where there should be %s.", what)}
	}
	return &syntaxError{badBody("The body is not JSON: at byte %d there should be %s.", k.at+1, what)}
}

// value passes over one value that is in depth others.
func (k *checker) value(depth int) error {
	switch c := k.next(); {
	case c == '{' || c == '[':
		if depth == depthMost {
			return badBody("The body is nested too deeply: at most %d levels.", depthMost)
		}
		if c == '{' {
			return k.object(depth + 1)
		}
		return k.array(depth + 1)
	case c == '"':
		_, err := k.str()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return k.number()
	case c == 't':
		return k.literal("true")
	case c == 'f':
		return k.literal("false")
	case c == 'n':
		return k.literal("null")
	}
	return k.wrong("a value")
}

func (k *checker) literal(word string) error {
	if !bytes.HasPrefix(k.text[k.at:], []byte(word)) {
		return k.wrong("a value")
	}
	k.at += len(word)
	return nil
}

func (k *checker) array(depth int) error {
	k.at++
	if k.space(); k.next() == ']' {
		k.at++
		return nil
	}
	for {
		k.space()
		if err := k.value(depth); err != nil {
			return err
		}
		k.space()
		switch k.next() {
		case ',':
			k.at++
		case ']':
			k.at++
			return nil
		default:
			return k.wrong("a comma or ]")
		}
	}
}

func (k *checker) object(depth int) error {
	outer := len(k.keys)
	k.at++
	if k.space(); k.next() == '}' {
		k.at++
		return nil
	}
	for {
		if err := k.pair(outer, depth); err != nil {
			return err
		}
		k.space()
		switch k.next() {
		case ',':
			k.at++
		case '}':
			k.at++
			k.keys = k.keys[:outer]
			return nil
		default:
			return k.wrong("a comma or }")
		}
	}
}

// pair passes over a key and its value. The object's keys begin at outer.
func (k *checker) pair(outer, depth int) error {
	k.space()
	key, err := k.key()
	if err != nil {
		return err
	}
	for _, other := range k.keys[outer:] {
		if other == key {
			return badBody("The key \"%s\" is given twice.", access.Shorten(key, 40)).On(access.Shorten(key, 40))
		}
	}
	if len(k.keys)-outer == keysMost {
		return badBody("An object in the body has more than %d keys, the last \"%s\".", keysMost, access.Shorten(key, 40))
	}
	k.keys = append(k.keys, key)
	if k.space(); k.next() != ':' {
		return k.wrong("a colon")
	}
	k.at++
	k.space()
	return k.value(depth)
}

// str passes over a string. It is plain when it says what it is written as.
func (k *checker) str() (plain bool, err error) {
	plain = true
	k.at++
	for {
		switch c := k.next(); {
		case c == '"':
			k.at++
			return plain, nil
		case c < ' ':
			return false, k.wrong("the end of the text, or what is in it without line breaks and control characters")
		case c == '\\':
			plain = false
			k.at++
			if err := k.escape(); err != nil {
				return false, err
			}
		default:
			k.at++
		}
	}
}

// key passes over a key and returns what it says.
func (k *checker) key() (s string, err error) {
	if k.next() != '"' {
		return "", k.wrong("a key in quotation marks")
	}
	start := k.at
	plain, err := k.str()
	if err != nil {
		return "", err
	}
	if plain {
		return string(k.text[start+1 : k.at-1]), nil
	}
	if err = json.Unmarshal(k.text[start:k.at], &s); err != nil {
		return "", k.wrong("readable text")
	}
	return s, nil
}

func (k *checker) escape() error {
	switch k.next() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		k.at++
		return nil
	case 'u':
		return k.codePoint()
	}
	return k.wrong("an escape such as \\n")
}

// codePoint passes over \uXXXX, and over its other half where it is the first of
// two. A half alone is no character: one reader drops it, another replaces it.
func (k *checker) codePoint() error {
	unit, err := k.unit()
	if err != nil || !utf16.IsSurrogate(unit) {
		return err
	}
	if bytes.HasPrefix(k.text[k.at:], []byte(`\u`)) {
		k.at++
		low, err := k.unit()
		if err != nil || utf16.DecodeRune(unit, low) != unicode.ReplacementChar {
			return err
		}
	}
	return badBody("The body holds half a character, before byte %d. Write the whole.", k.at+1)
}

// unit passes over u and four hexadecimal digits.
func (k *checker) unit() (u rune, err error) {
	k.at++
	for range 4 {
		if !hexDigit(k.next()) {
			return 0, k.wrong("four hexadecimal digits")
		}
		k.at++
	}
	n, err := strconv.ParseUint(string(k.text[k.at-4:k.at]), 16, 16)
	return rune(n), err
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func (k *checker) number() error {
	start := k.at
	if k.next() == '-' {
		k.at++
	}
	if k.next() == '0' {
		k.at++
	} else if err := k.digits(); err != nil {
		return err
	}
	if k.next() == '.' {
		k.at++
		if err := k.digits(); err != nil {
			return err
		}
	}
	if c := k.next(); c == 'e' || c == 'E' {
		k.at++
		if c := k.next(); c == '+' || c == '-' {
			k.at++
		}
		if err := k.digits(); err != nil {
			return err
		}
	}
	return sane(string(k.text[start:k.at]))
}

func (k *checker) digits() error {
	start := k.at
	for c := k.next(); c >= '0' && c <= '9'; c = k.next() {
		k.at++
	}
	if k.at == start {
		return k.wrong("a digit")
	}
	return nil
}

// sane refuses a number that is not one to every reader.
func sane(number string) error {
	if len(number) > digitMost {
		return badBody("A number in the body is longer than %d digits.", digitMost)
	}
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return badBody("The number %s is out of range.", number)
	}
	return nil
}
