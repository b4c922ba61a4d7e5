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
	"moment": moment,
	"list":   text.List[string],
	"people": people,
	"cap":    capped,
	"first":  firstName,
	"start":  start,
	"act":    func(a Action, csrf string, strong bool) act { return act{a, csrf, strong} },
}

type act struct {
	Action
	CSRF   string
	Strong bool
}

// people counts people, with the verb.
func people(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return strconv.Itoa(n) + " people are"
}

func capped(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// firstName is the name to greet somebody by; empty where there is none.
func firstName(name string) string {
	if f := strings.Fields(name); len(f) > 0 {
		return f[0]
	}
	return ""
}

// start capitalizes s, unless it is an address.
func start(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n > 0 && !strings.Contains(s, "@") {
		return string(unicode.ToUpper(r)) + s[n:]
	}
	return s
}
