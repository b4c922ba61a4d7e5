package web

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// body returns a request's body as it was sent. Nothing else here may read a
// body: Fiber's own Ctx.Body decompresses it without a limit.
func body(c *fiber.Ctx) []byte { return c.Request().Body() }

var (
	errCompressed = access.Errorf(
		access.Invalid,
		"Send the body as it is. Compressed bodies are not accepted.",
	).WithCode("unsupported_type")
	errMultipart = access.Errorf(
		access.Invalid,
		"Send a form as application/x-www-form-urlencoded. Multipart bodies are not accepted.",
	).WithCode("unsupported_type")
)

// checkKind refuses a compressed body: a few bytes can decompress to gigabytes.
// It runs before anything reads the body.
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
