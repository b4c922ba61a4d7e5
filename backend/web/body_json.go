package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// Limits of a JSON body.
const (
	maxBody      = 64 << 10
	maxBatchBody = 1 << 20
	maxDepth     = 16
	maxKeys      = 64 // of one object
	maxDigits    = 32 // characters of one number
)

// The only paths with a large body.
const (
	batchPath = "/api/v1/invitations/batch"
	logoPath  = "/api/v1/settings/logo"
)

// largeBodies are the paths where a body may be large, and who may send one.
var largeBodies = map[string]access.Permission{
	batchPath: access.May(access.DoInvite, access.ResMembers),
	logoPath:  access.May(access.Change, access.ResSettings),
}

// readBody parses the JSON of a request and keeps it for JSON. It refuses a body
// that two parsers could read differently, or that costs too much to parse:
// another type than JSON, too large, not UTF-8, nested too deeply, with a
// duplicate key, or with data after its end. A request without a body is fine.
func readBody(c *fiber.Ctx) error {
	body := body(c)
	if len(body) == 0 {
		return nil
	}
	if !saysJSON(string(c.Request().Header.ContentType())) {
		return access.Errorf(
			access.Invalid,
			"Send JSON with this header: Content-Type: application/json.",
		).WithCode("unsupported_type")
	}
	limit := maxBody
	if _, large := largeBodies[c.Path()]; large {
		limit = maxBatchBody
	}
	if len(body) > limit {
		return BodyTooLarge(limit)
	}
	read, err := readJSON(body)
	c.Locals(bodyKey, read)
	return err
}

// BodyTooLarge is the error for a body of more than limit bytes.
func BodyTooLarge(limit int) *access.Error {
	return access.Errorf(
		access.Invalid,
		"The body is too large: at most %d KiB here.",
		limit>>10,
	).WithCode("body_too_large")
}

// JSON returns the parsed body of a request, as encoding/json parses it into an
// any; sent reports whether there was one.
func JSON(c *fiber.Ctx) (read any, sent bool) { return c.Locals(bodyKey), len(body(c)) > 0 }

// saysJSON reports whether a Content-Type is JSON in UTF-8.
func saysJSON(contentType string) bool {
	kind, parameter, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationJSON) {
		return false
	}
	parameter = strings.ToLower(strings.ReplaceAll(parameter, " ", ""))
	return parameter == "" || parameter == "charset=utf-8" || parameter == `charset="utf-8"`
}

// readJSON parses one JSON text strictly, into what encoding/json makes of it.
func readJSON(text []byte) (any, error) {
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		return nil, badBody("The body begins with a byte order mark. Send it without one.")
	}
	if !utf8.Valid(text) {
		return nil, badBody("The body is not valid text (UTF-8).")
	}
	r := jsonReader{json.NewDecoder(bytes.NewReader(text))}
	r.tokens.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	end := r.tokens.InputOffset()
	if _, err := r.tokens.Token(); err != io.EOF {
		return nil, badBody("The body continues after the JSON value, at byte %d. Send one value.", end+1)
	}
	return v, wholeCharacters(text)
}

func badBody(format string, args ...any) *access.Error {
	return access.Errorf(access.Invalid, format, args...).WithCode("bad_body")
}

type jsonReader struct{ tokens *json.Decoder }

// token returns the next token, which valid JSON has.
func (r jsonReader) token() (json.Token, error) {
	t, err := r.tokens.Token()
	if err == nil {
		return t, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, badBody("The body is not JSON: it ends too early.")
	}
	return nil, badBody("The body is not JSON: it cannot be read after byte %d.", r.tokens.InputOffset())
}

// value parses one value at this nesting depth.
func (r jsonReader) value(depth int) (any, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		return number(t.String())
	case json.Delim:
		if depth == maxDepth {
			return nil, badBody("The body is nested too deeply: at most %d levels.", maxDepth)
		}
		if t == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	}
	return t, nil
}

func (r jsonReader) array(depth int) (any, error) {
	all := []any{}
	for r.tokens.More() {
		v, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	_, err := r.token()
	return all, err
}

func (r jsonReader) object(depth int) (any, error) {
	all := map[string]any{}
	for r.tokens.More() {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		key := t.(string) // Token returns nothing else here
		shown := access.Shorten(key, 40)
		if _, twice := all[key]; twice {
			return nil, badBody("The key \"%s\" is given twice.", shown).On(shown)
		}
		if len(all) == maxKeys {
			return nil, badBody("An object in the body has more than %d keys. The last one read was "+
				"\"%s\".", maxKeys, shown)
		}
		if all[key], err = r.value(depth); err != nil {
			return nil, err
		}
	}
	_, err := r.token()
	return all, err
}

// number refuses a number that parsers read differently.
func number(s string) (any, error) {
	if len(s) > maxDigits {
		return nil, badBody("A number in the body is longer than %d digits.", maxDigits)
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, badBody("The number %s is out of range.", s)
	}
	return n, nil
}

// wholeCharacters refuses half of a surrogate pair in text that is otherwise
// JSON: it is not a character, and some parsers drop it where others replace it.
func wholeCharacters(text []byte) error {
	first := rune(0) // first half of a pair, while the second is missing
	for i := 0; i < len(text); i++ {
		unit := rune(0)
		if text[i] == '\\' {
			i++
			if text[i] == 'u' {
				n, _ := strconv.ParseUint(string(text[i+1:i+5]), 16, 16) // the decoder has checked the digits
				unit = rune(n)
				i += 4
			}
		}
		paired := utf16.DecodeRune(first, unit) != unicode.ReplacementChar
		switch {
		case paired:
			first = 0
		case first != 0 || unit >= 0xdc00 && utf16.IsSurrogate(unit):
			return badBody("The body contains an incomplete character before byte %d. Send the whole character.", i+1)
		case utf16.IsSurrogate(unit):
			first = unit
		}
	}
	return nil
}
