package portal

import (
	"fmt"
	"html/template"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// words are the sentences of the pages in one language, and what surrounds values in them.
type words struct{ *messages.Printer }

// say returns the sentence of that key. After the key come pairs: the name of a placeholder
// and its value, a text or a number. It panics on pairs that are none, which the test of
// every page finds.
func (w *words) say(key string, pairs ...any) string {
	s, err := w.text(key, pairs...)
	if err != nil {
		panic(err)
	}
	return s
}

// text is say for templates.
func (w *words) text(key string, pairs ...any) (string, error) {
	v, err := w.values(key, pairs)
	return w.Say(key, v), err
}

// rich is text with values that may be markup, which a sentence never is.
func (w *words) rich(key string, pairs ...any) (template.HTML, error) {
	v, err := w.values(key, pairs)
	return w.HTML(key, v), err
}

func (w *words) values(key string, pairs []any) (messages.Values, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("%s: a value has no name", key)
	}
	v := make(messages.Values, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%s: %v is no name of a value", key, pairs[i])
		}
		v[name] = pairs[i+1]
		if s, ok := pairs[i+1].(string); ok {
			v[name] = w.Isolate(s)
		}
	}
	return v, nil
}

// explain is what an error says.
func (w *words) explain(e *access.Error) string { return w.Explain(e) }
