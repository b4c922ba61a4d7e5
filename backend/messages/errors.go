package messages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"doorward/backend/access"
)

// errorPrefix is what the keys of sentences of refusal begin with. Such a sentence stands in
// the code where it is refused, for the log and the command line, and its translations are
// found by it, as gettext does. Likewise those of the doctor's checks, and those that say why
// an email was not sent, which are stored in English.
const (
	errorPrefix = "error."
	checkPrefix = "check."
	replyPrefix = "reply."
)

// What the keys of the words begin with that stand in sentences of refusal, and those of the
// names of permissions and of unusual events.
const (
	wordPrefix       = errorPrefix + "word."
	permissionPrefix = "console.permission."
	tracePrefix      = "console.unusual.kind."
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
		if !isSentence(key) {
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

// isSentence reports whether the program has the English sentence of that key.
func isSentence(key string) bool {
	return strings.HasPrefix(key, errorPrefix) && !strings.HasPrefix(key, wordPrefix) ||
		strings.HasPrefix(key, checkPrefix) || strings.HasPrefix(key, replyPrefix)
}

// Explain is what the error says, in the printer's language: in English as it was made where
// the catalogue does not have it.
func (p *Printer) Explain(e *access.Error) string {
	if p.language == access.English {
		return e.Message
	}
	format, values := e.Sentence()
	return p.translate(format, values, e.Message)
}

// Text is what the text says, in the printer's language: in English as it was made where the
// catalogue does not have it.
func (p *Printer) Text(t access.Text) string {
	if p.language == access.English {
		return t.String()
	}
	format, values := t.Sentence()
	if format == "%s" && len(values) == 1 {
		return fmt.Sprint(p.shown("", format, values[0]))
	}
	return p.translate(format, values, t.String())
}

func (p *Printer) translate(format string, values []any, english string) string {
	r, ok := p.refusals()[pattern(format)]
	used := verbs.FindAllString(strings.ReplaceAll(format, "%%", ""), -1)
	if !ok || len(used) != len(values) || len(used) != len(r.names) {
		return english
	}
	v := Values{}
	for i, name := range r.names {
		v[name] = p.shown(name, used[i], values[i])
	}
	return p.Say(r.key, v)
}

// Retell is a sentence that was stored in English, in the printer's language. What is none of
// ours, as a mail server's own words, stays as it is.
func (p *Printer) Retell(english string) string {
	if p.language == access.English || english == "" {
		return english
	}
	for _, told := range p.replies() {
		found := told.form.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		v := Values{}
		for i, name := range told.names {
			v[name] = p.Isolate(found[i+1])
		}
		return p.Say(told.key, v)
	}
	return english
}

// A reply is a sentence that is stored in English, with how it is recognised.
type reply struct {
	refusal
	form *regexp.Regexp
}

// repliesOf are the sentences that are stored in English, those with the most words first.
func repliesOf(sentences map[string]refusal) (all []reply) {
	patterns := slices.Sorted(maps.Keys(sentences))
	slices.SortStableFunc(patterns, func(a, b string) int { return len(b) - len(a) })
	for _, s := range patterns {
		if r := sentences[s]; strings.HasPrefix(r.key, replyPrefix) {
			form := strings.ReplaceAll(regexp.QuoteMeta(s), regexp.QuoteMeta("{{}}"), "(.+?)")
			all = append(all, reply{r, regexp.MustCompile("(?s)^" + form + "$")})
		}
	}
	return all
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
	case access.Span:
		return p.Span(max(time.Duration(value), time.Minute))
	case access.Stored:
		return p.Retell(string(value))
	case access.TraceDays:
		said := make([]string, len(value))
		for i, d := range value {
			said[i] = p.Say(tracePrefix+string(d.Trace), Values{"N": d.Count})
		}
		return strings.Join(said, "; ")
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
