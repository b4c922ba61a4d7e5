package web

import "github.com/gofiber/fiber/v2"

// ContentPolicy is the Content-Security-Policy of our pages, unless a page sets
// its own.
const ContentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src " +
	"'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var fixedHeaders = [][2][]byte{
	{[]byte("Content-Security-Policy"), []byte(ContentPolicy)},
	{[]byte("X-Content-Type-Options"), []byte("nosniff")},
	{[]byte("Referrer-Policy"), []byte("no-referrer")},
	{[]byte("Permissions-Policy"), []byte("camera=(), microphone=(), geolocation=(), payment=(), usb=()")},
	{[]byte("Cross-Origin-Opener-Policy"), []byte("same-origin")},
	{[]byte("Cross-Origin-Resource-Policy"), []byte("same-origin")},
	{[]byte("Cache-Control"), []byte("no-store")},
}

func (s *Server) secureHeaders(c *fiber.Ctx) {
	h := &c.Response().Header
	for _, kv := range fixedHeaders {
		h.SetCanonical(kv[0], kv[1])
	}
	if s.site().secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
