package web

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// body is what a request carries, as it came. It is the only way here to a
// request's body: Fiber's own Ctx.Body undoes compression without a bound.
func body(c *fiber.Ctx) []byte { return c.Request().Body() }

var (
	errCompressed = access.Errorf(
		access.Invalid,
		"Send the body as it is. Compressed bodies are not taken.",
	).WithCode("unsupported_type")
	errMultipart = access.Errorf(
		access.Invalid,
		"Send a form as application/x-www-form-urlencoded. Bodies in several parts are not taken.",
	).WithCode("unsupported_type")
)

// checkKind refuses a body that would have to be unpacked to be read: a few bytes
// of one become gigabytes. It runs before anything looks at the body.
func checkKind(c *fiber.Ctx) error {
	h := &c.Request().Header
	for _, e := range h.PeekAll(fiber.HeaderContentEncoding) {
		if len(e) > 0 && !bytes.EqualFold(e, []byte("identity")) {
			return errCompressed
		}
	}
	const multipart = "multipart/"
	if t := h.ContentType(); len(t) >= len(multipart) && bytes.EqualFold(t[:len(multipart)], []byte(multipart)) {
		return errMultipart
	}
	return nil
}
