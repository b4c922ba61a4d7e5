package portal

import (
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"doorward/backend/text"
)

// words are the functions of the templates.
var templateFuncs = template.FuncMap{
	"moment":   moment,
	"list":     text.List[string],
	"requests": requests,
	"cap":      capped,
	"first":    text.FirstName,
	"start":    start,
	"act":      func(a Action, csrf string, strong bool) act { return act{a, csrf, strong} },
}

type act struct {
	Action
	CSRF   string
	Strong bool
}

// requests counts pending requests.
func requests(n int) string { return text.Count(n, "pending request") }

func capped(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// start capitalizes s, unless it is an address.
func start(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n > 0 && !strings.Contains(s, "@") {
		return string(unicode.ToUpper(r)) + s[n:]
	}
	return s
}
