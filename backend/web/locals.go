package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// A ctxKey is the name of something that a request carries through its handlers.
type ctxKey int

const (
	localKey ctxKey = iota
	principalKey
	secretKey
	bodyKey
	languageKey // the caller's own
	messagesKey // the catalogue
	visitorKey  // the address that a forwarded request comes from
	machineKey  // the name of the machine that the operator is on
	fencedKey   // the machine has made sure that it leads since the request came
)

// isAPI reports whether a request is answered to programs: with JSON, errors included.
func isAPI(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), "/api/") || strings.HasPrefix(c.Path(), "/local/")
}

// IsSafe reports whether the request's method changes nothing.
func IsSafe(c *fiber.Ctx) bool {
	m := c.Method()
	return m == fiber.MethodGet || m == fiber.MethodHead || m == fiber.MethodOptions
}

// HeaderBackground marks what an open page asks by itself, while nobody uses it. It
// does not count as use of the session, so it can only shorten one.
const HeaderBackground = "X-Doorward-Background"
