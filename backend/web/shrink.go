package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// shrinkFrom is the length of an answer, in bytes, from which compressing it is
// worth the time.
const shrinkFrom = 2048

// shrink compresses what the API tells a reader far away, where it is long:
// lists. It leaves alone what answers a form or a change, which may hold a
// secret that was just made: the length of a compressed answer could tell of it.
func shrink(c *fiber.Ctx) {
	res := c.Response()
	if c.Method() != fiber.MethodGet || c.Locals(localKey) != nil || res.StatusCode() != fiber.StatusOK || res.IsBodyStream() ||
		len(res.Body()) < shrinkFrom || !strings.HasPrefix(string(res.Header.ContentType()), "application/json") {
		return
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if !c.Request().Header.HasAcceptEncoding("gzip") || len(res.Header.ContentEncoding()) > 0 {
		return
	}
	res.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, res.Body(), fasthttp.CompressBestSpeed))
	res.Header.SetContentEncoding("gzip")
}
