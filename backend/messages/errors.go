package messages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"doorward/backend/access"
)

// errorPrefix is what the keys of sentences of refusal begin with. Such a sentence stands in
// the code where it is refused, for the log and the command line, and its translations are
// found by it, as gettext does.
const errorPrefix = "error."

// What the keys of the words begin with that stand in sentences of refusal, and those of the
// names of permissions.
const (
	wordPrefix       = errorPrefix + "word."
	permissionPrefix = "console.permission."
)

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

// refusalsOf are the sentences of refusal of the English catalogue, by the patterns of each of
// their plural forms.
func refusalsOf(english map[string]any) map[string]refusal {
	all := map[string]refusal{}
	for key, m := range english {
		if !strings.HasPrefix(key, errorPrefix) || strings.HasPrefix(key, wordPrefix) {
			continue
		}
		forms, ok := m.(map[string]any)
		if !ok {
			forms = map[string]any{"other": m}
		}
		for _, form := range []string{"one", "other"} {
			s, ok := forms[form].(string)
			if !ok {
				continue
			}
			r := refusal{key: key}
			for _, name := range placeholder.FindAllString(s, -1) {
				r.names = append(r.names, strings.Trim(name, "{.}"))
			}
			all[placeholder.ReplaceAllString(s, "{{}}")] = r
		}
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

// shown is a value as the sentence has it: in the language's own words where it has some. A
// number that decides between plural forms stays one.
func (p *Printer) shown(name, verb string, value any) any {
	switch value := value.(type) {
	case int:
		if name == "N" {
			return value
		}
		return p.Number(value)
	case access.Word:
		return p.sayOr(wordPrefix+strings.ToLower(string(value)), string(value))
	case access.Permission:
		key := strings.NewReplacer(" ", "_", "/", "_").Replace(value.String())
		return p.sayOr(permissionPrefix+key, value.String())
	case access.Moment:
		return p.Exact(time.Time(value))
	}
	s := fmt.Sprintf(verb, value)
	if verb == "%q" {
		s = s[1 : len(s)-1]
	}
	return p.Isolate(s)
}

// sayOr is Say for a message that may not exist.
func (p *Printer) sayOr(key, otherwise string) string {
	if s := p.Say(key, nil); s != key {
		return s
	}
	return otherwise
}
