package messages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"doorward/backend/access"
)

// errorPrefix is what the keys of sentences of refusal begin with. Such a sentence stands in
// the code where it is refused, for the log and the command line, and its translations are
// found by it, as gettext does.
const errorPrefix = "error."

// verbs are those of fmt that sentences of refusal use.
var verbs = regexp.MustCompile(`%(04X|[sdqvcU])`)

// A refusal is where the catalogue has a sentence of refusal, and what its placeholders are
// called, in the order of the English sentence: that of the values.
type refusal struct {
	key   string
	names []string
}

// pattern is the sentence of a format without what its values are called: "%q is taken by
// %s." is `"{{}}" is taken by {{}}.`
func pattern(format string) string {
	const percent = "\x00" // while the verbs are read
	s := verbs.ReplaceAllStringFunc(strings.ReplaceAll(format, "%%", percent), func(verb string) string {
		if verb == "%q" {
			return `"{{}}"`
		}
		return "{{}}"
	})
	return strings.ReplaceAll(s, percent, "%")
}

// refusalsIn reads the sentences of refusal of the English catalogue. There are none where it
// cannot be read, which Open refuses.
func refusalsIn(frontend fs.FS) map[string]refusal {
	var english map[string]any
	file, err := fs.ReadFile(frontend, "messages/en.json")
	if err != nil || json.Unmarshal(file, &english) != nil {
		return nil
	}
	return refusalsOf(english)
}

// refusalsOf are the sentences of refusal of the English catalogue, by their pattern.
func refusalsOf(english map[string]any) map[string]refusal {
	all := map[string]refusal{}
	for key, m := range english {
		if !strings.HasPrefix(key, errorPrefix) {
			continue
		}
		if forms, ok := m.(map[string]any); ok {
			m = forms["other"]
		}
		s, _ := m.(string)
		r := refusal{key: key}
		for _, name := range placeholder.FindAllString(s, -1) {
			r.names = append(r.names, strings.Trim(name, "{.}"))
		}
		all[placeholder.ReplaceAllString(s, "{{}}")] = r
	}
	return all
}

// Explain is what the error says, in the printer's language: in English as it was made where
// the catalogue does not have it.
func (p *Printer) Explain(e *access.Error) string {
	if p.language == access.English {
		return e.Message
	}
	format, values := e.Sentence()
	r, ok := p.refusals()[pattern(format)]
	used := verbs.FindAllString(strings.ReplaceAll(format, "%%", ""), -1)
	if !ok || len(used) != len(values) || len(used) != len(r.names) {
		return e.Message
	}
	v := Values{}
	for i, name := range r.names {
		v[name] = p.shown(name, used[i], values[i])
	}
	return p.Say(r.key, v)
}

// shown is a value as the sentence has it. A number that decides between plural forms stays
// one.
func (p *Printer) shown(name, verb string, value any) any {
	if n, ok := value.(int); ok && name == "N" {
		return n
	}
	s := fmt.Sprintf(verb, value)
	if verb == "%q" {
		s = s[1 : len(s)-1]
	}
	return p.Isolate(s)
}
