package portal

import (
	"net/url"
	"strings"
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

// nextQuery carries the page that somebody wanted through the sign-in.
func nextQuery(wanted string) string {
	p := safePath(wanted)
	if p == "/" || p == "/pending" || strings.HasPrefix(p, "/login") || strings.HasPrefix(p, "/logout") {
		return ""
	}
	return "?next=" + url.QueryEscape(p)
}
