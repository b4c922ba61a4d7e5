package portal

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web"
)

// safePath returns path if it leads to one of our pages and nowhere else; else /.
func safePath(path string) string {
	u, err := url.Parse(path)
	if err != nil || len(path) > 500 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\t\r\n") || u.Host != "" || u.Scheme != "" || strings.Contains(u.Path, "//") ||
		strings.Contains(u.Path, "\\") {
		return "/"
	}
	for _, r := range u.Path + u.RawQuery {
		if r < ' ' || r == 0x7f || r > 0x7e {
			return "/"
		}
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// nextQuery carries the page that a visitor wanted through the sign-in.
func nextQuery(wanted string) string {
	p := safePath(wanted)
	if p == "/" || p == "/pending" || strings.HasPrefix(p, "/login") || strings.HasPrefix(p, "/logout") {
		return ""
	}
	return "?next=" + url.QueryEscape(p)
}

// here is where the page of this request can be opened again, in another language. The
// answer to a form cannot: there it is the page that has the form.
func here(c *fiber.Ctx) string {
	path := strings.Clone(c.Path())
	switch {
	case web.IsSafe(c):
		return safePath(strings.Clone(c.OriginalURL()))
	case path == "/login", path == "/login/code":
		return "/login" + nextQuery(nextOf(c))
	case path == "/pending/note":
		return "/pending"
	case strings.HasSuffix(path, "/renew"):
		return safePath(strings.TrimSuffix(path, "/renew"))
	case strings.HasPrefix(path, "/login/"), strings.HasPrefix(path, "/setup/"):
		return safePath(path)
	}
	return "/"
}

// nextOf returns where to go after signing in: one of our paths, or nowhere.
func nextOf(c *fiber.Ctx) string {
	next := c.Query("next")
	if c.Method() == fiber.MethodPost {
		next = c.FormValue("next")
	}
	if p := safePath(strings.Clone(next)); p != "/" {
		return p
	}
	return ""
}
